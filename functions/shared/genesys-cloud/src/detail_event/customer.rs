//! The customer's side of a conversation.

use super::fields::{FieldError, Fields};
use super::{DisconnectType, EventContext};

/// `customer.start`: a customer joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerStart {
    /// When and where.
    pub context: EventContext,
    /// The external contact who the customer is known as.
    pub external_contact_id: Option<String>,
    /// The external contact's organization.
    pub external_organization_id: Option<String>,
    /// The division.
    pub division_id: Option<String>,
    /// The web journey that led here.
    pub journey_context: Option<JourneyContext>,
}

impl CustomerStart {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            external_contact_id: body.text("externalContactId")?,
            external_organization_id: body.text("externalOrganizationId")?,
            division_id: body.text("divisionId")?,
            journey_context: body.optional_object("journeyContext", JourneyContext::read)?,
        })
    }
}

/// The web journey that a conversation came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JourneyContext {
    /// The journey's session (not a communication's).
    pub session_id: Option<String>,
    /// What kind of journey session: `web`, `app` ….
    pub session_id_type: Option<String>,
    /// The journey action that offered the conversation.
    pub action_id: Option<String>,
    /// The action map that the action came from.
    pub action_map_id: Option<String>,
}

impl JourneyContext {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            session_id: fields.text("sessionId")?,
            session_id_type: fields.text("sessionIdType")?,
            action_id: fields.text("actionId")?,
            action_map_id: fields.text("actionMapId")?,
        })
    }
}

/// `customer.end`: a customer left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerEnd {
    /// When and where.
    pub context: EventContext,
    /// The external contact who the customer is known as.
    pub external_contact_id: Option<String>,
    /// The external contact's organization.
    pub external_organization_id: Option<String>,
    /// The division.
    pub division_id: Option<String>,
    /// How the session ended.
    pub disconnect_type: Option<DisconnectType>,
    /// How long the customer interacted, in milliseconds.
    pub interacting_duration_ms: Option<u64>,
}

impl CustomerEnd {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            external_contact_id: body.text("externalContactId")?,
            external_organization_id: body.text("externalOrganizationId")?,
            division_id: body.text("divisionId")?,
            disconnect_type: body.word("disconnectType")?,
            interacting_duration_ms: body.duration_ms("interactingDurationMs")?,
        })
    }
}

/// `contact`: an external contact was set on the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// When and where.
    pub context: EventContext,
    /// The external contact.
    pub external_contact_id: Option<String>,
    /// The external contact's organization.
    pub external_organization_id: Option<String>,
    /// The division.
    pub division_id: Option<String>,
}

impl Contact {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            external_contact_id: body.text("externalContactId")?,
            external_organization_id: body.text("externalOrganizationId")?,
            division_id: body.text("divisionId")?,
        })
    }
}
