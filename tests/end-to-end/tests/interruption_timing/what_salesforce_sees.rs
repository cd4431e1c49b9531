//! What an administrator finds in Salesforce.

use anyhow::Result;
use end_to_end::story::{MINUTE, TEN_O_CLOCK, agent, call, email};
use end_to_end::world::World;
use fake_salesforce::{CallKind, Effect, Fault, Parent};
use serde_json::json;

const CASE: &str = "500000000000001AAA";

#[tokio::test]
async fn an_email_interrupted_by_a_call_has_its_corrected_handle_time_on_the_case() -> Result<()> {
    let world = World::new().await?;
    let (email, call) = (email(1, 1), call(1, 2));
    let mut events = email.lives(TEN_O_CLOCK, TEN_O_CLOCK + 30 * MINUTE);
    events.push(email.belongs_to(CASE, TEN_O_CLOCK));
    events.extend(call.lives(TEN_O_CLOCK + 10 * MINUTE, TEN_O_CLOCK + 15 * MINUTE));
    world.live(events).await?;

    let interruption = world.interruption(email, call)?;
    assert_eq!(interruption["Status__c"], "Closed");
    assert_eq!(interruption["Started_At__c"], "2026-11-20T10:10:04.000Z");
    assert_eq!(interruption["Ended_At__c"], "2026-11-20T10:15:00.000Z");
    assert_eq!(interruption["Duration_Ms__c"], 296_000);
    assert_eq!(interruption["Case__c"], CASE);
    assert_eq!(interruption["Agent_User_Id__c"], agent(1));
    let work = world.work_session(email)?;
    assert_eq!(work["Started_At__c"], "2026-11-20T10:00:04.000Z");
    assert_eq!(work["Gross_Handle_Ms__c"], 1_796_000);
    assert_eq!(work["Interrupted_Ms__c"], 296_000);
    assert_eq!(work["Net_Handle_Ms__c"], 1_500_000);
    assert_eq!(work["Interruption_Count__c"], 1);
    assert_eq!(work["Case__c"], CASE);
    Ok(())
}

#[tokio::test]
async fn an_interruption_is_open_until_either_ends_and_void_if_the_call_was_never_answered() -> Result<()> {
    let world = World::new().await?;
    let (email, mut direct) = (email(1, 1), call(1, 2));
    direct.queue = false;
    world.live(vec![email.starts(TEN_O_CLOCK), email.answers(TEN_O_CLOCK + 4_000)]).await?;
    world.live(vec![direct.starts(TEN_O_CLOCK + MINUTE)]).await?;
    let open = world.interruption(email, direct)?;
    assert_eq!((&open["Status__c"], &open["Ended_At__c"]), (&json!("Open"), &json!(null)));

    world.live(vec![direct.ends(TEN_O_CLOCK + 2 * MINUTE, MINUTE, 0)]).await?;
    let void = world.interruption(email, direct)?;
    assert_eq!((&void["Status__c"], &void["Duration_Ms__c"]), (&json!("Void"), &json!(0)));
    Ok(())
}

#[tokio::test]
async fn a_case_that_becomes_known_later_is_put_on_the_rows_that_are_there() -> Result<()> {
    let world = World::new().await?;
    let (email, call) = (email(1, 1), call(1, 2));
    world.live(email.lives(TEN_O_CLOCK, TEN_O_CLOCK + 30 * MINUTE)).await?;
    world.live(call.lives(TEN_O_CLOCK + MINUTE, TEN_O_CLOCK + 5 * MINUTE)).await?;
    assert_eq!(world.interruption(email, call)?.get("Case__c"), None);

    world.live(vec![email.belongs_to(CASE, TEN_O_CLOCK + 40 * MINUTE)]).await?;
    assert_eq!(world.interruption(email, call)?["Case__c"], CASE);
    assert_eq!(world.work_session(email)?["Case__c"], CASE);
    Ok(())
}

#[tokio::test]
async fn a_case_that_salesforce_does_not_know_yet_costs_no_row_and_is_put_in_later() -> Result<()> {
    let world = World::with(&[("CASE_KEY", "CaseNumber")]).await?;
    world.salesforce()?.accept_any_parent(false);
    let email = email(1, 1);
    let mut events = email.lives(TEN_O_CLOCK, TEN_O_CLOCK + 30 * MINUTE);
    events.push(email.belongs_to("00001026", TEN_O_CLOCK));
    world.live(events).await?;
    let row = world.work_session(email)?;
    assert_eq!((row.get("Case__c"), &row["Case_Reference__c"]), (None, &json!("00001026")));
    assert!(world.dead_letters().is_empty());

    let salesforce = world.salesforce()?;
    salesforce.add_parent(Parent {
        entity: "Case".to_owned(),
        id: Some(CASE.to_owned()),
        fields: [("CaseNumber".to_owned(), "00001026".to_owned())].into(),
    });
    world.flush().await?;
    assert_eq!(world.work_session(email)?["Case__c"], CASE);
    salesforce.clear_calls();
    world.flush().await?;
    assert_eq!(salesforce.count(CallKind::CollectionsUpsert), 0, "nothing is owed any more");
    Ok(())
}

