//! What a stretch of work cost.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fake_salesforce::CallKind;
use local_stack::build::Profile;
use local_stack::functions::FunctionStats;
use local_stack::stack::{Stack, StackOptions};
use serde_json::Value;

/// The function that is measured.
const FUNCTION: &str = "InterruptionLogger";
/// How long a piece of work may take.
const LIMIT: Duration = Duration::from_mins(5);

/// Use up to some moment.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// The function's processes.
    pub(crate) function: FunctionStats,
    /// Requests to DynamoDB.
    pub(crate) requests: u64,
    /// Bytes that DynamoDB answered.
    pub(crate) bytes_read: u64,
    /// Capacity units consumed.
    pub(crate) capacity_units: f64,
    /// Upserts to Salesforce.
    pub(crate) upserts: usize,
}

/// A stack with the function as it is deployed.
pub(crate) async fn stack() -> Result<Stack> {
    let options = StackOptions { manual_schedules: true, profile: Profile::Release, ..StackOptions::default() };
    Stack::start(options).await
}

/// Posts events in pieces and waits for each; how long it took.
pub(crate) async fn play(stack: &Stack, events: &[Value], piece: usize) -> Result<Duration> {
    let started = Instant::now();
    for piece in events.chunks(piece) {
        stack.post_events(piece.to_vec())?;
        let drained = stack.drain_queues(LIMIT).await;
        ensure!(drained.drained && drained.dead_letters == 0, "{drained:?}");
    }
    Ok(started.elapsed())
}

impl Figures {
    /// What the stack has used so far.
    pub(crate) fn of(stack: &Stack) -> Result<Self> {
        let stats = stack.stats();
        let function = stats.functions.get(FUNCTION).cloned().context("the function is not in the template")?;
        let database: Vec<_> = stats.aws.iter().filter(|(target, _)| target.starts_with("DynamoDB")).collect();
        Ok(Self {
            function,
            requests: database.iter().map(|(_, operation)| operation.requests).sum(),
            bytes_read: database.iter().map(|(_, operation)| operation.response_bytes).sum(),
            capacity_units: database.iter().map(|(_, operation)| operation.capacity_units).sum(),
            upserts: stack.salesforce().map_or(0, |salesforce| salesforce.count(CallKind::CollectionsUpsert)),
        })
    }
}

/// A share, for people.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn per(part: u64, whole: usize) -> f64 {
    part as f64 / whole as f64
}
