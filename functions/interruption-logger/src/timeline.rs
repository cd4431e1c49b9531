//! The timeline: from an agent's facts to the interruptions of digital work and the corrected handle times
//! (DESIGN §4.3). Pure: no clock, no input, no output.

use std::collections::{BTreeMap, BTreeSet};

use genesys_cloud::detail_event::{Direction, MediaType};

use crate::facts::{AgentFacts, EpochMs, Session};

/// What counts as an interruption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Media that can be interrupted.
    pub interruptible: BTreeSet<MediaType>,
    /// Media that interrupt.
    pub interrupting: BTreeSet<MediaType>,
    /// In which directions they do.
    pub directions: BTreeSet<Direction>,
    /// The shortest overlap that counts, in milliseconds; never less than one.
    pub min_interruption_ms: i64,
    /// Whether an interrupting session lasts on by its after-call work.
    pub include_after_call_work: bool,
    /// How long a session without an end counts.
    pub max_session: MaxSession,
    /// Names of the participant attributes that refer to the Case, in lower case, the first that is there wins.
    pub case_attributes: Vec<String>,
}

/// How long a session whose end is not known counts, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxSession {
    /// By media type.
    pub by_media: BTreeMap<MediaType, i64>,
    /// For any other.
    pub otherwise_ms: i64,
}

impl MaxSession {
    /// For a media type.
    pub fn of(&self, media: MediaType) -> i64 {
        self.by_media.get(&media).copied().unwrap_or(self.otherwise_ms)
    }
}

impl Rules {
    /// Whether sessions like this one can be interrupted.
    pub fn is_interruptible(&self, media: MediaType) -> bool {
        self.interruptible.contains(&media)
    }

    /// Whether sessions like this one interrupt.
    pub fn is_interrupting(&self, media: MediaType, direction: Direction) -> bool {
        self.interrupting.contains(&media) && self.directions.contains(&direction)
    }
}

/// What an interruption is known by: one session interrupted by one other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InterruptionKey {
    /// The session that was interrupted.
    pub interrupted: String,
    /// The session that interrupted it.
    pub interrupting: String,
}

/// A time in which an agent worked on something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// The interrupted conversation.
    pub conversation: String,
    /// The interrupting conversation.
    pub interrupting_conversation: String,
    /// The interrupted media type.
    pub media: MediaType,
    /// The interrupting media type.
    pub interrupting_media: MediaType,
    /// The queue of the interrupted session.
    pub queue: Option<String>,
    /// The Case of the interrupted conversation.
    pub case: Option<String>,
    /// When it began.
    pub started_at: EpochMs,
    /// When it ended; `None` while both sessions are open.
    pub ended_at: Option<EpochMs>,
}

/// An interruptible session that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkSession {
    /// The conversation.
    pub conversation: String,
    /// The media type.
    pub media: MediaType,
    /// The queue.
    pub queue: Option<String>,
    /// The Case of the conversation.
    pub case: Option<String>,
    /// When the agent was connected.
    pub connected_at: EpochMs,
    /// When it ended.
    pub ended_at: EpochMs,
    /// How much of that time was interrupted, in milliseconds; what two calls share counts once.
    pub interrupted_ms: i64,
    /// How many interruptions there were.
    pub interruption_count: usize,
    /// What Genesys Cloud reported as held, in milliseconds.
    pub genesys_held_ms: i64,
}

impl WorkSession {
    /// From connected to ended, in milliseconds.
    pub fn gross_ms(&self) -> i64 {
        self.ended_at - self.connected_at
    }

    /// Without the interruptions, in milliseconds.
    pub fn net_ms(&self) -> i64 {
        self.gross_ms() - self.interrupted_ms
    }
}

/// All that follows from an agent's facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The interruptions.
    pub interruptions: BTreeMap<InterruptionKey, Interruption>,
    /// The work sessions that are over, by session id.
    pub work_sessions: BTreeMap<String, WorkSession>,
}

/// When a session was worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Activity {
    from: EpochMs,
    /// The end or, for an open session, the last moment for which it counts.
    until: EpochMs,
    open: bool,
}

