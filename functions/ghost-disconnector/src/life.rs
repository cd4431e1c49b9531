//! The life of a case: what a look makes of it. Pure: the same case, policy and sighting give the same answer.
//!
//! `suspected → confirmed → disconnecting → resolved | escalated`, or `dismissed`, or `observed`. Final states stay, but that
//! an operator may ask for what was escalated without a request; dismissed and observed cases return to suspected only when a look
//! at the time noted in them, or later, finds a ghost.

mod moves;
mod setbacks;
#[cfg(test)]
mod tests;

pub(crate) use moves::LIVE_LASTS;

use std::time::Duration;

use ghost_policy::Policy;
use ghost_policy::policy::Mode;
use jiff::{SignedDuration, Timestamp};

use crate::case::{Case, Finding, Fingerprint, Request, Stage, State};
use crate::sighting::{Ended, Judgement, Sighting, What};
use crate::support_case::Complaint;

/// A disconnect is only requested on the strength of a look no older than this (DESIGN §4.4).
pub const FRESH: Duration = Duration::from_secs(5);

/// What was alive without an end in sight, and what is only observed, is not minded again before.
pub const REST: SignedDuration = SignedDuration::from_hours(24);

/// A request that the rate limit turns away so often, after ever longer pauses, is a matter for people.
const RATE_LIMITED_MAX: usize = 10;

/// Analytics lags for minutes, or hours at worst. What it lists without an end so long after the end is out of step.
const OUT_OF_STEP: SignedDuration = SignedDuration::from_hours(48);

/// What a look calls for.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Nothing: it is not time, or there is nothing more to do.
    Nothing,
    /// Store the case, changed so.
    Store(Box<Case>),
    /// Disconnect now, on the strength of this look; before that, store the case, changed so, if it is.
    Disconnect(Option<Box<Case>>),
}

/// What the first look at a conversation calls for, where there is no case of its form yet: a case.
///
/// A conversation that is alive or over gets one too, dismissed at once, so that discovery need not look again before its time.
pub fn open(policy: &Policy, conversation_id: &str, sighting: &Sighting, request: Option<Request>) -> Case {
    let at = sighting.asked_at;
    let What::On(facts, judgement) = &sighting.what else { return Case::of_nothing(conversation_id, at) };
    let stage = match judgement {
        Judgement::Ghost { fingerprint, .. } => {
            Stage::Suspected { looks: 1, fingerprint: fingerprint.clone(), next_look_at: at }
        }
        Judgement::Alive { look_again_at, .. } => rest(at, *look_again_at),
    };
    let mut case = Case::about(conversation_id, facts, stage.clone(), request, at);
    match judgement {
        Judgement::Ghost { finding, fingerprint } => case.suspect(policy, sighting, finding, fingerprint),
        // Only time is missing: there is nothing to tell yet.
        Judgement::Alive { nobody_is_there: true, .. } => {}
        Judgement::Alive { why, .. } => case.moved(stage, sighting, why),
    }
    case
}

/// What a look at the conversation calls for.
pub fn step(policy: &Policy, case: &Case, sighting: &Sighting) -> Next {
    let Some(due) = case.stage.next_look_at() else { return Next::Nothing };
    if sighting.asked_at < due {
        return Next::Nothing;
    }
    match &sighting.what {
        What::Over { why, .. } => over(case, sighting, why),
        What::On(facts, _) if facts.case_id != case.case_id => superseded(case, sighting),
        What::On(facts, judgement) => {
            let mut case = case.clone();
            case.take_in(facts);
            match judgement {
                Judgement::Ghost { finding, fingerprint } => ghost(policy, case, sighting, finding, fingerprint),
                Judgement::Alive { why, look_again_at, nobody_is_there } => {
                    alive(policy, case, sighting, why, *look_again_at, *nobody_is_there)
                }
            }
        }
    }
}

/// What a ghost calls for that was not looked for at the time noted in its case, but was come across: by an event, or by
/// discovery. What was alive has changed, so its time is brought forward. The policy may want now what it only observed.
pub fn come_across(policy: &Policy, case: &Case, sighting: &Sighting) -> Next {
    let at = sighting.asked_at;
    let is_ghost = matches!(&sighting.what, What::On(facts, Judgement::Ghost { .. }) if facts.case_id == case.case_id);
    let mut case = case.clone();
    case.was_read();
    let wanted_now = policy.mode == Mode::Enforce;
    match &mut case.stage {
        Stage::Dismissed { noted, look_then } if is_ghost && (*noted > at || !*look_then) => {
            *noted = (*noted).min(after(at, policy.confirm.every.get()));
            *look_then = true;
        }
        Stage::Observed { noted, look_then } if is_ghost && (!*look_then || (wanted_now && *noted > at)) => {
            *noted = if wanted_now { at } else { (*noted).max(at) };
            *look_then = true;
        }
        Stage::Dismissed { noted, .. } | Stage::Observed { noted, .. } if !is_ghost && *noted <= at => {
            match (&case.stage, &sighting.what) {
                (Stage::Dismissed { .. }, What::On(_, Judgement::Alive { look_again_at, .. })) => {
                    case.stage = rest(at, *look_again_at);
                }
                _ => case.forget(at),
            }
        }
        _ => return Next::Nothing,
    }
    Next::Store(Box::new(case))
}

