//! `DateTime` values.

use jiff::Timestamp;

/// Milliseconds since the epoch in the form Salesforce reads, always UTC and with milliseconds:
/// `2026-11-21T09:15:02.000Z` (reference/salesforce.md §5.3). Times beyond the year 9999 become its end.
pub fn date_time(epoch_ms: i64) -> String {
    let timestamp =
        Timestamp::from_millisecond(epoch_ms).unwrap_or(if epoch_ms < 0 { Timestamp::MIN } else { Timestamp::MAX });
    timestamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::date_time;

    #[test]
    fn milliseconds_are_always_written() {
        assert_eq!(date_time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(date_time(1_795_252_502_007), "2026-11-21T09:15:02.007Z");
        assert_eq!(date_time(-1), "1969-12-31T23:59:59.999Z");
        assert!(date_time(i64::MAX).starts_with("9999-12-"));
    }
}
