//! Voicemail.

use super::fields::{FieldError, Fields};
use super::{DisconnectType, EventContext};

/// `voicemail.start`: a voicemail began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicemailStart {
    /// When and where.
    pub context: EventContext,
    /// The agent whom it is for.
    pub user_id: Option<String>,
    /// The queue that it is for.
    pub queue_id: Option<String>,
    /// The division.
    pub division_id: Option<String>,
}

impl VoicemailStart {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            user_id: body.text("userId")?,
            queue_id: body.text("queueId")?,
            division_id: body.text("divisionId")?,
        })
    }
}

/// `voicemail.end`: a voicemail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicemailEnd {
    /// When and where.
    pub context: EventContext,
    /// The agent whom it is for.
    pub user_id: Option<String>,
    /// The queue that it is for.
    pub queue_id: Option<String>,
    /// The division.
    pub division_id: Option<String>,
    /// How the session ended.
    pub disconnect_type: Option<DisconnectType>,
    /// Its length, in milliseconds.
    pub voicemail_duration_ms: Option<u64>,
}

impl VoicemailEnd {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            user_id: body.text("userId")?,
            queue_id: body.text("queueId")?,
            division_id: body.text("divisionId")?,
            disconnect_type: body.word("disconnectType")?,
            voicemail_duration_ms: body.duration_ms("voicemailDurationMs")?,
        })
    }
}
