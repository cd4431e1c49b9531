//! What the watcher keeps of conversations, and when it wants them looked at.

use anyhow::{Context, Result, ensure};
use end_to_end::ghosts::{ENFORCE, GhostWorld};
use end_to_end::story::{MINUTE, TEN_O_CLOCK, event, id};
use local_stack::aws_front::faults::CrashPoint;
use serde_json::{Value, json};

const HOUR: i64 = 60 * MINUTE;
const PERSONAL: [&str; 3] = ["15550100", "personal@example.com", "Personal Data"];

/// One event of a session in a call; what it is part of is in the ids.
fn of_call(conversation: &str, topic: &str, session: u32, at: i64) -> Value {
    let mut body = json!({
        "eventTime": at,
        "conversationId": conversation,
        "participantId": id(6, session),
        "sessionId": id(3, session),
        "mediaType": "VOICE",
        "direction": "INBOUND",
        "provider": "Edge",
        "ani": "tel:+15550100",
        "addressFrom": "personal@example.com",
        "subject": "Personal Data",
    });
    if topic.starts_with("user") || topic.starts_with("acd") {
        body["queueId"] = json!(id(7, 1));
        body["userId"] = json!(id(1, 1));
    }
    event(topic, &body)
}

/// The customer calls, waits in a queue, and talks to an agent, who leaves after half an hour.
fn call(conversation: &str) -> Vec<Value> {
    let of_call = |topic, session, minutes| of_call(conversation, topic, session, TEN_O_CLOCK + minutes * MINUTE);
    vec![
        of_call("customer.start", 1, 0),
        of_call("flow.start", 2, 0),
        of_call("flow.end", 2, 1),
        of_call("acd.start", 3, 1),
        of_call("user.start", 4, 2),
        of_call("acd.end", 3, 3),
        of_call("user.end", 4, 30),
    ]
}

fn hang_up(conversation: &str) -> Value {
    of_call(conversation, "customer.end", 1, TEN_O_CLOCK + 31 * MINUTE)
}

fn due_at(watched: &Value) -> Option<i64> {
    watched["due_at"]["N"].as_str().and_then(|digits| digits.parse().ok())
}

fn facts(watched: &Value) -> Result<Value> {
    Ok(serde_json::from_str(watched["facts"]["S"].as_str().context("no facts")?)?)
}

async fn world() -> Result<GhostWorld> {
    GhostWorld::with_policy(ENFORCE).await
}

fn writes(world: &GhostWorld) -> u64 {
    let stats = world.world.stack.stats().functions;
    assert!(stats.contains_key("GhostWatcher"), "{stats:?}");
    world.world.stack.stats().aws.get("DynamoDB_20120810.PutItem").map_or(0, |operation| operation.requests)
}

#[tokio::test]
async fn a_customer_left_alone_is_due_when_the_policy_says_and_one_who_hung_up_never() -> Result<()> {
    let world = world().await?;
    let (left_alone, over) = (world.new_id(), world.new_id());
    let mut events = [call(&left_alone), call(&over)].concat();
    world.world.live(events.clone()).await?;
    for id in [&left_alone, &over] {
        assert_eq!(due_at(&world.watched(id).await?), Some(TEN_O_CLOCK + 30 * MINUTE + 4 * HOUR));
    }
    world.world.live(vec![hang_up(&over)]).await?;
    assert_eq!(due_at(&world.watched(&over).await?), None);
    assert_eq!(world.watched(&over).await?["due_shard"], Value::Null);

    // Twice and the other way round: nothing is new, and nothing is written.
    let before = (world.watched(&left_alone).await?, world.watched(&over).await?, writes(&world));
    events.reverse();
    world.world.live(events).await?;
    assert_eq!((world.watched(&left_alone).await?, world.watched(&over).await?, writes(&world)), before);
    assert!(before.2 <= 15, "{} writes for 15 events", before.2);
    assert!(world.genesys()?.requests().all().is_empty(), "the watcher asks nobody");
    Ok(())
}

