//! Single things that happen to a drain, in the same world.

use jiff::SignedDuration;
use lambda_kit::outcomes::Outcome;
use serde_json::json;

use super::{BadLane, Fate, Luck, Script, Views, World, name, play, run_until};
use crate::drain::{self, Ending, Run};
use crate::ports::Clock;
use crate::request::DrainRequest;
use crate::testing::{JOB, minute, request};

/// A queue of so many, all alike, in a world without faults.
fn plain(size: usize, answers: Luck) -> Script {
    Script {
        conversations: vec![Fate { leaves: None, answers }; size],
        lag_ms: 0,
        views: Views::Tell,
        bad_lane: None,
        fails_every: 0,
        deaths: Vec::new(),
        run_seconds: 900,
        limit: None,
        lanes: 1,
    }
}

fn end_of(world: &World) -> Outcome {
    world.outcomes.borrow().last().unwrap().clone()
}

#[test]
fn a_drain_that_gets_nowhere_ends_and_says_why() {
    let world = play(&plain(30, Luck::Limited(u32::MAX)));
    let end = end_of(&world);
    assert_eq!(end.detail_type, "Queue Drain Failed");
    assert!(end.detail["reason"].as_str().unwrap().contains("429"), "{end:?}");
    assert!(world.now_ms.get() < 2 * 60 * 60 * 1_000);
}

#[test]
fn a_running_drain_ends_where_disconnecting_is_switched_off() {
    let world = World::new(plain(100, Luck::Good));
    drop(run_until(&world, None, drain::open(&world, &request())));
    let mut run = Run {
        job_id: JOB,
        holder: "message",
        until: world.now() + SignedDuration::from_secs(10),
        disconnects_enabled: true,
    };
    assert_eq!(run_until(&world, None, drain::run(&world, run)), Some(Ok(Ending::Continues)));
    let ended = || world.conversations.borrow().iter().filter(|one| one.ended_ms.is_some()).count();
    let before = ended();
    assert!((1..100).contains(&before), "{before}");
    run = Run { until: world.now() + SignedDuration::from_mins(10), disconnects_enabled: false, ..run };
    assert_eq!(run_until(&world, None, drain::run(&world, run)), Some(Ok(Ending::Over)));
    let end = end_of(&world).detail;
    assert_eq!((&end["state"], &end["done"]), (&json!("cancelled"), &json!(before)));
    assert!(end["reason"].as_str().unwrap().contains("DISCONNECTS_ENABLED"), "{end:?}");
    assert_eq!(ended(), before);
}

#[test]
fn requests_whose_fate_nobody_knows_are_named_when_a_job_is_stopped() {
    let world = World::new(plain(3, Luck::Lost));
    drop(run_until(&world, None, drain::open(&world, &request())));
    let run = |world: &World| {
        let until = world.now() + SignedDuration::from_secs(10);
        let run = Run { job_id: JOB, holder: "message", until, disconnects_enabled: true };
        run_until(world, None, drain::run(world, run))
    };
    assert_eq!(run(&world), Some(Ok(Ending::Continues)));
    drop(run_until(&world, None, drain::cancel(&world, JOB, "jo")));
    assert_eq!(run(&world), Some(Ok(Ending::Over)));
    let end = end_of(&world).detail;
    assert_eq!((&end["done"], &end["failed"], &end["unknown"]), (&json!(0), &json!(0), &json!(3)), "{end:?}");
    assert_eq!(end["unknownConversationIds"][0], json!(name(0)));
}

#[test]
fn a_client_that_is_not_allowed_to_leaves_its_share_to_the_others_and_is_named() {
    for bad_lane in [BadLane::NotAllowed, BadLane::Refused, BadLane::Down] {
        let script = Script { lanes: 2, bad_lane: Some(bad_lane), ..plain(100, Luck::Good) };
        let world = play(&script);
        let end = end_of(&world).detail;
        assert_eq!((&end["done"], &end["failed"]), (&json!(100), &json!(0)), "{bad_lane:?}: {end:?}");
        let remark = end["remarks"][0].as_str().unwrap();
        assert!(remark.starts_with("OAuth client 1 of 2 is not used"), "{bad_lane:?}: {remark}");
    }
}

#[test]
fn a_known_job_with_another_request_is_refused_in_words() {
    let world = World::new(plain(1, Luck::Good));
    let open = |request: &DrainRequest| run_until(&world, None, drain::open(&world, request)).unwrap().unwrap();
    let first = DrainRequest { from: vec!["spam@example.com".to_owned()], ..request() };
    assert_eq!(open(&first), None);
    assert_eq!(open(&first), None, "the same again");
    let other = DrainRequest { limit: Some(7), ..first.clone() };
    assert!(open(&other).is_some_and(|why| why.contains("jobId")));
    let run = Run { job_id: JOB, holder: "message", until: minute(90), disconnects_enabled: true };
    assert_eq!(run_until(&world, None, drain::run(&world, run)), Some(Ok(Ending::Over)));
    assert_eq!(open(&first), None, "though its senders are forgotten");
    assert!(open(&other).is_some());
}
