//! Genesys Cloud's answers to a disconnect: late, wrong, none.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, ago};
use fake_genesys_cloud::conversations::DisconnectBehavior;
use fake_genesys_cloud::faults::{Answer, Effect, Fault};
use fake_genesys_cloud::scenarios::Ghost;
use serde_json::Value;

async fn haunted() -> Result<(GhostWorld, String)> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let id = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(DAY * 3)))?;
    Ok((world, id))
}

/// What happens to the next disconnect request.
fn disconnect_meets(world: &GhostWorld, id: &str, effect: Effect) -> Result<()> {
    let path = format!("/api/v2/conversations/{id}/disconnect");
    world.genesys()?.faults().add(Fault::with("POST", &path, effect));
    Ok(())
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Effect {
    let headers: BTreeMap<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Effect::Answer(Answer { status, headers, body: Value::Null })
}

async fn assert_resolved_after(world: &GhostWorld, id: &str, requests: usize) -> Result<()> {
    world.tick().await?;
    assert_eq!(world.story(id), ["Ghost Interaction Suspected", "Ghost Interaction Disconnected"]);
    assert_eq!(world.disconnects(id)?, requests);
    assert!(world.has_ended(id)?);
    Ok(())
}

#[tokio::test]
async fn accepted_and_done_later() -> Result<()> {
    let (world, id) = haunted().await?;
    world.genesys()?.conversations().on_disconnect(&id, DisconnectBehavior::AfterMs(500));
    assert_resolved_after(&world, &id, 1).await
}

#[tokio::test]
async fn accepted_and_done_only_after_another_request() -> Result<()> {
    let (world, id) = haunted().await?;
    world.genesys()?.conversations().on_disconnect(&id, DisconnectBehavior::AfterReads(1));
    assert_resolved_after(&world, &id, 2).await
}

#[tokio::test]
async fn a_token_that_expires_is_renewed_and_the_request_sent_with_the_new_one() -> Result<()> {
    let (world, id) = haunted().await?;
    disconnect_meets(&world, &id, answer(401, &[]))?;
    assert_resolved_after(&world, &id, 2).await
}

#[tokio::test]
async fn rate_limited_is_not_done_and_no_attempt() -> Result<()> {
    let (world, id) = haunted().await?;
    disconnect_meets(&world, &id, answer(429, &[("retry-after", "1")]))?;
    disconnect_meets(&world, &id, answer(429, &[("retry-after", "1")]))?;
    assert_resolved_after(&world, &id, 3).await
}

#[tokio::test]
async fn an_answer_that_is_lost_counts_as_done_until_a_look_tells_otherwise() -> Result<()> {
    let (world, id) = haunted().await?;
    disconnect_meets(&world, &id, Effect::DropAfterwards)?;
    assert_resolved_after(&world, &id, 1).await?;

    let (world, id) = haunted().await?;
    disconnect_meets(&world, &id, Effect::Drop)?;
    assert_resolved_after(&world, &id, 2).await
}

#[tokio::test]
async fn a_server_error_is_looked_at_before_anything_is_repeated() -> Result<()> {
    let (world, id) = haunted().await?;
    disconnect_meets(&world, &id, answer(503, &[]))?;
    assert_resolved_after(&world, &id, 2).await
}

#[tokio::test]
async fn what_does_not_let_itself_be_ended_is_escalated_once_with_all_that_customer_care_asks_for() -> Result<()> {
    for behavior in [DisconnectBehavior::Never, DisconnectBehavior::Conflict] {
        let (world, id) = haunted().await?;
        world.genesys()?.conversations().on_disconnect(&id, behavior);
        world.tick().await?;
        world.tick().await?;
        assert_eq!(world.disconnects(&id)?, 2, "{behavior:?}: as many as the policy's attempts");
        assert_eq!(world.story(&id), ["Ghost Interaction Suspected", "Ghost Interaction Escalated"]);
        let outcome = world.outcome(&id, "Ghost Interaction Escalated")?;
        let support_case = outcome["supportCase"].as_str().context("no support case")?;
        for asked_for in
            [id.as_str(), "/disconnect", "orrelation id", "error.ininedgecontrol.session.inactive", "connected"]
        {
            assert!(support_case.contains(asked_for), "{asked_for}: {support_case}");
        }
        assert!(!support_case.contains("Personal Data") && !support_case.contains("+1555"), "{support_case}");
    }
    Ok(())
}

#[tokio::test]
async fn looks_that_fail_disconnect_nothing() -> Result<()> {
    let (world, id) = haunted().await?;
    let path = format!("/api/v2/conversations/{id}");
    world.genesys()?.faults().add(Fault::with("GET", &path, answer(500, &[])).times(1_000));
    world.tick().await?;
    assert_eq!(world.all_disconnects()?, 0);
    world.genesys()?.faults().clear();
    world.tick_until(|world| world.has_ended(&id)).await?;
    assert_resolved_after(&world, &id, 1).await
}

#[tokio::test]
async fn conversations_that_cannot_be_read_keep_no_ghost_waiting() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let mut broken = Vec::new();
    for (index, status) in [403, 500, 403, 400, 500, 403].into_iter().enumerate() {
        // They are the oldest, so that every search comes across them first. Half of them events have announced, too.
        let id = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(DAY * 30)))?;
        world
            .genesys()?
            .faults()
            .add(Fault::answer("GET", &format!("/api/v2/conversations/{id}"), status).times(1_000));
        if index % 2 == 0 {
            world.announce(&id).await?;
        }
        broken.push(id);
    }
    let ghost = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(DAY * 3)))?;
    world.tick().await?;
    assert_resolved_after(&world, &ghost, 1).await?;
    world.genesys()?.faults().clear();
    // What could be read again is dealt with when its pause is over.
    world.tick_until(|world| broken.iter().try_fold(true, |all, id| Ok(all && world.disconnects(id)? == 1))).await
}

#[tokio::test]
async fn a_conversation_that_answers_slowly_is_left_alone_and_keeps_no_other_waiting() -> Result<()> {
    let (world, slow) = haunted().await?;
    let quick = world.haunt(|id| Ghost::StuckAgent.conversation(id, ago(DAY * 2)))?;
    let path = format!("/api/v2/conversations/{slow}");
    world.genesys()?.faults().add(Fault::delay("GET", &path, 5_200).times(1_000));
    world.tick().await?;
    assert!(world.has_ended(&quick)?);
    assert_eq!(world.disconnects(&slow)?, 0, "no look at it is ever young enough");
    let looks = world.genesys()?.requests().all().iter().filter(|request| request.path == path).count();
    assert!(looks <= 2, "{looks} looks in one run");
    Ok(())
}

#[tokio::test]
async fn what_was_gone_before_the_request_came_is_done() -> Result<()> {
    let (world, id) = haunted().await?;
    disconnect_meets(&world, &id, answer(404, &[]))?;
    assert_resolved_after(&world, &id, 2).await
}
