//! A policy that disconnects.

use anyhow::Result;
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, ago};
use fake_genesys_cloud::scenarios::Ghost;

#[tokio::test]
async fn a_ghost_of_every_kind_that_no_event_announced_is_disconnected_verified_and_documented() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let mut ghosts = Vec::new();
    for kind in Ghost::ALL {
        ghosts.push((kind, world.haunt(|id| kind.conversation(id, ago(DAY * 40)))?));
    }
    world.tick().await?;
    for (kind, id) in &ghosts {
        assert_eq!(world.disconnects(id)?, 1, "{kind:?}: {:?}", world.story(id));
        assert!(world.has_ended(id)?, "{kind:?}");
        assert_eq!(world.story(id), ["Ghost Interaction Suspected", "Ghost Interaction Disconnected"], "{kind:?}");
        assert_eq!(world.states(id).await?, ["suspected", "confirmed", "disconnecting", "resolved"], "{kind:?}");
        let outcome = world.outcome(id, "Ghost Interaction Disconnected")?;
        assert!(outcome["rule"].is_string() && outcome["reason"].is_string() && outcome["evidence"].is_array());
        assert_eq!(outcome["attempts"].as_array().map(Vec::len), Some(1), "{outcome}");
    }
    let everything = format!("{:?}", world.world.stack.outcomes());
    assert!(!everything.contains("Personal Data") && !everything.contains("+1555"), "nothing personal leaves");

    world.tick().await?;
    assert_eq!(world.all_disconnects()?, ghosts.len(), "what is resolved stays so");
    Ok(())
}

#[tokio::test]
async fn a_ghost_that_events_announced_is_found_without_analytics() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    world.genesys()?.analytics().lag_behind((DAY * 90).unsigned_abs());
    let mut ghosts = Vec::new();
    for kind in [Ghost::StuckAgent, Ghost::StuckQueue, Ghost::EverybodyLeft, Ghost::OrphanLeg] {
        let id = world.haunt(|id| kind.conversation(id, ago(DAY)))?;
        world.announce(&id).await?;
        ghosts.push((kind, id));
    }
    world.tick().await?;
    for (kind, id) in ghosts {
        // All events say that everybody has left, and then it has ended, as far as anybody can know.
        let expected = usize::from(kind != Ghost::EverybodyLeft);
        assert_eq!(world.disconnects(&id)?, expected, "{kind:?}: {:?}", world.story(&id));
    }
    Ok(())
}
