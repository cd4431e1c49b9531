//! When the next request may go: the rules, without a clock. Times are given as the time since the client was made.
//!
//! Three things, and the even pace where that is wanted, hold a request back, and all of them open again by themselves, so that there is always progress:
//! - our own log: in no minute, wherever it begins, do more requests go than the budget;
//! - the API's count: what its headers say was used of the current window, by whomever, plus what is under way;
//! - `Retry-After`, which closes the gate for everyone.

use std::collections::VecDeque;
use std::time::Duration;

use super::settings::Pace;

/// The platform counts by the minute (reference/genesys-cloud.md §3).
pub(crate) const WINDOW: Duration = Duration::from_mins(1);

/// A window said to last longer is not believed: no wait for it is longer than this.
const LONGEST_WINDOW: Duration = Duration::from_mins(2);

/// By how much two estimates of the same window's end may differ: the header is in whole seconds, and answers take time.
const SAME_WINDOW: Duration = Duration::from_secs(2);

/// The `inin-ratelimit-*` headers of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimitHeaders {
    /// Requests counted in the current window.
    pub(crate) count: u32,
    /// Requests allowed in a window. Differs by endpoint.
    pub(crate) allowed: u32,
    /// The time until the window ends, in whole seconds, rounded up: 61 was seen with the first request of a minute.
    pub(crate) reset: Duration,
}

/// How much of the requests of a minute is used, as the API counts: by whoever uses the same token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitUse {
    /// Requests counted in the current window.
    pub used: u32,
    /// Requests allowed in a window.
    pub allowed: u32,
}

/// Whether a request may go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It may, and counts as under way until it is [released](Pacer::release).
    Granted,
    /// Not before this time: ask again then.
    WaitUntil(Duration),
}

/// A pause is made up for by a faster pace after it, as far as it was no longer than this.
const CATCH_UP: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Pacer {
    ceiling: u32,
    pace: Pace,
    /// When the next request would be due by an even pace; none before the first.
    next_due: Option<Duration>,
    reserve_percent: u8,
    /// When requests went, in the last minute.
    granted: VecDeque<Duration>,
    under_way: u32,
    window: Option<ReportedWindow>,
    /// What the window before this one allowed. It holds on for one window, so that an endpoint with a high limit does not make
    /// us forget one with a low limit.
    allowed_before: Option<u32>,
    closed_until: Duration,
}

/// The API's current window, as far as its answers have told.
#[derive(Debug, Clone, Copy)]
struct ReportedWindow {
    count: u32,
    allowed: u32,
    ends: Duration,
}

impl Pacer {
    pub(crate) fn new(requests_per_minute: u32, reserve_percent: u8, pace: Pace) -> Self {
        Self {
            ceiling: requests_per_minute,
            pace,
            next_due: None,
            reserve_percent: reserve_percent.min(100),
            granted: VecDeque::new(),
            under_way: 0,
            window: None,
            allowed_before: None,
            closed_until: Duration::ZERO,
        }
    }

    /// Asks for leave to send a request.
    pub(crate) fn request(&mut self, now: Duration) -> Decision {
        let opens = self.opens(now);
        if opens > now {
            return Decision::WaitUntil(opens);
        }
        self.granted.push_back(now);
        self.next_due = Some(self.next_due.unwrap_or(now).max(now.saturating_sub(CATCH_UP)) + self.spacing());
        self.under_way += 1;
        Decision::Granted
    }

    /// From when on a request would be granted, as it stands; not after `now` if it would be now.
    pub(crate) fn opens(&mut self, now: Duration) -> Duration {
        self.forget_what_is_over(now);
        self.closed_until.max(self.log_opens()).max(self.window_opens()).max(self.spacing_opens())
    }

    /// How many requests would be granted now.
    pub(crate) fn room(&mut self, now: Duration) -> u32 {
        self.forget_what_is_over(now);
        if self.closed_until > now {
            return 0;
        }
        let logged = u32::try_from(self.granted.len()).unwrap_or(u32::MAX);
        let counted = self.window.map_or(0, |window| window.count.saturating_add(self.under_way));
        self.budget().saturating_sub(logged.max(counted))
    }

