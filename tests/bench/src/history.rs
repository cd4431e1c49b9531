//! The same working day after one, ten and a hundred days of history: it must cost the same.

use anyhow::Result;
use comfy_table::Table;
use end_to_end::story::{MINUTE, TEN_O_CLOCK, call, email};
use local_stack::stack::Stack;
use serde_json::Value;

use crate::figures::{Figures, per, play, stack};

const AGENTS: u32 = 5;
const EMAILS_A_DAY: u32 = 16;
const CALLS_A_DAY: u32 = 32;
const FULL_BATCH: usize = 500;
const DAY: i64 = 24 * 60 * MINUTE;

pub(crate) async fn measure(longest: u32) -> Result<()> {
    let stack = stack().await?;
    let mut table = Table::new();
    table.set_header([
        "working days before",
        "requests per event",
        "bytes read per event",
        "capacity per event",
        "time per event",
    ]);
    let mut lived = 0;
    for history in [longest / 100, longest / 10, longest] {
        while lived < history {
            live(&stack, lived, FULL_BATCH).await?;
            lived += 1;
        }
        let before = Figures::of(&stack)?;
        let (events, took) = live(&stack, lived, AGENTS as usize).await?;
        lived += 1;
        let after = Figures::of(&stack)?;
        table.add_row([
            format!("{history}"),
            format!("{:.2}", per(after.requests - before.requests, events)),
            format!("{:.0}", per(after.bytes_read - before.bytes_read, events)),
            format!("{:.1}", (after.capacity_units - before.capacity_units) / per(events as u64, 1)),
            format!("{:.2} ms", per(u64::try_from(took.as_micros())?, events * 1000)),
        ]);
    }
    println!("{table}");
    println!(
        "Each row: one day of {AGENTS} agents with {EMAILS_A_DAY} emails and {CALLS_A_DAY} calls, one event an agent and batch."
    );
    stack.stop().await;
    Ok(())
}

/// One working day, in batches of this many events. One event of each agent in a batch is the dearest: nothing is shared.
async fn live(stack: &Stack, day: u32, batch: usize) -> Result<(usize, std::time::Duration)> {
    let mut days: Vec<Vec<(i64, Value)>> = (0..AGENTS).map(|agent| events_of(agent, day)).collect();
    let mut batches = Vec::new();
    for agent in &mut days {
        agent.sort_by_key(|(at, _)| *at);
    }
    for index in 0..days[0].len() {
        batches.extend(days.iter().map(|agent| agent[index].1.clone()));
    }
    let took = play(stack, &batches, batch).await?;
    Ok((batches.len(), took))
}

fn events_of(agent: u32, day: u32) -> Vec<(i64, Value)> {
    let morning = TEN_O_CLOCK + i64::from(day) * DAY;
    let first = (agent * 1_000 + day) * 100;
    let emails = (0..EMAILS_A_DAY).map(|index| {
        let from = morning + i64::from(index) * 30 * MINUTE;
        (email(agent, first + index), from, from + 29 * MINUTE)
    });
    let calls = (0..CALLS_A_DAY).map(|index| {
        let from = morning + i64::from(index) * 15 * MINUTE + 5 * MINUTE;
        (call(agent, first + 50 + index), from, from + 4 * MINUTE)
    });
    let lives = emails.chain(calls).flat_map(|(session, from, until)| session.lives(from, until));
    lives.filter_map(|event| Some((event["detail"]["eventBody"]["eventTime"].as_i64()?, event))).collect()
}
