//! The pace: headers are followed, 429 is met at most once, and nobody waits for what comes too late.

use std::time::{Duration, Instant};

use fake_genesys_cloud::{Clock, Options};
use futures::future::join_all;
use genesys_cloud::api::{ApiError, Deadline, RetryableError, Settings};
use serde_json::json;

use crate::support::{
    CONVERSATION, NOW_MS, answering, api_requests, client_with, good_credentials, look, settings, start, start_with,
};

fn is_no_room(error: &ApiError) -> bool {
    matches!(error, ApiError::Retryable(RetryableError::NoRoom { opens_in: Some(_), .. }))
}

#[tokio::test]
async fn no_more_is_asked_than_the_api_allows() {
    let options = Options { requests_per_minute: 10, clock: Clock::standing_at(NOW_MS), ..Options::default() };
    let (fake, client) = start_with(options).await;
    let deadline = Deadline::after(Duration::from_secs(20));
    // The first answer tells the limit.
    look(&client).await.unwrap();
    assert_eq!(client.room(), 9);
    let looks = join_all((0..20).map(|_| client.conversation(CONVERSATION, deadline))).await;
    let refused: Vec<&ApiError> = looks.iter().filter_map(|look| look.as_ref().err()).collect();
    assert!(refused.iter().all(|error| is_no_room(error)), "{refused:?}");
    assert_eq!(api_requests(&fake), 10);
    assert!(fake.requests().all().iter().all(|request| request.status == Some(200)));
}

#[tokio::test]
async fn a_ceiling_of_our_own_and_a_reserve_are_kept() {
    let (fake, _) = start().await;
    let settings = Settings { requests_per_minute: 10, reserve_percent: 25, ..settings(&fake.url()) };
    let client = client_with(settings, good_credentials());
    let looks =
        join_all((0..12).map(|_| client.conversation(CONVERSATION, Deadline::after(Duration::from_secs(20))))).await;
    assert_eq!(looks.iter().filter(|look| look.is_ok()).count(), 7);
    assert_eq!(api_requests(&fake), 7);
}

#[tokio::test]
async fn retry_after_is_waited_for_by_everyone() {
    let (fake, client) = start().await;
    fake.faults().add(answering("GET", 429, &[("Retry-After", "1")], json!({ "code": "too.many.requests" })));
    let began = Instant::now();
    assert!(look(&client).await.is_ok());
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(api_requests(&fake), 2);

    fake.faults().add(answering("GET", 429, &[("Retry-After", "600")], json!({ "code": "too.many.requests" })));
    // Told at once, and without another request, as the time to wait is past the deadline.
    let error = look(&client).await.unwrap_err();
    assert!(matches!(error, ApiError::Retryable(RetryableError::RateLimited { .. })), "{error}");
    assert!(is_no_room(&look(&client).await.unwrap_err()));
    assert_eq!(api_requests(&fake), 3);
}
