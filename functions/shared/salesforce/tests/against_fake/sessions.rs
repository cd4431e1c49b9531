//! Tokens: kept, replaced, refused.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use fake_salesforce::{CallKind, Effect, FakeSalesforce, Fault, Options, TokenPolicy, keys};
use futures::future::{BoxFuture, join_all};
use salesforce::{CredentialError, CredentialSource, Credentials, RowResult, Unavailable};

use serde_json::json;

use crate::support::{
    OBJECT, PATIENT, TARGET, assert_all_written, client, jwt_credentials, read, rows, secret_credentials, start,
    strict_policy,
};

/// A secret that was rotated after it was read.
struct Rotated {
    old: Arc<Credentials>,
    new: Arc<Credentials>,
    refreshes: Arc<AtomicUsize>,
}

impl CredentialSource for Rotated {
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { Ok(Arc::clone(&self.old)) })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        self.refreshes.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Arc::clone(&self.new)) })
    }
}

/// A store of secrets that fails.
struct Failing(fn(Box<dyn std::error::Error + Send + Sync>) -> CredentialError);

impl CredentialSource for Failing {
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { Err(self.0("no such secret".into())) })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        self.current()
    }
}

async fn strict_fake() -> FakeSalesforce {
    FakeSalesforce::start(Options { token_policy: strict_policy(), ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn both_grants_are_taken() {
    let fake = strict_fake().await;
    for credentials in [jwt_credentials(), secret_credentials("first secret")] {
        let salesforce = client(fake.url(), read(credentials));
        assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(1)).await);
    }
}

#[tokio::test]
async fn one_token_serves_many_upserts_at_once() {
    let (fake, salesforce) = start().await;
    let batch = rows(1);
    let reports = join_all((0..8).map(|_| salesforce.upsert(PATIENT, &TARGET, &batch))).await;
    reports.iter().for_each(assert_all_written);
    assert_eq!(fake.count(CallKind::Token), 1);
}

#[tokio::test]
async fn a_token_that_expires_half_way_is_replaced_once() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_data(Effect::ExpireTokens).after(1).times(1));
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(450)).await);
    assert_eq!(fake.rows(OBJECT).len(), 450);
    assert_eq!((fake.count(CallKind::Token), fake.count(CallKind::CollectionsUpsert)), (2, 4));
}

#[tokio::test]
async fn a_token_expired_for_many_is_replaced_once() {
    let (fake, salesforce) = start().await;
    let batch = rows(1);
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &batch).await);
    fake.expire_tokens();
    let reports = join_all((0..8).map(|_| salesforce.upsert(PATIENT, &TARGET, &batch))).await;
    reports.iter().for_each(assert_all_written);
    assert_eq!(fake.count(CallKind::Token), 2);
}

#[tokio::test]
async fn a_new_token_that_is_refused_is_a_matter_of_configuration() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_data(Effect::ExpireTokens));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
    assert!(matches!(report.unavailable, Some(Unavailable::Configuration { .. })));
    assert_eq!((fake.count(CallKind::Token), fake.count(CallKind::CollectionsUpsert)), (2, 2));
}

#[tokio::test]
async fn a_rotated_secret_is_fetched_again_once() {
    let fake = strict_fake().await;
    let refreshes = Arc::new(AtomicUsize::new(0));
    let credentials = Rotated {
        old: read(secret_credentials("an older secret")),
        new: read(secret_credentials("first secret")),
        refreshes: Arc::clone(&refreshes),
    };
    let salesforce = client(fake.url(), credentials);
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(1)).await);
    assert_eq!((fake.count(CallKind::Token), refreshes.load(Ordering::Relaxed)), (2, 1));
}

#[tokio::test]
async fn credentials_that_stay_wrong_are_a_matter_of_configuration_and_are_not_shown() {
    let fake = strict_fake().await;
    fake.set_token_policy(TokenPolicy { public_key: Some(keys::OTHER_PUBLIC_KEY.to_owned()), ..strict_policy() });
    for credentials in [jwt_credentials(), secret_credentials("hush")] {
        fake.clear_calls();
        let salesforce = client(fake.url(), read(credentials));
        let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
        let Some(Unavailable::Configuration { what }) = report.unavailable else { panic!("{report:?}") };
        assert!(what.contains("invalid_") && !what.contains("hush"), "{what}");
        assert_eq!(report.results, [RowResult::Unanswered]);
        assert_eq!(fake.calls().len(), 2);
    }
}

#[tokio::test]
async fn without_credentials_it_matters_whether_they_may_come() {
    let fake = strict_fake().await;
    let salesforce = client(fake.url(), Failing(CredentialError::Unavailable));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
    assert!(matches!(report.unavailable, Some(Unavailable::Outage { .. })));
    let salesforce = client(fake.url(), Failing(CredentialError::Invalid));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
    assert!(matches!(report.unavailable, Some(Unavailable::Configuration { .. })));
    assert!(fake.calls().is_empty());
}

#[tokio::test]
async fn a_login_server_that_is_out_is_asked_twice() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_token(Effect::status(503)).times(1));
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(1)).await);
    fake.expire_tokens();
    fake.clear_calls();
    fake.inject(Fault::on_token(Effect::html(502)));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
    assert!(matches!(report.unavailable, Some(Unavailable::Outage { .. })));
    assert_eq!(fake.count(CallKind::Token), 2);
}

#[tokio::test]
async fn a_session_without_the_right_scope_is_not_kept_after_the_scope_was_added() {
    let (fake, salesforce) = start().await;
    let body = json!([{ "message": "This session is not valid for use with the REST API", "errorCode": "INVALID_SESSION_ID" }]);
    let refusal = Effect::Answer { status: 401, body, retry_after_seconds: None, after_applying: false };
    fake.inject(Fault::on_data(refusal).times(1));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
    assert!(matches!(report.unavailable, Some(Unavailable::Configuration { .. })), "{report:?}");
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(1)).await);
    assert_eq!(fake.count(CallKind::Token), 2, "a new session was asked for");
}
