//! What looks like a ghost, and what stops being one.

use anyhow::Result;
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, MINUTE, ago};
use fake_genesys_cloud::scenarios::{Ghost, LookAlike};

#[tokio::test]
async fn what_only_looks_like_a_ghost_is_left_alone_however_it_was_found() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let mut living = Vec::new();
    for kind in LookAlike::ALL {
        for announced in [true, false] {
            let id = world.haunt(|id| kind.conversation(id, ago(DAY * 20)))?;
            if announced {
                world.announce(&id).await?;
            }
            living.push((kind, id));
        }
    }
    world.tick().await?;
    world.tick().await?;
    assert_eq!(world.all_disconnects()?, 0);
    let mut dismissed = 0;
    for (kind, id) in &living {
        assert!(!world.has_ended(id)?, "{kind:?}");
        let story = world.story(id);
        assert!(story.iter().all(|one| one == "Ghost Interaction Dismissed"), "{kind:?}: {story:?}");
        dismissed += story.len();
        for (_, outcome) in world.outcomes(id) {
            let reason = outcome["reason"].as_str().unwrap_or_default();
            assert!(reason.starts_with("Alive: "), "{kind:?}: {reason}");
        }
    }
    assert!(dismissed >= LookAlike::ALL.len(), "what was worth a look is dismissed in words, once: {dismissed}");
    assert!(dismissed <= living.len());
    Ok(())
}

#[tokio::test]
async fn somebody_who_comes_back_between_two_looks_is_not_cut_off() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let since = ago(DAY);
    let id = world.haunt(|id| Ghost::OrphanLeg.conversation(id, since))?;
    world.genesys()?.conversations().change_after_reads(1, LookAlike::OnHold.conversation(&id, since))?;
    world.tick().await?;
    assert_eq!(world.disconnects(&id)?, 0);
    let story = world.story(&id);
    assert_eq!(story, ["Ghost Interaction Suspected", "Ghost Interaction Dismissed"]);
    let reason = world.outcome(&id, "Ghost Interaction Dismissed")?["reason"].to_string();
    assert!(reason.contains("may be talking") || reason.contains("joined"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn too_early_is_not_yet() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let id = world.haunt(|id| Ghost::StuckAgent.conversation(id, ago(MINUTE * 14)))?;
    world.announce(&id).await?;
    world.tick().await?;
    assert_eq!(world.disconnects(&id)?, 0);
    Ok(())
}
