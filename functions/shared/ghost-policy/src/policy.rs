//! The staleness policy as types: the YAML of `DESIGN.md` §4.4, key for key.

mod findings;
mod keys;
mod locate;
mod parse;
#[cfg(test)]
mod schema;

pub use parse::{PolicyError, Warning};

use serde::{Deserialize, Serialize};

use crate::conversation::{Direction, Media};
use crate::duration::FriendlyDuration;

/// When a conversation is a ghost, and how ghosts are dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// The version of this format: 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    pub version: u32,
    /// What to do with a ghost.
    #[serde(default)]
    pub mode: Mode,
    /// The first rule whose match fits a conversation decides. A conversation that no rule fits is never a ghost.
    pub rules: Vec<Rule>,
    /// Conversations that are never ghosts.
    #[serde(default)]
    pub exclude: Exclude,
    /// How often a ghost is looked at before anything is done.
    #[serde(default)]
    pub confirm: Confirm,
    /// How a disconnect is checked.
    #[serde(default)]
    pub verify: Verify,
    /// When to stop disconnecting because something larger is wrong.
    #[serde(default)]
    pub breaker: Breaker,
    /// How conversations that no event announced are found.
    #[serde(default)]
    pub discovery: Discovery,
}

/// What to do with a ghost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Report it only.
    #[default]
    Observe,
    /// Disconnect it.
    Enforce,
}

/// Which conversations, and when they are ghosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// A name of its own: cases and outcomes carry it.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub name: String,
    /// Which conversations the rule decides on. Absent: all of them.
    #[serde(default, rename = "match")]
    pub matches: Match,
    /// When such a conversation is a ghost.
    #[serde(default)]
    pub ghost_when: GhostWhen,
}

/// Which conversations a rule decides on: those that have one of the values of every list given. An absent list is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// Media of the communications that are open, or of all of them if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Vec<Media>>,
    /// Ids of the queues of the participants who are there, or of all of them if none of those has a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queues: Option<Vec<String>>,
    /// Ids of the conversation's divisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divisions: Option<Vec<String>>,
    /// Directions of its communications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directions: Option<Vec<Direction>>,
    /// Providers of the communications that are open, or of all of them if none is: `Edge`, `PureCloud Email`, `Salesforce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<String>>,
}

/// When a conversation is a ghost: when one of these has lasted for so long. An absent duration switches its test off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GhostWhen {
    /// Nobody has an open communication; since the last one closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_connected_party_for: Option<FriendlyDuration>,
    /// The customer has gone, and one agent or a queue is left alone; since the last customer leg closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_gone_for: Option<FriendlyDuration>,
    /// One leg of a customer or an external party is left alone; since the last other leg closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_gone_for: Option<FriendlyDuration>,
    /// A callback or voicemail waits in a queue and no agent is on it; since it entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<FriendlyDuration>,
    /// Nothing but pending after-call work is left; since it began. Absent: pending after-call work is never a ghost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_call_work_for: Option<FriendlyDuration>,
    /// Email and message only: no timestamp anywhere in the conversation is younger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_for: Option<FriendlyDuration>,
}

/// Conversations that are never ghosts, whatever the rules say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Exclude {
    /// Ids of queues: a conversation that ever was in one of them.
    pub queues: Vec<String>,
    /// Ids of divisions.
    pub divisions: Vec<String>,
    /// External tags.
    pub external_tags: Vec<String>,
}

/// How often a ghost is looked at before anything is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Confirm {
    /// How many looks must find the same ghost, one to twenty.
    #[cfg_attr(test, schemars(range(min = 1, max = 20)))]
    pub looks: u32,
    /// The time between two looks.
    pub every: FriendlyDuration,
}

impl Default for Confirm {
    fn default() -> Self {
        Self { looks: 2, every: FriendlyDuration::from_seconds(60) }
    }
}

/// How a disconnect is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Verify {
    /// How long after a disconnect request the conversation is looked at.
    pub after: FriendlyDuration,
    /// How many requests are made before the case is escalated, one to twenty.
    #[cfg_attr(test, schemars(range(min = 1, max = 20)))]
    pub attempts: u32,
}

impl Default for Verify {
    fn default() -> Self {
        Self { after: FriendlyDuration::from_seconds(45), attempts: 3 }
    }
}

/// When to stop disconnecting because something larger is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Breaker {
    /// How many disconnect requests, repeats included, are made in `per` at most.
    pub max_disconnects: u32,
    /// The time in which they are counted.
    pub per: FriendlyDuration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { max_disconnects: 20, per: FriendlyDuration::from_seconds(60 * 60) }
    }
}

/// How conversations that no event announced are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Discovery {
    /// How often analytics is asked.
    pub every: FriendlyDuration,
    /// How far back a conversation may have started.
    pub look_back: FriendlyDuration,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            every: FriendlyDuration::from_seconds(60 * 60),
            look_back: FriendlyDuration::from_seconds(60 * 24 * 60 * 60),
        }
    }
}
