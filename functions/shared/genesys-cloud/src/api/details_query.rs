//! What to ask analytics for (reference/genesys-cloud.md §2.2).

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Longer intervals are refused.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Rows in a page, unless fewer are asked for: more are not safe to ask for.
const LARGEST_PAGE: u32 = 100;

/// A stretch of time of at most 31 days. A query finds the conversations that *started on a day touched by it*, so one that
/// started earlier is not found however long it lasted, and neighbouring intervals may both find the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    start: Timestamp,
    end: Timestamp,
}

/// Not an interval that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an interval of analytics must end after its start, and no more than 31 days after it")]
pub struct InvalidInterval;

impl Interval {
    /// An interval of at most 31 days.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, InvalidInterval> {
        let length = end.duration_since(start);
        let valid = length.is_positive() && length <= LONGEST;
        valid.then_some(Self { start, end }).ok_or(InvalidInterval)
    }

    /// The intervals that together cover this stretch of time, the newest first. Empty if it ends before its start.
    pub fn covering(start: Timestamp, end: Timestamp) -> Vec<Self> {
        let mut intervals = Vec::new();
        let mut end = end;
        while start < end {
            let begins = end.checked_sub(LONGEST).unwrap_or(start).max(start);
            intervals.push(Self { start: begins, end });
            end = begins;
        }
        intervals
    }

    /// Its two halves, the newer first, for when it holds more rows than can be read; none if it is no longer than a day: a query
    /// cannot tell hours apart.
    pub fn halves(self) -> Option<[Self; 2]> {
        if self.length() <= DAY {
            return None;
        }
        let middle = self.start.checked_add(self.length() / 2).ok()?;
        Some([Self { start: middle, end: self.end }, Self { start: self.start, end: middle }])
    }

    /// It in two, the newer first, at the midnight before or after its middle, so that no day is in both; none if it is part of a
    /// day: a query cannot tell hours apart.
    pub fn split(self) -> Option<[Self; 2]> {
        let middle = self.start.checked_add(self.length() / 2).ok()?;
        let day = DAY.as_secs();
        let before = Timestamp::from_second(middle.as_second() - middle.as_second().rem_euclid(day)).ok()?;
        let mut midnights = [Some(before), before.checked_add(DAY).ok()].into_iter().flatten();
        let middle = midnights.find(|midnight| self.start < *midnight && *midnight < self.end)?;
        Some([Self { start: middle, end: self.end }, Self { start: self.start, end: middle }])
    }

    /// When it begins.
    pub const fn start(self) -> Timestamp {
        self.start
    }

    /// When it ends.
    pub const fn end(self) -> Timestamp {
        self.end
    }

    fn length(self) -> SignedDuration {
        self.end.duration_since(self.start)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.3}/{:.3}", self.start, self.end)
    }
}

/// In which order of their start the conversations come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Order {
    /// The oldest first.
    #[default]
    #[serde(rename = "asc")]
    Ascending,
    /// The newest first.
    #[serde(rename = "desc")]
    Descending,
}

/// A condition on a dimension, by the platform's name for it, e.g. `mediaType`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Predicate {
    dimension: &'static str,
    operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Predicate {
    /// The dimension has this value, without regard to case.
    pub fn matches(dimension: &'static str, value: impl Into<String>) -> Self {
        Self { dimension, operator: "matches", value: Some(value.into()) }
    }

    /// The dimension has a value.
    pub fn exists(dimension: &'static str) -> Self {
        Self { dimension, operator: "exists", value: None }
    }

    /// The dimension has no value.
    pub fn not_exists(dimension: &'static str) -> Self {
        Self { dimension, operator: "notExists", value: None }
    }
}

/// A query for conversations. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailsQuery {
    interval: Interval,
    order: Order,
    page_size: u32,
    of_conversation: Vec<Predicate>,
    of_segment: Vec<Predicate>,
}

impl DetailsQuery {
    /// All conversations of an interval, the oldest first.
    pub fn new(interval: Interval) -> Self {
        let (order, page_size) = (Order::default(), LARGEST_PAGE);
        Self { interval, order, page_size, of_conversation: Vec::new(), of_segment: Vec::new() }
    }

    /// Only conversations that have no end.
    #[must_use]
    pub fn without_end(self) -> Self {
        self.of_conversation(Predicate::not_exists("conversationEnd"))
    }

    /// Only conversations of which this holds.
    #[must_use]
    pub fn of_conversation(mut self, predicate: Predicate) -> Self {
        self.of_conversation.push(predicate);
        self
    }

