//! Messages that a function sends to a queue, its own for one: how work goes on that is longer than a function's life.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use thiserror::Error;

use crate::aws;

/// Amazon SQS delays no message for longer.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// The message is not on the queue, as far as is known.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("could not send a message to the queue: {reason}")]
pub struct MessageError {
    /// What Amazon SQS said.
    pub reason: String,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct MessageQueue {
    client: Client,
    url: String,
}

impl MessageQueue {
    /// The queue at `url`.
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        Self { client: Client::new(config), url: url.into() }
    }

    /// Sends a message that nobody sees before so long. It may arrive more than once.
    pub async fn send(&self, body: impl Into<String>, delay: Duration) -> Result<(), MessageError> {
        // The next whole second: a delay is never cut short.
        let delay = delay.min(LONGEST_DELAY).as_millis().div_ceil(1_000);
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(i32::try_from(delay).unwrap_or(i32::MAX))
            .send()
            .await;
        sent.map(drop).map_err(|error| MessageError { reason: aws::summary(&error) })
    }
}
