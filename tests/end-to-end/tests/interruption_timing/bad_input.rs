//! Bad input costs nothing but itself, and is kept with the reason.

use anyhow::{Context, Result};
use end_to_end::story::{MINUTE, TEN_O_CLOCK, call, email, event};
use end_to_end::world::World;
use fake_salesforce::{Effect, Fault};
use serde_json::{Value, json};

#[tokio::test]
async fn one_malformed_event_among_a_hundred_goes_to_the_dead_letter_queue_with_its_reason() -> Result<()> {
    let world = World::new().await?;
    let mut events: Vec<Value> =
        (0..33).flat_map(|number| email(number, number).lives(TEN_O_CLOCK, TEN_O_CLOCK + 10 * MINUTE)).collect();
    let malformed = event("user.end", &json!({ "conversationId": "c", "eventTime": "yesterday" }));
    events.insert(50, malformed.clone());
    assert_eq!(events.len(), 100);
    world.live(events).await?;

    assert_eq!(world.valid_rows()?.len(), 33);
    let letters = world.dead_letters_of("InterruptionLoggerDeadLetterQueue");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["body"]["original"], malformed);
    let reason = letters[0]["body"]["reason"].as_str().context("no reason")?;
    assert!(reason.contains("eventTime") && reason.contains("user.end"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn what_is_unknown_or_of_no_use_is_dropped_and_blocks_nothing() -> Result<()> {
    let world = World::new().await?;
    let email = email(1, 1);
    let mut events = email.lives(TEN_O_CLOCK, TEN_O_CLOCK + MINUTE);
    events[2]["detail"]["eventBody"]["disconnectType"] = json!("BEAMED_UP");
    events[2]["detail"]["eventBody"]["aNewField"] = json!({ "nested": [1, 2] });
    events.push(event(
        "attributes",
        &json!({ "conversationId": email.conversation(), "eventTime": 1, "attributes": {} }),
    ));
    let mut unknown = event("telepathy.start", &json!({ "conversationId": "c", "eventTime": 1 }));
    events.push(unknown.clone());
    unknown["source"] = json!("somebody.else");
    events.push(unknown);
    world.live(events).await?;
    assert_eq!(world.valid_rows()?.len(), 1);
    assert_eq!(world.dead_letters(), Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn a_row_that_salesforce_rejects_goes_to_the_dead_letter_queue_is_announced_and_blocks_no_other() -> Result<()> {
    let world = World::new().await?;
    let (bad, good, interrupting) = (email(1, 1), email(2, 2), call(1, 3));
    let fault =
        Effect::rows_with_key(&bad.session(), "STRING_TOO_LONG", "Queue: data value too large", &["Queue_Id__c"]);
    world.salesforce()?.inject(Fault::on_data(fault));
    let mut events = bad.lives(TEN_O_CLOCK, TEN_O_CLOCK + 10 * MINUTE);
    events.extend(good.lives(TEN_O_CLOCK, TEN_O_CLOCK + 10 * MINUTE));
    events.extend(interrupting.lives(TEN_O_CLOCK + MINUTE, TEN_O_CLOCK + 2 * MINUTE));
    world.live(events).await?;
    world.flush().await?;

    assert_eq!(world.valid_rows()?.into_keys().collect::<Vec<_>>(), [good.session()]);
    let letters = world.dead_letters();
    let keys: Vec<_> = letters.iter().map(|letter| &letter["body"]["original"]["record"]["External_Key__c"]).collect();
    let interruption = format!("{}_{}", bad.session(), interrupting.session());
    assert_eq!(keys.len(), 2, "{letters:?}");
    assert!(keys.contains(&&json!(bad.session())) && keys.contains(&&json!(interruption)), "{keys:?}");
    let outcomes = world.stack.outcomes();
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    for outcome in outcomes {
        assert_eq!(outcome["detail-type"], "Interruption Rejected");
        assert_eq!(outcome["source"], "genesys-event-processor");
        assert_eq!(outcome["detail"]["conversationId"], bad.conversation());
        assert_eq!(outcome["detail"]["code"], "STRING_TOO_LONG");
        assert!(outcome["detail"]["outcomeId"].is_string());
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_setting_stops_the_function_at_start_and_is_named() {
    let started = World::with(&[("MIN_INTERRUPTION", "soon")]).await;
    let error = format!("{:#}", started.err().expect("it must not start"));
    assert!(error.contains("MIN_INTERRUPTION") && error.contains("soon"), "{error}");
}

#[tokio::test]
async fn no_personal_data_is_logged_or_stored() -> Result<()> {
    let world = World::with(&[("LOG_LEVEL", "trace")]).await?;
    let email = email(1, 1);
    let mut events = email.lives(TEN_O_CLOCK, TEN_O_CLOCK + MINUTE);
    events.push(email.belongs_to("500000000000001AAA", TEN_O_CLOCK));
    world.live(events).await?;
    let log = world.stack.function_log("InterruptionLogger").context("no log")?;
    assert!(log.contains(&email.conversation()), "the conversation is in the log");
    let rows = serde_json::to_string(&world.rows()?)?;
    for personal in ["15550100", "15550101", "personal@example.com", "Personal Data"] {
        assert!(!log.contains(personal) && !rows.contains(personal), "{personal}");
    }
    Ok(())
}
