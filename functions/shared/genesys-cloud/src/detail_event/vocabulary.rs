//! The platform's vocabularies (reference/genesys-cloud.md §1.4), in its upper-case spelling.
//!
//! The lists grow. A word that is not known here becomes `Unknown`, and is not kept.

use std::fmt;
use std::str::FromStr;

use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;
use serde::{Deserialize, Serialize};

/// A session's medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MediaType {
    /// A phone call.
    Voice,
    /// Legacy web chat.
    Chat,
    /// Email.
    Email,
    /// A callback, or a voicemail that waits for one.
    Callback,
    /// Co-browsing.
    CoBrowse,
    /// Video.
    Video,
    /// Screen sharing.
    ScreenShare,
    /// Messaging: web messaging, SMS, social.
    Message,
    /// Chat between colleagues.
    InternalMessage,
    /// A supervisor watches an agent's screen.
    ScreenMonitoring,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// Who began the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The contact centre.
    Outbound,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// A name, in a setting for instance, that a vocabulary does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a {vocabulary}, such as {example}")]
pub struct UnknownName {
    vocabulary: &'static str,
    example: &'static str,
}

impl FromStr for MediaType {
    type Err = UnknownName;

    /// Accepts the platform's names exactly (`EMAIL`); refuses those that it does not know, `UNKNOWN` included.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        known_word(name, &Self::Unknown).ok_or(UnknownName { vocabulary: "media type", example: "VOICE or EMAIL" })
    }
}

impl FromStr for Direction {
    type Err = UnknownName;

    /// Accepts the platform's names exactly (`INBOUND`); refuses those that it does not know, `UNKNOWN` included.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        known_word(name, &Self::Unknown).ok_or(UnknownName { vocabulary: "direction", example: "INBOUND or OUTBOUND" })
    }
}

fn known_word<'a, T: Deserialize<'a> + PartialEq>(name: &'a str, unknown: &T) -> Option<T> {
    let word: Result<T, WordError> = T::deserialize(name.into_deserializer());
    word.ok().filter(|word| word != unknown)
}

