//! Genesys' words for the parts of a conversation. The lists grow, so each has a place for a word that we do not know.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a communication: `mediaType` in analytics, lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Media {
    /// A call.
    Voice,
    /// A callback, or a voicemail left for a queue.
    Callback,
    /// An email.
    Email,
    /// A message: SMS, social, web messaging, open messaging.
    Message,
    /// A web chat of the older kind.
    Chat,
    /// A video call.
    Video,
    /// A co-browsing session.
    Cobrowse,
    /// A shared screen.
    Screenshare,
    /// A supervisor who watches an agent's screen.
    ScreenMonitoring,
    /// A message between colleagues.
    InternalMessage,
    /// A post on a social network.
    SocialExpression,
}

impl Media {
    /// Every kind, with the participant's field that lists its communications (reference/genesys-cloud.md §1.5).
    pub(crate) const FIELDS: [(Self, &'static str); 11] = [
        (Self::Voice, "calls"),
        (Self::Callback, "callbacks"),
        (Self::Email, "emails"),
        (Self::Message, "messages"),
        (Self::Chat, "chats"),
        (Self::Video, "videos"),
        (Self::Cobrowse, "cobrowsesessions"),
        (Self::Screenshare, "screenshares"),
        (Self::ScreenMonitoring, "screenMonitorings"),
        (Self::InternalMessage, "internalMessages"),
        (Self::SocialExpression, "socialExpressions"),
    ];

    /// The name in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Callback => "callback",
            Self::Email => "email",
            Self::Message => "message",
            Self::Chat => "chat",
            Self::Video => "video",
            Self::Cobrowse => "cobrowse",
            Self::Screenshare => "screenshare",
            Self::ScreenMonitoring => "screenmonitoring",
            Self::InternalMessage => "internalmessage",
            Self::SocialExpression => "socialexpression",
        }
    }

    /// Whether people on it are there at the same time, so that two open legs may be talking.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Voice | Self::Chat | Self::Video | Self::Cobrowse)
    }

    /// Whether it may rest for days between two signs of life.
    pub const fn may_rest(self) -> bool {
        matches!(self, Self::Email | Self::Message)
    }
}

impl fmt::Display for Media {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Which way a communication was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// By the customer.
    Inbound,
    /// By the contact centre.
    Outbound,
}

