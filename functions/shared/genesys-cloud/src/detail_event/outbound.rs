//! Outbound campaigns.

use super::EventContext;
use super::fields::{FieldError, Fields};

/// `outbound`: a campaign placed the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// When and where.
    pub context: EventContext,
    /// The campaign.
    pub outbound_campaign_id: Option<String>,
    /// The list that the contact is from.
    pub outbound_contact_list_id: Option<String>,
    /// The contact's id within that list.
    pub outbound_contact_id: Option<String>,
    /// The campaign's division.
    pub division_id: Option<String>,
}

impl Outbound {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            outbound_campaign_id: body.text("outboundCampaignId")?,
            outbound_contact_list_id: body.text("outboundContactListId")?,
            outbound_contact_id: body.text("outboundContactId")?,
            division_id: body.text("divisionId")?,
        })
    }
}
