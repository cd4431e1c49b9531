//! `runtime::run` as Lambda sees it: a child process that takes invocations from a small Runtime API, and what it
//! prints.
//!
//! The child is this test binary itself, started again with Lambda's variables and told to run `function` only.

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use lambda_kit::events::{Invocation, batch_response};
use lambda_kit::runtime::{self, Deadline};
use lambda_kit::settings::Environment;
use lambda_kit::{logs, metrics};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

/// Not a test: the function that the tests start. Does nothing where they did not.
#[tokio::test]
async fn function() {
    let environment = Environment::from_process();
    if environment.optional("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    logs::init(&environment).unwrap();
    runtime::run(handle).await.unwrap();
}

async fn handle(invocation: Invocation, deadline: Deadline) -> Result<Value, String> {
    let Invocation::Events(deliveries) = invocation else {
        return Err("a tick".to_owned());
    };
    assert!(deadline.remaining() > Duration::from_secs(50));
    ::metrics::counter!("eventsReceived").increment(deliveries.len() as u64);
    tracing::info!(conversationId = "c-1", "handled");
    let failed = deliveries.iter().filter(|delivery| delivery.event.is_err());
    let ids: Vec<String> = failed.filter_map(|delivery| delivery.message_id.clone()).collect();
    Ok(batch_response(&ids))
}

struct RuntimeApi {
    invocations: Mutex<Vec<Value>>,
    answers: mpsc::UnboundedSender<(String, Value)>,
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    let Some(payload) = api.invocations.lock().await.pop() else {
        // Lambda freezes the process here.
        return std::future::pending().await;
    };
    let deadline = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_mins(1);
    let headers = [
        ("lambda-runtime-aws-request-id", "r-1".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:000000000000:function:test".to_owned()),
    ];
    (headers, Json(payload)).into_response()
}

async fn answer(
    State(api): State<Arc<RuntimeApi>>,
    Path((_, kind)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    api.answers.send((kind, serde_json::from_slice(&body).unwrap())).unwrap();
    StatusCode::ACCEPTED
}

/// Runs the function with one invocation. Gives its answer (`response` or `error`) and what it printed.
async fn invoke(payload: Value) -> ((String, Value), Output) {
    let (answers, mut received) = mpsc::unbounded_channel();
    let api = Arc::new(RuntimeApi { invocations: Mutex::new(vec![payload]), answers });
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answer))
        .with_state(api);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "function", "--nocapture"])
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "test-function")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "7")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let answer = timeout(LIMIT, received.recv()).await.unwrap().unwrap();
    child.start_kill().unwrap();
    let output = timeout(LIMIT, child.wait_with_output()).await.unwrap().unwrap();
    (answer, output)
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[tokio::test]
async fn answers_a_batch_logs_the_request_and_flushes_metrics() {
    let event = json!({ "source": "s", "detail-type": "t", "detail": {} }).to_string();
    let records = json!([{ "messageId": "m-1", "body": event }, { "messageId": "m-2", "body": "?" }]);
    let ((kind, answer), output) = invoke(json!({ "Records": records })).await;
    assert_eq!((kind.as_str(), answer), ("response", batch_response(&["m-2".to_owned()])));

    let lines = json_lines(&output);
    let log = lines.iter().find(|line| line["message"] == "handled").unwrap();
    assert_eq!(log["conversationId"], "c-1");
    assert_eq!(log["span"]["requestId"], "r-1");
    assert_eq!(log["span"]["function"], "test-function");
    assert_eq!(log["span"]["version"], "7");

    let metric = lines.iter().find(|line| line["eventsReceived"] == 2).unwrap();
    let directive = &metric["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], metrics::NAMESPACE);
    assert_eq!(directive["Dimensions"], json!([["function"]]));
    assert_eq!(metric["function"], "test-function");
}

#[tokio::test]
async fn a_handler_error_fails_the_invocation_and_is_logged_once() {
    let tick = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}" });
    let ((kind, answer), output) = invoke(tick).await;
    assert_eq!(kind, "error");
    assert_eq!(answer, json!({ "errorType": "InvocationFailed", "errorMessage": "a tick" }));
    let errors: Vec<_> = json_lines(&output).into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["message"], "invocation failed");
    assert_eq!(errors[0]["error"], "a tick");
}
