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
        let request = self.client.send_message().queue_url(&self.queue_url).message_body(event.to_string());
        let sent = request.delay_seconds(seconds(delay)).send().await;
        sent.map(drop).map_err(|error| DelayError { reason: aws::summary(&error) })
    }
}

/// Whole seconds, as Amazon SQS counts: never sooner than was asked for.
fn seconds(delay: Duration) -> i32 {
    let delay = delay.min(LONGEST_DELAY);
    let begun = u64::from(delay.subsec_nanos() > 0);
    i32::try_from(delay.as_secs() + begun).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_never_shorter_than_was_asked_for() {
        let asked = [0, 1, 999, 1_000, 1_500, 899_001, 900_000, 5_000_000];
        assert_eq!(asked.map(|ms| seconds(Duration::from_millis(ms))), [0, 1, 1, 1, 2, 900, 900, 900]);
    }
}
