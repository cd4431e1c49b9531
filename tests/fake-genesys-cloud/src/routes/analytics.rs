//! The analytics API (reference/genesys-cloud.md §2.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State as FromState;
use axum::extract::rejection::JsonRejection;
use serde_json::Value;

use crate::error_body::ErrorBody;
use crate::state::State;

type Query = Result<Json<Value>, JsonRejection>;

pub(super) async fn details(FromState(state): FromState<Arc<State>>, query: Query) -> Result<Json<Value>, ErrorBody> {
    let answer = state.analytics.details(&state.conversations, &state.crowds, state.clock.now_ms(), &read(query)?)?;
    Ok(Json(answer))
}

pub(super) async fn activity(FromState(state): FromState<Arc<State>>, query: Query) -> Result<Json<Value>, ErrorBody> {
    let answer = state.analytics.activity(&state.conversations, &state.crowds, state.clock.now_ms(), &read(query)?)?;
    Ok(Json(answer))
}

fn read(query: Query) -> Result<Value, ErrorBody> {
    query.map(|Json(query)| query).map_err(|_| ErrorBody::bad_request("The body must be JSON"))
}
