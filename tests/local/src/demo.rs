//! `cargo run` without arguments: plays a recorded day through the real functions and shows what
//! came of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fake_genesys_cloud::scenarios;
use fake_salesforce::CallKind;
use futures::future::try_join_all;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::day::{
    Day, DayOptions, MessageSession, StuckConversation, contact_centre_day, message_sessions, stuck_conversations,
};
use crate::report::{self, SalesforceRows, SessionReport};
use crate::stack::{Stack, workspace};

/// How many events are posted before the stack is given time to handle them.
const PIECE: usize = 500;
/// How long the stack may take for one piece.
const LIMIT: Duration = Duration::from_mins(2);
/// Tabs of a browser that reconnect at once.
const TABS: usize = 3;
/// The width of the table where there is no terminal to measure.
const DEFAULT_WIDTH: u16 = 160;

/// The ghost policy of the day.
pub fn policy() -> PathBuf {
    workspace().join("tests/local/day-policy.yaml")
}

/// Plays the day on a stack with the built-in fakes, prints what came of it, and writes the
/// HTML report.
///
/// # Errors
/// If an event is lost on the way, or the report can't be written.
pub async fn play(stack: &Stack, options: &DayOptions, report: &Path) -> Result<()> {
    let day = contact_centre_day(options);
    let still_on = stuck_conversations(options.seed, Timestamp::now());
    println!("Playing a day of {} agents: {} events.", day.agents.len(), day.events.len());
    let started = Instant::now();
    let sessions = message_sessions(options.seed, Timestamp::now());
    populate_genesys_cloud(stack, &day, &still_on, &sessions)?;
    let mut events: Vec<Value> = day.events.iter().map(|event| event.envelope.clone()).collect();
    events.extend(still_on.iter().flat_map(|one| one.events.clone()));
    events.extend(sessions.iter().flat_map(|one| one.events.clone()));
    play_events(stack, &events).await?;
    println!("Firing the schedules once.");
    stack.run_schedules().await;
    let sessions = come_back(stack, &sessions).await?;
    drain(stack).await?;
    let took = started.elapsed();

    let rows = salesforce_rows(stack)?;
    let ghosts = report::ghost_reports(&still_on, &stack.outcomes());
    println!("\n{}\n", report::console(&day, &rows, usize::from(width())));
    println!("{}\n", report::ghosts_console(&ghosts, usize::from(width())));
    println!("{}\n", report::sessions_console(&sessions, usize::from(width())));
    println!("{}", summary(stack, &day, took));
    write_report(report, &report::html(&day, &rows, &ghosts, &sessions))?;
    println!("A picture of each agent's day: {}", report.display());
    Ok(())
}

/// Gives Genesys Cloud the conversations that are still on, and those of the day, which are over.
fn populate_genesys_cloud(
    stack: &Stack,
    day: &Day,
    still_on: &[StuckConversation],
    sessions: &[MessageSession],
) -> Result<()> {
    let genesys = stack.genesys().context("another Genesys Cloud can't be given the day's conversations")?;
    for one in &day.conversations {
        let began = Timestamp::from_millisecond(one.began_ms)?;
        let ended = Timestamp::from_millisecond(one.ended_ms)?;
        genesys.conversations().set(scenarios::ended(&one.id, began, ended))?;
    }
    for session in sessions {
        genesys.conversations().set(session.conversation.clone())?;
    }
    for one in still_on {
        genesys.conversations().set(one.conversation.clone())?;
        genesys.conversations().on_disconnect(&one.id, one.on_disconnect);
        if let Some(later) = &one.becomes {
            genesys.conversations().change_after_reads(1, later.clone())?;
        }
        if let Some(row) = &one.outdated_row {
            genesys.analytics().show(row.clone())?;
        }
    }
    Ok(())
}

async fn play_events(stack: &Stack, events: &[Value]) -> Result<()> {
    let bar = ProgressBar::new(events.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} events  {elapsed}")?);
    for piece in events.chunks(PIECE) {
        stack.post_events(piece.to_vec())?;
        drain(stack).await?;
        bar.inc(piece.len() as u64);
    }
    bar.finish();
    Ok(())
}

/// Has the browsers of customers whose session dropped ask, three tabs of each at once, and tells what became of all of them.
async fn come_back(stack: &Stack, sessions: &[MessageSession]) -> Result<Vec<SessionReport>> {
    let browser = reqwest::Client::builder().no_proxy().timeout(LIMIT).build()?;
    let url = format!("{}/resumptions", stack.urls().api);
    let outcomes = stack.outcomes();
    let mut reports = Vec::new();
    for session in sessions {
        let answer = match &session.comes_back_as {
            None => None,
            Some(participant_id) => {
                let body = json!({ "conversationId": session.id, "participantId": participant_id });
                let tabs = (0..TABS).map(|_| ask(&browser, &url, &body));
                let answers = try_join_all(tabs).await?;
                ensure!(
                    answers.windows(2).all(|pair| pair[0] == pair[1]),
                    "tabs are told different things: {answers:?}"
                );
                answers.into_iter().next()
            }
        };
        reports.push(report::session_report(session, answer.as_ref(), &outcomes));
    }
    Ok(reports)
}

async fn ask(browser: &reqwest::Client, url: &str, body: &Value) -> Result<Value> {
    Ok(browser.post(url).json(body).send().await?.error_for_status()?.json().await?)
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
