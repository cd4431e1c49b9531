//! What goes wrong, in two types: what time may heal, and what it will not. No message shows what an answer's body says, but its
//! code: bodies may hold personal data.

mod answer;

pub use answer::{ErrorAnswer, Limit};

use std::time::Duration;

use super::operation::Operation;

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Later it may succeed.
    #[error(transparent)]
    Retryable(#[from] RetryableError),
    /// It will not, unless somebody changes something.
    #[error(transparent)]
    Permanent(#[from] PermanentError),
}

/// A failure that time may heal. Every read that ends with one has been retried as far as its deadline and good manners allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetryableError {
    /// 429: too many requests, ours or others'.
    #[error("{operation} was rate limited: {answer}")]
    RateLimited {
        /// What was tried.
        operation: &'static str,
        /// How long the API asks us to wait.
        retry_after: Option<Duration>,
        /// What the API said.
        answer: Box<ErrorAnswer>,
    },
    /// 408, 5xx, or a status that the API does not use. A 500 is not retried by the client.
    #[error("{operation} failed at Genesys Cloud: {answer}")]
    ServerError {
        /// What was tried.
        operation: &'static str,
        /// How long the API asks us to wait.
        retry_after: Option<Duration>,
        /// What the API said.
        answer: Box<ErrorAnswer>,
    },
    /// No connection could be made.
    #[error("{operation} could not connect")]
    NoConnection {
        /// What was tried.
        operation: &'static str,
    },
    /// The connection was lost, or the time was up, before the answer was complete.
    #[error("{operation} got no answer: {how}")]
    NoAnswer {
        /// What was tried.
        operation: &'static str,
        /// How it ended.
        how: &'static str,
    },
    /// A success whose body is not what it should be: something between us and Genesys Cloud, most likely.
    #[error("{operation} got an unreadable answer (correlation id {})", shown(correlation_id.as_deref()))]
    UnreadableAnswer {
        /// What was tried.
        operation: &'static str,
        /// For a support case.
        correlation_id: Option<String>,
    },
    /// The rate limit leaves no room before the deadline; nothing was sent.
    #[error("{operation} was not tried: the rate limit leaves no room before the deadline")]
    NoRoom {
        /// What was to be tried.
        operation: &'static str,
        /// When there is room again, if that is known.
        opens_in: Option<Duration>,
    },
    /// The deadline passed before anything was sent.
    #[error("{operation} was not tried: its deadline had passed")]
    DeadlinePassed {
        /// What was to be tried.
        operation: &'static str,
    },
    /// The store of secrets is out.
    #[error("the Genesys Cloud credentials could not be fetched: {reason}")]
    CredentialsUnavailable {
        /// Why not.
        reason: String,
    },
}

/// A failure that stays until somebody changes something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermanentError {
    /// 404 or 410: there is no such thing, or not in a division that we may see.
    #[error("{operation} found nothing: {answer}")]
    NotFound {
        /// What was tried.
        operation: &'static str,
        /// What the API said.
        answer: Box<ErrorAnswer>,
    },
    /// 403: the OAuth client's roles lack a permission, or it in this division.
    #[error("{operation} needs the permission {permission}: {answer}")]
    MissingPermission {
        /// What was tried.
        operation: &'static str,
        /// The permission, or several of which any will do.
        permission: String,
        /// What the API said.
        answer: Box<ErrorAnswer>,
    },
    /// Any other 4xx: the API does not take this request.
    #[error("{operation} was rejected: {answer}")]
    Rejected {
        /// What was tried.
        operation: &'static str,
        /// What the API said.
        answer: Box<ErrorAnswer>,
    },
    /// It cannot be an id, so it was not sent.
    #[error("{operation} was not tried: not a conversation id")]
    NotAnId {
        /// What was to be tried.
        operation: &'static str,
    },
    /// Nothing passes until our settings, the secret or the OAuth client change: raise an alarm.
    #[error("Genesys Cloud refused our configuration: {what}")]
    Configuration {
        /// The operation and the reason given.
        what: String,
    },
}

impl ApiError {
    /// What the API said, if it said anything.
    pub fn answer(&self) -> Option<&ErrorAnswer> {
        match self {
            Self::Retryable(
                RetryableError::RateLimited { answer, .. } | RetryableError::ServerError { answer, .. },
            )
            | Self::Permanent(
                PermanentError::NotFound { answer, .. }
                | PermanentError::MissingPermission { answer, .. }
                | PermanentError::Rejected { answer, .. },
            ) => Some(answer),
            Self::Retryable(_) | Self::Permanent(_) => None,
        }
    }

    /// The error that an answer which is not a success is.
    pub(crate) fn of(operation: Operation, answer: ErrorAnswer, retry_after: Option<Duration>) -> Self {
        let name = operation.name;
        let answer = Box::new(answer);
        match answer.status {
            429 => RetryableError::RateLimited { operation: name, retry_after, answer }.into(),
            404 | 410 => PermanentError::NotFound { operation: name, answer }.into(),
            403 => {
                let permission = answer.permission().unwrap_or_else(|| operation.permission.to_owned());
                PermanentError::MissingPermission { operation: name, permission, answer }.into()
            }
            408 => RetryableError::ServerError { operation: name, retry_after, answer }.into(),
            400..500 => PermanentError::Rejected { operation: name, answer }.into(),
            _ => RetryableError::ServerError { operation: name, retry_after, answer }.into(),
        }
    }
}

impl RetryableError {
    /// Whether anything was sent for it, or tried to be.
    pub(crate) fn was_tried(&self) -> bool {
        !matches!(self, Self::NoRoom { .. } | Self::DeadlinePassed { .. })
    }

    /// Whether the very same request is worth another try soon: a 500 is not (reference/genesys-cloud.md §3).
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::ServerError { answer, .. } => matches!(answer.status, 408 | 502 | 503 | 504),
            Self::RateLimited { .. }
            | Self::NoConnection { .. }
            | Self::NoAnswer { .. }
            | Self::UnreadableAnswer { .. } => true,
            Self::NoRoom { .. } | Self::DeadlinePassed { .. } | Self::CredentialsUnavailable { .. } => false,
        }
    }
}

fn shown(correlation_id: Option<&str>) -> &str {
    correlation_id.unwrap_or("unknown")
}
