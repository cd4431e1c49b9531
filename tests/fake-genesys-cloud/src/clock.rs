//! The fake's own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// The time that the fake believes it is. It can be put forward, so that nothing has to wait for a token to expire. Clones
/// share the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Where it stands; a clock that goes is the system's.
    standing_at_ms: Option<i64>,
    advanced_ms: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that goes.
    pub fn system() -> Self {
        Self { standing_at_ms: None, advanced_ms: Arc::default() }
    }

    /// A clock that stands at this time (epoch milliseconds) until it is put forward.
    pub fn standing_at(epoch_ms: i64) -> Self {
        Self { standing_at_ms: Some(epoch_ms), advanced_ms: Arc::default() }
    }

    /// Puts the clock forward.
    pub fn advance(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.advanced_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// The time in epoch milliseconds.
    pub fn now_ms(&self) -> i64 {
        let base_ms = self.standing_at_ms.unwrap_or_else(|| Timestamp::now().as_millisecond());
        base_ms.saturating_add(self.advanced_ms.load(Ordering::SeqCst))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}
