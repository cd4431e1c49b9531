//! Detail events in their envelope, as Genesys Cloud puts them on the bus (`reference/genesys-cloud.md` §1.1).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

const ORGANIZATION_ID: &str = "6a1f0c52-9a2e-4a53-8f0e-2f3c7b9d1e44";
const SOURCE_SUFFIX: &str = "genesys_demo";

/// Something that happened in a conversation: an event without its envelope.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// When it happened, in epoch milliseconds.
    pub(super) time_ms: i64,
    /// The last part of the topic, e.g. `user.start`.
    pub(super) topic: &'static str,
    pub(super) conversation_id: String,
    /// The event's own fields, without time and conversation.
    pub(super) fields: Map<String, Value>,
}

/// The event that says so, published at `published_ms`, under the id that AWS gave it.
pub(super) fn envelope(fact: &Fact, event_id: &str, correlation_id: &str, published_ms: i64) -> Value {
    let Fact { time_ms, topic, conversation_id, fields } = fact;
    let mut body = fields.clone();
    body.insert("eventTime".to_owned(), Value::from(*time_ms));
    body.insert("conversationId".to_owned(), Value::from(conversation_id.as_str()));
    json!({
        "version": "0",
        "id": event_id,
        "detail-type": format!("v2.detail.events.conversation.{{id}}.{topic}"),
        "source": format!("aws.partner/genesys.com/cloud/{ORGANIZATION_ID}/{SOURCE_SUFFIX}"),
        "account": "123456789012",
        "time": iso_8601(published_ms, 0),
        "region": "us-west-2",
        "resources": [],
        "detail": {
            "topicName": format!("v2.detail.events.conversation.{conversation_id}.{topic}"),
            "version": "2",
            "eventBody": body,
            "metadata": { "CorrelationId": correlation_id },
            "timestamp": iso_8601(published_ms, 3),
        }
    })
}

/// With `decimals` of a second, in UTC. A time that no calendar has is the epoch.
fn iso_8601(epoch_ms: i64, decimals: usize) -> String {
    let time = Timestamp::from_millisecond(epoch_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.decimals$}")
}
