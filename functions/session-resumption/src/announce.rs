//! What the rest of the company is told: `Session Resumption Decided`.

use lambda_kit::outcomes::Outcome;
use serde_json::{Map, Value, json};

use crate::handshake::{Decided, Handshake};
use crate::request::Customer;

/// The outcome of a handshake. Its id repeats if it is told twice.
pub fn decided(customer: &Customer, handshake: &Handshake, decided: &Decided) -> Outcome {
    let mut detail = match json!(decided.resumption) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    detail.insert("conversationId".to_owned(), json!(customer.conversation_id));
    detail.insert("decidedFor".to_owned(), json!(handshake.started_at));
    if let Some(mark) = decided.mark {
        detail.insert("resumptionCount".to_owned(), json!(mark.count));
    }
    Outcome {
        detail_type: "Session Resumption Decided",
        id: format!("{}#{}", customer.handshake_id(), handshake.started_at.as_millisecond()),
        detail,
    }
}
