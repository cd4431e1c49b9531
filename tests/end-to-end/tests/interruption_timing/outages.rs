//! Salesforce down, slow or refusing: every row arrives, and nobody is hammered.

use anyhow::Result;
use end_to_end::story::{MINUTE, TEN_O_CLOCK, call, email};
use end_to_end::world::World;
use fake_salesforce::{CallKind, Effect, Fault};

const AGENTS: u32 = 5;

/// Half of the story, for every agent.
async fn half(world: &World, second: bool) -> Result<()> {
    for agent in 0..AGENTS {
        let (email, call) = (email(agent, agent), call(agent, 100 + agent));
        let email_events = email.lives(TEN_O_CLOCK, TEN_O_CLOCK + 30 * MINUTE);
        let call_events = call.lives(TEN_O_CLOCK + MINUTE, TEN_O_CLOCK + 5 * MINUTE);
        let half =
            if second { [&email_events[2..], &call_events[2..]] } else { [&email_events[..2], &call_events[..2]] };
        world.live(half.concat()).await?;
    }
    Ok(())
}

fn data_calls(world: &World) -> Result<usize> {
    Ok(world.salesforce()?.count(CallKind::CollectionsUpsert))
}

#[tokio::test]
async fn an_outage_then_an_expired_session_cost_no_row_no_dead_letter_and_few_calls() -> Result<()> {
    let world = World::new().await?;
    world.salesforce()?.inject(Fault::on_data(Effect::status(503)));
    half(&world, false).await?;
    world.flush().await?;
    world.salesforce()?.clear_calls();
    for _ in 0..60 {
        world.flush().await?; // An hour of it.
    }
    assert_eq!(data_calls(&world)?, 60, "one call a minute finds out");
    half(&world, true).await?;
    assert!(world.rows()?.is_empty());
    assert_eq!(world.dead_letters().len(), 0);

    let salesforce = world.salesforce()?;
    salesforce.clear_faults();
    salesforce.expire_tokens();
    salesforce.clear_calls();
    world.flush().await?;
    let rows = world.valid_rows()?;
    assert_eq!(rows.len(), 2 * AGENTS as usize);
    assert!(rows.values().all(|row| row["Status__c"] == "Closed"));
    // One for each object, and one that learned that the session had expired.
    assert_eq!(data_calls(&world)?, 3);
    assert_eq!(world.dead_letters().len(), 0);
    Ok(())
}

#[tokio::test]
async fn the_daily_limit_is_not_hammered() -> Result<()> {
    let world = World::new().await?;
    world.salesforce()?.inject(Fault::on_data(Effect::DailyLimit));
    half(&world, false).await?;
    half(&world, true).await?;
    let tried = data_calls(&world)?;
    assert!(tried <= 5, "{tried} calls: no more than one for each copy of the function");
    world.salesforce()?.clear_faults();
    world.flush().await?;
    assert_eq!(world.valid_rows()?.len(), 2 * AGENTS as usize);
    Ok(())
}

#[tokio::test]
async fn a_flush_tries_a_row_once_however_many_there_are() -> Result<()> {
    let world = World::new().await?;
    let emails = (0..450).flat_map(|agent| email(agent, agent).lives(TEN_O_CLOCK, TEN_O_CLOCK + MINUTE));
    world.salesforce()?.inject(Fault::on_data(Effect::rows("UNKNOWN_EXCEPTION", "An unexpected error", &[])));
    world.live(emails.collect()).await?;
    world.salesforce()?.clear_calls();
    world.flush().await?;
    let rows: usize = world.salesforce()?.calls().iter().map(|call| call.rows).sum();
    assert_eq!(rows, 450);
    assert_eq!(world.dead_letters().len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_written_once() -> Result<()> {
    let world = World::new().await?;
    world.salesforce()?.inject(Fault::on_data(Effect::Drop { after_applying: true }));
    half(&world, false).await?;
    half(&world, true).await?;
    world.salesforce()?.clear_faults();
    world.flush().await?;
    assert_eq!(world.valid_rows()?.len(), 2 * AGENTS as usize);
    assert_eq!(world.dead_letters().len(), 0);
    Ok(())
}

#[tokio::test]
async fn locked_rows_are_written_once_the_lock_is_gone() -> Result<()> {
    let world = World::new().await?;
    world.salesforce()?.inject(Fault::on_data(Effect::LockedBatch));
    half(&world, false).await?;
    half(&world, true).await?;
    assert!(world.rows()?.is_empty());
    world.salesforce()?.clear_faults();
    world.flush().await?;
    assert_eq!(world.valid_rows()?.len(), 2 * AGENTS as usize);
    Ok(())
}