impl fmt::Display for MediaType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// A messaging platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MessageType {
    /// Text messages.
    Sms,
    /// Twitter.
    Twitter,
    /// Facebook Messenger.
    Facebook,
    /// LINE.
    Line,
    /// `WhatsApp`.
    WhatsApp,
    /// Web messaging.
    WebMessaging,
    /// Open messaging: brought by an integration.
    Open,
    /// Instagram.
    Instagram,
    /// Apple Messages for Business.
    Apple,
    /// `LinkedIn`.
    LinkedIn,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisconnectType {
    /// The participant's own device hung up.
    Endpoint,
    /// The participant ended it in the Genesys Cloud client.
    Client,
    /// The platform ended it.
    System,
    /// A blind transfer took the conversation elsewhere.
    Transfer,
    /// The provider failed.
    Error,
    /// Another participant ended it.
    Peer,
    /// Some other way.
    Other,
    /// It was marked as spam.
    Spam,
    /// Dialling timed out.
    Timeout,
    /// The media connection failed.
    TransportFailure,
    /// It was moved into a conference.
    ConferenceTransfer,
    /// A consult transfer was completed.
    ConsultTransfer,
    /// It was forwarded.
    ForwardTransfer,
    /// Nobody answered, and it went on.
    NoAnswerTransfer,
    /// Nobody was available, and it went on.
    NotAvailableTransfer,
    /// A rule forbade the call.
    Uncallable,
    /// The device was set to do-not-disturb.
    DndEndpoint,
    /// It went on because of do-not-disturb.
    DndTransfer,
    /// Nobody did anything for too long.
    Inactivity,
    /// The messaging session expired.
    SessionExpired,
    /// Another agent took over.
    Takeover,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// How a wait in a queue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AcdOutcome {
    /// The customer gave up.
    Abandon,
    /// An agent answered.
    Answered,
    /// A flow took it out of the queue.
    FlowOut,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// The routing method that found an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UsedRouting {
    /// Someone chose.
    Manual,
    /// Predictive routing.
    Predictive,
    /// Preferred-agent routing.
    Preferred,
    /// Last-agent routing.
    Last,
    /// Bullseye routing.
    Bullseye,
    /// Standard routing.
    Standard,
    /// Some other method.
    Other,
    /// Conditional-group routing.
    Conditional,
    /// VIP routing.
    Vip,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// A flow outcome's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FlowOutcomeValue {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// Why a flow was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FlowExitReason {
    /// The participant disconnected.
    Disconnect,
    /// The flow disconnected.
    FlowDisconnect,
    /// The flow failed, and disconnected.
    FlowErrorDisconnect,
    /// The flow transferred.
    Transfer,
    /// The session expired.
    SessionExpireDisconnect,
    /// Input was not understood, and the flow disconnected.
    RecognitionFailureDisconnect,
    /// Input was not understood, and the flow exited.
    RecognitionFailureExit,
    /// The participant asked to leave.
    UserExit,
    /// The flow exited.
    FlowExit,
    /// The flow failed, and exited.
    FlowErrorExit,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

/// Where a flow transferred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FlowTransferType {
    /// A queue.
    Acd,
    /// A user.
    User,
    /// A phone number.
    Number,
    /// A queue's voicemail.
    AcdVoicemail,
    /// A user's voicemail.
    UserVoicemail,
    /// A group's voicemail.
    GroupVoicemail,
    /// A group.
    Group,
    /// Another flow.
    Flow,
    /// A secure flow.
    SecureFlow,
    /// Back to the agent.
    ReturnToAgent,
    /// A word that this list does not know.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::{Direction, DisconnectType, FlowExitReason, MediaType, MessageType};

    #[test]
    fn names_in_settings_are_the_platforms() {
        for name in ["VOICE", "CHAT", "EMAIL", "CALLBACK", "COBROWSE", "VIDEO", "SCREENSHARE", "MESSAGE"] {
            let media_type: MediaType = name.parse().unwrap();
            assert_eq!(media_type.to_string(), name);
        }
        for name in ["INBOUND", "OUTBOUND"] {
            let direction: Direction = name.parse().unwrap();
            assert_eq!(direction.to_string(), name);
        }
        assert_eq!("INTERNALMESSAGE".parse(), Ok(MediaType::InternalMessage));
        assert_eq!("SCREENMONITORING".parse(), Ok(MediaType::ScreenMonitoring));
    }

    #[test]
    fn unknown_names_in_settings_are_refused() {
        for name in ["", "voice", "FAX", "UNKNOWN", "Unknown", "VOICE "] {
            assert!(name.parse::<MediaType>().is_err(), "{name}");
            assert!(name.parse::<Direction>().is_err(), "{name}");
        }
        let error = "FAX".parse::<MediaType>().unwrap_err();
        assert_eq!(error.to_string(), "not the name of a media type, such as VOICE or EMAIL");
    }

    #[test]
    fn words_are_spelt_as_the_platform_spells_them() {
        let spelt = |word: serde_json::Result<String>| word.unwrap();
        assert_eq!(spelt(serde_json::to_string(&DisconnectType::NoAnswerTransfer)), r#""NO_ANSWER_TRANSFER""#);
        assert_eq!(spelt(serde_json::to_string(&DisconnectType::DndEndpoint)), r#""DND_ENDPOINT""#);
        assert_eq!(spelt(serde_json::to_string(&MessageType::WhatsApp)), r#""WHATSAPP""#);
        assert_eq!(
            spelt(serde_json::to_string(&FlowExitReason::RecognitionFailureExit)),
            r#""RECOGNITION_FAILURE_EXIT""#
        );
        assert_eq!(spelt(serde_json::to_string(&MediaType::Unknown)), r#""UNKNOWN""#);
    }
}
