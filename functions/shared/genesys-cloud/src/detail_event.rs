//! Conversation detail events: what happened to one participant of one conversation, at one moment.
//!
//! The schemas are those of reference/genesys-cloud.md §1.4. A tour:
//!
//! - [`Topic`]: the sixteen kinds, and the `EventBridge` `detail-type` of each.
//! - [`Detail`]: one parsed `EventBridge` `detail`; its [`DetailEvent`] carries one struct for each kind.
//! - [`EventContext`]: when and where it happened, the block of fields that every kind begins with.
//! - [`MediaType`], [`Direction`], [`DisconnectType`] …: the platform's vocabularies. They grow, so an unknown word is
//!   [`Unknown`](MediaType::Unknown), never an error.
//! - [`ParseError`]: which field is not what the schema promises. It never holds a value from the event.
//!
//! Personal data (`ani`, `dnis`, `addressTo`, `addressFrom`, `subject`, `callbackUserName`, `callbackNumbers`,
//! `wrapupNotes`) has no field here, so it cannot be logged or stored. Participant attributes do: one of them names the
//! Salesforce Case. [`AttributeMap`] shows their names only.

mod acd;
mod after_call_work;
mod attributes;
mod context;
mod customer;
mod error;
mod fields;
mod flow;
mod outbound;
mod topic;
mod user;
mod vocabulary;
mod voicemail;

pub use acd::{AcdEnd, AcdStart};
pub use after_call_work::{AfterCallWork, Wrapup};
pub use attributes::{AttributeMap, Attributes, CommunicationReference};
pub use context::EventContext;
pub use customer::{Contact, CustomerEnd, CustomerStart, JourneyContext};
pub use error::{JsonKind, ParseError};
pub use fields::LATEST_TIME_MS;
pub use flow::{Flow, FlowEnd, FlowMilestone, FlowOutcome, FlowStart};
pub use outbound::Outbound;
pub use topic::Topic;
pub use user::{UserEnd, UserStart};
pub use vocabulary::{
    AcdOutcome, Direction, DisconnectType, FlowExitReason, FlowOutcomeValue, FlowTransferType, MediaType, MessageType,
    UnknownName, UsedRouting,
};
pub use voicemail::{VoicemailEnd, VoicemailStart};

use fields::{FieldError, Fields};

/// The `detail` of an `EventBridge` event from Genesys Cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The event proper: `detail.eventBody`.
    pub event: DetailEvent,
    /// Genesys Cloud's correlation id (`detail.metadata.CorrelationId`), for logs and support cases.
    pub correlation_id: Option<String>,
}

impl Detail {
    /// Reads an `EventBridge` `detail`: `{topicName, version, eventBody, metadata, timestamp}`, of which only `eventBody` has
    /// to be there. The topic comes from the envelope's `detail-type`: `topicName` is not reliable
    /// (reference/genesys-cloud.md §1.1).
    pub fn parse(topic: Topic, detail_json: &str) -> Result<Self, ParseError> {
        Self::read(topic, detail_json).map_err(|error| error.at(topic))
    }

    fn read(topic: Topic, detail_json: &str) -> Result<Self, FieldError> {
        let detail = Fields::parse(detail_json)?;
        let event = detail.required_object("eventBody", |body| DetailEvent::read(topic, body))?;
        // Metadata only serves diagnosis: whatever it looks like, the event is good without it.
        let correlation_id =
            detail.optional_object("metadata", |metadata| metadata.text("CorrelationId")).ok().flatten().flatten();
        Ok(Self { event, correlation_id })
    }
}

/// A conversation detail event, by topic (reference/genesys-cloud.md §1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetailEvent {
    /// `acd.start`: the conversation entered a queue.
    AcdStart(AcdStart),
    /// `acd.end`: it left the queue.
    AcdEnd(AcdEnd),
    /// `acw`: an agent finished after-call work.
    AfterCallWork(AfterCallWork),
    /// `attributes`: a participant's attributes changed.
    Attributes(Attributes),
    /// `contact`: an external contact was set on the conversation.
    Contact(Contact),
    /// `customer.start`: a customer joined.
    CustomerStart(CustomerStart),
    /// `customer.end`: a customer left.
    CustomerEnd(CustomerEnd),
    /// `flow.start`: an Architect flow began.
    FlowStart(FlowStart),
    /// `flow.end`: an Architect flow ended.
    FlowEnd(FlowEnd),
    /// `flow.outcome`: an Architect flow reported an outcome.
    FlowOutcome(FlowOutcome),
    /// `outbound`: a campaign placed the contact.
    Outbound(Outbound),
    /// `user.start`: an agent's session began, alerting.
    UserStart(UserStart),
    /// `user.end`: an agent's session ended, with its durations.
    UserEnd(UserEnd),
    /// `voicemail.start`: a voicemail began.
    VoicemailStart(VoicemailStart),
    /// `voicemail.end`: a voicemail ended.
    VoicemailEnd(VoicemailEnd),
    /// `wrapup`: a wrap-up code was set.
    Wrapup(Wrapup),
}

