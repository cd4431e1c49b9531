//! A case: one suspicion of one conversation in the form that it had, and all that was done about it. The record of an
//! incident, kept as JSON.

use ghost_policy::Conversation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::Answer;

/// A case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The conversation.
    pub conversation_id: String,
    /// The conversation's id with the time at which its newest leg opened.
    pub case_id: String,
    /// Where it is in its life.
    pub stage: Stage,
    /// When its newest leg opened, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_leg_opened: Option<Timestamp>,
    /// What the conversation is, for counts.
    pub subject: Subject,
    /// Why it is taken for a ghost; none if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Who asked for the disconnect, if somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Disconnect requests, the oldest first.
    pub attempts: Vec<Attempt>,
    /// Attempts that were left out, so that the record stays small: such as were turned away.
    #[serde(default)]
    pub attempts_left_out: u32,
    /// What may have caused it, in words.
    pub hints: Vec<String>,
    /// What Genesys Customer Care asks for, once it is escalated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_case: Option<String>,
    /// Looks that failed, one after the other.
    pub failed_looks: u32,
    /// Whether it was given up to look at it, and the world told so: after too many of these.
    #[serde(default)]
    pub is_unreadable: bool,
    /// Looks that came too late to be acted upon, and requests that did not leave, since one left.
    #[serde(default)]
    pub in_vain: u32,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// Since when something is being done about it, later by all the time in which nothing could be: while looks failed, nobody
    /// took it up, or the breaker was tripped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_hand_since: Option<Timestamp>,
    /// Every move, the oldest first.
    pub moves: Vec<Move>,
    /// Moves that were left out, so that the record stays small.
    pub moves_left_out: u32,
}

/// Where a case is, with what is needed to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state", rename_all_fields = "camelCase")]
pub enum Stage {
    /// Looks have found a ghost, not often enough yet.
    Suspected {
        /// How many looks have found the very same.
        looks: u32,
        /// What they found.
        fingerprint: Fingerprint,
        /// When to look again.
        next_look_at: Timestamp,
    },
    /// Enough looks have found it, and it is to be disconnected.
    Confirmed {
        /// What they found.
        fingerprint: Fingerprint,
        /// When to look again, and disconnect.
        next_look_at: Timestamp,
    },
    /// A disconnect has been requested and is to be verified.
    Disconnecting {
        /// When to look whether it has ended.
        next_look_at: Timestamp,
    },
    /// It has ended after a disconnect. Final.
    Resolved,
    /// It did not end. Final here: people go on. Where nothing was requested yet, they may ask us to.
    Escalated,
    /// It was alive, or ended by itself.
    Dismissed {
        /// It is not suspected again before.
        noted: Timestamp,
        /// Whether to look then, or only not to mind if discovery finds it.
        look_then: bool,
    },
    /// It is a ghost, and the policy is only to report it.
    Observed {
        /// It is not suspected again before.
        noted: Timestamp,
        /// Whether to look then.
        look_then: bool,
    },
}

/// The name of a stage: the contract's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// See [`Stage::Suspected`].
    Suspected,
    /// See [`Stage::Confirmed`].
    Confirmed,
    /// See [`Stage::Disconnecting`].
    Disconnecting,
    /// See [`Stage::Resolved`].
    Resolved,
    /// See [`Stage::Escalated`].
    Escalated,
    /// See [`Stage::Dismissed`].
    Dismissed,
    /// See [`Stage::Observed`].
    Observed,
}

/// What a look found, as far as two looks must agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fingerprint {
    /// The rule and the test that were met.
    pub rule: String,
    /// The test.
    pub test: String,
    /// Since when it was met.
    pub since: Timestamp,
    /// How many legs there were, open or not.
    pub legs: usize,
    /// The open ones: id, state and whether held.
    pub open: Vec<String>,
}

/// What the conversation is, for counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Its medium.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// Its queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<String>,
    /// Who provides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// Why it is taken for a ghost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule that decided.
    pub rule: String,
    /// The test that was met.
    pub test: String,
    /// Since when.
    pub since: Timestamp,
    /// Why, in words.
    pub reason: String,
}

/// Somebody asked for a disconnect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The id of the event that asked for it: so that it is taken up once.
    pub event_id: String,
    /// Who.
    pub requested_by: String,
    /// Why.
    pub reason: String,
    /// What may be skipped.
    pub force: Force,
    /// When that was; none if nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
}

