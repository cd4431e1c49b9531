//! What may be in an answer: judged as it is, so that only what is shown is made into a row. Tens of thousands of conversations
//! are asked for page by page.

use serde_json::{Map, Value};

use super::row;
use crate::conversations::{epoch_ms, time};
use crate::crowds::{Member, Members};

/// A conversation, or a row shown in its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Candidate<'a> {
    /// As it was known at this time.
    Conversation {
        fields: &'a Map<String, Value>,
        as_of: &'a str,
    },
    Row(&'a Map<String, Value>),
    /// One of a crowd, as it was known at this time. It is judged by its kind, not by what it is asked for one by one.
    Member {
        members: &'a Members,
        member: &'a Member,
        as_of_ms: i64,
    },
}

impl<'a> Candidate<'a> {
    pub(super) fn text(&self, dimension: &str) -> &'a str {
        if let (Self::Member { member, .. }, "conversationId") = (self, dimension) {
            return &member.id;
        }
        self.value(dimension).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn started_ms(&self) -> Option<i64> {
        match self {
            Self::Member { member, .. } => Some(member.started_ms),
            _ => epoch_ms(self.text("conversationStart")),
        }
    }

    /// The values of a dimension of conversations.
    pub(super) fn values(&self, dimension: &str) -> Vec<&'a Value> {
        match (self, dimension) {
            (Self::Conversation { fields, .. }, "divisionId") => {
                row::list(fields.get("divisions")).map(|membership| &membership["division"]["id"]).collect()
            }
            (Self::Row(fields), "divisionId") => row::list(fields.get("divisionIds")).collect(),
            _ => self.value(dimension).into_iter().collect(),
        }
    }

    pub(super) fn row(&self) -> Option<Value> {
        match self {
            Self::Conversation { fields, as_of } => row::of(fields, as_of),
            Self::Row(fields) => Some(Value::Object((*fields).clone())),
            Self::Member { members, member, as_of_ms } => {
                row::of(&members.conversation(member, *as_of_ms), &time(*as_of_ms))
            }
        }
    }

    fn value(&self, dimension: &str) -> Option<&'a Value> {
        match self {
            Self::Conversation { fields, as_of } => match dimension {
                "conversationId" => fields.get("id"),
                "conversationStart" => row::past(fields.get("startTime"), as_of),
                "conversationEnd" => row::past(fields.get("endTime"), as_of),
                "originatingDirection" => row::direction(fields),
                other => fields.get(other),
            },
            Self::Row(fields) => fields.get(dimension),
            Self::Member { .. } => None,
        }
    }
}
