//! The function dies between any two of its requests to AWS.

use anyhow::{Context, Result, ensure};
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, ago};
use fake_genesys_cloud::conversations::DisconnectBehavior;
use fake_genesys_cloud::scenarios::Ghost;
use futures::future::try_join_all;
use local_stack::aws_front::faults::CrashPoint;

/// More requests than a run with one ghost makes.
const MOST_REQUESTS: usize = 60;
/// Stacks that are at it at once: most of the time is waiting.
const AT_ONCE: usize = 6;

/// Kills the functions at a point of a run that disconnects one ghost; whether it came to that.
async fn survives(world: &GhostWorld, point: CrashPoint, behavior: DisconnectBehavior) -> Result<bool> {
    let id = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(DAY)))?;
    world.genesys()?.conversations().on_disconnect(&id, behavior);
    world.announce(&id).await?;
    let faults = world.world.stack.aws_faults();
    faults.crash(point);
    world.tick().await?;
    let came = !faults.cancel_crash();
    let last = if behavior == DisconnectBehavior::Never { "Escalated" } else { "Disconnected" };
    let last = format!("Ghost Interaction {last}");
    let ended = world.tick_until(|world| Ok(world.story(&id).contains(&last))).await;
    ended.with_context(|| format!("{point:?}: {:?}", world.story(&id)))?;
    world.tick().await?;

    assert_eq!(world.story(&id), ["Ghost Interaction Suspected".to_owned(), last], "{point:?}");
    assert_eq!(world.cases(&id).await?.len(), 1, "{point:?}");
    let attempts = world.cases(&id).await?[0]["attempts"].as_array().map_or(0, Vec::len);
    let requests = world.disconnects(&id)?;
    assert!(requests <= attempts && attempts <= 2, "{point:?}: {requests} requests in {attempts} attempts");
    // One that was written down counts as sent, even if its run died before it could send it.
    assert!(requests >= 1 || attempts == 2, "{point:?}");
    Ok(came)
}

/// One stack kills its functions at every so-manieth request.
async fn survives_all(first: usize, make: fn(usize) -> CrashPoint, behavior: DisconnectBehavior) -> Result<usize> {
    let policy = ENFORCE.replace("looks: 2", "looks: 1").replace("every: 1s, lookBack", "every: 1h, lookBack");
    let world = GhostWorld::with_policy(&policy).await?;
    // Discovery is over and done with.
    world.tick().await?;
    let mut crashes = 0;
    for request in (first..).step_by(AT_ONCE) {
        ensure!(request < MOST_REQUESTS, "the function makes no end of requests");
        if !survives(&world, make(request), behavior).await? {
            break;
        }
        crashes += 1;
    }
    assert!(world.world.dead_letters_of("GhostDisconnectorDeadLetterQueue").is_empty());
    Ok(crashes)
}

async fn a_crash_anywhere_leaves_no_trace(make: fn(usize) -> CrashPoint, behavior: DisconnectBehavior) -> Result<()> {
    let stacks = (1..=AT_ONCE).map(|first| survives_all(first, make, behavior));
    let crashes: usize = try_join_all(stacks).await?.into_iter().sum();
    assert!(crashes >= 12, "{crashes} requests in a run");
    Ok(())
}

#[tokio::test]
async fn before_any_request() -> Result<()> {
    a_crash_anywhere_leaves_no_trace(CrashPoint::Before, DisconnectBehavior::AtOnce).await
}

#[tokio::test]
async fn after_any_request() -> Result<()> {
    a_crash_anywhere_leaves_no_trace(CrashPoint::After, DisconnectBehavior::AtOnce).await
}

#[tokio::test]
async fn on_the_way_to_an_escalation() -> Result<()> {
    a_crash_anywhere_leaves_no_trace(CrashPoint::After, DisconnectBehavior::Never).await
}
