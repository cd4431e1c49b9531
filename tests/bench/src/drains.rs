//! A queue drained: how much of the rate limit is used, what a conversation costs, and whether any is harmed.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use end_to_end::drains::DrainWorld;
use local_stack::build::Profile;
use local_stack::stack::StackOptions;
use rand::seq::IndexedRandom;
use serde_json::json;

use crate::figures::per;

/// Requests that a token of a real organization may make in a minute (reference/genesys-cloud.md §3).
const REAL_LIMIT: u32 = 300;
/// Agents accept one of so many conversations while the queue is drained.
const ACCEPTED_ONE_OF: usize = 200;
/// A real organization's analytics may lag by minutes: faster by as much as the limit is higher.
const REAL_LAG: Duration = Duration::from_mins(2);
const LIMIT: Duration = Duration::from_mins(30);

/// What a drain came to.
struct Drained {
    size: usize,
    seconds: f64,
    requests: usize,
    limited: usize,
    allowed: f64,
    done: u64,
    asked_twice: usize,
    accepted: usize,
    accepted_touched: usize,
    waiting: usize,
    peak_memory_bytes: u64,
    database_requests: u64,
}

pub(crate) async fn measure(sizes: &[usize], requests_per_minute: u32, profile: Profile) -> Result<()> {
    let mut table = Table::new();
    let mut columns = Vec::new();
    for size in sizes {
        columns.push(drain(*size, requests_per_minute, profile).await?);
    }
    table.set_header(
        ["drain".to_owned()]
            .into_iter()
            .chain(sizes.iter().map(|size| format!("{size} conversations")))
            .chain(["aim".to_owned()]),
    );
    let mut row = |name: &str, aim: &str, show: &dyn Fn(&Drained) -> String| {
        let cells = columns.iter().map(show);
        table.add_row([name.to_owned()].into_iter().chain(cells).chain([aim.to_owned()]));
    };
    row("time", "", &|one| format!("{:.1} s at {requests_per_minute} requests a minute", one.seconds));
    row("requests, of those allowed in that time", "97 % or more", &|one| {
        format!("{:.1} %", 100.0 * per(one.requests as u64, 1) / one.allowed)
    });
    row("requests per conversation disconnected", "1.05 or less", &|one| {
        format!("{:.4}", per(one.requests as u64, 1) / per(one.done, 1))
    });
    row("answered with 429", "under 0.1 %", &|one| format!("{} of {}", one.limited, one.requests));
    row("disconnected, and asked to twice", "all, 0", &|one| format!("{}, {}", one.done, one.asked_twice));
    row("accepted by agents meanwhile, and touched", "0", &|one| format!("{}, {}", one.accepted, one.accepted_touched));
    row("left waiting", "0", &|one| one.waiting.to_string());
    row("peak memory", "under 50 MB", &|one| format!("{:.1} MB", per(one.peak_memory_bytes, 1_000_000)));
    row("DynamoDB requests per conversation", "", &|one| format!("{:.2}", per(one.database_requests, one.size)));
    println!("{table}");
    for one in &columns {
        let cost = per(one.requests as u64, 1) / per(one.done, 1);
        let minutes = |clients: u32| 50_000.0 * cost / f64::from(REAL_LIMIT * clients);
        println!(
            "At that cost 50,000 take {:.0} minutes at {REAL_LIMIT} requests a minute, and {:.0} with four clients.",
            minutes(1),
            minutes(4)
        );
    }
    Ok(())
}

async fn drain(size: usize, requests_per_minute: u32, profile: Profile) -> Result<Drained> {
    let world = DrainWorld::with(requests_per_minute, StackOptions { profile, ..<_>::default() }).await?;
    world.genesys()?.analytics().lag_behind(REAL_LAG * REAL_LIMIT / requests_per_minute);
    let ids = world.crowd(size)?;
    world.request("bench", json!({}))?;
    tokio::select! {
        ended = world.end_within("bench", LIMIT) => { ended?; }
        never = accept_some(&world, &ids, size / ACCEPTED_ONE_OF, requests_per_minute) => never?,
    }
    let (kind, end) = world.end("bench").await?;
    ensure!(kind == "Queue Drain Completed", "{end}");
    let requests = world.genesys()?.requests().all();
    let requests: Vec<_> = requests.iter().filter(|request| request.path.starts_with("/api")).collect();
    let (first, last) = (requests.first().context("no request")?, requests.last().context("no request")?);
    let milliseconds = u64::try_from(last.at_ms - first.at_ms)?;
    let report = world.report()?;
    let stats = world.world.stack.stats();
    let function = stats.functions.get("QueueDrainer").context("the function is not in the template")?;
    let database = stats.aws.iter().filter(|(target, _)| target.starts_with("DynamoDB"));
    let drained = Drained {
        size,
        seconds: per(milliseconds, 1_000),
        requests: requests.len(),
        limited: requests.iter().filter(|request| request.status == Some(429)).count(),
        allowed: f64::from(requests_per_minute) * per(milliseconds, 60_000),
        done: end["done"].as_u64().unwrap_or_default(),
        asked_twice: report.asked_twice,
        accepted: report.accepted,
        accepted_touched: report.accepted_touched,
        waiting: report.waiting,
        peak_memory_bytes: function.peak_memory_bytes,
        database_requests: database.map(|(_, operation)| operation.requests).sum(),
    };
    world.world.stack.stop().await;
    Ok(drained)
}

/// Agents accept so many, at even intervals over the time that the drain takes at least; then waits for ever.
async fn accept_some(world: &DrainWorld, ids: &[String], count: usize, requests_per_minute: u32) -> Result<()> {
    let whole = Duration::from_mins(1) * u32::try_from(ids.len())? / requests_per_minute;
    let mut clock = tokio::time::interval(whole / u32::try_from(count)?.max(1));
    for _ in 0..count {
        clock.tick().await;
        let id = ids.choose(&mut rand::rng()).context("nobody waits")?;
        world.genesys()?.crowds().accept(id);
    }
    std::future::pending().await
}
