//! How far discovery is: which interval and page comes next. Shared by all runs, so that none does another's work again.

use genesys_cloud::api::{Interval, PageExtent};
use ghost_policy::policy;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::life;

/// The query serves no pages deeper than some 8,000 rows (reference/practice.md §1.1); an interval with more is halved.
const DEEPEST_PAGE: u32 = 80;

/// No interval of analytics is longer.
const LONGEST_INTERVAL: SignedDuration = SignedDuration::from_hours(31 * 24);

/// No interval is halved into shorter ones: a query cannot tell hours apart.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// After so many failures an interval is left to the next search.
const MOST_FAILURES: u32 = 5;

/// What all runs know of discovery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// When the search that is under way, or the last one, began.
    began: Option<Timestamp>,
    /// What is left of it; the last comes first.
    left: Vec<Stretch>,
    /// The page of it that comes next, from 1.
    page: u32,
    /// How many rows the pages before that had.
    rows: u64,
}

/// A stretch of time in which conversations began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stretch {
    start: Timestamp,
    end: Timestamp,
    /// How often asking for it, or for what it is a part of, has failed.
    #[serde(default)]
    failures: u32,
}

impl Progress {
    /// Begins a search if none is under way and the last began long enough ago. Tells whether there is something to ask for.
    pub fn is_on(&mut self, discovery: &policy::Discovery, now: Timestamp) -> bool {
        if !self.left.is_empty() {
            return true;
        }
        if self.began.is_some_and(|began| life::after(began, discovery.every.get()) > now) {
            return false;
        }
        let look_back = SignedDuration::try_from(discovery.look_back.get()).unwrap_or(SignedDuration::MAX);
        let start = now.checked_sub(look_back).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
        *self = Self { began: Some(now), left: stretches(start, now), page: 1, rows: 0 };
        !self.left.is_empty()
    }

    /// What to ask for next.
    pub fn next(&self) -> Option<(Interval, u32)> {
        let Stretch { start, end, .. } = self.left.last()?;
        Interval::new(*start, *end).ok().map(|interval| (interval, self.page.max(1)))
    }

    /// A page has been read. The next is of the same interval if more may follow.
    pub fn page_read(&mut self, extent: PageExtent) {
        let more_may_follow = extent.more_may_follow(self.rows);
        if more_may_follow && self.page < DEEPEST_PAGE {
            self.page += 1;
            self.rows = self.rows.saturating_add(extent.rows);
            return;
        }
        let read = self.left.pop();
        self.begin_at_first_page();
        if let Some(stretch) = read.filter(|_| more_may_follow) {
            self.left.extend(stretch.halves());
        }
    }

    /// Analytics does not answer for this interval, though it may for others: they come first, then its halves. Given up, until
    /// the next search, after a few failures.
    pub fn page_failed(&mut self) {
        let Some(Stretch { failures, .. }) = self.left.last().copied() else { return };
        let Some(failed) = self.left.pop() else { return };
        self.begin_at_first_page();
        if failures + 1 >= MOST_FAILURES {
            return;
        }
        let failed = Stretch { failures: failures + 1, ..failed };
        let parts = if failures == 0 { vec![failed] } else { failed.halves() };
        let parts = if parts.is_empty() { vec![failed] } else { parts };
        self.left.splice(0..0, parts);
    }

    fn begin_at_first_page(&mut self) {
        self.page = 1;
        self.rows = 0;
    }
}

impl Stretch {
    /// Its halves, to be read anew; none if it is too short to be told apart: what lies deeper is found when others have gone.
    fn halves(self) -> Vec<Self> {
        let length = self.end.duration_since(self.start);
        let middle = self.start.checked_add(length / 2).unwrap_or(self.end);
        if length <= SHORTEST_INTERVAL {
            return Vec::new();
        }
        vec![Self { start: middle, ..self }, Self { end: middle, ..self }]
    }
}

