//! What a function decided, told to the rest of the company on the outcome bus (DESIGN §4.5).

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::time::sleep;

use crate::aws;
use crate::batching::batches;

/// The `source` of every outcome.
pub const SOURCE: &str = "genesys-event-processor";

/// The size of a `PutEvents` request that every bus takes, in bytes; since 2026 it may be 1 MiB.
const MAX_BATCH_BYTES: usize = 256 * 1024;
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// One event for the outcome bus.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// E.g. `Interruption Rejected`.
    pub detail_type: &'static str,
    /// Repeats if the outcome does, so that whoever listens can tell. Sent as `outcomeId` in the detail.
    pub id: String,
    /// The contents, with `conversationId` or `jobId` at the top.
    pub detail: Map<String, Value>,
}

/// Some outcomes are not on the bus; the others are. Putting all of them again is safe: their ids repeat.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("could not put {} outcome(s) on the bus: {reason}", .ids.len())]
pub struct OutcomeError {
    /// The ids of the outcomes that are not on the bus.
    pub ids: Vec<String>,
    /// Why the last of them is not.
    pub reason: String,
}

/// The outcome bus (`OUTCOME_BUS`).
#[derive(Clone, Debug)]
pub struct Outcomes {
    client: Client,
    bus_name: String,
}

struct Entry {
    id: String,
    detail_type: &'static str,
    detail: String,
}

impl Outcomes {
    /// The bus named, or with the ARN, `bus_name`.
    pub fn new(config: &SdkConfig, bus_name: impl Into<String>) -> Self {
        Self { client: Client::new(config), bus_name: bus_name.into() }
    }

    /// Puts the outcomes on the bus, up to ten a request. Those that are refused, one by one or with their request, are
    /// tried three times.
    pub async fn put(&self, outcomes: Vec<Outcome>) -> Result<(), OutcomeError> {
        let mut waiting: Vec<Entry> = outcomes.into_iter().map(Entry::from).collect();
        let mut last_reason = String::new();
        for attempt in 0..ATTEMPTS {
            if waiting.is_empty() {
                return Ok(());
            }
            if attempt > 0 {
                sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
            }
            let (refused, reason) = self.attempt(waiting).await;
            waiting = refused;
            last_reason = reason;
        }
        if waiting.is_empty() {
            return Ok(());
        }
        Err(OutcomeError { ids: waiting.into_iter().map(|entry| entry.id).collect(), reason: last_reason })
    }

    /// Puts each entry once. Gives those that are not on the bus, and why the last of them is not.
    async fn attempt(&self, entries: Vec<Entry>) -> (Vec<Entry>, String) {
        let sizes: Vec<usize> = entries.iter().map(Entry::bytes).collect();
        let mut results: Vec<Result<(), String>> = Vec::with_capacity(entries.len());
        for range in batches(&sizes, MAX_BATCH_BYTES) {
            let length = range.len();
            match self.send(&entries[range]).await {
                Ok(answers) => results.extend(answers),
                Err(reason) => results.extend(vec![Err(reason); length]),
            }
        }
        let mut refused = Vec::new();
        let mut last_reason = String::new();
        for (entry, result) in entries.into_iter().zip(results) {
            if let Err(reason) = result {
                refused.push(entry);
                last_reason = reason;
            }
        }
        (refused, last_reason)
    }

    /// One request. Gives a result for each entry, or why the request failed as a whole.
    async fn send(&self, entries: &[Entry]) -> Result<Vec<Result<(), String>>, String> {
        let request_entries = entries.iter().map(|entry| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.bus_name)
                .source(SOURCE)
                .detail_type(entry.detail_type)
                .detail(&entry.detail)
                .build()
        });
        let answer = self
            .client
            .put_events()
            .set_entries(Some(request_entries.collect()))
            .send()
            .await
            .map_err(|error| aws::summary(&error))?;
        let mut results: Vec<Result<(), String>> = answer
            .entries
            .unwrap_or_default()
            .into_iter()
            .map(|entry| match entry.error_code {
                Some(code) => Err(format!("{code}: {}", entry.error_message.unwrap_or_default())),
                None => Ok(()),
            })
            .collect();
        results.resize(entries.len(), Err("EventBridge's answer does not mention it".to_owned()));
        Ok(results)
    }
}

impl Entry {
    /// The size as `EventBridge` counts it.
    fn bytes(&self) -> usize {
        SOURCE.len() + self.detail_type.len() + self.detail.len()
    }
}

impl From<Outcome> for Entry {
    fn from(outcome: Outcome) -> Self {
        let mut detail = outcome.detail;
        detail.insert("outcomeId".to_owned(), Value::from(outcome.id.as_str()));
        Self { id: outcome.id, detail_type: outcome.detail_type, detail: Value::Object(detail).to_string() }
    }
}
