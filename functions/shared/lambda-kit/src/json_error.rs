//! Says why JSON was not understood without quoting it: what arrives may be personal data or a secret, and `serde_json`
//! quotes values.

use serde_json::error::Category;

/// The reason in a few words, free of the text's values.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Syntax => format!("not JSON ({place})"),
        Category::Eof => format!("not JSON: it ends too early ({place})"),
        Category::Io => "not readable".to_owned(),
        Category::Data => {
            let message = error.to_string();
            // These two name a field of ours or of the platform, never a value.
            if message.starts_with("missing field") || message.starts_with("duplicate field") {
                message
            } else {
                format!("not of the expected shape ({place})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Credentials {
        #[serde(rename = "clientSecret")]
        _client_secret: u8,
    }

    fn reason(text: &str) -> String {
        describe(&serde_json::from_str::<Credentials>(text).unwrap_err())
    }

    #[test]
    fn never_quotes_a_value() {
        assert_eq!(reason(r#"{"clientSecret":"hunter2"}"#), "not of the expected shape (line 1, column 25)");
        assert_eq!(reason(r#""hunter2""#), "not of the expected shape (line 1, column 9)");
        assert_eq!(reason("hunter2"), "not JSON (line 1, column 1)");
        assert_eq!(reason(r#"{"clientSecret":"#), "not JSON: it ends too early (line 1, column 16)");
    }

    #[test]
    fn names_a_missing_field() {
        assert_eq!(reason("{}"), "missing field `clientSecret` at line 1 column 2");
    }
}
