//! What operators ask for, well and badly.

use anyhow::Result;
use end_to_end::drains::DrainWorld;
use local_stack::stack::StackOptions;
use serde_json::json;

#[tokio::test]
async fn a_bad_request_is_refused_clearly_and_touches_nothing() -> Result<()> {
    let world = DrainWorld::start(6_000).await?;
    world.crowd(10)?;
    for (job_id, wrong, expected) in [
        ("a", json!({ "queueId": null }), "queueId"),
        ("b", json!({ "mediaTypes": ["emails"] }), "mediaTypes"),
        ("c", json!({ "olderThan": "yesterday" }), "olderThan"),
        ("d", json!({ "mediaType": "email" }), "mediaType"),
        ("e", json!({ "limit": -1 }), "limit"),
    ] {
        world.request(job_id, wrong)?;
        let (kind, end) = world.end(job_id).await?;
        assert_eq!((kind, &end["state"]), ("Queue Drain Failed", &json!("refused")));
        let reason = end["reason"].as_str().unwrap_or_default();
        assert!(reason.starts_with("refused: ") && reason.contains(expected), "{reason}");
    }
    world.command("Drain Queue Requested", &json!({ "queueId": "a-queue" }))?;
    world.world.settle().await?;
    assert_eq!(world.report()?.waiting, 10);
    assert!(world.world.dead_letters_of("QueueDrainerDeadLetterQueue").is_empty());
    Ok(())
}

#[tokio::test]
async fn a_cancelled_drain_stops_within_seconds_and_one_cancelled_before_it_begins_does_nothing() -> Result<()> {
    let world = DrainWorld::start(1_200).await?;
    world.crowd(600)?;
    world.request("job", json!({}))?;
    world.until_disconnected(20).await?;
    world.command("Drain Queue Cancelled", &json!({ "jobId": "job", "requestedBy": "somebody else" }))?;
    let (kind, end) = world.end("job").await?;
    assert_eq!((kind, &end["state"]), ("Queue Drain Failed", &json!("cancelled")), "{end}");
    let report = world.report()?;
    // At twenty a second, that is six seconds.
    assert!(report.disconnected < 200 && report.waiting > 400, "{report:?}");
    assert_eq!(end["done"].as_u64(), Some(report.disconnected as u64), "{end}");

    world.command("Drain Queue Cancelled", &json!({ "jobId": "overtaken" }))?;
    world.world.settle().await?;
    world.request("overtaken", json!({}))?;
    let (_, end) = world.end("overtaken").await?;
    assert_eq!((&end["state"], &end["done"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(world.report()?, report);
    Ok(())
}

#[tokio::test]
async fn a_drain_ends_within_seconds_of_the_switch_being_thrown() -> Result<()> {
    let switch = tempfile::NamedTempFile::new()?;
    std::fs::write(switch.path(), "true")?;
    let setting = ("DISCONNECTS_ENABLED".to_owned(), format!("file:{}", switch.path().display()));
    let world = DrainWorld::with(600, StackOptions { environment: [setting].into(), ..<_>::default() }).await?;
    world.crowd(600)?;
    world.request("job", json!({}))?;
    world.until_disconnected(20).await?;
    std::fs::write(switch.path(), "false")?;
    let (kind, end) = world.end("job").await?;
    assert_eq!((kind, &end["state"]), ("Queue Drain Failed", &json!("cancelled")), "{end}");
    assert!(end["reason"].as_str().is_some_and(|reason| reason.contains("DISCONNECTS_ENABLED")), "{end}");
    let report = world.report()?;
    // At ten a second, that is less than half a minute.
    assert!(report.disconnected < 300 && report.waiting > 300, "{report:?}");
    assert_eq!(end["done"].as_u64(), Some(report.disconnected as u64), "{end}");
    Ok(())
}

#[tokio::test]
async fn cancellations_do_not_wait_for_the_drains_that_are_on() -> Result<()> {
    use fake_genesys_cloud::crowds::Crowd;
    // As many as go on side by side, each for minutes.
    let world = DrainWorld::start(600).await?;
    let jobs: Vec<String> = (0..10).map(|number| format!("job-{number}")).collect();
    for job_id in &jobs {
        world.genesys()?.crowds().gather(Crowd::new(job_id, 400));
        world.request(job_id, json!({ "queueId": job_id }))?;
    }
    let all_are_on = || jobs.iter().all(|job_id| !world.outcomes(job_id, "Queue Drain Progressed").is_empty());
    world.world.until(all_are_on).await?;
    for job_id in &jobs {
        world.command("Drain Queue Cancelled", &json!({ "jobId": job_id }))?;
    }
    let all_are_over = || jobs.iter().all(|job_id| !world.outcomes(job_id, "Queue Drain Failed").is_empty());
    world.world.until(all_are_over).await?;
    for job_id in &jobs {
        assert_eq!(world.end(job_id).await?.1["state"], json!("cancelled"));
    }
    let waiting = world.report()?.waiting;
    assert!(waiting > 2_000, "{waiting}");
    Ok(())
}

#[tokio::test]
async fn what_came_between_a_request_and_its_delivery_is_not_part_of_it() -> Result<()> {
    use fake_genesys_cloud::crowds::Crowd;
    let world = DrainWorld::start(6_000).await?;
    let minute = 60_000;
    let before = Crowd { oldest_ms: 90 * minute, youngest_ms: 60 * minute, ..Crowd::new("a-queue", 20) };
    let after = Crowd { oldest_ms: 20 * minute, youngest_ms: 10 * minute, ..before.clone() };
    world.genesys()?.crowds().gather(before);
    world.genesys()?.crowds().gather(after);
    let half_an_hour_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(30);
    let request = json!({ "jobId": "job", "queueId": "a-queue", "olderThan": "15m" });
    world.command_of(half_an_hour_ago, "Drain Queue Requested", &request)?;
    let (_, end) = world.end("job").await?;
    assert_eq!((&end["done"], &end["skipped"]["tooYoung"]), (&json!(20), &json!(20)), "{end}");
    assert_eq!(world.report()?.waiting, 20);
    Ok(())
}

#[tokio::test]
async fn a_request_that_comes_twice_is_one_job() -> Result<()> {
    let world = DrainWorld::start(6_000).await?;
    world.crowd(150)?;
    for _ in 0..3 {
        world.request("job", json!({}))?;
    }
    let (_, end) = world.end("job").await?;
    world.request("job", json!({}))?;
    world.world.settle().await?;
    let report = world.report()?;
    assert_eq!((report.disconnected, report.asked_twice, end["done"].as_u64()), (150, 0, Some(150)));
    assert_eq!(world.outcomes("job", "Queue Drain Completed").len(), 1);
    Ok(())
}

#[tokio::test]
async fn two_jobs_at_once_disconnect_nothing_twice() -> Result<()> {
    let world = DrainWorld::start(3_000).await?;
    world.crowd(300)?;
    world.request("one", json!({}))?;
    world.request("other", json!({}))?;
    let (done, other) = (world.end("one").await?.1["done"].as_u64(), world.end("other").await?.1["done"].as_u64());
    assert_eq!(done.zip(other).map(|(one, other)| one + other), Some(300));
    let report = world.report()?;
    assert_eq!((report.disconnected, report.asked_twice), (300, 0));
    Ok(())
}
