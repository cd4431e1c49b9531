//! What became of the rows: one verdict each, in types that keep what can be retried apart from what cannot.

use std::time::Duration;

/// The answer to one upsert of any number of rows. Nothing that was learned is lost when a later call fails: its rows are
/// [`RowResult::Unanswered`] and [`UpsertReport::unavailable`] says why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct UpsertReport {
    /// One for each row given, in the order given.
    pub results: Vec<RowResult>,
    /// Set if Salesforce, as a whole, could not or would not take some of the rows.
    pub unavailable: Option<Unavailable>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowResult {
    /// It is in Salesforce.
    Written {
        /// Whether it is new there. Salesforce does not always say.
        created: Option<bool>,
    },
    /// A newer revision is in Salesforce already: nothing is left to do. A success.
    StaleRevision,
    /// Not this row's fault: the same row will pass later. Retry without a bound on the number.
    Retry(Transient),
    /// Most likely passes later, but may not: retry a few times, then treat it as rejected.
    RetryBounded(Transient),
    /// A record that a look-up points at is not there, not readable or ambiguous: write the row without these look-ups,
    /// and with them again later.
    Deferred(Deferral),
    /// Never passes as it is.
    Rejected(Rejection),
    /// Not sent, or sent and no answer came: it may or may not be in Salesforce. Upserts may be repeated.
    Unanswered,
}

impl RowResult {
    /// Whether Salesforce now holds this revision of the row or a newer one.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Written { .. } | Self::StaleRevision)
    }
}

/// A failure that time heals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transient {
    /// Salesforce's status code, e.g. `UNABLE_TO_LOCK_ROW`.
    pub code: String,
    /// Salesforce's text, shortened and without the row's values.
    pub message: String,
}

/// A row that can only be written without some of its look-ups for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferral {
    /// The relationships to leave out, e.g. `Case`: see [`crate::LookUp::relationship`]. Never empty.
    pub relationships: Vec<&'static str>,
    /// Salesforce's status code.
    pub code: String,
    /// Salesforce's text, shortened and without the row's values.
    pub message: String,
}

/// A failure that neither time nor repetition heals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Salesforce's status code, e.g. `STRING_TOO_LONG`.
    pub code: String,
    /// Salesforce's text, shortened and without the row's values.
    pub message: String,
    /// The fields Salesforce named.
    pub fields: Vec<String>,
    /// The fault is the org's (schema, permissions, storage), so every row fails until an administrator acts: raise an alarm.
    pub org_wide: bool,
}

/// Why Salesforce, as a whole, took nothing (more).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It is down, unreachable or slow.
    #[error("Salesforce is unavailable: {what}")]
    Outage {
        /// The operation and how it failed.
        what: String,
        /// How long Salesforce asks us to wait.
        retry_after: Option<Duration>,
    },
    /// Too many long calls run at once in the org: come back soon, with fewer.
    #[error("Salesforce's limit of concurrent requests is reached")]
    ConcurrencyLimit,
    /// The org's API calls of the last 24 hours are used up: come back in steps of a quarter of an hour or more.
    #[error("Salesforce's daily API request limit is reached")]
    DailyLimit,
    /// Nothing passes until somebody changes our settings, the secret or the org: raise an alarm, keep the rows.
    #[error("Salesforce refused our configuration: {what}")]
    Configuration {
        /// The operation and the reason given.
        what: String,
    },
}
