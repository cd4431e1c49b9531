use ghost_policy::Policy;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

use super::{Next, come_across, open, requested, step, still_counted, tell_still_counted};
use crate::announce;
use crate::case::{Case, Force, Request, Stage, State};
use crate::ports::{Answer, Disconnection, PortError};
use crate::sighting::{Judgement, Sighting, What};
use crate::testing::{
    ENFORCE, agent_alone, agent_held, alone_again, customer_back, ended, enforce, half_torn_down, look, minute,
    observe, second, sighting,
};

fn opened(policy: &Policy, conversation: &Value, at: Timestamp) -> Case {
    open(policy, "c-1", &sighting(policy, conversation, at), None)
}

fn after(policy: &Policy, case: &Case, conversation: &Value, at: Timestamp) -> Next {
    step(policy, case, &sighting(policy, conversation, at))
}

fn stored(next: Next) -> Case {
    match next {
        Next::Store(case) | Next::Disconnect(Some(case)) => *case,
        other => panic!("{other:?}"),
    }
}

/// Suspected at minute 20, confirmed at 21.
fn confirmed(policy: &Policy) -> Case {
    let case = opened(policy, &agent_alone(), minute(20));
    assert_eq!(case.state(), State::Suspected);
    match after(policy, &case, &agent_alone(), minute(21)) {
        Next::Disconnect(Some(case)) => *case,
        other => panic!("{other:?}"),
    }
}

/// Requested at minute 21, answered so, to be verified at 21:45.
fn requested_once(policy: &Policy, answer: Answer) -> Case {
    let mut case = confirmed(policy);
    request(policy, &mut case, minute(21), answer);
    case
}

fn request(policy: &Policy, case: &mut Case, at: Timestamp, answer: Answer) {
    let seen = sighting(policy, &agent_alone(), at);
    case.begin_attempt(policy, &seen, at);
    let words = "told".to_owned();
    case.note_answer(policy, &seen, Disconnection { at, answer, words, correlation_id: Some("post-1".to_owned()) });
}

fn states(case: &Case) -> Vec<State> {
    case.moves.iter().map(|one| one.to).collect()
}

#[test]
fn a_ghost_is_suspected_made_sure_of_disconnected_and_verified() {
    let policy = enforce();
    let case = requested_once(&policy, Answer::Accepted);
    assert_eq!(case.due_at(), Some(minute(20)), "its first move is still to be told");
    assert_eq!(case.stage.next_look_at(), Some(second(21 * 60 + 45)));
    let case = stored(after(&policy, &case, &ended(), minute(22)));
    let moves = [State::Suspected, State::Confirmed, State::Disconnecting, State::Resolved];
    assert_eq!(states(&case), moves);
    assert_eq!(case.stage.next_look_at(), None);
    let words: Vec<_> = announce::of_case(&case).into_iter().map(|outcome| outcome.detail_type).collect();
    assert_eq!(words, ["Ghost Interaction Suspected", "Ghost Interaction Disconnected"]);
}

#[test]
fn a_look_before_its_time_does_not_count() {
    let policy = enforce();
    let case = opened(&policy, &agent_alone(), minute(20));
    assert_eq!(after(&policy, &case, &agent_alone(), second(20 * 60 + 59)), Next::Nothing);
}

#[test]
fn what_changed_between_two_looks_is_made_sure_of_anew() {
    let policy = enforce();
    let case = opened(&policy, &agent_alone(), minute(20));
    let case = stored(after(&policy, &case, &agent_held(), minute(21)));
    assert!(matches!(case.stage, Stage::Suspected { looks: 1, next_look_at, .. } if next_look_at == minute(22)));
    assert!(matches!(after(&policy, &case, &agent_held(), minute(22)), Next::Disconnect(Some(_))));
}

#[test]
fn what_changed_after_it_was_confirmed_is_dismissed_and_looked_at_again() {
    let policy = enforce();
    let case = stored(after(&policy, &confirmed(&policy), &agent_held(), minute(30)));
    assert_eq!(case.state(), State::Dismissed);
    let case = stored(after(&policy, &case, &agent_held(), minute(31)));
    assert_eq!(case.state(), State::Suspected);
}

