//! The stack's own API, for people, scripts and tests.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bus;
use crate::stack::{Parts, Urls};

/// A day of a large contact centre in one request.
const LARGEST_REQUEST: usize = 512 * 1024 * 1024;
/// The largest request that API Gateway takes.
const LARGEST_HTTP_REQUEST: usize = 10 * 1024 * 1024;
/// How long `POST /drain-queues` waits unless told otherwise.
const DRAIN_LIMIT: Duration = Duration::from_mins(5);

const HELP: &str = "\
The local stack.
  POST /events          one EventBridge event, an array of them, or lines of JSON
  POST /drain-queues    waits until all queues are empty and all invocations done (?seconds=300)
  POST /schedules/run   fires every schedule once, now
  GET  /outcomes        the events put on the outcome bus
  GET  /dead-letters    the messages of each dead-letter queue
  GET  /urls            where everything is
  POST /resumptions     and all other routes of the template's HTTP APIs
";

pub(crate) fn routes(parts: Arc<Parts>, urls: Urls) -> Router {
    let urls = move || std::future::ready(Json(urls.clone()));
    Router::new()
        .route("/", get(HELP))
        .route("/urls", get(urls))
        .route("/events", post(events))
        .route("/drain-queues", post(drain_queues))
        .route("/schedules/run", post(run_schedules))
        .route("/outcomes", get(outcomes))
        .route("/dead-letters", get(dead_letters))
        .fallback(http_api)
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .with_state(parts)
}

/// Takes what a bus would take; one bad event costs no other.
async fn events(State(parts): State<Arc<Parts>>, body: Bytes) -> Response {
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    for (place, event) in parse_events(&body) {
        match event.and_then(|event| bus::check(&event).map(|()| event).map_err(str::to_owned)) {
            Ok(event) => good.push(event),
            Err(reason) => refused.push(json!({ "event": place, "reason": reason })),
        }
    }
    let accepted = good.len();
    let status = if accepted == 0 && !refused.is_empty() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let answer = match parts.buses.post(good) {
        Ok(matched) => json!({ "accepted": accepted, "matched": matched, "refused": refused }),
        Err(error) => return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))).into_response(),
    };
    (status, Json(answer)).into_response()
}

/// One event, an array of events, or one event on each line; with the place of each, counted from 1.
fn parse_events(body: &[u8]) -> Vec<(usize, Result<Value, String>)> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(events)) => return (1..).zip(events.into_iter().map(Ok)).collect(),
        Ok(event) => return vec![(1, Ok(event))],
        Err(_) => {}
    }
    let lines = (1..).zip(body.split(|byte| *byte == b'\n')).filter(|(_, line)| !line.trim_ascii().is_empty());
    lines.map(|(place, line)| (place, serde_json::from_slice(line).map_err(|error| error.to_string()))).collect()
}

#[derive(Deserialize)]
struct DrainQuery {
    seconds: Option<u64>,
}

async fn drain_queues(State(parts): State<Arc<Parts>>, Query(query): Query<DrainQuery>) -> Response {
    let drained = parts.drain(query.seconds.map_or(DRAIN_LIMIT, Duration::from_secs)).await;
    let status = if drained.drained { StatusCode::OK } else { StatusCode::GATEWAY_TIMEOUT };
    (status, Json(drained)).into_response()
}

async fn run_schedules(State(parts): State<Arc<Parts>>) -> Response {
    let schedules = parts.schedules.run_all().await;
    Json(json!({ "schedules": schedules })).into_response()
}

async fn outcomes(State(parts): State<Arc<Parts>>) -> Response {
    Json(parts.buses.outcomes()).into_response()
}

async fn dead_letters(State(parts): State<Arc<Parts>>) -> Response {
    Json(parts.dead_letters()).into_response()
}

/// Everything else is the template's HTTP APIs.
async fn http_api(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (request, body) = request.into_parts();
    match to_bytes(body, LARGEST_HTTP_REQUEST).await {
        Ok(body) => parts.http_apis.answer(&request, body).await,
        Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, Json(json!({ "message": "Request Too Long" }))).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_alone_in_an_array_or_in_lines() {
        let cases = [
            (r#"{"a": 1}"#, 1),
            ("{\n  \"a\": 1\n}\n", 1),
            (r#"[{"a": 1}, {"a": 2}]"#, 2),
            ("{\"a\": 1}\n\n{\"a\": 2}\r\n{\"a\": 3}\n", 3),
            ("", 0),
        ];
        for (body, expected) in cases {
            let events = parse_events(body.as_bytes());
            assert_eq!(events.len(), expected, "{body}");
            assert!(events.iter().all(|(_, event)| event.is_ok()), "{body}");
        }
    }

    #[test]
    fn a_line_that_is_no_json_is_named_and_costs_no_other() {
        let events = parse_events(b"{\"a\": 1}\n{\"a\": \n\xff\n{\"a\": 4}");
        let good: Vec<usize> = events.iter().filter(|(_, event)| event.is_ok()).map(|(place, _)| *place).collect();
        assert_eq!((good, events.len()), (vec![1, 4], 4));
    }
}
