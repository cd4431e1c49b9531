//! One conversation: as it is now, and its external tag.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;
use serde_json::value::RawValue;

use super::client::{Call, GenesysCloud};
use super::deadline::Deadline;
use super::errors::{ApiError, PermanentError, RetryableError};
use super::operation::{Operation, READ_CONVERSATION, SET_EXTERNAL_TAG};
use super::raw_json::RawJson;
use super::transport::Answer;

const LONGEST_ID: usize = 64;

/// A conversation as `GET /api/v2/conversations/{id}` shows it (reference/genesys-cloud.md §2.2).
#[derive(Debug, Clone)]
pub struct ConversationBody {
    /// The `Conversation`.
    pub json: RawJson,
    /// When the try that succeeded was begun: the conversation was so then, or later.
    pub as_of: Timestamp,
    /// For a support case.
    pub correlation_id: Option<String>,
}

/// The API took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// For a support case.
    pub correlation_id: Option<String>,
}

impl GenesysCloud {
    /// Reads a conversation. Needs `conversation:communication:view`.
    ///
    /// # Errors
    /// [`PermanentError::NotFound`] if there is none, or none that we may see.
    pub async fn conversation(&self, id: &str, deadline: Deadline) -> Result<ConversationBody, ApiError> {
        let operation = READ_CONVERSATION;
        let path = conversation_path(operation, id, "")?;
        let call = Call { operation, method: Method::GET, path, body: None };
        let read = |answer: Answer| {
            let (as_of, correlation_id) = (answer.asked_at, answer.correlation_id);
            match answer.body.and_then(json_object) {
                Some(json) => Ok(ConversationBody { json, as_of, correlation_id }),
                None => Err(RetryableError::UnreadableAnswer { operation: operation.name, correlation_id }.into()),
            }
        };
        self.ask_for(&call, deadline, read).await
    }

    /// Sets a conversation's external tag, by which analytics finds it. Needs `conversation:externalTag:edit`. It takes effect a
    /// little later (202); setting it twice is setting it once.
    ///
    /// # Errors
    /// [`PermanentError::NotFound`] if there is no such conversation, or none that we may see.
    pub async fn set_external_tag(&self, id: &str, tag: &str, deadline: Deadline) -> Result<Receipt, ApiError> {
        let operation = SET_EXTERNAL_TAG;
        let path = conversation_path(operation, id, "/tags")?;
        let body = Some(json!({ "externalTag": tag }).to_string());
        let answer = self.ask(&Call { operation, method: Method::PUT, path, body }, deadline).await?;
        Ok(Receipt { correlation_id: answer.correlation_id })
    }
}

fn json_object(body: String) -> Option<RawJson> {
    let json = RawValue::from_string(body).ok()?;
    json.get().starts_with('{').then(|| json.into())
}

/// The path of a conversation or of what is below it. Ids come from people too, so nothing but an id gets into a path.
pub(crate) fn conversation_path(operation: Operation, id: &str, below: &str) -> Result<String, PermanentError> {
    Ok(format!("/api/v2/conversations/{}{below}", checked_id(operation, id)?))
}

/// The id, if it is one.
pub(crate) fn checked_id(operation: Operation, id: &str) -> Result<&str, PermanentError> {
    let is_id =
        (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id.then_some(id).ok_or(PermanentError::NotAnId { operation: operation.name })
}

#[cfg(test)]
mod tests {
    use super::{READ_CONVERSATION, conversation_path};

    #[test]
    fn only_ids_get_into_a_path() {
        let path = |id| conversation_path(READ_CONVERSATION, id, "/tags").ok();
        assert_eq!(path("5d1f3a52-7e5c").as_deref(), Some("/api/v2/conversations/5d1f3a52-7e5c/tags"));
        for wrong in ["", "..", "a/b", "a?b", "a b", "é", "%2e%2e", &"a".repeat(65)] {
            assert_eq!(path(wrong), None, "{wrong}");
        }
    }
}
