//! Writing rows to Salesforce: as few calls as possible, and none that is known to be in vain.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lambda_kit::runtime::Deadline;
use salesforce::{Patience, Rejection, Row, RowResult, Salesforce, Transient, Unavailable, UpsertReport, UpsertTarget};
use tokio::time::Instant;
use tracing::warn;

/// Writes rows, and holds back while Salesforce is unavailable.
pub struct Writer {
    salesforce: Salesforce,
    hold: Mutex<Hold>,
}

/// Who asks for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Events came. What Salesforce cannot take now is left for the flush.
    Events,
    /// The scheduled flush: one call finds out whether Salesforce is back.
    Flush,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Salesforce has it, or something newer.
    Done,
    /// Salesforce has it without a look-up that points at nothing yet.
    WithoutLookUp,
    /// Not written through no fault of its own.
    Later,
    /// Not written for want of room in the org: to be tried now and then.
    Held,
    /// Not written, and may never be: to be tried a few times.
    Again(Transient),
    /// Never to be written as it is.
    Rejected(Rejection),
}

impl Fate {
    /// For logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done => "written",
            Self::WithoutLookUp => "written without look-up",
            Self::Later | Self::Held => "pending",
            Self::Again(_) => "to be tried again",
            Self::Rejected(_) => "rejected",
        }
    }
}

#[derive(Debug, Default)]
struct Hold {
    until: Option<Instant>,
    failures: u32,
}

/// A row loses its look-ups one after the other at worst.
const PASSES_MAX: usize = 3;
/// The longest that Salesforce may take for the rows of a batch: it waits some 10 s itself for a locked record.
const UPSERT_TIME: Duration = Duration::from_secs(20);
const FIRST_HOLD: Duration = Duration::from_secs(1);
const LONGEST_HOLD: Duration = Duration::from_mins(1);
const DAILY_LIMIT_HOLD: Duration = Duration::from_mins(15);

impl Writer {
    /// Writes with this client.
    pub fn new(salesforce: Salesforce) -> Self {
        Self { salesforce, hold: Mutex::default() }
    }

    /// Whether it makes sense to write now.
    pub fn is_open(&self, occasion: Occasion) -> bool {
        occasion == Occasion::Flush || self.hold().until.is_none_or(|until| until <= Instant::now())
    }

    /// Writes rows of one object, those that point at nothing without that look-up. One fate for each row, in their order, and
    /// whether Salesforce is available for more.
    pub async fn write(
        &self,
        occasion: Occasion,
        target: &UpsertTarget,
        rows: &[Row],
        deadline: Deadline,
    ) -> (Vec<Fate>, bool) {
        let mut fates = vec![Fate::Later; rows.len()];
        let mut open: Vec<(usize, Row)> = rows.iter().cloned().enumerate().collect();
        let mut lost_look_up = vec![false; rows.len()];
        for _ in 0..PASSES_MAX {
            if open.is_empty() {
                break;
            }
            let batch: Vec<Row> = open.iter().map(|(_, row)| row.clone()).collect();
            let report = self.upsert(occasion, target, &batch, deadline).await;
            let mut again = Vec::new();
            for ((index, row), result) in open.into_iter().zip(report.results) {
                if let RowResult::Deferred(deferral) = &result {
                    lost_look_up[index] = true;
                    again.push((index, row.without_look_ups(&deferral.relationships)));
                    continue;
                }
                fates[index] = fate(result, lost_look_up[index]);
            }
            if let Some(unavailable) = report.unavailable {
                self.close(&unavailable);
                return (fates, false);
            }
            open = again;
        }
        self.reopen();
        (fates, true)
    }

    async fn upsert(
        &self,
        occasion: Occasion,
        target: &UpsertTarget,
        rows: &[Row],
        deadline: Deadline,
    ) -> UpsertReport {
        // While Salesforce is known to be unavailable, one call finds out whether it is back.
        let retry = occasion == Occasion::Events && self.hold().failures == 0;
        let patience = Patience { limit: deadline.remaining().min(UPSERT_TIME), retry };
        let report = self.salesforce.upsert(patience, target, rows).await;
        if let Some(usage) = self.salesforce.api_usage() {
            metrics::gauge!("SalesforceApiUsed").set(f64::from(u32::try_from(usage.used).unwrap_or(u32::MAX)));
            metrics::gauge!("SalesforceApiAllowed").set(f64::from(u32::try_from(usage.allowed).unwrap_or(u32::MAX)));
        }
        report
    }

    fn close(&self, unavailable: &Unavailable) {
        let mut hold = self.hold();
        let backed_off = FIRST_HOLD.saturating_mul(1 << hold.failures.min(6)).min(LONGEST_HOLD);
        let pause = match unavailable {
            Unavailable::Outage { retry_after, .. } => retry_after.unwrap_or(backed_off).min(DAILY_LIMIT_HOLD),
            Unavailable::ConcurrencyLimit => backed_off,
            Unavailable::DailyLimit => DAILY_LIMIT_HOLD,
            Unavailable::Configuration { .. } => LONGEST_HOLD,
        };
        hold.failures += 1;
        hold.until = Some(Instant::now() + pause);
        let kind = match unavailable {
            Unavailable::Outage { .. } => "outage",
            Unavailable::ConcurrencyLimit => "concurrencyLimit",
            Unavailable::DailyLimit => "dailyLimit",
            Unavailable::Configuration { .. } => "configuration",
        };
        metrics::counter!("SalesforceUnavailable", "kind" => kind).increment(1);
        warn!(reason = %unavailable, pauseMs = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "rows stay pending");
    }

    fn reopen(&self) {
        *self.hold() = Hold::default();
    }

    fn hold(&self) -> std::sync::MutexGuard<'_, Hold> {
        self.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fate(result: RowResult, lost_look_up: bool) -> Fate {
    match result {
        RowResult::Written { .. } if lost_look_up => Fate::WithoutLookUp,
        RowResult::Written { .. } | RowResult::StaleRevision => Fate::Done,
        RowResult::Retry(_) | RowResult::Unanswered | RowResult::Deferred(_) => Fate::Later,
        RowResult::RetryBounded(transient) => Fate::Again(transient),
        // The org is full: held until somebody makes room (reference/salesforce.md §2.4).
        RowResult::Rejected(rejection) if rejection.code == "STORAGE_LIMIT_EXCEEDED" => Fate::Held,
        RowResult::Rejected(rejection) => Fate::Rejected(rejection),
    }
}
