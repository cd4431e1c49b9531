//! A dry run: lists and counts, and touches nothing.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use genesys_cloud::api::DetailsRow;

use super::list::Span;
use super::tally::Tally;
use super::{Drain, FIRST_PAUSE, Stop};
use crate::announce::MOST_NAMED;
use crate::filter::{self, Skip, Verdict};
use crate::note::Leave;
use crate::ports::{PortError, Ports};

/// A run counts hundreds of thousands: a queue for which so many are not enough is not counted.
const MOST_RUNS: u32 = 3;

/// Conversations that were counted, by what is left of their ids when they are hashed: it must stay small, and a count may be off
/// by one in billions.
struct Counted {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl<P: Ports> Drain<'_, P> {
    /// Counts what the request would disconnect and what it would leave alone. Tells whether all is counted.
    pub(super) async fn count(&self) -> Result<bool, PortError> {
        if self.run > MOST_RUNS {
            self.stop(Stop::Hopeless("the queue could not be counted in the time that a run has".to_owned()));
        }
        // Anew, if analytics turns out to serve less.
        while self.goes_on() && !self.count_all().await? {
            self.pause(FIRST_PAUSE).await;
        }
        Ok(self.goes_on())
    }

    async fn count_all(&self) -> Result<bool, PortError> {
        let Some(spans) = self.narrowed(self.spans()).await else { return Ok(false) };
        *self.tally.borrow_mut() = Tally::default();
        self.tally.borrow_mut().begin_pass(spans.iter().map(|span| span.rows).sum());
        let mut counted = Counted { hasher: RandomState::new(), hashes: HashSet::new() };
        for span in spans {
            let (before, hides_some) = (counted.hashes.len(), self.hides_some(&span));
            let mut all = self.count_span(&span, &mut counted).await?;
            if hides_some {
                all &= self.count_span(&span.reversed(), &mut counted).await?;
                let shown = (counted.hashes.len() - before) as u64;
                self.tally.borrow_mut().not_shown += span.rows.saturating_sub(shown);
            }
            if !all {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// From its last page, as rows move to earlier ones. Tells whether all were served.
    async fn count_span(&self, span: &Span, counted: &mut Counted) -> Result<bool, PortError> {
        for number in (1..=self.last_pages(span).0).rev() {
            let Some(page) = self.ask(span, number).await else { return Ok(false) };
            if span.is_short(&page, number) {
                return Ok(false);
            }
            for (row, leave) in self.with_leave(&page.rows).await? {
                if counted.hashes.insert(counted.hasher.hash_one(&row.conversation_id)) {
                    self.count_row(row, leave);
                }
            }
        }
        Ok(true)
    }

    fn count_row(&self, row: &DetailsRow, leave: Leave) {
        let mut tally = self.tally.borrow_mut();
        let verdict = match leave {
            Leave::OtherJob => Verdict::Skip(Skip::OtherJob),
            Leave::Given { .. } | Leave::Settled(_) | Leave::Unsettled => {
                filter::judge(self.request, self.requested_at, row)
            }
        };
        match verdict {
            Verdict::Look => tally.skip(Skip::Unclear),
            Verdict::Drain => {
                if self.request.limit.is_none_or(|limit| tally.done < limit) {
                    tally.done += 1;
                    if tally.would_disconnect.len() < MOST_NAMED {
                        tally.would_disconnect.push(row.conversation_id.clone());
                    }
                }
            }
            Verdict::Skip(why) => tally.skip(why),
            Verdict::Over => {}
        }
    }
}
