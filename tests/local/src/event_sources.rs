//! The pollers between a queue and its function: one invocation for each batch.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::functions::Function;
use crate::queues::{Message, Queue, Queues, Timings};
use crate::template::{EventSourceMapping, REGION};

/// How many batches are under way at once where the mapping sets no limit: what Lambda begins with.
const DEFAULT_CONCURRENCY: usize = 5;
/// The most that the bodies of one batch may hold: half of an invocation's 6 MB, since escaping and the
/// envelope take their share.
const LARGEST_BATCH_BYTES: usize = 3 * 1024 * 1024;

/// One event source mapping at work.
pub(crate) struct Poller {
    pub(crate) mapping: EventSourceMapping,
    pub(crate) queues: Arc<Queues>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) function: Arc<Function>,
    pub(crate) timings: Timings,
}

impl Poller {
    /// Reads the queue until it is dropped, batches under way included.
    pub(crate) async fn run(self) {
        let poller = Arc::new(self);
        let most = poller.mapping.maximum_concurrency.unwrap_or(DEFAULT_CONCURRENCY);
        let permits = Arc::new(Semaphore::new(most));
        let mut deliveries = JoinSet::new();
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            let messages = poller.next_batch().await;
            while deliveries.try_join_next().is_some() {}
            if messages.is_empty() {
                continue;
            }
            let poller = poller.clone();
            deliveries.spawn(async move {
                poller.deliver(messages).await;
                drop(permit);
            });
        }
    }

    async fn next_batch(&self) -> Vec<Message> {
        self.queue.visible(1).await;
        let (size, window) = (self.mapping.batch_size, self.timings.batching_window);
        // A batch that is not full by then goes as it is.
        let _ = tokio::time::timeout(window, self.queue.visible(size)).await;
        self.queues.receive(&self.queue, size, LARGEST_BATCH_BYTES, self.visibility())
    }

    /// Longer than an invocation can take: what fails is released explicitly.
    fn visibility(&self) -> Duration {
        let timeout = Duration::from_secs(self.function.template().timeout_seconds.into());
        self.queue.visibility_timeout().max(timeout * 2)
    }

    async fn deliver(&self, messages: Vec<Message>) {
        let payload = self.payload(&messages);
        let failed = match self.function.invoke(payload).await {
            Ok(answer) if self.mapping.reports_item_failures => failed(&messages, &answer),
            Ok(_) => Failed::These(Vec::new()),
            Err(_) => Failed::All,
        };
        for message in &messages {
            if failed.contains(&message.id) {
                let after = self.timings.retry_delay * message.receive_count;
                self.queue.release(&message.receipt, after);
            } else {
                self.queue.delete(&message.receipt);
            }
        }
    }

    fn payload(&self, messages: &[Message]) -> Bytes {
        let arn = self.queue.arn();
        let record = |message: &Message| {
            let first = message.first_received_at.unwrap_or(message.sent_at);
            json!({
                "messageId": message.id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": message.receive_count.to_string(),
                    "SentTimestamp": message.sent_at.as_millisecond().to_string(),
                    "SenderId": "local",
                    "ApproximateFirstReceiveTimestamp": first.as_millisecond().to_string(),
                },
                "messageAttributes": {},
                "md5OfBody": format!("{:x}", md5::compute(&message.body)),
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "awsRegion": REGION,
            })
        };
        let records: Vec<_> = messages.iter().map(record).collect();
        Bytes::from(json!({ "Records": records }).to_string())
    }
}

/// Which messages of a batch failed, as the function answered it.
fn failed(messages: &[Message], answer: &[u8]) -> Failed {
    let response = match serde_json::from_slice::<Option<BatchResponse>>(answer) {
        Ok(response) => response.unwrap_or_default(),
        Err(error) => {
            tracing::warn!(%error, "the answer to a batch is no batch response");
            return Failed::All;
        }
    };
    let items = response.batch_item_failures.unwrap_or_default();
    let ids: Vec<_> = items.into_iter().map(|item| item.item_identifier).collect();
    let in_batch = |id: &String| messages.iter().any(|message| message.id == *id);
    // As in Lambda: an id that was not in the batch fails all of it.
    if ids.iter().all(in_batch) { Failed::These(ids) } else { Failed::All }
}

#[derive(Debug, PartialEq, Eq)]
enum Failed {
    All,
    These(Vec<String>),
}

impl Failed {
    fn contains(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.iter().any(|failed| failed == id),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BatchResponse {
    batch_item_failures: Option<Vec<ItemFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_response_is_read_as_lambda_reads_it() {
        let message = |id: &str| Message {
            id: id.to_owned(),
            receipt: String::new(),
            body: String::new(),
            receive_count: 1,
            sent_at: jiff::Timestamp::UNIX_EPOCH,
            first_received_at: None,
        };
        let batch = [message("a"), message("b")];
        let none = || Failed::These(Vec::new());
        let cases = [
            (r#"{"batchItemFailures":[]}"#, none()),
            (r#"{"batchItemFailures":null}"#, none()),
            ("{}", none()),
            ("null", none()),
            (r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, Failed::These(vec!["b".to_owned()])),
            (r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#, Failed::All),
            (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, Failed::All),
            (r#"{"batchItemFailures":[{}]}"#, Failed::All),
            ("\"done\"", Failed::All),
            ("", Failed::All),
        ];
        for (answer, expected) in cases {
            assert_eq!(failed(&batch, answer.as_bytes()), expected, "{answer}");
        }
    }
}
