//! The fake's own resources, for tests and for people with `curl`:
//!
//! - `GET /_fake/rows/{object}`: all rows, in the order of their keys; `DELETE /_fake/rows`.
//! - `GET | POST | DELETE /_fake/faults`: the faults in force; one [`Fault`] more, or an array of them; none.
//! - `POST /_fake/expire-tokens`.
//! - `POST /_fake/parents`: an array of [`Parent`]s, i.e. Cases and Users.
//! - `GET | DELETE /_fake/calls`: what it was asked.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get, post},
};
use serde::Deserialize;

use crate::{faults::Fault, options::Parent, request_log::Call, state::Shared, store::Fields};

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_fake/rows/{object}", get(rows))
        .route("/_fake/rows", delete(clear_rows))
        .route("/_fake/faults", get(faults).post(inject).delete(clear_faults))
        .route("/_fake/expire-tokens", post(expire_tokens))
        .route("/_fake/parents", post(add_parents))
        .route("/_fake/calls", get(calls).delete(clear_calls))
}

async fn rows(State(shared): State<Shared>, Path(object): Path<String>) -> Json<Vec<Fields>> {
    Json(shared.lock().store.rows(&object))
}

async fn clear_rows(State(shared): State<Shared>) -> StatusCode {
    shared.lock().store.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(shared): State<Shared>) -> Json<Vec<Fault>> {
    Json(shared.lock().faults.in_force())
}

async fn inject(State(shared): State<Shared>, Json(faults): Json<OneOrMany<Fault>>) -> StatusCode {
    let faults = match faults {
        OneOrMany::One(fault) => vec![fault],
        OneOrMany::Many(faults) => faults,
    };
    let mut state = shared.lock();
    for fault in faults {
        state.faults.add(fault);
    }
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    shared.lock().faults.clear();
    StatusCode::NO_CONTENT
}

async fn expire_tokens(State(shared): State<Shared>) -> StatusCode {
    shared.lock().tokens.clear();
    StatusCode::NO_CONTENT
}

async fn add_parents(State(shared): State<Shared>, Json(parents): Json<Vec<Parent>>) -> StatusCode {
    let mut state = shared.lock();
    for parent in parents {
        state.parents.add(parent);
    }
    StatusCode::NO_CONTENT
}

async fn calls(State(shared): State<Shared>) -> Json<Vec<Call>> {
    Json(shared.lock().calls.clone())
}

async fn clear_calls(State(shared): State<Shared>) -> StatusCode {
    shared.lock().calls.clear();
    StatusCode::NO_CONTENT
}
