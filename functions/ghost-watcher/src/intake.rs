//! From events to facts: what an event says of which session.
//!
//! Sessions begin and end; nothing else that events tell makes a conversation due earlier. After-call work in particular is
//! told of when it is over, and while it lasts it speaks for life: not to know of it is the safe side.

use std::collections::BTreeMap;

use genesys_cloud::detail_event::{DetailEvent, Direction, EventContext, Topic};

use crate::facts::{CallbackSchedule, ConversationFacts, Party, Session, Traits};

/// Facts, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// The conversation.
    pub conversation_id: String,
    /// What is known of it from this one event.
    pub facts: ConversationFacts,
}

/// An event that should have been understood, and lacks what it takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{topic}: {field} is {found}; expected a UUID")]
pub struct Incomplete {
    topic: Topic,
    field: &'static str,
    found: &'static str,
}

/// Whether the event tells when a session began or when it ended.
enum Moment {
    Start,
    End,
}

/// Understands an event; `None` if it is of a kind that this function does not use.
pub fn intake(event: &DetailEvent) -> Result<Option<Intake>, Incomplete> {
    let (party, moment, queue) = match event {
        DetailEvent::CustomerStart(_) => (Party::Customer, Moment::Start, None),
        DetailEvent::CustomerEnd(_) => (Party::Customer, Moment::End, None),
        DetailEvent::UserStart(start) => (Party::User, Moment::Start, start.queue_id.as_ref()),
        DetailEvent::UserEnd(end) => (Party::User, Moment::End, end.queue_id.as_ref()),
        DetailEvent::AcdStart(start) => (Party::Acd, Moment::Start, start.queue_id.as_ref()),
        DetailEvent::AcdEnd(end) => (Party::Acd, Moment::End, end.queue_id.as_ref()),
        DetailEvent::FlowStart(_) => (Party::Flow, Moment::Start, None),
        DetailEvent::FlowEnd(_) => (Party::Flow, Moment::End, None),
        DetailEvent::VoicemailStart(start) => (Party::Voicemail, Moment::Start, start.queue_id.as_ref()),
        DetailEvent::VoicemailEnd(end) => (Party::Voicemail, Moment::End, end.queue_id.as_ref()),
        DetailEvent::AfterCallWork(_)
        | DetailEvent::Attributes(_)
        | DetailEvent::Contact(_)
        | DetailEvent::FlowOutcome(_)
        | DetailEvent::Outbound(_)
        | DetailEvent::Wrapup(_) => return Ok(None),
    };
    let topic = event.topic();
    let context = event.context();
    let at = context.event_time_ms;
    let session = Session {
        traits: traits(context, queue),
        participant: context.participant_id.clone().filter(|id| is_id(id)),
        start: matches!(moment, Moment::Start).then_some(at),
        end: matches!(moment, Moment::End).then_some(at),
    };
    let callback = context.callback_scheduled_time_ms;
    let session_id = id(topic, "sessionId", context.session_id.as_deref())?;
    let facts = ConversationFacts {
        sessions: BTreeMap::from([(party, BTreeMap::from([(session_id, session)]))]),
        callback: callback.map(|scheduled_for| CallbackSchedule { told_at: at, scheduled_for }),
        ..ConversationFacts::default()
    };
    let conversation_id = id(topic, "conversationId", Some(&context.conversation_id))?;
    Ok(Some(Intake { conversation_id, facts }))
}

fn traits(context: &EventContext, queue: Option<&String>) -> Traits {
    Traits {
        media: context.media_type,
        direction: context.direction.filter(|direction| *direction != Direction::Unknown),
        queue: queue.filter(|id| is_id(id)).cloned(),
        provider: context.provider.clone().filter(|provider| is_name(provider)),
    }
}

/// Ids become keys: letters, digits and hyphens, as Genesys Cloud's UUIDs.
fn id(topic: Topic, field: &'static str, value: Option<&str>) -> Result<String, Incomplete> {
    let value = value.ok_or(Incomplete { topic, field, found: "missing" })?;
    if is_id(value) { Ok(value.to_owned()) } else { Err(Incomplete { topic, field, found: "no id" }) }
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}

/// Names of providers are short: `Edge`, `PureCloud Email`. Nothing else is stored in their place.
fn is_name(text: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, ' ' | '.' | '_' | '-');
    text.len() <= 64 && text.chars().all(fits)
}
