//! What is to be done a little later: an event of our own on a queue of our own, shown to the function when it is time.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use serde_json::{Value, json};
use thiserror::Error;

use crate::aws;

/// The longest that Amazon SQS delays a message.
pub const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// The event is not on the queue, or nobody knows; to put it there again does no harm to who expects events twice.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("could not put an event on the queue of what is to be done later: {reason}")]
pub struct DelayError {
    reason: String,
}

/// A queue of events that are delivered later.
#[derive(Clone, Debug)]
pub struct Delayed {
    client: Client,
    queue_url: String,
}

impl Delayed {
    /// The queue at `queue_url`.
    pub fn new(config: &SdkConfig, queue_url: impl Into<String>) -> Self {
        Self { client: Client::new(config), queue_url: queue_url.into() }
    }

    /// Has this event, in `EventBridge`'s envelope, delivered so much later, at most [`LONGEST_DELAY`].
    pub async fn put(
        &self,
        source: &str,
        detail_type: &str,
        detail: &Value,
        delay: Duration,
    ) -> Result<(), DelayError> {
        let event = json!({ "source": source, "detail-type": detail_type, "detail": detail });
        let seconds = i32::try_from(delay.min(LONGEST_DELAY).as_secs()).unwrap_or_default();
        let request = self.client.send_message().queue_url(&self.queue_url).message_body(event.to_string());
        let sent = request.delay_seconds(seconds).send().await;
        sent.map(drop).map_err(|error| DelayError { reason: aws::summary(&error) })
    }
}