    /// What the API says of its current window; none before an answer, and once the window is over.
    pub(crate) fn used(&mut self, now: Duration) -> Option<RateLimitUse> {
        self.forget_what_is_over(now);
        self.window.map(|window| RateLimitUse { used: window.count, allowed: window.allowed })
    }

    /// A request that was granted is over, answered or not.
    pub(crate) fn release(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Nobody sends anything for so long.
    pub(crate) fn close(&mut self, now: Duration, pause: Duration) {
        self.closed_until = self.closed_until.max(now.saturating_add(pause));
    }

    /// Takes note of an answer's headers.
    pub(crate) fn observe(&mut self, now: Duration, headers: RateLimitHeaders) {
        self.forget_what_is_over(now);
        let RateLimitHeaders { count, allowed, reset } = headers;
        let ends = now.saturating_add(reset.min(LONGEST_WINDOW));
        match &mut self.window {
            Some(window) if window.ends.abs_diff(ends) <= SAME_WINDOW => {
                window.join(count, allowed);
                window.ends = window.ends.min(ends);
            }
            // Another of the API's counters: both limits hold.
            Some(window) if now.saturating_add(SAME_WINDOW) < window.ends => {
                window.join(count, allowed);
                window.ends = window.ends.max(ends);
            }
            _ => {
                self.end_window();
                self.window = Some(ReportedWindow { count, allowed, ends });
            }
        }
    }

    /// How many requests of each minute are ours: at least one.
    pub(crate) fn budget(&self) -> u32 {
        let reported = [self.window.map(|window| window.allowed), self.allowed_before].into_iter().flatten().min();
        let allowed = match (self.pace, reported) {
            (Pace::AsTheyCome, Some(reported)) => reported.min(self.ceiling),
            (Pace::Even, Some(reported)) => reported,
            (_, None) => self.ceiling,
        };
        let reserve = u64::from(allowed) * u64::from(self.reserve_percent);
        // The reserve is rounded up, in favour of the others.
        let reserve = u32::try_from(reserve.div_ceil(100)).unwrap_or(allowed);
        allowed.saturating_sub(reserve).max(1)
    }

    /// How far apart requests are by an even pace.
    fn spacing(&self) -> Duration {
        WINDOW / self.budget()
    }

    fn spacing_opens(&self) -> Duration {
        match self.pace {
            Pace::AsTheyCome => Duration::ZERO,
            Pace::Even => self.next_due.unwrap_or_default(),
        }
    }

    fn log_opens(&self) -> Duration {
        let budget = self.budget() as usize;
        let surplus = self.granted.len().checked_sub(budget);
        surplus.and_then(|index| self.granted.get(index)).map_or(Duration::ZERO, |oldest| *oldest + WINDOW)
    }

    fn window_opens(&self) -> Duration {
        let budget = self.budget();
        let full = self.window.filter(|window| window.count.saturating_add(self.under_way) >= budget);
        full.map_or(Duration::ZERO, |window| window.ends)
    }

    fn forget_what_is_over(&mut self, now: Duration) {
        while self.granted.front().is_some_and(|granted| *granted + WINDOW <= now) {
            self.granted.pop_front();
        }
        if self.window.is_some_and(|window| window.ends <= now) {
            self.end_window();
        }
    }

    fn end_window(&mut self) {
        if let Some(window) = self.window.take() {
            self.allowed_before = Some(window.allowed);
        }
    }
}

impl ReportedWindow {
    /// Answers overtake each other, and endpoints have limits of their own: the worst that was said holds.
    fn join(&mut self, count: u32, allowed: u32) {
        self.count = self.count.max(count);
        self.allowed = self.allowed.min(allowed);
    }
}

#[cfg(test)]
mod tests;
