//! What a day left in Salesforce, for people: a table for the console, and a page with a picture of each agent's day.
//!
//! What was logged comes from Salesforce's rows alone. The [`Day`] adds what Salesforce does not know: the agents' names
//! and the calls that interrupted nothing. What became of [ghosts](ghost_reports) and [message sessions](session_report) comes from the
//! outcome bus and from the answers that customers got.

mod console;
mod format;
mod ghosts;
mod html;
mod model;
mod rows;
mod sessions;
mod timeline;

use serde_json::{Map, Value};

pub use self::ghosts::{GhostReport, ghost_reports, ghosts_console};
pub use self::sessions::{SessionReport, session_report, sessions_console};

use self::model::Report;
use crate::day::Day;

/// The rows as Salesforce has them, by field.
#[derive(Clone, Debug, Default)]
pub struct SalesforceRows {
    /// Of `Interaction_Interruption__c`.
    pub interruptions: Vec<Map<String, Value>>,
    /// Of `Agent_Work_Session__c`.
    pub work_sessions: Vec<Map<String, Value>>,
}

/// The closing table, for a console of `width` columns: each interruption, then each agent's sums. Below 144 columns
/// conversations are shown by the beginning of their id.
pub fn console(day: &Day, rows: &SalesforceRows, width: usize) -> String {
    console::render(&Report::new(day, rows), width)
}

/// The report as one HTML page that needs nothing else.
pub fn html(day: &Day, rows: &SalesforceRows, ghosts: &[GhostReport], sessions: &[SessionReport]) -> String {
    html::render(&Report::new(day, rows), ghosts, sessions)
}

#[cfg(test)]
mod tests;
