//! Everything under `/services/data`: faults, sessions, limits; then the resource.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, Method, header},
    response::Response,
};
use serde_json::json;

use super::{Struck, collections, nothing, single, split};
use crate::{
    answers::Answer,
    connection::Cut,
    faults::{Effect, Surface},
    request_log::{Call, CallKind},
    state::{Shared, State as FakeState},
};

/// A resource that is asked for.
enum Resource<'a> {
    Collections { object: &'a str, field: &'a str },
    Single { object: &'a str, field: &'a str, key: &'a str },
    Limits,
    Unknown,
}

pub(super) async fn data(
    State(shared): State<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = shared.lock().faults.strike_request(Surface::Data);
    if let Some(Effect::Delay { milliseconds }) = effect {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let mut state = shared.lock();
    let resource = resource(&method, &path);
    let mut call = describe(&resource, &body);
    let (before, after) = split(effect.clone());
    let struck = before.unwrap_or_else(|| {
        let answer = answer(&mut state, &resource, effect.as_ref(), &headers, &body);
        after.unwrap_or(Struck::Answer(answer))
    });
    let limit_info = format!("api-usage={}/{}", state.api_requests, state.daily_api_requests);
    if let Struck::Answer(answer) = &struck {
        call.status = Some(answer.status);
    }
    state.calls.push(call);
    match struck {
        Struck::Answer(answer) => with_limit_info(answer, &limit_info),
        Struck::Dropped => {
            cut.now();
            nothing()
        }
    }
}

fn resource<'a>(method: &Method, path: &'a str) -> Resource<'a> {
    // Some clients ask for `limits/`.
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    match (method.as_str(), &segments[..]) {
        ("PATCH", [_, "composite", "sobjects", object, field]) => Resource::Collections { object, field },
        ("PATCH", [_, "sobjects", object, field, key]) => Resource::Single { object, field, key },
        ("GET", [_, "limits"]) => Resource::Limits,
        _ => Resource::Unknown,
    }
}

fn describe(resource: &Resource<'_>, body: &[u8]) -> Call {
    let (kind, object, rows) = match resource {
        Resource::Collections { object, .. } => (CallKind::CollectionsUpsert, Some(*object), collections::count(body)),
        Resource::Single { object, .. } => (CallKind::SingleUpsert, Some(*object), 1),
        Resource::Limits => (CallKind::Limits, None, 0),
        Resource::Unknown => (CallKind::Other, None, 0),
    };
    Call { kind, object: object.map(str::to_owned), rows, status: None }
}

fn answer(
    state: &mut FakeState,
    resource: &Resource<'_>,
    effect: Option<&Effect>,
    headers: &HeaderMap,
    body: &[u8],
) -> Answer {
    if matches!(effect, Some(Effect::ExpireTokens)) {
        state.tokens.clear();
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if !token.is_some_and(|token| state.tokens.contains(token)) {
        return Answer::session_expired();
    }
    if state.api_requests >= state.daily_api_requests {
        return Answer::daily_limit();
    }
    state.api_requests += 1;
    match resource {
        Resource::Collections { object, field } => collections::upsert(state, object, field, effect, body),
        Resource::Single { object, field, key } => single::upsert(state, object, field, key, effect, body),
        Resource::Limits => {
            let remaining = state.daily_api_requests - state.api_requests;
            Answer::json(
                200,
                json!({ "DailyApiRequests": { "Max": state.daily_api_requests, "Remaining": remaining } }),
            )
        }
        Resource::Unknown => Answer::not_found(),
    }
}

fn with_limit_info(answer: Answer, limit_info: &str) -> Response {
    // An answer of the session layer, and a page of some proxy, know nothing of the org's limits.
    let knows_limits = answer.status != 401 && !answer.body.is_string();
    let mut response = answer.into_response();
    if let (true, Ok(value)) = (knows_limits, HeaderValue::from_str(limit_info)) {
        response.headers_mut().insert("Sforce-Limit-Info", value);
    }
    response
}