impl DetailEvent {
    /// [`Detail::parse`], for callers that need the event alone.
    pub fn parse(topic: Topic, detail_json: &str) -> Result<Self, ParseError> {
        Detail::parse(topic, detail_json).map(|detail| detail.event)
    }

    fn read(topic: Topic, body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match topic {
            Topic::AcdStart => Self::AcdStart(AcdStart::read(body)?),
            Topic::AcdEnd => Self::AcdEnd(AcdEnd::read(body)?),
            Topic::AfterCallWork => Self::AfterCallWork(AfterCallWork::read(body)?),
            Topic::Attributes => Self::Attributes(Attributes::read(body)?),
            Topic::Contact => Self::Contact(Contact::read(body)?),
            Topic::CustomerStart => Self::CustomerStart(CustomerStart::read(body)?),
            Topic::CustomerEnd => Self::CustomerEnd(CustomerEnd::read(body)?),
            Topic::FlowStart => Self::FlowStart(FlowStart::read(body)?),
            Topic::FlowEnd => Self::FlowEnd(FlowEnd::read(body)?),
            Topic::FlowOutcome => Self::FlowOutcome(FlowOutcome::read(body)?),
            Topic::Outbound => Self::Outbound(Outbound::read(body)?),
            Topic::UserStart => Self::UserStart(UserStart::read(body)?),
            Topic::UserEnd => Self::UserEnd(UserEnd::read(body)?),
            Topic::VoicemailStart => Self::VoicemailStart(VoicemailStart::read(body)?),
            Topic::VoicemailEnd => Self::VoicemailEnd(VoicemailEnd::read(body)?),
            Topic::Wrapup => Self::Wrapup(Wrapup::read(body)?),
        })
    }

    /// The topic that this event was parsed as.
    pub fn topic(&self) -> Topic {
        match self {
            Self::AcdStart(_) => Topic::AcdStart,
            Self::AcdEnd(_) => Topic::AcdEnd,
            Self::AfterCallWork(_) => Topic::AfterCallWork,
            Self::Attributes(_) => Topic::Attributes,
            Self::Contact(_) => Topic::Contact,
            Self::CustomerStart(_) => Topic::CustomerStart,
            Self::CustomerEnd(_) => Topic::CustomerEnd,
            Self::FlowStart(_) => Topic::FlowStart,
            Self::FlowEnd(_) => Topic::FlowEnd,
            Self::FlowOutcome(_) => Topic::FlowOutcome,
            Self::Outbound(_) => Topic::Outbound,
            Self::UserStart(_) => Topic::UserStart,
            Self::UserEnd(_) => Topic::UserEnd,
            Self::VoicemailStart(_) => Topic::VoicemailStart,
            Self::VoicemailEnd(_) => Topic::VoicemailEnd,
            Self::Wrapup(_) => Topic::Wrapup,
        }
    }

    /// When and where it happened: what all kinds have in common.
    pub fn context(&self) -> &EventContext {
        match self {
            Self::AcdStart(event) => &event.context,
            Self::AcdEnd(event) => &event.context,
            Self::AfterCallWork(event) => &event.context,
            Self::Attributes(event) => &event.context,
            Self::Contact(event) => &event.context,
            Self::CustomerStart(event) => &event.context,
            Self::CustomerEnd(event) => &event.context,
            Self::FlowStart(event) => &event.context,
            Self::FlowEnd(event) => &event.context,
            Self::FlowOutcome(event) => &event.context,
            Self::Outbound(event) => &event.context,
            Self::UserStart(event) => &event.context,
            Self::UserEnd(event) => &event.context,
            Self::VoicemailStart(event) => &event.context,
            Self::VoicemailEnd(event) => &event.context,
            Self::Wrapup(event) => &event.context,
        }
    }
}
