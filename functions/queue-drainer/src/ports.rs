//! The world as this function needs it: traits, so that a test can put a world of its own in its place.
//!
//! An adapter knows the deadline of its invocation and never waits beyond it. An error means that nothing is known and nothing
//! is done.

use std::future::Future;

use genesys_cloud::api::{DetailsRow, Interval, Order};
use ghost_policy::Conversation;
use jiff::Timestamp;
use lambda_kit::outcomes::Outcome;

use crate::job::Job;
use crate::job::StoredJob;
use crate::note::{Note, StoredNote};

/// Everything at once.
pub trait Ports: Clock + Platform + Store + Outcomes + Switch {}

impl<T: Clock + Platform + Store + Outcomes + Switch> Ports for T {}

/// Something outside failed; it may succeed later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct PortError {
    /// What was tried.
    pub operation: &'static str,
    /// Why it failed, without personal data.
    pub reason: String,
}

/// Genesys Cloud did not answer a question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It may later.
    #[error("{why}")]
    ForNow {
        /// The status of its answer, if there was one.
        status: Option<u16>,
        /// Why it did not.
        why: String,
    },
    /// It will not, unless somebody changes something: a permission, say.
    #[error("{0}")]
    ForGood(String),
}

/// The time, and waiting for it.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits until then.
    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()>;
}

/// The switch for everything destructive.
pub trait Switch {
    /// Whether anything may be disconnected.
    fn is_on(&self) -> impl Future<Output = Result<bool, PortError>>;
}

/// What to ask analytics for: conversations without an end that were in a queue.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The queue.
    pub queue_id: &'a str,
    /// When they began.
    pub interval: Interval,
    /// In which order they come.
    pub order: Order,
    /// Rows in a page.
    pub page_size: u32,
    /// The page, from 1.
    pub page: u32,
}

/// A page of rows.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The rows that have an id.
    pub rows: Vec<DetailsRow>,
    /// How many rows came, those without an id included.
    pub rows_served: u64,
    /// How many rows all pages have, roughly.
    pub total: u64,
}

/// What the real-time views count of some conversations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// Those that an agent has, or that ring at one.
    pub with_agent: Vec<String>,
    /// Those that wait in a queue.
    pub waiting: Vec<Waiting>,
    /// Whether these are all.
    pub is_complete: bool,
}

/// A conversation that waits in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The conversation.
    pub conversation_id: String,
    /// The queue, if that is told.
    pub queue_id: Option<String>,
}

/// What is known of a disconnect request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was taken.
    Accepted,
    /// It was carried out or not: no answer, or one that does not tell, as that there is no such conversation. A look must.
    Unknown(String),
    /// It was not carried out, and may be later.
    NotDone(String),
    /// It was not carried out: the lane's client is not allowed to, at all or with this conversation. Another's may be.
    NotAllowed(String),
    /// It was refused for good.
    Refused(String),
}

/// Genesys Cloud, through one or several OAuth clients: lanes.
pub trait Platform {
    /// Leave to send one request at once, through one lane.
    type Turn;
    /// How many OAuth clients there are.
    fn lanes(&self) -> usize;
    /// How many requests of each minute are ours, with all of them.
    fn requests_per_minute(&self) -> u32;
    /// A page of analytics' rows.
    fn page(&self, question: Question<'_>) -> impl Future<Output = Result<Page, NoAnswer>>;
    /// What the real-time views count of these conversations.
    fn activity(&self, ids: &[&str]) -> impl Future<Output = Result<Activity, NoAnswer>>;
    /// Reads a conversation. No answer for good: it cannot be read, or there is none that we may see; whether it is over is not known.
    fn look(&self, id: &str) -> impl Future<Output = Result<Conversation, NoAnswer>>;
    /// Waits for a lane's turn to send, but not for long. No answer for good: the lane cannot be used.
    fn turn(&self, lane: usize) -> impl Future<Output = Result<Self::Turn, NoAnswer>>;
    /// Requests a disconnect, once, and nothing is sent after `send_by`.
    fn disconnect(&self, turn: Self::Turn, id: &str, send_by: Timestamp) -> impl Future<Output = Answer>;
}

/// Jobs and notes. Every write is on the condition that the version that was read is still the latest; 0 is none.
pub trait Store {
    /// A job.
    fn job(&self, job_id: &str) -> impl Future<Output = Result<Option<StoredJob>, PortError>>;
    /// Writes a job: whether nobody else has since.
    fn write_job(&self, job_id: &str, version: u64, job: &Job) -> impl Future<Output = Result<bool, PortError>>;
    /// Jobs that somebody should see to.
    fn due_jobs(&self) -> impl Future<Output = Result<Vec<String>, PortError>>;
    /// The notes of these conversations, at most a page of them.
    fn notes(&self, queue_id: &str, ids: &[&str]) -> impl Future<Output = Result<Vec<StoredNote>, PortError>>;
    /// Writes a note: whether nobody else has since.
    fn write_note(
        &self,
        queue_id: &str,
        job_id: &str,
        conversation_id: &str,
        version: u64,
        note: &Note,
    ) -> impl Future<Output = Result<bool, PortError>>;
    /// Shows every note of a job.
    fn each_note(
        &self,
        queue_id: &str,
        job_id: &str,
        show: impl FnMut(StoredNote),
    ) -> impl Future<Output = Result<(), PortError>>;
}

/// The bus on which the world is told.
pub trait Outcomes {
    /// Puts outcomes on the bus. Doing it twice is harmless: their ids repeat.
    fn put_outcomes(&self, outcomes: Vec<Outcome>) -> impl Future<Output = Result<(), PortError>>;
}
