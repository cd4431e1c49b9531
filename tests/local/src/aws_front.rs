//! The one endpoint that functions know as AWS.
//!
//! `X-Amz-Target` tells the service: `DynamoDB` (passed on to the embedded one), `EventBridge`, SQS,
//! Secrets Manager, and the parameter store. Requests are counted and can be made to fail.

pub mod counters;
pub mod faults;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value as Json, json};

use crate::bus::Buses;
use crate::functions::Functions;
use crate::queues::{Queues, api as sqs};
use counters::Counters;
use faults::{AwsFault, AwsFaults, CrashPoint};

const DYNAMODB: &str = "DynamoDB_20120810";
/// `DynamoDB` takes requests of up to 16 MB.
const LARGEST_REQUEST: usize = 16 * 1024 * 1024;

/// An error as AWS answers it, with status 400 unless it says otherwise.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct ServiceError {
    status: StatusCode,
    code: String,
    message: String,
}

impl ServiceError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self { status, code: code.to_owned(), message: message.into() }
    }

    pub(crate) fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "The local stack has no such operation")
    }

    fn unavailable(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, code: "InternalServerError".to_owned(), message: message.into() }
    }
}

/// A parameter of the store: a text, or a file that is read at every request.
#[derive(Debug, Clone)]
pub(crate) enum StoredParameter {
    Text(String),
    File(PathBuf),
}

/// What the endpoint leads to.
pub(crate) struct AwsFront {
    pub(crate) database: String,
    pub(crate) http: reqwest::Client,
    pub(crate) queues: Arc<Queues>,
    pub(crate) buses: Arc<Buses>,
    pub(crate) functions: Arc<Functions>,
    /// By ARN.
    pub(crate) secrets: BTreeMap<String, Json>,
    pub(crate) parameters: BTreeMap<String, StoredParameter>,
    pub(crate) counters: Counters,
    pub(crate) faults: AwsFaults,
}

impl AwsFront {
    pub(crate) fn routes(self: Arc<Self>) -> Router {
        let layer = DefaultBodyLimit::max(LARGEST_REQUEST);
        Router::new().route("/", post(handle)).layer(layer).with_state(self)
    }

    async fn call(&self, target: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let Some((service, operation)) = target.rsplit_once('.') else {
            return ServiceError::unknown_operation().into_response();
        };
        let answer = match service {
            DYNAMODB => return self.dynamodb(operation, headers, body).await,
            "AWSEvents" if operation == "PutEvents" => self.buses.put_events(&body),
            "AmazonSQS" => sqs::call(&self.queues, operation, &body).await,
            "secretsmanager" if operation == "GetSecretValue" => self.secret(&body),
            "AmazonSSM" => self.parameter_store(operation, &body),
            _ => Err(ServiceError::unknown_operation()),
        };
        answer.map_or_else(ServiceError::into_response, |answer| axum::Json(answer).into_response())
    }

    async fn dynamodb(&self, operation: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let sent = body.len();
        let request = self.http.post(&self.database).body(counters::with_capacity(body));
        let request = headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length"))
            .fold(request, |request, (name, value)| request.header(name, value));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return ServiceError::unavailable(error.to_string()).into_response(),
        };
        let status = answer.status();
        match answer.bytes().await {
            Ok(body) => {
                self.counters.count_dynamodb(operation, sent, &body);
                (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
            }
            Err(error) => ServiceError::unavailable(error.to_string()).into_response(),
        }
    }

    fn secret(&self, body: &[u8]) -> Result<Json, ServiceError> {
        let id = text_member(body, "SecretId")?;
        let value = self.secrets.get(&id).ok_or_else(|| {
            ServiceError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        })?;
        let name = id.rsplit(':').next().unwrap_or_default();
        Ok(json!({ "ARN": id, "Name": name, "SecretString": value.to_string(), "VersionId": "local" }))
    }

    fn parameter_store(&self, operation: &str, body: &[u8]) -> Result<Json, ServiceError> {
        if operation != "GetParameter" {
            return Err(ServiceError::unknown_operation());
        }
        let name = text_member(body, "Name")?;
        let value = match self.parameters.get(&name) {
            Some(StoredParameter::Text(text)) => text.clone(),
            Some(StoredParameter::File(path)) => std::fs::read_to_string(path)
                .map_err(|error| ServiceError::unavailable(format!("{}: {error}", path.display())))?,
            None => return Err(ServiceError::new("ParameterNotFound", name)),
        };
        Ok(json!({ "Parameter": { "Name": name, "Type": "String", "Value": value, "Version": 1 } }))
    }
}

async fn handle(State(front): State<Arc<AwsFront>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default();
    front.counters.count(target);
    let crash = front.faults.crash_around_next();
    if matches!(crash, Some(CrashPoint::Before(_))) {
        front.functions.kill().await;
        return ServiceError::unavailable("its sender is dead").into_response();
    }
    let answer = match front.faults.take(target) {
        Some(AwsFault::Unavailable) => ServiceError::unavailable("told to fail").into_response(),
        Some(AwsFault::Throttled) => ServiceError::new("ThrottlingException", "told to throttle").into_response(),
        None => front.call(target, &headers, body).await,
    };
    if crash.is_some() {
        front.functions.kill().await;
    }
    answer
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let body = json!({ "__type": self.code, "message": self.message });
        let headers = [(CONTENT_TYPE, "application/x-amz-json-1.0")];
        (self.status, headers, body.to_string()).into_response()
    }
}

fn text_member(body: &[u8], name: &str) -> Result<String, ServiceError> {
    let request: Json =
        serde_json::from_slice(body).map_err(|error| ServiceError::new("SerializationException", error.to_string()))?;
    request[name]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| ServiceError::new("ValidationException", format!("{name} is required")))
}
