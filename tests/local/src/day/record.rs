//! Turns what happened into the detail events that Genesys Cloud publishes about it (`reference/genesys-cloud.md` §1.4).

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use super::envelope::Fact;
use super::plan::{Plan, SECOND_MS};
use super::{Conversation, Direction, Leg, LostEvent, Medium, identity};

const DIVISION_ID: &str = "0f6a9d2e-1c37-4a0b-9a55-6f1b2a7c8d90";
const WRAP_UP_CODE_ID: &str = "7c2d1e9f-5b68-4d3a-8e1f-0a9b8c7d6e5f";
const FLOW_ID: &str = "3e5a7b9c-2d4f-4168-9a0b-c1d2e3f40516";

/// All events of the day, in the order in which they happened.
pub(super) fn record(plan: &Plan) -> Vec<Fact> {
    let mut random = StdRng::seed_from_u64(plan.seed.wrapping_add(1));
    let mut facts: Vec<Fact> = plan
        .conversations
        .iter()
        .flat_map(|conversation| Recorder::new(plan, conversation, &mut random).facts())
        .collect();
    facts.sort_by_key(|fact| fact.time_ms);
    facts
}

/// Writes down one conversation.
struct Recorder<'a> {
    plan: &'a Plan,
    conversation: &'a Conversation,
    random: &'a mut StdRng,
    customer_participant_id: String,
    customer_session_id: String,
    facts: Vec<Fact>,
}

impl<'a> Recorder<'a> {
    fn new(plan: &'a Plan, conversation: &'a Conversation, random: &'a mut StdRng) -> Self {
        let customer_participant_id = identity::uuid(random);
        let customer_session_id = identity::uuid(random);
        Self { plan, conversation, random, customer_participant_id, customer_session_id, facts: Vec::new() }
    }

    fn facts(mut self) -> Vec<Fact> {
        self.customer_arrives();
        if self.conversation.medium == Medium::Voice && self.conversation.direction == Direction::Inbound {
            self.menu();
        }
        self.queue();
        for leg in &self.conversation.legs {
            self.leg(leg);
        }
        if self.left_a_message() {
            self.voicemail();
        }
        self.customer_leaves();
        self.facts
    }

    fn customer_arrives(&mut self) {
        let began_ms = self.conversation.began_ms;
        let (participant_id, session_id) = (self.customer_participant_id.clone(), self.customer_session_id.clone());
        let mut fields = self.common(&participant_id, &session_id);
        fields.insert("externalContactId".to_owned(), Value::from(identity::uuid(self.random)));
        self.add(began_ms, "customer.start", fields);
        let attributes = match &self.conversation.case_id {
            Some(case_id) => json!({ "SF_URLPop": case_id, "customerName": "Test Customer" }),
            None => json!({ "menuChoice": "2" }),
        };
        let communication = json!({ "id": session_id, "mediaType": self.media_type() });
        let fields = object(json!({
            "participantId": participant_id,
            "attributes": attributes,
            "communications": [communication],
            "participantStartTime": began_ms,
        }));
        self.add(began_ms + 400, "attributes", fields);
    }

    fn customer_leaves(&mut self) {
        let (participant_id, session_id) = (self.customer_participant_id.clone(), self.customer_session_id.clone());
        let mut fields = self.common(&participant_id, &session_id);
        let interacting_ms: i64 = self.conversation.legs.iter().filter_map(talk_ms).sum();
        fields.insert("disconnectType".to_owned(), Value::from("PEER"));
        fields.insert("interactingDurationMs".to_owned(), Value::from(interacting_ms));
        self.add(self.conversation.ended_ms, "customer.end", fields);
    }

