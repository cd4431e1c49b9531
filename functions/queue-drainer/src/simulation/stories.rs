//! Single things that happen to a drain, in the same world.

use std::future::Future;
use std::pin::{Pin, pin};

use jiff::SignedDuration;
use lambda_kit::outcomes::Outcome;
use serde_json::json;

use super::{BadLane, Fate, Leaves, Luck, Script, Views, World, name, play, play_request, run_until};
use crate::drain::{self, Ending, Run};
use crate::ports::{Clock, PortError};
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
        outage: None,
        largest_page: 100,
        deaths: Vec::new(),
        doubles: Vec::new(),
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
fn a_running_drain_ends_within_seconds_where_disconnecting_is_switched_off() {
    let world = World::new(plain(100, Luck::Good));
    let off_from_ms = 10_000;
    world.off_from_ms.set(off_from_ms);
    drop(run_until(&world, None, drain::open(&world, &request(), None)));
    let run = Run { job_id: JOB, holder: "message", until: world.now() + SignedDuration::from_mins(10) };
    assert_eq!(run_until(&world, None, drain::run(&world, run)), Some(Ok(Ending::Over)));
    let ended: Vec<i64> = world.conversations.borrow().iter().filter_map(|one| one.ended_ms).collect();
    assert!((1..100).contains(&ended.len()) && ended.iter().all(|at_ms| *at_ms < off_from_ms + 3_000), "{ended:?}");
    let end = end_of(&world).detail;
    assert_eq!((&end["state"], &end["done"]), (&json!("cancelled"), &json!(ended.len())));
    assert!(end["reason"].as_str().unwrap().contains("DISCONNECTS_ENABLED"), "{end:?}");
}

#[test]
fn requests_whose_fate_nobody_knows_are_named_when_a_job_is_stopped() {
    let world = World::new(plain(3, Luck::Lost));
    drop(run_until(&world, None, drain::open(&world, &request(), None)));
    let run = |world: &World| {
        let until = world.now() + SignedDuration::from_secs(10);
        let run = Run { job_id: JOB, holder: "message", until };
        run_until(world, None, drain::run(world, run))
    };
    assert_eq!(run(&world), Some(Ok(Ending::Continues)));
    drop(run_until(&world, None, drain::cancel(&world, JOB, "jo", minute(90))));
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
    let open = |request: &DrainRequest| run_until(&world, None, drain::open(&world, request, None)).unwrap().unwrap();
    let first = DrainRequest { from: vec!["spam@example.com".to_owned()], ..request() };
    assert_eq!(open(&first), None);
    assert_eq!(open(&first), None, "the same again");
    let other = DrainRequest { limit: Some(7), ..first.clone() };
    assert!(open(&other).is_some_and(|why| why.contains("jobId")));
    let run = Run { job_id: JOB, holder: "message", until: minute(90) };
    assert_eq!(run_until(&world, None, drain::run(&world, run)), Some(Ok(Ending::Over)));
    assert_eq!(open(&first), None, "though its senders are forgotten");
    assert!(open(&other).is_some());
}

/// Polls it once. None if it goes on.
fn run_for_a_moment<T>(world: &World, future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    run_until(world, Some(1), future)
}

/// A run of the job, which ends by itself.
fn run_for(world: &World, minutes: i64) -> Option<Result<Ending, PortError>> {
    let until = world.now() + SignedDuration::from_mins(minutes);
    run_until(world, None, drain::run(world, Run { job_id: JOB, holder: "message", until }))
}

#[test]
fn what_waits_elsewhere_by_now_is_left_alone_though_its_leg_here_was_never_closed() {
    for views in [Views::Tell, Views::Refuse] {
        let mut script = Script { views, ..plain(20, Luck::Good) };
        script.conversations[7].leaves = Some((0, Leaves::Orphaned));
        let world = play(&script);
        let end = end_of(&world).detail;
        assert_eq!((&end["done"], &end["skipped"]), (&json!(19), &json!({ "unclear": 1 })), "{views:?}: {end:?}");
        assert_eq!(world.conversations.borrow()[7].requests, 0);
    }
}

#[test]
fn an_outage_is_not_taken_for_depth() {
    for status in [502, 503] {
        // From the deepest page on, for a minute.
        let script = Script { outage: Some((500, 60_500, status)), ..plain(1_300, Luck::Good) };
        let end = end_of(&play_request(&script, &DrainRequest { dry_run: true, ..request() }));
        let counted = (&end.detail["wouldDisconnect"], &end.detail["notShown"]);
        assert_eq!(counted, (&json!(1_300), &json!(0)), "{status}: {end:?}");
        assert_eq!(end_of(&play(&script)).detail["done"], json!(1_300), "{status}");
    }
}

#[test]
fn pages_shorter_than_asked_for_hide_nothing() {
    for largest_page in [1, 7, 40, 99] {
        let script = Script { largest_page, ..plain(130, Luck::Good) };
        let dry = end_of(&play_request(&script, &DrainRequest { dry_run: true, ..request() }));
        assert_eq!(dry.detail["wouldDisconnect"], json!(130), "{largest_page}: {dry:?}");
        assert_eq!(end_of(&play(&script)).detail["done"], json!(130), "{largest_page}");
        // Nothing of it moves to earlier pages.
        let mut script = script;
        script.conversations.iter_mut().take(120).for_each(|fate| fate.leaves = Some((0, Leaves::Accepted)));
        let end = end_of(&play(&script)).detail;
        assert_eq!((&end["done"], &end["skipped"]["accepted"]), (&json!(10), &json!(120)), "{largest_page}: {end:?}");
    }
}

