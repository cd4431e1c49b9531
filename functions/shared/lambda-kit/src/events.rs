//! What a function is invoked with: `EventBridge` events, alone or in SQS messages, or a tick of a schedule.
//!
//! Decoding never fails as a whole. Each record is decoded on its own, so that a malformed one costs no other (DESIGN
//! §4.1). Reasons never quote the event: it may hold personal data.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use thiserror::Error;

use crate::json_error;
use crate::settings::Environment;

/// An event in `EventBridge`'s envelope. `detail` is left as it came, for whoever knows the `detail_type`.
#[derive(Clone, Debug)]
pub struct EventBridgeEvent {
    /// AWS' id. It changes when Genesys Cloud sends an event again (`reference/genesys-cloud.md` §1.2), so it
    /// identifies nothing.
    pub id: Option<String>,
    /// The sender, e.g. `aws.partner/genesys.com/cloud/{organizationId}/{suffix}`.
    pub source: String,
    /// The kind of event, e.g. `v2.detail.events.conversation.{id}.user.start` with the literal `{id}`.
    pub detail_type: String,
    /// When AWS took the event, ISO 8601, to the second.
    pub time: Option<String>,
    /// The event itself, as JSON.
    pub detail: Box<RawValue>,
}

/// One event as it was delivered.
#[derive(Debug)]
pub struct Delivery {
    /// The SQS message that brought it; `None` for an event that came alone.
    pub message_id: Option<String>,
    /// The text as it arrived, for the dead-letter queue.
    pub original: String,
    /// The event, or why it is none.
    pub event: Result<EventBridgeEvent, MalformedEvent>,
}

/// What arrived is not an `EventBridge` event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct MalformedEvent {
    /// Why, without quoting it.
    pub reason: String,
}

impl MalformedEvent {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// What a function is invoked for.
#[derive(Debug)]
pub enum Invocation {
    /// A schedule fired.
    Tick,
    /// Events to process, in the order in which they were delivered.
    Events(Vec<Delivery>),
}

/// Understands an invocation's payload: an SQS batch, a tick of a schedule, or a single `EventBridge` event.
///
/// Anything else is one delivery of a malformed event. Records of an SQS batch count as events even if a schedule made
/// them.
pub fn decode(payload: &RawValue) -> Invocation {
    if let Some(records) = sqs_records(payload.get()) {
        return Invocation::Events(records.into_iter().map(delivery_of_record).collect());
    }
    let event = event_of(payload.get());
    if event.as_ref().is_ok_and(is_tick) {
        return Invocation::Tick;
    }
    Invocation::Events(vec![Delivery { message_id: None, original: payload.get().to_owned(), event }])
}

/// The answer to an SQS batch: these messages are to be delivered again, all others are done with.
pub fn batch_response(failed_message_ids: &[String]) -> Value {
    let failures: Vec<Value> = failed_message_ids.iter().map(|id| json!({ "itemIdentifier": id })).collect();
    json!({ "batchItemFailures": failures })
}

/// Tells the events of some senders, Genesys Cloud for one, from others by how their `source` begins.
#[derive(Clone, Debug)]
pub struct SourcePrefix(String);

impl SourcePrefix {
    /// Senders whose `source` begins so.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self(prefix.into())
    }

    /// `EVENT_SOURCE_PREFIX`, by default `aws.partner/genesys.com`.
    pub fn from_environment(environment: &Environment) -> Self {
        Self(environment.optional("EVENT_SOURCE_PREFIX").unwrap_or_else(|| "aws.partner/genesys.com".to_owned()))
    }

    /// Whether `source` begins so. On no boundary: `aws.partner/genesys.com.test/…` exists
    /// (`reference/genesys-cloud.md` §1.1).
    pub fn matches(&self, source: &str) -> bool {
        source.starts_with(&self.0)
    }
}

/// `EventBridge` Scheduler and `EventBridge` rules announce themselves so by default.
fn is_tick(event: &EventBridgeEvent) -> bool {
    matches!(event.source.as_str(), "aws.scheduler" | "aws.events") && event.detail_type == "Scheduled Event"
}

/// Fields are taken raw first: one of the wrong type must cost no more than itself.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(rename = "messageId", borrow)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(rename = "detail-type", borrow)]
    detail_type: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

fn sqs_records(payload: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str::<Batch<'_>>(payload).ok().map(|batch| batch.records)
}

fn delivery_of_record(raw: &RawValue) -> Delivery {
    let malformed = |message_id, reason: &str| Delivery {
        message_id,
        original: raw.get().to_owned(),
        event: Err(MalformedEvent::new(reason)),
    };
    let Ok(record) = serde_json::from_str::<Record<'_>>(raw.get()) else {
        return malformed(None, "the record is not an SQS message");
    };
    let message_id = record.message_id.and_then(text_of);
    let Some(body) = record.body.and_then(text_of) else {
        return malformed(message_id, "the SQS message has no body");
    };
    let event = event_of(&body);
    Delivery { message_id, original: body, event }
}

fn event_of(text: &str) -> Result<EventBridgeEvent, MalformedEvent> {
    let envelope: Envelope<'_> = serde_json::from_str(text)
        .map_err(|error| MalformedEvent::new(format!("the event is {}", json_error::describe(&error))))?;
    let required = |field: Option<&RawValue>, name: &str| {
        field.and_then(text_of).ok_or_else(|| MalformedEvent::new(format!("the event has no {name}")))
    };
    Ok(EventBridgeEvent {
        id: envelope.id.and_then(text_of),
        source: required(envelope.source, "source")?,
        detail_type: required(envelope.detail_type, "detail-type")?,
        time: envelope.time.and_then(text_of),
        detail: envelope.detail.ok_or_else(|| MalformedEvent::new("the event has no detail"))?.to_owned(),
    })
}

/// The text of a JSON string; `None` for any other value.
fn text_of(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
mod tests;
