//! What can be wrong with an event. Names places and kinds; never holds a value, which may be personal data.

use std::fmt;

use super::Topic;

/// Why an `EventBridge` `detail` could not be read as the event that its topic promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text is not JSON.
    #[error("cannot parse {topic}: not valid JSON at line {line}, column {column} of {path}")]
    NotJson {
        /// The topic that was expected.
        topic: Topic,
        /// The value that is broken, for example `detail.eventBody`.
        path: String,
        /// Line within that value, from 1.
        line: usize,
        /// Column within that line.
        column: usize,
    },
    /// A required field is absent, null or empty.
    #[error("cannot parse {topic}: {path} is missing, expected {expected}")]
    Missing {
        /// The topic that was expected.
        topic: Topic,
        /// The field, for example `detail.eventBody.eventTime`.
        path: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A field holds something else than the schema promises.
    #[error("cannot parse {topic}: {path} holds {found}, expected {expected}")]
    Unexpected {
        /// The topic that was expected.
        topic: Topic,
        /// The field, for example `detail.eventBody.heldDurationMs`.
        path: String,
        /// The kind of JSON value that it holds.
        found: JsonKind,
        /// What it should hold.
        expected: &'static str,
    },
}

/// A kind of JSON value: all that an error may say about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number, perhaps one out of range.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonKind {
    /// The kind of the JSON value that `text` is: its first character tells.
    pub(super) fn of(text: &str) -> Self {
        match text.trim_start().as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }
}

impl fmt::Display for JsonKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}
