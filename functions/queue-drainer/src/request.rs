//! What operators ask for, as it comes on the outcome bus (DESIGN §4.5), and what the function asks of itself.
//!
//! A request that is not understood in full is refused: a filter that is misspelt would drain more than was meant.

use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::duration::parse_duration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The source prefix of commands, and of the function's own messages to itself.
pub const SOURCE_PREFIX: &str = "genesys-event-processor";
/// The detail-type of the function's message to itself.
pub const CONTINUED: &str = "Drain Queue Continued";

const REQUESTED: &str = "Drain Queue Requested";
const CANCELLED: &str = "Drain Queue Cancelled";

/// Who asked, if that is not said.
const NOBODY: &str = "unknown";
const LOOK_BACK: Duration = Duration::from_hours(60 * 24);
/// The longest that is believed: the platform itself ends what is left over after 59 days (reference/genesys-cloud.md §5.2).
const LONGEST_LOOK_BACK: Duration = Duration::from_hours(400 * 24);
const LONGEST_ID: usize = 64;
/// The longest text of a person that is kept.
const LONGEST_TEXT: usize = 500;
const MOST_ADDRESSES: usize = 20;
/// Media as analytics spells them.
const MEDIA: [&str; 9] =
    ["callback", "chat", "cobrowse", "email", "internalmessage", "message", "screenshare", "video", "voice"];
const FIELDS: [&str; 11] = [
    "jobId",
    "queueId",
    "mediaTypes",
    "direction",
    "from",
    "olderThan",
    "lookBack",
    "limit",
    "dryRun",
    "reason",
    "requestedBy",
];

/// What to drain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainRequest {
    /// The job, as its requester calls it.
    pub job_id: String,
    /// The queue.
    pub queue_id: String,
    /// Only these media, in lower case; any if empty.
    pub media_types: Vec<String>,
    /// Only this direction: `inbound` or `outbound`.
    pub direction: Option<String>,
    /// Only from these addresses; any if empty. Personal data: kept while the job is on, shown nowhere.
    pub from: Vec<String>,
    /// Only what began at least so long before the request.
    pub older_than: Duration,
    /// Only what began at most so long before the request.
    pub look_back: Duration,
    /// No more than so many.
    pub limit: Option<u64>,
    /// Count, and touch nothing.
    pub dry_run: bool,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub requested_by: String,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `Drain Queue Requested`.
    Drain {
        /// What to drain.
        request: Box<DrainRequest>,
        /// When that was asked for, if the event tells: it may be picked up much later.
        asked_at: Option<Timestamp>,
    },
    /// `Drain Queue Cancelled`.
    Cancel {
        /// The job.
        job_id: String,
        /// Who asks.
        requested_by: String,
    },
    /// The message to itself: go on.
    Continue {
        /// The job.
        job_id: String,
    },
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The job, if the request names one.
    pub job_id: Option<String>,
    /// Why, in words, without what the field holds.
    pub reason: String,
}

impl Command {
    /// Reads a command from an event's `detail-type`, `time` and detail; none if it is none of ours.
    pub fn read(detail_type: &str, time: Option<&str>, detail: &Value) -> Result<Option<Self>, Refusal> {
        if ![REQUESTED, CANCELLED, CONTINUED].contains(&detail_type) {
            return Ok(None);
        }
        let job_id = detail["jobId"].as_str().filter(|id| is_id(id)).map(str::to_owned);
        let refused = |reason: String| Refusal { job_id: job_id.clone(), reason };
        let Some(fields) = detail.as_object() else { return Err(refused("its detail is not an object".to_owned())) };
        match detail_type {
            REQUESTED => {
                let request = Box::new(drain(fields).map_err(refused)?);
                Ok(Some(Self::Drain { request, asked_at: time.and_then(|time| time.parse().ok()) }))
            }
            CANCELLED => {
                let requested_by = person(fields, "requestedBy").map_err(refused)?.unwrap_or_else(|| NOBODY.to_owned());
                Ok(Some(Self::Cancel { job_id: id(fields, "jobId").map_err(refused)?, requested_by }))
            }
            _ => Ok(Some(Self::Continue { job_id: id(fields, "jobId").map_err(refused)? })),
        }
    }
}

