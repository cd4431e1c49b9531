//! What the rest of the company is told: `Chat Closed`.

use lambda_kit::outcomes::Outcome;
use serde_json::{Map, Value, json};

use crate::closing::{Attempt, EpochMs, Kind};

/// The outcome of a closing. Its id repeats if it is told twice.
pub fn closed(conversation_id: &str, left_at: EpochMs, attempt: &Attempt) -> Outcome {
    let action = match attempt.kind {
        Kind::Disconnect => "disconnected",
        Kind::Notify => "notified",
    };
    let detail = json!({
        "conversationId": conversation_id,
        "action": action,
        "result": attempt.result,
        "rule": attempt.rule,
        "messageType": attempt.message_type,
        "queueId": attempt.queue_id,
        "agentLeftAt": left_at,
        "lookedAt": attempt.looked_at,
    });
    let detail = match detail {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    };
    Outcome { detail_type: "Chat Closed", id: format!("chat-closed#{conversation_id}#{left_at}"), detail }
}
