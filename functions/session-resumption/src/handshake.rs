//! A handshake: all requests of one customer for one conversation within a minute, answered as one.
//!
//! One request, its owner, holds a lease and asks Genesys Cloud; the others wait for its answer. Before the owner writes
//! anything to Genesys Cloud it notes what, so that whoever takes over from an owner that died writes the very same. What is
//! next is told by the record and the time alone; [`crate::run`] does it, each step by one conditional write.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decision::Resumption;

/// How long a handshake's answer stands, from its beginning: no look that it tells of is older.
pub const ANSWER_STANDS_FOR: Duration = Duration::from_mins(1);

/// A handshake as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// When it began: with the customer and the conversation, its identity.
    pub started_at: Timestamp,
    lease: Lease,
    /// The decision, once it is made.
    pub decided: Option<Decided>,
    /// Until when the decision stands, once it is given.
    answered_until: Option<Timestamp>,
    /// Whether all that follows from it is written: the attributes, and the outcome.
    #[serde(default)]
    is_carried_out: bool,
    /// How many of the customer's handshakes were counted before this one.
    counted: u64,
}

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    owner: String,
    until: Timestamp,
}

/// A decision, and what is written to Genesys Cloud for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The decision.
    pub resumption: Resumption,
    /// What becomes of the customer's attributes, if anything does.
    pub mark: Option<Mark>,
}

/// The attributes that tell of resumptions, as values and not as changes: to set them twice is to set them once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// `resumptionCount`
    pub count: u64,
    /// `lastResumptionTimestamp`
    pub at: Timestamp,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The answer stands.
    Answer(Resumption),
    /// The answer stands, but what follows from it is not all written: write this, carry it out again, and answer.
    CarryOut(Handshake, Decided),
    /// Somebody else is at it, at most until then.
    Wait(Timestamp),
    /// Write this, and be the owner.
    Own(Handshake),
    /// Be the owner: this is what was written, though the answer to the write was lost.
    GoOn(Handshake),
}

/// What the request of `owner` does next.
pub fn next(stored: Option<&Handshake>, owner: &str, now: Timestamp, lease: Duration) -> Next {
    let lease = Lease { owner: owner.to_owned(), until: after(now, lease) };
    let Some(stored) = stored else { return Next::Own(Handshake::begun(now, lease, 0)) };
    let is_free = now >= stored.lease.until;
    let is_old = now >= after(stored.started_at, ANSWER_STANDS_FOR);
    match (stored.answered_until, &stored.decided) {
        // Whoever has just answered, or carries it out again, is at it still; and must be done before the next handshake.
        (Some(until), Some(decided)) if !stored.is_carried_out && is_free && lease.until <= until => {
            Next::CarryOut(Handshake { lease, ..stored.clone() }, decided.clone())
        }
        (Some(until), Some(decided)) if now < until => Next::Answer(decided.resumption.clone()),
        (Some(_), _) => Next::Own(Handshake::begun(now, lease, stored.counted_so_far())),
        // Nobody came for so long: what was decided then is no answer now.
        (None, _) if is_free && is_old => Next::Own(Handshake::begun(now, lease, stored.counted_so_far())),
        (None, _) if is_free => Next::Own(Handshake { lease, ..stored.clone() }),
        (None, _) if stored.lease.owner == owner => Next::GoOn(stored.clone()),
        (None, _) => Next::Wait(stored.lease.until),
    }
}

impl Handshake {
    fn begun(started_at: Timestamp, lease: Lease, counted: u64) -> Self {
        Self { started_at, lease, decided: None, answered_until: None, is_carried_out: false, counted }
    }

    /// Until when its owner may work on it.
    pub fn leased_until(&self) -> Timestamp {
        self.lease.until
    }

    /// With a decision. `counted`: what the customer's attribute says, which may lag behind what is known here.
    #[must_use]
    pub fn decide(self, resumption: Resumption, counted: u64, now: Timestamp) -> Self {
        let count = self.counted.max(counted).saturating_add(1);
        let mark = resumption.is_resumable().then_some(Mark { count, at: now });
        Self { decided: Some(Decided { resumption, mark }), ..self }
    }

    /// Answered: the decision stands for what is left of the minute.
    #[must_use]
    pub fn answer(self) -> Self {
        Self { answered_until: Some(after(self.started_at, ANSWER_STANDS_FOR)), ..self }
    }

    /// With all written that follows from the decision.
    #[must_use]
    pub fn carried_out(self) -> Self {
        Self { is_carried_out: true, ..self }
    }