fn drain(fields: &Map<String, Value>) -> Result<DrainRequest, String> {
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let shown: String = unknown.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        return Err(format!("it has a field that is not understood, {shown}; there are {}", FIELDS.join(", ")));
    }
    let older_than = duration(fields, "olderThan")?.unwrap_or_default();
    let look_back = duration(fields, "lookBack")?.unwrap_or(LOOK_BACK);
    if look_back > LONGEST_LOOK_BACK || look_back <= older_than {
        return Err("lookBack must be longer than olderThan, and at most 400d".to_owned());
    }
    Ok(DrainRequest {
        job_id: id(fields, "jobId")?,
        queue_id: id(fields, "queueId")?,
        media_types: media_types(fields)?,
        direction: direction(fields)?,
        from: addresses(fields)?,
        older_than,
        look_back,
        limit: limit(fields)?,
        dry_run: match given(fields, "dryRun") {
            None => false,
            Some(value) => value.as_bool().ok_or("dryRun must be true or false")?,
        },
        reason: person(fields, "reason")?.unwrap_or_default(),
        requested_by: person(fields, "requestedBy")?.unwrap_or_else(|| NOBODY.to_owned()),
    })
}

/// A field that is there and not null.
fn given<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// Ids become keys of the table, and parts of queries.
fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(allowed)
}

fn id(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    let id = given(fields, name).and_then(Value::as_str).map(str::trim).filter(|id| is_id(id));
    let expected = format!("{name} must be an id: 1 to {LONGEST_ID} letters, digits, and - _ .");
    id.map(str::to_owned).ok_or(expected)
}

fn person(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let text = value.as_str().map(str::trim).ok_or_else(|| format!("{name} must be a text"))?;
    let text: String = text.chars().take(LONGEST_TEXT).collect();
    Ok((!text.is_empty()).then_some(text))
}

fn duration(fields: &Map<String, Value>, name: &str) -> Result<Option<Duration>, String> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let duration = value.as_str().and_then(parse_duration);
    duration.map(Some).ok_or_else(|| format!("{name} must be a duration such as 90s, 15m, 4h or 30d"))
}

/// One text, or a list of them.
fn texts(fields: &Map<String, Value>, name: &str) -> Result<Vec<String>, String> {
    let Some(value) = given(fields, name) else { return Ok(Vec::new()) };
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let texts: Option<Vec<String>> = values.iter().map(text).collect();
    // An empty list is more likely a mistake than a wish for everything.
    texts.filter(|texts| !texts.is_empty()).ok_or_else(|| format!("{name} must be a text or a list of texts"))
}

fn media_types(fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    let media: Vec<String> = texts(fields, "mediaTypes")?.iter().map(|media| media.to_ascii_lowercase()).collect();
    let known = media.iter().all(|media| MEDIA.contains(&media.as_str()));
    if known { Ok(media) } else { Err(format!("mediaTypes must be among {}", MEDIA.join(", "))) }
}

fn direction(fields: &Map<String, Value>) -> Result<Option<String>, String> {
    let Some(value) = given(fields, "direction") else { return Ok(None) };
    let direction = value.as_str().map(str::to_ascii_lowercase);
    let direction = direction.filter(|direction| matches!(direction.as_str(), "inbound" | "outbound"));
    direction.map(Some).ok_or_else(|| "direction must be inbound or outbound".to_owned())
}

fn addresses(fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    let addresses = texts(fields, "from")?;
    let fits = addresses.len() <= MOST_ADDRESSES && addresses.iter().all(|address| address.len() <= LONGEST_TEXT);
    if fits { Ok(addresses) } else { Err(format!("from must be at most {MOST_ADDRESSES} addresses")) }
}

