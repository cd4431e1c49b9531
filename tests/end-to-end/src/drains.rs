//! A contact centre with a queue to be drained: the running stack, its Genesys Cloud, and what is told of the job.

use std::time::Duration;

use anyhow::{Context, Result};
use fake_genesys_cloud::FakeGenesysCloud;
use fake_genesys_cloud::crowds::{Crowd, Report};
use local_stack::stack::{Stack, StackOptions};
use serde_json::{Value, json};

use crate::world::World;

/// The queue.
pub const QUEUE: &str = "a-queue";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// A stack whose Genesys Cloud allows more requests than a real one, so that nobody waits for hours.
pub struct DrainWorld {
    /// The stack.
    pub world: World,
}

impl DrainWorld {
    /// Starts it, with so many requests a minute allowed.
    pub async fn start(requests_per_minute: u32) -> Result<Self> {
        Self::with(requests_per_minute, StackOptions::default()).await
    }

    /// The same, with these options.
    pub async fn with(requests_per_minute: u32, options: StackOptions) -> Result<Self> {
        let stack = Stack::start(StackOptions { manual_schedules: true, ..options }).await?;
        let world = Self { world: World { stack } };
        world.genesys()?.rate_limit().allow(requests_per_minute);
        Ok(world)
    }

    /// Its Genesys Cloud.
    pub fn genesys(&self) -> Result<&FakeGenesysCloud> {
        self.world.stack.genesys().context("another Genesys Cloud is used")
    }

    /// So many emails wait in the queue; gives their ids, the oldest first.
    pub fn crowd(&self, size: usize) -> Result<Vec<String>> {
        Ok(self.genesys()?.crowds().gather(Crowd::new(QUEUE, size)))
    }

    /// What became of all who wait.
    pub fn report(&self) -> Result<Report> {
        Ok(self.genesys()?.crowds().report())
    }

    /// An operator's command, given and not waited for.
    pub fn command(&self, detail_type: &str, detail: &Value) -> Result<()> {
        self.command_of(jiff::Timestamp::now(), detail_type, detail)
    }

    /// The same, given then and delivered only now.
    pub fn command_of(&self, time: jiff::Timestamp, detail_type: &str, detail: &Value) -> Result<()> {
        let event = json!({
            "version": "0",
            "id": format!("event-{detail_type}-{}", detail["jobId"]),
            "detail-type": detail_type,
            "source": "genesys-event-processor.operator",
            "time": time.to_string(),
            "detail": detail,
        });
        self.world.stack.post_events(vec![event])?;
        Ok(())
    }

    /// Asks for the queue to be drained, with these further fields.
    pub fn request(&self, job_id: &str, fields: Value) -> Result<()> {
        let mut detail = json!({ "jobId": job_id, "queueId": QUEUE, "requestedBy": "an administrator" });
        if let (Some(detail), Value::Object(fields)) = (detail.as_object_mut(), fields) {
            detail.extend(fields);
        }
        self.command("Drain Queue Requested", &detail)
    }

    /// The details of all outcomes of this kind about a job, each once.
    pub fn outcomes(&self, job_id: &str, detail_type: &str) -> Vec<Value> {
        let mut seen = std::collections::BTreeSet::new();
        let all = self.world.stack.outcomes().into_iter();
        let about = all.filter(|one| one["detail-type"] == detail_type && one["detail"]["jobId"] == job_id);
        about.map(|one| one["detail"].clone()).filter(|one| seen.insert(one["outcomeId"].to_string())).collect()
    }

    /// How the job ended, once it has; with the kind of outcome that told.
    pub async fn end(&self, job_id: &str) -> Result<(&'static str, Value)> {
        self.end_within(job_id, PATIENCE).await
    }

    /// The same, if it takes no longer than this.
    pub async fn end_within(&self, job_id: &str, limit: Duration) -> Result<(&'static str, Value)> {
        let ended = async {
            loop {
                for kind in ["Queue Drain Completed", "Queue Drain Failed"] {
                    if let Some(end) = self.outcomes(job_id, kind).pop() {
                        return (kind, end);
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let ended = tokio::time::timeout(limit, ended).await;
        let end = ended.with_context(|| format!("the job does not end: {:?}", self.report()))?;
        self.world.settle().await?;
        Ok(end)
    }

    /// Drains the queue with these further fields, and gives what is told when that is completed.
    pub async fn drain(&self, job_id: &str, fields: Value) -> Result<Value> {
        self.request(job_id, fields)?;
        let (kind, end) = self.end(job_id).await?;
        anyhow::ensure!(kind == "Queue Drain Completed", "{kind}: {end}");
        Ok(end)
    }

    /// Waits until so many are disconnected.
    pub async fn until_disconnected(&self, at_least: usize) -> Result<()> {
        self.world.until(|| self.report().is_ok_and(|report| report.disconnected >= at_least)).await
    }

    /// How often anything of this method and path ending was asked.
    pub fn asked(&self, method: &str, ending: &str) -> Result<usize> {
        let requests = self.genesys()?.requests().all();
        Ok(requests.iter().filter(|one| one.method == method && one.path.ends_with(ending)).count())
    }
}