#[tokio::test]
async fn any_order_makes_the_same_facts_and_who_calls_again_is_watched_again() -> Result<()> {
    let world = world().await?;
    let (in_order, reversed) = (world.new_id(), world.new_id());
    let mut backwards = [call(&reversed), vec![hang_up(&reversed)]].concat();
    backwards.reverse();
    for event in backwards {
        world.world.live(vec![event]).await?;
    }
    world.world.live([call(&in_order), vec![hang_up(&in_order)]].concat()).await?;
    let (in_order, stored) = (world.watched(&in_order).await?, world.watched(&reversed).await?);
    assert_eq!(facts(&in_order)?, facts(&stored)?);
    assert_eq!((due_at(&in_order), due_at(&stored)), (None, None));

    world.world.live(vec![of_call(&reversed, "customer.start", 5, TEN_O_CLOCK + 2 * HOUR)]).await?;
    assert_eq!(due_at(&world.watched(&reversed).await?), Some(TEN_O_CLOCK + 6 * HOUR));
    Ok(())
}

#[tokio::test]
async fn what_is_malformed_goes_to_the_dead_letter_queue_and_blocks_nothing() -> Result<()> {
    let world = world().await?;
    let id = world.new_id();
    let mut events = call(&id);
    let malformed = event("customer.start", &json!({ "conversationId": id, "eventTime": TEN_O_CLOCK }));
    events.insert(3, malformed.clone());
    events.push(event("telepathy.start", &json!({ "conversationId": id, "eventTime": 1 })));
    events.push(event("wrapup", &json!({ "conversationId": id, "eventTime": 1 })));
    world.world.live(events).await?;
    let letters = world.world.dead_letters_of("GhostWatcherDeadLetterQueue");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["body"]["original"], malformed);
    let reason = letters[0]["body"]["reason"].as_str().context("no reason")?;
    assert!(reason.contains("sessionId") && reason.contains("customer.start"), "{reason}");
    assert!(due_at(&world.watched(&id).await?).is_some());
    Ok(())
}

#[tokio::test]
async fn a_crash_before_or_after_any_request_leaves_no_trace() -> Result<()> {
    let world = world().await?;
    let whole = world.new_id();
    world.world.live(call(&whole)).await?;
    let whole = world.watched(&whole).await?;
    for request in 1.. {
        ensure!(request < 50, "the functions make no end of requests");
        let mut came = true;
        for point in [CrashPoint::Before(request), CrashPoint::After(request)] {
            let id = world.new_id();
            world.world.stack.aws_faults().crash(point);
            world.world.live(call(&id)).await?;
            came &= !world.world.stack.aws_faults().cancel_crash();
            let watched = world.watched(&id).await?;
            assert_eq!((facts(&watched)?, due_at(&watched)), (facts(&whole)?, due_at(&whole)), "{point:?}");
        }
        if !came {
            break;
        }
    }
    assert!(world.world.dead_letters().is_empty());
    Ok(())
}

#[tokio::test]
async fn with_a_policy_that_cannot_be_used_nothing_that_happens_is_lost() -> Result<()> {
    let world = GhostWorld::with_policy("version: 2").await?;
    let (goes_on, over) = (world.new_id(), world.new_id());
    world.world.live([call(&goes_on), call(&over), vec![hang_up(&over)]].concat()).await?;
    assert_eq!(due_at(&world.watched(&goes_on).await?), Some(TEN_O_CLOCK + 30 * MINUTE), "it is due at once");
    assert_eq!(due_at(&world.watched(&over).await?), None);
    assert!(world.world.dead_letters().is_empty());
    let log = world.world.stack.function_log("GhostWatcher").context("no log")?;
    assert!(log.contains("the policy is refused: line 1"), "{log}");
    Ok(())
}

#[tokio::test]
async fn no_personal_data_is_logged_or_stored() -> Result<()> {
    let world = GhostWorld::start(Some(ENFORCE), &[("LOG_LEVEL", "trace")]).await?;
    let id = world.new_id();
    world.world.live(call(&id)).await?;
    let log = world.world.stack.function_log("GhostWatcher").context("no log")?;
    let watched = world.watched(&id).await?.to_string();
    assert!(log.contains(&id) && watched.contains(&id));
    for personal in PERSONAL {
        assert!(!log.contains(personal) && !watched.contains(personal), "{personal}");
    }
    Ok(())
}
