//! What waits, as analytics lists it, page by page from the last to the first.
//!
//! From the last, because rows only ever move to earlier pages as those before them go: so a pass passes none over, and what it
//! disconnects goes from behind it. A pass is complete if it has seen every row that there is.

use std::cell::Cell;

use genesys_cloud::api::{DetailsRow, Interval, Order};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::verify::{Candidate, Verified};
use super::{Drain, send};
use crate::filter::{self, Skip, Verdict};
use crate::job;
use crate::note::{self, Leave, MOST_ATTEMPTS, State};
use crate::ports::{NoAnswer, Page, PortError, Ports, Question};

/// Rows in a page, if the server gives so many.
const PAGE_SIZE: u32 = 100;
/// What pages that lie too deep are answered with (reference/practice.md §1.1).
const BAD_GATEWAY: u16 = 502;
/// A page that lies deeper than so many rows, and fails so often, is taken for too deep.
const SHALLOW: u32 = 500;
const DEEP_TRIES: u32 = 2;
/// A pass that has come to what is done with reads on if no more pages than these are left.
const FEW_PAGES: u64 = 3;
/// Candidates that wait for a lane: as many as are sent in a second, so that they stay young.
const FEWEST_AHEAD: u32 = 2;

/// A stretch of time whose conversations are listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    interval: Interval,
    order: Order,
    /// Rows, when it was last asked.
    pub(super) rows: u64,
    /// Rows in a page of it.
    page_size: u32,
}

/// What a pass came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pass {
    /// Conversations that were to be disconnected.
    pub(super) found: u64,
    /// Whether every row was seen.
    pub(super) is_complete: bool,
}

impl Pass {
    fn cut_short(self) -> Self {
        Self { is_complete: false, ..self }
    }
}

/// What a page came to.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    found: u64,
    is_done_with: bool,
    is_full: bool,
    is_short: bool,
}

impl Span {
    /// The number of its last page.
    fn last_page(&self) -> u64 {
        self.rows.div_ceil(self.page_size.into())
    }

    /// The number of the last page that is served, where so many rows are.
    fn deepest_page(&self, deepest_row: u32) -> u64 {
        (deepest_row / self.page_size).into()
    }

    /// Whether it has pages that are not.
    fn hides_some(&self, deepest_row: u32) -> bool {
        self.last_page() > self.deepest_page(deepest_row)
    }

    fn is_full(&self, page: &Page) -> bool {
        page.rows_served >= self.page_size.into()
    }

    /// Whether rows are missing from its so-manieth page: a server may serve fewer than it is asked for.
    pub(super) fn is_short(&self, page: &Page, number: u64) -> bool {
        let before = number.saturating_sub(1) * u64::from(self.page_size);
        !self.is_full(page) && before + page.rows_served < page.total
    }

    /// The same, from the other end.
    pub(super) fn reversed(self) -> Self {
        let order = if self.order == Order::Ascending { Order::Descending } else { Order::Ascending };
        Self { order, ..self }
    }
}

