//! Policies, conversations and looks for the tests.

use ghost_policy::{Conversation, Policy};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::case::Force;
use crate::ports::{Look, Seen};
use crate::sighting::Sighting;

/// A policy in force, with usual durations.
pub(crate) const ENFORCE: &str = "
version: 1
mode: enforce
rules:
  - name: voice
    match: { media: [voice, callback] }
    ghostWhen: { noConnectedPartyFor: 5m, customerGoneFor: 15m, agentGoneFor: 4h, waitingFor: 5d, afterCallWorkFor: 8h }
  - name: digital
    match: { media: [email, message] }
    ghostWhen: { noConnectedPartyFor: 1h, idleFor: 30d }
";

pub(crate) fn enforce() -> Policy {
    Policy::parse(ENFORCE).unwrap().0
}

pub(crate) fn observe() -> Policy {
    Policy::parse(&ENFORCE.replace("mode: enforce", "mode: observe")).unwrap().0
}

/// A moment: so many seconds after 2026-03-02T08:00Z.
pub(crate) fn second(seconds: i64) -> Timestamp {
    "2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn minute(minutes: i64) -> Timestamp {
    second(minutes * 60)
}

fn leg(id: &str, purpose: &str, opened: i64, closed: Option<i64>) -> Value {
    let mut call =
        json!({ "id": id, "state": "connected", "connectedTime": minute(opened).to_string(), "provider": "Edge" });
    if let Some(closed) = closed {
        call["state"] = json!("terminated");
        call["disconnectedTime"] = json!(minute(closed).to_string());
        call["disconnectType"] = json!("error");
        call["errorInfo"] = json!({ "code": "error.ininedgecontrol.session.inactive" });
    }
    json!({ "id": id, "purpose": purpose, "queueId": "queue-1", "name": "Jane Roe", "calls": [call] })
}

/// A call whose customer left at minute 1: a ghost from minute 16 on.
pub(crate) fn agent_alone() -> Value {
    call(&[leg("customer", "customer", 0, Some(1)), leg("agent", "agent", 0, None)])
}

/// The same, and the customer is back since minute 20.
pub(crate) fn customer_back() -> Value {
    call(&[
        leg("customer", "customer", 0, Some(1)),
        leg("agent", "agent", 0, None),
        leg("customer-2", "customer", 20, None),
    ])
}

/// A new leg at minute 20, and alone again since minute 21.
pub(crate) fn alone_again() -> Value {
    call(&[
        leg("customer", "customer", 0, Some(1)),
        leg("agent", "agent", 0, None),
        leg("customer-2", "customer", 20, Some(21)),
    ])
}

/// All legs closed, the agent's at minute `closed`, and no end.
pub(crate) fn half_torn_down(closed: i64) -> Value {
    call(&[leg("customer", "customer", 0, Some(1)), leg("agent", "agent", 0, Some(closed))])
}

/// The agent is on hold: the same legs in another form.
pub(crate) fn agent_held() -> Value {
    let mut conversation = agent_alone();
    conversation["participants"][1]["calls"][0]["held"] = json!(true);
    conversation
}

pub(crate) fn ended() -> Value {
    let mut conversation = half_torn_down(30);
    conversation["endTime"] = json!(minute(30).to_string());
    conversation
}

fn call(participants: &[Value]) -> Value {
    json!({ "id": "c-1", "startTime": minute(0).to_string(), "participants": participants })
}

pub(crate) fn read(conversation: &Value) -> Conversation {
    Conversation::from_json(conversation.to_string().as_bytes()).unwrap()
}

pub(crate) fn look(conversation: &Value, at: Timestamp) -> Look {
    let seen = Seen::Conversation(Box::new(read(conversation)));
    Look { asked_at: at, seen, correlation_id: Some(format!("look-{}", at.as_second())) }
}

pub(crate) fn sighting(policy: &Policy, conversation: &Value, at: Timestamp) -> Sighting {
    Sighting::of(policy, &look(conversation, at), Force::No)
}
