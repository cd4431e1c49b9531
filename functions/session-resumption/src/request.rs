//! What is asked: a request of the HTTP API, checked.

use lambda_kit::http::HttpRequest;
use serde::Deserialize;
use uuid::Uuid;

use crate::problem::Problem;
use crate::replay::LONGEST_KEY;

/// The only path.
pub const PATH: &str = "/resumptions";
/// The largest body, in bytes. A request has some hundred.
const LARGEST_BODY: usize = 1024;
/// A UUID with its hyphens.
const UUID_LENGTH: usize = 36;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumptionRequest {
    /// Who wants to go back to what.
    pub customer: Customer,
    /// The id of the record of the caller's own name for this request, if it has one.
    pub key_id: Option<String>,
}

/// A customer in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The conversation; a UUID in lower case.
    pub conversation_id: String,
    /// The participant who claims to be its customer; a UUID in lower case.
    pub participant_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    conversation_id: String,
    participant_id: String,
}

impl ResumptionRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// The problem to answer with.
    pub fn read(request: &HttpRequest) -> Result<Self, Problem> {
        if request.path.trim_end_matches('/') != PATH {
            return Err(Problem::NoSuchPath);
        }
        if request.method != "POST" {
            return Err(Problem::MethodNotAllowed);
        }
        if !request.header("content-type").is_some_and(is_json) {
            return Err(Problem::UnsupportedMediaType);
        }
        if request.body.len() > LARGEST_BODY {
            return Err(Problem::TooLarge);
        }
        let body: Body = serde_json::from_slice(&request.body)
            .map_err(|_| Problem::Invalid("the body must be a JSON object with conversationId and participantId"))?;
        let id = |text: &str, problem| uuid(text).ok_or(Problem::Invalid(problem));
        Ok(Self {
            customer: Customer {
                conversation_id: id(&body.conversation_id, "conversationId must be a UUID")?,
                participant_id: id(&body.participant_id, "participantId must be a UUID")?,
            },
            key_id: request.header("idempotency-key").map(key_id).transpose()?,
        })
    }
}

impl Customer {
    /// The id of the record of the customer's handshake. It may be logged, so the participant's id can't be told from it.
    pub fn handshake_id(&self) -> String {
        let participant = derived(&format!("{}#{}", self.conversation_id, self.participant_id));
        format!("handshake#{}#{participant}", self.conversation_id)
    }
}

/// A UUID by which a secret can be told from others, and nothing more.
fn derived(secret: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, secret.as_bytes())
}

/// `application/json`, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// A UUID in the one form in which Genesys Cloud writes them, in lower case.
fn uuid(text: &str) -> Option<String> {
    let uuid = Uuid::try_parse(text).ok().filter(|_| text.len() == UUID_LENGTH)?;
    Some(uuid.hyphenated().to_string())
}

fn key_id(text: &str) -> Result<String, Problem> {
    const EXPECTED: &str = "Idempotency-Key must be 1 to 128 visible ASCII characters";
    let is_key = (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_key.then(|| format!("key#{}", derived(text))).ok_or(Problem::Invalid(EXPECTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONVERSATION: &str = "5d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a";
    const PARTICIPANT: &str = "0d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a";
    const JSON: (&str, &str) = ("Content-Type", "application/json; charset=utf-8");

    fn body(conversation_id: &str, participant_id: &str) -> String {
        format!(r#"{{"conversationId":"{conversation_id}","participantId":"{participant_id}"}}"#)
    }

    fn post(headers: &[(&str, &str)], body: &str) -> Result<ResumptionRequest, Problem> {
        ResumptionRequest::read(&HttpRequest::new("POST", PATH, headers, body))
    }

    #[test]
    fn a_good_request_is_read() {
        let read = post(&[JSON], &body(&CONVERSATION.to_uppercase(), PARTICIPANT)).unwrap();
        assert_eq!((read.customer.conversation_id.as_str(), read.key_id), (CONVERSATION, None));
        let read = post(&[JSON, ("Idempotency-Key", "\"tab-1\"")], &body(CONVERSATION, PARTICIPANT)).unwrap();
        let again = post(&[JSON, ("idempotency-key", "\"tab-1\"")], &body(CONVERSATION, PARTICIPANT)).unwrap();
        assert_eq!(read, again);
        let other = post(&[JSON, ("idempotency-key", "\"tab-2\"")], &body(CONVERSATION, CONVERSATION)).unwrap();
        assert_ne!(read.key_id, other.key_id);
        assert_ne!(read.customer.handshake_id(), other.customer.handshake_id());
        let ids = format!("{:?} {}", read.key_id, read.customer.handshake_id());
        assert!(!ids.contains(PARTICIPANT) && !ids.contains("tab-1"), "{ids}");
    }

    #[test]
    fn a_bad_one_is_told_why() {
        let good = body(CONVERSATION, PARTICIPANT);
        let request = |method, path| ResumptionRequest::read(&HttpRequest::new(method, path, &[JSON], good.as_str()));
        assert_eq!(request("POST", "/other"), Err(Problem::NoSuchPath));
        assert_eq!(request("GET", PATH), Err(Problem::MethodNotAllowed));
        assert_eq!(post(&[], &good), Err(Problem::UnsupportedMediaType));
        assert_eq!(post(&[("content-type", "text/plain")], &good), Err(Problem::UnsupportedMediaType));
        assert_eq!(post(&[JSON], &format!("{good}{}", " ".repeat(LARGEST_BODY))), Err(Problem::TooLarge));
        let extra = good.replace('}', r#","more":1}"#);
        let simple = body(&CONVERSATION.replace('-', ""), PARTICIPANT);
        let path = body("../../oauth/token-and-some-more-here", PARTICIPANT);
        for wrong in ["", "{", "[]", "{}", "null", &extra, &simple, &path, &body(CONVERSATION, "")] {
            assert!(matches!(post(&[JSON], wrong), Err(Problem::Invalid(_))), "{wrong}");
        }
        for key in ["", "a b", "ä", &"k".repeat(LONGEST_KEY + 1)] {
            assert!(matches!(post(&[JSON, ("idempotency-key", key)], &good), Err(Problem::Invalid(_))), "{key}");
        }
    }
}
