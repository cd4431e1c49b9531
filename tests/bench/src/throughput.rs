//! Ten thousand events of two hundred agents, in full batches.

use anyhow::Result;
use comfy_table::Table;
use local_stack::build;
use local_stack::day::{DayOptions, contact_centre_day};
use local_stack::stack::workspace;
use serde_json::Value;

use crate::figures::{Figures, per, play, stack};

/// As many as the event source mapping gives to one invocation.
const BATCH: usize = 500;

pub(crate) async fn measure(count: usize, agents: usize) -> Result<()> {
    let stack = stack().await?;
    let day = contact_centre_day(&DayOptions { agents, ..DayOptions::default() });
    let events: Vec<Value> = day.events.into_iter().map(|event| event.envelope).take(count).collect();
    let took = play(&stack, &events, BATCH).await?;
    let figures = Figures::of(&stack)?;
    let binary =
        build::build(&workspace(), &["interruption-logger".to_owned()].into(), build::Profile::Release).await?;
    let size = binary.values().map(std::fs::metadata).map(|file| file.map_or(0, |file| file.len())).sum::<u64>();
    let mut inits = figures.function.inits.clone();
    inits.sort();

    let events = events.len();
    let cpu_ms = u64::try_from(figures.function.cpu.as_micros())?;
    let mut table = Table::new();
    table.set_header(["throughput", "measured", "aim"]);
    for (name, measured, aim) in [
        ("events", format!("{events} of {agents} agents, batches of {BATCH}"), ""),
        ("events per second", format!("{:.0}", per(events as u64 * 1000, usize::try_from(took.as_millis())?)), ""),
        ("processor time per event", format!("{:.0} µs", per(cpu_ms, events)), ""),
        ("DynamoDB requests per event", format!("{:.3}", per(figures.requests, events)), ""),
        ("DynamoDB capacity units per event", format!("{:.2}", figures.capacity_units / per(events as u64, 1)), ""),
        (
            "Salesforce upserts",
            format!("{} ({:.4} per event)", figures.upserts, per(figures.upserts as u64, events)),
            "",
        ),
        ("peak memory", format!("{:.1} MB", per(figures.function.peak_memory_bytes, 1_000_000)), "under 40 MB"),
        (
            "process start to first next",
            format!("{:.1?} (median of {})", inits[inits.len() / 2], inits.len()),
            "under 25 ms",
        ),
        ("stripped binary", format!("{:.2} MB", per(size, 1_000_000)), "under 10 MB"),
    ] {
        table.add_row([name.to_owned(), measured, aim.to_owned()]);
    }
    println!("{table}");
    stack.stop().await;
    Ok(())
}
