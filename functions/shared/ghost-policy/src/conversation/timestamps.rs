//! The newest timestamp anywhere in an answer.

use jiff::Timestamp;
use serde_json::Value;

/// Fields whose contents are somebody's data and not the platform's: a date in them says nothing, and must not be shown.
const PERSONAL: [&str; 8] =
    ["attributes", "subject", "name", "notes", "address", "previewText", "callbackUserName", "messageParams"];

/// The newest ISO-8601 timestamp among all strings of `value`, personal data aside.
pub(super) fn newest(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => moment(text),
        Value::Array(elements) => elements.iter().filter_map(newest).max(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !PERSONAL.contains(&name.as_str()))
            .filter_map(|(_, field)| newest(field))
            .max(),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The moment that a text of the form `2026-11-21T08:15:00.000Z` says.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    // Cheap to rule out: most strings are ids and words.
    let looks_like_one = text.len() >= 17 && text.as_bytes()[0].is_ascii_digit() && text.as_bytes()[10] == b'T';
    if looks_like_one { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn looks_everywhere_but_into_personal_data() {
        let value = json!({
            "startTime": "2026-01-01T00:00:00Z",
            "somethingNew": [{"deep": {"messageTime": "2026-03-01T00:00:00.500Z"}}],
            "participants": [{"attributes": {"due": "2099-01-01T00:00:00Z"}, "id": "2026"}],
            "count": 3, "flag": true, "nothing": null, "word": "2026-éé-01T00:00:00Z",
        });
        assert_eq!(newest(&value), moment("2026-03-01T00:00:00.500Z"));
        assert_eq!(newest(&json!({})), None);
    }
}
