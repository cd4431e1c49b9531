//! The analytics queries.

use std::time::Duration;

use fake_genesys_cloud::FakeGenesysCloud;
use fake_genesys_cloud::faults::Fault;
use genesys_cloud::api::{
    ApiError, Completeness, DetailsQuery, Interval, Order, PagedDetails, PermanentError, Predicate,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::{CONVERSATION, NOW_MS, answering, api_requests, in_time, start};

fn last_days(days: i64) -> Interval {
    let now = Timestamp::from_millisecond(NOW_MS).unwrap();
    Interval::new(now - SignedDuration::from_hours(24 * days), now).unwrap()
}

/// Emails that wait in a queue, a second after each other.
fn add_emails(fake: &FakeGenesysCloud, count: i64) {
    for number in 0..count {
        let start = Timestamp::from_millisecond(NOW_MS - (count - number) * 1_000).unwrap();
        let conversation = json!({
            "id": format!("email-{number:04}"), "startTime": format!("{start:.3}"),
            "participants": [{ "id": "acd", "purpose": "acd", "queueId": "queue", "emails": [
                { "id": "leg", "provider": "PureCloud Email", "connectedTime": format!("{start:.3}") },
            ] }],
        });
        fake.conversations().set(conversation).unwrap();
    }
}

fn ids(details: &PagedDetails) -> Vec<&str> {
    details.rows.iter().map(|row| row.conversation_id.as_str()).collect()
}

#[tokio::test]
async fn rows_are_read_as_types_and_kept_as_they_came() {
    let (fake, client) = start().await;
    add_emails(&fake, 2);
    let ended =
        json!({ "id": "ended", "startTime": "2025-12-12T10:00:00.000Z", "endTime": "2025-12-12T11:00:00.000Z" });
    fake.conversations().set(ended).unwrap();
    let query = DetailsQuery::new(last_days(1)).without_end().of_segment(Predicate::matches("mediaType", "email"));
    let page = client.query_conversation_details(&query.ordered(Order::Descending), 1, in_time()).await.unwrap();
    assert_eq!((page.total_hits, page.is_full, page.rows.len()), (Some(2), false, 2));
    assert!(page.correlation_id.is_some());

    let row = &page.rows[0];
    assert_eq!(row.conversation_id, "email-0001");
    let details = row.details.as_ref().unwrap();
    assert_eq!(details.conversation_end, None);
    let participant = &details.participants[0];
    assert_eq!(participant.purpose.as_deref(), Some("acd"));
    let session = &participant.sessions[0];
    assert_eq!((session.media_type.as_deref(), session.provider.as_deref()), (Some("email"), Some("PureCloud Email")));
    let segment = &session.segments[0];
    assert_eq!((segment.segment_end, segment.queue_id.as_deref()), (None, Some("queue")));
    assert!(row.raw.get().contains("segmentStart"));
}

#[tokio::test]
async fn pages_are_read_to_the_last_or_to_the_limit() {
    let (fake, client) = start().await;
    add_emails(&fake, 250);
    let query = DetailsQuery::new(last_days(31)).of_segment(Predicate::exists("queueId"));
    let all = client.all_conversation_details(&query, 10, in_time()).await;
    assert_eq!((all.rows.len(), all.total_hits, &all.completeness), (250, Some(250), &Completeness::Complete));
    assert!(ids(&all).is_sorted());
    assert_eq!(api_requests(&fake), 3);

    let some = client.all_conversation_details(&query, 2, in_time()).await;
    assert_eq!((some.rows.len(), some.completeness), (200, Completeness::PageLimit));

    let none = client
        .all_conversation_details(&query.without_end().of_segment(Predicate::matches("userId", "nobody")), 9, in_time())
        .await;
    assert_eq!((none.rows.len(), none.completeness), (0, Completeness::Complete));
}

#[tokio::test]
async fn pages_that_are_shorter_than_asked_for_are_read_to_the_last() {
    let (fake, client) = start().await;
    add_emails(&fake, 250);
    fake.analytics().serve_pages_of(40);
    let query = DetailsQuery::new(last_days(31)).of_segment(Predicate::exists("queueId"));
    let all = client.all_conversation_details(&query, 10, in_time()).await;
    assert_eq!((all.rows.len(), all.completeness), (250, Completeness::Complete));
    assert_eq!(api_requests(&fake), 7, "the number of all tells that the last is the last");
}

#[tokio::test]
async fn where_the_number_of_all_is_not_told_an_empty_page_is_the_last() {
    let (fake, client) = start().await;
    let rows =
        |ids: std::ops::Range<u32>| ids.map(|id| json!({ "conversationId": id.to_string() })).collect::<Vec<_>>();
    for page in [rows(0..50), rows(50..100), rows(100..101), rows(0..0)] {
        fake.faults().add(answering("POST", 200, &[], json!({ "conversations": page })));
    }
    let all = client.all_conversation_details(&DetailsQuery::new(last_days(1)), 10, in_time()).await;
    assert_eq!((all.rows.len(), all.completeness), (101, Completeness::Complete));
}

#[tokio::test]
async fn a_conversation_that_comes_on_two_pages_counts_once() {
    let (fake, client) = start().await;
    let page = |ids: std::ops::Range<u32>| {
        let rows: Vec<_> = ids.map(|id| json!({ "conversationId": format!("{id:03}") })).collect();
        answering("POST", 200, &[], json!({ "conversations": rows, "totalHits": 149 }))
    };
    fake.faults().add(page(0..100));
    fake.faults().add(page(99..149));
    let all = client.all_conversation_details(&DetailsQuery::new(last_days(1)), 9, in_time()).await;
    assert_eq!((all.rows.len(), all.completeness), (149, Completeness::Complete));
}

#[tokio::test]
async fn what_was_read_is_kept_when_a_later_page_fails() {
    let (fake, client) = start().await;
    add_emails(&fake, 150);
    fake.analytics().serve_rows(100);
    let query = DetailsQuery::new(last_days(1));
    let some = client.all_conversation_details(&query, 9, in_time()).await;
    assert_eq!(some.rows.len(), 100);
    assert!(matches!(some.completeness, Completeness::Failed(ApiError::Retryable(_))), "{:?}", some.completeness);
    assert_eq!(api_requests(&fake), 5);

    fake.faults().add(answering("POST", 403, &[], json!({})));
    let none = client.all_conversation_details(&query, 9, in_time()).await;
    let Completeness::Failed(ApiError::Permanent(PermanentError::MissingPermission { permission, .. })) =
        none.completeness
    else {
        panic!("{none:?}")
    };
    assert_eq!(permission, "analytics:conversationDetail:view");
}

#[tokio::test]
async fn activity_tells_what_is_still_counted() {
    let (fake, client) = start().await;
    let since = "2025-12-12T15:00:00.000Z";
    let conversation = json!({
        "id": CONVERSATION, "startTime": since,
        "participants": [{ "id": "agent", "purpose": "agent", "userId": "user", "calls": [
            { "id": "leg", "state": "connected", "connectedTime": since },
        ] }],
    });
    fake.conversations().set(conversation).unwrap();
    add_emails(&fake, 1);
    fake.faults().add(Fault::answer("POST", "/api", 504));
    let activity = client.activity_of_conversation(CONVERSATION, in_time()).await.unwrap();
    assert!(activity.correlation_id.is_some());
    let [observation] = activity.observations.as_slice() else { panic!("{activity:?}") };
    assert_eq!((observation.metric.as_str(), observation.media_type.as_deref()), ("oInteracting", Some("voice")));
    assert_eq!((observation.session_id.as_deref(), observation.user_id.as_deref()), (Some("leg"), Some("user")));
    assert_eq!(observation.activity_date, since.parse().ok());

    fake.clock().advance(Duration::from_mins(1));
    let nothing = client.activity_of_conversation("5d1f3a52-0000", in_time()).await.unwrap();
    assert_eq!(nothing.observations, []);
}
