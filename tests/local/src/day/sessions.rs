//! The messages of the day that something becomes of while it is played: customers whose session dropped and who come back, and chats
//! that their agents have left. Their ages are counted from the present, as the functions do.

use fake_genesys_cloud::scenarios::{Messaging, Part};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::{events_of, identity};

/// A message conversation that something becomes of.
#[derive(Clone, Debug)]
pub struct MessageSession {
    /// The Genesys Cloud conversation.
    pub id: String,
    /// What it is, for people.
    pub title: &'static str,
    /// As Genesys Cloud has it.
    pub conversation: Value,
    /// The participant as whom its customer's browser asks to go back; `None` where nobody asks.
    pub comes_back_as: Option<String>,
    /// What is put on the bus about it; nothing where only the customer's browser does something.
    pub events: Vec<Value>,
}

/// The conversations at `now`.
pub fn message_sessions(seed: u64, now: Timestamp) -> Vec<MessageSession> {
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(3));
    let mut id = move || identity::uuid(&mut random);
    let at = Ages(now);
    let mut sessions = dropped(at, &mut id);
    sessions.extend(left(at, &mut id));
    sessions
}

/// The moment so many seconds ago.
#[derive(Clone, Copy)]
struct Ages(Timestamp);

impl Ages {
    fn ago(self, seconds: i64) -> Timestamp {
        self.0 - SignedDuration::from_secs(seconds)
    }

    fn here(self, purpose: &'static str) -> Part {
        Part::new(purpose, self.ago(1_800))
    }

    fn gone(self, purpose: &'static str, seconds: i64, how: &str) -> Part {
        self.here(purpose).until(self.ago(seconds), how)
    }
}

fn dropped(at: Ages, id: &mut dyn FnMut() -> String) -> Vec<MessageSession> {
    let agent = || at.here("agent").queue("sales");
    let drops = |seconds| at.gone("customer", seconds, "transport.failure");
    let stories: [(&str, Vec<Part>, usize); 6] = [
        ("Browser closed two minutes ago", vec![drops(120), agent()], 0),
        ("Browser closed an hour ago", vec![drops(3_600), agent()], 0),
        ("Page reloaded while chatting", vec![at.here("customer"), agent()], 0),
        (
            "Dropped while being transferred",
            vec![drops(60), at.gone("agent", 90, "transfer").queue("sales"), at.here("acd").queue("support")],
            0,
        ),
        ("Back while waiting in a queue", vec![at.here("customer"), at.here("acd").queue("sales")], 0),
        ("Somebody with another's conversation", vec![at.here("customer"), agent()], 1),
    ];
    let mut sessions = Vec::new();
    for (title, parts, participant) in stories {
        let (id, messaging) = put_together(&id(), "webmessaging", parts);
        let comes_back_as = Some(messaging.participant_id(participant));
        sessions.push(MessageSession { comes_back_as, ..session(title, (id, messaging)) });
    }
    sessions
}

fn left(at: Ages, id: &mut dyn FnMut() -> String) -> Vec<MessageSession> {
    let leaves = || at.gone("agent", 30, "client").queue("sales");
    let german = || at.here("customer").participant("attributes", json!({ "language": "de" }));
    let stories: [(&str, &'static str, Vec<Part>); 6] = [
        ("Web chat that its agent has left", "webmessaging", vec![at.here("customer"), leaves()]),
        ("SMS that its agent has left", "sms", vec![at.here("customer"), leaves()]),
        ("The same, of a customer who writes German", "open", vec![german(), leaves()]),
        (
            "Web chat with another agent still on it",
            "webmessaging",
            vec![at.here("customer"), leaves(), at.here("agent")],
        ),
        ("Web chat that a bot has taken over", "webmessaging", vec![at.here("customer"), leaves(), at.here("botflow")]),
        ("SMS whose customer has answered since", "sms", vec![at.here("customer").wrote(at.ago(10)), leaves()]),
    ];
    let mut sessions = Vec::new();
    for (title, message_type, parts) in stories {
        let session = session(title, put_together(&id(), message_type, parts));
        sessions.push(MessageSession { events: events_of(&session.conversation), ..session });
    }
    sessions
}

fn put_together(id: &str, message_type: &'static str, parts: Vec<Part>) -> (String, Messaging) {
    (id.to_owned(), parts.into_iter().fold(Messaging::new(id, message_type), Messaging::with))
}

fn session(title: &'static str, (id, messaging): (String, Messaging)) -> MessageSession {
    MessageSession { id, title, conversation: messaging.json(), comes_back_as: None, events: Vec::new() }
}
