use std::sync::Arc;
use std::time::Duration;

use lambda_kit::secrets::{Secret, SecretError};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{advance, pause, resume};

use crate::support::FakeAws;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:test";

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    client_id: String,
}

fn secret_string(text: &str) -> (u16, Value) {
    (200, json!({ "ARN": ARN, "Name": "test", "SecretString": text }))
}

/// The nth fetch gives the client id `client-n`.
async fn rotating() -> FakeAws {
    FakeAws::start(|nth, _| secret_string(&json!({ "clientId": format!("client-{nth}") }).to_string())).await
}

async fn a_minute_passes() {
    pause();
    advance(Duration::from_mins(1)).await;
    resume();
}

#[tokio::test]
async fn is_fetched_once_for_all_who_wait() {
    let secrets_manager = rotating().await;
    let secret = Secret::<Credentials>::from_arn(&secrets_manager.config, ARN);
    let (first, second) = tokio::join!(secret.get(), secret.get());
    assert!(Arc::ptr_eq(&first.unwrap(), &second.unwrap()));
    let calls = secrets_manager.calls();
    assert_eq!(calls, [("secretsmanager.GetSecretValue".to_owned(), json!({ "SecretId": ARN }))]);
}

#[tokio::test]
async fn is_fetched_again_on_refresh_at_most_once_a_minute() {
    let secrets_manager = rotating().await;
    let secret = Secret::<Credentials>::from_arn(&secrets_manager.config, ARN);
    assert_eq!(secret.get().await.unwrap().client_id, "client-0");
    assert_eq!(secret.refresh().await.unwrap().client_id, "client-0");
    a_minute_passes().await;
    assert_eq!(secret.get().await.unwrap().client_id, "client-0");
    let (first, second) = tokio::join!(secret.refresh(), secret.refresh());
    assert_eq!(first.unwrap().client_id, "client-1");
    assert_eq!(second.unwrap().client_id, "client-1");
    assert_eq!(secret.get().await.unwrap().client_id, "client-1");
    assert_eq!(secrets_manager.calls().len(), 2);
}

#[tokio::test]
async fn the_one_at_hand_survives_a_failed_refresh() {
    let secrets_manager = FakeAws::start(|nth, _| match nth {
        0 => secret_string(r#"{"clientId":"client-0"}"#),
        _ => (400, json!({ "__type": "AccessDeniedException", "Message": "not allowed" })),
    })
    .await;
    let secret = Secret::<Credentials>::from_arn(&secrets_manager.config, ARN);
    secret.get().await.unwrap();
    a_minute_passes().await;
    let error = secret.refresh().await.unwrap_err();
    assert_eq!(error.to_string(), format!("could not read secret {ARN}: AccessDeniedException: not allowed"));
    assert_eq!(secret.get().await.unwrap().client_id, "client-0");
    assert_eq!(secret.refresh().await.unwrap().client_id, "client-0");
    assert_eq!(secrets_manager.calls().len(), 2);
}

#[tokio::test]
async fn an_error_never_shows_what_the_secret_holds() {
    let secrets_manager = FakeAws::start(|_, _| secret_string(r#""hunter2""#)).await;
    let secret = Secret::<Credentials>::from_arn(&secrets_manager.config, ARN);
    let error = secret.get().await.unwrap_err();
    assert!(matches!(error, SecretError::Malformed { .. }));
    assert!(!format!("{error} {error:?} {secret:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_fixed_secret_is_always_the_same() {
    let secret = Secret::fixed(Credentials { client_id: "client".to_owned() });
    assert_eq!(*secret.refresh().await.unwrap(), *secret.get().await.unwrap());
}
