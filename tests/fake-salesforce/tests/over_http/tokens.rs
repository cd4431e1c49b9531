//! Tokens, as reference/salesforce.md §1 describes them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Org, record, status_and_body};
use fake_salesforce::{Options, TokenPolicy, keys};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

fn policy() -> TokenPolicy {
    TokenPolicy {
        client_id: Some("c".to_owned()),
        client_secret: Some("s".to_owned()),
        username: Some("u".to_owned()),
        public_key: Some(keys::PUBLIC_KEY.to_owned()),
        ..TokenPolicy::default()
    }
}

fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

fn claims() -> Value {
    json!({ "iss": "c", "sub": "u", "aud": "https://login.salesforce.com", "exp": seconds_from_now(180) })
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

async fn ask_with(org: &Org, claims: &Value) -> (u16, Value) {
    let key = EncodingKey::from_rsa_pem(keys::PRIVATE_KEY.as_bytes()).unwrap();
    let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).unwrap();
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
    let response = org.ask_token(&form).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_right_assertion_gets_a_token_for_this_server() {
    let org = Org::start(Options { token_policy: policy(), ..Options::default() }).await;
    let milliseconds = json!(seconds_from_now(0) * 1000 + 300);
    let text = json!(seconds_from_now(180).to_string());
    for claims in [claims(), claims_with("exp", milliseconds), claims_with("exp", text)] {
        let (status, body) = ask_with(&org, &claims).await;
        assert_eq!((status, body["instance_url"].as_str()), (200, Some(org.fake.url())), "{claims}");
        assert_eq!(body.get("expires_in"), None);
    }
}

#[tokio::test]
async fn a_wrong_assertion_is_refused_with_its_reason() {
    let org = Org::start(Options { token_policy: policy(), ..Options::default() }).await;
    for (claims, error, description) in [
        (claims_with("iss", json!("x")), "invalid_client_id", "client identifier invalid"),
        (claims_with("sub", json!("x")), "invalid_grant", "user hasn't approved this consumer"),
        (claims_with("aud", json!(org.fake.url())), "invalid_grant", "Audience validation failed"),
        (claims_with("exp", json!(seconds_from_now(-60))), "invalid_grant", "expired authorization code"),
    ] {
        let (status, body) = ask_with(&org, &claims).await;
        assert_eq!((status, body), (400, json!({ "error": error, "error_description": description })));
    }
    let other_key = TokenPolicy { public_key: Some(keys::OTHER_PUBLIC_KEY.to_owned()), ..policy() };
    org.fake.set_token_policy(other_key);
    let (status, body) = ask_with(&org, &claims()).await;
    assert_eq!((status, &body["error_description"]), (400, &json!("invalid assertion")));
}

#[tokio::test]
async fn client_credentials_come_in_the_form_or_the_header() {
    let org = Org::start(Options { token_policy: policy(), ..Options::default() }).await;
    assert!(!org.token.is_empty());
    let url = format!("{}/services/oauth2/token", org.fake.url());
    let ask =
        |secret: &str| org.http.post(&url).basic_auth("c", Some(secret)).form(&[("grant_type", "client_credentials")]);
    assert_eq!(status_and_body(ask("s")).await.0, 200);
    let (status, body) = status_and_body(ask("x")).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_client")));
}

#[tokio::test]
async fn unknown_and_expired_tokens_are_refused() {
    let mut org = Org::start(Options::default()).await;
    let expired = json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }]);
    let upsert = |org: &Org| org.collections(&json!({ "records": [record("a")] }));
    org.http.post(format!("{}/_fake/expire-tokens", org.fake.url())).send().await.unwrap();
    assert_eq!(status_and_body(upsert(&org)).await, (401, expired));
    org.log_in().await;
    assert_eq!(status_and_body(upsert(&org)).await.0, 200);
}
