//! `cargo run` without arguments: plays a recorded day through the real functions and shows what
//! came of it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fake_salesforce::CallKind;
use indicatif::{ProgressBar, ProgressStyle};

use crate::day::{Day, DayOptions, contact_centre_day};
use crate::report::{self, SalesforceRows};
use crate::stack::Stack;

/// How many events are posted before the stack is given time to handle them.
const PIECE: usize = 500;
/// How long the stack may take for one piece.
const LIMIT: Duration = Duration::from_mins(2);
/// The width of the table where there is no terminal to measure.
const DEFAULT_WIDTH: u16 = 160;

/// Plays the day on a stack with the built-in Salesforce, prints what came of it, and writes the
/// HTML report.
///
/// # Errors
/// If an event is lost on the way, or the report can't be written.
pub async fn play(stack: &Stack, options: &DayOptions, report: &Path) -> Result<()> {
    let day = contact_centre_day(options);
    println!("Playing a day of {} agents: {} events.", day.agents.len(), day.events.len());
    let started = Instant::now();
    play_events(stack, &day).await?;
    println!("Firing the schedules once.");
    stack.run_schedules().await;
    drain(stack).await?;
    let took = started.elapsed();

    let rows = salesforce_rows(stack)?;
    println!("\n{}\n", report::console(&day, &rows, usize::from(width())));
    println!("{}", summary(stack, &day, took));
    write_report(report, &report::html(&day, &rows))?;
    println!("A picture of each agent's day: {}", report.display());
    Ok(())
}

async fn play_events(stack: &Stack, day: &Day) -> Result<()> {
    let bar = ProgressBar::new(day.events.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} events  {elapsed}")?);
    for piece in day.events.chunks(PIECE) {
        let events = piece.iter().map(|event| event.envelope.clone()).collect();
        stack.post_events(events)?;
        drain(stack).await?;
        bar.inc(piece.len() as u64);
    }
    bar.finish();
    Ok(())
}

async fn drain(stack: &Stack) -> Result<()> {
    let drained = stack.drain_queues(LIMIT).await;
    ensure!(drained.drained, "{} messages or invocations are stuck", drained.left);
    ensure!(
        drained.dead_letters == 0,
        "{} dead letters: {}",
        drained.dead_letters,
        serde_json::to_string_pretty(&stack.dead_letters())?
    );
    Ok(())
}

fn salesforce_rows(stack: &Stack) -> Result<SalesforceRows> {
    let salesforce = stack.salesforce().context("the rows of another Salesforce can't be read")?;
    Ok(SalesforceRows {
        interruptions: salesforce.rows("Interaction_Interruption__c"),
        work_sessions: salesforce.rows("Agent_Work_Session__c"),
    })
}

fn summary(stack: &Stack, day: &Day, took: Duration) -> String {
    let stats = stack.stats();
    let database = stats.aws.iter().filter(|(target, _)| target.starts_with("DynamoDB"));
    let requests: u64 = database.map(|(_, operation)| operation.requests).sum();
    let upserts = stack.salesforce().map_or(0, |fake| fake.count(CallKind::CollectionsUpsert));
    format!(
        "{} events in {:.1} s, with {requests} requests to DynamoDB and {upserts} upserts to Salesforce.",
        day.events.len(),
        took.as_secs_f64(),
    )
}

fn width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(DEFAULT_WIDTH)
}

fn write_report(path: &Path, html: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    std::fs::write(path, html).with_context(|| format!("writing {}", path.display()))
}
