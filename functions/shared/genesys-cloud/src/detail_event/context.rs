//! What all detail events have in common.

use super::fields::{FieldError, Fields};
use super::{Direction, MediaType, MessageType};

/// When and where an event happened. Genesys Cloud marks no field as required (reference/genesys-cloud.md §1.4): all but the
/// time and the conversation may be absent, and are with some kinds (`attributes` names no session, for example).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventContext {
    /// When it happened, in epoch milliseconds (UTC), at most [`LATEST_TIME_MS`](super::LATEST_TIME_MS).
    pub event_time_ms: i64,
    /// The conversation. Never empty.
    pub conversation_id: String,
    /// The participant: an agent's, a customer's, a queue's or a flow's part in the conversation.
    pub participant_id: Option<String>,
    /// The participant's session: one communication, such as one leg of a call.
    pub session_id: Option<String>,
    /// The session's medium.
    pub media_type: Option<MediaType>,
    /// Who began: the customer (inbound) or the contact centre (outbound).
    pub direction: Option<Direction>,
    /// The platform that carries the medium: `Edge`, `PureCloud Email`, `Salesforce` ….
    pub provider: Option<String>,
    /// The messaging platform, where the medium is messages.
    pub message_type: Option<MessageType>,
    /// When a callback is to be placed, in epoch milliseconds (UTC).
    pub callback_scheduled_time_ms: Option<i64>,
    /// External contacts of the whole conversation.
    pub conversation_external_contact_ids: Vec<String>,
    /// External organizations of the whole conversation.
    pub conversation_external_organization_ids: Vec<String>,
    /// The utilization label, where agents' capacity is set by label.
    pub utilization_label: Option<String>,
}

impl EventContext {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            event_time_ms: body.required_time_ms("eventTime")?,
            conversation_id: body.required_text("conversationId")?,
            participant_id: body.text("participantId")?,
            session_id: body.text("sessionId")?,
            media_type: body.word("mediaType")?,
            direction: body.word("direction")?,
            provider: body.text("provider")?,
            message_type: body.word("messageType")?,
            callback_scheduled_time_ms: body.time_ms("callbackScheduledTime")?,
            conversation_external_contact_ids: body.texts("conversationExternalContactIds")?,
            conversation_external_organization_ids: body.texts("conversationExternalOrganizationIds")?,
            utilization_label: body.text("utilizationLabel")?,
        })
    }
}
