//! What an agent does after the interaction. Wrap-up notes are personal data and not read.

use super::EventContext;
use super::fields::{FieldError, Fields};

/// `acw`: an agent finished after-call work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterCallWork {
    /// When and where.
    pub context: EventContext,
    /// The agent.
    pub user_id: Option<String>,
    /// The queue that the interaction came through.
    pub queue_id: Option<String>,
    /// The wrap-up code's id.
    pub wrapup_code: Option<String>,
    /// How long the work took, in milliseconds.
    pub wrapup_duration_ms: Option<u64>,
}

impl AfterCallWork {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            user_id: body.text("userId")?,
            queue_id: body.text("queueId")?,
            wrapup_code: body.text("wrapupCode")?,
            wrapup_duration_ms: body.duration_ms("wrapupDurationMs")?,
        })
    }
}

/// `wrapup`: a wrap-up code was set. It does not name the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapup {
    /// When and where.
    pub context: EventContext,
    /// The queue that the interaction came through.
    pub queue_id: Option<String>,
    /// The wrap-up code's id.
    pub wrapup_code: Option<String>,
    /// How long the work took, in milliseconds.
    pub wrapup_duration_ms: Option<u64>,
}

impl Wrapup {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            queue_id: body.text("queueId")?,
            wrapup_code: body.text("wrapupCode")?,
            wrapup_duration_ms: body.duration_ms("wrapupDurationMs")?,
        })
    }
}
