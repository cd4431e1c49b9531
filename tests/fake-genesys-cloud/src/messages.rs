//! The messages that were sent without an agent.

use std::sync::Mutex;

use serde::Serialize;

use crate::state::lock;

/// A message that was sent without an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    /// When, in epoch milliseconds of the fake's clock.
    pub at_ms: i64,
    /// Our address.
    pub from: String,
    /// The recipient's address, or external contact.
    pub to: String,
    /// `sms`, `open`, …
    pub messenger_type: String,
    /// The text.
    pub text: String,
    /// Whether it goes into the conversation that is on.
    pub into_active_conversation: bool,
}

/// All messages, in the order in which they were sent.
#[derive(Debug, Default)]
pub struct MessageLog(Mutex<Vec<SentMessage>>);

impl MessageLog {
    /// The messages, the oldest first.
    pub fn all(&self) -> Vec<SentMessage> {
        lock(&self.0).clone()
    }

    pub(crate) fn sent(&self, message: SentMessage) {
        lock(&self.0).push(message);
    }
}
