//! The token: one for all, renewed when it must be, and what happens when it cannot be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fake_genesys_cloud::faults::{Answer, Effect, Fault};
use fake_genesys_cloud::{FakeGenesysCloud, Options};
use futures::future::{BoxFuture, join_all};
use genesys_cloud::api::{
    ApiError, CredentialError, CredentialSource, Credentials, Deadline, DisconnectAnswer, PermanentError,
    RetryableError,
};
use serde_json::json;

use crate::support::{
    CONVERSATION, answering, api_requests, client_with, credentials, disconnect, good_credentials, has_ended, look,
    settings, start, start_with, token_requests,
};

/// A store in which the secret was rotated.
struct Rotated {
    refreshes: Arc<AtomicUsize>,
    rotated_to: Arc<Credentials>,
}

impl CredentialSource for Rotated {
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { Ok(credentials("the old secret")) })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Arc::clone(&self.rotated_to)) })
    }
}

/// A store that does not answer, or holds what cannot be used.
struct Broken(fn(Box<dyn std::error::Error + Send + Sync>) -> CredentialError);

impl CredentialSource for Broken {
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { Err((self.0)("the store is shut".into())) })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        self.current()
    }
}

fn is_configuration(error: &ApiError) -> bool {
    matches!(error, ApiError::Permanent(PermanentError::Configuration { .. }))
}

#[tokio::test]
async fn one_token_serves_all_calls() {
    let (fake, client) = start().await;
    let looks = join_all((0..20).map(|_| look(&client))).await;
    assert!(looks.iter().all(Result::is_ok), "{looks:?}");
    assert_eq!((token_requests(&fake), api_requests(&fake)), (1, 20));
}

#[tokio::test]
async fn a_token_is_used_until_it_is_about_to_expire_and_renewed_before_it_does() {
    let (fake, client) = start().await;
    for (after, tokens) in [(Duration::ZERO, 1), (Duration::from_secs(86_300), 1), (Duration::from_secs(40), 2)] {
        // Time passes for the client only, so that the fake takes either token.
        tokio::time::pause();
        tokio::time::advance(after).await;
        tokio::time::resume();
        look(&client).await.unwrap();
        assert_eq!(token_requests(&fake), tokens, "{after:?}");
    }
    assert_eq!(api_requests(&fake), 3);
}

#[tokio::test]
async fn tokens_that_expire_at_once_are_a_configuration_error() {
    let (fake, client) = start_with(Options { token_life: Duration::ZERO, ..Options::default() }).await;
    assert!(is_configuration(&look(&client).await.unwrap_err()));
    assert_eq!((token_requests(&fake), api_requests(&fake)), (2, 2));
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_all() {
    let (fake, client) = start().await;
    look(&client).await.unwrap();
    fake.tokens().expire_all();
    let looks = join_all((0..10).map(|_| look(&client))).await;
    assert!(looks.iter().all(Result::is_ok), "{looks:?}");
    assert_eq!(token_requests(&fake), 2);

    fake.tokens().expire_all();
    assert_eq!(disconnect(&client).await.answer, DisconnectAnswer::Accepted);
    assert!(has_ended(&fake));
    assert_eq!(token_requests(&fake), 3);
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_is_a_configuration_error() {
    let (fake, client) = start().await;
    fake.faults().add(answering("GET", 401, &[], json!({ "code": "bad.credentials" })).times(2));
    let error = look(&client).await.unwrap_err();
    assert!(is_configuration(&error), "{error}");
    assert!(error.to_string().contains("401 bad.credentials"), "{error}");
    assert_eq!((token_requests(&fake), api_requests(&fake)), (2, 2));

    fake.faults().add(answering("POST", 401, &[], json!({})).times(2));
    let answer = disconnect(&client).await.answer;
    assert!(matches!(&answer, DisconnectAnswer::NotSent(error) if is_configuration(error)), "{answer:?}");
    assert!(!has_ended(&fake));
}

#[tokio::test]
async fn rotated_credentials_are_read_again_once() {
    let (fake, _) = start().await;
    let refreshes = Arc::new(AtomicUsize::new(0));
    let source = Rotated { refreshes: Arc::clone(&refreshes), rotated_to: good_credentials() };
    let client = client_with(settings(&fake.url()), source);
    assert!(look(&client).await.is_ok());
    assert_eq!((refreshes.load(Ordering::SeqCst), token_requests(&fake)), (1, 2));

    let source = Rotated { refreshes: Arc::clone(&refreshes), rotated_to: credentials("wrong too") };
    let client = client_with(settings(&fake.url()), source);
    let error = look(&client).await.unwrap_err();
    assert!(is_configuration(&error), "{error}");
    assert!(error.to_string().contains("invalid_client"), "{error}");
    assert_eq!((refreshes.load(Ordering::SeqCst), token_requests(&fake)), (2, 4));
}

#[tokio::test]
async fn a_store_of_secrets_may_be_out_or_wrong() {
    let (fake, _) = start().await;
    let client = client_with(settings(&fake.url()), Broken(CredentialError::Unavailable));
    let error = look(&client).await.unwrap_err();
    assert!(matches!(error, ApiError::Retryable(RetryableError::CredentialsUnavailable { .. })), "{error}");
    let client = client_with(settings(&fake.url()), Broken(CredentialError::Invalid));
    assert!(is_configuration(&look(&client).await.unwrap_err()));
    assert_eq!(token_requests(&fake), 0);
}

#[tokio::test]
async fn a_login_that_falters_is_asked_again_and_one_that_is_down_is_an_outage() {
    let (fake, client) = start().await;
    let html = Answer { status: 502, headers: [].into(), body: "<html>Bad gateway</html>".into() };
    fake.faults().add(Fault::with("POST", "/oauth", Effect::Answer(html)));
    fake.faults().add(Fault::drop_connection("POST", "/oauth"));
    assert!(look(&client).await.is_ok());
    assert_eq!(token_requests(&fake), 3);

    fake.tokens().expire_all();
    fake.faults().add(Fault::answer("POST", "/oauth", 503).times(4));
    let answer = disconnect(&client).await.answer;
    let DisconnectAnswer::NotSent(ApiError::Retryable(error)) = answer else { panic!("{answer:?}") };
    assert!(matches!(error, RetryableError::ServerError { .. }), "{error}");
    assert!(!has_ended(&fake));
    assert!(look(&client).await.is_ok());
}

#[tokio::test]
async fn a_slow_login_holds_nobody_past_the_deadline() {
    let fake = FakeGenesysCloud::start(Options::default()).await.unwrap();
    let client = client_with(settings(&fake.url()), good_credentials());
    fake.faults().add(Fault::delay("POST", "/oauth", 600_000).times(2));
    let soon = || Deadline::after(Duration::from_millis(100));
    let (one, other) =
        tokio::join!(client.conversation(CONVERSATION, soon()), client.conversation(CONVERSATION, soon()));
    for look in [one, other] {
        let error = look.unwrap_err();
        assert!(matches!(error, ApiError::Retryable(_)), "{error}");
    }
    assert_eq!(api_requests(&fake), 0);
}
