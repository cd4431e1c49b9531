//! Many ghosts at once have a common cause, which disconnecting them would hide.

use std::collections::BTreeSet;

use anyhow::Result;
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, ago};
use fake_genesys_cloud::scenarios::Ghost;
use serde_json::json;

#[tokio::test]
async fn the_breaker_trips_tells_once_and_holds_until_it_is_reset() -> Result<()> {
    let policy = ENFORCE.replace("maxDisconnects: 20", "maxDisconnects: 2");
    let world = GhostWorld::with_policy(&policy).await?;
    let mut ghosts = Vec::new();
    for _ in 0..4 {
        ghosts.push(world.haunt(|id| Ghost::StuckQueue.conversation(id, ago(DAY * 2)))?);
    }
    world.tick().await?;
    world.tick().await?;
    assert_eq!(world.all_disconnects()?, 2);
    let outcomes = world.world.stack.outcomes().into_iter();
    let alarms: Vec<_> = outcomes.filter(|one| one["detail-type"] == "Systemic Ghosting Suspected").collect();
    let ids: BTreeSet<_> = alarms.iter().map(|alarm| alarm["detail"]["outcomeId"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{alarms:?}");
    let alarm = &alarms[0]["detail"];
    assert_eq!(
        (&alarm["byMedia"]["voice"], &alarm["byQueue"]["queue-1"], &alarm["byProvider"]["Edge"]),
        (&json!(3), &json!(3), &json!(3))
    );

    let reset = json!({ "requestedBy": "an administrator", "reason": "the edge was restarted" });
    world.command("Breaker Reset Requested", reset).await?;
    world.tick_until(|world| Ok(world.all_disconnects()? == 4)).await?;
    world.tick().await?;
    for id in ghosts {
        assert_eq!(world.disconnects(&id)?, 1);
        assert_eq!(world.story(&id).last().map(String::as_str), Some("Ghost Interaction Disconnected"));
    }
    Ok(())
}
