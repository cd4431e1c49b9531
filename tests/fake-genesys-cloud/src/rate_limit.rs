//! The rate limit of each token: so many requests in each window of a minute (reference/genesys-cloud.md §3).

use std::collections::HashMap;
use std::sync::Mutex;

use crate::state::lock;

const WINDOW_MS: i64 = 60_000;

/// Counts requests by token.
#[derive(Debug)]
pub struct RateLimit(Mutex<Counters>);

#[derive(Debug)]
struct Counters {
    allowed: u32,
    windows: HashMap<String, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    opened_ms: i64,
    count: u32,
}

/// Where a token stands, after counting a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) allowed: u32,
    pub(crate) count: u32,
    /// Seconds until the window ends, rounded up.
    pub(crate) reset_seconds: i64,
}

impl Standing {
    pub(crate) fn is_exceeded(self) -> bool {
        self.count > self.allowed
    }
}

impl RateLimit {
    pub(crate) fn new(allowed: u32) -> Self {
        Self(Mutex::new(Counters { allowed, windows: HashMap::new() }))
    }

    /// Allows each token so many requests a minute from now on. Counts go on.
    pub fn allow(&self, requests_per_minute: u32) {
        lock(&self.0).allowed = requests_per_minute;
    }

    pub(crate) fn count(&self, token: &str, now_ms: i64) -> Standing {
        let mut counters = lock(&self.0);
        counters.windows.retain(|_, window| now_ms < window.opened_ms + WINDOW_MS);
        let window = counters.windows.entry(token.to_owned()).or_insert(Window { opened_ms: now_ms, count: 0 });
        window.count = window.count.saturating_add(1);
        let Window { opened_ms, count } = *window;
        let left_ms = opened_ms + WINDOW_MS - now_ms;
        Standing { allowed: counters.allowed, count, reset_seconds: (left_ms + 999) / 1_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::{RateLimit, Standing};

    #[test]
    fn each_token_has_its_own_count_in_each_window() {
        let limit = RateLimit::new(2);
        assert_eq!(limit.count("a", 0), Standing { allowed: 2, count: 1, reset_seconds: 60 });
        assert_eq!(limit.count("b", 1), Standing { allowed: 2, count: 1, reset_seconds: 60 });
        assert_eq!(limit.count("a", 30_001), Standing { allowed: 2, count: 2, reset_seconds: 30 });
        assert!(limit.count("a", 59_999).is_exceeded());
        assert_eq!(limit.count("a", 60_000), Standing { allowed: 2, count: 1, reset_seconds: 60 });
    }
}
