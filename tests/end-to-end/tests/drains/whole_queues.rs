//! All that waits is disconnected once; what an agent has is not touched.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use end_to_end::drains::{DrainWorld, QUEUE};
use fake_genesys_cloud::conversations::DisconnectBehavior;
use fake_genesys_cloud::crowds::Crowd;
use fake_genesys_cloud::faults::{Answer, Effect, Fault};
use serde_json::{Value, json};

const FAST: u32 = 12_000;

#[tokio::test]
async fn a_queue_is_drained_though_analytics_lags_behind() -> Result<()> {
    let world = DrainWorld::start(FAST).await?;
    world.genesys()?.analytics().lag_behind(Duration::from_secs(30));
    world.crowd(330)?;
    world.genesys()?.crowds().gather(Crowd::new("another-queue", 20));
    let end = world.drain("job", json!({})).await?;
    assert_eq!((end["done"].as_u64(), end["failed"].as_u64()), (Some(330), Some(0)), "{end}");
    let report = world.report()?;
    assert_eq!((report.waiting, report.disconnected, report.asked_twice), (20, 330, 0));
    let requests = world.genesys()?.requests().all();
    assert!(requests.iter().all(|request| request.status.is_some_and(|status| status < 300)), "no 429");
    assert!(!world.outcomes("job", "Queue Drain Progressed").is_empty());
    let looks = requests.iter().filter(|request| request.method == "GET").count();
    assert_eq!(looks, 0, "the data could tell");

    // Analytics still lists them all, and another job knows that they are done.
    let end = world.drain("job-2", json!({})).await?;
    assert_eq!((&end["done"], &end["skipped"]["otherJob"]), (&json!(0), &json!(330)), "{end}");
    assert_eq!(world.report()?.asked_twice, 0);
    Ok(())
}

#[tokio::test]
async fn what_an_agent_accepts_meanwhile_is_not_touched() -> Result<()> {
    let world = DrainWorld::start(FAST).await?;
    // No row shows an acceptance before the drain is over: only the real-time views do.
    world.genesys()?.analytics().lag_behind(Duration::from_mins(10));
    let all = world.crowd(400)?;
    let accepted: Vec<_> =
        all.iter().step_by(10).filter(|id| world.genesys().is_ok_and(|one| one.crowds().accept(id))).collect();
    let end = world.drain("job", json!({})).await?;
    let report = world.report()?;
    assert_eq!((accepted.len(), report.accepted, report.accepted_touched, report.disconnected), (40, 40, 0, 360));
    assert_eq!((&end["done"], &end["skipped"]["accepted"]), (&json!(360), &json!(40)), "{end}");
    Ok(())
}

/// Fifteen each are accepted, answered, and transferred; no row shows that before the drain is over.
async fn with_many_that_have_left(activity: Option<Answer>) -> Result<(DrainWorld, Value)> {
    let world = DrainWorld::start(FAST).await?;
    world.genesys()?.analytics().lag_behind(Duration::from_mins(10));
    let all = world.crowd(120)?;
    let crowds = world.genesys()?.crowds();
    for three in all.chunks(3).take(15) {
        anyhow::ensure!(crowds.accept(&three[0]) && crowds.answer(&three[1]) && crowds.transfer(&three[2], "another"));
    }
    if let Some(answer) = activity {
        let path = "/api/v2/analytics/conversations/activity/query";
        world.genesys()?.faults().add(Fault::with("POST", path, Effect::Answer(answer)).times(1_000));
    }
    let end = world.drain("job", json!({})).await?;
    let report = world.report()?;
    assert_eq!((report.accepted_touched, report.transferred_touched), (0, 0), "{end}");
    assert_eq!((report.accepted, report.transferred, report.asked_twice, report.waiting), (30, 15, 0, 0), "{end}");
    let expected = (&json!(75), &json!(30), &json!(15));
    assert_eq!((&end["done"], &end["skipped"]["accepted"], &end["skipped"]["notWaiting"]), expected, "{end}");
    Ok((world, end))
}

#[tokio::test]
async fn what_waits_elsewhere_by_now_or_is_in_after_call_work_is_not_touched() -> Result<()> {
    let (world, end) = with_many_that_have_left(None).await?;
    assert_eq!(end["remarks"], json!([]));
    let looks = world.genesys()?.requests().all().iter().filter(|request| request.method == "GET").count();
    assert!(looks <= 30 * 3, "only what the real-time views do not count here costs looks, in a few passes: {looks}");
    Ok(())
}

#[tokio::test]
async fn without_the_real_time_views_every_conversation_is_looked_at() -> Result<()> {
    let (_, end) = with_many_that_have_left(Some(Answer { status: 404, ..empty() })).await?;
    assert!(end["remarks"][0].as_str().is_some_and(|remark| remark.contains("costs a look")), "{end}");
    Ok(())
}

#[tokio::test]
async fn that_the_real_time_views_tell_nothing_speaks_for_nothing() -> Result<()> {
    with_many_that_have_left(Some(empty())).await?;
    Ok(())
}

fn empty() -> Answer {
    Answer { status: 200, headers: [].into(), body: json!({ "results": [] }) }
}

