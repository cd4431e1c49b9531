//! `POST /oauth/token`: the client-credentials grant (reference/genesys-cloud.md §4).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Form, State as FromState};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, extract::rejection::FormRejection};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::state::State;

pub(super) async fn token(
    FromState(state): FromState<Arc<State>>,
    headers: HeaderMap,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", "the body is not a form");
    };
    if form.get("grant_type").map(String::as_str) != Some("client_credentials") {
        return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant type not supported");
    }
    let expected = format!("{}:{}", state.client_id, state.client_secret);
    if basic_credentials(&headers) != Some(expected) {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", "authentication failed");
    }
    let token = state.tokens.issue(state.clock.now_ms(), state.token_life);
    let answer = json!({ "access_token": token, "token_type": "bearer", "expires_in": state.token_life.as_secs() });
    Json(answer).into_response()
}

/// The login's errors are not `ErrorBody`s: they carry the description twice.
fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "description": description, "error_description": description });
    (status, Json(body)).into_response()
}

fn basic_credentials(headers: &HeaderMap) -> Option<String> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}
