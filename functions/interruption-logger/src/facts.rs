//! What is known of one agent: a set of facts that only grows.
//!
//! [`AgentFacts::join`] is the only way to add to it. It is commutative, associative and idempotent, so that facts that
//! come late, twice or in another order make the same whole. Where two events contradict each other (they should
//! not), the same one wins whichever came first.

use std::collections::{BTreeMap, BTreeSet};

use genesys_cloud::detail_event::{Direction, MediaType};
use serde::{Deserialize, Serialize};

use crate::timeline::Rules;

/// Milliseconds since 1970-01-01T00:00:00Z, as Genesys Cloud gives times (reference/genesys-cloud.md §1.4).
pub type EpochMs = i64;

/// The facts of one agent (a Genesys Cloud user).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFacts {
    /// Sessions by session id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sessions: BTreeMap<String, Session>,
    /// When queue interactions were answered by this agent, by conversation id: a session is no longer alerting.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answered: BTreeMap<String, BTreeSet<EpochMs>>,
    /// The Case of a conversation, by conversation id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cases: BTreeMap<String, CaseFacts>,
}

/// One agent in one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The conversation it is a part of.
    #[serde(rename = "conv")]
    pub conversation: String,
    /// The media type.
    pub media: MediaType,
    /// The direction.
    #[serde(rename = "dir")]
    pub direction: Direction,
    /// The queue it was routed through, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// `user.start`: alerting began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<EpochMs>,
    /// `user.end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<SessionEnd>,
    /// `acw`: after-call work.
    #[serde(rename = "acw", default, skip_serializing_if = "Option::is_none")]
    pub after_call_work: Option<AfterCallWork>,
    /// It left for the archive without an end, as one that counted until then. Should its end come after all, it has to be
    /// found wherever the copy without one is. No fact, and without effect on the timeline.
    #[serde(rename = "lapsed", default, skip_serializing_if = "Option::is_none")]
    pub lapsed_at: Option<EpochMs>,
}

/// What `user.end` tells. Durations in milliseconds; the order of the fields decides between contradicting ends: one
/// that was answered before one that was not, then the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Whether the agent ever worked on it: interacting or held for some time.
    #[serde(rename = "ans")]
    pub answered: bool,
    /// When.
    pub at: EpochMs,
    /// Talking, or the digital equivalent.
    #[serde(rename = "talk", default, skip_serializing_if = "is_zero")]
    pub interacting_ms: i64,
    /// On hold: for digital media, the time in which the agent worked on something else.
    #[serde(rename = "held", default, skip_serializing_if = "is_zero")]
    pub held_ms: i64,
    /// Alerting.
    #[serde(rename = "alert", default, skip_serializing_if = "is_zero")]
    pub alerting_ms: i64,
    /// Contacting.
    #[serde(rename = "contact", default, skip_serializing_if = "is_zero")]
    pub contacting_ms: i64,
    /// Dialing.
    #[serde(rename = "dial", default, skip_serializing_if = "is_zero")]
    pub dialing_ms: i64,
    /// Waiting to place a callback.
    #[serde(rename = "callback", default, skip_serializing_if = "is_zero")]
    pub callback_ms: i64,
}

/// What `acw` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AfterCallWork {
    /// How long it took, in milliseconds.
    #[serde(rename = "ms")]
    pub duration_ms: i64,
    /// When it was reported.
    pub at: EpochMs,
}

/// What is known of the Case of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFacts {
    /// The references by the name of the participant attribute, in lower case: the latest of each.
    #[serde(rename = "by")]
    pub by_attribute: BTreeMap<String, CaseReference>,
    /// When the agent first worked on the conversation, to find the sessions again.
    #[serde(rename = "since")]
    pub worked_since: EpochMs,
}

/// A reference to a Case, as a participant attribute held it from some time on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaseReference {
    /// When the attribute was set.
    pub at: EpochMs,
    /// Its value.
    pub value: String,
}

