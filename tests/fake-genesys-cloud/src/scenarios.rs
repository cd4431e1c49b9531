//! Conversations as they are found in real organizations: ghosts of every kind (reference/genesys-cloud.md §5.2), and what looks
//! like one and is none (§5.3). Each as `GET /api/v2/conversations/{id}` shows it, to be [set](crate::conversations).

mod messaging;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use messaging::{Messaging, Part};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A conversation that shows as active though nobody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ghost {
    /// A call: the leg of a third party stays open after a conference merge failed.
    OrphanLeg,
    /// A call: the customer hung up, and the agent is stuck in it.
    StuckAgent,
    /// A call: the customer hung up, and the queue still holds it.
    StuckQueue,
    /// A call: everybody has left, and it did not end.
    EverybodyLeft,
    /// A call: it ended, and its after-call work did not.
    AfterCallWork,
    /// A voicemail that nobody picks up.
    Voicemail,
    /// An email that nobody has touched for weeks.
    ForgottenEmail,
}

/// A conversation that looks like a ghost and is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookAlike {
    /// A call: the customer is on hold.
    OnHold,
    /// A call: the customer waits in a queue.
    InQueue,
    /// A call: the agent has left, and hands the customer over.
    Transfer,
    /// A call: two agents go on talking after the customer has left.
    TwoAgents,
    /// A call: a bot serves the customer.
    WithBot,
    /// An email that its agent has parked.
    ParkedEmail,
    /// A callback for a day of the year to come.
    ScheduledCallback,
    /// A message that its customer has not answered yet.
    QuietMessage,
    /// A call: somebody is on it of whom nobody has heard before.
    UnknownPurpose,
}

impl Ghost {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::OrphanLeg,
        Self::StuckAgent,
        Self::StuckQueue,
        Self::EverybodyLeft,
        Self::AfterCallWork,
        Self::Voicemail,
        Self::ForgottenEmail,
    ];

    /// The conversation, in this state since that time.
    pub fn conversation(self, id: &str, since: Timestamp) -> Value {
        let began = since - MINUTE * 10;
        let (gone, here) = (Leg::during(began, since), Leg::since(began));
        let participants = match self {
            Self::OrphanLeg => vec![
                Participant::new("customer").call(gone.clone()),
                Participant::new("acd").call(Leg::during(began, began + MINUTE)),
                Participant::new("agent").call(gone.with(json!({
                    "disconnectType": "error",
                    "errorInfo": { "code": "error.ininedgecontrol.session.inactive" },
                }))),
                Participant::new("customer").call(Leg::since(since - MINUTE).with(json!({ "direction": "outbound" }))),
            ],
            Self::StuckAgent => {
                vec![Participant::new("customer").call(gone), Participant::new("agent").call(here)]
            }
            Self::StuckQueue => vec![Participant::new("customer").call(gone), Participant::new("acd").call(here)],
            Self::EverybodyLeft => {
                vec![Participant::new("customer").call(gone.clone()), Participant::new("agent").call(gone)]
            }
            Self::AfterCallWork => {
                let work = json!({ "afterCallWork": { "state": "pending", "startTime": time(since) } });
                vec![Participant::new("customer").call(gone.clone()), Participant::new("agent").call(gone.with(work))]
            }
            Self::Voicemail => vec![
                Participant::new("customer").call(Leg::during(began, since)),
                Participant::new("customer").callback(Leg::since(since)),
                Participant::new("acd").callback(Leg::since(since)),
            ],
            Self::ForgottenEmail => {
                vec![
                    Participant::new("customer").email(Leg::since(since)),
                    Participant::new("agent").email(Leg::since(since)),
                ]
            }
        };
        conversation(id, began.min(since), participants)
    }
}

