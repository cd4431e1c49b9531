//! Participant attributes: what flows, scripts and integrations noted on a participant.

use std::collections::BTreeMap;
use std::fmt;

use super::fields::{FieldError, Fields};
use super::{EventContext, MediaType};

/// `attributes`: a participant's attributes changed. It names no session in its context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// When and where.
    pub context: EventContext,
    /// The participant's attributes.
    pub attributes: AttributeMap,
    /// The participant's communications.
    pub communications: Vec<CommunicationReference>,
    /// When the participant joined, in epoch milliseconds (UTC).
    pub participant_start_time_ms: Option<i64>,
}

impl Attributes {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            attributes: body
                .optional_object("attributes", |fields| Ok(AttributeMap::read(fields)))?
                .unwrap_or_default(),
            communications: body.objects("communications", CommunicationReference::read)?,
            participant_start_time_ms: body.time_ms("participantStartTime")?,
        })
    }
}

/// A communication of the participant whose attributes changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunicationReference {
    /// The communication, which other events call the session.
    pub id: Option<String>,
    /// Its medium.
    pub media_type: Option<MediaType>,
}

impl CommunicationReference {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { id: fields.text("id")?, media_type: fields.word("mediaType")? })
    }
}

/// Attributes by name. The values may be personal data: they can be looked up, but are neither shown nor serialized.
/// A value that is not a string is against the schema, and left out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AttributeMap(BTreeMap<String, String>);

impl AttributeMap {
    fn read(fields: &Fields<'_>) -> Self {
        Self(fields.all_texts().collect())
    }

    /// The value of the attribute of this name, in any case: integrations differ in how they write it
    /// (reference/genesys-cloud.md §6). Of several, the exact name wins, then the first in the order of names.
    pub fn get(&self, name: &str) -> Option<&str> {
        let exact = self.0.get(name);
        let value =
            exact.or_else(|| self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
        value.map(String::as_str)
    }

    /// The attributes' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for AttributeMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.names().map(|name| (name, format_args!("(hidden)")));
        formatter.debug_map().entries(hidden).finish()
    }
}
