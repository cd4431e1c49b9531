//! Permits to send requests: [`Pacer`] with a clock, for any number of callers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::deadline::Deadline;
use super::pacer::{Decision, Pacer, RateLimitUse};
use super::transport::Answer;

/// After a 429 that does not say how long: as the vendor's examples do for answers that do not (reference/genesys-cloud.md §3).
const UNSAID_PAUSE: Duration = Duration::from_secs(10);

/// A longer `Retry-After` is not believed: the limits are by the minute.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

const TOO_MANY_REQUESTS: u16 = 429;

pub(crate) struct Pacing {
    started: Instant,
    pacer: Mutex<Pacer>,
    /// Callers are served in the order in which they came.
    turn: tokio::sync::Mutex<()>,
    /// An answer has come in: the gate may open sooner than it seemed.
    answered: Notify,
}

/// Leave to send one request, which is under way until this is dropped.
pub(crate) struct Permit<'a>(&'a Pacing);

/// No permit can be had before the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPermit {
    /// When to try again, if that is known.
    pub(crate) opens_in: Option<Duration>,
}

impl Pacing {
    pub(crate) fn new(pacer: Pacer) -> Self {
        Self {
            started: Instant::now(),
            pacer: Mutex::new(pacer),
            turn: tokio::sync::Mutex::default(),
            answered: Notify::new(),
        }
    }

    /// Waits for a permit, unless it would come after the deadline: then it says so at once.
    pub(crate) async fn permit(&self, deadline: Deadline) -> Result<Permit<'_>, NoPermit> {
        self.check(deadline, self.pacer().opens(self.now()))?;
        let _turn = deadline.limit(self.turn.lock()).await.ok_or(NoPermit { opens_in: None })?;
        loop {
            if deadline.remaining().is_none() {
                return Err(NoPermit { opens_in: None });
            }
            let Decision::WaitUntil(opens) = self.pacer().request(self.now()) else { return Ok(Permit(self)) };
            self.check(deadline, opens)?;
            tokio::select! {
                () = tokio::time::sleep_until(self.started + opens) => {}
                () = self.answered.notified() => {}
            }
        }
    }

    /// Whether it is worth waiting until then.
    fn check(&self, deadline: Deadline, opens: Duration) -> Result<(), NoPermit> {
        let is_too_late = self.started + opens >= deadline.instant();
        let too_late = NoPermit { opens_in: Some(opens.saturating_sub(self.now())) };
        if is_too_late { Err(too_late) } else { Ok(()) }
    }

    /// How many requests would have a permit at once.
    pub(crate) fn room(&self) -> u32 {
        self.pacer().room(self.now())
    }

    /// What the API says of its current window.
    pub(crate) fn used(&self) -> Option<RateLimitUse> {
        self.pacer().used(self.now())
    }

    /// How many requests of each minute are ours.
    pub(crate) fn budget(&self) -> u32 {
        self.pacer().budget()
    }

    /// Learns from an answer's headers.
    pub(crate) fn learn(&self, answer: &Answer) {
        let now = self.now();
        let mut pacer = self.pacer();
        if let Some(headers) = answer.rate_limit {
            pacer.observe(now, headers);
        }
        if answer.is_success() {
            return;
        }
        let unsaid = || {
            let reset = answer.rate_limit.map_or(UNSAID_PAUSE, |headers| headers.reset);
            (answer.status == TOO_MANY_REQUESTS).then_some(reset)
        };
        if let Some(pause) = answer.retry_after.or_else(unsaid) {
            pacer.close(now, pause.min(LONGEST_PAUSE));
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn pacer(&self) -> MutexGuard<'_, Pacer> {
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.pacer().release();
        self.0.answered.notify_one();
    }
}

#[cfg(test)]
mod tests;
