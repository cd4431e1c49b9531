//! `cargo run -- drain`: a queue drained by the real function, with a progress bar.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use fake_genesys_cloud::crowds::Crowd;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stack::{Stack, StackOptions};

/// The queue of the built-in fake.
const FAKE_QUEUE: &str = "a-queue";
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What to drain.
#[derive(Debug, Args)]
pub(crate) struct Drain {
    /// Another Genesys Cloud, login and API in one, in place of the built-in fake
    #[arg(long, value_name = "URL")]
    genesys_url: Option<String>,
    /// A setting of the function, such as the credentials, or the region of a real organization (`GENESYS_CLOUD_REGION`); may be
    /// repeated
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = crate::cli::setting)]
    environment: Vec<(String, String)>,
    /// The id of the queue; needed unless it is the built-in fake's
    #[arg(long)]
    queue: Option<String>,
    /// Counts what would be disconnected and touches nothing
    #[arg(long)]
    dry_run: bool,
    /// Only these media types, such as email; may be repeated
    #[arg(long = "media", value_name = "TYPE")]
    media_types: Vec<String>,
    /// Only this direction: inbound or outbound
    #[arg(long)]
    direction: Option<String>,
    /// Only from this address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    from: Vec<String>,
    /// Only what began so long ago, such as 2h
    #[arg(long, value_name = "DURATION")]
    older_than: Option<String>,
    /// Only what began at most so long ago [default: 60d]
    #[arg(long, value_name = "DURATION")]
    look_back: Option<String>,
    /// No more than so many
    #[arg(long)]
    limit: Option<u64>,
    /// Conversations that wait at the built-in fake
    #[arg(long, default_value_t = 2_000)]
    conversations: usize,
    /// Requests a minute that the built-in fake allows; a real organization allows 300
    #[arg(long, default_value_t = 6_000)]
    requests_per_minute: u32,
}

impl Drain {
    /// The stack that it needs.
    ///
    /// # Errors
    /// If the queue of another Genesys Cloud is not told.
    pub(crate) fn stack_options(&self) -> Result<StackOptions> {
        let options = StackOptions {
            environment: self.environment.iter().cloned().collect(),
            genesys_url: self.genesys_url.clone(),
            ..StackOptions::default()
        };
        ensure!(
            self.queue.is_some() || options.other_genesys()?.is_none(),
            "--queue ID is needed: which queue is to be drained?"
        );
        Ok(options)
    }

    fn queue(&self) -> &str {
        self.queue.as_deref().unwrap_or(FAKE_QUEUE)
    }

    /// Has the queue drained and shows how far it is.
    pub(crate) async fn run(&self, stack: &Stack) -> Result<()> {
        if let Some(genesys) = stack.genesys() {
            genesys.rate_limit().allow(self.requests_per_minute);
            genesys.crowds().gather(Crowd::new(self.queue(), self.conversations));
        }
        let job_id = Uuid::new_v4().to_string();
        stack.post_events(vec![self.command("Drain Queue Requested", &job_id)])?;
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {elapsed}")?);
        let end = loop {
            if let Some(end) = last(stack, &job_id, &["Queue Drain Completed", "Queue Drain Failed"]) {
                break end;
            }
            if let Some(progress) = last(stack, &job_id, &["Queue Drain Progressed"]) {
                show(&bar, &progress);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        bar.finish_and_clear();
        println!("{}", serde_json::to_string_pretty(&end)?);
        let state = end["state"].as_str().context("the end has no state")?;
        ensure!(state == "completed", "the queue is not drained: {state}");
        Ok(())
    }

    fn command(&self, detail_type: &str, job_id: &str) -> Value {
        let mut detail = json!({
            "jobId": job_id,
            "queueId": self.queue(),
            "dryRun": self.dry_run,
            "direction": self.direction,
            "olderThan": self.older_than,
            "lookBack": self.look_back,
            "limit": self.limit,
            "requestedBy": "the command line",
        });
        for (name, values) in [("mediaTypes", &self.media_types), ("from", &self.from)] {
            if !values.is_empty() {
                detail[name] = json!(values);
            }
        }
        json!({
            "id": job_id, "source": "genesys-event-processor.operator", "detail-type": detail_type, "detail": detail,
        })
    }
}

fn show(bar: &ProgressBar, progress: &Value) {
    let count = |name: &str| progress[name].as_u64().unwrap_or_default();
    bar.set_length(count("done") + count("failed") + count("left"));
    bar.set_position(count("done") + count("failed"));
    let left = progress["secondsLeft"].as_u64().map(|seconds| format!(", {} min left", seconds.div_ceil(60)));
    bar.set_message(format!(
        "{} failed, {} a minute{}",
        count("failed"),
        count("ratePerMinute"),
        left.unwrap_or_default()
    ));
}

/// The detail of the last outcome of these kinds about the job.
fn last(stack: &Stack, job_id: &str, kinds: &[&str]) -> Option<Value> {
    let is_one = |one: &Value| one["detail"]["jobId"] == job_id && kinds.iter().any(|kind| one["detail-type"] == *kind);
    stack.outcomes().into_iter().rev().find(is_one).map(|mut one| one["detail"].take())
}
