//! Requests and rows for the tests.

use std::time::Duration;

use genesys_cloud::api::DetailsRow;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::request::DrainRequest;

pub(crate) const QUEUE: &str = "queue-1";
pub(crate) const JOB: &str = "job-1";

/// So many minutes after 2026-03-02T08:00Z.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    "2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// Everything in the queue.
pub(crate) fn request() -> DrainRequest {
    DrainRequest {
        job_id: JOB.to_owned(),
        queue_id: QUEUE.to_owned(),
        media_types: Vec::new(),
        direction: None,
        from: Vec::new(),
        older_than: Duration::ZERO,
        look_back: Duration::from_hours(60 * 24),
        limit: None,
        dry_run: false,
        reason: "spam".to_owned(),
        requested_by: "jo".to_owned(),
    }
}

/// A participant with one segment of this type.
pub(crate) fn participant(purpose: &str, segment_type: &str, ended: Option<&str>) -> Value {
    json!({
        "participantId": purpose,
        "purpose": purpose,
        "sessions": [{
            "sessionId": purpose,
            "mediaType": "email",
            "direction": "inbound",
            "addressFrom": "Spam@Example.com",
            "segments": [{ "segmentType": segment_type, "segmentEnd": ended, "queueId": QUEUE }],
        }],
    })
}

/// A conversation that began at that minute.
pub(crate) fn row(id: &str, began: i64, participants: &[Value]) -> DetailsRow {
    let row = json!({
        "conversationId": id,
        "conversationStart": minute(began).to_string(),
        "originatingDirection": participants.first().map(|first| first["sessions"][0]["direction"].clone()),
        "participants": participants,
    });
    DetailsRow::read(to_raw_value(&row).unwrap()).unwrap()
}

/// A conversation that waits in the queue since that minute.
pub(crate) fn waiting(id: &str, began: i64) -> DetailsRow {
    row(id, began, &[participant("customer", "interact", None), participant("acd", "interact", None)])
}