/// What a manual disconnect may skip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Force {
    /// Nothing.
    #[default]
    No,
    /// The policy's durations.
    Durations,
    /// The check that nobody is there, too.
    Live,
}

/// A disconnect request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// When it was decided; the request went out then or up to 5 s later.
    pub at: Timestamp,
    /// When the look that justifies it was asked for.
    pub looked_at: Timestamp,
    /// What is known of it; none if the run ended before it could note it: then it counts as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// For a support case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// A move from one state to another: one conditional write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// Counted from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// From where; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<State>,
    /// To where.
    pub to: State,
    /// Why, in words.
    pub reason: String,
    /// The legs that the look saw: those that are open, then those that closed last.
    pub evidence: Vec<LegEvidence>,
    /// The look's correlation id, for a support case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Whether the world is still to be told.
    pub unannounced: bool,
}

/// A leg, as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegEvidence {
    /// Whose it is.
    pub participant_id: String,
    /// What that participant is there for, in Genesys' word.
    pub purpose: String,
    /// The communication.
    pub communication_id: String,
    /// Its kind, or `unknown`.
    pub media: String,
    /// What Genesys says of it.
    pub state: String,
    /// When it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<Timestamp>,
    /// When it closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
    /// What disconnected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disconnect_type: Option<String>,
    /// The error that it ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Who provides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

impl Stage {
    /// Its name.
    pub const fn state(&self) -> State {
        match self {
            Self::Suspected { .. } => State::Suspected,
            Self::Confirmed { .. } => State::Confirmed,
            Self::Disconnecting { .. } => State::Disconnecting,
            Self::Resolved => State::Resolved,
            Self::Escalated => State::Escalated,
            Self::Dismissed { .. } => State::Dismissed,
            Self::Observed { .. } => State::Observed,
        }
    }

    /// When a look is called for; none if never.
    pub const fn next_look_at(&self) -> Option<Timestamp> {
        match self {
            Self::Suspected { next_look_at, .. }
            | Self::Confirmed { next_look_at, .. }
            | Self::Disconnecting { next_look_at, .. } => Some(*next_look_at),
            Self::Dismissed { noted, look_then: true } | Self::Observed { noted, look_then: true } => Some(*noted),
            Self::Dismissed { look_then: false, .. }
            | Self::Observed { look_then: false, .. }
            | Self::Resolved
            | Self::Escalated => None,
        }
    }
}

impl State {
    /// The contract's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Confirmed => "confirmed",
            Self::Disconnecting => "disconnecting",
            Self::Resolved => "resolved",
            Self::Escalated => "escalated",
            Self::Dismissed => "dismissed",
            Self::Observed => "observed",
        }
    }

    /// Whether nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Resolved | Self::Escalated)
    }

    /// Whether something is being done about it right now.
    pub const fn is_in_progress(self) -> bool {
        matches!(self, Self::Suspected | Self::Confirmed | Self::Disconnecting)
    }
}

impl Case {
    /// The id of the case that the conversation, as it is, belongs to. Ids of one conversation sort by their time.
    pub fn id_for(conversation: &Conversation) -> String {
        Self::id_of(&conversation.id, conversation.newest_leg_opened())
    }

    pub(crate) fn id_of(conversation_id: &str, newest_leg_opened: Option<Timestamp>) -> String {
        newest_leg_opened
            .map_or_else(|| format!("{conversation_id}_0"), |opened| format!("{conversation_id}_{opened:.3}"))
    }

    /// Its state.
    pub const fn state(&self) -> State {
        self.stage.state()
    }

    /// Since when it has been suspected, while something is being done about it.
    pub fn suspected_since(&self) -> Option<Timestamp> {
        let suspected = self.moves.iter().rev().find(|one| one.to == State::Suspected);
        suspected.filter(|_| self.state().is_in_progress()).map(|one| one.at)
    }

    /// When something is to be done about it: a look, or telling the world of a move; none if nothing is.
    pub fn due_at(&self) -> Option<Timestamp> {
        let unannounced = self.moves.iter().find(|one| one.unannounced).map(|one| one.at);
        [unannounced, self.stage.next_look_at()].into_iter().flatten().min()
    }
}
