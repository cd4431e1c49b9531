//! The function dies at any moment.

use std::time::Duration;

use anyhow::Result;
use end_to_end::drains::DrainWorld;
use rand::{Rng, SeedableRng};
use serde_json::json;

/// Only those that meet an invocation count.
const KILLS: usize = 20;
const SIZE: usize = 1_200;

#[tokio::test]
async fn killed_twenty_times_it_disconnects_each_once_and_misses_none() -> Result<()> {
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    // Not so fast that it is nearly over before the kills are: what is in hand at three of them is given up and named.
    let world = DrainWorld::start(12_000).await?;
    world.genesys()?.analytics().lag_behind(Duration::from_secs(3));
    world.crowd(SIZE)?;
    world.request("job", json!({}))?;
    let crashes = || world.world.stack.stats().functions["QueueDrainer"].crashes;
    // Kills are spread over the drain by how far it is, each a random moment after that.
    while usize::try_from(crashes())? < KILLS {
        world.until_disconnected(usize::try_from(crashes())? * (SIZE - 100) / KILLS).await?;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..60))).await;
        anyhow::ensure!(world.report()?.waiting > 0, "it ends too soon: {} crashes", crashes());
        world.world.stack.kill_functions().await;
    }
    let (kind, end) = world.end("job").await?;
    let report = world.report()?;
    assert_eq!((report.disconnected, report.waiting, report.asked_twice), (SIZE, 0, 0), "{end}");
    assert_eq!((kind, end["done"].as_u64()), ("Queue Drain Completed", Some(SIZE as u64)), "{end}");
    assert!(world.world.dead_letters_of("QueueDrainerDeadLetterQueue").is_empty());
    Ok(())
}

#[tokio::test]
async fn a_job_whose_message_is_lost_is_taken_up_by_the_schedule() -> Result<()> {
    use local_stack::queues::Timings;
    use local_stack::stack::StackOptions;
    // What a function died of comes again too late for this test.
    let timings = Timings { retry_delay: Duration::from_hours(1), ..Timings::default() };
    let world = DrainWorld::with(1_200, StackOptions { timings, ..<_>::default() }).await?;
    world.crowd(100)?;
    world.request("job", json!({}))?;
    world.until_disconnected(10).await?;
    world.world.stack.kill_functions().await;
    assert!(world.report()?.disconnected < 100);
    // Not before the lease of the dead is over.
    let ended = || world.outcomes("job", "Queue Drain Completed").pop();
    let rescued = async {
        loop {
            world.world.stack.run_schedules().await;
            if let Some(end) = ended() {
                return end;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let end = tokio::time::timeout(Duration::from_mins(3), rescued).await?;
    assert_eq!(end["done"], json!(100), "{end}");
    assert_eq!(world.report()?.asked_twice, 0);
    Ok(())
}

#[tokio::test]
async fn a_drain_that_outlasts_an_invocation_goes_on_through_its_own_queue() -> Result<()> {
    use local_stack::stack::{StackOptions, workspace};
    // Long enough for a few seconds of work before it makes ready to end.
    let template = std::fs::read_to_string(workspace().join("template.yaml"))?;
    let short = template.replacen("      Timeout: 900\n", "      Timeout: 31\n", 1);
    anyhow::ensure!(short != template);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("template.yaml");
    std::fs::write(&path, short)?;
    let world = DrainWorld::with(1_200, StackOptions { template: Some(path), ..<_>::default() }).await?;
    world.crowd(250)?;
    let end = world.drain("job", json!({})).await?;
    let report = world.report()?;
    assert_eq!((report.disconnected, report.asked_twice, end["done"].as_u64()), (250, 0, Some(250)), "{end}");
    let runs = world.outcomes("job", "Queue Drain Progressed");
    let is_of_second = |one: &serde_json::Value| one["outcomeId"].as_str().is_some_and(|id| id.starts_with("job_2_"));
    assert!(runs.iter().any(is_of_second), "{runs:?}");
    Ok(())
}
