//! One invocation: the ports, the policy, and until when it may go on.

mod attend;
mod breaker;
mod discover;
mod refusals;
mod register;
mod requests;
mod take_up;
#[cfg(test)]
mod tests;
mod tick;

use std::cell::Cell;
use std::time::Duration;

use ghost_policy::Policy;
use jiff::Timestamp;

pub use refusals::refuse;
pub use requests::{disconnect, reset_breaker};
pub use tick::{Report, tick};

use crate::life;
use crate::ports::{PortError, Ports};

/// A moment that is no further away is waited for, instead of being left to the next run.
const WAIT: Duration = Duration::from_secs(5);

/// Nothing is begun with less time left.
const MARGIN: Duration = Duration::from_secs(2);

/// So many failures in a row are an outage: the run ends, rather than put off everything it touches.
const OUTAGE: u32 = 4;

/// One invocation.
struct Run<'a, P> {
    ports: &'a P,
    policy: &'a Policy,
    until: Timestamp,
    failures_in_a_row: Cell<u32>,
    /// Set once nothing more is to be begun, whatever time is left.
    is_over: Cell<bool>,
    counts: Cell<Report>,
}

impl<'a, P: Ports> Run<'a, P> {
    fn new(ports: &'a P, policy: &'a Policy, until: Timestamp) -> Self {
        let failures_in_a_row = Cell::new(0);
        Self { ports, policy, until, failures_in_a_row, is_over: Cell::new(false), counts: Cell::default() }
    }

    /// Whether something more may be begun.
    fn goes_on(&self) -> bool {
        let has_time = life::after(self.ports.now(), MARGIN) <= self.until;
        has_time && !self.is_over.get() && self.failures_in_a_row.get() < OUTAGE
    }

    /// Waits for a moment if it is near and before the end. Tells whether it has come.
    async fn wait_for(&self, moment: Timestamp) -> bool {
        let now = self.ports.now();
        if moment <= now {
            return true;
        }
        if moment > life::after(now, WAIT) || life::after(moment, MARGIN) > self.until {
            return false;
        }
        self.ports.sleep_until(moment).await;
        self.ports.now() >= moment
    }

    fn count(&self, change: impl FnOnce(&mut Report)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }

    /// Notes whether something succeeded; what fails is logged, and nothing is known of it.
    fn noted<T>(&self, conversation_id: &str, result: Result<T, PortError>) -> Option<T> {
        match result {
            Ok(value) => {
                self.failures_in_a_row.set(0);
                Some(value)
            }
            Err(error) => {
                // What is about one conversation says nothing of the others.
                let more = u32::from(!error.only_this);
                self.failures_in_a_row.set(self.failures_in_a_row.get() + more);
                self.count(|counts| counts.failures += 1);
                tracing::warn!(conversation_id, %error, "left alone: nothing is known, so nothing is done");
                None
            }
        }
    }
}
