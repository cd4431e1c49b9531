//! Genesys Cloud fails, in part or for a while.

use anyhow::Result;
use end_to_end::drains::{DrainWorld, QUEUE};
use fake_genesys_cloud::crowds::Crowd;
use fake_genesys_cloud::faults::{Answer, Effect, Fault};
use serde_json::{Value, json};

const DETAILS: &str = "/api/v2/analytics/conversations/details/query";

fn answer(method: &str, path: &str, status: u16, retry_after: &str) -> Fault {
    let headers = [("Retry-After".to_owned(), retry_after.to_owned())].into();
    Fault::with(method, path, Effect::Answer(Answer { status, headers, body: Value::Null }))
}

#[tokio::test]
async fn a_failed_query_is_asked_again_and_nothing_is_left_out() -> Result<()> {
    let world = DrainWorld::start(30_000).await?;
    world.crowd(1_200)?;
    // When the number of rows is known, and a page that lies deep is asked for; more often than the client tries by itself.
    let outage = |status| {
        world.genesys()?.faults().add(Fault::with("POST", DETAILS, Effect::Proceed).times(2));
        world.genesys()?.faults().add(Fault::answer("POST", DETAILS, status).times(10));
        anyhow::Ok(())
    };
    for (job_id, status) in [("dry-503", 503), ("dry-502", 502)] {
        outage(status)?;
        let end = world.drain(job_id, json!({ "dryRun": true })).await?;
        assert_eq!((&end["wouldDisconnect"], &end["notShown"]), (&json!(1_200), &json!(0)), "{end}");
    }
    outage(502)?;
    let end = world.drain("job", json!({})).await?;
    assert_eq!((end["done"].as_u64(), world.report()?.disconnected), (Some(1_200), 1_200), "{end}");
    Ok(())
}

#[tokio::test]
async fn a_day_deeper_than_analytics_serves_is_drained_and_its_depth_found_out() -> Result<()> {
    let world = DrainWorld::start(30_000).await?;
    world.genesys()?.analytics().serve_rows(600);
    let hour = 60 * 60 * 1_000;
    let crowd = Crowd { oldest_ms: 3 * hour, youngest_ms: 2 * hour, ..Crowd::new(QUEUE, 1_500) };
    world.genesys()?.crowds().gather(crowd);
    let end = world.drain("job", json!({})).await?;
    let report = world.report()?;
    assert_eq!((end["done"].as_u64(), report.disconnected, report.asked_twice), (Some(1_500), 1_500, 0), "{end}");
    let pages = world.asked("POST", DETAILS)?;
    assert!(pages < 150, "stretches of a day are not split: {pages}");
    Ok(())
}

#[tokio::test]
async fn requests_whose_fate_is_unknown_are_looked_after_and_made_again_only_if_they_came_to_nothing() -> Result<()> {
    let world = DrainWorld::start(6_000).await?;
    let all = world.crowd(60)?;
    let path = |id: &str| format!("/api/v2/conversations/{id}/disconnect");
    let faults = world.genesys()?.faults();
    faults.add(Fault::with("POST", &path(&all[1]), Effect::DropAfterwards));
    faults.add(Fault::drop_connection("POST", &path(&all[2])));
    faults.add(Fault::answer("POST", &path(&all[3]), 503));
    faults.add(answer("POST", &path(&all[4]), 429, "1"));
    // It may be hidden for a moment, or be over: only a look tells.
    faults.add(Fault::answer("POST", &path(&all[5]), 404));
    let end = world.drain("job", json!({})).await?;
    let report = world.report()?;
    assert_eq!((end["done"].as_u64(), report.disconnected, report.asked_twice), (Some(60), 60, 0), "{end}");
    let asked = |id: &str| world.asked("POST", &path(id));
    assert_eq!((asked(&all[1])?, asked(&all[2])?, asked(&all[3])?, asked(&all[4])?), (1, 2, 2, 2));
    assert_eq!(asked(&all[5])?, 2);
    Ok(())
}

#[tokio::test]
async fn a_missing_permission_ends_the_job_and_is_named() -> Result<()> {
    let world = DrainWorld::start(6_000).await?;
    world.crowd(10)?;
    world.genesys()?.faults().add(Fault::answer("POST", DETAILS, 403).times(100));
    world.request("job", json!({}))?;
    let (kind, end) = world.end("job").await?;
    assert_eq!((kind, &end["state"]), ("Queue Drain Failed", &json!("failed")));
    assert!(end["reason"].as_str().is_some_and(|reason| reason.contains("analytics:conversationDetail:view")), "{end}");
    Ok(())
}
