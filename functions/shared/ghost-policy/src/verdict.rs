//! What was found: a ghost, a living conversation or one that has ended, with reasons in plain words.
//!
//! Reasons name ids, times, media and Genesys' own words; never a person, an address or an attribute.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::conversation::Leg;

/// The legs that evidence shows at most: a conversation may have rung at hundreds of agents, and a case must stay small.
const MOST_LEGS: usize = 20;

/// What a conversation is, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It shows as active, and nobody is there.
    Ghost {
        /// The rule that decided.
        rule: String,
        /// The test that it met.
        test: GhostTest,
        /// Since when it has met it.
        since: Timestamp,
        /// Why, in words.
        reason: String,
        /// The legs behind the reason, newest first.
        evidence: Vec<Evidence>,
    },
    /// Somebody may be there, or it is too early to say.
    Alive {
        /// Everything that speaks for it.
        why: Vec<AliveReason>,
        /// The earliest moment at which it could be a ghost if nothing changes; `None` if it would stay alive for ever.
        look_again_at: Option<Timestamp>,
    },
    /// It has ended.
    Ended,
}

impl Verdict {
    /// The verdict in plain words, for an administrator.
    pub fn explain(&self) -> String {
        self.to_string()
    }

    /// Whether it is a ghost.
    pub const fn is_ghost(&self) -> bool {
        matches!(self, Self::Ghost { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ghost { reason, .. } => formatter.write_str(reason),
            Self::Ended => formatter.write_str("The conversation has ended."),
            Self::Alive { why, look_again_at } => {
                let reasons: Vec<_> = why.iter().map(ToString::to_string).collect();
                write!(formatter, "Alive: {}", reasons.join("; "))?;
                match look_again_at {
                    Some(at) => write!(formatter, ". Look again at {at}."),
                    None => formatter.write_str("."),
                }
            }
        }
    }
}

/// A test of a policy's `ghostWhen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GhostTest {
    /// Nothing but pending after-call work is left.
    AfterCallWorkFor,
    /// A callback waits in a queue and no agent is on it.
    WaitingFor,
    /// One leg of a customer or an external party is left alone.
    AgentGoneFor,
    /// The customer has gone, and one agent or a queue is left alone.
    CustomerGoneFor,
    /// Nobody has an open communication.
    NoConnectedPartyFor,
    /// An email or message in which nothing has happened.
    IdleFor,
}

impl GhostTest {
    /// The key in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AfterCallWorkFor => "afterCallWorkFor",
            Self::WaitingFor => "waitingFor",
            Self::AgentGoneFor => "agentGoneFor",
            Self::CustomerGoneFor => "customerGoneFor",
            Self::NoConnectedPartyFor => "noConnectedPartyFor",
            Self::IdleFor => "idleFor",
        }
    }
}

impl fmt::Display for GhostTest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a conversation is taken for alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliveReason {
    /// Two or more people have an open leg in a live medium: they may be talking.
    PeopleMayBeTalking {
        /// How many legs.
        legs: usize,
    },
    /// A customer is with a queue, a flow or a bot in a live medium.
    CustomerIsServed,
    /// After-call work is pending, and not for as long as the rule allows.
    AfterCallWorkPending {
        /// Whose it is.
        participant_id: String,
        /// When it will have been pending for too long, if ever.
        until: Option<Timestamp>,
    },
    /// An email or message is parked.
    Parked {
        /// The leg, in words.
        leg: String,
        /// When it comes back, if that is known.
        until: Option<Timestamp>,
    },
    /// A callback is scheduled.
    Scheduled {
        /// The leg, in words.
        leg: String,
        /// For when, if that is known.
        until: Option<Timestamp>,
    },
    /// A transfer is under way.
    TransferInProgress,
    /// Somebody is being consulted.
    ConsultInProgress,
    /// A leg rings within its time-out.
    Alerting {
        /// The leg, in words.
        leg: String,
        /// When it has rung for too long, if that is known.
        until: Option<Timestamp>,
    },
    /// Somebody monitors, coaches or has barged in.
    Supervised {
        /// The leg, in words.
        leg: String,
    },
    /// Something that we do not know, or could not read.
    NotUnderstood {
        /// What it is.
        what: String,
    },
    /// The policy excludes it.
    Excluded {
        /// By what.
        by: String,
    },
    /// No rule of the policy fits it.
    NoRuleFits,
    /// Too little is told of it to know whether this rule decides.
    RuleUntold {
        /// The first rule that may.
        rule: String,
        /// What the rule asks for and nothing tells.
        what: &'static str,
    },
    /// It meets a test, but for too short a time.
    TooEarly {
        /// The test.
        test: GhostTest,
        /// What has lasted.
        what: String,
        /// Since when.
        since: Timestamp,
    },
    /// It meets a test, but nothing tells since when.
    SinceUnknown {
        /// The test.
        test: GhostTest,
    },
    /// It meets no test of the deciding rule.
    NoTestMet {
        /// The rule.
        rule: String,
        /// How many legs are open.
        open_legs: usize,
    },
}

