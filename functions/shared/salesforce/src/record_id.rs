//! Salesforce record ids.

use std::fmt;

/// The standard objects that rows point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A Case.
    Case,
    /// A User.
    User,
}

impl Entity {
    /// The object's API name.
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Case => "Case",
            Self::User => "User",
        }
    }

    /// The first three characters of the ids of its records.
    pub fn id_prefix(self) -> &'static str {
        match self {
            Self::Case => "500",
            Self::User => "005",
        }
    }
}

/// An id of a record of a known [`Entity`]: 15 characters (case-sensitive) or 18. Salesforce answers anything else with
/// `MALFORMED_ID` (reference/salesforce.md §3.3), so it is checked before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordId(String);

impl RecordId {
    /// Reads an id; white space around it is ignored. `None` if it cannot be the id of such a record.
    pub fn parse(entity: Entity, text: &str) -> Option<Self> {
        let id = text.trim();
        (is_record_id(id) && id.starts_with(entity.id_prefix())).then(|| Self(id.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether the text has the form of a record id of any object.
pub(crate) fn is_record_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_right_object_and_length_are_read() {
        assert!(RecordId::parse(Entity::Case, "500000000000001").is_some());
        assert!(RecordId::parse(Entity::User, " 005000000000001AAA ").is_some());
    }

    #[test]
    fn anything_else_is_not_an_id() {
        for text in ["", "500", "5000000000000011", "005000000000001", "50000000000000-", "00001026"] {
            assert_eq!(RecordId::parse(Entity::Case, text), None, "{text}");
        }
    }
}