#[test]
fn whoever_joins_later_makes_a_new_case() {
    let policy = enforce();
    for case in [opened(&policy, &agent_alone(), minute(20)), requested_once(&policy, Answer::Accepted)] {
        for joined in [customer_back(), alone_again()] {
            let case = stored(after(&policy, &case, &joined, minute(60)));
            assert_eq!(case.state(), State::Dismissed);
            assert_eq!(case.stage.next_look_at(), None);
        }
    }
    let (old, new) = (opened(&policy, &agent_alone(), minute(20)), opened(&policy, &alone_again(), minute(60)));
    assert!(old.case_id < new.case_id, "ids sort by time: {} {}", old.case_id, new.case_id);
    assert_eq!(old.case_id, "c-1_2026-03-02T08:00:00.000Z");
}

#[test]
fn a_teardown_half_done_is_the_same_case_and_no_second_request_comes_too_early() {
    let policy = enforce();
    let case = requested_once(&policy, Answer::Accepted);
    let case = stored(after(&policy, &case, &half_torn_down(21), minute(22)));
    assert!(matches!(case.stage, Stage::Disconnecting { next_look_at } if next_look_at <= minute(26)));
    // Nobody has been there for `noConnectedPartyFor` since then.
    assert_eq!(after(&policy, &case, &half_torn_down(21), minute(26)), Next::Disconnect(None));
    assert_eq!(stored(after(&policy, &case, &ended(), minute(26))).state(), State::Resolved);
}

