//! The ghosts of the day, and what looks like them: conversations that are still on while the day is played. Their ages are
//! counted from the present, since that is what the policy does.

use fake_genesys_cloud::conversations::DisconnectBehavior;
use fake_genesys_cloud::scenarios::{Ghost, LookAlike};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

use super::envelope::{Fact, envelope};
use super::identity;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A participant's lists of communications, and what events call them.
const MEDIA: [(&str, &str); 4] =
    [("calls", "VOICE"), ("callbacks", "CALLBACK"), ("emails", "EMAIL"), ("messages", "MESSAGE")];
/// From what happened to the event on the bus (reference/genesys-cloud.md §1.1).
const PUBLISHED_AFTER_MS: i64 = 300;

/// A conversation that is still on.
#[derive(Clone, Debug)]
pub struct StuckConversation {
    /// The Genesys Cloud conversation.
    pub id: String,
    /// What it is in truth, for people.
    pub title: &'static str,
    /// Whether it is a ghost.
    pub is_ghost: bool,
    /// As Genesys Cloud has it.
    pub conversation: Value,
    /// What it becomes once it has been looked at.
    pub becomes: Option<Value>,
    /// What analytics shows, where it is not up to date.
    pub outdated_row: Option<Value>,
    /// What Genesys Cloud does when it is told to disconnect it.
    pub on_disconnect: DisconnectBehavior,
    /// What was on the bus about it; nothing where it began before anybody listened, so that only analytics knows of it.
    pub events: Vec<Value>,
}

/// The conversations that are still on at `now`.
pub fn stuck_conversations(seed: u64, now: Timestamp) -> Vec<StuckConversation> {
    // Whole seconds, for those who read it.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(2));
    let mut id = move || identity::uuid(&mut random);
    let mut stuck = ghosts(now, &mut id);
    stuck.extend(look_alikes(now, &mut id));
    stuck
}

fn ghosts(now: Timestamp, id: &mut dyn FnMut() -> String) -> Vec<StuckConversation> {
    use DisconnectBehavior::{AfterMs, AtOnce, Never};
    let ghosts = [
        ("Leg left over from a conference merge", Ghost::OrphanLeg, DAY * 3, AtOnce),
        ("Agent stuck in a call that ended", Ghost::StuckAgent, HOUR * 2, AtOnce),
        ("Call in a queue, its caller gone", Ghost::StuckQueue, MINUTE * 40, AfterMs(500)),
        ("Call that everybody has left", Ghost::EverybodyLeft, MINUTE * 25, AtOnce),
        ("After-call work that never ended", Ghost::AfterCallWork, HOUR * 11, AtOnce),
        ("Voicemail that nobody picked up", Ghost::Voicemail, DAY * 9, AtOnce),
        ("Email forgotten for six weeks", Ghost::ForgottenEmail, DAY * 43, AtOnce),
        ("Call that does not let itself be ended", Ghost::OrphanLeg, DAY * 12, Never),
    ];
    let stuck = ghosts.into_iter().map(|(title, kind, age, on_disconnect)| {
        let mut stuck = StuckConversation::new(id(), title, |id| kind.conversation(id, now - age));
        let is_recent = age < DAY;
        stuck.events = if is_recent { events_of(&stuck.conversation) } else { Vec::new() };
        StuckConversation { is_ghost: true, on_disconnect, ..stuck }
    });
    stuck.collect()
}

