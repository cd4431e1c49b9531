//! Times and durations as people read them, in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// How much of an id is enough to tell it from the day's others.
const SHORT_ID_CHARACTERS: usize = 8;

/// Hours, minutes and seconds, e.g. `0:07:32`, to the nearest second.
pub(super) fn duration(duration_ms: i64) -> String {
    let seconds = (duration_ms + 500) / 1_000;
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The time of day, e.g. `23:52:07`, with the days between if it is not on the day of `reference_ms`: `00:06:12 +1d`.
pub(super) fn time_of_day(epoch_ms: i64, reference_ms: i64) -> String {
    let time = civil(epoch_ms);
    let days = epoch_ms.div_euclid(24 * HOUR_MS) - reference_ms.div_euclid(24 * HOUR_MS);
    let days = if days == 0 { String::new() } else { format!(" {days:+}d") };
    format!("{:02}:{:02}:{:02}{days}", time.hour(), time.minute(), time.second())
}

/// Hours and minutes, e.g. `17:30`.
pub(super) fn hours_and_minutes(epoch_ms: i64) -> String {
    let time = civil(epoch_ms);
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// E.g. `Friday, 20 November 2026`.
pub(super) fn date(epoch_ms: i64) -> String {
    civil(epoch_ms).strftime("%A, %-d %B %Y").to_string()
}

/// What part of `whole` is `part`, e.g. `12.3 %`; a dash where there is no whole.
pub(super) fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let tenths = (part * 1_000 + whole / 2) / whole;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// The beginning of an id.
pub(super) fn short_id(id: &str) -> String {
    id.chars().take(SHORT_ID_CHARACTERS).collect()
}

fn civil(epoch_ms: i64) -> DateTime {
    let time = Timestamp::from_millisecond(epoch_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).datetime()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_to_seconds() {
        assert_eq!(duration(0), "0:00:00");
        assert_eq!(duration(452_499), "0:07:32");
        assert_eq!(duration(60_000_500), "16:40:01");
    }

    #[test]
    fn times_of_other_days_say_so() {
        let noon_ms = 12 * HOUR_MS;
        assert_eq!(time_of_day(noon_ms, noon_ms), "12:00:00");
        assert_eq!(time_of_day(24 * HOUR_MS + 372_000, noon_ms), "00:06:12 +1d");
        assert_eq!(time_of_day(-1_000, noon_ms), "23:59:59 -1d");
    }

    #[test]
    fn shares_have_one_decimal() {
        assert_eq!(share(1, 8), "12.5 %");
        assert_eq!(share(1, 0), "–");
    }
}
