//! `/_fake/…`: the fake itself, by curl. What each does is in the crate's documentation.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State as FromState};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use crate::conversations::DisconnectBehavior;
use crate::crowds::{Crowd, Report};
use crate::faults::Fault;
use crate::messages::SentMessage;
use crate::requests::Request;
use crate::state::State;

const DONE: StatusCode = StatusCode::NO_CONTENT;

pub(super) fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/events", post(observe))
        .route("/conversations", get(conversations).post(set_conversations))
        .route("/conversations/{id}", put(set_conversation))
        .route("/conversations/{id}/disconnect-behavior", put(set_disconnect_behavior))
        .route("/conversations/{id}/changes", put(set_changes))
        .route("/crowds", get(crowds).post(gather))
        .route("/crowds/{id}/accepted", put(accept))
        .route("/crowds/{id}/answered", put(answer))
        .route("/crowds/{id}/queue", put(transfer))
        .route("/analytics/rows", post(show_rows))
        .route("/analytics/lag", put(set_lag))
        .route("/analytics/depth", put(set_depth))
        .route("/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/tokens/expire", post(expire_tokens))
        .route("/rate-limit", put(set_rate_limit))
        .route("/clock", post(advance_clock))
        .route("/messages", get(messages))
        .route("/requests", get(requests).delete(clear_requests))
}

/// One of something, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

async fn observe(
    FromState(state): FromState<Arc<State>>,
    Json(events): Json<OneOrMany<Value>>,
) -> Result<StatusCode, (StatusCode, String)> {
    for event in events.into_vec() {
        state.conversations.observe(&event).map_err(refused)?;
    }
    Ok(DONE)
}

async fn conversations(FromState(state): FromState<Arc<State>>) -> Json<Vec<Value>> {
    Json(state.conversations.all())
}

async fn set_conversations(
    FromState(state): FromState<Arc<State>>,
    Json(conversations): Json<OneOrMany<Value>>,
) -> Result<StatusCode, (StatusCode, String)> {
    let mut conversations = conversations.into_vec().into_iter();
    conversations.try_for_each(|one| state.conversations.set(one)).map_err(refused)?;
    Ok(DONE)
}

async fn set_conversation(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
    Json(mut conversation): Json<Value>,
) -> Result<StatusCode, (StatusCode, String)> {
    if let Some(fields) = conversation.as_object_mut() {
        fields.insert("id".to_owned(), Value::from(id));
    }
    state.conversations.set(conversation).map_err(refused)?;
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeSetting {
    after_reads: u32,
    conversation: Value,
}

async fn set_changes(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
    Json(changes): Json<OneOrMany<ChangeSetting>>,
) -> Result<StatusCode, (StatusCode, String)> {
    for mut change in changes.into_vec() {
        if let Some(fields) = change.conversation.as_object_mut() {
            fields.insert("id".to_owned(), Value::from(id.as_str()));
        }
        state.conversations.change_after_reads(change.after_reads, change.conversation).map_err(refused)?;
    }
    Ok(DONE)
}

async fn gather(FromState(state): FromState<Arc<State>>, Json(crowds): Json<OneOrMany<Crowd>>) -> Json<Vec<String>> {
    Json(crowds.into_vec().into_iter().flat_map(|crowd| state.crowds.gather(crowd)).collect())
}

async fn crowds(FromState(state): FromState<Arc<State>>) -> Json<Report> {
    Json(state.crowds.report())
}

async fn accept(FromState(state): FromState<Arc<State>>, Path(id): Path<String>) -> StatusCode {
    if state.crowds.accept(&id) { DONE } else { StatusCode::NOT_FOUND }
}

async fn answer(FromState(state): FromState<Arc<State>>, Path(id): Path<String>) -> StatusCode {
    if state.crowds.answer(&id) { DONE } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OtherQueue {
    queue_id: String,
}

async fn transfer(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
    Json(queue): Json<OtherQueue>,
) -> StatusCode {
    if state.crowds.transfer(&id, &queue.queue_id) { DONE } else { StatusCode::NOT_FOUND }
}

async fn show_rows(
    FromState(state): FromState<Arc<State>>,
    Json(rows): Json<OneOrMany<Value>>,
) -> Result<StatusCode, (StatusCode, String)> {
    rows.into_vec().into_iter().try_for_each(|row| state.analytics.show(row)).map_err(refused)?;
    Ok(DONE)
}

#[derive(Deserialize)]
struct LagSetting {
    ms: u64,
}

async fn set_lag(FromState(state): FromState<Arc<State>>, Json(lag): Json<LagSetting>) -> StatusCode {
    state.analytics.lag_behind(Duration::from_millis(lag.ms));
    DONE
}

#[derive(Deserialize)]
struct DepthSetting {
    rows: usize,
}

async fn set_depth(FromState(state): FromState<Arc<State>>, Json(depth): Json<DepthSetting>) -> StatusCode {
    state.analytics.serve_rows(depth.rows);
    DONE
}

fn refused(error: impl Into<Box<dyn Error>>) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.into().to_string())
}

async fn set_disconnect_behavior(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
    Json(behavior): Json<DisconnectBehavior>,
) -> StatusCode {
    state.conversations.on_disconnect(&id, behavior);
    DONE
}

async fn faults(FromState(state): FromState<Arc<State>>) -> Json<Vec<Fault>> {
    Json(state.faults.remaining())
}

async fn add_faults(FromState(state): FromState<Arc<State>>, Json(faults): Json<OneOrMany<Fault>>) -> StatusCode {
    for fault in faults.into_vec() {
        state.faults.add(fault);
    }
    DONE
}

async fn clear_faults(FromState(state): FromState<Arc<State>>) -> StatusCode {
    state.faults.clear();
    DONE
}

async fn expire_tokens(FromState(state): FromState<Arc<State>>) -> StatusCode {
    state.tokens.expire_all();
    DONE
}

#[derive(Deserialize)]
struct RateLimitSetting {
    allowed: u32,
}

async fn set_rate_limit(FromState(state): FromState<Arc<State>>, Json(setting): Json<RateLimitSetting>) -> StatusCode {
    state.rate_limit.allow(setting.allowed);
    DONE
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClockSetting {
    advance_ms: u64,
}

async fn advance_clock(FromState(state): FromState<Arc<State>>, Json(setting): Json<ClockSetting>) -> StatusCode {
    state.clock.advance(Duration::from_millis(setting.advance_ms));
    DONE
}

async fn messages(FromState(state): FromState<Arc<State>>) -> Json<Vec<SentMessage>> {
    Json(state.messages.all())
}

async fn requests(FromState(state): FromState<Arc<State>>) -> Json<Vec<Request>> {
    Json(state.requests.all())
}

async fn clear_requests(FromState(state): FromState<Arc<State>>) -> StatusCode {
    state.requests.clear();
    DONE
}