fn limit(fields: &Map<String, Value>) -> Result<Option<u64>, String> {
    let Some(value) = given(fields, "limit") else { return Ok(None) };
    value.as_u64().filter(|limit| *limit > 0).map(Some).ok_or_else(|| "limit must be a whole number above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Command, DrainRequest, LOOK_BACK, Refusal};
    use crate::testing::minute;

    fn request(change: impl FnOnce(&mut Value)) -> Result<DrainRequest, Refusal> {
        let mut detail = json!({ "jobId": "job-1", "queueId": "queue-1" });
        change(&mut detail);
        match Command::read("Drain Queue Requested", None, &detail)? {
            Some(Command::Drain { request, asked_at: None }) => Ok(*request),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_needs_a_job_and_a_queue_and_nothing_else() {
        let plain = request(|_| {}).unwrap();
        assert_eq!((plain.look_back, plain.limit, plain.dry_run), (LOOK_BACK, None, false));
        assert!(plain.media_types.is_empty() && plain.from.is_empty() && plain.direction.is_none());
        let full = request(|detail| {
            detail["mediaTypes"] = json!(["EMAIL", "message"]);
            detail["direction"] = json!("INBOUND");
            detail["from"] = json!("spam@example.com");
            detail["olderThan"] = json!("2h");
            detail["lookBack"] = json!("30d");
            detail["limit"] = json!(7);
            detail["dryRun"] = json!(true);
            detail["reason"] = json!(null);
            detail["requestedBy"] = json!("jo");
        });
        let full = full.unwrap();
        assert_eq!(
            (full.media_types, full.direction.as_deref()),
            (vec!["email".into(), "message".into()], Some("inbound"))
        );
        assert_eq!((full.older_than.as_secs(), full.limit, full.dry_run), (7_200, Some(7), true));
    }

    #[test]
    fn what_is_not_understood_in_full_is_refused_and_not_quoted() {
        for (name, wrong) in [
            ("jobId", json!("")),
            ("jobId", json!("a#b")),
            ("queueId", json!(null)),
            ("mediaTypes", json!([])),
            ("mediaTypes", json!(["email", "smoke signals"])),
            ("direction", json!("up")),
            ("from", json!([7])),
            ("olderThan", json!("soon")),
            ("olderThan", json!("60d")),
            ("lookBack", json!(3)),
            ("limit", json!(0)),
            ("limit", json!("7")),
            ("dryRun", json!("yes")),
            ("mediaType", json!(["email"])),
            ("reason", json!({ "a": "secret@example.com" })),
        ] {
            let refusal = request(|detail| detail[name] = wrong.clone()).unwrap_err();
            assert!(refusal.reason.contains(name) || name == "olderThan", "{name}: {}", refusal.reason);
            assert!(!refusal.reason.contains("smoke") && !refusal.reason.contains("secret"));
            assert_eq!(refusal.job_id.is_some(), name != "jobId", "the job is named if it can be");
        }
        assert!(Command::read("Drain Queue Requested", None, &json!(7)).is_err());
        assert_eq!(Command::read("Breaker Reset Requested", None, &json!(7)), Ok(None));
    }

    #[test]
    fn it_is_known_when_a_drain_was_asked_for() {
        let detail = json!({ "jobId": "job-1", "queueId": "queue-1" });
        let asked_at = |time| match Command::read("Drain Queue Requested", time, &detail) {
            Ok(Some(Command::Drain { asked_at, .. })) => asked_at,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked_at(Some("2026-03-02T08:05:00Z")), Some(minute(5)));
        assert_eq!((asked_at(Some("this morning")), asked_at(None)), (None, None));
    }

    #[test]
    fn cancelling_and_going_on_need_the_job_only() {
        let detail = json!({ "jobId": "job-1", "anything": "else" });
        let (job_id, requested_by) = ("job-1".to_owned(), "unknown".to_owned());
        let cancelled = Command::read("Drain Queue Cancelled", None, &detail);
        assert_eq!(cancelled, Ok(Some(Command::Cancel { job_id: job_id.clone(), requested_by })));
        assert_eq!(Command::read("Drain Queue Continued", None, &detail), Ok(Some(Command::Continue { job_id })));
        assert!(Command::read("Drain Queue Cancelled", None, &json!({})).is_err());
    }
}
