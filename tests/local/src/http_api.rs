//! The HTTP APIs of API Gateway: their routes, on the stack's own port, to the real functions.
//!
//! As <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html> has them, payload format 2.0 and cross-origin
//! requests included. Throttling and authorisers are left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::functions::{Function, Functions};
use crate::template::{Cors, Template};

/// The routes of a template's HTTP APIs.
pub(crate) struct HttpApis {
    routes: Vec<Route>,
}

struct Route {
    key: String,
    function: Arc<Function>,
    limit: Duration,
    cors: Option<Cors>,
}

/// What a function answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl HttpApis {
    /// Routes that lead to nothing in the template are left out.
    pub(crate) fn new(template: &Template, functions: &Functions) -> Self {
        let routes = template.http_routes.iter().filter_map(|route| {
            let integration = template.http_integrations.iter().find(|one| one.name == route.integration)?;
            let api = template.http_apis.iter().find(|one| one.name == route.api)?;
            Some(Route {
                key: route.key.clone(),
                function: functions.get(&integration.function)?.clone(),
                limit: Duration::from_millis(integration.timeout_ms),
                cors: api.cors.clone(),
            })
        });
        Self { routes: routes.collect() }
    }

    /// Answers a request as API Gateway would.
    pub(crate) async fn answer(&self, request: &Parts, body: Bytes) -> Response {
        let path = request.uri.path();
        let origin = request.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let keys = self.routes.iter().map(|route| route.key.as_str());
        let Some(route) = route_of(keys, &request.method, path).map(|index| &self.routes[index]) else {
            return match (request.method == Method::OPTIONS, self.cors_at(path), origin) {
                (true, Some(cors), Some(origin)) => preflight(cors, origin),
                _ => message(StatusCode::NOT_FOUND, "Not Found"),
            };
        };
        let mut response = route.invoke(request, &body).await;
        if let Some((cors, origin)) = route.cors.as_ref().zip(origin) {
            let headers = response.headers_mut();
            if allow_origin(headers, cors, origin) && !cors.expose_headers.is_empty() {
                let names = cors.expose_headers.join(",");
                insert(headers, HeaderName::from_static("access-control-expose-headers"), &names);
            }
        }
        response
    }

    /// What the API that has this path allows web pages. Here all APIs share an address.
    fn cors_at(&self, path: &str) -> Option<&Cors> {
        let mut routes = self.routes.iter();
        routes.find(|route| route.key.split_once(' ').is_some_and(|(_, own)| own == path))?.cors.as_ref()
    }
}

/// The route that takes a request. A preflight request (`OPTIONS`) is one like any other: where a route takes it, the API does not
/// answer it by itself (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>).
fn route_of<'a>(keys: impl Iterator<Item = &'a str>, method: &Method, path: &str) -> Option<usize> {
    let keys: Vec<_> = keys.collect();
    let wanted = [format!("{method} {path}"), format!("ANY {path}"), "$default".to_owned()];
    wanted.iter().find_map(|wanted| keys.iter().position(|key| key == wanted))
}

impl Route {
    async fn invoke(&self, request: &Parts, body: &Bytes) -> Response {
        let payload = Bytes::from(payload(&self.key, request, body).to_string());
        let answer = match tokio::time::timeout(self.limit, self.function.invoke(payload)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Err(_) => return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        response(&answer).unwrap_or_else(|| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
    }
}

/// Payload format 2.0.
fn payload(route_key: &str, request: &Parts, body: &Bytes) -> Value {
    let (path, query) = (request.uri.path(), request.uri.query().unwrap_or_default());
    let headers: BTreeMap<String, String> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().iter().copied().map(char::from).collect()))
        .collect();
    let content_type = headers.get(CONTENT_TYPE.as_str()).map_or("", String::as_str);
    let is_text = content_type.starts_with("text/") || content_type.starts_with("application/json");
    let text = std::str::from_utf8(body).ok().filter(|_| is_text);
    let mut payload = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "apiId": "local",
            "domainName": "127.0.0.1",
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent"),
            },
            "requestId": Uuid::new_v4().to_string(),
            "routeKey": route_key,
            "stage": "$default",
            "timeEpoch": Timestamp::now().as_millisecond(),
        },
        "isBase64Encoded": text.is_none() && !body.is_empty(),
    });
    if !body.is_empty() {
        payload["body"] = text.map_or_else(|| Value::from(STANDARD.encode(body)), Value::from);
    }
    payload
}