/// What somebody's request makes of a case that is there already, at a look that found nobody; an error in words if it comes
/// too late.
pub fn requested(policy: &Policy, case: &Case, sighting: &Sighting, request: Request) -> Result<Case, String> {
    let What::On(facts, Judgement::Ghost { finding, fingerprint }) = &sighting.what else {
        return Err("it is not to be disconnected".to_owned());
    };
    let mut case = case.clone();
    case.request = Some(request);
    match case.state() {
        State::Resolved => Err("its case is closed: it was disconnected".to_owned()),
        State::Escalated if case.attempts_that_count() > 0 => {
            let requests = case.attempts_that_count();
            Err(format!(
                "its case was escalated: {requests} disconnect request(s) did not end it, so ask Genesys Customer Care"
            ))
        }
        State::Suspected | State::Confirmed | State::Disconnecting => Ok(case),
        // What was escalated without a single request may do now.
        State::Escalated | State::Dismissed | State::Observed => {
            case.take_in(facts);
            case.suspect(policy, sighting, finding, fingerprint);
            Ok(case)
        }
    }
}

/// The case of a conversation that ended long ago, as the look shows, though analytics still lists it without an end. It rests,
/// unless people are told of it. Nothing is disconnected, for nobody is there. None if it is too early, or told already.
pub fn still_counted(
    policy: &Policy,
    conversation_id: &str,
    latest: Option<&Case>,
    sighting: &Sighting,
) -> Option<Case> {
    let What::Over { ended: Some(Ended { at: ended_at, facts }), .. } = &sighting.what else { return None };
    let at = sighting.asked_at;
    if at.duration_since(*ended_at) < OUT_OF_STEP || latest.is_some_and(|case| case.state().is_in_progress()) {
        return None;
    }
    let rests = rest(at, None);
    let mut case = match latest.filter(|case| case.case_id == facts.case_id) {
        None => Case::about(conversation_id, facts, rests, None, at),
        Some(case) if case.state().is_final() => return None,
        Some(case) if case.state() == State::Observed && policy.mode == Mode::Observe => return None,
        Some(case) => case.clone(),
    };
    case.take_in(facts);
    case.forget(at);
    let reason = format!(
        "It ended at {ended_at}, and analytics still lists it without an end: views and reports go on counting it. Nobody is \
         there, so nothing is disconnected."
    );
    case.finding =
        Some(Finding { rule: "analytics".to_owned(), test: "stillListed".to_owned(), since: *ended_at, reason });
    Some(case)
}

/// Tells people that analytics still lists what has ended: once.
pub fn tell_still_counted(policy: &Policy, case: &mut Case, sighting: &Sighting) {
    let at = sighting.asked_at;
    let reason = case.finding.as_ref().map_or_else(String::new, |finding| finding.reason.clone());
    if policy.mode == Mode::Observe {
        let stage = Stage::Observed { noted: later(at, REST), look_then: false };
        case.moved(stage, sighting, &reason);
    } else {
        case.escalate(Complaint::StillCounted, Some(sighting), at, &reason);
    }
}

fn over(case: &Case, sighting: &Sighting, why: &str) -> Next {
    let mut case = case.clone();
    case.was_read();
    let at = sighting.asked_at;
    match case.stage {
        Stage::Disconnecting { .. } => case.moved(Stage::Resolved, sighting, why),
        Stage::Suspected { .. } | Stage::Confirmed { .. } => {
            let stage = Stage::Dismissed { noted: at, look_then: false };
            case.moved(stage, sighting, &format!("It ended by itself. {why}"));
        }
        Stage::Dismissed { .. } | Stage::Observed { .. } => case.forget(at),
        Stage::Resolved | Stage::Escalated => return Next::Nothing,
    }
    Next::Store(Box::new(case))
}

/// Somebody has joined since: whatever becomes of the conversation is another case.
fn superseded(case: &Case, sighting: &Sighting) -> Next {
    let mut case = case.clone();
    case.was_read();
    if case.state().is_in_progress() {
        let stage = Stage::Dismissed { noted: sighting.asked_at, look_then: false };
        case.moved(stage, sighting, "Somebody has joined since, so this is another case.");
    } else {
        case.forget(sighting.asked_at);
    }
    Next::Store(Box::new(case))
}

