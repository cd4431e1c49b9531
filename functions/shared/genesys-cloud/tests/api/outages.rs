//! Reads when something is out of order: what is retried, what is not, and what is told.

use std::time::Duration;

use fake_genesys_cloud::faults::{Effect, Fault};
use genesys_cloud::api::{ApiError, Deadline, PermanentError, RetryableError};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{
    CONVERSATION, answering, api_requests, client_with, good_credentials, in_time, look, settings, start,
};

#[tokio::test]
async fn a_conversation_is_read_as_it_is() {
    let (fake, client) = start().await;
    let before = Timestamp::now();
    let body = client.conversation(CONVERSATION, in_time()).await.unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(body.json.get()).unwrap(),
        fake.conversations().get(CONVERSATION).unwrap()
    );
    assert!(body.as_of >= before && body.as_of <= Timestamp::now());
    assert!(body.correlation_id.is_some());
    assert!(!format!("{body:?}").contains("startTime"), "a body shows in {body:?}");
}

#[tokio::test]
async fn a_tag_is_set() {
    let (fake, client) = start().await;
    fake.faults().add(Fault::answer("PUT", "/api", 503));
    let receipt = client.set_external_tag(CONVERSATION, "ghost: a \"quoted\" tag", in_time()).await.unwrap();
    assert!(receipt.correlation_id.is_some());
    assert_eq!(fake.conversations().get(CONVERSATION).unwrap()["externalTag"], "ghost: a \"quoted\" tag");
}

#[tokio::test]
async fn a_short_outage_is_ridden_out() {
    let (fake, client) = start().await;
    for fault in [
        answering("GET", 502, &[], "<html>Bad gateway</html>".into()),
        answering("GET", 200, &[], "<html>Log in to the proxy</html>".into()),
        answering("GET", 503, &[("Retry-After", "0")], json!({})),
        Fault::answer("GET", "/api", 504).times(3),
        answering("GET", 429, &[("Retry-After", "0")], json!({ "code": "too.many.requests" })),
        Fault::drop_connection("GET", "/api"),
        Fault::with("GET", "/api", Effect::DropAfterwards),
    ] {
        fake.faults().add(fault.clone());
        assert!(look(&client).await.is_ok(), "{fault:?}");
        assert_eq!(fake.faults().remaining(), []);
    }
}

#[tokio::test]
async fn a_long_outage_costs_four_requests_and_names_itself() {
    let (fake, client) = start().await;
    fake.faults().add(Fault::answer("GET", "/api", 503).times(100));
    let error = look(&client).await.unwrap_err();
    let ApiError::Retryable(RetryableError::ServerError { operation, answer, .. }) = &error else { panic!("{error}") };
    assert_eq!((*operation, answer.status), ("reading a conversation", 503));
    assert!(answer.correlation_id.is_some());
    assert_eq!(api_requests(&fake), 4);
}

#[tokio::test]
async fn a_fault_of_the_platform_itself_is_not_hammered() {
    let (fake, client) = start().await;
    fake.faults().add(Fault::answer("GET", "/api", 500).times(100));
    assert!(matches!(look(&client).await, Err(ApiError::Retryable(RetryableError::ServerError { .. }))));
    assert_eq!(api_requests(&fake), 1);
}

#[tokio::test]
async fn what_time_does_not_heal_is_told_at_once() {
    let (fake, client) = start().await;
    let error = client.conversation("5d1f3a52-0000", in_time()).await.unwrap_err();
    assert!(matches!(error, ApiError::Permanent(PermanentError::NotFound { .. })), "{error}");
    assert_eq!(error.answer().unwrap().code.as_deref(), Some("not.found"));

    fake.faults().add(answering("GET", 403, &[], json!({ "code": "missing.any.permissions" })));
    let error = look(&client).await.unwrap_err();
    let ApiError::Permanent(PermanentError::MissingPermission { permission, .. }) = &error else { panic!("{error}") };
    assert_eq!(permission, "conversation:communication:view");

    fake.faults().add(answering("GET", 400, &[], json!({ "code": "bad.request", "message": "jane@example.com" })));
    let error = look(&client).await.unwrap_err();
    assert!(matches!(error, ApiError::Permanent(PermanentError::Rejected { .. })), "{error}");
    assert!(!format!("{error:?} {error}").contains("jane"), "{error:?}");
    assert_eq!(api_requests(&fake), 3);

    let error = client.conversation("../users", in_time()).await.unwrap_err();
    assert!(matches!(error, ApiError::Permanent(PermanentError::NotAnId { .. })), "{error}");
    assert_eq!(api_requests(&fake), 3);
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_the_deadline_kept() {
    let (fake, client) = start().await;
    fake.faults().add(Fault::delay("GET", "/api", 50));
    assert!(look(&client).await.is_ok());

    fake.faults().add(Fault::delay("GET", "/api", 600_000).times(10));
    let error = client.conversation(CONVERSATION, Deadline::after(Duration::from_secs(1))).await.unwrap_err();
    assert!(matches!(error, ApiError::Retryable(RetryableError::NoAnswer { .. })), "{error}");

    let error = client.conversation(CONVERSATION, Deadline::after(Duration::ZERO)).await.unwrap_err();
    assert!(matches!(error, ApiError::Retryable(_)), "{error}");
    assert_eq!(api_requests(&fake), 2);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up_and_asked_for_again() {
    let (fake, _) = start().await;
    let settings = genesys_cloud::api::Settings { request_limit: Duration::from_secs(1), ..settings(&fake.url()) };
    let client = client_with(settings, good_credentials());
    fake.faults().add(Fault::delay("GET", "/api", 600_000));
    assert!(look(&client).await.is_ok());
    assert_eq!(api_requests(&fake), 2);
}

#[tokio::test]
async fn nobody_at_home_is_an_outage() {
    // Port 1 on this machine: refused.
    let client = client_with(settings("http://127.0.0.1:1"), good_credentials());
    let error = look(&client).await.unwrap_err();
    assert_eq!(error, RetryableError::NoConnection { operation: "asking for a token" }.into());
}
