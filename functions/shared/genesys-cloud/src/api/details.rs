//! Analytics' rows of conversations (`POST /api/v2/analytics/conversations/details/query`, reference/genesys-cloud.md §2.2).
//! They lag behind the truth: what they show is a hint of what to look at.

mod row;

pub use row::{Details, DetailsRow, Participant, Segment, Session};

use std::collections::HashSet;

use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Call, GenesysCloud};
use super::deadline::Deadline;
use super::details_query::DetailsQuery;
use super::errors::{ApiError, RetryableError};
use super::operation::QUERY_DETAILS;
use super::transport::Answer;

/// The query answers 502 for pages that lie deeper than some 8,000 rows (reference/practice.md §1.1).
pub const DEEPEST_ROW: u32 = 8_000;

/// A page of rows.
#[derive(Debug, Clone)]
pub struct DetailsPage {
    /// The rows that have an id.
    pub rows: Vec<DetailsRow>,
    /// How many rows came, those without an id included.
    pub rows_served: u64,
    /// Whether this one has as many rows as were asked for. One that has not need not be the last.
    pub is_full: bool,
    /// How many rows all pages have, roughly: it moves with live data.
    pub total_hits: Option<u64>,
    /// For a support case.
    pub correlation_id: Option<String>,
}

/// How far a page reaches, of all that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageExtent {
    /// How many rows came.
    pub rows: u64,
    /// Whether these are as many as were asked for.
    pub is_full: bool,
    /// How many rows all pages have, roughly; none if that is not told.
    pub total_hits: Option<u64>,
}

impl PageExtent {
    /// Whether more pages may follow, where the pages before this one had so many rows. A server may serve fewer rows than it is
    /// asked for, so a short page is the last only if all that there is was read; an empty one is.
    pub fn more_may_follow(self, rows_before: u64) -> bool {
        let read = rows_before.saturating_add(self.rows);
        self.rows > 0 && (self.is_full || self.total_hits.is_none_or(|all| read < all))
    }
}

impl DetailsPage {
    /// How far it reaches.
    pub fn extent(&self) -> PageExtent {
        PageExtent { rows: self.rows_served, is_full: self.is_full, total_hits: self.total_hits }
    }
}

/// The rows of many pages.
#[derive(Debug, Clone)]
#[must_use]
pub struct PagedDetails {
    /// The rows, each conversation once: pages shift under live data, so that one may come twice, and one may be missed.
    pub rows: Vec<DetailsRow>,
    /// How many rows there are, roughly.
    pub total_hits: Option<u64>,
    /// Whether these are all.
    pub completeness: Completeness,
}

/// How the reading of pages ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// With the last page.
    Complete,
    /// With the last page that was asked for.
    PageLimit,
    /// At the depth that the query does not serve: narrow the query, e.g. to the [halves](super::Interval::halves) of its interval.
    TooDeep,
    /// With an error, after the pages before it.
    Failed(ApiError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryAnswer {
    /// Absent from an empty page.
    conversations: Option<Vec<Box<RawValue>>>,
    total_hits: Option<u64>,
}

impl GenesysCloud {
    /// Reads one page, counted from 1. Needs `analytics:conversationDetail:view`.
    pub async fn query_conversation_details(
        &self,
        query: &DetailsQuery,
        page_number: u32,
        deadline: Deadline,
    ) -> Result<DetailsPage, ApiError> {
        let path = "/api/v2/analytics/conversations/details/query".to_owned();
        let body = Some(query.body(page_number).to_string());
        let call = Call { operation: QUERY_DETAILS, method: Method::POST, path, body };
        self.ask_for(&call, deadline, |answer: Answer| {
            let body = answer.body.as_deref().unwrap_or_default();
            let Ok(QueryAnswer { conversations, total_hits }) = serde_json::from_str(body) else {
                let correlation_id = answer.correlation_id;
                return Err(RetryableError::UnreadableAnswer { operation: QUERY_DETAILS.name, correlation_id }.into());
            };
            let conversations = conversations.unwrap_or_default();
            let rows_served = conversations.len() as u64;
            let is_full = rows_served >= query.page_size().into();
            let rows = conversations.into_iter().filter_map(DetailsRow::read).collect();
            Ok(DetailsPage { rows, rows_served, is_full, total_hits, correlation_id: answer.correlation_id })
        })
        .await
    }

    /// Reads page after page to the last, but no more than so many. What was read is kept if a later page fails.
    pub async fn all_conversation_details(
        &self,
        query: &DetailsQuery,
        max_pages: u32,
        deadline: Deadline,
    ) -> PagedDetails {
        let mut all = PagedDetails { rows: Vec::new(), total_hits: None, completeness: Completeness::Complete };
        let mut seen = HashSet::new();
        let mut rows_read = 0;
        let deepest_page = DEEPEST_ROW / query.page_size();
        for page_number in 1.. {
            if page_number > max_pages || page_number > deepest_page {
                let asked_all = page_number > max_pages;
                all.completeness = if asked_all { Completeness::PageLimit } else { Completeness::TooDeep };
                break;
            }
            let page = match self.query_conversation_details(query, page_number, deadline).await {
                Ok(page) => page,
                Err(error) => {
                    all.completeness = Completeness::Failed(error);
                    break;
                }
            };
            let is_last = !page.extent().more_may_follow(rows_read);
            rows_read += page.rows_served;
            all.total_hits = page.total_hits;
            all.rows.extend(page.rows.into_iter().filter(|row| seen.insert(row.conversation_id.clone())));
            if is_last {
                break;
            }
        }
        all
    }
}