fn look_alikes(now: Timestamp, id: &mut dyn FnMut() -> String) -> Vec<StuckConversation> {
    let look_alikes = [
        ("Customer on hold since yesterday", LookAlike::OnHold, HOUR * 26),
        ("Call being handed over", LookAlike::Transfer, HOUR * 5),
        ("Two agents on the line", LookAlike::TwoAgents, HOUR * 27),
        ("Callback booked for later", LookAlike::ScheduledCallback, HOUR * 30),
        ("Somebody of whom nobody has heard before", LookAlike::UnknownPurpose, HOUR * 25),
    ];
    let mut stuck: Vec<_> = look_alikes
        .into_iter()
        .map(|(title, kind, age)| StuckConversation::new(id(), title, |id| kind.conversation(id, now - age)))
        .collect();

    let resting = [
        ("Email parked for six weeks", LookAlike::ParkedEmail, DAY * 44, "email"),
        ("Message answered last week", LookAlike::QuietMessage, DAY * 6, "message"),
    ];
    stuck.extend(resting.into_iter().map(|(title, kind, age, media)| {
        let stuck = StuckConversation::new(id(), title, |id| kind.conversation(id, now - age));
        let outdated_row = Some(outdated_row(&stuck.id, media, now - DAY * 45));
        StuckConversation { outdated_row, ..stuck }
    }));

    let since = now - HOUR;
    let left = StuckConversation::new(id(), "Caller who came back", |id| Ghost::StuckQueue.conversation(id, since));
    let becomes = Some(LookAlike::OnHold.conversation(&left.id, now - MINUTE));
    stuck.push(StuckConversation { becomes, events: events_of(&left.conversation), ..left });
    stuck
}

impl StuckConversation {
    fn new(id: String, title: &'static str, conversation: impl FnOnce(&str) -> Value) -> Self {
        Self {
            title,
            is_ghost: false,
            conversation: conversation(&id),
            becomes: None,
            outdated_row: None,
            on_disconnect: DisconnectBehavior::AtOnce,
            events: Vec::new(),
            id,
        }
    }
}

/// A row of the details query that knows of nothing since then.
fn outdated_row(id: &str, media: &str, since: Timestamp) -> Value {
    let since = format!("{since:.3}");
    let session = |name: &str| {
        json!({
            "sessionId": format!("{id}-{name}"),
            "mediaType": media,
            "segments": [{ "segmentType": "interact", "segmentStart": since }],
        })
    };
    let participants = ["customer", "agent"]
        .map(|purpose| json!({ "participantId": purpose, "purpose": purpose, "sessions": [session(purpose)] }));
    json!({ "conversationId": id, "conversationStart": since, "divisionIds": [], "participants": participants })
}

/// The detail events that tell of a conversation's sessions, in the order in which they happened.
pub fn events_of(conversation: &Value) -> Vec<Value> {
    let conversation_id = conversation["id"].as_str().unwrap_or_default();
    let mut facts = Vec::new();
    for participant in list(&conversation["participants"]) {
        let (start, end) = match participant["purpose"].as_str() {
            Some("customer" | "external") => ("customer.start", "customer.end"),
            Some("agent" | "user") => ("user.start", "user.end"),
            Some("acd") => ("acd.start", "acd.end"),
            _ => ("flow.start", "flow.end"),
        };
        for (name, media) in MEDIA {
            for leg in list(&participant[name]) {
                for (topic, time) in [(start, "connectedTime"), (end, "disconnectedTime")] {
                    let Some(time_ms) = epoch_ms(&leg[time]) else { continue };
                    let conversation_id = conversation_id.to_owned();
                    facts.push(Fact { time_ms, topic, conversation_id, fields: fields(participant, leg, media) });
                }
            }
        }
    }
    facts.sort_by_key(|fact| fact.time_ms);
    let published = facts.iter().enumerate().map(|(number, fact)| {
        let id = format!("{conversation_id}-event-{number}");
        envelope(fact, &id, &id, fact.time_ms + PUBLISHED_AFTER_MS)
    });
    published.collect()
}

fn fields(participant: &Value, leg: &Value, media: &str) -> Map<String, Value> {
    let fields = json!({
        "participantId": participant["id"],
        "sessionId": leg["id"],
        "mediaType": media,
        "direction": leg["direction"].as_str().map(str::to_uppercase),
        "provider": leg["provider"],
        "userId": participant["userId"],
        "queueId": participant["queueId"],
        "disconnectType": leg["disconnectType"].as_str().map(str::to_uppercase),
        "callbackScheduledTime": epoch_ms(&leg["callbackScheduledTime"]),
    });
    let Value::Object(fields) = fields else { return Map::new() };
    fields.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn epoch_ms(time: &Value) -> Option<i64> {
    time.as_str()?.parse().ok().map(Timestamp::as_millisecond)
}
