//! A server that plays one AWS service and remembers what it was asked.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::Builder;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

/// What the server was asked: the operation and its input.
pub(crate) type Call = (String, Value);

/// A running server. It ends with the test's runtime.
pub(crate) struct FakeAws {
    pub(crate) config: SdkConfig,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl FakeAws {
    /// Answers the nth request (from 0) with what `answer` says.
    pub(crate) async fn start(answer: impl Fn(usize, &Value) -> (u16, Value) + Clone + Send + Sync + 'static) -> Self {
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let recorded = Arc::clone(&calls);
        let handler = async move |headers: HeaderMap, body: Bytes| {
            let operation = headers["x-amz-target"].to_str().unwrap().to_owned();
            let input: Value = serde_json::from_slice(&body).unwrap();
            let (status, output) = {
                let mut calls = recorded.lock().unwrap_or_else(PoisonError::into_inner);
                let output = answer(calls.len(), &input);
                calls.push((operation, input));
                output
            };
            (StatusCode::from_u16(status).unwrap(), axum::Json(output))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(handler));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { config: config(endpoint), calls }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

fn config(endpoint: String) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let http_client: SharedHttpClient = Builder::new().build_http();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client)
        // The SDK's own retries wait; what is tested here are ours.
        .retry_config(RetryConfig::disabled())
        .build()
}
