//! Durations as people write them: `500ms`, `90s`, `15m`, `4h`, `30d`, and sums such as `1h30m`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// What a setting that holds a duration should look like, for error messages.
pub const EXPECTED: &str = "a duration such as 500ms, 90s, 15m, 4h, 30d or 1h30m";

/// The duration that `text` says, or `None` if it is not one.
///
/// A day has 24 hours. Months and years have no fixed length and are refused, as are negative durations.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let span: Span = text.trim().parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_unit_and_sums() {
        let cases = [
            ("500ms", 500),
            ("90s", 90_000),
            ("15m", 900_000),
            ("4h", 14_400_000),
            ("30d", 2_592_000_000),
            ("1h30m", 5_400_000),
            (" 1h 30m ", 5_400_000),
            ("0s", 0),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration() {
        for text in ["", "90", "soon", "-5s", "5s ago", "1mo", "1y", "5 parsecs", "99999999999999999999d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
