//! What the company is told (DESIGN §4.5): outcomes with ids that repeat if they do.

use jiff::Timestamp;
use lambda_kit::outcomes::Outcome;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::filter::Skipped;
use crate::job::{Job, State};
use crate::request::{DrainRequest, Refusal};

/// Conversations that an outcome names at most: it must fit into an event. The table has them all.
pub const MOST_NAMED: usize = 1_000;

/// How far a job is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What people should know of how it goes.
    pub remarks: Vec<String>,
    /// Conversations disconnected.
    pub done: u64,
    /// Conversations that could not be.
    pub failed: u64,
    /// Conversations left, roughly.
    pub left: u64,
    /// Conversations disconnected in a minute, lately.
    pub per_minute: u64,
}

/// How a job ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Conversations disconnected; in a dry run, those that would be.
    pub done: u64,
    /// Conversations that could not be disconnected.
    pub failed: u64,
    /// The first of them.
    pub could_not_disconnect: Vec<NotDisconnected>,
    /// Conversations that were asked to end, and nobody knows whether they have: the job was stopped before a look could tell.
    pub unknown: Vec<String>,
    /// What was left alone, by reason.
    pub skipped: Skipped,
    /// Of a dry run: the first of those that would be disconnected.
    pub would_disconnect: Vec<String>,
    /// Of a dry run: those that analytics counts and does not show.
    pub not_shown: u64,
    /// Why it failed.
    pub reason: Option<String>,
    /// What people should know of how it went.
    pub remarks: Vec<String>,
}

/// A conversation that could not be disconnected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotDisconnected {
    /// The conversation.
    pub conversation_id: String,
    /// Why not.
    pub reason: String,
}

/// `Queue Drain Progressed`.
pub fn of_progress(request: &DrainRequest, run: u32, progress: &Progress) -> Outcome {
    let Progress { done, failed, left, per_minute, ref remarks } = *progress;
    let detail = json!({
        "jobId": request.job_id,
        "queueId": request.queue_id,
        "dryRun": request.dry_run,
        "done": done,
        "failed": failed,
        "left": left,
        "ratePerMinute": per_minute,
        "secondsLeft": (per_minute > 0).then(|| (left * 60).div_ceil(per_minute)),
        "remarks": remarks,
    });
    let id = format!("{}_{run}_{done}_{failed}_{left}", request.job_id);
    outcome("Queue Drain Progressed", id, detail)
}

/// `Queue Drain Completed` or `Queue Drain Failed`.
pub fn of_end(job_id: &str, job: &Job, state: State, summary: &Summary, now: Timestamp) -> Outcome {
    let request = job.request.as_ref();
    let dry_run = request.is_some_and(|request| request.dry_run);
    let mut detail = json!({
        "jobId": job_id,
        "queueId": request.map(|request| &request.queue_id),
        "state": state.as_str(),
        "requestedBy": request.map(|request| &request.requested_by),
        "requestReason": request.map(|request| &request.reason),
        "dryRun": dry_run,
        "done": if dry_run { 0 } else { summary.done },
        "failed": summary.failed,
        "skipped": summary.skipped,
        "couldNotDisconnect": summary.could_not_disconnect,
        "unknown": summary.unknown.len(),
        "unknownConversationIds": summary.unknown.iter().take(MOST_NAMED).collect::<Vec<_>>(),
        "remarks": summary.remarks,
        "startedAt": job.requested_at,
        "endedAt": now,
        "seconds": now.duration_since(job.requested_at).as_secs(),
    });
    if dry_run {
        detail["wouldDisconnect"] = json!(summary.done);
        detail["conversationIds"] = json!(summary.would_disconnect);
        detail["notShown"] = json!(summary.not_shown);
    }
    if let Some(reason) = &summary.reason {
        detail["reason"] = json!(reason);
    }
    let detail_type = if state == State::Completed { "Queue Drain Completed" } else { "Queue Drain Failed" };
    outcome(detail_type, format!("{job_id}_{}", state.as_str()), detail)
}

/// `Queue Drain Failed`: the request is refused.
pub fn of_refusal(event_id: &str, refusal: &Refusal) -> Outcome {
    let detail = json!({ "jobId": refusal.job_id, "state": "refused", "reason": format!("refused: {refusal}") });
    outcome("Queue Drain Failed", format!("{event_id}_refused"), detail)
}

fn outcome(detail_type: &'static str, id: String, detail: Value) -> Outcome {
    let detail = match detail {
        Value::Object(detail) => detail,
        _ => Map::new(),
    };
    Outcome { detail_type, id, detail }
}