#[tokio::test]
async fn a_lost_end_of_a_call_interrupts_for_its_longest_time_and_no_longer() -> Result<()> {
    let world = World::with(&[("MAX_SESSION", "VOICE=1h,30d")]).await?;
    let (first, second, third, lost) = (email(1, 1), email(1, 2), email(1, 3), call(1, 4));
    world.live(vec![lost.starts(TEN_O_CLOCK), lost.answers(TEN_O_CLOCK)]).await?;
    world.live(first.lives(TEN_O_CLOCK + 10 * MINUTE, TEN_O_CLOCK + 20 * MINUTE)).await?;
    world.live(second.lives(TEN_O_CLOCK + 50 * MINUTE, TEN_O_CLOCK + 70 * MINUTE)).await?;
    world.live(third.lives(TEN_O_CLOCK + 90 * MINUTE, TEN_O_CLOCK + 95 * MINUTE)).await?;
    assert_eq!(world.work_session(first)?["Net_Handle_Ms__c"], 0);
    assert_eq!(world.interruption(second, lost)?["Ended_At__c"], "2026-11-20T11:00:00.000Z");
    assert_eq!(world.work_session(third)?["Interruption_Count__c"], 0);
    Ok(())
}

#[tokio::test]
async fn an_email_parked_for_weeks_still_knows_when_it_began_and_what_interrupted_it() -> Result<()> {
    const DAY: i64 = 24 * 60 * MINUTE;
    let world = World::new().await?;
    let parked = email(1, 1);
    world.live(vec![parked.starts(TEN_O_CLOCK), parked.answers(TEN_O_CLOCK + 4_000)]).await?;
    // A call every hour of three weeks' working days.
    let calls = (0..21).flat_map(|day| (0..8).map(move |hour| (day, hour)));
    for (number, (day, hour)) in (100..).zip(calls) {
        let from = TEN_O_CLOCK + day * DAY + hour * 60 * MINUTE + MINUTE;
        world.stack.post_events(call(1, number).lives(from, from + 4_000 + 10 * MINUTE))?;
    }
    world.settle().await?;
    let end = TEN_O_CLOCK + 22 * DAY;
    world.live(vec![parked.ends(end, 4_000, 20 * MINUTE)]).await?;
    let work = world.work_session(parked)?;
    assert_eq!(work["Started_At__c"], "2026-11-20T10:00:04.000Z");
    assert_eq!(work["Interruption_Count__c"], 21 * 8);
    assert_eq!(work["Interrupted_Ms__c"], 21 * 8 * 10 * MINUTE);
    Ok(())
}

#[tokio::test]
async fn a_request_that_reaches_salesforce_late_does_not_undo_a_newer_one() -> Result<()> {
    let world = World::new().await?;
    let email = email(1, 1);
    let mut direct = call(1, 2);
    direct.queue = false;
    world.live(vec![email.starts(TEN_O_CLOCK), email.answers(TEN_O_CLOCK + 4_000)]).await?;
    // The fake looks at the request only after the delay.
    world.salesforce()?.inject(Fault::on_data(Effect::Delay { milliseconds: 3_000 }).times(1));
    world.stack.post_events(vec![direct.starts(TEN_O_CLOCK + MINUTE)])?;
    // The function has it, so it is in no batch with the end.
    world.until(|| world.in_flight() == 1).await?;
    world.stack.post_events(vec![direct.ends(TEN_O_CLOCK + 2 * MINUTE, 0, MINUTE)])?;
    world.settle().await?;
    assert_eq!(world.salesforce()?.count(CallKind::CollectionsUpsert), 2);
    let row = world.interruption(email, direct)?;
    assert_eq!((&row["Status__c"], &row["Duration_Ms__c"]), (&json!("Closed"), &json!(MINUTE)));
    Ok(())
}

#[tokio::test]
async fn however_many_starts_were_lost_the_agents_rows_arrive() -> Result<()> {
    let world = World::new().await?;
    // So much work that some of it is in the archive.
    let calls = (0..60).flat_map(|hour| call(1, 1_000 + hour).lives(from_hour(hour), from_hour(hour) + MINUTE));
    world.live(calls.collect()).await?;
    let ends = (0..200).map(|number| email(1, number).ends(from_hour(70) + i64::from(number), 0, MINUTE));
    world.live(ends.collect()).await?;
    assert_eq!(world.valid_rows()?.len(), 200);
    Ok(())
}

fn from_hour(hour: u32) -> i64 {
    TEN_O_CLOCK + i64::from(hour) * 60 * MINUTE
}