fn alive(
    policy: &Policy,
    mut case: Case,
    sighting: &Sighting,
    why: &str,
    look_again_at: Option<Timestamp>,
    nobody_is_there: bool,
) -> Next {
    let at = sighting.asked_at;
    let is_too_long = case.is_in_hand_too_long(policy, at);
    match &mut case.stage {
        // A teardown half done: nobody has come, but what is left has not lasted for long enough yet.
        Stage::Disconnecting { .. } if nobody_is_there && is_too_long => {
            let reason = format!("A disconnect was requested long ago, and it was not torn down in full since. {why}");
            case.escalate(Complaint::CannotBeDisconnected, Some(sighting), at, &reason);
        }
        Stage::Disconnecting { next_look_at } if nobody_is_there => {
            let patience = case.attempts.last().map_or(SignedDuration::ZERO, |attempt| at.duration_since(attempt.at));
            let patience = patience.unsigned_abs().max(policy.verify.after.get());
            *next_look_at = look_again_at.into_iter().fold(after(at, patience), Timestamp::min);
        }
        Stage::Dismissed { .. } => case.stage = rest(at, look_again_at),
        Stage::Observed { .. } => case.watch_on(at),
        _ => case.moved(rest(at, look_again_at), sighting, why),
    }
    Next::Store(Box::new(case))
}

fn ghost(policy: &Policy, mut case: Case, sighting: &Sighting, finding: &Finding, fingerprint: &Fingerprint) -> Next {
    let every = policy.confirm.every.get();
    let at = sighting.asked_at;
    let next_look_at = after(at, every);
    let escalated = |case: &mut Case, reason: &str| {
        let reason = format!("{reason} {}", finding.reason);
        case.escalate(Complaint::CannotBeDisconnected, Some(sighting), at, &reason);
    };
    match &case.stage {
        Stage::Suspected { .. } | Stage::Confirmed { .. } | Stage::Disconnecting { .. }
            if policy.mode == Mode::Enforce && case.is_in_hand_too_long(policy, at) =>
        {
            escalated(
                &mut case,
                "It has been in hand for longer than the policy explains, and does not come to an end.",
            );
        }
        Stage::Suspected { looks, fingerprint: seen, .. } if case.agrees(seen, fingerprint, at) => {
            let looks = looks + 1;
            if looks >= policy.confirm.looks {
                return confirmed(policy, case, sighting, finding, fingerprint, looks);
            }
            case.stage = Stage::Suspected { looks, fingerprint: fingerprint.clone(), next_look_at };
        }
        Stage::Suspected { .. } => {
            case.finding = Some(finding.clone());
            case.stage = case.suspicion(policy, fingerprint, at);
        }
        Stage::Confirmed { fingerprint: seen, .. } if !case.agrees(seen, fingerprint, at) => {
            let stage = Stage::Dismissed { noted: next_look_at, look_then: true };
            case.moved(stage, sighting, "It has changed since it was confirmed, so it must be made sure of anew.");
        }
        Stage::Disconnecting { .. } if case.attempts_that_count() >= policy.verify.attempts => {
            let requests = case.attempts_that_count();
            escalated(&mut case, &format!("It is still there after {requests} disconnect request(s)."));
        }
        Stage::Disconnecting { .. } if case.rate_limited_in_a_row() >= RATE_LIMITED_MAX => {
            let reason = format!(
                "The rate limit has turned the last {RATE_LIMITED_MAX} disconnect requests away, hours apart in the end: something \
                 uses up the limit of the API, or it never lets this request in."
            );
            escalated(&mut case, &reason);
        }
        Stage::Confirmed { .. } | Stage::Disconnecting { .. } if policy.mode == Mode::Observe => {
            case.observed(sighting);
        }
        Stage::Confirmed { .. } | Stage::Disconnecting { .. } => return Next::Disconnect(None),
        Stage::Dismissed { .. } | Stage::Observed { .. } => {
            // Whoever asked was told that it does not come.
            case.request = None;
            case.suspect(policy, sighting, finding, fingerprint);
        }
        Stage::Resolved | Stage::Escalated => return Next::Nothing,
    }
    Next::Store(Box::new(case))
}

fn confirmed(
    policy: &Policy,
    mut case: Case,
    sighting: &Sighting,
    finding: &Finding,
    fingerprint: &Fingerprint,
    looks: u32,
) -> Next {
    case.finding = Some(finding.clone());
    if policy.mode == Mode::Observe {
        case.observed(sighting);
        return Next::Store(Box::new(case));
    }
    let reason = format!("{looks} look(s) found the same. {}", finding.reason);
    let stage = Stage::Confirmed { fingerprint: fingerprint.clone(), next_look_at: sighting.asked_at };
    case.moved(stage, sighting, &reason);
    Next::Disconnect(Some(Box::new(case)))
}

/// Dismissed until then, or for a while if it would stay alive for ever.
fn rest(at: Timestamp, look_again_at: Option<Timestamp>) -> Stage {
    Stage::Dismissed { noted: look_again_at.unwrap_or_else(|| later(at, REST)), look_then: look_again_at.is_some() }
}

/// So long after `at`.
pub(crate) fn after(at: Timestamp, wait: Duration) -> Timestamp {
    later(at, SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX))
}

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
