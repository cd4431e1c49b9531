//! The world as this function needs it: traits, so that a simulator can put a world of its own in its place.
//!
//! An adapter knows the deadline of its invocation and never waits beyond it. Whatever fails is an error here, and an error
//! means that nothing is known and nothing is done.

use std::future::Future;
use std::time::Duration;

use genesys_cloud::api::details::Details;
use genesys_cloud::api::{Interval, PageExtent};
use ghost_policy::Conversation;
use jiff::Timestamp;
use lambda_kit::outcomes::Outcome;
use serde::{Deserialize, Serialize};

use crate::case::Case;

/// Everything at once.
pub trait Ports: Clock + PolicyInForce + Conversations + Cases + Watch + Registers + Outcomes {}

impl<T: Clock + PolicyInForce + Conversations + Cases + Watch + Registers + Outcomes> Ports for T {}

/// Something outside failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct PortError {
    /// What was tried.
    pub operation: &'static str,
    /// Why it failed, without personal data.
    pub reason: String,
    /// Whether it is about this one thing, e.g. a conversation that cannot be read: others may be well.
    pub only_this: bool,
    /// Whether it may pass by itself, as an outage does.
    pub may_pass: bool,
}

impl PortError {
    /// A failure that others may meet, too.
    pub fn new(operation: &'static str, reason: impl Into<String>) -> Self {
        Self { operation, reason: reason.into(), only_this: false, may_pass: true }
    }

    /// The same, where others need not meet it.
    #[must_use]
    pub fn only_this(self) -> Self {
        Self { only_this: true, ..self }
    }

    /// The same, where it will not pass: others need not meet it then.
    #[must_use]
    pub fn for_good(self) -> Self {
        Self { only_this: true, may_pass: false, ..self }
    }
}

/// The time, and waiting for it.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits until then.
    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()>;
}

/// The policy, which may change while a run goes by it.
pub trait PolicyInForce {
    /// Whether the policy that this run began with is still the one in force. Not if that cannot be told.
    fn policy_stands(&self) -> impl Future<Output = bool>;
}

/// A conversation as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When the request that succeeded was begun: what is seen was so then, or later.
    pub asked_at: Timestamp,
    /// What was seen.
    pub seen: Seen,
    /// For a support case.
    pub correlation_id: Option<String>,
}

/// What a look saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The conversation, ended or not.
    Conversation(Box<Conversation>),
    /// 404 or 410: there is none (any more), or none that we may see.
    Nothing,
}

/// What is known of a disconnect request (the words of `genesys_cloud::api::DisconnectAnswer`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "answer")]
pub enum Answer {
    /// 202: it will be torn down, or so the platform says.
    Accepted,
    /// 404 or 410.
    NotFound,
    /// 409 or 400.
    Conflict,
    /// 429: not done.
    #[serde(rename_all = "camelCase")]
    RateLimited {
        /// How long the API asks us to wait.
        retry_after: Option<Duration>,
    },
    /// 5xx: done or not.
    ServerError,
    /// 403, or any other 4xx.
    Refused,
    /// No answer came after it may have been sent: it counts as sent.
    Unknown,
    /// Nothing was sent: no connection, no token, no room in the rate limit, or the look was too old by then.
    NotSent,
}

/// What came of a disconnect request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disconnection {
    /// When it was begun.
    pub at: Timestamp,
    /// What is known.
    pub answer: Answer,
    /// The same in words, e.g. the error's.
    pub words: String,
    /// For a support case.
    pub correlation_id: Option<String>,
}

/// A conversation without an end, as analytics has it; late, and perhaps wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The conversation.
    pub conversation_id: String,
    /// The row; none if it is not in a form that we know.
    pub details: Option<Details>,
}

/// A page of candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidatePage {
    /// Those of this page.
    pub candidates: Vec<Candidate>,
    /// How far it reaches.
    pub extent: PageExtent,
}

