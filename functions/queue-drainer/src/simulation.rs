//! A world in memory: a queue, analytics that lags behind it, agents who accept, answers that are lost, runs that die between any
//! two steps, and messages that are delivered twice. Time passes only when somebody waits or asks.

mod stories;
mod world;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};
use proptest::test_runner::Config;

use self::world::{BadLane, Fate, Leaves, Luck, Script, Views, World, name};
use crate::drain::{self, Ending, Run};
use crate::note::{MOST_ATTEMPTS, State};
use crate::ports::Clock;
use crate::request::DrainRequest;
use crate::testing::{JOB, request};

/// Runs it to its end, or to its death after so many steps. None if it died.
fn run_until<T>(world: &World, death: Option<u32>, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let born = world.steps.get();
    for _ in 0..5_000_000_u32 {
        if death.is_some_and(|after| world.steps.get() - born >= after) {
            return None;
        }
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return Some(done);
        }
        world.let_time_pass();
    }
    panic!("the run does not end");
}

/// Both at once, each to its end; the second from so many steps on, unless the first has ended by then.
async fn side_by_side<T>(
    world: &World,
    first: impl Future<Output = T>,
    after: u32,
    second: impl Future<Output = T>,
) -> Vec<T> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (born, mut ended, mut is_doubled) = (world.steps.get(), [None, None], false);
    std::future::poll_fn(|context| {
        is_doubled |= world.steps.get() - born >= after;
        if ended[0].is_none()
            && let Poll::Ready(done) = first.as_mut().poll(context)
        {
            ended[0] = Some(done);
        }
        if is_doubled
            && ended[1].is_none()
            && let Poll::Ready(done) = second.as_mut().poll(context)
        {
            ended[1] = Some(done);
        }
        if ended[0].is_some() && (!is_doubled || ended[1].is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ended.into_iter().flatten().collect()
}

/// Plays the script to the end of the job.
fn play(script: &Script) -> World {
    let request = DrainRequest { limit: script.limit, ..request() };
    play_request(script, &request)
}

fn play_request(script: &Script, request: &DrainRequest) -> World {
    let world = World::new(script.clone());
    let opened = run_until(&world, None, drain::open(&world, request, None));
    assert_eq!(opened, Some(Ok(None)));
    let (mut deaths, mut doubles) = (script.deaths.iter().copied(), script.doubles.iter().copied());
    for run in 0.. {
        assert!(run < 500, "the job does not end: {:?}", world.jobs.borrow());
        let until = world.now() + SignedDuration::from_secs(script.run_seconds);
        let run = || drain::run(&world, Run { job_id: JOB, holder: "message", until });
        let runs = side_by_side(&world, run(), doubles.next().unwrap_or(u32::MAX), run());
        let endings = run_until(&world, deaths.next(), runs).unwrap_or_default();
        let lost = endings.iter().filter(|ending| **ending == Ok(Ending::InOtherHands)).count();
        assert!(endings.iter().all(Result::is_ok) && lost <= endings.len().saturating_sub(1), "{endings:?}");
        if endings.contains(&Ok(Ending::Over)) {
            break;
        }
    }
    world
}

fn fate() -> impl Strategy<Value = Fate> {
    let luck = prop_oneof![
        12 => Just(Luck::Good),
        1 => Just(Luck::AnswerLost),
        1 => Just(Luck::Lost),
        2 => (1..8_u32).prop_map(Luck::Limited),
        1 => Just(Luck::Ignored),
        1 => Just(Luck::AlwaysLost),
        1 => Just(Luck::NotFound),
    ];
    let how =
        prop_oneof![Just(Leaves::Accepted), Just(Leaves::Answered), Just(Leaves::Transferred), Just(Leaves::Orphaned)];
    let at = prop_oneof![2 => 0..60_000_i64, 1 => Just(0)];
    let leaves = prop_oneof![8 => Just(None), 3 => (at, how).prop_map(Some)];
    (leaves, luck).prop_map(|(leaves, answers)| Fate { leaves, answers })
}

fn script() -> impl Strategy<Value = Script> {
    let conversations = proptest::collection::vec(fate(), 0..130);
    let deaths = proptest::collection::vec(0..3_000_u32, 0..12);
    let doubles = proptest::collection::vec(0..3_000_u32, 0..4);
    let largest_page = prop_oneof![3 => Just(100_u32), 1 => 30..100_u32];
    let limit = prop_oneof![4 => Just(None), 1 => (1..100_u64).prop_map(Some)];
    let rarely = prop_oneof![Just(Views::SometimesEmpty), Just(Views::Empty), Just(Views::Refuse)];
    let views = prop_oneof![Just(Views::Tell), rarely];
    let bad_lane = prop_oneof![Just(BadLane::Down), Just(BadLane::Refused), Just(BadLane::NotAllowed)];
    let lanes = (1..4_usize, prop_oneof![3 => Just(None), 1 => bad_lane.prop_map(Some)]);
    let fails_every = prop_oneof![Just(0_u32), 3..20_u32];
    let rest = (0..40_000_i64, views, fails_every, 30..900_i64, lanes, largest_page);
    (conversations, (deaths, doubles), limit, rest).prop_map(|(conversations, (deaths, doubles), limit, rest)| {
        let (lag_ms, views, fails_every, run_seconds, (lanes, bad_lane), largest_page) = rest;
        Script {
            conversations,
            lag_ms,
            views,
            bad_lane,
            fails_every,
            outage: None,
            largest_page,
            deaths,
            doubles,
            run_seconds,
            limit,
            lanes,
        }
    })
}

/// As many as `DRAIN_CASES` says, or a few.
fn cases() -> Config {
    let cases = std::env::var("DRAIN_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { failure_persistence: None, max_shrink_iters: 60, ..Config::with_cases(cases.unwrap_or(32)) }
}

proptest! {
    #![proptest_config(cases())]

    /// Whatever lags, fails, or dies: nothing twice, nothing unnoted, nobody harmed, none missed, and it ends.
    #[test]
    fn each_once_none_missed_nobody_harmed(script in script()) {
        let world = play(&script);
        assert!(!world.unnoted.get(), "a request went out that was not noted");
        let ends: Vec<_> = world.outcomes.borrow().iter().filter(|one| one.detail_type != "Queue Drain Progressed")
            .map(|one| (one.detail_type, one.id.clone(), one.detail.clone())).collect();
        assert!(ends.iter().all(|(kind, id, _)| (*kind, id.as_str()) == ("Queue Drain Completed", "job-1_completed")), "{ends:?}");
        let end = &ends.last().unwrap().2;
        let conversations = world.conversations.borrow();
        let (mut ended, mut sure, mut unseen) = (0, 0, 0);
        for (place, (conversation, fate)) in conversations.iter().zip(&script.conversations).enumerate() {
            let said = format!("{} {conversation:?} {fate:?} {:?}", name(place), world.notes.borrow().get(&name(place)));
            // What never takes effect may be asked for again, if nobody knows that it was taken.
            assert!(conversation.asked_ms.len() <= 1 || fate.answers == Luck::Ignored, "twice: {said}");
            let limited = if let Luck::Limited(times) = fate.answers { times } else { 0 };
            assert!(conversation.requests <= MOST_ATTEMPTS + limited, "{said}");
            assert!(!conversation.harmed, "it had left the queue: {said}");
            ended += u64::from(conversation.ended_ms.is_some());
            // What was asked to end, did not, and is in after-call work by now, nothing but a look at it would tell from what ended.
            let is_answered = conversation.left.is_some_and(|(_, how)| how == Leaves::Answered);
            unseen += u64::from(is_answered && fate.answers == Luck::Ignored);
            // A run that dies between noting and sending uses up an attempt: one may be given up, and named, for that.
            let notes = world.notes.borrow();
            let note = notes.get(&name(place)).map(|stored| &stored.note);
            let died_with = note.is_some_and(|note| note.state == State::Failed && note.attempts > conversation.requests);
            if fate.leaves.is_none() && !fate.is_hopeless() && !died_with {
                sure += 1;
                assert!(script.limit.is_some() || conversation.ended_ms.is_some(), "missed: {said}");
            }
        }
        if let Some(limit) = script.limit {
            assert!(ended <= limit, "{ended} of at most {limit}");
            // Without the views, not all that came to nothing is found out, and it counts.
            let is_enough = ended + unseen >= limit.min(sure) || script.views != Views::Tell;
            assert!(is_enough, "{ended} of {limit}, and {sure} were there");
        }
        if script.views == Views::Tell {
            let done = end["done"].as_u64().unwrap();
            assert!((ended..=ended + unseen).contains(&done), "{ended} of {end:?}");
        }
    }
}
