//! What watching costs per event, and what a ghost costs from its first look to its end.

use std::time::Instant;

use anyhow::{Result, ensure};
use comfy_table::Table;
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, ago};
use fake_genesys_cloud::scenarios::{Ghost, LookAlike};
use local_stack::day::{DayOptions, contact_centre_day};
use local_stack::stack::Stack;
use serde_json::Value;

use crate::figures::{per, play};

/// Kinds whose events leave no doubt that somebody may still be there: the watcher finds these, without analytics.
const ANNOUNCED: [Ghost; 3] = [Ghost::StuckAgent, Ghost::StuckQueue, Ghost::OrphanLeg];

pub(crate) async fn measure(events: usize, ghosts: usize) -> Result<()> {
    let policy = ENFORCE.replace("maxDisconnects: 20", "maxDisconnects: 1000");
    let world = GhostWorld::with_policy(&policy).await?;
    let mut table = Table::new();
    table.set_header(["ghosts", "measured", "aim"]);
    let mut row = |name: &str, measured: String, aim: &str| {
        table.add_row([name.to_owned(), measured, aim.to_owned()]);
    };
    for batch in [1, 10] {
        let day = contact_centre_day(&DayOptions { seed: batch as u64, ..DayOptions::default() });
        let played: Vec<Value> = day.events.into_iter().map(|event| event.envelope).take(events / 10 * batch).collect();
        let before = writes(&world.world.stack);
        play(&world.world.stack, &played, batch).await?;
        let writes = writes(&world.world.stack) - before;
        let measured = format!("{:.2} ({} events, {batch} at a time)", per(writes, played.len()), played.len());
        row("the watcher's DynamoDB writes per event", measured, "1 or fewer");
    }

    let found = haunt(&world, ghosts).await?;
    let living = living(&world, ghosts).await?;
    let requests = world.genesys()?.requests();
    requests.clear();
    let started = Instant::now();
    world.tick_until(|world| Ok(found.iter().all(|id| is_documented(world, id)))).await?;
    let took = started.elapsed();
    let all = requests.all();
    let of =
        |ids: &[String]| all.iter().filter(|request| ids.iter().any(|id| request.path.contains(id))).count() as u64;
    ensure!(living.iter().all(|id| matches!(world.disconnects(id), Ok(0))), "somebody who was there was disconnected");
    row("disconnected", format!("{} in {took:.1?}, each once, looks 1 s apart", found.len()), "");
    row("API requests per ghost", format!("{:.2}", per(of(&found), found.len())), "4: two looks, disconnect, verify");
    row("API requests per look-alike", format!("{:.2}", per(of(&living), living.len())), "1 or none");
    let others = all.len() as u64 - of(&found) - of(&living);
    row("other API requests (token, discovery)", others.to_string(), "");
    println!("{table}");
    world.world.stack.stop().await;
    Ok(())
}

/// Ghosts that the watcher knows of.
async fn haunt(world: &GhostWorld, count: usize) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for kind in ANNOUNCED.iter().cycle().take(count) {
        let id = world.haunt(|id| kind.conversation(id, ago(DAY)))?;
        world.announce(&id).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// As many that look like one.
async fn living(world: &GhostWorld, count: usize) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for kind in LookAlike::ALL.iter().cycle().take(count) {
        let id = world.haunt(|id| kind.conversation(id, ago(DAY)))?;
        world.announce(&id).await?;
        ids.push(id);
    }
    Ok(ids)
}

fn is_documented(world: &GhostWorld, id: &str) -> bool {
    world.story(id).last().is_some_and(|last| last == "Ghost Interaction Disconnected")
}

/// Only the watcher puts items while no schedule fires.
fn writes(stack: &Stack) -> u64 {
    stack.stats().aws.get("DynamoDB_20120810.PutItem").map_or(0, |operation| operation.requests)
}