/// Genesys Cloud.
pub trait Conversations {
    /// Reads a conversation. An answer that is not a conversation is an error.
    fn look(&self, conversation_id: &str) -> impl Future<Output = Result<Look, PortError>>;
    /// Asks once for the conversation to be disconnected, and sends nothing after `send_by`.
    fn disconnect(&self, conversation_id: &str, send_by: Timestamp) -> impl Future<Output = Disconnection>;
    /// Asks analytics for a page, counted from 1, of the conversations without an end that began in the interval.
    fn candidates(&self, interval: Interval, page: u32) -> impl Future<Output = Result<CandidatePage, PortError>>;
}

/// A case as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCase {
    /// What is stored.
    pub case: Case,
    /// How often it has been written: the condition of the next write.
    pub version: u64,
}

/// The cases. `case.due_at()` and `case.state()` are what the store's index and its time to live go by.
pub trait Cases {
    /// The conversation's case of the newest leg: the last by case id.
    fn latest_case(&self, conversation_id: &str) -> impl Future<Output = Result<Option<StoredCase>, PortError>>;
    /// Stores a new case; `None` if there is one of that id.
    fn create_case(&self, case: Case) -> impl Future<Output = Result<Option<StoredCase>, PortError>>;
    /// Stores `case` in place of the version seen; `None` if somebody has written another since.
    fn advance_case(
        &self,
        seen_version: u64,
        case: Case,
    ) -> impl Future<Output = Result<Option<StoredCase>, PortError>>;
    /// Cases that are due, the longest due first, at most so many.
    fn due_cases(&self, now: Timestamp, limit: usize) -> impl Future<Output = Result<Vec<StoredCase>, PortError>>;
}

/// A conversation that the watcher wants looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueWatch {
    /// The conversation.
    pub conversation_id: String,
    /// Since when it is due: the condition of whatever is written.
    pub due_at: Timestamp,
}

/// The watcher's index. Writes do nothing if the due time is no longer the one that was seen: the watcher knows better.
pub trait Watch {
    /// Conversations that are due, the longest due first, at most so many.
    fn due_watches(&self, now: Timestamp, limit: usize) -> impl Future<Output = Result<Vec<DueWatch>, PortError>>;
    /// Has it looked at again then.
    fn look_again(&self, seen: &DueWatch, at: Timestamp) -> impl Future<Output = Result<(), PortError>>;
    /// Takes it out of the index.
    fn leave(&self, seen: &DueWatch) -> impl Future<Output = Result<(), PortError>>;
}

/// The name of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Register {
    /// The breaker.
    Breaker,
    /// What was told of by itself because analytics still lists it, after which the rest is not.
    OutOfStep,
    /// How far discovery is.
    Discovery,
    /// What was refused to operators who would have gone past whoever is there.
    LiveRefusals,
}

impl Register {
    /// The name to store it under.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::OutOfStep => "out-of-step",
            Self::Discovery => "discovery",
            Self::LiveRefusals => "live-refusals",
        }
    }
}

/// A register's contents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisterValue {
    /// JSON; `None` if it was never written.
    pub json: Option<String>,
    /// How often it has been written: the condition of the next write.
    pub version: u64,
}

/// Small values that all runs share, changed by conditional writes.
pub trait Registers {
    /// What the register holds, read consistently.
    fn read_register(&self, register: Register) -> impl Future<Output = Result<RegisterValue, PortError>>;
    /// Writes JSON in place of the version seen; `false` if somebody has written since.
    fn write_register(
        &self,
        register: Register,
        seen_version: u64,
        json: String,
    ) -> impl Future<Output = Result<bool, PortError>>;
}

/// The outcome bus.
pub trait Outcomes {
    /// Puts outcomes on the bus. Those that are there already may come again: their ids repeat.
    fn put_outcomes(&self, outcomes: Vec<Outcome>) -> impl Future<Output = Result<(), PortError>>;
}