impl Timeline {
    /// Works out the timeline of one agent.
    pub fn of(facts: &AgentFacts, rules: &Rules) -> Self {
        let interrupting: Vec<_> = facts
            .sessions
            .iter()
            .filter(|(_, session)| rules.is_interrupting(session.media, session.direction))
            .filter_map(|(id, session)| Some((id, session, interrupting_activity(session, facts, rules)?)))
            .collect();
        let mut timeline = Self::default();
        for (id, session) in facts.sessions.iter().filter(|(_, session)| rules.is_interruptible(session.media)) {
            let Some(activity) = activity(session, facts, rules) else { continue };
            let case = case_of(&session.conversation, facts, rules);
            let before = timeline.interruptions.len();
            let mut spans = Vec::new();
            for (other_id, other, other_activity) in &interrupting {
                if other.conversation == session.conversation {
                    continue;
                }
                let Some((started_at, ended_at)) = overlap(activity, *other_activity, rules) else { continue };
                spans.push((started_at, ended_at.unwrap_or(activity.until)));
                timeline.interruptions.insert(
                    InterruptionKey { interrupted: id.clone(), interrupting: (*other_id).clone() },
                    Interruption {
                        conversation: session.conversation.clone(),
                        interrupting_conversation: other.conversation.clone(),
                        media: session.media,
                        interrupting_media: other.media,
                        queue: session.queue.clone(),
                        case: case.clone(),
                        started_at,
                        ended_at,
                    },
                );
            }
            let Some(end) = session.end else { continue };
            timeline.work_sessions.insert(
                id.clone(),
                WorkSession {
                    conversation: session.conversation.clone(),
                    media: session.media,
                    queue: session.queue.clone(),
                    case,
                    connected_at: activity.from,
                    ended_at: activity.until,
                    interrupted_ms: measure_of_union(spans),
                    interruption_count: timeline.interruptions.len() - before,
                    genesys_held_ms: end.held_ms,
                },
            );
        }
        timeline
    }
}

/// When the agent worked on a session; `None`: never, as far as is known.
fn activity(session: &Session, facts: &AgentFacts, rules: &Rules) -> Option<Activity> {
    if let Some(end) = session.end {
        let from = session.began()? + end.before_connected_ms();
        return end.answered.then_some(Activity { from: from.min(end.at), until: end.at, open: false });
    }
    let start = session.start?;
    let max_session_ms = rules.max_session.of(session.media);
    // An answer after all that time is another session's.
    let answers = start..=start + max_session_ms;
    let answered = facts.answered.get(&session.conversation).and_then(|times| times.range(answers).next());
    let from = match (answered, &session.queue) {
        (Some(answered_at), _) => *answered_at,
        (None, Some(_)) => return None,
        (None, None) => start,
    };
    Some(Activity { from, until: from + max_session_ms, open: true })
}

fn interrupting_activity(session: &Session, facts: &AgentFacts, rules: &Rules) -> Option<Activity> {
    let mut activity = activity(session, facts, rules)?;
    if let (true, false, Some(work)) = (rules.include_after_call_work, activity.open, session.after_call_work) {
        activity.until += work.duration_ms;
    }
    Some(activity)
}

/// The start and, unless both are open, the end of what two activities have in common, if it is long enough.
fn overlap(a: Activity, b: Activity, rules: &Rules) -> Option<(EpochMs, Option<EpochMs>)> {
    let from = a.from.max(b.from);
    let until = a.until.min(b.until);
    (until - from >= rules.min_interruption_ms.max(1)).then_some((from, (!(a.open && b.open)).then_some(until)))
}

fn case_of(conversation: &str, facts: &AgentFacts, rules: &Rules) -> Option<String> {
    let known = &facts.cases.get(conversation)?.by_attribute;
    rules.case_attributes.iter().find_map(|name| known.get(name)).map(|reference| reference.value.clone())
}

/// How much time at least one of the spans covers, in milliseconds.
fn measure_of_union(mut spans: Vec<(EpochMs, EpochMs)>) -> i64 {
    spans.sort_unstable();
    let mut covered_until = EpochMs::MIN;
    let mut measure = 0;
    for (from, until) in spans {
        let from = from.max(covered_until);
        if until > from {
            measure += until - from;
            covered_until = until;
        }
    }
    measure
}

#[cfg(test)]
mod tests;