    /// Only conversations with a segment of which this, and all other conditions on segments, hold.
    #[must_use]
    pub fn of_segment(mut self, predicate: Predicate) -> Self {
        self.of_segment.push(predicate);
        self
    }

    /// In this order.
    #[must_use]
    pub fn ordered(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// With so many rows in a page, 1 to 100: the fewer, the younger each is when it is used.
    #[must_use]
    pub fn in_pages_of(self, rows: u32) -> Self {
        Self { page_size: rows.clamp(1, LARGEST_PAGE), ..self }
    }

    /// How many rows a page has.
    pub fn page_size(&self) -> u32 {
        self.page_size
    }

    pub(crate) fn body(&self, page_number: u32) -> Value {
        let mut body = json!({
            "interval": self.interval.to_string(),
            "order": self.order,
            "orderBy": "conversationStart",
            "paging": { "pageSize": self.page_size, "pageNumber": page_number },
        });
        for (name, predicates) in [("conversationFilters", &self.of_conversation), ("segmentFilters", &self.of_segment)]
        {
            if !predicates.is_empty() {
                body[name] = json!([{ "type": "and", "predicates": predicates }]);
            }
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;

    use super::{DAY, DetailsQuery, Interval, InvalidInterval, Order, Predicate};

    fn now() -> Timestamp {
        "2025-12-12T15:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_interval_is_at_most_31_days() {
        assert!(Interval::new(now() - DAY * 31, now()).is_ok());
        assert_eq!(Interval::new(now() - DAY * 31, now() + SignedDuration::from_millis(1)), Err(InvalidInterval));
        assert_eq!(Interval::new(now(), now()), Err(InvalidInterval));
        assert_eq!(Interval::new(now(), now() - DAY), Err(InvalidInterval));
    }

    #[test]
    fn a_long_look_back_is_covered_without_gaps_the_newest_first() {
        let intervals = Interval::covering(now() - DAY * 60, now());
        let texts: Vec<String> = intervals.iter().map(Interval::to_string).collect();
        assert_eq!(
            texts,
            ["2025-11-11T15:00:00.000Z/2025-12-12T15:00:00.000Z", "2025-10-13T15:00:00.000Z/2025-11-11T15:00:00.000Z"]
        );
        assert_eq!(Interval::covering(now(), now()), []);
    }

    #[test]
    fn halves_are_as_long_as_days_can_be_told_apart() {
        let interval = Interval::new(now() - DAY * 2, now()).unwrap();
        let [newer, older] = interval.halves().unwrap();
        assert_eq!((newer.end, newer.start, older.start), (now(), older.end, now() - DAY * 2));
        assert_eq!(newer.halves(), None);
    }

    #[test]
    fn it_is_split_between_days_as_long_as_there_are_several() {
        let mut left = vec![Interval::new(now() - DAY * 31, now()).unwrap()];
        let mut days = Vec::new();
        while let Some(interval) = left.pop() {
            let Some([newer, older]) = interval.split() else {
                days.push(interval);
                continue;
            };
            assert_eq!((newer.end, newer.start, older.start), (interval.end, older.end, interval.start));
            assert_eq!(newer.start.as_second() % DAY.as_secs(), 0);
            left.extend([newer, older]);
        }
        assert_eq!(days.len(), 32);
        assert!(days.iter().all(|day| day.length() <= DAY));
    }

    #[test]
    fn the_body_is_the_platforms_query() {
        let query = DetailsQuery::new(Interval::new(now() - DAY, now()).unwrap());
        let plain = query.body(1);
        assert_eq!(
            plain,
            json!({
                "interval": "2025-12-11T15:00:00.000Z/2025-12-12T15:00:00.000Z",
                "order": "asc",
                "orderBy": "conversationStart",
                "paging": { "pageSize": 100, "pageNumber": 1 },
            })
        );
        let query = query.without_end().of_segment(Predicate::matches("mediaType", "email")).ordered(Order::Descending);
        let query = query.of_segment(Predicate::exists("queueId"));
        let body = query.body(7);
        assert_eq!((&body["order"], &body["paging"]["pageNumber"]), (&json!("desc"), &json!(7)));
        let predicates = json!([{ "dimension": "conversationEnd", "operator": "notExists" }]);
        assert_eq!(body["conversationFilters"], json!([{ "type": "and", "predicates": predicates }]));
        let predicates = json!([
            { "dimension": "mediaType", "operator": "matches", "value": "email" },
            { "dimension": "queueId", "operator": "exists" },
        ]);
        assert_eq!(body["segmentFilters"], json!([{ "type": "and", "predicates": predicates }]));
    }
}
