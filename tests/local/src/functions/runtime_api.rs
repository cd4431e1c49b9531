//! The Lambda Runtime API of one instance, on a port of its own.
//!
//! As in <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>: `next` waits for an
//! invocation, `response` and `error` answer it, `init/error` says that the function can't start.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use uuid::Uuid;

/// The largest answer of a function, as in Lambda.
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

/// What a function answered.
pub(super) type Answer = Result<Bytes, FunctionError>;

/// An error as a function reports it.
#[derive(Debug, Clone, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", default)]
#[error("{error_type}: {error_message}")]
pub struct FunctionError {
    /// For instance `Runtime.InitError`.
    pub error_type: String,
    /// For people.
    pub error_message: String,
}

impl Default for FunctionError {
    fn default() -> Self {
        Self { error_type: "Unknown".to_owned(), error_message: "no message".to_owned() }
    }
}

struct Invocation {
    request_id: String,
    payload: Bytes,
    deadline: SystemTime,
}

struct Pending {
    request_id: String,
    answer: oneshot::Sender<Answer>,
}

struct Shared {
    function_arn: String,
    invocations: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    pending: Mutex<Option<Pending>>,
    ready: watch::Sender<bool>,
    init_error: watch::Sender<Option<FunctionError>>,
}

/// The Runtime API of one instance; it stops when it is dropped.
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    invocations: mpsc::Sender<Invocation>,
    server: AbortHandle,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    pub(super) async fn start(function_arn: String) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (sender, receiver) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            function_arn,
            invocations: tokio::sync::Mutex::new(receiver),
            pending: Mutex::default(),
            ready: watch::Sender::new(false),
            init_error: watch::Sender::new(None),
        });
        let routes = Router::new()
            .route("/invocation/next", get(next))
            .route("/invocation/{id}/response", post(response))
            .route("/invocation/{id}/error", post(error))
            .route("/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(LARGEST_ANSWER));
        let app = Router::new().nest("/2018-06-01/runtime", routes).with_state(shared.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the Runtime API of an instance stopped");
            }
        });
        Ok(Self { address, shared, invocations: sender, server: server.abort_handle() })
    }

    /// Waits until the function asks for its first invocation, or says that it can't start.
    pub(super) async fn initialised(&self) -> Result<(), FunctionError> {
        let (mut ready, mut failed) = (self.shared.ready.subscribe(), self.shared.init_error.subscribe());
        // Both senders live as long as this borrow: neither wait can end in an error.
        tokio::select! {
            _ = ready.wait_for(|ready| *ready) => Ok(()),
            error = failed.wait_for(Option::is_some) => {
                Err(error.ok().and_then(|error| error.clone()).unwrap_or_default())
            }
        }
    }

    /// Hands over an invocation; its answer, or an error where the function went away.
    pub(super) fn invoke(&self, payload: Bytes, limit: Duration) -> oneshot::Receiver<Answer> {
        let request_id = Uuid::new_v4().to_string();
        let (answer, receiver) = oneshot::channel();
        *self.shared.pending() = Some(Pending { request_id: request_id.clone(), answer });
        let invocation = Invocation { request_id, payload, deadline: SystemTime::now() + limit };
        // An instance has one invocation at a time. If there is no room, the answer is dropped
        // here, which the caller sees as an instance that went away.
        if self.invocations.try_send(invocation).is_err() {
            *self.shared.pending() = None;
        }
        receiver
    }
}

impl Shared {
    fn pending(&self) -> std::sync::MutexGuard<'_, Option<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request_id: &str, answer: Answer) -> Response {
        let mut pending = self.pending();
        if pending.as_ref().is_none_or(|pending| pending.request_id != request_id) {
            let error = json!({ "errorType": "InvalidRequestID", "errorMessage": "Invalid request ID" });
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
        if let Some(pending) = pending.take() {
            // Nobody waits any more if the invocation ran out of time at this very moment.
            let _ = pending.answer.send(answer);
        }
        accepted()
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.ready.send_replace(true);
    let Some(invocation) = shared.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = invocation.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let trace = invocation.request_id.replace('-', "");
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", shared.function_arn.clone()),
        ("lambda-runtime-trace-id", format!("Root=1-{}-{};Sampled=0", &trace[..8], &trace[8..])),
    ];
    (headers, invocation.payload).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(request_id): Path<String>, body: Bytes) -> Response {
    shared.answer(&request_id, Ok(body))
}

async fn error(State(shared): State<Arc<Shared>>, Path(request_id): Path<String>, body: Bytes) -> Response {
    shared.answer(&request_id, Err(parse_error(&body)))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    shared.init_error.send_replace(Some(parse_error(&body)));
    accepted()
}

fn parse_error(body: &[u8]) -> FunctionError {
    serde_json::from_slice(body).unwrap_or_default()
}
