//! A row, read with tolerance: unknown fields and words pass, and a row that is not as it should be still has its id.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::api::raw_json::RawJson;

/// A conversation as analytics has it.
#[derive(Debug, Clone)]
pub struct DetailsRow {
    /// The conversation.
    pub conversation_id: String,
    /// The row; none if it is not in the form that we know, so that nothing is concluded from it.
    pub details: Option<Details>,
    /// The row as it came.
    pub raw: RawJson,
}

/// `AnalyticsConversationWithoutAttributes`, without personal data. Words are as analytics spells them, e.g. `noAnswerTransfer`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// When it began.
    pub conversation_start: Option<Timestamp>,
    /// When it ended; none as long as it has not, or as analytics does not know.
    pub conversation_end: Option<Timestamp>,
    /// The divisions that it is in.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub division_ids: Vec<String>,
    /// The external tag.
    pub external_tag: Option<String>,
    /// After this it counts as inactive.
    pub inactivity_timeout: Option<Timestamp>,
    /// `inbound` or `outbound`.
    pub originating_direction: Option<String>,
    /// Who took part.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub participants: Vec<Participant>,
}

/// Who took part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Its id.
    pub participant_id: Option<String>,
    /// As what: `customer`, `agent`, `acd`, …
    pub purpose: Option<String>,
    /// The agent's user.
    pub user_id: Option<String>,
    /// Its sessions.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub sessions: Vec<Session>,
}

/// One communication of a participant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id.
    pub session_id: Option<String>,
    /// `voice`, `email`, `message`, `callback`, …
    pub media_type: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: Option<String>,
    /// Where it comes from, e.g. `Edge` or `PureCloud Email`.
    pub provider: Option<String>,
    /// The session at the other end.
    pub peer_id: Option<String>,
    /// The edge device.
    pub edge_id: Option<String>,
    /// When a callback is due.
    pub callback_scheduled_time: Option<Timestamp>,
    /// Whether after-call work was skipped.
    pub acw_skipped: Option<bool>,
    /// The participant whom this one listens to.
    pub monitored_participant_id: Option<String>,
    /// The participant whom this one advises.
    pub coached_participant_id: Option<String>,
    /// The participant whom this one joined unasked.
    pub barged_participant_id: Option<String>,
    /// What happened, in order.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub segments: Vec<Segment>,
}

/// A stretch of a session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// `alert`, `interact`, `hold`, `parked`, `scheduled`, `wrapup`, …
    pub segment_type: Option<String>,
    /// When it began.
    pub segment_start: Option<Timestamp>,
    /// When it ended; none as long as it has not.
    pub segment_end: Option<Timestamp>,
    /// How the session ended, on its last segment.
    pub disconnect_type: Option<String>,
    /// E.g. `error.ininedgecontrol.session.inactive`.
    pub error_code: Option<String>,
    /// The queue.
    pub queue_id: Option<String>,
    /// Whether it was a conference.
    pub conference: Option<bool>,
    /// The conversation that a conference was made from.
    pub source_conversation_id: Option<String>,
}

/// Only what tells who wrote.
#[derive(Deserialize)]
struct Addressed {
    #[serde(default, deserialize_with = "null_as_empty")]
    participants: Vec<AddressedParticipant>,
}

#[derive(Deserialize)]
struct AddressedParticipant {
    #[serde(default, deserialize_with = "null_as_empty")]
    sessions: Vec<AddressedSession>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddressedSession {
    address_from: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identified {
    conversation_id: String,
}

impl DetailsRow {
    /// Reads a row; none if it does not even have an id.
    pub fn read(raw: Box<RawValue>) -> Option<Self> {
        let Identified { conversation_id } = serde_json::from_str(raw.get()).ok()?;
        let details = serde_json::from_str(raw.get()).ok();
        Some(Self { conversation_id, details, raw: raw.into() })
    }

    /// Whether somebody wrote or called from one of these addresses, without regard to case. Addresses are personal data: they
    /// are compared here and go nowhere else.
    pub fn is_from(&self, addresses: &[String]) -> bool {
        let Ok(Addressed { participants }) = serde_json::from_str(self.raw.get()) else { return false };
        let sessions = participants.into_iter().flat_map(|participant| participant.sessions);
        let mut senders = sessions.filter_map(|session| session.address_from);
        senders.any(|sender| addresses.iter().any(|address| same_text(address, &sender)))
    }
}

fn same_text(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn null_as_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::DetailsRow;

    fn read(row: &Value) -> Option<DetailsRow> {
        DetailsRow::read(RawValue::from_string(row.to_string()).unwrap())
    }

    #[test]
    fn unknown_words_and_absent_or_null_lists_are_no_matter() {
        let row = json!({
            "conversationId": "c", "conversationEnd": null, "divisionIds": null, "new": {},
            "participants": [{ "purpose": "hologram", "sessions": [{ "mediaType": "smell", "segments": [
                { "segmentType": "musing", "segmentStart": "2024-02-15T10:00:00.123Z" },
            ] }] }],
        });
        let details = read(&row).unwrap().details.unwrap();
        assert_eq!(details.conversation_end, None);
        let participant = &details.participants[0];
        assert_eq!(participant.purpose.as_deref(), Some("hologram"));
        let segment = &participant.sessions[0].segments[0];
        assert_eq!(segment.segment_start.map(|start| start.to_string()).as_deref(), Some("2024-02-15T10:00:00.123Z"));
        assert_eq!(segment.segment_end, None);
    }

    #[test]
    fn a_row_in_an_unknown_form_keeps_its_id_and_nothing_is_concluded() {
        for row in [
            json!({ "conversationId": "c", "conversationEnd": "soon" }),
            json!({ "conversationId": "c", "participants": {} }),
            json!({ "conversationId": "c", "participants": [{ "sessions": [{ "segments": [7] }] }] }),
        ] {
            let row = read(&row).unwrap();
            assert_eq!((row.conversation_id.as_str(), row.details), ("c", None));
        }
        assert!(read(&json!({ "conversationId": 7 })).is_none());
    }

    #[test]
    fn senders_are_compared_without_regard_to_case() {
        let sessions = json!([{ "mediaType": "email" }, { "addressFrom": "Spam@Example.com" }]);
        let row = read(&json!({ "conversationId": "c", "participants": [{ "sessions": sessions }] })).unwrap();
        let from = |address: &str| row.is_from(&[address.to_owned()]);
        assert!(from(" spam@example.COM") && !from("spam@example.org") && !from("spam") && !row.is_from(&[]));
        assert!(!read(&json!({ "conversationId": "c" })).unwrap().is_from(&["a".to_owned()]));
    }

    #[test]
    fn nothing_shows_the_row() {
        let row = read(&json!({ "conversationId": "c", "participants": [{ "participantName": "Jane" }] })).unwrap();
        assert!(!format!("{row:?}").contains("Jane"));
        assert!(row.raw.get().contains("Jane"));
    }
}