/// The oldest last, so that it comes first: the oldest ghosts have waited longest.
fn stretches(start: Timestamp, end: Timestamp) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut end = end;
    while start < end {
        let begins = end.checked_sub(LONGEST_INTERVAL).unwrap_or(start).max(start);
        stretches.push(Stretch { start: begins, end, failures: 0 });
        end = begins;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use genesys_cloud::api::PageExtent;
    use ghost_policy::policy::Discovery;

    use super::{DEEPEST_PAGE, Progress};
    use crate::testing::minute;

    const LAST: PageExtent = PageExtent { rows: 7, is_full: false, total_hits: Some(7) };
    const FULL: PageExtent = PageExtent { rows: 100, is_full: true, total_hits: None };

    #[test]
    fn a_short_page_is_the_last_only_if_all_was_read_and_an_empty_one_always() {
        let mut progress = Progress::default();
        assert!(progress.is_on(&Discovery::default(), minute(0)));
        // Analytics serves fifty at most of the hundred asked for.
        let short = |rows, total_hits| PageExtent { rows, is_full: false, total_hits };
        let mut pages = Vec::new();
        for extent in
            [short(50, Some(120)), short(50, Some(120)), short(20, Some(120)), short(50, None), short(0, None)]
        {
            pages.push(progress.next().unwrap().1);
            // Whoever goes on from here may be another run.
            progress = serde_json::from_str(&serde_json::to_string(&progress).unwrap()).unwrap();
            progress.page_read(extent);
        }
        assert_eq!(pages, [1, 2, 3, 1, 2]);
        assert!(progress.next().is_none());
    }

    #[test]
    fn a_search_covers_all_of_the_look_back_and_then_rests() {
        let discovery = Discovery::default();
        let mut progress = Progress::default();
        let mut intervals = Vec::new();
        while progress.is_on(&discovery, minute(0)) {
            let (interval, page) = progress.next().unwrap();
            assert_eq!(page, 1);
            intervals.push(interval.to_string());
            progress.page_read(LAST);
        }
        let all =
            ["2026-01-01T08:00:00.000Z/2026-01-30T08:00:00.000Z", "2026-01-30T08:00:00.000Z/2026-03-02T08:00:00.000Z"];
        assert_eq!(intervals, all);
        assert!(!progress.is_on(&discovery, minute(59)));
        assert!(progress.is_on(&discovery, minute(60)));
    }

    #[test]
    fn an_interval_that_fails_keeps_no_other_waiting_and_it_ends() {
        let discovery = Discovery::default();
        let mut progress = Progress::default();
        let mut asked = Vec::new();
        while progress.is_on(&discovery, minute(0)) {
            let (interval, _) = progress.next().unwrap();
            asked.push(interval.to_string());
            // A day in January cannot be read.
            let broken = "2026-01-15T00:00:00.000Z/2026-01-15T00:00:00.000Z";
            let (start, end) = interval.to_string().split_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
            if start.as_str() <= &broken[..24] && end.as_str() > &broken[..24] {
                progress.page_failed();
            } else {
                progress.page_read(LAST);
            }
            assert!(asked.len() < 100);
        }
        assert_eq!(asked[1], "2026-01-30T08:00:00.000Z/2026-03-02T08:00:00.000Z", "the next one comes first");
        let lengths = asked.iter().filter(|one| one.starts_with("2026-01-01T08:00:00.000Z/2026-01-15")).count();
        assert!(lengths <= 2 && asked.len() > 4, "its healthy parts are read: {asked:?}");
    }

    #[test]
    fn what_is_too_deep_is_halved_and_it_ends() {
        let discovery = Discovery::default();
        let mut progress = Progress::default();
        let mut seen = BTreeSet::new();
        let mut pages = 0;
        while progress.is_on(&discovery, minute(0)) {
            let (interval, page) = progress.next().unwrap();
            assert!(page <= DEEPEST_PAGE);
            seen.insert(interval.to_string());
            // Every page is full: a hundred thousand open conversations a day.
            progress.page_read(FULL);
            pages += 1;
            assert!(pages < 20_000);
        }
        assert!(seen.len() > 60, "{}", seen.len());
    }
}