impl LookAlike {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::OnHold,
        Self::InQueue,
        Self::Transfer,
        Self::TwoAgents,
        Self::WithBot,
        Self::ParkedEmail,
        Self::ScheduledCallback,
        Self::QuietMessage,
        Self::UnknownPurpose,
    ];

    /// The conversation, in this state since that time.
    pub fn conversation(self, id: &str, since: Timestamp) -> Value {
        let began = since - MINUTE * 10;
        let (gone, here) = (Leg::during(began, since), Leg::since(began));
        let participants = match self {
            Self::OnHold => {
                let held = json!({ "held": true, "startHoldTime": time(since) });
                vec![Participant::new("customer").call(here.clone().with(held)), Participant::new("agent").call(here)]
            }
            Self::InQueue => vec![
                Participant::new("customer").call(here),
                Participant::new("ivr").call(gone),
                Participant::new("acd").call(Leg::since(since)),
            ],
            Self::Transfer => vec![Participant::new("customer").call(here), Participant::new("agent").call(gone)],
            Self::TwoAgents => vec![
                Participant::new("customer").call(gone),
                Participant::new("agent").call(here.clone()),
                Participant::new("agent").call(here),
            ],
            Self::WithBot => vec![
                Participant::new("customer").call(here),
                Participant::new("agent").call(gone),
                Participant::new("botflow").call(Leg::since(since)),
            ],
            Self::ParkedEmail => {
                let parked = json!({ "state": "parked", "parkTime": time(since) });
                vec![
                    Participant::new("customer").email(here.clone()),
                    Participant::new("agent").email(here.with(parked)),
                ]
            }
            Self::ScheduledCallback => {
                let scheduled = json!({ "state": "scheduled", "callbackScheduledTime": time(since + DAY * 365) });
                vec![
                    Participant::new("customer").call(gone),
                    Participant::new("customer").callback(Leg::since(since).with(scheduled)),
                ]
            }
            Self::QuietMessage => {
                vec![Participant::new("customer").message(here.clone()), Participant::new("agent").message(here)]
            }
            Self::UnknownPurpose => {
                vec![Participant::new("customer").call(gone), Participant::new("hologram").call(here)]
            }
        };
        let mut conversation = conversation(id, began, participants);
        if self == Self::Transfer {
            conversation["recentTransfers"] =
                json!([{ "id": format!("{id}-t"), "state": "active", "dateIssued": time(since) }]);
        }
        conversation
    }
}

/// A conversation that ended in good order.
pub fn ended(id: &str, began: Timestamp, ended: Timestamp) -> Value {
    let leg = || Leg::during(began, ended);
    let participants = vec![Participant::new("customer").call(leg()), Participant::new("agent").call(leg())];
    let mut conversation = conversation(id, began, participants);
    conversation["endTime"] = json!(time(ended));
    conversation
}

/// Those who took part, in the order in which they came.
fn conversation(id: &str, began: Timestamp, participants: Vec<Participant>) -> Value {
    let participants =
        participants.into_iter().enumerate().map(|(index, one)| one.json(&format!("{id}-{index}"), began));
    json!({
        "id": id,
        "startTime": time(began),
        "participants": participants.collect::<Vec<_>>(),
        "divisions": [{ "division": { "id": "division-1" }, "entities": [] }],
        "recentTransfers": [],
        "recordingState": "none",
        "securePause": false,
        "selfUri": format!("/api/v2/conversations/{id}"),
    })
}

struct Participant {
    purpose: &'static str,
    list: &'static str,
    leg: Leg,
}

/// A communication, without its id.
#[derive(Clone)]
struct Leg(Value);

impl Participant {
    fn new(purpose: &'static str) -> Self {
        Self { purpose, list: "calls", leg: Leg(json!({})) }
    }

    fn call(self, leg: Leg) -> Self {
        Self { list: "calls", leg, ..self }
    }

    fn callback(self, leg: Leg) -> Self {
        Self { list: "callbacks", leg, ..self }
    }

    fn email(self, leg: Leg) -> Self {
        Self { list: "emails", leg, ..self }
    }

    fn message(self, leg: Leg) -> Self {
        Self { list: "messages", leg, ..self }
    }

    fn json(self, id: &str, began: Timestamp) -> Value {
        let Leg(mut leg) = self.leg;
        leg["id"] = json!(format!("{id}-leg"));
        leg["provider"] = json!(if self.list == "emails" { "PureCloud Email" } else { "Edge" });
        let mut participant = json!({
            "id": id,
            "purpose": self.purpose,
            "startTime": time(began),
            "name": "Personal Data",
            "address": "tel:+15550100",
            "attributes": { "customerName": "Personal Data" },
        });
        match self.purpose {
            "agent" => participant["userId"] = json!(format!("{id}-user")),
            "acd" => participant["queueId"] = json!("queue-1"),
            _ => {}
        }
        participant[self.list] = json!([leg]);
        participant
    }
}

impl Leg {
    fn since(connected: Timestamp) -> Self {
        Self(json!({ "state": "connected", "direction": "inbound", "held": false, "connectedTime": time(connected) }))
    }

    fn during(connected: Timestamp, disconnected: Timestamp) -> Self {
        let end = json!({ "state": "terminated", "disconnectedTime": time(disconnected), "disconnectType": "peer" });
        Self::since(connected).with(end)
    }

    /// With these fields in place of its own.
    fn with(mut self, fields: Value) -> Self {
        if let (Some(own), Value::Object(fields)) = (self.0.as_object_mut(), fields) {
            own.extend(fields);
        }
        self
    }
}

/// As the API writes it.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