impl AgentFacts {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.answered.is_empty() && self.cases.is_empty()
    }

    /// The facts of some conversations alone.
    #[must_use]
    pub fn of_conversations(&self, chosen: impl Fn(&String) -> bool) -> Self {
        let sessions = self.sessions.iter().filter(|(_, session)| chosen(&session.conversation));
        let answered = self.answered.iter().filter(|(conversation, _)| chosen(conversation));
        let cases = self.cases.iter().filter(|(conversation, _)| chosen(conversation));
        Self {
            sessions: sessions.map(|(id, session)| (id.clone(), session.clone())).collect(),
            answered: answered.map(|(conversation, times)| (conversation.clone(), times.clone())).collect(),
            cases: cases.map(|(conversation, case)| (conversation.clone(), case.clone())).collect(),
        }
    }

    /// Every conversation of which anything is known.
    pub fn conversations(&self) -> BTreeSet<&String> {
        let of_sessions = self.sessions.values().map(|session| &session.conversation);
        of_sessions.chain(self.answered.keys()).chain(self.cases.keys()).collect()
    }

    /// Adds all that `other` knows, and tells how many facts were new.
    pub fn join(&mut self, other: &Self) -> u64 {
        let mut news = 0;
        for (id, session) in &other.sessions {
            news += if let Some(known) = self.sessions.get_mut(id) {
                known.join(session)
            } else {
                self.sessions.insert(id.clone(), session.clone());
                session.count()
            };
        }
        for (conversation, times) in &other.answered {
            let known = self.answered.entry(conversation.clone()).or_default();
            news += times.iter().map(|at| u64::from(known.insert(*at))).sum::<u64>();
        }
        for (conversation, case) in &other.cases {
            news += if let Some(known) = self.cases.get_mut(conversation) {
                known.join(case)
            } else {
                self.cases.insert(conversation.clone(), case.clone());
                case.by_attribute.len() as u64
            };
        }
        news
    }
}

impl Session {
    fn join(&mut self, other: &Self) -> u64 {
        if other.conversation > self.conversation {
            self.conversation.clone_from(&other.conversation);
        }
        self.media = known_first(self.media, other.media, MediaType::Unknown);
        self.direction = known_first(self.direction, other.direction, Direction::Unknown);
        if other.queue > self.queue {
            self.queue.clone_from(&other.queue);
        }
        let start = match (self.start, other.start) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.lapsed_at = self.lapsed_at.max(other.lapsed_at);
        let end = self.end.max(other.end);
        let after_call_work = self.after_call_work.max(other.after_call_work);
        replace(&mut self.start, start)
            + replace(&mut self.end, end)
            + replace(&mut self.after_call_work, after_call_work)
    }

    fn count(&self) -> u64 {
        u64::from(self.start.is_some()) + u64::from(self.end.is_some()) + u64::from(self.after_call_work.is_some())
    }

    /// Whether it can be interrupted and has not ended, as far as is known.
    pub fn is_open_interruptible(&self, rules: &Rules) -> bool {
        self.end.is_none() && rules.is_interruptible(self.media)
    }

    /// When alerting began: as `user.start` says or, that being lost, the end less all that it reports.
    pub fn began(&self) -> Option<EpochMs> {
        self.start.or_else(|| self.end.map(|end| end.at - end.reported_ms()))
    }

    /// From when on it counts no longer, whatever is still to come: a session without an end is answered within its longest
    /// time, and counts for as long again.
    pub fn counts_until(&self, rules: &Rules) -> Option<EpochMs> {
        let last_heard = self.last_heard()?;
        let worked_on_ms = self.after_call_work.map_or(0, |work| work.duration_ms);
        let counts_until = match self.end {
            Some(end) => end.at + worked_on_ms,
            None => last_heard + 2 * rules.max_session.of(self.media),
        };
        Some(counts_until.max(last_heard)).max(self.lapsed_at)
    }

    /// The last time that any of its facts names.
    pub fn last_heard(&self) -> Option<EpochMs> {
        [self.start, self.end.map(|end| end.at), self.after_call_work.map(|work| work.at)].into_iter().flatten().max()
    }
}

impl SessionEnd {
    /// The time before the agent was connected, in milliseconds.
    pub fn before_connected_ms(&self) -> i64 {
        self.alerting_ms + self.contacting_ms + self.dialing_ms
    }

    /// All reported durations, in milliseconds.
    pub fn reported_ms(&self) -> i64 {
        self.before_connected_ms() + self.interacting_ms + self.held_ms + self.callback_ms
    }
}

impl CaseFacts {
    fn join(&mut self, other: &Self) -> u64 {
        self.worked_since = self.worked_since.min(other.worked_since);
        let mut news = 0;
        for (attribute, reference) in &other.by_attribute {
            let newer = self.by_attribute.get(attribute).is_none_or(|known| known < reference);
            if newer {
                self.by_attribute.insert(attribute.clone(), reference.clone());
            }
            news += u64::from(newer);
        }
        news
    }
}

fn replace<T: PartialEq>(slot: &mut T, value: T) -> u64 {
    let new = *slot != value;
    *slot = value;
    u64::from(new)
}

fn known_first<T: Ord + Copy>(a: T, b: T, unknown: T) -> T {
    if a == unknown {
        return b;
    }
    if b == unknown {
        return a;
    }
    a.max(b)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}
