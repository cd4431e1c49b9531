//! Message conversations, put together part by part. Every id in them is a UUID made from the conversation's.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::time;
use crate::conversations::add_message;

/// A message conversation.
#[derive(Debug, Clone)]
pub struct Messaging {
    id: String,
    /// Whose address it is; the conversation's own, unless told.
    customer: Option<String>,
    message_type: &'static str,
    parts: Vec<Part>,
    fields: Map<String, Value>,
}

/// Somebody's or something's part in it.
#[derive(Debug, Clone)]
pub struct Part {
    purpose: &'static str,
    participant: Map<String, Value>,
    /// None: it has no communication.
    leg: Option<Map<String, Value>>,
    since: Timestamp,
}

impl Messaging {
    /// A conversation of this type (`webmessaging`, `sms`, …) in which nobody takes part yet.
    pub fn new(id: &str, message_type: &'static str) -> Self {
        Self { id: id.to_owned(), customer: None, message_type, parts: Vec::new(), fields: Map::new() }
    }

    /// With this part, the next in number.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// With this customer, by address and contact the same in every conversation of theirs.
    #[must_use]
    pub fn of(mut self, customer: &str) -> Self {
        self.customer = Some(customer.to_owned());
        self
    }

    /// With this field of the conversation itself.
    #[must_use]
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// The id of the participant with this number, counted from 0.
    pub fn participant_id(&self, number: usize) -> String {
        self.derived(&format!("participant-{number}"))
    }

    /// The id of that participant's communication.
    pub fn communication_id(&self, number: usize) -> String {
        self.derived(&format!("communication-{number}"))
    }

    /// As `GET /api/v2/conversations/{id}` shows it.
    pub fn json(&self) -> Value {
        let participants: Vec<_> = (0..self.parts.len()).map(|number| self.participant(number)).collect();
        let mut conversation = json!({
            "id": self.id,
            "startTime": self.parts.iter().map(|part| part.since).min().map(time),
            "participants": participants,
            "divisions": [],
            "recentTransfers": [],
            "recordingState": "none",
            "securePause": false,
            "selfUri": format!("/api/v2/conversations/{}", self.id),
        });
        if let Some(own) = conversation.as_object_mut() {
            own.extend(self.fields.clone());
        }
        conversation
    }

    fn participant(&self, number: usize) -> Value {
        let part = &self.parts[number];
        let their_address = format!("their-address-{}", self.customers("address"));
        let mut leg = json!({
            "id": self.communication_id(number),
            "state": "connected",
            "held": false,
            "direction": "inbound",
            "provider": "PureCloud Messaging",
            "type": self.message_type,
            "connectedTime": time(part.since),
            "toAddress": { "name": "us", "addressNormalized": "our-address" },
            "fromAddress": { "name": "Personal Data", "addressNormalized": their_address },
            "messages": [],
        });
        let mut participant = json!({
            "id": self.participant_id(number),
            "purpose": part.purpose,
            "name": "Personal Data",
            "startTime": time(part.since),
            "connectedTime": time(part.since),
            "attributes": {},
        });
        match part.purpose {
            "customer" => participant["externalContactId"] = json!(self.customers("contact")),
            "agent" => participant["userId"] = json!(self.derived(&format!("user-{number}"))),
            _ => {}
        }
        merge(&mut participant, &part.participant);
        participant["messages"] = match &part.leg {
            Some(fields) => {
                merge(&mut leg, fields);
                json!([leg])
            }
            None => json!([]),
        };
        participant
    }

    /// Something that is the customer's own.
    fn customers(&self, what: &str) -> String {
        derived(self.customer.as_deref().unwrap_or(&self.id), what)
    }

    fn derived(&self, what: &str) -> String {
        derived(&self.id, what)
    }
}

impl Part {
    /// Takes part since then: `customer`, `agent`, `acd`, `workflow`, …
    pub fn new(purpose: &'static str, since: Timestamp) -> Self {
        Self { purpose, participant: Map::new(), leg: Some(Map::new()), since }
    }

    /// Left then, in this way (`peer`, `client`, `transfer`, …).
    #[must_use]
    pub fn until(self, at: Timestamp, disconnect_type: &str) -> Self {
        let at = time(at);
        self.leg("state", json!("disconnected"))
            .leg("disconnectedTime", json!(at))
            .leg("disconnectType", json!(disconnect_type))
            .participant("endTime", json!(at))
    }

    /// Is, or came through, this queue.
    #[must_use]
    pub fn queue(self, queue_id: &str) -> Self {
        self.participant("queueId", json!(queue_id))
    }

    /// Wrote a message then.
    #[must_use]
    pub fn wrote(self, at: Timestamp) -> Self {
        self.message(at, "received")
    }

    /// Was sent a message then, by an agent or without one.
    #[must_use]
    pub fn was_sent(self, at: Timestamp) -> Self {
        self.message(at, "delivery-success")
    }

    fn message(mut self, at: Timestamp, status: &str) -> Self {
        if let Some(leg) = &mut self.leg {
            add_message(leg, &time(at), status);
        }
        self
    }

    /// Without a communication: it has only just joined, or does without.
    #[must_use]
    pub fn unseen(mut self) -> Self {
        self.leg = None;
        self
    }

    /// With this field of the participant.
    #[must_use]
    pub fn participant(mut self, name: &str, value: Value) -> Self {
        self.participant.insert(name.to_owned(), value);
        self
    }

    /// With this field of the communication.
    #[must_use]
    pub fn leg(mut self, name: &str, value: Value) -> Self {
        if let Some(leg) = &mut self.leg {
            leg.insert(name.to_owned(), value);
        }
        self
    }
}

fn derived(from: &str, what: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{from} {what}").as_bytes()).to_string()
}

fn merge(target: &mut Value, fields: &Map<String, Value>) {
    if let Some(own) = target.as_object_mut() {
        own.extend(fields.clone());
    }
}
