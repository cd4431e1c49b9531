//! Answers in Salesforce's forms.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::upsert::RowError;

/// An answer before it becomes HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// A text is sent as HTML, null as nothing, anything else as JSON.
    pub(crate) body: Value,
    pub(crate) retry_after_seconds: Option<u64>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, body, retry_after_seconds: None }
    }

    /// A request refused as a whole: `[{"message","errorCode"}]`.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, json!([{ "message": message, "errorCode": code }]))
    }

    pub(crate) fn row_error(error: &RowError) -> Self {
        let RowError { status_code, message, fields } = error;
        Self::json(400, json!([{ "message": message, "errorCode": status_code, "fields": fields }]))
    }

    pub(crate) fn session_expired() -> Self {
        Self::error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    pub(crate) fn daily_limit() -> Self {
        Self::error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    }

    pub(crate) fn concurrency_limit() -> Self {
        let message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
        Self::error(403, "REQUEST_LIMIT_EXCEEDED", message)
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "NOT_FOUND", "The requested resource does not exist")
    }

    pub(crate) fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (kind, body) = match self.body {
            Value::Null => ("text/plain", Body::empty()),
            Value::String(page) => ("text/html; charset=UTF-8", Body::from(page)),
            body => ("application/json;charset=UTF-8", Body::from(body.to_string())),
        };
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
