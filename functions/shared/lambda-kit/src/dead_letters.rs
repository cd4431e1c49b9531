//! The dead-letter queue for what could not be understood or was refused for good: the reason and the original.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::time::sleep;

use crate::aws;
use crate::batching::batches;

/// The size of a batch that every queue takes, in bytes; the limit has been 1 MiB since 2025.
const MAX_BATCH_BYTES: usize = 256 * 1024;
/// The largest message that Amazon SQS takes, in bytes. One above [`MAX_BATCH_BYTES`] is sent alone.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What goes to the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Why it is here, for the people who look after the queue.
    pub reason: String,
    /// The event or row as it was. Never cut short: the queue is where nothing is lost.
    pub original: String,
}

/// One letter is not in the queue. Leave its SQS message unacknowledged, so that the queue's own redrive takes the
/// original.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DeadLetterError {
    /// No queue takes a message of this size.
    #[error("a dead letter of {bytes} bytes is above the {MAX_MESSAGE_BYTES} bytes that Amazon SQS takes")]
    TooLarge {
        /// Its size with the envelope.
        bytes: usize,
    },
    /// Amazon SQS refused this one, or did not answer, three times.
    #[error("could not put a dead letter on the queue: {reason}")]
    Refused {
        /// What Amazon SQS said.
        reason: String,
    },
}

/// The dead-letter queue (`DEAD_LETTER_QUEUE_URL`).
#[derive(Clone, Debug)]
pub struct DeadLetters {
    client: Client,
    queue_url: String,
}

impl DeadLetters {
    /// The queue at `queue_url`.
    pub fn new(config: &SdkConfig, queue_url: impl Into<String>) -> Self {
        Self { client: Client::new(config), queue_url: queue_url.into() }
    }

    /// Puts the letters on the queue, up to ten a request, trying three times. The results are in the order of
    /// `letters`.
    ///
    /// A message is `{"reason", "original"}`, the original as JSON where it is JSON, else as a string.
    pub async fn put(&self, letters: &[DeadLetter]) -> Vec<Result<(), DeadLetterError>> {
        let bodies: Vec<String> = letters.iter().map(body).collect();
        let mut results: Vec<Result<(), DeadLetterError>> = bodies.iter().map(|body| within_limit(body)).collect();
        let mut waiting: Vec<usize> = (0..bodies.len()).filter(|&index| results[index].is_ok()).collect();
        for attempt in 0..ATTEMPTS {
            if waiting.is_empty() {
                break;
            }
            if attempt > 0 {
                sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
            }
            for (index, result) in self.attempt(&bodies, &waiting).await {
                results[index] = result;
            }
            waiting.retain(|&index| results[index].is_err());
        }
        results
    }

    /// Sends the bodies at `indices` once; each gets a result.
    async fn attempt(&self, bodies: &[String], indices: &[usize]) -> Vec<(usize, Result<(), DeadLetterError>)> {
        let sizes: Vec<usize> = indices.iter().map(|&index| bodies[index].len()).collect();
        let mut results = Vec::with_capacity(indices.len());
        for range in batches(&sizes, MAX_BATCH_BYTES) {
            let batch = &indices[range];
            match self.send(bodies, batch).await {
                Ok(refused) => results.extend(batch.iter().map(|&index| {
                    let reason =
                        refused.iter().find(|(id, _)| *id == index.to_string()).map(|(_, reason)| reason.clone());
                    (index, reason.map_or(Ok(()), |reason| Err(DeadLetterError::Refused { reason })))
                })),
                Err(reason) => {
                    let refused = |&index: &usize| (index, Err(DeadLetterError::Refused { reason: reason.clone() }));
                    results.extend(batch.iter().map(refused));
                }
            }
        }
        results
    }

    /// One request. Gives the ids of the refused entries with the reasons, or why the request failed as a whole.
    async fn send(&self, bodies: &[String], batch: &[usize]) -> Result<Vec<(String, String)>, String> {
        let entries: Result<Vec<_>, BuildError> = batch
            .iter()
            .map(|&index| {
                SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(&bodies[index]).build()
            })
            .collect();
        let answer = self
            .client
            .send_message_batch()
            .queue_url(&self.queue_url)
            .set_entries(Some(entries.map_err(|error| error.to_string())?))
            .send()
            .await
            .map_err(|error| aws::summary(&error))?;
        let refused = answer.failed.into_iter().map(|entry| {
            let reason = format!("{}: {}", entry.code, entry.message.unwrap_or_default());
            (entry.id, reason)
        });
        Ok(refused.collect())
    }
}

fn body(letter: &DeadLetter) -> String {
    #[derive(Serialize)]
    struct Body<'a, T> {
        reason: &'a str,
        original: T,
    }
    let reason = letter.reason.as_str();
    let text = match serde_json::from_str::<&RawValue>(&letter.original) {
        Ok(original) => serde_json::to_string(&Body { reason, original }),
        Err(_) => serde_json::to_string(&Body { reason, original: &letter.original }),
    };
    // Two strings always serialise; were it otherwise, the bare original would still be the message.
    text.unwrap_or_else(|_| letter.original.clone())
}

fn within_limit(body: &str) -> Result<(), DeadLetterError> {
    let bytes = body.len();
    if bytes > MAX_MESSAGE_BYTES { Err(DeadLetterError::TooLarge { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn letter(original: &str) -> DeadLetter {
        DeadLetter { reason: "no \"source\"".to_owned(), original: original.to_owned() }
    }

    #[test]
    fn json_is_embedded_as_it_is_and_anything_else_as_text() {
        assert_eq!(body(&letter(r#"{"a": 1.10}"#)), r#"{"reason":"no \"source\"","original":{"a": 1.10}}"#);
        let parsed: Value = serde_json::from_str(&body(&letter("{broken"))).unwrap();
        assert_eq!(parsed, json!({ "reason": "no \"source\"", "original": "{broken" }));
    }

    #[test]
    fn a_message_above_the_limit_is_refused_by_name() {
        let text = body(&letter(&"x".repeat(MAX_MESSAGE_BYTES)));
        assert_eq!(within_limit(&text), Err(DeadLetterError::TooLarge { bytes: text.len() }));
        assert_eq!(within_limit("{}"), Ok(()));
    }
}