    /// The flow that asks what a caller wants.
    fn menu(&mut self) {
        let Some(queued_ms) = queued_at(self.conversation) else {
            return;
        };
        let (participant_id, session_id) = (identity::uuid(self.random), identity::uuid(self.random));
        let mut fields = self.common(&participant_id, &session_id);
        let flow = [("flowType", "INBOUNDCALL"), ("flowId", FLOW_ID), ("flowVersion", "7.0")];
        fields.extend(flow.map(|(name, value)| (name.to_owned(), Value::from(value))));
        let began_ms = self.conversation.began_ms;
        self.add(began_ms + SECOND_MS, "flow.start", fields.clone());
        let mut end = fields.clone();
        end.extend(object(json!({
            "disconnectType": "TRANSFER", "exitReason": "TRANSFER", "transferType": "ACD",
            "connectedDurationMs": queued_ms - began_ms - SECOND_MS,
        })));
        self.add(queued_ms, "flow.end", end);
        if self.random.random_bool(0.2) {
            fields.extend(object(json!({
                "flowOutcomeId": identity::uuid(self.random), "flowOutcomeValue": "SUCCESS",
                "flowOutcomeStartTime": began_ms + 2 * SECOND_MS, "flowOutcomeEndTime": queued_ms,
            })));
            self.add(queued_ms, "flow.outcome", fields);
        }
    }

    /// The time in the queue: until someone answers, or the customer gives up. After a transfer it begins anew.
    fn queue(&mut self) {
        let conversation = self.conversation;
        let Some(mut queued_ms) = queued_at(conversation) else {
            return;
        };
        let mut is_waiting = true;
        let (mut participant_id, mut session_id) = (identity::uuid(self.random), identity::uuid(self.random));
        let start = self.queue_fields(&participant_id, &session_id);
        self.add(queued_ms, "acd.start", start);
        for leg in conversation.legs.iter().filter(|leg| leg.from_queue) {
            if !is_waiting {
                (participant_id, session_id) = (identity::uuid(self.random), identity::uuid(self.random));
                queued_ms = leg.started_ms - 2 * SECOND_MS;
                let start = self.queue_fields(&participant_id, &session_id);
                self.add(queued_ms, "acd.start", start);
                is_waiting = true;
            }
            if let Some(connected_ms) = leg.connected_ms {
                let mut end = self.queue_fields(&participant_id, &session_id);
                end.extend(object(json!({
                    "acdOutcome": "ANSWERED", "answeredUserId": self.plan.agents[leg.agent].user_id,
                    "disconnectType": "TRANSFER", "usedRouting": "STANDARD",
                    "connectedDurationMs": connected_ms - queued_ms,
                })));
                self.add(connected_ms, "acd.end", end);
                is_waiting = false;
            }
        }
        if is_waiting {
            let mut end = self.queue_fields(&participant_id, &session_id);
            let waited_ms = conversation.ended_ms - queued_ms;
            end.extend(object(json!({
                "acdOutcome": "ABANDON", "disconnectType": "PEER", "connectedDurationMs": waited_ms,
            })));
            self.add(conversation.ended_ms, "acd.end", end);
        }
    }

    fn leg(&mut self, leg: &Leg) {
        let participant_id = identity::uuid(self.random);
        let mut fields = self.common(&participant_id, &leg.session_id);
        let user_id = self.plan.agents[leg.agent].user_id.as_str();
        fields.insert("userId".to_owned(), Value::from(user_id));
        fields.insert("divisionId".to_owned(), Value::from(DIVISION_ID));
        if let Some(queue_id) = self.conversation.queue_id.as_ref().filter(|_| leg.from_queue) {
            fields.insert("queueId".to_owned(), Value::from(queue_id.as_str()));
        }
        if leg.lost != Some(LostEvent::Start) {
            self.add(leg.started_ms, "user.start", fields.clone());
        }
        if leg.lost != Some(LostEvent::End) {
            let mut end = fields.clone();
            end.extend(self.durations(leg));
            self.add(leg.ended_ms, "user.end", end);
        }
        if leg.wrap_up_ms > 0 {
            self.after_call_work(leg, fields);
        }
    }

    /// What `user.end` reports. Hold is what Genesys Cloud means by it: in voice the customer on hold, elsewhere the
    /// agent busy with something else (`reference/genesys-cloud.md` §6).
    fn durations(&self, leg: &Leg) -> Map<String, Value> {
        let ringing_ms = leg.connected_ms.unwrap_or(leg.ended_ms) - leg.started_ms;
        let connected_for_ms = talk_ms(leg).unwrap_or_default();
        let held_ms = match self.conversation.medium {
            Medium::Voice => connected_for_ms / 12,
            Medium::Email | Medium::Message => self.plan.on_calls_ms(leg),
        };
        let is_dialled = !leg.from_queue && self.conversation.direction == Direction::Outbound;
        let is_last = self.conversation.legs.last() == Some(leg);
        let disconnect_type = match leg.connected_ms {
            None => "SYSTEM",
            Some(_) if is_last => "CLIENT",
            Some(_) => "TRANSFER",
        };
        object(json!({
            "disconnectType": disconnect_type,
            "alertingDurationMs": if is_dialled { 0 } else { ringing_ms },
            "dialingDurationMs": if is_dialled { ringing_ms } else { 0 },
            "contactingDurationMs": 0,
            "callbackDurationMs": 0,
            "interactingDurationMs": connected_for_ms - held_ms,
            "heldDurationMs": held_ms,
        }))
    }