    fn counted_so_far(&self) -> u64 {
        let mark = self.decided.as_ref().and_then(|decided| decided.mark);
        mark.map_or(self.counted, |mark| mark.count)
    }
}

/// So long after that.
pub fn after(at: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|duration| at.checked_add(duration).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(10);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn owned(owner: &str, seconds: i64, stored: Option<&Handshake>) -> Handshake {
        match next(stored, owner, at(seconds), LEASE) {
            Next::Own(handshake) => handshake,
            other => panic!("{other:?}"),
        }
    }

    fn resumable() -> Resumption {
        Resumption { decision: crate::decision::Decision::Resumable, ..Resumption::unavailable() }
    }

    #[test]
    fn one_owns_it_and_the_others_wait_for_the_answer() {
        let begun = owned("a", 0, None);
        assert_eq!(next(Some(&begun), "b", at(3), LEASE), Next::Wait(at(10)));
        assert_eq!(next(Some(&begun), "a", at(3), LEASE), Next::GoOn(begun.clone()));
        let decided = begun.decide(resumable(), 4, at(1));
        assert_eq!(next(Some(&decided), "b", at(3), LEASE), Next::Wait(at(10)), "not before it is written");
        let answered = decided.answer().carried_out();
        for owner in ["a", "b"] {
            assert_eq!(next(Some(&answered), owner, at(59), LEASE), Next::Answer(resumable()));
        }
        let again = owned("b", 60, Some(&answered));
        assert_eq!((again.started_at, again.decided.clone()), (at(60), None));
        let mark = |handshake: Handshake| handshake.decide(resumable(), 4, at(60)).decided.unwrap().mark.unwrap();
        assert_eq!(mark(again).count, 6, "the attribute lags behind");
    }

    #[test]
    fn an_owner_that_died_is_succeeded_and_its_decision_kept() {
        let begun = owned("a", 0, None);
        let taken = owned("b", 10, Some(&begun));
        assert_eq!((taken.started_at, taken.leased_until()), (at(0), at(20)));
        let decided = taken.decide(resumable(), 0, at(11));
        let taken_again = owned("c", 20, Some(&decided));
        assert_eq!(taken_again.decided, decided.decided, "what was noted is written, and nothing else");
    }

    #[test]
    fn what_nobody_came_for_within_a_minute_is_decided_anew_and_its_count_kept() {
        let decided = owned("a", 0, None).decide(resumable(), 4, at(1));
        let in_time = owned("b", 59, Some(&decided));
        assert_eq!((in_time.started_at, in_time.decided.as_ref()), (at(0), decided.decided.as_ref()));
        let late = owned("b", 60, Some(&decided));
        assert_eq!((late.started_at, late.decided.as_ref(), late.counted), (at(60), None, 5));
        assert_eq!(owned("b", 60, Some(&owned("a", 0, None))).started_at, at(60), "without a decision too");
    }

    #[test]
    fn an_answer_given_late_stands_no_longer() {
        let decided = owned("a", 0, None).decide(resumable(), 4, at(1));
        let answered = owned("b", 59, Some(&decided)).answer().carried_out();
        assert_eq!(next(Some(&answered), "c", at(59), LEASE), Next::Answer(resumable()));
        assert_eq!(owned("c", 60, Some(&answered)).started_at, at(60), "a look of the first second is a minute old");
    }

    #[test]
    fn what_follows_from_an_answer_is_tried_again_by_one_at_a_time() {
        let answered = owned("a", 0, None).decide(resumable(), 4, at(1)).answer();
        assert_eq!(next(Some(&answered), "b", at(9), LEASE), Next::Answer(resumable()), "the owner is at it still");
        let Next::CarryOut(again, _) = next(Some(&answered), "b", at(10), LEASE) else {
            panic!("it is not all written")
        };
        assert_eq!((&again.decided, again.leased_until()), (&answered.decided, at(20)));
        assert_eq!(next(Some(&again), "c", at(19), LEASE), Next::Answer(resumable()));
        assert_eq!(next(Some(&again), "c", at(53), LEASE), Next::Answer(resumable()), "it might outlast the minute");
        assert_eq!(next(Some(&again.carried_out()), "c", at(20), LEASE), Next::Answer(resumable()));
    }

    #[test]
    fn nothing_is_counted_where_nothing_is_resumed() {
        let answered = owned("a", 0, None).decide(Resumption::unavailable(), 7, at(0)).answer();
        assert_eq!(answered.decided.as_ref().unwrap().mark, None);
        assert_eq!(owned("b", 60, Some(&answered)).counted, 0);
    }
}
