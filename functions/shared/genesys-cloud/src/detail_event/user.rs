//! An agent's session in a conversation.

use super::fields::{FieldError, Fields};
use super::{DisconnectType, EventContext};

/// `user.start`: an agent's session began, alerting (or dialling, where the agent calls).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStart {
    /// When and where.
    pub context: EventContext,
    /// The agent.
    pub user_id: Option<String>,
    /// The agent's division.
    pub division_id: Option<String>,
    /// The queue that routed the interaction; none means that it did not come through ACD.
    pub queue_id: Option<String>,
}

impl UserStart {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            user_id: body.text("userId")?,
            division_id: body.text("divisionId")?,
            queue_id: body.text("queueId")?,
        })
    }
}

/// `user.end`: an agent's session ended. Durations are the whole session's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEnd {
    /// When and where.
    pub context: EventContext,
    /// The agent.
    pub user_id: Option<String>,
    /// The agent's division.
    pub division_id: Option<String>,
    /// The queue that routed the interaction; none means that it did not come through ACD.
    pub queue_id: Option<String>,
    /// How the session ended.
    pub disconnect_type: Option<DisconnectType>,
    /// Time interacting, in milliseconds.
    pub interacting_duration_ms: Option<u64>,
    /// Time held, in milliseconds; with digital media, the time that the agent's focus was elsewhere
    /// (reference/genesys-cloud.md §6). It may exceed the time interacting.
    pub held_duration_ms: Option<u64>,
    /// Time alerting, in milliseconds.
    pub alerting_duration_ms: Option<u64>,
    /// Time until the far end's device was reached, in milliseconds.
    pub contacting_duration_ms: Option<u64>,
    /// Time dialling, in milliseconds.
    pub dialing_duration_ms: Option<u64>,
    /// Time on a callback before its call, in milliseconds.
    pub callback_duration_ms: Option<u64>,
}

impl UserEnd {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            user_id: body.text("userId")?,
            division_id: body.text("divisionId")?,
            queue_id: body.text("queueId")?,
            disconnect_type: body.word("disconnectType")?,
            interacting_duration_ms: body.duration_ms("interactingDurationMs")?,
            held_duration_ms: body.duration_ms("heldDurationMs")?,
            alerting_duration_ms: body.duration_ms("alertingDurationMs")?,
            contacting_duration_ms: body.duration_ms("contactingDurationMs")?,
            dialing_duration_ms: body.duration_ms("dialingDurationMs")?,
            callback_duration_ms: body.duration_ms("callbackDurationMs")?,
        })
    }
}