impl<P: Ports> Drain<'_, P> {
    /// What the request looks back on. The end is a little later than the request, as clocks differ.
    pub(super) fn spans(&self) -> Vec<Span> {
        let look_back = SignedDuration::try_from(self.request.look_back).unwrap_or(SignedDuration::MAX);
        let start = self.requested_at.checked_sub(look_back).unwrap_or(Timestamp::UNIX_EPOCH);
        let end = job::after(self.requested_at, SignedDuration::from_mins(1));
        let span = |interval| Span { interval, order: Order::Ascending, rows: 0, page_size: PAGE_SIZE };
        Interval::covering(start.max(Timestamp::UNIX_EPOCH), end).into_iter().map(span).collect()
    }

    /// One pass over all that is listed: found, verified, and disconnected meanwhile.
    pub(super) async fn pass(&self, spans: &mut Vec<Span>) -> Result<Pass, PortError> {
        // Before the lanes are staffed: the answers tell how fast they may go.
        let Some(narrowed) = self.narrowed(std::mem::take(spans)).await else { return Ok(Pass::default()) };
        *spans = narrowed;
        self.tally.borrow_mut().begin_pass(spans.iter().map(|span| span.rows).sum());
        let ahead = (self.ports.requests_per_minute() / 60).max(FEWEST_AHEAD);
        let (sender, receiver) = mpsc::channel(usize::try_from(ahead).unwrap_or(1));
        let listing = async {
            let listed = self.list(spans, &sender).await;
            drop(sender);
            listed
        };
        let (listed, ()) = tokio::join!(listing, send::in_all_lanes(self, receiver));
        listed
    }

    async fn list(&self, spans: &mut [Span], sender: &mpsc::Sender<Verified>) -> Result<Pass, PortError> {
        let mut pass = Pass { found: 0, is_complete: true };
        for span in spans.iter_mut() {
            let hides_some = self.hides_some(span);
            let of_span = self.list_span(span, sender).await?;
            if hides_some && of_span.found == 0 {
                *span = span.reversed();
            }
            pass.found += of_span.found;
            pass.is_complete &= of_span.is_complete && !hides_some;
        }
        Ok(pass)
    }

    /// Whether it has rows that analytics does not serve.
    pub(super) fn hides_some(&self, span: &Span) -> bool {
        span.hides_some(self.deepest_row.get())
    }

    /// The number of its last page that is served, and of the last that would be.
    pub(super) fn last_pages(&self, span: &Span) -> (u64, u64) {
        let deepest = span.deepest_page(self.deepest_row.get());
        (span.last_page().min(deepest), deepest)
    }

    async fn list_span(&self, span: &Span, sender: &mpsc::Sender<Verified>) -> Result<Pass, PortError> {
        let (last, deepest) = self.last_pages(span);
        let mut pass = Pass { found: 0, is_complete: true };
        // There may be more than was said.
        for number in last.. {
            if number == 0 || number > deepest || !self.goes_on() {
                break;
            }
            let Some(taken) = self.take(span, number, sender).await? else { return Ok(pass.cut_short()) };
            pass.found += taken.found;
            pass.is_complete &= !taken.is_short;
            if !taken.is_full {
                break;
            }
        }
        for number in (1..last).rev() {
            let Some(taken) = self.take(span, number, sender).await? else { return Ok(pass.cut_short()) };
            pass.found += taken.found;
            pass.is_complete &= !taken.is_short;
            if taken.is_done_with && pass.found > 0 && number > FEW_PAGES {
                // All that is before was sent already, most likely: analytics has not caught up.
                return Ok(pass.cut_short());
            }
        }
        pass.is_complete &= self.goes_on();
        Ok(pass)
    }

    /// Takes up a page; nothing if the run is stopped, or the page lies too deep.
    async fn take(
        &self,
        span: &Span,
        number: u64,
        sender: &mpsc::Sender<Verified>,
    ) -> Result<Option<Taken>, PortError> {
        if self.limit_is_reached() {
            return Ok(None);
        }
        let Some(page) = self.ask(span, number).await else { return Ok(None) };
        let (is_full, is_short) = (span.is_full(&page), span.is_short(&page, number));
        let mut taken = Taken { is_full, is_short, is_done_with: !page.rows.is_empty(), found: 0 };
        let mut candidates = Vec::new();
        for (row, leave) in self.with_leave(&page.rows).await? {
            candidates.extend(self.judge(row, leave, &mut taken));
        }
        for chunk in candidates.chunks(self.verified_at_once()) {
            let Some(found) = self.verify(chunk.to_vec(), sender).await else { return Ok(None) };
            taken.found += found;
        }
        Ok(self.goes_on().then_some(taken))
    }

    /// Each row once, with what its note says.
    pub(super) async fn with_leave<'r>(
        &self,
        rows: &'r [DetailsRow],
    ) -> Result<Vec<(&'r DetailsRow, Leave)>, PortError> {
        let mut ids: Vec<&str> = rows.iter().map(|row| row.conversation_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let notes = self.ports.notes(&self.request.queue_id, &ids).await?;
        let now = self.ports.now();
        let mut seen = std::collections::HashSet::new();
        let once = rows.iter().filter(|row| seen.insert(row.conversation_id.as_str()));
        let with_leave = once.map(|row| {
            let note = notes.iter().find(|note| note.conversation_id == row.conversation_id);
            (row, note::leave(note, &self.request.job_id, now))
        });
        Ok(with_leave.collect())
    }

    fn judge(&self, row: &DetailsRow, leave: Leave, taken: &mut Taken) -> Option<Candidate> {
        let id = &row.conversation_id;
        let (version, attempts) = match leave {
            Leave::Given { version, attempts } => (version, attempts),
            Leave::Settled(state) => {
                if state == State::Sent {
                    self.tally.borrow_mut().listed_again(id);
                }
                return None;
            }
            Leave::Unsettled => {
                self.look_later(id);
                return None;
            }
            Leave::OtherJob => {
                self.tally.borrow_mut().skip(Skip::OtherJob);
                return None;
            }
        };
        taken.is_done_with = false;
        match filter::judge(self.request, self.requested_at, row) {
            Verdict::Drain | Verdict::Look if attempts >= MOST_ATTEMPTS => {
                self.tally.borrow_mut().skip(Skip::Unclear);
                None
            }
            verdict @ (Verdict::Drain | Verdict::Look) => {
                // What was tried before may have changed since its row.
                let needs_look = verdict == Verdict::Look || version > 0;
                Some(Candidate { id: id.clone(), version, attempts, needs_look })
            }
            Verdict::Skip(why) => {
                self.tally.borrow_mut().skip(why);
                None
            }
            Verdict::Over => None,
        }
    }

    /// A page; nothing if the run is stopped, or if it lies too deep: then less depth is made use of from now on. That it fails as
    /// pages do that lie too deep is believed only while the first page is served: else it is an outage.
    pub(super) async fn ask(&self, span: &Span, number: u64) -> Option<Page> {
        let question = Question {
            queue_id: &self.request.queue_id,
            interval: span.interval,
            order: span.order,
            page_size: span.page_size,
            page: u32::try_from(number).unwrap_or(u32::MAX),
        };
        let (depth, failures) = (question.page.saturating_mul(span.page_size), Cell::new(0));
        let asked = async || match self.ports.page(question).await {
            Err(failed @ NoAnswer::ForNow { status: Some(BAD_GATEWAY), .. }) if depth > SHALLOW => {
                self.ports.page(Question { page: 1, ..question }).await?;
                failures.set(failures.get() + 1);
                if failures.get() < DEEP_TRIES { Err(failed) } else { Ok(None) }
            }
            answer => answer.map(Some),
        };
        let page = self.answered(asked).await?;
        if page.is_none() {
            tracing::warn!(jobId = self.request.job_id, depth, "pages as deep as this fail: half the depth is used");
            self.deepest_row.set((depth / 2).max(SHALLOW));
        }
        page
    }

    /// The same stretches, with the number of their rows; in parts, as long as they hold more than analytics serves and more than
    /// a day, which it lists as a whole. Nothing if the run is stopped.
    pub(super) async fn narrowed(&self, spans: Vec<Span>) -> Option<Vec<Span>> {
        let mut narrow = Vec::new();
        let mut wide = Vec::new();
        for span in spans {
            wide.push(self.counted(span).await?);
        }
        wide.reverse();
        while let Some(span) = wide.pop() {
            let parts = if self.hides_some(&span) { span.interval.split() } else { None };
            let Some([newer, older]) = parts else {
                narrow.push(span);
                continue;
            };
            let newer = self.counted(Span { interval: newer, ..span }).await?;
            let older = self.counted(Span { interval: older, ..span }).await?;
            wide.extend([older, newer]);
        }
        Some(narrow)
    }

    /// With its rows counted, and pages no larger than the server makes them.
    async fn counted(&self, span: Span) -> Option<Span> {
        let mut span = Span { page_size: PAGE_SIZE, ..span };
        loop {
            let page = self.ask(&span, 1).await?;
            span.rows = page.total.max(page.rows_served);
            match u32::try_from(page.rows_served) {
                Ok(served @ 1..) if span.is_short(&page, 1) => span.page_size = served,
                _ => return Some(span),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use genesys_cloud::api::{Interval, Order};

    use super::{PAGE_SIZE, Span};
    use crate::ports::Page;
    use crate::testing::minute;

    fn span(rows: u64, page_size: u32) -> Span {
        let interval = Interval::covering(minute(0), minute(1)).remove(0);
        Span { interval, order: Order::Ascending, rows, page_size }
    }

    #[test]
    fn what_is_not_hidden_is_on_a_page_that_is_served() {
        for page_size in [PAGE_SIZE, 37, 1] {
            for deepest_row in [500, 550, 625, 4_950, 5_000] {
                for rows in [0, 1, 499, 500, 501, 540, 550, 551, 4_999, 5_000, 5_001] {
                    let span = span(rows, page_size);
                    let is_hidden = span.hides_some(deepest_row);
                    let last = span.last_page().min(span.deepest_page(deepest_row));
                    assert!(is_hidden || last * u64::from(page_size) >= rows, "{span:?} {deepest_row}");
                    assert!(last * u64::from(page_size) <= u64::from(deepest_row) + u64::from(page_size));
                }
            }
        }
        assert!(span(540, PAGE_SIZE).hides_some(1_100 / 2), "or forty are passed over");
    }

    #[test]
    fn a_page_that_lacks_rows_is_told_from_the_last() {
        let is_short = |number, rows_served, total| {
            span(total, 100).is_short(&Page { rows: Vec::new(), rows_served, total }, number)
        };
        assert!(!is_short(1, 100, 250) && !is_short(3, 50, 250) && !is_short(1, 0, 0) && !is_short(4, 0, 250));
        assert!(is_short(1, 40, 250) && is_short(1, 0, 250) && is_short(3, 49, 250));
    }
}