#[test]
fn what_nobody_can_find_is_named_and_not_counted() {
    let mut script = plain(3, Luck::Good);
    script.conversations[1].answers = Luck::NotFound;
    let end = end_of(&play(&script)).detail;
    assert_eq!((&end["done"], &end["failed"], &end["unknown"]), (&json!(2), &json!(1), &json!(0)), "{end:?}");
    let named = &end["couldNotDisconnect"][0];
    assert_eq!(named["conversationId"], json!(name(1)));
    assert_eq!(named["reason"], json!("nobody knows what became of it: 404; 404"));
}

#[test]
fn what_the_real_time_views_do_not_count_is_looked_at_after_it_was_sent() {
    let end = end_of(&play(&Script { views: Views::Empty, ..plain(30, Luck::Ignored) })).detail;
    assert_eq!((&end["done"], &end["failed"]), (&json!(0), &json!(30)), "{end:?}");
}

#[test]
fn what_is_listed_for_minutes_after_it_was_sent_is_looked_at_whatever_the_views_say() {
    // It was not ended, and by the time all is done they do not count it: it is in after-call work.
    let mut script = plain(2_000, Luck::Good);
    script.conversations[1_990] = Fate { leaves: Some((60_000, Leaves::Answered)), answers: Luck::Ignored };
    let end = end_of(&play(&script)).detail;
    assert_eq!((&end["done"], &end["failed"]), (&json!(1_999), &json!(1)), "{end:?}");
    assert_eq!(end["couldNotDisconnect"][0]["conversationId"], json!(name(1_990)));
}

#[test]
fn the_time_in_which_nobody_worked_on_it_is_not_held_against_a_job() {
    let three_hours = 3 * 60 * 60 * 1_000;
    let outage = Some((three_hours, three_hours + 5 * 60 * 1_000, 503));
    let world = World::new(Script { outage, ..plain(30, Luck::Good) });
    drop(run_until(&world, None, drain::open(&world, &request(), None)));
    assert_eq!(run_for(&world, 0), Some(Ok(Ending::Continues)));
    world.now_ms.set(three_hours);
    assert_eq!(run_for(&world, 15), Some(Ok(Ending::Over)));
    assert_eq!((end_of(&world).detail_type, &end_of(&world).detail["done"]), ("Queue Drain Completed", &json!(30)));
}

#[test]
fn two_runs_at_once_count_and_limit_as_one() {
    for double in [20, 60, 120, 240] {
        let script = Script { doubles: vec![double], lanes: 3, ..plain(90, Luck::Good) };
        assert_eq!(end_of(&play(&script)).detail["done"], json!(90), "{double}");
        let script = Script { limit: Some(40), ..script };
        let world = play(&script);
        let ended = world.conversations.borrow().iter().filter(|one| one.ended_ms.is_some()).count();
        assert_eq!((ended, &end_of(&world).detail["done"]), (40, &json!(40)), "{double}");
    }
}

#[test]
fn a_cancellation_that_fails_is_tried_again_at_once() {
    let world = World::new(plain(1, Luck::Good));
    drop(run_until(&world, None, drain::open(&world, &request(), None)));
    world.store_fails.set(5);
    assert_eq!(run_until(&world, None, drain::cancel(&world, JOB, "jo", minute(74))), Some(Ok(())));
    assert!(world.now_ms.get() < 30_000, "{}", world.now_ms.get());
    assert_eq!(world.jobs.borrow()[JOB].job.cancelled_by.as_deref(), Some("jo"));

    // It comes again if there is no time left for that.
    world.jobs.borrow_mut().clear();
    world.store_fails.set(u32::MAX);
    assert!(run_until(&world, None, drain::cancel(&world, JOB, "jo", minute(74))).unwrap().is_err());
    assert!(world.now() < minute(74));
}

#[test]
fn a_cancellation_is_noticed_within_seconds_though_nobody_can_be_told_of_progress() {
    let world = World::new(plain(1_000, Luck::Good));
    drop(run_until(&world, None, drain::open(&world, &request(), None)));
    let run = Run { job_id: JOB, holder: "message", until: minute(75) };
    let mut running = pin!(drain::run(&world, run));
    world.bus_hangs.set(true);
    while world.now_ms.get() < 30_000 {
        assert_eq!(run_for_a_moment(&world, running.as_mut()), None);
    }
    drop(run_until(&world, None, drain::cancel(&world, JOB, "jo", minute(74))));
    let asked = || world.conversations.borrow().iter().filter(|one| one.requests > 0).count();
    for _ in 0..5_000 {
        assert_eq!(run_for_a_moment(&world, running.as_mut()), None, "it cannot be told either");
    }
    let (before, now_ms) = (asked(), world.now_ms.get());
    assert!(before < 1_000 && now_ms < 45_000, "{before} {now_ms}");
    world.bus_hangs.set(false);
    assert_eq!(run_until(&world, None, running), Some(Ok(Ending::Over)));
    assert_eq!((&end_of(&world).detail["state"], asked()), (&json!("cancelled"), before));
}
