//! The HTTP side: the login, the API, and `/_fake/…`.

mod analytics;
mod api;
mod control;
mod layers;
mod messages;
mod oauth;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, patch, post, put};

use crate::error_body::ErrorBody;
use crate::state::State;

/// All routes. A request to the platform's part goes through these layers, outermost first: log, faults, and for the API token
/// and rate limit.
pub(crate) fn router(state: Arc<State>) -> Router {
    let api = Router::new()
        .route("/api/v2/conversations/{id}", get(api::conversation))
        .route("/api/v2/conversations/{id}/disconnect", post(api::disconnect))
        .route("/api/v2/conversations/{id}/tags", put(api::set_tags))
        .route("/api/v2/conversations/{id}/participants/{participant_id}/attributes", patch(api::set_attributes))
        .route(
            "/api/v2/conversations/messages/{id}/participants/{participant_id}/communications/{communication_id}",
            patch(messages::update_communication),
        )
        .route("/api/v2/conversations/messages/agentless", post(messages::send_agentless))
        .route("/api/v2/analytics/conversations/details/query", post(analytics::details))
        .route("/api/v2/analytics/conversations/activity/query", post(analytics::activity))
        .route_layer(from_fn_with_state(Arc::clone(&state), layers::authorize));
    let platform = Router::new()
        .route("/oauth/token", post(oauth::token))
        .merge(api)
        .fallback(|| async { ErrorBody::not_found("path", "") })
        .method_not_allowed_fallback(api::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&state), layers::misbehave))
        .layer(from_fn_with_state(Arc::clone(&state), layers::record));
    Router::new().nest("/_fake", control::router()).merge(platform).with_state(state)
}
