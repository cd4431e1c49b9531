//! The sixteen topics.

use std::fmt;

use serde::Serialize;

/// The topic of a conversation detail event (reference/genesys-cloud.md §1.3, the complete list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// `acd.start`
    AcdStart,
    /// `acd.end`
    AcdEnd,
    /// `acw`
    AfterCallWork,
    /// `attributes`
    Attributes,
    /// `contact`
    Contact,
    /// `customer.start`
    CustomerStart,
    /// `customer.end`
    CustomerEnd,
    /// `flow.start`
    FlowStart,
    /// `flow.end`
    FlowEnd,
    /// `flow.outcome`
    FlowOutcome,
    /// `outbound`
    Outbound,
    /// `user.start`
    UserStart,
    /// `user.end`
    UserEnd,
    /// `voicemail.start`
    VoicemailStart,
    /// `voicemail.end`
    VoicemailEnd,
    /// `wrapup`
    Wrapup,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 16] = [
        Self::AcdStart,
        Self::AcdEnd,
        Self::AfterCallWork,
        Self::Attributes,
        Self::Contact,
        Self::CustomerStart,
        Self::CustomerEnd,
        Self::FlowStart,
        Self::FlowEnd,
        Self::FlowOutcome,
        Self::Outbound,
        Self::UserStart,
        Self::UserEnd,
        Self::VoicemailStart,
        Self::VoicemailEnd,
        Self::Wrapup,
    ];

    /// The topic that an `EventBridge` `detail-type` announces; none for events that are not conversation detail events.
    pub fn from_detail_type(detail_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_detail_type() == detail_type)
    }

    /// The `EventBridge` `detail-type`: the topic's template, with a literal `{id}` (reference/genesys-cloud.md §1.1).
    pub const fn as_detail_type(self) -> &'static str {
        match self {
            Self::AcdStart => "v2.detail.events.conversation.{id}.acd.start",
            Self::AcdEnd => "v2.detail.events.conversation.{id}.acd.end",
            Self::AfterCallWork => "v2.detail.events.conversation.{id}.acw",
            Self::Attributes => "v2.detail.events.conversation.{id}.attributes",
            Self::Contact => "v2.detail.events.conversation.{id}.contact",
            Self::CustomerStart => "v2.detail.events.conversation.{id}.customer.start",
            Self::CustomerEnd => "v2.detail.events.conversation.{id}.customer.end",
            Self::FlowStart => "v2.detail.events.conversation.{id}.flow.start",
            Self::FlowEnd => "v2.detail.events.conversation.{id}.flow.end",
            Self::FlowOutcome => "v2.detail.events.conversation.{id}.flow.outcome",
            Self::Outbound => "v2.detail.events.conversation.{id}.outbound",
            Self::UserStart => "v2.detail.events.conversation.{id}.user.start",
            Self::UserEnd => "v2.detail.events.conversation.{id}.user.end",
            Self::VoicemailStart => "v2.detail.events.conversation.{id}.voicemail.start",
            Self::VoicemailEnd => "v2.detail.events.conversation.{id}.voicemail.end",
            Self::Wrapup => "v2.detail.events.conversation.{id}.wrapup",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_detail_type())
    }
}

impl Serialize for Topic {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_detail_type())
    }
}

#[cfg(test)]
mod tests {
    use super::Topic;

    #[test]
    fn a_detail_type_names_its_topic_and_back() {
        for topic in Topic::ALL {
            assert_eq!(Topic::from_detail_type(topic.as_detail_type()), Some(topic));
        }
    }

    #[test]
    fn other_detail_types_name_none() {
        for other in [
            "",
            "user.start",
            "Scheduled Event",
            "v2.detail.events.conversation.{id}.hold",
            "v2.detail.events.conversation.5d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a.user.start",
            "v2.detail.events.conversation.{id}.user.start ",
        ] {
            assert_eq!(Topic::from_detail_type(other), None, "{other}");
        }
    }
}
