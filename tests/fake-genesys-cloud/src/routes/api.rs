//! The conversations API (reference/genesys-cloud.md §2.1–§2.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State as FromState};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::Value;

use crate::conversations::NotAccepted;
use crate::error_body::ErrorBody;
use crate::state::State;

/// `GET /api/v2/conversations/{id}`
pub(super) async fn conversation(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ErrorBody> {
    let shown = state.conversations.read(&id).or_else(|| state.crowds.read(&id));
    shown.map(Json).ok_or_else(|| no_conversation(&id))
}

/// `POST /api/v2/conversations/{id}/disconnect`: 202 and a JSON string. The platform does not say what the string is, nor what it
/// answers for a conversation that is over: here, the same.
pub(super) async fn disconnect(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ErrorBody> {
    let requested = match state.conversations.request_disconnect(&id) {
        Err(NotAccepted::NotFound) => state.crowds.request_disconnect(&id, state.conversations.behavior(&id)),
        requested => requested,
    };
    requested.map_err(|refused| not_accepted(refused, &id))?;
    Ok(accepted())
}

/// The answer to a disconnect that is not accepted.
pub(super) fn not_accepted(refused: NotAccepted, id: &str) -> ErrorBody {
    match refused {
        NotAccepted::NotFound => no_conversation(id),
        NotAccepted::Conflict => {
            ErrorBody::new(StatusCode::CONFLICT, "conflict", "The conversation cannot be disconnected.")
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TagsUpdate {
    external_tag: String,
}

/// `PUT /api/v2/conversations/{id}/tags`
pub(super) async fn set_tags(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
    update: Result<Json<TagsUpdate>, JsonRejection>,
) -> Result<impl IntoResponse, ErrorBody> {
    let Json(update) = update.map_err(|_| ErrorBody::bad_request("externalTag is required"))?;
    state.conversations.set_external_tag(&id, &update.external_tag).map_err(|_| no_conversation(&id))?;
    Ok(accepted())
}

#[derive(Deserialize)]
pub(super) struct AttributesUpdate {
    attributes: BTreeMap<String, String>,
}

/// `PATCH /api/v2/conversations/{id}/participants/{participant_id}/attributes`
pub(super) async fn set_attributes(
    FromState(state): FromState<Arc<State>>,
    Path((id, participant_id)): Path<(String, String)>,
    update: Result<Json<AttributesUpdate>, JsonRejection>,
) -> Result<impl IntoResponse, ErrorBody> {
    let Json(update) = update.map_err(|_| ErrorBody::bad_request("attributes is required: a map of strings"))?;
    let changed = state.conversations.set_attributes(&id, &participant_id, update.attributes);
    changed.map_err(|_| ErrorBody::not_found("participant", &participant_id))?;
    Ok(accepted())
}

pub(super) async fn method_not_allowed() -> ErrorBody {
    ErrorBody::new(StatusCode::METHOD_NOT_ALLOWED, "method.not.allowed", "This method is not allowed here.")
}

fn accepted() -> impl IntoResponse {
    (StatusCode::ACCEPTED, Json("Accepted"))
}

fn no_conversation(id: &str) -> ErrorBody {
    ErrorBody::not_found("conversation", id)
}
