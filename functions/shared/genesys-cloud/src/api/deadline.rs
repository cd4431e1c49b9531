//! Until when a call may take.

use std::time::Duration;

use tokio::time::Instant;

/// Far enough away for any call, near enough for any clock.
const LONGEST: Duration = Duration::from_hours(24);

/// The moment after which a call no longer asks, waits or retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now, at most a day.
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit.min(LONGEST))
    }

    /// At this moment.
    pub fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The time left; none if there is none.
    pub fn remaining(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    pub(crate) fn instant(self) -> Instant {
        self.0
    }

    /// What the future gives, or none at the deadline.
    pub(crate) async fn limit<T>(self, future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.0, future).await.ok()
    }
}
