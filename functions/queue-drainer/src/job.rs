//! A job as a record: what was asked for, in whose hands it is, and how it ended. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::request::DrainRequest;

/// A job is its holder's for so long after it last said so.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// A job that nobody has taken up within so long is taken up by the schedule; the next time after twice as long, and so on: it
/// may only wait for others to end.
pub const RESCUED_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// The time between two rescues doubles so often: to an hour or so.
const MOST_DOUBLINGS: u32 = 6;

/// A job, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// What was asked for; none if it was cancelled before the request came.
    pub request: Option<DrainRequest>,
    /// When: what began later is not part of it.
    pub requested_at: Timestamp,
    /// How far it is.
    pub state: State,
    /// In whose hands it is; none between two runs.
    pub lease: Option<Lease>,
    /// Runs that took it up: tells one holder's lease from its next.
    pub runs: u32,
    /// How often the schedule has had it taken up since its last run.
    #[serde(default)]
    pub rescues: u32,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// When it last got anywhere; the time in which nobody had it in hand is not counted against it.
    pub progressed_at: Timestamp,
    /// Until when somebody had it in hand, as far as is known; at first, since when it is known.
    #[serde(default)]
    pub held_at: Option<Timestamp>,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Not over.
    Running,
    /// Nothing is left that it may touch.
    Completed,
    /// It cannot go on.
    Failed,
    /// An operator stopped it.
    Cancelled,
}

/// In whose hands a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The message that the holder works on: delivered again, it means that the holder has died.
    pub holder: String,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// The condition of the next write.
    pub version: u64,
    /// The job.
    pub job: Job,
}

/// What became of taking up a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenUp {
    /// It is ours, once this is written.
    Ours(Box<Job>),
    /// It is over.
    Over,
    /// Somebody is at it.
    InOtherHands,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Job {
    /// A job that nobody has taken up yet.
    pub fn new(request: DrainRequest, requested_at: Timestamp, now: Timestamp) -> Self {
        Self { request: Some(request), requested_at: requested_at.min(now), ..Self::cancelled_before(None, now) }
    }

    /// What is kept of a job that was cancelled before it was requested: events come in any order.
    pub fn cancelled_before(cancelled_by: Option<String>, now: Timestamp) -> Self {
        Self {
            request: None,
            requested_at: now,
            state: State::Running,
            lease: None,
            runs: 0,
            rescues: 0,
            cancelled_by,
            progressed_at: now,
            held_at: Some(now),
        }
    }

    /// Takes the job up for the work on a message.
    pub fn take_up(&self, holder: &str, now: Timestamp) -> TakenUp {
        if self.state != State::Running {
            return TakenUp::Over;
        }
        // The same message comes again only after its holder has died, or twice at once: then the notes keep the two apart.
        if self.lease.as_ref().is_some_and(|lease| lease.until > now && lease.holder != holder) {
            return TakenUp::InOtherHands;
        }
        let lease = Lease { holder: holder.to_owned(), until: after(now, LEASE) };
        let idle = self.held_at.map_or(SignedDuration::ZERO, |held_at| now.duration_since(held_at));
        let progressed_at = after(self.progressed_at, idle.max(SignedDuration::ZERO));
        let (runs, held_at) = (self.runs + 1, Some(now));
        TakenUp::Ours(Box::new(Self { lease: Some(lease), runs, rescues: 0, progressed_at, held_at, ..self.clone() }))
    }

    /// Somebody is to be told to go on with it; none if somebody has it, or it is over.
    pub fn rescued(self, now: Timestamp) -> Option<Self> {
        let is_stranded = self.state == State::Running && self.lease.as_ref().is_none_or(|lease| lease.until <= now);
        is_stranded.then(|| Self { lease: None, rescues: self.rescues.saturating_add(1), ..self })
    }

    /// Whether it is still in the hands of its so-manieth run.
    pub fn is_held_by_run(&self, run: u32) -> bool {
        self.state == State::Running && self.runs == run && self.lease.is_some()
    }

    /// Holds on to it.
    #[must_use]
    pub fn renewed(mut self, now: Timestamp) -> Self {
        if let Some(lease) = &mut self.lease {
            lease.until = after(now, LEASE);
        }
        Self { held_at: Some(now), ..self }
    }

    /// Gives it back.
    #[must_use]
    pub fn let_go(self, now: Timestamp) -> Self {
        Self { lease: None, held_at: Some(now), ..self }
    }

    /// Ends it. Whose mail it was about is nobody's business any more.
    #[must_use]
    pub fn ended(mut self, state: State) -> Self {
        if let Some(request) = &mut self.request {
            request.from.clear();
        }
        Self { state, lease: None, ..self }
    }

    /// When somebody should see to it, if nobody has by then.
    pub fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        let unheld = || after(now, RESCUED_AFTER * (1 << self.rescues.min(MOST_DOUBLINGS)));
        let due = self.lease.as_ref().map_or_else(unheld, |lease| lease.until);
        (self.state == State::Running).then_some(due)
    }
}