fn response(answer: &[u8]) -> Option<Response> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let body = if answer.is_base64_encoded { STANDARD.decode(answer.body).ok()? } else { answer.body.into_bytes() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    for (name, value) in answer.headers {
        insert(response.headers_mut(), HeaderName::try_from(name).ok()?, &value);
    }
    Some(response)
}

/// The answer of API Gateway itself to a preflight request.
fn preflight(cors: &Cors, origin: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    if allow_origin(headers, cors, origin) {
        insert(headers, HeaderName::from_static("access-control-allow-methods"), &cors.allow_methods.join(","));
        insert(headers, HeaderName::from_static("access-control-allow-headers"), &cors.allow_headers.join(","));
        if let Some(seconds) = cors.max_age {
            insert(headers, HeaderName::from_static("access-control-max-age"), &seconds.to_string());
        }
    }
    response
}

/// Whether a page from there may.
fn allow_origin(headers: &mut HeaderMap, cors: &Cors, origin: &str) -> bool {
    let Some(allowed) = cors.allow_origins.iter().find(|one| *one == "*" || *one == origin) else { return false };
    insert(headers, HeaderName::from_static("access-control-allow-origin"), allowed);
    true
}

fn message(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

/// Sets a header, unless its value cannot be one.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn cors(origins: &[&str]) -> Cors {
        Cors {
            allow_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            allow_methods: vec!["POST".to_owned()],
            allow_headers: vec!["content-type".to_owned(), "idempotency-key".to_owned()],
            expose_headers: Vec::new(),
            max_age: Some(600),
        }
    }

    #[test]
    fn a_route_for_any_method_takes_preflight_requests_too() {
        let taken = |keys: &[&str]| route_of(keys.iter().copied(), &Method::OPTIONS, "/resumptions");
        assert_eq!(taken(&["POST /resumptions"]), None);
        assert_eq!(taken(&["POST /resumptions", "ANY /resumptions"]), Some(1));
        assert_eq!(taken(&["$default", "OPTIONS /resumptions"]), Some(1));
        assert_eq!(taken(&["$default"]), Some(0));
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    #[test]
    fn a_page_may_ask_if_its_origin_is_on_the_list() {
        let allowed = preflight(&cors(&["https://a.example", "https://b.example"]), "https://b.example");
        assert_eq!(allowed.status(), StatusCode::NO_CONTENT);
        assert_eq!(header(&allowed, "access-control-allow-origin"), Some("https://b.example"));
        assert_eq!(header(&allowed, "access-control-allow-headers"), Some("content-type,idempotency-key"));
        assert_eq!(header(&allowed, "access-control-max-age"), Some("600"));
        assert_eq!(header(&preflight(&cors(&["*"]), "https://c.example"), "access-control-allow-origin"), Some("*"));
        let refused = preflight(&cors(&["https://a.example"]), "https://b.example");
        assert_eq!(header(&refused, "access-control-allow-origin"), None);
    }

    #[test]
    fn a_body_that_is_no_text_is_encoded() {
        let of = |content_type: &str, body: &'static [u8]| {
            let request = Request::post("/resumptions?a=b").header("Content-Type", content_type).body(()).unwrap();
            payload("POST /resumptions", &request.into_parts().0, &Bytes::from_static(body))
        };
        let text = of("application/json", b"{}");
        assert_eq!((&text["body"], &text["isBase64Encoded"]), (&json!("{}"), &json!(false)));
        assert_eq!((&text["rawPath"], &text["rawQueryString"]), (&json!("/resumptions"), &json!("a=b")));
        for encoded in [of("application/octet-stream", b"{}"), of("application/json", b"\xff")] {
            assert_eq!(encoded["isBase64Encoded"], true);
        }
        assert!(of("text/plain", b"").get("body").is_none());
    }

    #[test]
    fn what_a_function_answers_is_passed_on_or_is_an_error() {
        let answer =
            response(br#"{"statusCode":418,"headers":{"x-a":"b"},"body":"e30=","isBase64Encoded":true}"#).unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "x-a")), (418, Some("b")));
        for wrong in ["null", "{}", r#"{"statusCode":99}"#, r#"{"statusCode":200,"headers":{"a b":"c"}}"#] {
            assert!(response(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
