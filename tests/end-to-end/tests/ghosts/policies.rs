//! What the policy and the deployment allow.

use anyhow::{Context, Result};
use end_to_end::ghosts::{DAY, ENFORCE, GhostWorld, ago};
use fake_genesys_cloud::scenarios::Ghost;
use local_stack::stack::workspace;
use local_stack::template::{Setting, Template};
use serde_json::json;

async fn haunted(policy: Option<&str>, settings: &[(&str, &str)]) -> Result<(GhostWorld, String)> {
    let world = GhostWorld::start(policy, settings).await?;
    let id = world.haunt(|id| Ghost::OrphanLeg.conversation(id, ago(DAY * 40)))?;
    Ok((world, id))
}

#[tokio::test]
async fn observing_reports_and_disconnects_nothing() -> Result<()> {
    let observe = ENFORCE.replace("mode: enforce", "mode: observe");
    let (world, id) = haunted(Some(&observe), &[]).await?;
    world.tick().await?;
    world.tick().await?;
    assert_eq!(world.all_disconnects()?, 0);
    assert_eq!(world.story(&id), ["Ghost Interaction Suspected", "Ghost Interaction Observed"]);
    let event = world.command("Disconnect Interaction Requested", request(&id)).await?;
    let refused = world.outcome(&id, "Disconnect Interaction Refused")?;
    assert!(refused["outcomeId"].as_str().is_some_and(|id| id.starts_with(&event)), "{refused}");
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.contains("observe")), "{refused}");
    assert_eq!(world.all_disconnects()?, 0);
    Ok(())
}

#[tokio::test]
async fn as_shipped_nothing_is_disconnected() -> Result<()> {
    let (world, id) = haunted(None, &[]).await?;
    world.tick().await?;
    assert_eq!(world.story(&id), ["Ghost Interaction Suspected"], "looks are a minute apart");
    assert_eq!(world.all_disconnects()?, 0);
    Ok(())
}

#[tokio::test]
async fn the_deployment_can_switch_disconnecting_off() -> Result<()> {
    let (world, id) = haunted(Some(ENFORCE), &[("DISCONNECTS_ENABLED", "false")]).await?;
    world.tick().await?;
    assert_eq!(world.story(&id), ["Ghost Interaction Suspected", "Ghost Interaction Observed"]);
    let mut live = request(&id);
    live["force"] = json!("live");
    world.command("Disconnect Interaction Requested", live).await?;
    let refused = world.outcome(&id, "Disconnect Interaction Refused")?;
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.contains("DISCONNECTS_ENABLED")), "{refused}");
    assert_eq!(world.all_disconnects()?, 0);
    Ok(())
}

#[tokio::test]
async fn without_a_policy_that_can_be_used_nothing_is_disconnected_and_it_says_so() -> Result<()> {
    let invalid = ENFORCE.replace("agentGoneFor: 4h", "agentGoneFor: soon");
    let (world, id) = haunted(Some(&invalid), &[]).await?;
    world.tick().await?;
    assert_eq!(world.story(&id), [""; 0]);
    world.command("Disconnect Interaction Requested", request(&id)).await?;
    let refused = world.outcome(&id, "Disconnect Interaction Refused")?;
    let reason = refused["reason"].as_str().context("no reason")?;
    assert!(reason.starts_with("no policy is in force") && reason.contains("line 7"), "{reason}");
    assert_eq!(world.all_disconnects()?, 0);
    Ok(())
}

#[tokio::test]
async fn the_template_ships_the_default_policy() -> Result<()> {
    let template = std::fs::read_to_string(workspace().join("template.yaml"))?;
    let template = Template::parse(&template, &Setting::default())?;
    let shipped = template.stored_parameters.get("/local/ghost-policy").context("no policy in the template")?;
    assert_eq!(*shipped, std::fs::read_to_string(workspace().join("infra/policy/default-policy.yaml"))?);
    assert!(shipped.contains("mode: observe"));
    Ok(())
}

fn request(id: &str) -> serde_json::Value {
    json!({ "conversationId": id, "requestedBy": "an administrator", "reason": "it is stuck" })
}