    fn after_call_work(&mut self, leg: &Leg, mut fields: Map<String, Value>) {
        let done_ms = leg.ended_ms + leg.wrap_up_ms;
        fields.insert("wrapupCode".to_owned(), Value::from(WRAP_UP_CODE_ID));
        fields.insert("wrapupDurationMs".to_owned(), Value::from(leg.wrap_up_ms));
        self.add(done_ms, "acw", fields.clone());
        fields.remove("userId");
        self.add(done_ms, "wrapup", fields);
    }

    /// Some of those who give up in the queue leave a message.
    fn left_a_message(&mut self) -> bool {
        self.conversation.medium == Medium::Voice && self.conversation.legs.is_empty() && self.random.random_bool(0.4)
    }

    fn voicemail(&mut self) {
        let (participant_id, session_id) = (identity::uuid(self.random), identity::uuid(self.random));
        let mut fields = self.common(&participant_id, &session_id);
        for personal in ["ani", "dnis"] {
            fields.remove(personal);
        }
        let began_ms = self.conversation.ended_ms - 20 * SECOND_MS;
        self.add(began_ms, "voicemail.start", fields.clone());
        fields.insert("voicemailDurationMs".to_owned(), Value::from(20 * SECOND_MS));
        self.add(self.conversation.ended_ms, "voicemail.end", fields);
    }

    fn queue_fields(&self, participant_id: &str, session_id: &str) -> Map<String, Value> {
        let mut fields = self.common(participant_id, session_id);
        fields.insert("queueId".to_owned(), Value::from(self.conversation.queue_id.clone()));
        fields.insert("divisionId".to_owned(), Value::from(DIVISION_ID));
        fields
    }

    /// The block that nearly all events share. The personal data in it is made up, and must show up nowhere.
    fn common(&self, participant_id: &str, session_id: &str) -> Map<String, Value> {
        let direction = match self.conversation.direction {
            Direction::Inbound => "INBOUND",
            Direction::Outbound => "OUTBOUND",
        };
        let mut fields = object(json!({
            "participantId": participant_id, "sessionId": session_id,
            "mediaType": self.media_type(), "direction": direction,
        }));
        fields.extend(object(match self.conversation.medium {
            Medium::Email => json!({
                "provider": "Salesforce", "subject": "Question about my order",
                "addressTo": "support@example.com", "addressFrom": "customer@example.net",
            }),
            Medium::Voice => json!({ "provider": "Edge", "ani": "tel:+15550100123", "dnis": "tel:+15550100999" }),
            Medium::Message => json!({ "provider": "PureCloud Messaging", "messageType": "WEBMESSAGING" }),
        }));
        fields
    }

    fn media_type(&self) -> &'static str {
        match self.conversation.medium {
            Medium::Email => "EMAIL",
            Medium::Voice => "VOICE",
            Medium::Message => "MESSAGE",
        }
    }

    fn add(&mut self, time_ms: i64, topic: &'static str, fields: Map<String, Value>) {
        self.facts.push(Fact { time_ms, topic, conversation_id: self.conversation.id.clone(), fields });
    }
}

/// When the conversation first entered its queue; `None` if it has none.
fn queued_at(conversation: &Conversation) -> Option<i64> {
    conversation.queue_id.as_ref()?;
    let asked_ms = if conversation.medium == Medium::Voice { 14 * SECOND_MS } else { SECOND_MS };
    Some(conversation.began_ms + asked_ms)
}

/// How long the agent was connected; `None` if they never were.
fn talk_ms(leg: &Leg) -> Option<i64> {
    leg.connected_ms.map(|connected_ms| leg.ended_ms - connected_ms)
}

/// The fields of a JSON object.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
