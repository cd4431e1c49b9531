//! What all routes share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::analytics::Analytics;
use crate::conversations::Conversations;
use crate::crowds::Crowds;
use crate::faults::FaultPlan;
use crate::messages::MessageLog;
use crate::rate_limit::RateLimit;
use crate::requests::RequestLog;
use crate::tokens::Tokens;
use crate::{Clock, Options};

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) token_life: Duration,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) rate_limit: RateLimit,
    pub(crate) conversations: Conversations,
    pub(crate) crowds: Crowds,
    pub(crate) analytics: Analytics,
    pub(crate) faults: FaultPlan,
    pub(crate) requests: RequestLog,
    pub(crate) messages: MessageLog,
}

impl State {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            client_id: options.client_id,
            client_secret: options.client_secret,
            token_life: options.token_life,
            conversations: Conversations::new(options.clock.clone()),
            crowds: Crowds::new(options.clock.clone()),
            analytics: Analytics::default(),
            clock: options.clock,
            tokens: Tokens::default(),
            rate_limit: RateLimit::new(options.requests_per_minute),
            faults: FaultPlan::default(),
            requests: RequestLog::default(),
            messages: MessageLog::default(),
        }
    }
}

/// Locks, even after a panic elsewhere: every change made under these locks is whole or a test's own failure.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
