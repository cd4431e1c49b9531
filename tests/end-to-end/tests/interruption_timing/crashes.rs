//! The function dies between any two of its requests.

use anyhow::{Result, ensure};
use end_to_end::story::{MINUTE, TEN_O_CLOCK, call, email};
use end_to_end::world::{World, without_revisions};
use local_stack::aws_front::faults::CrashPoint;

/// Open, closed, void, work sessions and a Case: told in two batches.
async fn story(world: &World, agent: u32) -> Result<()> {
    let number = 10 * agent;
    let email = email(agent, number);
    let call = call(agent, number + 1);
    let mut unanswered = end_to_end::story::call(agent, number + 2);
    unanswered.queue = false;
    let email_events = email.lives(TEN_O_CLOCK, TEN_O_CLOCK + 30 * MINUTE);
    let call_events = call.lives(TEN_O_CLOCK + MINUTE, TEN_O_CLOCK + 5 * MINUTE);
    let mut first = [&email_events[..2], &call_events[..2]].concat();
    first.push(unanswered.starts(TEN_O_CLOCK + 2 * MINUTE));
    world.live(first).await?;
    let mut second = [&email_events[2..], &call_events[2..]].concat();
    second.push(unanswered.ends(TEN_O_CLOCK + 3 * MINUTE, MINUTE, 0));
    second.push(email.belongs_to("500000000000001AAA", TEN_O_CLOCK));
    world.live(second).await
}

/// The rows of one agent, with ids that are the same for every agent.
fn rows_of(world: &World, agent: u32) -> Result<Vec<String>> {
    let mut rows = Vec::new();
    for (key, mut row) in without_revisions(world.valid_rows()?) {
        if row["Agent_User_Id__c"] != end_to_end::story::agent(agent) {
            continue;
        }
        for own in [
            "External_Key__c",
            "Id",
            "Agent_User_Id__c",
            "Conversation_Id__c",
            "Interrupted_Conversation_Id__c",
            "Voice_Conversation_Id__c",
        ] {
            row.remove(own);
        }
        rows.push(format!("{} {}", key.contains('_'), serde_json::to_string(&row)?));
    }
    rows.sort();
    Ok(rows)
}

#[tokio::test]
async fn a_crash_before_or_after_any_request_leaves_no_trace() -> Result<()> {
    let world = World::new().await?;
    story(&world, 0).await?;
    let expected = rows_of(&world, 0)?;
    assert_eq!(expected.len(), 2, "{expected:?}");
    let mut crashed_in = 0;
    for request in 1.. {
        ensure!(request < 50, "the function makes no end of requests");
        let mut came = true;
        for (offset, point) in [(1, CrashPoint::Before(request)), (2, CrashPoint::After(request))] {
            let agent = u32::try_from(10 * request)? + offset;
            world.stack.aws_faults().crash(point);
            story(&world, agent).await?;
            came &= !world.stack.aws_faults().cancel_crash();
            world.flush().await?;
            assert_eq!(rows_of(&world, agent)?, expected, "{point:?}");
        }
        if !came {
            break;
        }
        crashed_in = request;
    }
    assert!(crashed_in >= 6, "{crashed_in} requests in the story");
    assert_eq!(world.dead_letters().len(), 0);
    Ok(())
}

#[tokio::test]
async fn killed_in_the_middle_of_a_batch_everything_arrives() -> Result<()> {
    let world = World::new().await?;
    let events = (0..40).flat_map(|agent| {
        let mut events = email(agent, agent).lives(TEN_O_CLOCK, TEN_O_CLOCK + 30 * MINUTE);
        events.extend(call(agent, 100 + agent).lives(TEN_O_CLOCK + MINUTE, TEN_O_CLOCK + 5 * MINUTE));
        events
    });
    world.stack.aws_faults().crash(CrashPoint::After(60));
    world.live(events.collect()).await?;
    assert!(!world.stack.aws_faults().cancel_crash(), "it was killed");
    world.flush().await?;
    assert_eq!(world.valid_rows()?.len(), 80);
    assert_eq!(world.dead_letters().len(), 0);
    Ok(())
}
