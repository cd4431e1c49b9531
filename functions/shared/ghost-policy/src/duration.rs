//! Lengths of time as people write them: `90s`, `15m`, `4h`, `30d`, and sums such as `1h30m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::fmt::friendly::SpanParser;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How a duration is written, longest unit first, in milliseconds.
const UNITS: [(u64, &str); 5] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];

/// A length of time in a policy: a second or more, to the millisecond. A day has 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FriendlyDuration {
    milliseconds: u64,
}

/// Why a text is not a duration of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It does not read as a length of time.
    #[error("`{0}` is not a duration: write it like 90s, 15m, 4h, 30d or 1h30m")]
    Unreadable(String),
    /// It is shorter than a second.
    #[error("`{0}` is too short: a duration is a second or more")]
    TooShort(String),
}

impl FriendlyDuration {
    /// A duration of so many whole seconds, at least one.
    pub const fn from_seconds(seconds: u32) -> Self {
        let seconds = if seconds == 0 { 1 } else { seconds };
        Self { milliseconds: seconds as u64 * 1_000 }
    }

    /// The same as a standard duration.
    pub const fn get(self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }

    /// The moment this long after `since`; `None` beyond the end of time, which no clock will reach.
    pub(crate) fn after(self, since: Timestamp) -> Option<Timestamp> {
        let milliseconds = i64::try_from(self.milliseconds).ok()?;
        since.checked_add(SignedDuration::from_millis(milliseconds)).ok()
    }
}

impl FromStr for FriendlyDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let unreadable = || DurationError::Unreadable(text.to_owned());
        let span = SpanParser::new().parse_span(text.trim()).map_err(|_| unreadable())?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| unreadable())?;
        let length = Duration::try_from(length).map_err(|_| unreadable())?;
        if length < Duration::from_secs(1) {
            return Err(DurationError::TooShort(text.to_owned()));
        }
        let milliseconds = u64::try_from(length.as_millis()).map_err(|_| unreadable())?;
        Ok(Self { milliseconds })
    }
}

/// In the longest unit that says it exactly: `90s`, but `4h` and not `240m`.
impl fmt::Display for FriendlyDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = UNITS.iter().find(|(length, _)| self.milliseconds.is_multiple_of(*length));
        let (length, unit) = exact.unwrap_or(&(1, "ms"));
        write!(formatter, "{}{unit}", self.milliseconds / length)
    }
}

impl Serialize for FriendlyDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Through a visitor of its own, so that an error is placed at the duration and not at the mapping around it.
impl<'de> Deserialize<'de> for FriendlyDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = FriendlyDuration;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a duration such as 90s, 15m, 4h or 30d")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<FriendlyDuration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for FriendlyDuration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time of a second or more: 90s, 15m, 4h, 30d, or a sum such as 1h30m.",
            "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*[a-zµ]+([\s,]*[0-9]+(\.[0-9]+)?\s*[a-zµ]+)*\s*$",
            "examples": ["90s", "15m", "4h", "30d"],
        })
    }
}

/// A stretch of time in words, in its two largest units: "21 minutes", "3 days 4 hours".
pub(crate) fn in_words(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let largest = units.iter().position(|(length, _)| seconds >= *length).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (length, unit) in units.iter().skip(largest).take(2) {
        let count = rest / length;
        rest %= length;
        if count > 0 || words.is_empty() {
            words.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_unit_and_sums_and_writes_the_longest_exact_unit() {
        let cases = [
            ("1s", 1_000, "1s"),
            ("90s", 90_000, "90s"),
            ("60s", 60_000, "1m"),
            ("15m", 900_000, "15m"),
            ("4h", 14_400_000, "4h"),
            ("30d", 2_592_000_000, "30d"),
            ("24h", 86_400_000, "1d"),
            ("1h30m", 5_400_000, "90m"),
            (" 1500ms ", 1_500, "1500ms"),
        ];
        for (text, milliseconds, written) in cases {
            let duration: FriendlyDuration = text.parse().unwrap();
            assert_eq!(duration.get(), Duration::from_millis(milliseconds), "{text}");
            assert_eq!(duration.to_string(), written, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration_or_too_short() {
        for text in ["", "90", "soon", "-5s", "PT5M", "5s ago", "1mo", "1y", "99999999999999999999d"] {
            assert!(matches!(text.parse::<FriendlyDuration>(), Err(DurationError::Unreadable(_))), "{text}");
        }
        for text in ["0s", "999ms", "0d"] {
            assert!(matches!(text.parse::<FriendlyDuration>(), Err(DurationError::TooShort(_))), "{text}");
        }
    }

    #[test]
    fn says_a_stretch_of_time_in_its_two_largest_units() {
        let start = Timestamp::UNIX_EPOCH;
        let cases = [
            (0, "0 seconds"),
            (1, "1 second"),
            (21 * 60, "21 minutes"),
            (3_661, "1 hour 1 minute"),
            (86_400, "1 day"),
            (60 * 86_400 + 3_600 * 5, "60 days 5 hours"),
        ];
        for (seconds, words) in cases {
            assert_eq!(in_words(start, start + SignedDuration::from_secs(seconds)), words);
        }
        assert_eq!(in_words(start + SignedDuration::from_secs(9), start), "0 seconds");
    }
}
