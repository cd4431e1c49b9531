//! A fake with a clock that stands, and a client that knows its credentials.

use std::time::Duration;

use fake_genesys_cloud::{Clock, FakeGenesysCloud, Options};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// The time at which every test starts.
pub(crate) const NOW_MS: i64 = 1_765_552_500_000;

pub(crate) const CONVERSATION: &str = "5d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a";

pub(crate) struct Caller {
    pub(crate) fake: FakeGenesysCloud,
    client: Client,
    token: String,
}

impl Caller {
    /// A fake, and a caller with a good token.
    pub(crate) async fn new(options: Options) -> Self {
        // Another test of this process may have installed it.
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        let fake = FakeGenesysCloud::start(options).await.unwrap();
        let client = Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let mut caller = Self { fake, client, token: String::new() };
        caller.log_in().await;
        caller
    }

    pub(crate) async fn log_in(&mut self) {
        let answer: Value = self.token_request("fake-client-secret").await.json().await.unwrap();
        answer["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }

    pub(crate) async fn token_request(&self, secret: &str) -> Response {
        let request = self.client.post(format!("{}/oauth/token", self.fake.url()));
        let request = request.basic_auth("fake-client-id", Some(secret));
        request.form(&[("grant_type", "client_credentials")]).send().await.unwrap()
    }

    pub(crate) async fn try_call(&self, method: &str, path: &str, body: Option<Value>) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.fake.url());
        let method: Method = method.parse().unwrap();
        let mut request = self.client.request(method, url);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        self.try_call(method, path, body).await.unwrap()
    }

    /// The conversation, as the API shows it.
    pub(crate) async fn conversation(&self) -> Value {
        let response = self.call("GET", &format!("/api/v2/conversations/{CONVERSATION}"), None).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn disconnect(&self) {
        let response = self.call("POST", &format!("/api/v2/conversations/{CONVERSATION}/disconnect"), None).await;
        assert_eq!(response.status(), 202);
        assert!(response.json::<Value>().await.unwrap().is_string());
    }

    pub(crate) fn observe(&self, suffix: &str, after_ms: i64, body: &Value) {
        self.fake.conversations().observe(&event(suffix, after_ms, body)).unwrap();
    }
}

pub(crate) fn options() -> Options {
    Options { clock: Clock::standing_at(NOW_MS), ..Options::default() }
}

/// A detail event of the conversation, so long after the start of the test.
pub(crate) fn event(suffix: &str, after_ms: i64, body: &Value) -> Value {
    let mut body = body.clone();
    body["eventTime"] = json!(NOW_MS + after_ms);
    body["conversationId"] = json!(CONVERSATION);
    json!({
        "version": "0",
        "detail-type": format!("v2.detail.events.conversation.{{id}}.{suffix}"),
        "source": "aws.partner/genesys.com/cloud/00000000-0000-0000-0000-000000000000/example",
        "detail": { "version": "2", "eventBody": body },
    })
}