impl fmt::Display for AliveReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeopleMayBeTalking { legs } => write!(formatter, "{legs} people's legs are open and may be talking"),
            Self::CustomerIsServed => formatter.write_str("the customer is with a queue, a flow or a bot"),
            Self::AfterCallWorkPending { participant_id, until: end } => {
                write!(formatter, "participant {participant_id} has after-call work pending{}", until(*end))
            }
            Self::Parked { leg, until: end } => write!(formatter, "{leg} is parked{}", until(*end)),
            Self::Scheduled { leg, until: end } => write!(formatter, "{leg} is scheduled{}", until(*end)),
            Self::TransferInProgress => formatter.write_str("a transfer is in progress"),
            Self::ConsultInProgress => formatter.write_str("a consult is in progress"),
            Self::Alerting { leg, until: end } => write!(formatter, "{leg} is alerting{}", until(*end)),
            Self::Supervised { leg } => write!(formatter, "{leg} monitors, coaches or has barged in"),
            Self::NotUnderstood { what } => write!(formatter, "{what}, which counts as alive"),
            Self::Excluded { by } => write!(formatter, "the policy excludes it: {by}"),
            Self::NoRuleFits => formatter.write_str("no rule of the policy fits it"),
            Self::RuleUntold { rule, what } => {
                write!(formatter, "whether rule {rule} decides cannot be told, for its {what} are not")
            }
            Self::TooEarly { test, what, since } => {
                write!(formatter, "{what} since {since}, too short a time for {test}")
            }
            Self::SinceUnknown { test } => write!(formatter, "nothing tells since when it meets {test}"),
            Self::NoTestMet { rule, open_legs } => {
                write!(formatter, "it meets no test of rule {rule} ({open_legs} open legs)")
            }
        }
    }
}

fn until(moment: Option<Timestamp>) -> String {
    moment.map(|moment| format!(" until {moment}")).unwrap_or_default()
}

/// A leg, as a case shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
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

impl Evidence {
    fn of(leg: &Leg<'_>) -> Self {
        let Leg { participant, communication } = leg;
        Self {
            participant_id: participant.id.clone(),
            purpose: participant.purpose.as_str().to_owned(),
            communication_id: communication.id.clone(),
            media: communication.media.map_or("unknown", |media| media.as_str()).to_owned(),
            state: communication.state.as_str().to_owned(),
            opened: leg.opened(),
            closed: leg.closed(),
            disconnect_type: communication.disconnect_type.clone(),
            error_code: communication.error.as_ref().and_then(|error| error.code.clone()),
            provider: communication.provider.clone(),
        }
    }

    /// The legs that a case shows: those that are open, then those that closed last.
    pub(crate) fn of_all<'a>(legs: impl Iterator<Item = Leg<'a>>) -> Vec<Self> {
        let mut legs: Vec<_> = legs.collect();
        legs.sort_by_key(|leg| std::cmp::Reverse((leg.is_open(), leg.closed())));
        legs.iter().take(MOST_LEGS).map(Self::of).collect()
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { purpose, media, communication_id, state, .. } = self;
        write!(formatter, "{purpose} {media} {communication_id}: {state}")?;
        let optional = [("opened", self.opened), ("closed", self.closed)];
        for (what, at) in optional {
            if let Some(at) = at {
                write!(formatter, ", {what} {at}")?;
            }
        }
        let optional = [("by", &self.disconnect_type), ("error", &self.error_code), ("provider", &self.provider)];
        for (what, value) in optional {
            if let Some(value) = value {
                write!(formatter, ", {what} {value}")?;
            }
        }
        Ok(())
    }
}

/// A leg in words: "the customer's voice leg 7d9f…".
pub(crate) fn leg_in_words(leg: &Leg<'_>) -> String {
    let purpose = match leg.participant.purpose.as_str() {
        "acd" => "queue",
        "external" => "external party",
        purpose => purpose,
    };
    let media = leg.communication.media.map_or("unknown", |media| media.as_str());
    format!("the {purpose}'s {media} leg {}", leg.communication.id)
}
