//! What operators ask for.

use anyhow::{Context, Result};
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, MINUTE, ago};
use fake_genesys_cloud::scenarios::{Ghost, LookAlike, ended};
use serde_json::{Value, json};

const REQUESTED: &str = "Disconnect Interaction Requested";
const REFUSED: &str = "Disconnect Interaction Refused";

fn request(ids: &[&str], force: &Value) -> Value {
    json!({ "conversationId": ids[0], "conversationIds": ids, "requestedBy": "an administrator", "reason": "stuck", "force": force })
}

fn reason(outcome: &Value) -> &str {
    outcome["reason"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_request_is_granted_after_the_same_checks() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let one = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(DAY)))?;
    let other = world.haunt(|id| Ghost::StuckAgent.conversation(id, ago(DAY)))?;
    world.command(REQUESTED, request(&[&one, &other], &json!(false))).await?;
    for id in [&one, &other] {
        assert_eq!(world.disconnects(id)?, 1, "{:?}", world.story(id));
        let outcome = world.outcome(id, "Ghost Interaction Disconnected")?;
        assert_eq!(outcome["request"]["requestedBy"], "an administrator");
    }
    assert_eq!(world.states(&one).await?, ["suspected", "confirmed", "disconnecting", "resolved"]);
    Ok(())
}

#[tokio::test]
async fn a_request_is_refused_with_the_reason_in_words() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let on_hold = world.haunt(|id| LookAlike::OnHold.conversation(id, ago(DAY)))?;
    let over = world.haunt(|id| ended(id, ago(DAY), ago(MINUTE)))?;
    let early = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(MINUTE * 20)))?;
    let absent = world.new_id();
    world.command(REQUESTED, request(&[&on_hold, &over, &early, &absent], &json!(null))).await?;
    for (id, expected) in [
        (&on_hold, "may be talking"),
        (&over, "has ended"),
        (&early, "too short a time for agentGoneFor"),
        (&absent, "no such conversation"),
    ] {
        let refused = world.outcome(id, REFUSED)?;
        assert!(reason(&refused).contains(expected), "{refused}");
        assert_eq!(refused["requestedBy"], "an administrator");
    }
    assert_eq!(world.all_disconnects()?, 0);
    Ok(())
}

#[tokio::test]
async fn force_skips_durations_but_never_the_check_that_nobody_is_there() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let early = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(MINUTE * 20)))?;
    let on_hold = world.haunt(|id| LookAlike::OnHold.conversation(id, ago(DAY)))?;
    world.command(REQUESTED, request(&[&early, &on_hold], &json!(true))).await?;
    assert_eq!(world.disconnects(&early)?, 1, "{:?}", world.story(&early));
    assert!(reason(&world.outcome(&on_hold, REFUSED)?).contains("may be talking"));
    assert_eq!(world.disconnects(&on_hold)?, 0);

    world.command(REQUESTED, request(&[&on_hold], &json!("live"))).await?;
    assert_eq!(world.disconnects(&on_hold)?, 1, "{:?}", world.story(&on_hold));
    let log = world.world.stack.function_log("GhostDisconnector").unwrap_or_default();
    assert!(log.is_empty() || log.contains("an administrator"), "who asked is logged");
    Ok(())
}

#[tokio::test]
async fn a_command_that_cannot_be_understood_is_refused_and_goes_to_the_dead_letter_queue() -> Result<()> {
    let world = GhostWorld::with_policy(ENFORCE).await?;
    let ghost = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(DAY)))?;
    world.command(REQUESTED, json!({ "requestedBy": "nobody in particular" })).await?;
    world.command(REQUESTED, request(&[&ghost], &json!("perhaps"))).await?;
    let letters = world.world.dead_letters_of("GhostDisconnectorDeadLetterQueue");
    assert_eq!(letters.len(), 2, "{letters:?}");
    for letter in letters {
        let reason = letter["body"]["reason"].as_str().context("no reason")?;
        assert!(reason.contains("cannot be understood"), "{reason}");
    }
    assert_eq!(world.all_disconnects()?, 0);
    let refused = world.outcome(&ghost, "Disconnect Interaction Refused")?;
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.contains("force")), "{refused}");
    Ok(())
}
