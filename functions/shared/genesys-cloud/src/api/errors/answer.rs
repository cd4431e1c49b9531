//! The platform's error answers (`ErrorBody`, reference/genesys-cloud.md §2.4).

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

const LONGEST_WORD: usize = 120;

/// What the API said when it did not do what it was asked to. Holds nothing of the body but names and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The platform's code, e.g. `too.many.requests`; none if the answer is not the platform's (a proxy's, say).
    pub code: Option<String>,
    /// The limit that was hit, if one was.
    pub limit: Option<Limit>,
    /// `ININ-Correlation-Id`, or else the body's `contextId`: what a support case asks for.
    pub correlation_id: Option<String>,
    permissions: Vec<String>,
}

/// A limit of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// E.g. `client.credentials.token.rate.per.minute`.
    pub key: String,
    /// E.g. `platform.api`.
    pub namespace: Option<String>,
    /// How much is allowed.
    pub value: Option<u64>,
}

/// The body, read so that no surprise in one field hides another.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    code: Value,
    message: Value,
    message_params: BTreeMap<String, Value>,
    context_id: Value,
    limit: Value,
}

impl ErrorAnswer {
    /// Reads an answer's body, whatever it is. The correlation id of the answer's header is preferred to the body's.
    pub fn read(status: u16, body: &str, correlation_id: Option<String>) -> Self {
        let body: ErrorBody = serde_json::from_str(body).unwrap_or_default();
        let told = body.message_params.values().chain([&body.message]).filter_map(Value::as_str);
        Self {
            status,
            code: word(&body.code),
            limit: Limit::read(&body.limit),
            correlation_id: correlation_id.or_else(|| word(&body.context_id)),
            permissions: permissions(told),
        }
    }

    /// The permissions that the answer names.
    pub(crate) fn permission(&self) -> Option<String> {
        (!self.permissions.is_empty()).then(|| self.permissions.join(" or "))
    }
}

impl Limit {
    fn read(limit: &Value) -> Option<Self> {
        // The value is a number in the schema and a string in practice.
        let value = limit["value"].as_u64().or_else(|| limit["value"].as_str()?.parse().ok());
        Some(Self { key: word(&limit["key"])?, namespace: word(&limit["namespace"]), value })
    }
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.status)?;
        if let Some(code) = &self.code {
            write!(formatter, " {code}")?;
        }
        if let Some(limit) = &self.limit {
            write!(formatter, ", limit {}", limit.key)?;
        }
        write!(formatter, " (correlation id {})", super::shown(self.correlation_id.as_deref()))
    }
}

/// A name such as codes and ids are; anything else may be personal data.
fn word(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let fits = text.len() <= LONGEST_WORD
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    (fits && !text.is_empty()).then(|| text.to_owned())
}

/// Permissions are three names with colons between, wherever they stand.
fn permissions<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = texts
        .flat_map(|text| text.split(|character: char| !character.is_ascii_alphanumeric() && character != ':'))
        .filter(|part| part.split(':').count() == 3 && part.split(':').all(|name| !name.is_empty()))
        .filter(|part| part.len() <= LONGEST_WORD)
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ErrorAnswer, Limit};

    #[test]
    fn the_names_in_an_error_are_kept() {
        let body = json!({
            "message": "Rate limit exceeded", "code": "too.many.requests", "status": 429, "contextId": "context-1",
            "limit": { "key": "token.rate.per.minute", "namespace": "platform.api", "value": "300" },
        });
        let answer = ErrorAnswer::read(429, &body.to_string(), None);
        let limit = Limit {
            key: "token.rate.per.minute".to_owned(),
            namespace: Some("platform.api".to_owned()),
            value: Some(300),
        };
        assert_eq!(answer.limit, Some(limit));
        let text = "429 too.many.requests, limit token.rate.per.minute (correlation id context-1)";
        assert_eq!(answer.to_string(), text);
        let by_header = ErrorAnswer::read(429, &body.to_string(), Some("header-1".to_owned()));
        assert_eq!(by_header.correlation_id.as_deref(), Some("header-1"));
    }

    #[test]
    fn what_is_not_the_platforms_is_not_believed() {
        for body in
            ["", "<html>Bad gateway, ask jane@example.com</html>", "[1]", r#"{"code":7,"limit":[],"message":{}}"#]
        {
            let answer = ErrorAnswer::read(502, body, None);
            assert_eq!(answer.to_string(), "502 (correlation id unknown)", "{body}");
        }
        let answer = ErrorAnswer::read(400, r#"{"code":"jane@example.com","contextId":"a b"}"#, None);
        assert_eq!((answer.code, answer.correlation_id), (None, None));
    }

    #[test]
    fn permissions_are_found_in_the_message_or_its_parameters() {
        let message =
            "You are missing the following permission(s): [conversation:communication:disconnect]. See: http://x";
        let body = json!({ "message": message, "messageParams": { "permissions": "a:b:c, d:e:f", "n": 1 } });
        let answer = ErrorAnswer::read(403, &body.to_string(), None);
        assert_eq!(answer.permission().as_deref(), Some("a:b:c or conversation:communication:disconnect or d:e:f"));
        assert_eq!(ErrorAnswer::read(403, "{}", None).permission(), None);
    }
}
