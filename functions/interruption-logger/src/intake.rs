//! From events to facts: what an event says of which agent and which conversation.

use std::collections::{BTreeMap, BTreeSet};

use genesys_cloud::detail_event::{
    AcdOutcome, Attributes, DetailEvent, Direction, EventContext, MediaType, Topic, UserEnd, UserStart,
};

use crate::facts::{AfterCallWork, AgentFacts, Session, SessionEnd};
use crate::references::{CaseNews, WorkedOn};
use crate::timeline::Rules;

/// What an event comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Intake {
    /// Facts of an agent and, if the session is interruptible, that the agent worked on the conversation.
    Agent {
        /// The agent's Genesys Cloud user id.
        agent: String,
        /// The facts.
        facts: AgentFacts,
        /// Where to tell of the Case when it becomes known.
        worked_on: Option<WorkedOn>,
    },
    /// The Case of a conversation.
    Case(Vec<CaseNews>),
    /// Nothing that this function needs.
    Unused,
}

/// An event that should have been understood, and lacks what it takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{topic}: {field} is {found}; expected {expected}")]
pub struct Incomplete {
    topic: Topic,
    field: &'static str,
    found: &'static str,
    expected: &'static str,
}

/// Whether events of this topic are of any use. Of all others it does not matter what they hold.
pub fn is_used(topic: Topic, rules: &Rules) -> bool {
    match topic {
        Topic::UserStart | Topic::UserEnd | Topic::AcdEnd | Topic::Attributes => true,
        Topic::AfterCallWork => rules.include_after_call_work,
        _ => false,
    }
}

/// Understands an event.
pub fn intake(event: &DetailEvent, rules: &Rules) -> Result<Intake, Incomplete> {
    match event {
        DetailEvent::UserStart(start) => user_start(start, rules),
        DetailEvent::UserEnd(end) => user_end(end, rules),
        DetailEvent::AfterCallWork(work) if rules.include_after_call_work => {
            let parts =
                Parts::of(Topic::AfterCallWork, &work.context, work.user_id.as_deref(), work.queue_id.as_deref())?;
            let at = work.context.event_time_ms;
            let duration_ms = signed(work.wrapup_duration_ms);
            Ok(parts.intake(rules, |session| session.after_call_work = Some(AfterCallWork { duration_ms, at })))
        }
        DetailEvent::AcdEnd(end) if end.acd_outcome == Some(AcdOutcome::Answered) => {
            let context = &end.context;
            // The queue's session may tell less of itself than the agent's, which decides.
            let of_use = |media| rules.is_interruptible(media) || rules.interrupting.contains(&media);
            if !context.media_type.is_none_or(of_use) {
                return Ok(Intake::Unused);
            }
            // Who answered is told by `user.end` too: without it nothing is lost.
            let Some(answered_by) = end.answered_user_id.as_deref() else { return Ok(Intake::Unused) };
            let topic = Topic::AcdEnd;
            let agent = id(topic, "answeredUserId", Some(answered_by))?;
            let conversation = id(topic, "conversationId", Some(&context.conversation_id))?;
            let answered = BTreeMap::from([(conversation, BTreeSet::from([context.event_time_ms]))]);
            Ok(Intake::Agent { agent, facts: AgentFacts { answered, ..AgentFacts::default() }, worked_on: None })
        }
        DetailEvent::Attributes(attributes) => case(attributes, rules),
        _ => Ok(Intake::Unused),
    }
}

fn user_start(start: &UserStart, rules: &Rules) -> Result<Intake, Incomplete> {
    let parts = Parts::of(Topic::UserStart, &start.context, start.user_id.as_deref(), start.queue_id.as_deref())?;
    Ok(parts.intake(rules, |session| session.start = Some(start.context.event_time_ms)))
}

