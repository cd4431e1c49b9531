//! The world as this function needs it: a trait, so that tests can put a world of their own in its place.

use std::future::Future;

use genesys_cloud::api::Messenger;
use ghost_policy::Conversation;
use jiff::Timestamp;
use lambda_kit::outcomes::Outcome;

use crate::closing::Closing;
use crate::intake::Departure;
use crate::judgement::Step;

/// Something outside failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct PortError {
    /// What was tried.
    pub operation: &'static str,
    /// Why it failed, without personal data.
    pub reason: String,
}

/// A conversation as it was seen.
#[derive(Debug, Clone)]
pub struct Look {
    /// When the request that succeeded was begun: what is seen was so then, or later.
    pub asked_at: Timestamp,
    /// Everybody and everything in it.
    pub conversation: Conversation,
    /// The same, as far as messages go.
    pub messengers: Vec<Messenger>,
}

/// What is known of a step that was to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Genesys Cloud has taken it.
    Done,
    /// Genesys Cloud did not take it: the conversation is not in a state to.
    NotTaken(String),
    /// It was not sent, or turned away: nothing was done.
    NotSent(String),
    /// It may have been done.
    Unknown(String),
}

/// Everything outside.
pub trait Ports {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Puts off a departure until its grace is over.
    fn put_off(&self, departure: &Departure) -> impl Future<Output = Result<(), PortError>>;
    /// What is known of closing a conversation, and how often it was written.
    fn read(&self, conversation_id: &str) -> impl Future<Output = Result<Option<(u64, Closing)>, PortError>>;
    /// Writes it, if nobody has since it was read; `false` if somebody has.
    fn write(
        &self,
        conversation_id: &str,
        seen: Option<u64>,
        closing: &Closing,
    ) -> impl Future<Output = Result<bool, PortError>>;
    /// Reads the conversation; `None` if there is none, or none that we may see.
    fn look(&self, conversation_id: &str) -> impl Future<Output = Result<Option<Look>, PortError>>;
    /// Takes a step, once, and sends nothing after `send_by`.
    fn take(&self, conversation_id: &str, step: &Step, send_by: Timestamp) -> impl Future<Output = Taken>;
    /// Puts an outcome on the bus.
    fn announce(&self, outcome: Outcome) -> impl Future<Output = Result<(), PortError>>;
}
