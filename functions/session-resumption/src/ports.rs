//! The world as this function needs it: a trait, so that tests can put a world of their own in its place.
//!
//! Whatever fails is an error here; what is said is then [`unavailable`](crate::decision::Resumption::unavailable).

use std::future::Future;
use std::time::Duration;

use genesys_cloud::api::{Messenger, Recipient};
use ghost_policy::Conversation;
use jiff::Timestamp;
use lambda_kit::outcomes::Outcome;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::handshake::Mark;
use crate::request::Customer;

/// Something outside failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct PortError {
    /// What was tried.
    pub operation: &'static str,
    /// Why it failed, without personal data.
    pub reason: String,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// How often it was written: the condition of the next write.
    pub revision: u64,
    /// What it holds; `None` if that can't be read, as after a change of its form.
    pub content: Option<T>,
}

/// A conversation as it was seen.
#[derive(Debug, Clone)]
pub struct Look {
    /// The conversation.
    pub conversation: Conversation,
    /// How often the customer has come back already, by their attribute.
    pub counted: u64,
    /// The same, as far as messages go.
    pub messengers: Vec<Messenger>,
}

/// Everything outside.
pub trait Ports {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits for so long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
    /// A record, read consistently; `None` if there is none.
    fn read<T: DeserializeOwned>(&self, id: &str) -> impl Future<Output = Result<Option<Stored<T>>, PortError>>;
    /// Writes a record, if it still has the revision that was seen; `false` if not.
    fn write<T: Serialize>(
        &self,
        id: &str,
        seen: Option<u64>,
        content: &T,
    ) -> impl Future<Output = Result<bool, PortError>>;
    /// Reads the conversation; `None` if there is none, or none that we may see.
    fn look(&self, customer: &Customer, limit: Duration) -> impl Future<Output = Result<Option<Look>, PortError>>;
    /// Sets the customer's attributes.
    fn mark(&self, customer: &Customer, mark: Mark, limit: Duration) -> impl Future<Output = Result<(), PortError>>;
    /// Sends the customer a message; that the conversation takes none is no error.
    fn greet(&self, recipient: &Recipient, text: &str, limit: Duration) -> impl Future<Output = Result<(), PortError>>;
    /// Puts an outcome on the bus.
    fn announce(&self, outcome: Outcome, limit: Duration) -> impl Future<Output = Result<(), PortError>>;
}
