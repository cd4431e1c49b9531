//! The function dies at any moment.

use std::time::Duration;

use anyhow::Result;
use end_to_end::drains::DrainWorld;
use rand::{Rng, SeedableRng};
use serde_json::json;

const KILLS: usize = 20;
const SIZE: usize = 1_200;

#[tokio::test]
async fn killed_twenty_times_it_disconnects_each_once_and_misses_none() -> Result<()> {
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let world = DrainWorld::start(60_000).await?;
    world.genesys()?.analytics().lag_behind(Duration::from_secs(3));
    world.crowd(SIZE)?;
    world.request("job", json!({}))?;
    // Kills are spread over the drain by how far it is, each a random moment after that.
    for kill in 0..KILLS {
        world.until_disconnected(kill * (SIZE - 100) / KILLS).await?;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..60))).await;
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
    use local_stack::aws_front::faults::CrashPoint;
    let world = DrainWorld::start(6_000).await?;
    world.crowd(100)?;
    // It dies having noted the job and before anything else.
    world.world.stack.aws_faults().crash(CrashPoint::After(2));
    world.request("job", json!({}))?;
    let (_, end) = world.end("job").await?;
    assert_eq!(end["done"], json!(100), "{end}");
    assert_eq!(world.report()?.asked_twice, 0);
    Ok(())
}
