//! HTTP.

mod collections;
mod control;
mod data;
mod oauth;
mod single;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any, post},
};

use crate::{answers::Answer, faults::Effect, state::Shared};

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/services/oauth2/token", post(oauth::token))
        .route("/services/data/{*path}", any(data::data))
        .merge(control::routes())
        .with_state(shared)
}

/// What a fault makes of a request before it is looked at, or of its answer after it took effect.
enum Struck {
    Answer(Answer),
    Dropped,
}

/// Splits an effect into what happens before the request is looked at and what happens after it took effect.
fn split(effect: Option<Effect>) -> (Option<Struck>, Option<Struck>) {
    let before = |answer| (Some(Struck::Answer(answer)), None);
    match effect {
        Some(Effect::Answer { status, body, retry_after_seconds, after_applying }) => {
            let struck = Some(Struck::Answer(Answer { status, body, retry_after_seconds }));
            if after_applying { (None, struck) } else { (struck, None) }
        }
        Some(Effect::Drop { after_applying: true }) => (None, Some(Struck::Dropped)),
        Some(Effect::Drop { after_applying: false }) => (Some(Struck::Dropped), None),
        Some(Effect::DailyLimit) => before(Answer::daily_limit()),
        Some(Effect::ConcurrencyLimit) => before(Answer::concurrency_limit()),
        _ => (None, None),
    }
}

/// An answer that is never written, because the connection was cut.
fn nothing() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