#[test]
fn after_all_attempts_it_is_escalated_once_with_all_that_a_support_case_needs() {
    let policy = enforce();
    let mut case = requested_once(&policy, Answer::Accepted);
    for minutes in [22, 23] {
        assert_eq!(after(&policy, &case, &agent_alone(), minute(minutes)), Next::Disconnect(None));
        request(&policy, &mut case, minute(minutes), Answer::Unknown);
    }
    let case = stored(after(&policy, &case, &agent_alone(), minute(24)));
    assert_eq!(case.state(), State::Escalated);
    let text = case.support_case.as_deref().unwrap();
    let needed =
        ["c-1", "post-1", "look-", "3. ", "agent voice agent: connected", "error.ininedgecontrol.session.inactive"];
    for part in needed {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(!text.contains("Jane"));
    assert_eq!(after(&policy, &case, &agent_alone(), minute(90)), Next::Nothing);
    assert_eq!(come_across(&policy, &case, &sighting(&policy, &agent_alone(), minute(90))), Next::Nothing);
}

#[test]
fn what_was_turned_away_is_not_an_attempt_and_what_may_have_been_sent_is() {
    let policy = enforce();
    let count = |answer| requested_once(&policy, answer).attempts_that_count();
    let turned_away = [Answer::NotSent, Answer::RateLimited { retry_after: None }];
    assert_eq!(turned_away.map(count), [0, 0]);
    let sent = [Answer::Accepted, Answer::ServerError, Answer::Unknown, Answer::Conflict, Answer::Refused];
    assert_eq!(sent.map(count), [1, 1, 1, 1, 1]);
    let mut died_before_it_could_tell = confirmed(&policy);
    died_before_it_could_tell.begin_attempt(&policy, &sighting(&policy, &agent_alone(), minute(21)), minute(21));
    assert_eq!(died_before_it_could_tell.attempts_that_count(), 1);
    let waits = Some(std::time::Duration::from_mins(10));
    let case = requested_once(&policy, Answer::RateLimited { retry_after: waits });
    assert_eq!(case.stage.next_look_at(), Some(minute(31)));
}

#[test]
fn nobody_verifies_a_request_that_may_not_have_left_yet() {
    let policy = Policy::parse(&format!("{ENFORCE}verify: {{ after: 1s, attempts: 2 }}\n")).unwrap().0;
    let mut case = confirmed(&policy);
    case.begin_attempt(&policy, &sighting(&policy, &agent_alone(), minute(21)), minute(21));
    // It may wait for the rate limit until its look is 5 s old.
    assert_eq!(case.stage.next_look_at(), Some(minute(21) + SignedDuration::from_secs(6)));
}

#[test]
fn observe_mode_never_disconnects() {
    let policy = observe();
    let case = opened(&policy, &agent_alone(), minute(20));
    let Next::Store(case) = after(&policy, &case, &agent_alone(), minute(21)) else { panic!("only stored") };
    assert_eq!(states(&case), [State::Suspected, State::Observed]);
    for begun in [confirmed(&enforce()), requested_once(&enforce(), Answer::Accepted)] {
        let case = stored(after(&policy, &begun, &agent_alone(), minute(60)));
        assert_eq!(case.state(), State::Observed, "the mode changed while it was in hand");
    }
}

#[test]
fn observed_ones_rest_for_a_day_or_until_the_policy_is_in_force() {
    let policy = observe();
    let case = opened(&policy, &agent_alone(), minute(20));
    let case = stored(after(&policy, &case, &agent_alone(), minute(21)));
    assert_eq!(after(&policy, &case, &agent_alone(), minute(60)), Next::Nothing);
    assert_eq!(come_across(&policy, &case, &sighting(&policy, &agent_alone(), minute(60))), Next::Nothing);
    let again = stored(after(&policy, &case, &agent_alone(), minute(21 + 24 * 60)));
    assert_eq!(again.state(), State::Suspected);
    let now = stored(come_across(&enforce(), &case, &sighting(&enforce(), &agent_alone(), minute(60))));
    assert_eq!(stored(after(&enforce(), &now, &agent_alone(), minute(61))).state(), State::Suspected);
}

#[test]
fn the_living_are_noted_with_when_to_look_next() {
    let policy = enforce();
    let early = opened(&policy, &agent_alone(), minute(10));
    assert_eq!(early.stage, Stage::Dismissed { noted: minute(16), look_then: true });
    assert!(early.moves.is_empty(), "only time is missing: there is nothing to tell");
    let talking = opened(&policy, &customer_back(), minute(25));
    assert_eq!(talking.stage, Stage::Dismissed { noted: minute(25 + 24 * 60), look_then: false });
    assert_eq!((states(&talking), talking.stage.next_look_at()), (vec![State::Dismissed], None));
    // It has changed, so its time is brought forward; it is not suspected before.
    let mut changed = talking;
    changed.case_id = opened(&policy, &alone_again(), minute(60)).case_id;
    let changed = stored(come_across(&policy, &changed, &sighting(&policy, &alone_again(), minute(60))));
    assert_eq!(changed.stage, Stage::Dismissed { noted: minute(61), look_then: true });
}

#[test]
fn what_ends_by_itself_is_dismissed() {
    let policy = enforce();
    let case = stored(after(&policy, &confirmed(&policy), &ended(), minute(40)));
    assert_eq!(case.state(), State::Dismissed);
    assert!(case.moves.last().unwrap().reason.contains("ended by itself"));
}

fn asked(force: Force) -> Request {
    let (event_id, requested_by, reason) = ("e-1".to_owned(), "operator".to_owned(), "stuck".to_owned());
    Request { event_id, requested_by, reason, force, asked_at: Some(minute(5)) }
}

#[test]
fn a_request_brings_back_what_was_dismissed_and_comes_too_late_for_what_is_final() {
    let policy = enforce();
    let seen = Sighting::of(&policy, &look(&agent_alone(), minute(5)), Force::Durations);
    let dismissed = opened(&policy, &agent_alone(), minute(3));
    let case = requested(&policy, &dismissed, &seen, asked(Force::Durations)).unwrap();
    assert_eq!((case.state(), case.force(minute(5))), (State::Suspected, Force::Durations));
    let resolved = stored(after(&policy, &requested_once(&policy, Answer::Accepted), &ended(), minute(22)));
    let refused = requested(&policy, &resolved, &seen, asked(Force::Durations)).unwrap_err();
    assert!(refused.contains("was disconnected"), "{refused}");
}

#[test]
fn only_live_goes_past_somebody_who_may_be_there() {
    let policy = enforce();
    let judged = |force| Sighting::of(&policy, &look(&customer_back(), minute(25)), force);
    for force in [Force::No, Force::Durations] {
        let case = open(&policy, "c-1", &judged(force), Some(asked(force)));
        assert_eq!(case.state(), State::Dismissed, "{force:?}");
    }
    let now = Request { asked_at: Some(minute(25)), ..asked(Force::Live) };
    let case = open(&policy, "c-1", &judged(Force::Live), Some(now));
    assert_eq!(case.stage.next_look_at(), Some(minute(25)), "there is nothing to make sure of");
    let excluded = Policy::parse("version: 1\nmode: enforce\nrules: []\n").unwrap().0;
    let seen = Sighting::of(&excluded, &look(&customer_back(), minute(25)), Force::Live);
    assert_eq!(open(&excluded, "c-1", &seen, Some(asked(Force::Live))).state(), State::Dismissed);
}

#[test]
fn whoever_asked_is_told_that_it_was_alive() {
    let policy = enforce();
    let seen = sighting(&policy, &agent_alone(), minute(20));
    let case = open(&policy, "c-1", &seen, Some(asked(Force::No)));
    let case = stored(after(&policy, &case, &customer_back(), minute(21)));
    let refused = announce::of_case(&case).into_iter().find(|one| one.detail_type == "Disconnect Interaction Refused");
    assert_eq!(refused.unwrap().id, "e-1_c-1_refused");
}

/// The request was refused when the case was observed: nobody asks any more. A day later people talk, and the policy enforces.
#[test]
fn a_request_that_was_refused_does_not_disconnect_the_living_a_day_later() {
    for force in [Force::Durations, Force::Live] {
        let talking = customer_back();
        let conversation = if force == Force::Live { talking } else { agent_alone() };
        // `force: true` at minute 5, ten minutes before the policy's time, or "live" while people talk.
        let seen = |policy: &Policy, at| Sighting::of(policy, &look(&conversation, at), force);
        let case = open(&enforce(), "c-1", &seen(&enforce(), minute(5)), Some(asked(force)));
        assert_eq!(case.state(), State::Suspected);
        // Somebody stops everything (mode: observe, or DISCONNECTS_ENABLED=false): refused, and said so.
        let case = stored(step(&observe(), &case, &seen(&observe(), minute(6))));
        assert_eq!(case.state(), State::Observed);
        let told = announce::of_case(&case);
        assert!(told.iter().any(|one| one.detail_type == "Disconnect Interaction Refused"));
        // The next day it is switched on again. `attend` judges with the case's own force.
        let day = minute(6 + 24 * 60);
        let alive_again = if force == Force::Live { conversation.clone() } else { agent_alone_since(&day) };
        let now = |case: &Case, at| Sighting::of(&enforce(), &look(&alive_again, at), case.force(at));
        match step(&enforce(), &case, &now(&case, day)) {
            Next::Nothing => {}
            Next::Store(case) => assert_ne!(case.state(), State::Suspected, "{force:?}"),
            Next::Disconnect(_) => panic!("{force:?}: disconnected"),
        }
    }
}

/// The agent's leg is the same; the customer left a second ago.
fn agent_alone_since(now: &Timestamp) -> Value {
    let mut conversation = agent_alone();
    let left = *now - SignedDuration::from_secs(1);
    conversation["participants"][0]["calls"][0]["disconnectedTime"] = serde_json::json!(left.to_string());
    conversation
}

#[test]
fn nobody_answers_for_a_live_conversation_for_ever() {
    let policy = enforce();
    let seen = Sighting::of(&policy, &look(&customer_back(), minute(25)), Force::Live);
    let case = open(&policy, "c-1", &seen, Some(Request { asked_at: Some(minute(25)), ..asked(Force::Live) }));
    assert_eq!(case.force(minute(40)), Force::Live);
    // The breaker is reset after lunch.
    assert_eq!(case.force(minute(90)), Force::No);
    // By then all have left, and it is a ghost like any other: made sure of as the policy says.
    let left = |at| Sighting::of_case(&policy, &look(&customer_left_again(), at), &case);
    let case = stored(step(&policy, &case, &left(minute(90))));
    assert!(matches!(case.stage, Stage::Suspected { looks: 1, next_look_at, .. } if next_look_at == minute(91)));
    assert!(matches!(step(&policy, &case, &left(minute(91))), Next::Disconnect(Some(_))));
}

/// As [`customer_back`], with the same newest leg, and nobody but the agent there since minute 30.
fn customer_left_again() -> Value {
    let mut conversation = customer_back();
    conversation["participants"][2]["calls"][0]["disconnectedTime"] = serde_json::json!(minute(30).to_string());
    conversation
}

#[test]
fn what_was_escalated_without_a_request_may_be_asked_for_and_what_did_not_end_may_not() {
    let policy = enforce();
    let mut unread = confirmed(&policy);
    live(&mut unread, 9, |case, at| case.look_failed(&policy, at, &unreadable(true)));
    let mut in_vain = confirmed(&policy);
    live(&mut in_vain, 9, |case, at| request(&policy, case, at, Answer::NotSent));
    for escalated in [unread, in_vain] {
        assert_eq!(escalated.state(), State::Escalated);
        let at = minute(10 * 24 * 60);
        let case = requested(&policy, &escalated, &sighting(&policy, &agent_alone(), at), asked(Force::No)).unwrap();
        assert_eq!((case.state(), case.failed_looks, case.in_vain), (State::Suspected, 0, 0));
        let later = at + SignedDuration::from_mins(1);
        assert!(matches!(after(&policy, &case, &agent_alone(), later), Next::Disconnect(Some(_))), "the same checks");
    }
    let mut tried = requested_once(&policy, Answer::Accepted);
    for minutes in [22, 23] {
        request(&policy, &mut tried, minute(minutes), Answer::Accepted);
    }
    let tried = stored(after(&policy, &tried, &agent_alone(), minute(24)));
    let seen = sighting(&policy, &agent_alone(), minute(60));
    let refused = requested(&policy, &tried, &seen, asked(Force::No)).unwrap_err();
    assert!(refused.contains("3 disconnect request(s) did not end it"), "{refused}");
}

#[test]
fn a_request_that_never_left_makes_the_record_no_longer_and_a_reason_is_no_novel() {
    let policy = enforce();
    let mut case = confirmed(&policy);
    for round in 0..500 {
        request(&policy, &mut case, minute(21 + round), Answer::NotSent);
    }
    assert_eq!((case.attempts.len(), case.attempts_left_out), (60, 440));
    assert_eq!(case.attempts.last().unwrap().number, 500);
    let mut seen = sighting(&policy, &customer_back(), minute(600));
    if let What::On(_, Judgement::Alive { why, .. }) = &mut seen.what {
        *why = "ü".repeat(100_000);
    }
    let alive = open(&policy, "c-1", &seen, None);
    assert_eq!(alive.moves.last().unwrap().reason.chars().count(), 2_002);
}

/// POST answers 429 for good: looks go on, but the record must not grow until `DynamoDB` refuses it.
#[test]
fn a_request_that_is_always_turned_away_comes_to_an_end() {
    let policy = enforce();
    let mut case = confirmed(&policy);
    for round in 0..2_000 {
        let at = minute(21 + round);
        let seen = sighting(&policy, &agent_alone(), at);
        match step(&policy, &case, &seen) {
            Next::Disconnect(_) => request(&policy, &mut case, at, Answer::RateLimited { retry_after: None }),
            Next::Store(next) => case = *next,
            Next::Nothing => {}
        }
    }
    let bytes = serde_json::to_string(&case).unwrap().len();
    assert!(bytes < 300_000, "{} requests, {bytes} bytes, {:?}", case.attempts.len(), case.state());
    assert_eq!((case.state(), case.attempts.len()), (State::Escalated, 10));
    assert!(case.moves.last().unwrap().reason.contains("rate limit") && case.support_case.is_some());
}

/// Lets a case go on for so many days, doing what `round` does whenever it is due; gives how often that was.
fn live(case: &mut Case, days: i64, mut round: impl FnMut(&mut Case, Timestamp)) -> usize {
    let mut rounds = 0;
    while let Some(due) = case.stage.next_look_at().filter(|due| *due < minute(days * 24 * 60)) {
        rounds += 1;
        assert!(rounds < 2_000, "it goes on and on: {:?}", case.stage);
        round(case, due);
    }
    rounds
}

fn assert_escalated_because(case: &Case, why: &str) {
    assert_eq!(case.state(), State::Escalated);
    let outcomes = announce::of_case(case);
    let told = outcomes.iter().find(|one| one.detail_type == "Ghost Interaction Escalated").unwrap();
    for field in ["reason", "supportCase"] {
        assert!(told.detail[field].as_str().unwrap().contains(why), "{field}: {}", told.detail[field]);
    }
}

fn unreadable(for_good: bool) -> PortError {
    let error = PortError::new("looking at a conversation", "the API answers 403");
    if for_good { error.for_good() } else { error.only_this() }
}

/// Longer than a case may be in hand, with looks that fail or no run at all.
#[test]
fn an_outage_of_more_than_a_day_gives_up_no_case() {
    let policy = enforce();
    let every =
        [opened(&policy, &agent_alone(), minute(20)), confirmed(&policy), requested_once(&policy, Answer::Accepted)];
    for begun in every {
        let mut failing = begun.clone();
        live(&mut failing, 2, |case, at| case.look_failed(&policy, at, &unreadable(false)));
        let mut left_alone = begun;
        left_alone.taken_up(minute(3 * 24 * 60));
        for mut case in [failing, left_alone] {
            let at = case.stage.next_look_at().unwrap().max(minute(2 * 24 * 60));
            if let Next::Store(next) = after(&policy, &case, &agent_alone(), at) {
                case = *next;
            }
            assert_ne!(case.state(), State::Escalated, "{:?}", case.moves.last());
        }
    }
}

#[test]
fn whoever_joined_meanwhile_does_not_make_it_unreadable() {
    let policy = enforce();
    let mut case = Case::unreadable("c-1", &policy, minute(0), true, &unreadable(true));
    live(&mut case, 9, |case, at| case.look_failed(&policy, at, &unreadable(true)));
    case.stage = Stage::Dismissed { noted: minute(0), look_then: true };
    let case = stored(after(&policy, &case, &customer_back(), minute(30 * 24 * 60)));
    assert_eq!((case.failed_looks, case.is_unreadable), (0, false));
}

/// The rule does not speak of conversations that nobody is on; or nothing tells since when.
#[test]
fn what_a_teardown_by_half_has_left_is_asked_for_again_and_escalated() {
    let silent = Policy::parse(&ENFORCE.replace("noConnectedPartyFor: 5m, ", "")).unwrap().0;
    let mut timeless = half_torn_down(21);
    timeless["participants"][1]["calls"][0]["disconnectedTime"] = Value::Null;
    for (policy, left) in [(silent, half_torn_down(21)), (enforce(), timeless)] {
        let mut case = requested_once(&policy, Answer::Accepted);
        let seen = |case: &Case, at| Sighting::of_case(&policy, &look(&left, at), case);
        for minutes in [22, 23] {
            assert_eq!(step(&policy, &case, &seen(&case, minute(minutes))), Next::Disconnect(None));
            request(&policy, &mut case, minute(minutes), Answer::Accepted);
        }
        assert_eq!(stored(step(&policy, &case, &seen(&case, minute(24)))).state(), State::Escalated);
        // It is nobody's ghost where nothing was requested.
        let confirmed = confirmed(&policy);
        assert_eq!(stored(step(&policy, &confirmed, &seen(&confirmed, minute(24)))).state(), State::Dismissed);
        // Nor where something still speaks for life.
        let mut transferred = left.clone();
        transferred["recentTransfers"] = serde_json::json!([{ "state": "active" }]);
        let case = requested_once(&policy, Answer::Accepted);
        let seen = Sighting::of_case(&policy, &look(&transferred, minute(22)), &case);
        assert_eq!(stored(step(&policy, &case, &seen)).state(), State::Dismissed);
    }
}

/// A look that always takes more than 5 s.
#[test]
fn a_conversation_that_always_answers_too_late_is_a_matter_for_people_in_the_end() {
    let policy = enforce();
    let mut case = confirmed(&policy);
    let looks = live(&mut case, 9, |case, at| case.look_came_too_late(&sighting(&policy, &agent_alone(), at), at));
    assert_eq!(looks, 24);
    assert_escalated_because(&case, "took longer than a look may be old");
}

#[test]
fn a_request_that_never_leaves_is_a_matter_for_people_in_the_end() {
    let policy = enforce();
    let mut case = confirmed(&policy);
    let requests = live(&mut case, 9, |case, at| request(&policy, case, at, Answer::NotSent));
    assert_eq!((requests, case.attempts.len()), (24, 24));
    assert_escalated_because(&case, "could not be sent");
    // One that left makes up for it.
    let mut case = requested_once(&policy, Answer::NotSent);
    request(&policy, &mut case, minute(30), Answer::Accepted);
    assert_eq!(case.in_vain, 0);
}

#[test]
fn a_conversation_that_cannot_be_read_any_more_is_a_matter_for_people_in_the_end() {
    let policy = enforce();
    for (begun, for_good, most) in [
        (opened(&policy, &agent_alone(), minute(20)), true, 24),
        (confirmed(&policy), true, 24),
        (requested_once(&policy, Answer::Accepted), true, 24),
        // It may pass: give it days.
        (requested_once(&policy, Answer::Accepted), false, 72),
    ] {
        let mut case = begun;
        let looks = live(&mut case, 9, |case, at| case.look_failed(&policy, at, &unreadable(for_good)));
        assert_eq!(looks, most);
        assert_escalated_because(&case, "the API answers 403");
    }
}

#[test]
fn what_could_never_be_read_is_told_once_and_then_costs_a_look_a_day_at_most() {
    let policy = enforce();
    let mut case = Case::unreadable("c-1", &policy, minute(0), true, &unreadable(true));
    let looks = live(&mut case, 9, |case, at| case.look_failed(&policy, at, &unreadable(true)));
    assert_eq!(looks, 23);
    let told = announce::of_case(&case);
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(told.detail_type, "Ghost Interaction Dismissed");
    assert!(told.detail["reason"].as_str().unwrap().contains("cannot be read"), "{told:?}");
    // The watcher is told of it again, or analytics still lists it.
    for then_look in [true, false] {
        let at = minute(30 * 24 * 60);
        assert!(case.still_unreadable(&policy, at, then_look, &unreadable(true)));
        assert_eq!(case.stage, Stage::Dismissed { noted: at + SignedDuration::from_hours(24), look_then: false });
        assert_eq!(case.moves.len(), 1);
    }
    assert_eq!(case.opened_at, Some(minute(0)), "its time to live counts from here");
}

/// Its form changes from look to look, so that it can never be made sure of.
#[test]
fn what_does_not_come_to_an_end_within_a_day_is_a_matter_for_people() {
    let policy = enforce();
    let mut case = opened(&policy, &agent_alone(), minute(20));
    let mut held = false;
    live(&mut case, 9, |case, at| {
        held = !held;
        let form = if held { agent_held() } else { agent_alone() };
        *case = stored(after(&policy, case, &form, at));
    });
    assert_escalated_because(&case, "in hand for longer");
    assert!(case.moves.last().unwrap().at < minute(20 + 24 * 60 + 2));
}

#[test]
fn waiting_for_the_breaker_or_for_what_the_policy_asks_for_is_not_too_long() {
    let policy = enforce();
    let mut case = confirmed(&policy);
    for hours in 1..72 {
        case.wait_for_breaker(&policy, minute(hours * 60));
    }
    let reset = minute(72 * 60);
    assert_eq!(after(&policy, &case, &agent_alone(), reset), Next::Disconnect(None));
    let slow = Policy::parse(&format!("{ENFORCE}confirm: {{ looks: 3, every: 20h }}\n")).unwrap().0;
    let case = opened(&slow, &agent_alone(), minute(20));
    let case = stored(after(&slow, &case, &agent_alone(), minute(20 + 20 * 60)));
    assert!(matches!(after(&slow, &case, &agent_alone(), minute(20 + 40 * 60)), Next::Disconnect(Some(_))));
}

#[test]
fn what_analytics_lists_long_after_its_end_is_told_once_and_not_disconnected() {
    for (policy, state, word) in [
        (enforce(), State::Escalated, "Ghost Interaction Escalated"),
        (observe(), State::Observed, "Ghost Interaction Observed"),
    ] {
        let seen = |days: i64| sighting(&policy, &ended(), minute(30 + days * 24 * 60));
        assert_eq!(still_counted(&policy, "c-1", None, &seen(1)), None, "analytics lags");
        let mut case = still_counted(&policy, "c-1", None, &seen(2)).unwrap();
        let noted = minute(30 + 3 * 24 * 60);
        assert_eq!(case.stage, Stage::Dismissed { noted, look_then: false }, "it rests, if it is not told");
        assert!(announce::of_case(&case).is_empty());
        tell_still_counted(&policy, &mut case, &seen(2));
        assert_eq!((case.state(), case.stage.next_look_at()), (state, None));
        let told = announce::of_case(&case);
        assert_eq!(told[0].detail_type, word);
        assert!(told[0].detail["reason"].as_str().unwrap().contains("analytics still lists it"));
        assert_eq!(told[0].detail["since"], minute(30).to_string(), "when it ended");
        assert_eq!((&told[0].detail["rule"], &told[0].detail["test"]), (&"analytics".into(), &"stillListed".into()));
        assert_eq!(still_counted(&policy, "c-1", Some(&case), &seen(9)), None, "told already");
        // It was dismissed when it was alive.
        let mut dismissed = case.clone();
        dismissed.stage = Stage::Dismissed { noted: minute(0), look_then: false };
        assert!(still_counted(&policy, "c-1", Some(&dismissed), &seen(2)).is_some());
        // Whoever is at it goes on.
        assert_eq!(still_counted(&policy, "c-1", Some(&confirmed(&enforce())), &seen(2)), None);
    }
    let seen = sighting(&enforce(), &ended(), minute(9_000));
    let mut case = still_counted(&enforce(), "c-1", None, &seen).unwrap();
    tell_still_counted(&enforce(), &mut case, &seen);
    let text = case.support_case.unwrap();
    for part in ["analytics still counts it", "error.ininedgecontrol.session.inactive", "look-"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("/disconnect:"), "{text}");
}

proptest! {
    /// Whatever looks and answers come in whatever order: moves follow one another, final states stay, nothing is requested of a
    /// conversation that is not a ghost, and the record reads back as it was written.
    #[test]
    fn any_life_is_a_life(steps in prop::collection::vec((0_usize..6, 0_usize..4, 1_i64..40), 1..60), enforced: bool) {
        let policy = if enforced { enforce() } else { observe() };
        let forms = [agent_alone(), agent_held(), customer_back(), half_torn_down(21), ended(), alone_again()];
        let answers = [Answer::Accepted, Answer::NotSent, Answer::Unknown, Answer::RateLimited { retry_after: None }];
        let mut case = opened(&policy, &agent_alone(), minute(20));
        let mut now = 20;
        for (form, answer, minutes) in steps {
            now += minutes;
            let before = case.clone();
            let seen = sighting(&policy, &forms[form], minute(now));
            match step(&policy, &case, &seen) {
                Next::Nothing => {}
                Next::Store(next) => case = *next,
                Next::Disconnect(next) => {
                    prop_assert!(enforced && [0, 1, 3].contains(&form));
                    case = next.map_or(case, |next| *next);
                    case.begin_attempt(&policy, &seen, minute(now));
                    let words = String::new();
                    let told = Disconnection { at: minute(now), answer: answers[answer], words, correlation_id: None };
                    case.note_answer(&policy, &seen, told);
                }
            }
            if before.state().is_final() {
                prop_assert_eq!(&before, &case);
            }
            let chained = case.moves.iter().zip(case.moves.iter().skip(1)).all(|(one, next)| next.from == Some(one.to));
            prop_assert!(chained || case.moves_left_out > 0);
            prop_assert!(case.attempts_that_count() <= policy.verify.attempts);
            prop_assert_eq!(case.moves.last().map(|one| one.to), Some(case.state()));
            let json = serde_json::to_string(&case).unwrap();
            prop_assert!(json.len() < 300_000 && !json.contains("Jane"));
            prop_assert_eq!(serde_json::from_str::<Case>(&json).unwrap(), case.clone());
        }
    }
}
