//! Reads Salesforce's rows. What is missing or odd stays out of the report and never stops it.

use jiff::Timestamp;
use serde_json::{Map, Value};

type Row = Map<String, Value>;

/// A row of `Interaction_Interruption__c` that is not void.
pub(super) struct Interruption {
    /// The email's session, from the row's key `{interruptedSessionId}_{interruptingSessionId}`.
    pub(super) email_session_id: String,
    pub(super) user_id: String,
    pub(super) conversation_id: String,
    pub(super) call_conversation_id: String,
    pub(super) case: Option<String>,
    pub(super) started_ms: i64,
    /// `None` while both are open.
    pub(super) ended_ms: Option<i64>,
    pub(super) duration_ms: i64,
}

/// A row of `Agent_Work_Session__c`.
pub(super) struct WorkSession {
    pub(super) session_id: String,
    pub(super) user_id: String,
    pub(super) conversation_id: String,
    pub(super) case: Option<String>,
    pub(super) started_ms: i64,
    pub(super) ended_ms: i64,
    pub(super) gross_ms: i64,
    pub(super) interrupted_ms: i64,
    pub(super) net_ms: i64,
}

/// Whether a later fact took the interruption away.
pub(super) fn is_void(row: &Row) -> bool {
    text(row, "Status__c").is_some_and(|status| status == "Void")
}

pub(super) fn interruption(row: &Row) -> Option<Interruption> {
    let key = text(row, "External_Key__c")?;
    let (email_session_id, _) = key.split_once('_')?;
    Some(Interruption {
        email_session_id: email_session_id.to_owned(),
        user_id: text(row, "Agent_User_Id__c")?,
        conversation_id: text(row, "Interrupted_Conversation_Id__c")?,
        call_conversation_id: text(row, "Voice_Conversation_Id__c").unwrap_or_default(),
        case: case(row),
        started_ms: time(row, "Started_At__c")?,
        ended_ms: time(row, "Ended_At__c"),
        duration_ms: milliseconds(row, "Duration_Ms__c").unwrap_or_default(),
    })
}

pub(super) fn work_session(row: &Row) -> Option<WorkSession> {
    Some(WorkSession {
        session_id: text(row, "External_Key__c")?,
        user_id: text(row, "Agent_User_Id__c")?,
        conversation_id: text(row, "Conversation_Id__c")?,
        case: case(row),
        started_ms: time(row, "Started_At__c")?,
        ended_ms: time(row, "Ended_At__c")?,
        gross_ms: milliseconds(row, "Gross_Handle_Ms__c")?,
        interrupted_ms: milliseconds(row, "Interrupted_Ms__c")?,
        net_ms: milliseconds(row, "Net_Handle_Ms__c")?,
    })
}

/// The Case itself, or, where the look-up was not possible, what it was to be found by.
fn case(row: &Row) -> Option<String> {
    text(row, "Case__c").or_else(|| text(row, "Case_Reference__c"))
}

fn text(row: &Row, field: &str) -> Option<String> {
    row.get(field)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn time(row: &Row, field: &str) -> Option<i64> {
    let time: Timestamp = row.get(field)?.as_str()?.parse().ok()?;
    Some(time.as_millisecond())
}

/// Salesforce's numbers are decimal fractions: 60000 may come back as `60000.0`.
#[expect(clippy::cast_possible_truncation, reason = "a day's milliseconds are far from the limits of either type")]
fn milliseconds(row: &Row, field: &str) -> Option<i64> {
    let number = row.get(field)?;
    number.as_i64().or_else(|| number.as_f64().map(|fraction| fraction.round() as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(value: &Value) -> Row {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn reads_the_forms_in_which_salesforce_writes_times_and_numbers() {
        let row =
            row(&json!({ "Z": "2026-11-20T16:30:00.250Z", "Offset": "2026-11-20T16:30:00.250+0000", "N": 60000.0 }));
        assert_eq!(time(&row, "Z"), Some(1_795_192_200_250));
        assert_eq!(time(&row, "Offset"), time(&row, "Z"));
        assert_eq!(milliseconds(&row, "N"), Some(60_000));
    }

    #[test]
    fn a_row_without_what_is_needed_stays_out() {
        assert!(interruption(&row(&json!({ "External_Key__c": "no separator" }))).is_none());
        assert!(work_session(&row(&json!({ "External_Key__c": null }))).is_none());
    }
}
