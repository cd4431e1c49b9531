//! The SQS operations that functions (and curious people with a client) call, in AWS JSON 1.0.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Message, Queue, Queues};
use crate::aws_front::ServiceError;

/// The limit of one message, and of one batch (SQS, 1 MiB since August 2025).
const LARGEST_MESSAGE: usize = 1024 * 1024;
/// The most entries of a batch, and the most messages of one receipt.
const LARGEST_BATCH: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    queue_name: String,
    #[serde(default)]
    entries: Vec<Entry>,
    #[serde(flatten)]
    single: Entry,
    #[serde(default = "one")]
    max_number_of_messages: usize,
    #[serde(default)]
    wait_time_seconds: u64,
}

fn one() -> usize {
    1
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<u64>,
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<u64>,
}

/// Answers one operation, for instance `SendMessage`.
pub(crate) async fn call(queues: &Queues, operation: &str, body: &[u8]) -> Result<Json, ServiceError> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| ServiceError::new("SerializationException", error.to_string()))?;
    let name = request.queue_url.rsplit('/').next().unwrap_or_default();
    let name = if name.is_empty() { &request.queue_name } else { name };
    let queue = queues
        .get(name)
        .ok_or_else(|| ServiceError::new("com.amazonaws.sqs#QueueDoesNotExist", format!("There is no queue {name}")))?;
    match operation {
        "SendMessage" => send(queue, &request.single),
        "SendMessageBatch" => send_batch(queue, &request.entries),
        "ReceiveMessage" => Ok(receive(queues, queue, &request).await),
        "DeleteMessage" => {
            queue.delete(&request.single.receipt_handle);
            Ok(json!({}))
        }
        "DeleteMessageBatch" => {
            let deleted = request.entries.iter().map(|entry| {
                queue.delete(&entry.receipt_handle);
                json!({ "Id": entry.id })
            });
            Ok(json!({ "Successful": deleted.collect::<Vec<_>>(), "Failed": [] }))
        }
        "ChangeMessageVisibility" => {
            let after = Duration::from_secs(request.single.visibility_timeout.unwrap_or(0));
            queue.release(&request.single.receipt_handle, after);
            Ok(json!({}))
        }
        "GetQueueUrl" => Ok(json!({ "QueueUrl": queue.url() })),
        "GetQueueAttributes" => Ok(attributes(queue)),
        _ => Err(ServiceError::unknown_operation()),
    }
}

fn send(queue: &Queue, entry: &Entry) -> Result<Json, ServiceError> {
    check_size(entry.message_body.len())?;
    Ok(sent(queue, entry))
}

fn send_batch(queue: &Queue, entries: &[Entry]) -> Result<Json, ServiceError> {
    if entries.is_empty() {
        return Err(ServiceError::new("com.amazonaws.sqs#EmptyBatchRequest", "There should be at least one entry"));
    }
    if entries.len() > LARGEST_BATCH {
        return Err(ServiceError::new(
            "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
            format!("There may be at most {LARGEST_BATCH} entries"),
        ));
    }
    check_size(entries.iter().map(|entry| entry.message_body.len()).sum())?;
    let successful = entries.iter().map(|entry| {
        let mut answer = sent(queue, entry);
        answer["Id"] = json!(entry.id);
        answer
    });
    Ok(json!({ "Successful": successful.collect::<Vec<_>>(), "Failed": [] }))
}

fn check_size(bytes: usize) -> Result<(), ServiceError> {
    if bytes > LARGEST_MESSAGE {
        return Err(ServiceError::new(
            "com.amazonaws.sqs#BatchRequestTooLong",
            format!("There may be at most {LARGEST_MESSAGE} bytes"),
        ));
    }
    Ok(())
}

fn sent(queue: &Queue, entry: &Entry) -> Json {
    let digest = md5::compute(&entry.message_body);
    let id = queue.send(entry.message_body.clone(), entry.delay_seconds.map(Duration::from_secs));
    json!({ "MessageId": id, "MD5OfMessageBody": format!("{digest:x}") })
}

async fn receive(queues: &Queues, queue: &Arc<Queue>, request: &Request) -> Json {
    let wait = Duration::from_secs(request.wait_time_seconds.min(20));
    // Nothing within the wait is an empty answer.
    let _ = tokio::time::timeout(wait, queue.visible(1)).await;
    let visibility = request.single.visibility_timeout.map(Duration::from_secs);
    let messages = queues.receive(
        queue,
        request.max_number_of_messages.min(LARGEST_BATCH),
        LARGEST_MESSAGE,
        visibility.unwrap_or_else(|| queue.visibility_timeout()),
    );
    json!({ "Messages": messages.iter().map(received).collect::<Vec<_>>() })
}

fn received(message: &Message) -> Json {
    json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": format!("{:x}", md5::compute(&message.body)),
        "Attributes": {
            "ApproximateReceiveCount": message.receive_count.to_string(),
            "SentTimestamp": message.sent_at.as_millisecond().to_string(),
        },
    })
}

fn attributes(queue: &Queue) -> Json {
    let counts = queue.counts();
    json!({ "Attributes": {
        "QueueArn": queue.arn(),
        "ApproximateNumberOfMessages": counts.visible.to_string(),
        "ApproximateNumberOfMessagesNotVisible": counts.in_flight.to_string(),
        "ApproximateNumberOfMessagesDelayed": counts.delayed.to_string(),
        "VisibilityTimeout": queue.visibility_timeout().as_secs().to_string(),
    }})
}
