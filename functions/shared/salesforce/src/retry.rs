//! Waiting, always with an end: the time limit of an upsert and the one quick retry within it.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use crate::{errors::call::CallFailure, results::Unavailable};

/// A longer wait is the caller's business: a Lambda is paid by the millisecond.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const SHORTEST_PAUSE_MS: u64 = 200;
const JITTER_MS: u64 = 300;

/// How much an upsert may take upon itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest it takes, whatever the number of rows, the token and any retry included. Salesforce itself waits some 10 s
    /// for a locked record.
    pub limit: Duration,
    /// Whether a call that failed for an outage or a lock is made once more, a moment later.
    pub retry: bool,
}

/// When an upsert must have ended, and whether it may try anything twice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    retry: bool,
}

impl Deadline {
    pub(crate) fn after(patience: Patience) -> Self {
        Self { at: Instant::now() + patience.limit, retry: patience.retry }
    }

    /// The time left, or an outage if there is none.
    pub(crate) fn remaining(self) -> Result<Duration, Unavailable> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(time_is_up()) } else { Ok(left) }
    }

    /// Awaits the future until the deadline.
    pub(crate) async fn limit<T>(self, future: impl Future<Output = T>) -> Result<T, Unavailable> {
        tokio::time::timeout_at(self.at, future).await.map_err(|_| time_is_up())
    }

    /// Waits a moment before a retry, or `asked` if the server asked for it, unless that is too long, too late or unwanted: then
    /// `false`, at once.
    pub(crate) async fn pause(self, asked: Option<Duration>) -> bool {
        let pause = asked.unwrap_or_else(jittered);
        let fits = self.retry && pause <= LONGEST_PAUSE && self.remaining().is_ok_and(|left| pause < left);
        if fits {
            tokio::time::sleep(pause).await;
        }
        fits
    }
}

fn time_is_up() -> Unavailable {
    Unavailable::Outage { what: "the time limit of the upsert was reached".to_owned(), retry_after: None }
}

/// Spreads the retries of many functions. `RandomState` is seeded by the system, which is random enough and costs no crate.
fn jittered() -> Duration {
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(SHORTEST_PAUSE_MS + random % JITTER_MS)
}

/// A failure that may be one of Salesforce as a whole.
pub(crate) trait Failure {
    fn unavailable(&self) -> Option<&Unavailable>;
}

impl Failure for Unavailable {
    fn unavailable(&self) -> Option<&Unavailable> {
        Some(self)
    }
}

impl Failure for CallFailure {
    fn unavailable(&self) -> Option<&Unavailable> {
        match self {
            Self::Unavailable(unavailable) => Some(unavailable),
            Self::SessionExpired | Self::Refused(_) => None,
        }
    }
}

/// Tries again once, after a pause, if Salesforce was out.
pub(crate) async fn retry_outage_once<T, E, Attempt, Answer>(deadline: Deadline, attempt: Attempt) -> Result<T, E>
where
    E: Failure,
    Attempt: Fn() -> Answer,
    Answer: Future<Output = Result<T, E>>,
{
    let first = attempt().await;
    match first.as_ref().err().and_then(Failure::unavailable) {
        Some(Unavailable::Outage { retry_after, .. }) if deadline.pause(*retry_after).await => attempt().await,
        _ => first,
    }
}
