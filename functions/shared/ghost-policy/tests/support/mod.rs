//! Conversations for the tests, as Genesys Cloud answers them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use ghost_policy::{AliveReason, Conversation, Policy, Verdict, evaluate, verdict::GhostTest};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) const DEFAULT_POLICY: &str = include_str!("../../../../../infra/policy/default-policy.yaml");

/// A moment of the test's day: so many minutes after 2026-03-02T08:00Z.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    "2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

pub(crate) fn hours(hours: i64) -> i64 {
    hours * 60
}

pub(crate) fn days(days: i64) -> i64 {
    days * 24 * 60
}

pub(crate) fn text(minutes: i64) -> Value {
    json!(minute(minutes).to_string())
}

pub(crate) fn default_policy() -> Policy {
    Policy::parse(DEFAULT_POLICY).unwrap().0
}

pub(crate) fn conversation(participants: &[Value]) -> Value {
    json!({
        "id": "c-1", "startTime": text(0), "recentTransfers": [], "participants": participants,
        "divisions": [{"division": {"id": "d-1"}}], "selfUri": "/api/v2/conversations/c-1",
    })
}

pub(crate) fn participant(id: &str, purpose: &str, field: &str, communication: Value) -> Value {
    let mut participant = json!({ "id": id, "purpose": purpose, "startTime": text(0), "name": "Jane Roe",
        "address": "tel:+15550100", "attributes": { "SF_URLPop": "500000000000001" } });
    participant[field] = Value::Array(vec![communication]);
    participant
}

pub(crate) fn open(id: &str, from: i64) -> Value {
    json!({ "id": id, "state": "connected", "connectedTime": text(from), "direction": "inbound", "provider": "Edge" })
}

pub(crate) fn closed(id: &str, from: i64, to: i64) -> Value {
    with(open(id, from), &json!({ "state": "terminated", "disconnectedTime": text(to), "disconnectType": "peer" }))
}

/// `value` with the fields of `more`.
pub(crate) fn with(mut value: Value, more: &Value) -> Value {
    for (name, field) in more.as_object().unwrap() {
        value[name] = field.clone();
    }
    value
}

pub(crate) fn read(value: &Value) -> Conversation {
    Conversation::from_json(value.to_string().as_bytes()).unwrap()
}

pub(crate) fn judge(value: &Value, at: i64) -> Verdict {
    evaluate(&default_policy(), &read(value), minute(at))
}

/// The conversation is a ghost by `test` from minute `at` on, and was not a millisecond earlier.
pub(crate) fn assert_ghost_from(value: &Value, test: GhostTest, at: i64) {
    let policy = default_policy();
    let conversation = read(value);
    let before = minute(at) - SignedDuration::from_millis(1);
    match evaluate(&policy, &conversation, before) {
        Verdict::Alive { look_again_at, .. } => assert_eq!(look_again_at, Some(minute(at))),
        other => panic!("just before: {other:?}"),
    }
    match evaluate(&policy, &conversation, minute(at)) {
        Verdict::Ghost { test: met, reason, evidence, .. } => {
            assert_eq!(met, test, "{reason}");
            assert!(!evidence.is_empty());
            for personal in ["Jane", "+1555", "500000000000001"] {
                assert!(!reason.contains(personal) && !format!("{evidence:?}").contains(personal), "{reason}");
            }
        }
        other => panic!("at the moment: {other:?}"),
    }
}

/// The conversation is alive, now and for ever, and one of the reasons is this.
pub(crate) fn assert_alive_for_ever(value: &Value, reason: impl Fn(&AliveReason) -> bool) {
    for at in [0, hours(1), hours(12), days(6), days(400)] {
        match judge(value, at) {
            Verdict::Alive { why, look_again_at: None } => assert!(why.iter().any(&reason), "{why:?}"),
            other => panic!("{other:?}"),
        }
    }
}

/// The conversation is alive until minute `until`, and one of the reasons is this.
pub(crate) fn assert_alive_until(value: &Value, until: i64, reason: impl Fn(&AliveReason) -> bool) {
    match judge(value, until - 1) {
        Verdict::Alive { why, look_again_at } => {
            assert!(why.iter().any(&reason), "{why:?}");
            assert!(look_again_at.is_none_or(|at| at >= minute(until)), "{look_again_at:?}");
        }
        other => panic!("{other:?}"),
    }
}
