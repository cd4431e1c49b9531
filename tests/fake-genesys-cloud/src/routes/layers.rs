//! What happens around every request.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State as FromState};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connection::Severance;
use crate::error_body::ErrorBody;
use crate::faults::{Answer, Effect};
use crate::rate_limit::Standing;
use crate::state::State;

const CORRELATION_ID: HeaderName = HeaderName::from_static("inin-correlation-id");
const LIMIT_COUNT: HeaderName = HeaderName::from_static("inin-ratelimit-count");
const LIMIT_ALLOWED: HeaderName = HeaderName::from_static("inin-ratelimit-allowed");
const LIMIT_RESET: HeaderName = HeaderName::from_static("inin-ratelimit-reset");

/// Marks the answer to a request whose connection is dropped: nobody sees it.
#[derive(Debug, Clone, Copy)]
struct NotDelivered;

/// Logs the request, and gives its answer a correlation id.
pub(super) async fn record(FromState(state): FromState<Arc<State>>, request: Request, next: Next) -> Response {
    let (method, path, token) = (request.method().as_str(), request.uri().path(), bearer_token(request.headers()));
    let number = state.requests.came(state.clock.now_ms(), method, path, token);
    let correlation_id = Uuid::new_v4().to_string();

    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<ErrorBody>() {
        let (parts, _) = response.into_parts();
        response = error.in_context(&correlation_id);
        // What inner layers have added, such as the rate limit's headers.
        response.headers_mut().extend(parts.headers);
    }
    insert(response.headers_mut(), CORRELATION_ID, &correlation_id);
    if response.extensions().get::<NotDelivered>().is_none() {
        state.requests.answered(number, response.status().as_u16());
    }
    response
}

/// Lets the next planned fault happen.
pub(super) async fn misbehave(
    FromState(state): FromState<Arc<State>>,
    ConnectInfo(connection): ConnectInfo<Severance>,
    request: Request,
    next: Next,
) -> Response {
    let Some((delay_ms, effect)) = state.faults.next(request.method().as_str(), request.uri().path()) else {
        return next.run(request).await;
    };
    if delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    match effect {
        Effect::Proceed => next.run(request).await,
        Effect::Answer(answer) => planned(answer),
        Effect::Drop => undelivered(&connection, StatusCode::NO_CONTENT.into_response()),
        Effect::DropAfterwards => undelivered(&connection, next.run(request).await),
    }
}

fn undelivered(connection: &Severance, mut response: Response) -> Response {
    connection.sever();
    response.extensions_mut().insert(NotDelivered);
    response
}

fn planned(answer: Answer) -> Response {
    let mut response = match answer.body {
        Value::Null => Body::empty().into_response(),
        Value::String(text) => text.into_response(),
        json => Json(json).into_response(),
    };
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let Ok(name) = HeaderName::try_from(name) {
            insert(response.headers_mut(), name, value);
        }
    }
    response
}

/// Lets in who has a good token, and has not used it too often (reference/genesys-cloud.md §3).
pub(super) async fn authorize(FromState(state): FromState<Arc<State>>, request: Request, next: Next) -> Response {
    let Some(token) = bearer_token(request.headers()) else {
        let message = "No authentication bearer token specified in authorization header.";
        return ErrorBody::new(StatusCode::UNAUTHORIZED, "authentication.required", message).into_response();
    };
    let now_ms = state.clock.now_ms();
    if !state.tokens.is_good(token, now_ms) {
        return ErrorBody::new(StatusCode::UNAUTHORIZED, "bad.credentials", "Invalid login credentials.")
            .into_response();
    }
    let standing = state.rate_limit.count(token, now_ms);
    let mut response = if standing.is_exceeded() { too_many_requests(standing) } else { next.run(request).await };
    let headers = response.headers_mut();
    insert(headers, LIMIT_COUNT, &standing.count.to_string());
    insert(headers, LIMIT_ALLOWED, &standing.allowed.to_string());
    insert(headers, LIMIT_RESET, &standing.reset_seconds.to_string());
    response
}

fn too_many_requests(standing: Standing) -> Response {
    let seconds = standing.reset_seconds.to_string();
    let message = format!("Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds");
    let limit = json!({
        "key": "client.credentials.token.rate.per.minute",
        "namespace": "platform.api",
        "value": standing.allowed.to_string(),
    });
    let error = ErrorBody::new(StatusCode::TOO_MANY_REQUESTS, "too.many.requests", &message).with("limit", limit);
    let mut response = error.into_response();
    insert(response.headers_mut(), RETRY_AFTER, &seconds);
    response
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Sets a header, unless its value cannot be one.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
