//! What the journal of an agent is settled to: the facts that still matter, and what Salesforce is owed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::facts::{AgentFacts, EpochMs};
use crate::timeline::InterruptionKey;

/// The settled state of an agent's journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// How many facts were ever learned about this agent: the revision of rows that are computed now.
    pub revision: u64,
    /// The facts at hand.
    pub facts: AgentFacts,
    /// Rows that Salesforce does not have as they should be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owed: BTreeMap<RowKey, Debt>,
    /// Whatever ended up to this moment may have left for the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_until: Option<EpochMs>,
}

/// A row that still has to be written. Short names: an outage of weeks makes thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    /// When the sessions that it is computed from began, to find them in the archive.
    #[serde(rename = "s")]
    pub since: EpochMs,
    /// Not to be tried before this moment, in epoch milliseconds.
    #[serde(rename = "d")]
    pub due_at: EpochMs,
    /// How often it was tried in vain.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// It is in Salesforce, only a look-up is missing.
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    pub only_look_ups: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl Debt {
    /// Whether it is to be tried by this moment (epoch milliseconds); never, if there is none.
    pub fn is_due(&self, by: Option<EpochMs>) -> bool {
        by.is_some_and(|by| self.due_at <= by)
    }
}

/// The identity of a row: the external key in Salesforce.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// `{interruptedSessionId}_{interruptingSessionId}`
    Interruption(InterruptionKey),
    /// `{sessionId}`
    WorkSession(String),
}

impl RowKey {
    /// The interruptible session that the row is about.
    pub fn session(&self) -> &str {
        match self {
            Self::Interruption(key) => &key.interrupted,
            Self::WorkSession(session) => session,
        }
    }

    /// All sessions that the row is about.
    pub fn sessions(&self) -> BTreeSet<&str> {
        match self {
            Self::Interruption(key) => BTreeSet::from([key.interrupted.as_str(), key.interrupting.as_str()]),
            Self::WorkSession(session) => BTreeSet::from([session.as_str()]),
        }
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interruption(key) => write!(formatter, "{}_{}", key.interrupted, key.interrupting),
            Self::WorkSession(session) => formatter.write_str(session),
        }
    }
}

/// Session ids hold no underscore: [`crate::intake`] sees to it.
impl From<String> for RowKey {
    fn from(text: String) -> Self {
        match text.split_once('_') {
            Some((interrupted, interrupting)) => Self::Interruption(InterruptionKey {
                interrupted: interrupted.to_owned(),
                interrupting: interrupting.to_owned(),
            }),
            None => Self::WorkSession(text),
        }
    }
}

impl Serialize for RowKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RowKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
