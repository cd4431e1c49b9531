//! What is wrong with a request, as RFC 9457 has it.

use lambda_kit::http::HttpResponse;
use serde_json::json;

const MEDIA_TYPE: &str = "application/problem+json";
/// When it is worth another try, in seconds.
const RETRY_AFTER: &str = "1";

/// Why there is no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// 400: the request is not what it should be; why, without quoting it.
    Invalid(&'static str),
    /// 404
    NoSuchPath,
    /// 405
    MethodNotAllowed,
    /// 413
    TooLarge,
    /// 415
    UnsupportedMediaType,
    /// 422: the `Idempotency-Key` was used for another request.
    KeyReused,
    /// 503: requests can't be kept apart now. The caller had better route anew.
    Unavailable,
}

impl Problem {
    fn parts(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::Invalid(detail) => (400, "invalid-request", "The request is not valid", detail),
            Self::NoSuchPath => (404, "no-such-path", "There is nothing here", "there is /resumptions only"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "The method is not allowed", "use POST"),
            Self::TooLarge => (413, "too-large", "The body is too large", "a request has at most 1024 bytes"),
            Self::UnsupportedMediaType => {
                (415, "unsupported-media-type", "The body is not JSON", "Content-Type must be application/json")
            }
            Self::KeyReused => {
                let detail = "this Idempotency-Key was used for another conversation or participant";
                (422, "idempotency-key-reused", "The key belongs to another request", detail)
            }
            Self::Unavailable => {
                (503, "unavailable", "No decision can be made now", "route the customer anew, or try again")
            }
        }
    }

    /// The answer.
    pub fn response(self) -> HttpResponse {
        let (status, kind, title, detail) = self.parts();
        let body = json!({
            "type": format!("urn:genesys-event-processor:problem:{kind}"),
            "title": title,
            "status": status,
            "detail": detail,
        });
        let response = HttpResponse::json(status, MEDIA_TYPE, &body);
        match self {
            Self::MethodNotAllowed => response.with_header("allow", "POST"),
            Self::Unavailable => response.with_header("retry-after", RETRY_AFTER),
            _ => response,
        }
    }
}
