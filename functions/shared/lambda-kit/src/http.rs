//! What an HTTP API of API Gateway invokes a function with, and what it takes for an answer: payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use thiserror::Error;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// In capitals.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// As it was sent; empty if there is none.
    pub body: Vec<u8>,
    /// By name, in lower case.
    headers: BTreeMap<String, String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Header fields, each name once.
    pub headers: BTreeMap<&'static str, String>,
    /// The body.
    pub body: String,
}

/// The function was invoked with something else than a request of an HTTP API.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the invocation is no request of an HTTP API (payload format 2.0)")]
pub struct NotARequest;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    raw_path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

/// Understands an invocation's payload.
pub fn decode(payload: &RawValue) -> Result<HttpRequest, NotARequest> {
    let payload: Payload = serde_json::from_str(payload.get()).map_err(|_| NotARequest)?;
    let body = payload.body.unwrap_or_default();
    let body =
        if payload.is_base64_encoded { STANDARD.decode(body).map_err(|_| NotARequest)? } else { body.into_bytes() };
    let headers = payload.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    Ok(HttpRequest {
        method: payload.request_context.http.method.to_ascii_uppercase(),
        path: payload.raw_path,
        body,
        headers: headers.collect(),
    })
}

impl HttpRequest {
    /// A request, for tests.
    pub fn new(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()));
        Self { method: method.to_owned(), path: path.to_owned(), body: body.into(), headers: headers.collect() }
    }

    /// A header field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl HttpResponse {
    /// An answer whose body is JSON, of this media type, for nobody to keep.
    pub fn json(status: u16, media_type: &str, body: &Value) -> Self {
        let headers = [("content-type", media_type.to_owned()), ("cache-control", "no-store".to_owned())];
        Self { status, headers: BTreeMap::from(headers), body: body.to_string() }
    }

    /// With this header field.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// The answer to the invocation.
    pub fn into_payload(self) -> Value {
        json!({ "statusCode": self.status, "headers": self.headers, "body": self.body, "isBase64Encoded": false })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;

    fn payload(changes: &Value) -> Box<RawValue> {
        let mut payload = json!({
            "version": "2.0",
            "routeKey": "POST /resumptions",
            "rawPath": "/resumptions",
            "rawQueryString": "",
            "headers": { "Content-Type": "application/json" },
            "requestContext": { "http": { "method": "POST", "path": "/resumptions", "sourceIp": "127.0.0.1" } },
            "body": "{}",
            "isBase64Encoded": false,
        });
        if let (Some(payload), Value::Object(changes)) = (payload.as_object_mut(), changes.clone()) {
            payload.extend(changes);
        }
        to_raw_value(&payload).unwrap()
    }

    #[test]
    fn a_request_is_read_with_its_body_encoded_or_not() {
        let plain = decode(&payload(&json!({}))).unwrap();
        assert_eq!(plain, HttpRequest::new("POST", "/resumptions", &[("content-type", "application/json")], "{}"));
        assert_eq!(plain.header("content-type"), Some("application/json"));
        let encoded = decode(&payload(&json!({ "body": "e30=", "isBase64Encoded": true }))).unwrap();
        assert_eq!(encoded.body, b"{}");
        assert!(decode(&payload(&json!({ "body": null, "headers": {} }))).unwrap().body.is_empty());
    }

    #[test]
    fn anything_else_is_no_request() {
        for changes in [json!({ "rawPath": null }), json!({ "requestContext": {} }), json!({ "headers": [] })] {
            assert_eq!(decode(&payload(&changes)), Err(NotARequest), "{changes}");
        }
        let not_base64 = json!({ "body": "{", "isBase64Encoded": true });
        assert_eq!(decode(&payload(&not_base64)), Err(NotARequest));
        assert_eq!(decode(&to_raw_value(&json!({ "Records": [] })).unwrap()), Err(NotARequest));
    }

    #[test]
    fn an_answer_is_what_an_http_api_takes() {
        let answer = HttpResponse::json(405, "application/json", &json!({ "a": 1 })).with_header("allow", "POST");
        let headers = json!({ "allow": "POST", "cache-control": "no-store", "content-type": "application/json" });
        let expected = json!({ "statusCode": 405, "headers": headers, "body": "{\"a\":1}", "isBase64Encoded": false });
        assert_eq!(answer.into_payload(), expected);
    }
}
