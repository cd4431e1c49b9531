//! The platform's error answers (`ErrorBody`, reference/genesys-cloud.md §2.4).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// An error answer. The outermost layer adds the correlation id to it, which only that layer knows.
#[derive(Debug, Clone)]
pub(crate) struct ErrorBody {
    status: StatusCode,
    fields: Map<String, Value>,
}

impl ErrorBody {
    pub(crate) fn new(status: StatusCode, code: &str, message: &str) -> Self {
        let fields = [
            ("message", json!(message)),
            ("code", json!(code)),
            ("status", json!(status.as_u16())),
            ("details", json!([])),
            ("errors", json!([])),
        ];
        Self { status, fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad.request", message)
    }

    pub(crate) fn bad_gateway() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "bad.gateway", "Bad gateway")
    }

    pub(crate) fn not_found(entity_name: &str, entity_id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not.found", "The requested resource was not found.")
            .with("entityName", json!(entity_name))
            .with("entityId", json!(entity_id))
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// The answer, with its `contextId`.
    pub(crate) fn in_context(self, correlation_id: &str) -> Response {
        let complete = self.with("contextId", json!(correlation_id));
        (complete.status, Json(complete.fields)).into_response()
    }
}

impl IntoResponse for ErrorBody {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
