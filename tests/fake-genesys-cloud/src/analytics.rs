//! Analytics: the same conversations, as the details query and the activity query show them (reference/genesys-cloud.md §2.2).
//!
//! The details query can lag behind the truth, and serves no page deeper than some 8,000 rows. What it shows of a conversation
//! follows from the conversation, unless a row was [shown](Analytics::show) in its place.

mod activity;
mod candidate;
mod details;
mod filter;
mod row;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use candidate::Candidate;

use crate::conversations::{Conversations, time};
use crate::crowds::Crowds;
use crate::error_body::ErrorBody;
use crate::state::lock;

/// A row of the details query has no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot show the row: it must be an object whose conversationId is a string")]
pub struct NotARow;

/// What analytics shows.
#[derive(Debug)]
pub struct Analytics(Mutex<Views>);

#[derive(Debug)]
struct Views {
    lag: Duration,
    limits: Limits,
    /// Rows by conversation id.
    shown: HashMap<String, Value>,
}

/// How many rows the details query serves.
#[derive(Debug, Clone, Copy)]
struct Limits {
    deepest_row: usize,
    largest_page: usize,
}

impl Default for Analytics {
    fn default() -> Self {
        let limits = Limits { deepest_row: 8_000, largest_page: usize::MAX };
        Self(Mutex::new(Views { lag: Duration::ZERO, limits, shown: HashMap::new() }))
    }
}

impl Analytics {
    /// What happened in the last so long is not in the rows of the details query yet.
    pub fn lag_behind(&self, lag: Duration) {
        lock(&self.0).lag = lag;
    }

    /// The details query answers 502 for pages beyond so many rows: 8,000 unless told otherwise (reference/practice.md §1.1).
    pub fn serve_rows(&self, deepest: usize) {
        lock(&self.0).limits.deepest_row = deepest;
    }

    /// The details query serves pages of so many rows at most, whatever size it is asked for.
    pub fn serve_pages_of(&self, largest: usize) {
        lock(&self.0).limits.largest_page = largest;
    }

    /// Shows this row, an `AnalyticsConversation`, whatever becomes of the conversation: it counts as it says.
    pub fn show(&self, row: Value) -> Result<(), NotARow> {
        let id = row["conversationId"].as_str().ok_or(NotARow)?.to_owned();
        lock(&self.0).shown.insert(id, row);
        Ok(())
    }

    pub(crate) fn details(
        &self,
        conversations: &Conversations,
        crowds: &Crowds,
        now_ms: i64,
        query: &Value,
    ) -> Result<Value, ErrorBody> {
        let query = details::Query::read(query)?;
        let views = lock(&self.0);
        let lag_ms = u64::try_from(views.lag.as_millis()).unwrap_or(u64::MAX);
        let as_of_ms = now_ms.saturating_sub_unsigned(lag_ms);
        views.with_candidates(conversations, as_of_ms, |candidates| {
            crowds.inspect(|members| query.answer(candidates, (members, as_of_ms), views.limits))
        })
    }

    pub(crate) fn activity(
        &self,
        conversations: &Conversations,
        crowds: &Crowds,
        now_ms: i64,
        query: &Value,
    ) -> Result<Value, ErrorBody> {
        let query = activity::Query::read(query)?;
        let views = lock(&self.0);
        Ok(views.with_candidates(conversations, now_ms, |candidates| {
            crowds.inspect(|members| {
                let mut candidates: Vec<Candidate<'_>> = candidates;
                let asked = query.conversation_ids().into_iter().filter_map(|id| members.get(id));
                candidates.extend(asked.map(|member| Candidate::Member { members, member, as_of_ms: now_ms }));
                query.answer(&candidates)
            })
        }))
    }
}

impl Views {
    fn with_candidates<T>(
        &self,
        conversations: &Conversations,
        as_of_ms: i64,
        make: impl FnOnce(Vec<Candidate<'_>>) -> T,
    ) -> T {
        let as_of = time(as_of_ms);
        conversations.inspect(|conversations| {
            let derived = conversations
                .filter(|(id, _)| !self.shown.contains_key(*id))
                .map(|(_, fields)| Candidate::Conversation { fields, as_of: &as_of });
            let shown = self.shown.values().filter_map(Value::as_object).map(Candidate::Row);
            make(derived.chain(shown).collect())
        })
    }
}