fn user_end(end: &UserEnd, rules: &Rules) -> Result<Intake, Incomplete> {
    let parts = Parts::of(Topic::UserEnd, &end.context, end.user_id.as_deref(), end.queue_id.as_deref())?;
    let (interacting_ms, held_ms) = (signed(end.interacting_duration_ms), signed(end.held_duration_ms));
    Ok(parts.intake(rules, |session| {
        session.end = Some(SessionEnd {
            answered: interacting_ms > 0 || held_ms > 0,
            at: end.context.event_time_ms,
            interacting_ms,
            held_ms,
            alerting_ms: signed(end.alerting_duration_ms),
            contacting_ms: signed(end.contacting_duration_ms),
            dialing_ms: signed(end.dialing_duration_ms),
            callback_ms: signed(end.callback_duration_ms),
        });
    }))
}

fn case(attributes: &Attributes, rules: &Rules) -> Result<Intake, Incomplete> {
    let mut news = Vec::new();
    for name in &rules.case_attributes {
        let Some(value) = attributes.attributes.get(name).map(str::trim) else { continue };
        // An attribute that flows set to nothing does not refer to a Case; neither does a text.
        if value.is_empty() || value.chars().count() > CASE_REFERENCE_CHARACTERS_MAX {
            continue;
        }
        news.push(CaseNews {
            conversation: id(Topic::Attributes, "conversationId", Some(&attributes.context.conversation_id))?,
            attribute: name.clone(),
            at: attributes.context.event_time_ms,
            value: value.to_owned(),
        });
    }
    Ok(if news.is_empty() { Intake::Unused } else { Intake::Case(news) })
}

/// Salesforce's longest external id.
const CASE_REFERENCE_CHARACTERS_MAX: usize = 255;

/// What all events of an agent's session have in common.
struct Parts {
    agent: String,
    session: String,
    blank: Session,
    at: i64,
}

impl Parts {
    fn of(topic: Topic, context: &EventContext, user: Option<&str>, queue: Option<&str>) -> Result<Self, Incomplete> {
        let blank = Session {
            conversation: id(topic, "conversationId", Some(&context.conversation_id))?,
            media: context.media_type.unwrap_or(MediaType::Unknown),
            direction: context.direction.unwrap_or(Direction::Unknown),
            queue: queue.map(str::to_owned),
            start: None,
            end: None,
            after_call_work: None,
            lapsed_at: None,
        };
        Ok(Self {
            agent: id(topic, "userId", user)?,
            session: id(topic, "sessionId", context.session_id.as_deref())?,
            blank,
            at: context.event_time_ms,
        })
    }

    fn intake(self, rules: &Rules, learn: impl FnOnce(&mut Session)) -> Intake {
        let mut session = self.blank;
        let interruptible = rules.is_interruptible(session.media);
        if !interruptible && !rules.is_interrupting(session.media, session.direction) {
            return Intake::Unused;
        }
        learn(&mut session);
        let worked_on = interruptible.then(|| WorkedOn {
            conversation: session.conversation.clone(),
            agent: self.agent.clone(),
            at: self.at,
        });
        let sessions = BTreeMap::from([(self.session, session)]);
        Intake::Agent { agent: self.agent, facts: AgentFacts { sessions, ..AgentFacts::default() }, worked_on }
    }
}

/// More than the 36 of a UUID. Salesforce's fields for ids are as long.
pub(crate) const ID_CHARACTERS_MAX: usize = 64;

/// Ids become keys, in the ledger and in Salesforce: letters, digits and hyphens, as Genesys Cloud's UUIDs.
fn id(topic: Topic, field: &'static str, value: Option<&str>) -> Result<String, Incomplete> {
    const EXPECTED: &str = "a UUID";
    let value = value.ok_or(Incomplete { topic, field, found: "missing", expected: EXPECTED })?;
    let plausible = (1..=ID_CHARACTERS_MAX).contains(&value.len())
        && value.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    if plausible { Ok(value.to_owned()) } else { Err(Incomplete { topic, field, found: "no id", expected: EXPECTED }) }
}

/// Longer than any session, and far from the end of the numbers.
const DURATION_MS_MAX: i64 = 10 * 365 * 86_400_000;

fn signed(duration_ms: Option<u64>) -> i64 {
    duration_ms.map_or(0, |duration_ms| i64::try_from(duration_ms).unwrap_or(DURATION_MS_MAX).min(DURATION_MS_MAX))
}
