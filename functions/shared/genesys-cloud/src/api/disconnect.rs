//! Disconnecting a conversation, or one message communication of it: once, with an answer that says what is known of it.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;

use super::client::{Call, GenesysCloud, Turn, Unsent};
use super::conversation::{checked_id, conversation_path};
use super::deadline::Deadline;
use super::errors::{ApiError, ErrorAnswer, PermanentError};
use super::operation::{DISCONNECT, DISCONNECT_MESSAGE, Operation};
use super::transport::Answer;

/// What to disconnect, and until when that is still right.
#[derive(Debug, Clone, Copy)]
pub struct DisconnectRequest<'a> {
    /// The conversation.
    pub conversation_id: &'a str,
    /// Nothing is sent after this: the look that justifies the disconnect is too old then.
    pub send_by: Deadline,
    /// How long to wait for the answer; later than `send_by`, so that a request sent late is not left unknown.
    pub answer_by: Deadline,
}

/// Which message communication to disconnect, and until when that is still right.
#[derive(Debug, Clone, Copy)]
pub struct DisconnectMessageRequest<'a> {
    /// The conversation.
    pub conversation_id: &'a str,
    /// Whose communication it is.
    pub participant_id: &'a str,
    /// The communication.
    pub communication_id: &'a str,
    /// Nothing is sent after this.
    pub send_by: Deadline,
    /// How long to wait for the answer.
    pub answer_by: Deadline,
}

/// What came of a disconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Disconnection {
    /// What is known.
    pub answer: DisconnectAnswer,
    /// When it began: if it was sent, then or later.
    pub at: Timestamp,
    /// For a support case; none without an answer.
    pub correlation_id: Option<String>,
}

/// What is known of a disconnect. The platform does not say what it answers for a conversation that is over
/// (reference/genesys-cloud.md §2.1), so whatever this is, the next thing to do is to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisconnectAnswer {
    /// 202: it will be torn down, or so the platform says.
    Accepted,
    /// 404 or 410: there is no such conversation (any more), or not in a division that we may see.
    NotFound(ErrorAnswer),
    /// 409 or 400: not in a state to be disconnected; most likely it is over.
    Conflict(ErrorAnswer),
    /// 429: not done.
    RateLimited {
        /// How long the API asks us to wait.
        retry_after: Option<Duration>,
        /// What the API said.
        answer: ErrorAnswer,
    },
    /// 5xx, or a status that the API does not use: done or not.
    ServerError(ErrorAnswer),
    /// 403, or any other 4xx: the error names the permission or the code.
    Refused(ApiError),
    /// No answer came after it may have been sent: it counts as sent.
    Unknown {
        /// How it ended.
        how: &'static str,
    },
    /// Not sent, or turned away for its token: no connection, no token, no room in the rate limit, no time.
    NotSent(ApiError),
}

impl DisconnectAnswer {
    /// Whether the conversation may be torn down because of this request.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Accepted | Self::ServerError(_) | Self::Unknown { .. } => true,
            Self::NotFound(_) | Self::Conflict(_) | Self::RateLimited { .. } | Self::Refused(_) | Self::NotSent(_) => {
                false
            }
        }
    }
}

impl GenesysCloud {
    /// Disconnects a conversation: `POST /api/v2/conversations/{id}/disconnect`, which tears all of it down, after-call work
    /// included. Needs `conversation:communication:disconnect`. Never repeated: at most one such request is handled.
    pub async fn disconnect(&self, request: DisconnectRequest<'_>) -> Disconnection {
        self.send_disconnect(None, request.call(DISCONNECT), request.send_by, request.answer_by).await
    }

    /// The same, by a turn that was taken before.
    pub async fn disconnect_by(&self, turn: Turn<'_>, request: DisconnectRequest<'_>) -> Disconnection {
        self.send_disconnect(Some(turn), request.call(DISCONNECT), request.send_by, request.answer_by).await
    }

    /// Disconnects one message communication, such as the customer's, and nothing else: other participants keep theirs, and
    /// after-call work stays to be done. Never repeated: at most one such request is handled.
    pub async fn disconnect_message(&self, request: DisconnectMessageRequest<'_>) -> Disconnection {
        self.send_disconnect(None, request.call(DISCONNECT_MESSAGE), request.send_by, request.answer_by).await
    }

    async fn send_disconnect(
        &self,
        turn: Option<Turn<'_>>,
        call: Result<Call, PermanentError>,
        send_by: Deadline,
        answer_by: Deadline,
    ) -> Disconnection {
        let at = Timestamp::now();
        let not_sent = |error| Disconnection { answer: DisconnectAnswer::NotSent(error), at, correlation_id: None };
        let call = match call {
            Ok(call) => call,
            Err(error) => return not_sent(error.into()),
        };
        match self.send(&call, turn, send_by, answer_by).await {
            Ok(answer) => {
                let judged = judge(call.operation, &answer);
                Disconnection { answer: judged, at, correlation_id: answer.correlation_id }
            }
            Err(Unsent::NotDone(error)) => not_sent(error),
            Err(Unsent::Unknown { how }) => {
                Disconnection { answer: DisconnectAnswer::Unknown { how }, at, correlation_id: None }
            }
        }
    }
}

impl DisconnectRequest<'_> {
    fn call(&self, operation: Operation) -> Result<Call, PermanentError> {
        let path = conversation_path(operation, self.conversation_id, "/disconnect")?;
        Ok(Call { operation, method: Method::POST, path, body: None })
    }
}

impl DisconnectMessageRequest<'_> {
    fn call(&self, operation: Operation) -> Result<Call, PermanentError> {
        let [conversation, participant, communication] =
            [self.conversation_id, self.participant_id, self.communication_id].map(|id| checked_id(operation, id));
        let path = format!(
            "/api/v2/conversations/messages/{}/participants/{}/communications/{}",
            conversation?, participant?, communication?
        );
        let body = Some(json!({ "state": "disconnected" }).to_string());
        Ok(Call { operation, method: Method::PATCH, path, body })
    }
}

fn judge(operation: Operation, answer: &Answer) -> DisconnectAnswer {
    let error = answer.error();
    match answer.status {
        200..300 => DisconnectAnswer::Accepted,
        404 | 410 => DisconnectAnswer::NotFound(error),
        400 | 409 => DisconnectAnswer::Conflict(error),
        429 => DisconnectAnswer::RateLimited { retry_after: answer.retry_after, answer: error },
        401..500 if answer.status != 408 => DisconnectAnswer::Refused(ApiError::of(operation, error, None)),
        _ => DisconnectAnswer::ServerError(error),
    }
}
