//! `POST /api/v2/analytics/conversations/details/query`

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Limits;
use super::candidate::Candidate;
use super::filter::Filter;
use crate::conversations::{epoch_ms, time};
use crate::crowds::Members;
use crate::error_body::ErrorBody;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const LONGEST_INTERVAL_MS: i64 = 31 * DAY_MS;
const LARGEST_PAGE: usize = 100;

const CONVERSATION_DIMENSIONS: [&str; 6] =
    ["conversationId", "conversationStart", "conversationEnd", "divisionId", "externalTag", "originatingDirection"];
const SEGMENT_DIMENSIONS: [&str; 12] = [
    "addressFrom",
    "mediaType",
    "messageType",
    "direction",
    "provider",
    "purpose",
    "userId",
    "queueId",
    "segmentType",
    "segmentEnd",
    "disconnectType",
    "errorCode",
];

/// A query that can be answered.
pub(super) struct Query {
    from_ms: i64,
    to_ms: i64,
    body: Body,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    interval: String,
    #[serde(default)]
    order: Order,
    #[serde(default)]
    order_by: OrderBy,
    #[serde(default)]
    paging: Paging,
    #[serde(default)]
    conversation_filters: Vec<Filter>,
    #[serde(default)]
    segment_filters: Vec<Filter>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Order {
    #[default]
    Asc,
    Desc,
    Unordered,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum OrderBy {
    #[default]
    ConversationStart,
    ConversationEnd,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Paging {
    page_size: usize,
    page_number: usize,
}

impl Default for Paging {
    fn default() -> Self {
        Self { page_size: 25, page_number: 1 }
    }
}

impl Query {
    pub(super) fn read(query: &Value) -> Result<Self, ErrorBody> {
        let body = Body::deserialize(query).map_err(|error| ErrorBody::bad_request(&error.to_string()))?;
        let ends = body.interval.split_once('/').and_then(|(from, to)| Some((epoch_ms(from)?, epoch_ms(to)?)));
        let (from_ms, to_ms) = ends.ok_or_else(|| ErrorBody::bad_request("Invalid interval"))?;
        if to_ms <= from_ms || to_ms - from_ms > LONGEST_INTERVAL_MS {
            return Err(ErrorBody::bad_request("The interval must be positive and no longer than 31 days"));
        }
        let Paging { page_size, page_number } = body.paging;
        if !(1..=LARGEST_PAGE).contains(&page_size) || page_number == 0 {
            return Err(ErrorBody::bad_request("pageSize must be 1 to 100, and pageNumber positive"));
        }
        body.conversation_filters.iter().try_for_each(|filter| filter.check(&CONVERSATION_DIMENSIONS))?;
        body.segment_filters.iter().try_for_each(|filter| filter.check(&SEGMENT_DIMENSIONS))?;
        Ok(Self { from_ms, to_ms, body })
    }

    /// "Results will only include conversations that started on a day touched by the interval."
    fn touches_day_of(&self, started_ms: i64) -> bool {
        let day = started_ms.div_euclid(DAY_MS);
        (self.from_ms.div_euclid(DAY_MS)..=(self.to_ms - 1).div_euclid(DAY_MS)).contains(&day)
    }

    /// A page of those of the candidates that the query finds.
    pub(super) fn answer<'a>(
        &self,
        mut candidates: Vec<Candidate<'a>>,
        (members, as_of_ms): (&'a Members, i64),
        Limits { deepest_row, largest_page }: Limits,
    ) -> Result<Value, ErrorBody> {
        candidates.retain(|candidate| self.finds(candidate));
        let found = self.members(members, as_of_ms);
        if candidates.is_empty() {
            // They are in order already.
            candidates = found;
        } else {
            candidates.extend(found);
            self.sort(&mut candidates);
        }
        let total_hits = candidates.len();
        let Paging { page_size, page_number } = self.body.paging;
        let page_size = page_size.min(largest_page);
        let before = (page_number - 1).saturating_mul(page_size);
        if total_hits > deepest_row && before >= deepest_row {
            return Err(ErrorBody::bad_gateway());
        }
        let page: Vec<Value> = candidates.iter().skip(before).take(page_size).filter_map(Candidate::row).collect();
        // An empty page has no list at all.
        let is_empty = page.is_empty();
        let full = json!({ "conversations": page, "totalHits": total_hits });
        Ok(if is_empty { json!({ "totalHits": total_hits }) } else { full })
    }

    /// Those of the crowds that it finds. Conversations of one kind are all found or none, so one of each kind is judged.
    fn members<'a>(&self, members: &'a Members, as_of_ms: i64) -> Vec<Candidate<'a>> {
        let mut verdicts = HashMap::new();
        let mut found: Vec<Candidate<'a>> = Vec::new();
        for member in &members.all {
            if member.started_ms > as_of_ms || !self.touches_day_of(member.started_ms) {
                continue;
            }
            let candidate = Candidate::Member { members, member, as_of_ms };
            let verdict = verdicts.entry(member.kind(as_of_ms)).or_insert_with(|| {
                let row = candidate.row().as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
                self.finds(&Candidate::Row(&row))
            });
            if *verdict {
                found.push(candidate);
            }
        }
        if self.body.order == Order::Desc {
            found.reverse();
        }
        found
    }

    fn finds(&self, candidate: &Candidate<'_>) -> bool {
        candidate.started_ms().is_some_and(|started_ms| self.touches_day_of(started_ms))
            && self.body.conversation_filters.iter().all(|filter| filter.holds(|name| candidate.values(name)))
            && self.finds_segments(candidate)
    }

    fn finds_segments(&self, candidate: &Candidate<'_>) -> bool {
        let filters = &self.body.segment_filters;
        if filters.is_empty() {
            return true;
        }
        let row = candidate.row().unwrap_or_default();
        filters.iter().all(|filter| segments(&row).any(|segment| segment.satisfies(filter)))
    }

    fn sort(&self, candidates: &mut [Candidate<'_>]) {
        let name = match self.body.order_by {
            OrderBy::ConversationStart => "conversationStart",
            OrderBy::ConversationEnd => "conversationEnd",
        };
        let when = |candidate: &Candidate<'_>| match (candidate, candidate.started_ms()) {
            (Candidate::Member { .. }, Some(started_ms)) => time(started_ms),
            _ => candidate.text(name).to_owned(),
        };
        let key = |candidate: &Candidate<'_>| [when(candidate), candidate.text("conversationId").to_owned()];
        // Unordered is any order: this one is the least expected.
        candidates.sort_by_cached_key(|candidate| match self.body.order {
            Order::Unordered => key(candidate).map(|text| text.chars().rev().collect()),
            Order::Asc | Order::Desc => key(candidate),
        });
        if self.body.order == Order::Desc {
            candidates.reverse();
        }
    }
}

/// A segment with what it is part of.
struct SegmentInContext<'a> {
    participant: &'a Value,
    session: &'a Value,
    segment: &'a Value,
}

fn segments(row: &Value) -> impl Iterator<Item = SegmentInContext<'_>> {
    children(row, "participants").flat_map(|participant| {
        children(participant, "sessions").flat_map(move |session| {
            children(session, "segments").map(move |segment| SegmentInContext { participant, session, segment })
        })
    })
}

fn children<'a>(parent: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    parent[name].as_array().into_iter().flatten()
}

impl SegmentInContext<'_> {
    fn satisfies(&self, filter: &Filter) -> bool {
        filter.holds(|dimension| {
            let levels = [self.segment, self.session, self.participant];
            levels.into_iter().find_map(|level| level.get(dimension)).into_iter().collect()
        })
    }
}