/// So long after.
pub fn after(at: Timestamp, duration: SignedDuration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The time from one moment to another; none if it is over.
pub fn until(now: Timestamp, moment: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{Job, State, TakenUp, after};
    use crate::testing::{minute, request};

    #[test]
    fn a_job_is_in_one_hand_until_its_lease_is_over_or_its_message_comes_again() {
        let job = Job::new(request(), minute(0), minute(0));
        let TakenUp::Ours(held) = job.take_up("message-1", minute(0)) else { panic!() };
        assert!(held.is_held_by_run(1));
        let soon = after(minute(0), SignedDuration::from_secs(29));
        assert_eq!(held.take_up("message-2", soon), TakenUp::InOtherHands);
        let TakenUp::Ours(again) = held.take_up("message-1", soon) else { panic!() };
        assert!(again.is_held_by_run(2) && !again.is_held_by_run(1), "the one before notices");
        assert!(matches!(held.take_up("message-2", minute(1)), TakenUp::Ours(_)));
        let renewed = held.renewed(minute(1));
        assert_eq!(renewed.take_up("message-2", minute(1)), TakenUp::InOtherHands);
        assert!(renewed.due_at(minute(1)) > Some(minute(1)));
    }

    #[test]
    fn what_began_after_it_was_asked_for_is_not_part_of_it_however_late_it_is_picked_up() {
        assert_eq!(Job::new(request(), minute(5), minute(60)).requested_at, minute(5));
        assert_eq!(Job::new(request(), minute(61), minute(60)).requested_at, minute(60), "clocks differ");
        assert_eq!(Job::new(request(), minute(5), minute(60)).progressed_at, minute(60));
    }

    #[test]
    fn the_time_in_which_nobody_has_it_in_hand_is_not_counted_against_it() {
        let taken_up = |job: &Job, now| match job.take_up("message", now) {
            TakenUp::Ours(job) => *job,
            other => panic!("{other:?}"),
        };
        let first = taken_up(&Job::new(request(), minute(0), minute(0)), minute(90));
        assert_eq!(first.progressed_at, minute(90));
        // Ten fruitless minutes, let go; an hour later five more, and its run dies.
        let let_go = first.renewed(minute(98)).let_go(minute(100));
        let second = taken_up(&let_go, minute(160));
        assert_eq!(second.progressed_at, minute(150));
        let stranded = second.renewed(minute(165)).rescued(minute(200)).unwrap();
        assert_eq!(taken_up(&stranded, minute(300)).progressed_at, minute(285));
    }

    #[test]
    fn a_stranded_job_is_rescued_ever_more_seldom_until_somebody_takes_it_up() {
        let job = Job::new(request(), minute(0), minute(0));
        let TakenUp::Ours(held) = job.take_up("message-1", minute(0)) else { panic!() };
        assert_eq!(held.clone().rescued(minute(0)), None, "somebody has it");
        let mut stranded = *held;
        for (rescue, minutes) in (1_i64..).zip([2, 4, 8, 16, 32, 64, 64, 64]) {
            stranded = stranded.rescued(minute(rescue)).unwrap();
            assert_eq!(stranded.due_at(minute(0)), Some(minute(minutes)));
        }
        let TakenUp::Ours(held) = stranded.take_up("message-1", minute(0)) else { panic!() };
        assert_eq!(Job { lease: None, ..*held }.due_at(minute(0)), Some(minute(1)));
        assert_eq!(stranded.ended(State::Completed).rescued(minute(9)), None);
    }

    #[test]
    fn what_is_over_stays_so_and_forgets_senders() {
        let job = Job::new(request(), minute(0), minute(0));
        for state in [State::Completed, State::Failed, State::Cancelled] {
            let mut asked = job.clone();
            asked.request.as_mut().unwrap().from = vec!["spam@example.com".into()];
            let over = asked.ended(state);
            assert_eq!(over.take_up("message", minute(9)), TakenUp::Over);
            assert_eq!(over.due_at(minute(9)), None);
            assert!(over.request.unwrap().from.is_empty());
        }
    }
}