#[tokio::test]
async fn several_clients_drain_side_by_side() -> Result<()> {
    let secret = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:genesys-cloud-local";
    let secrets = ("GENESYS_CLOUD_SECRET_ARN".to_owned(), [secret; 4].join(","));
    let options = local_stack::stack::StackOptions { environment: [secrets].into(), ..<_>::default() };
    let world = DrainWorld::with(1_200, options).await?;
    world.crowd(240)?;
    world.drain("job", json!({})).await?;
    let report = world.report()?;
    assert_eq!((report.disconnected, report.asked_twice), (240, 0));
    assert_eq!(world.asked("POST", "/oauth/token")?, 4);
    let mut by_client = BTreeMap::<_, usize>::new();
    for request in world.genesys()?.requests().all() {
        if request.path.ends_with("/disconnect") {
            *by_client.entry(request.token).or_default() += 1;
        }
    }
    assert_eq!(by_client.len(), 4, "{by_client:?}");
    assert!(by_client.values().all(|disconnects| *disconnects >= 30), "{by_client:?}");
    Ok(())
}

#[tokio::test]
async fn pages_shorter_than_asked_for_hide_nothing() -> Result<()> {
    let world = DrainWorld::start(FAST).await?;
    world.genesys()?.analytics().serve_pages_of(40);
    let all = world.crowd(330)?;
    // The first pages stay as they are.
    for id in all.iter().take(130) {
        world.genesys()?.crowds().accept(id);
    }
    let end = world.drain("dry", json!({ "dryRun": true })).await?;
    assert_eq!((&end["wouldDisconnect"], &end["skipped"]["accepted"]), (&json!(200), &json!(130)), "{end}");
    let end = world.drain("job", json!({})).await?;
    assert_eq!((&end["done"], &end["skipped"]["accepted"]), (&json!(200), &json!(130)), "{end}");
    let report = world.report()?;
    assert_eq!((report.waiting, report.disconnected, report.asked_twice), (0, 200, 0));
    Ok(())
}

#[tokio::test]
async fn a_client_that_cannot_be_used_leaves_its_share_to_the_others_and_is_named() -> Result<()> {
    let [missing, secret] = ["missing", "genesys-cloud-local"]
        .map(|name| format!("arn:aws:secretsmanager:eu-west-1:000000000000:secret:{name}"));
    let secrets = ("GENESYS_CLOUD_SECRET_ARN".to_owned(), [missing, secret].join(","));
    let options = local_stack::stack::StackOptions { environment: [secrets].into(), ..<_>::default() };
    let world = DrainWorld::with(FAST, options).await?;
    world.crowd(150)?;
    let end = world.drain("job", json!({})).await?;
    assert_eq!((&end["done"], &end["failed"]), (&json!(150), &json!(0)), "{end}");
    let remark = end["remarks"][0].as_str().unwrap_or_default();
    assert!(remark.starts_with("OAuth client 1 of 2 is not used"), "{end}");
    Ok(())
}

#[tokio::test]
async fn a_dry_run_counts_with_reasons_and_touches_nothing() -> Result<()> {
    let world = DrainWorld::start(FAST).await?;
    let emails = world.crowd(150)?;
    for id in emails.iter().take(7) {
        world.genesys()?.crowds().accept(id);
    }
    let crowds = world.genesys()?.crowds();
    crowds.gather(Crowd { media_type: "message".to_owned(), ..Crowd::new(QUEUE, 12) });
    crowds.gather(Crowd { direction: "outbound".to_owned(), ..Crowd::new(QUEUE, 5) });
    crowds.gather(Crowd { from: "Spam@Example.com".to_owned(), ..Crowd::new(QUEUE, 30) });
    crowds.gather(Crowd { oldest_ms: 600_000, youngest_ms: 600_000, ..Crowd::new(QUEUE, 9) });
    let filters = json!({ "dryRun": true, "mediaTypes": ["email"], "direction": "inbound", "olderThan": "30m" });
    let end = world.drain("dry", filters).await?;
    assert_eq!(
        (&end["wouldDisconnect"], &end["done"], &end["dryRun"]),
        (&json!(173), &json!(0), &json!(true)),
        "{end}"
    );
    let expected = json!({ "accepted": 7, "otherMedia": 12, "excluded": 5, "tooYoung": 9 });
    assert_eq!(end["skipped"], expected, "{end}");
    assert_eq!(end["conversationIds"].as_array().map(Vec::len), Some(173));
    assert_eq!(world.report()?.disconnected, 0);

    let filters = json!({ "from": "spam@example.com", "mediaTypes": ["email"], "limit": 20 });
    let end = world.drain("spam", filters).await?;
    assert_eq!((end["done"].as_u64(), world.report()?.disconnected), (Some(20), 20), "{end}");
    let outcomes = world.world.stack.outcomes().into_iter();
    let told: Vec<_> = outcomes.filter(|one| one["source"] == "genesys-event-processor").collect();
    let told = format!("{told:?}");
    assert!(!told.to_lowercase().contains("@example.com"), "nothing personal leaves");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_disconnected_is_named_with_the_reason() -> Result<()> {
    let world = DrainWorld::start(FAST).await?;
    let all = world.crowd(40)?;
    let conversations = world.genesys()?.conversations();
    conversations.on_disconnect(&all[3], DisconnectBehavior::Never);
    conversations.on_disconnect(&all[5], DisconnectBehavior::AfterMs(3_000));
    let end = world.drain("job", json!({})).await?;
    assert_eq!((&end["done"], &end["failed"]), (&json!(39), &json!(1)), "{end}");
    let named = &end["couldNotDisconnect"][0];
    assert_eq!(named["conversationId"], json!(all[3]));
    assert!(named["reason"].as_str().is_some_and(|reason| reason.contains("still on")), "{named}");
    assert_eq!(world.report()?.asked_twice, 0);
    Ok(())
}
