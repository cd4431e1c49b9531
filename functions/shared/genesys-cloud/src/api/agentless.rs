//! A message without an agent: once, with an answer that says what is known of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Call, GenesysCloud, Unsent};
use super::deadline::Deadline;
use super::errors::{ApiError, ErrorAnswer, PermanentError};
use super::messaging::{Recipient, To};
use super::operation::SEND_MESSAGE;
use super::transport::Answer;

const PATH: &str = "/api/v2/conversations/messages/agentless";

/// The longest text that every channel takes, in characters: that of an SMS (reference/genesys-cloud.md §2.3).
pub const LONGEST_TEXT: usize = 765;

/// What to send, and until when that is still right.
#[derive(Debug, Clone, Copy)]
pub struct AgentlessMessage<'a> {
    /// To whom.
    pub recipient: &'a Recipient,
    /// The text, at most [`LONGEST_TEXT`] characters.
    pub text: &'a str,
    /// Whether it goes into a conversation in which the recipient is connected to an agent, a queue, a flow or a bot. If not,
    /// Genesys Cloud itself refuses it then, which no look can replace: the message is addressed to a person and not to a
    /// conversation. A bot takes what it gets this way for the customer's words (help.mypurecloud.com, "How do I send an SMS
    /// from an Architect call flow").
    pub barges_in: bool,
    /// Nothing is sent after this.
    pub send_by: Deadline,
    /// How long to wait for the answer.
    pub answer_by: Deadline,
}

/// What is known of a message. It is never sent again by itself: the platform has no way to tell a repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// It was taken.
    Sent,
    /// 409: the recipient can be sent nothing now.
    NotTaken(ErrorAnswer),
    /// 400, 403, …: it will not be taken unless somebody changes something.
    Refused(PermanentError),
    /// It was not sent, or turned away before anything was done: no connection, no token, no room in the rate limit.
    NotSent(ApiError),
    /// 5xx, or no answer: it may have been sent.
    Unknown {
        /// How it ended.
        how: String,
    },
}

impl GenesysCloud {
    /// Sends a message without an agent:
    /// `POST /api/v2/conversations/messages/agentless`. Needs `conversation:message:create`. Never repeated.
    pub async fn send_agentless(&self, message: AgentlessMessage<'_>) -> Delivery {
        let Recipient { from_address, messenger_type, to } = message.recipient;
        let mut body = json!({
            "fromAddress": from_address,
            "toAddressMessengerType": messenger_type,
            "textBody": message.text,
            "useExistingActiveConversation": message.barges_in,
        });
        let (field, value) = match to {
            To::Address(address) => ("toAddress", address),
            To::ExternalContact(id) => ("externalContactId", id),
        };
        body[field] = Value::from(value.as_str());
        let (method, path) = (Method::POST, PATH.to_owned());
        let call = Call { operation: SEND_MESSAGE, method, path, body: Some(body.to_string()) };
        match self.send(&call, None, message.send_by, message.answer_by).await {
            Ok(answer) => judge(&answer),
            Err(Unsent::NotDone(ApiError::Permanent(error))) => Delivery::Refused(error),
            Err(Unsent::NotDone(error)) => Delivery::NotSent(error),
            Err(Unsent::Unknown { how }) => Delivery::Unknown { how: how.to_owned() },
        }
    }
}

fn judge(answer: &Answer) -> Delivery {
    let error = answer.error();
    match answer.status {
        200..300 => Delivery::Sent,
        409 => Delivery::NotTaken(error),
        429 => Delivery::NotSent(ApiError::of(SEND_MESSAGE, error, answer.retry_after)),
        400..500 if answer.status != 408 => match ApiError::of(SEND_MESSAGE, error, None) {
            ApiError::Permanent(error) => Delivery::Refused(error),
            ApiError::Retryable(error) => Delivery::Unknown { how: error.to_string() },
        },
        _ => Delivery::Unknown { how: error.to_string() },
    }
}