/// What a participant is there for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The customer.
    Customer,
    /// Somebody outside the organization.
    External,
    /// An agent in the contact centre.
    Agent,
    /// A colleague outside the contact centre.
    User,
    /// A queue.
    Acd,
    /// A flow, an IVR or a bot, by its Genesys name.
    Flow(&'static str),
    /// A mailbox.
    Voicemail,
    /// An outbound dialler or campaign, by its Genesys name.
    Dialer(&'static str),
    /// Known, but rare, and nothing that a ghost is told by: `station`, `group`, `fax`, `api`, …
    Other(&'static str),
    /// A word that we do not know; `None` if there was none.
    Unknown(Option<String>),
}

impl Purpose {
    /// The purpose that Genesys calls so (`AnalyticsParticipant.purpose`), in any case.
    pub fn named(name: &str) -> Self {
        const FLOWS: [&str; 7] = ["ivr", "botflow", "bot", "flow", "voicesurveyflow", "workflow", "digitalbotflow"];
        const DIALERS: [&str; 3] = ["dialer", "campaign", "outbound"];
        const OTHERS: [&str; 6] = ["api", "fax", "group", "inbound", "manual", "station"];
        let name = name.to_ascii_lowercase();
        let known = |list: &[&'static str]| list.iter().copied().find(|one| *one == name);
        match name.as_str() {
            "customer" => return Self::Customer,
            "external" => return Self::External,
            "agent" => return Self::Agent,
            "user" => return Self::User,
            "acd" => return Self::Acd,
            "voicemail" => return Self::Voicemail,
            _ => {}
        }
        known(&FLOWS)
            .map(Self::Flow)
            .or_else(|| known(&DIALERS).map(Self::Dialer))
            .or_else(|| known(&OTHERS).map(Self::Other))
            .unwrap_or_else(|| Self::Unknown(word(&name)))
    }

    /// Whether this is the customer's side: a customer or an external party.
    pub const fn is_customer_side(&self) -> bool {
        matches!(self, Self::Customer | Self::External)
    }

    /// Whether this is somebody of the organization: an agent or a user.
    pub const fn is_staff(&self) -> bool {
        matches!(self, Self::Agent | Self::User)
    }

    /// Whether this is a human being.
    pub const fn is_person(&self) -> bool {
        self.is_customer_side() || self.is_staff()
    }

    /// Genesys' word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Customer => "customer",
            Self::External => "external",
            Self::Agent => "agent",
            Self::User => "user",
            Self::Acd => "acd",
            Self::Voicemail => "voicemail",
            Self::Flow(name) | Self::Dialer(name) | Self::Other(name) => name,
            Self::Unknown(name) => name.as_deref().unwrap_or("unknown"),
        }
    }
}

/// The state of a communication. Never to be trusted alone: the times are the facts (reference/genesys-cloud.md §1.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CommunicationState {
    /// Ringing.
    Alerting,
    /// Waiting for its time to come.
    Scheduled,
    /// Put aside by the agent for later.
    Parked,
    /// The far end released it.
    Disconnected,
    /// Torn down completely.
    Terminated,
    /// Under way, by its Genesys name: `connected`, `dialing`, `contacting`, …
    Active(&'static str),
    /// A word that we do not know; `None` if there was none.
    Unknown(Option<String>),
}

impl CommunicationState {
    /// The state that Genesys calls so, in any case.
    pub fn named(name: &str) -> Self {
        const ACTIVE: [&str; 8] =
            ["connected", "dialing", "contacting", "offering", "converting", "uploading", "transmitting", "none"];
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "alerting" => Self::Alerting,
            "scheduled" => Self::Scheduled,
            "parked" => Self::Parked,
            "disconnected" => Self::Disconnected,
            "terminated" => Self::Terminated,
            _ => ACTIVE
                .iter()
                .find(|one| **one == name)
                .map_or_else(|| Self::Unknown(word(&name)), |known| Self::Active(known)),
        }
    }

    /// Genesys' word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Alerting => "alerting",
            Self::Scheduled => "scheduled",
            Self::Parked => "parked",
            Self::Disconnected => "disconnected",
            Self::Terminated => "terminated",
            Self::Active(name) => name,
            Self::Unknown(name) => name.as_deref().unwrap_or("unknown"),
        }
    }
}

/// How far after-call work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AfterCallWorkState {
    /// To be done.
    Pending,
    /// Done, skipped or not called for.
    Over,
    /// Genesys says `unknown`, or says nothing.
    Unsaid,
    /// The same, where a wrap-up code is required and there is none yet.
    Owed,
    /// A word that we do not know.
    Unknown,
}

impl AfterCallWorkState {
    /// The state that Genesys calls so, in any case.
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "pending" => Self::Pending,
            "complete" | "skipped" | "notapplicable" => Self::Over,
            "unknown" => Self::Unsaid,
            _ => Self::Unknown,
        }
    }
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferState {
    /// Asked for, or under way.
    InProgress,
    /// Complete, cancelled, failed or timed out.
    Over,
    /// Genesys says `unknown`, says nothing, or a word that we do not know.
    Unknown,
}

impl TransferState {
    /// The state that Genesys calls so, in any case.
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "pending" | "active" => Self::InProgress,
            "complete" | "canceled" | "cancelled" | "failed" | "timeout" => Self::Over,
            _ => Self::Unknown,
        }
    }
}

/// A word of the platform's vocabulary that is safe to show: anything else might be somebody's data.
pub(crate) fn word(text: &str) -> Option<String> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    (!text.is_empty() && text.len() <= 64 && text.chars().all(is_word)).then(|| text.to_owned())
}
