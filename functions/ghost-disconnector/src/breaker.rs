//! The breaker: so many disconnect requests in so long, and no more. Many ghosts at once have a common cause, which people
//! must find. Pure: every run reads it, changes it here and writes it back under the condition that nobody has meanwhile.

use std::collections::BTreeMap;

use ghost_policy::policy;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::case::Subject;

/// Ghosts that came to be no further apart may have a common cause.
const SAME_TIME: SignedDuration = SignedDuration::from_mins(10);

/// How many ids of resets are kept, so that one that is delivered twice resets once.
const RESETS_KEPT: usize = 16;

/// The breaker's memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Breaker {
    /// Permits given within the policy's time, the oldest first.
    permits: Vec<Given>,
    /// Every subject once; permits say which.
    subjects: Vec<Subject>,
    /// Set once too many were asked for.
    tripped: Option<Trip>,
    /// Ids of the events that reset it, the oldest first.
    resets: Vec<String>,
}

/// Leave for one request, to be stored before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// When it is asked for.
    pub at: Timestamp,
    /// Since when the conversation is a ghost.
    pub since: Timestamp,
    /// What the conversation is.
    pub subject: Subject,
}

/// A permit as it is kept: three numbers, since there may be thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, i64, usize)", into = "(i64, i64, usize)")]
struct Given {
    at: Timestamp,
    since: Timestamp,
    subject: usize,
}

impl From<(i64, i64, usize)> for Given {
    fn from((at, since, subject): (i64, i64, usize)) -> Self {
        // A moment that cannot be is in the future, and so counts.
        let moment = |millisecond| Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX);
        Self { at: moment(at), since: moment(since), subject }
    }
}

impl From<Given> for (i64, i64, usize) {
    fn from(Given { at, since, subject }: Given) -> Self {
        (at.as_millisecond(), since.as_millisecond(), subject)
    }
}

/// That it tripped, and on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trip {
    /// When.
    pub at: Timestamp,
    /// The conversation whose request was one too many.
    pub conversation_id: String,
    /// How many requests there were, that one included.
    pub requests: usize,
    /// In which time.
    pub per: String,
    /// Requests by medium.
    pub by_media: BTreeMap<String, usize>,
    /// Requests by queue.
    pub by_queue: BTreeMap<String, usize>,
    /// Requests by provider.
    pub by_provider: BTreeMap<String, usize>,
    /// Whether the world knows.
    pub announced: bool,
}

/// Whether a request may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, once this is stored.
    Granted {
        /// How many others came to be ghosts at about the same time.
        others: usize,
        /// How many of those are of the same provider.
        of_its_provider: usize,
    },
    /// No, and from now on none.
    Trips,
    /// No: it has tripped.
    Tripped,
}

impl Breaker {
    /// That it tripped, if it has.
    pub const fn tripped(&self) -> Option<&Trip> {
        self.tripped.as_ref()
    }

    /// Asks for leave to disconnect a conversation.
    pub fn request(&mut self, limit: &policy::Breaker, conversation_id: &str, permit: &Permit) -> Decision {
        let Permit { at: now, since, subject } = permit;
        let (now, since) = (*now, *since);
        if self.tripped.is_some() {
            return Decision::Tripped;
        }
        let per = limit.per.get();
        // A permit from the future, by another run's clock, counts.
        self.permits.retain(|given| {
            let age = now.duration_since(given.at);
            age.is_negative() || age.unsigned_abs() < per
        });
        self.forget_subjects();
        let index = self.index_of(subject);
        let others = |permit: &&Given| permit.since.duration_since(since).abs() <= SAME_TIME;
        let decision = if self.permits.len() < limit.max_disconnects as usize {
            let others: Vec<_> = self.permits.iter().filter(others).collect();
            let same = |permit: &&&Given| self.subjects[permit.subject].provider == subject.provider;
            Decision::Granted { others: others.len(), of_its_provider: others.iter().filter(same).count() }
        } else {
            Decision::Trips
        };
        self.permits.push(Given { at: now, since, subject: index });
        if decision == Decision::Trips {
            self.tripped = Some(self.trip(limit, conversation_id, now));
            self.permits.clear();
            self.subjects.clear();
        }
        decision
    }

    /// Takes back a permit that was not used. Tells whether it was still there.
    pub fn give_back(&mut self, permit: &Permit) -> bool {
        let kept = |at: Timestamp| at.as_millisecond();
        let is_it = |given: &Given| {
            let subject = self.subjects.get(given.subject);
            kept(given.at) == kept(permit.at)
                && kept(given.since) == kept(permit.since)
                && subject == Some(&permit.subject)
        };
        let Some(index) = self.permits.iter().position(is_it) else { return false };
        self.permits.remove(index);
        true
    }

    /// The world knows of the trip.
    pub fn announced(&mut self) {
        if let Some(trip) = &mut self.tripped {
            trip.announced = true;
        }
    }

    /// Starts anew by itself once the policy's time is over and the world knows: where nothing is disconnected, nobody need reset it.
    pub fn recover(&mut self, limit: &policy::Breaker, now: Timestamp) {
        let is_over = |trip: &Trip| trip.announced && crate::life::after(trip.at, limit.per.get()) <= now;
        self.tripped = self.tripped.take().filter(|trip| !is_over(trip));
    }

    /// Starts anew, unless this very event has reset it before. Tells whether it did.
    pub fn reset(&mut self, event_id: &str) -> bool {
        if self.resets.iter().any(|known| known == event_id) {
            return false;
        }
        self.resets.push(event_id.to_owned());
        let surplus = self.resets.len().saturating_sub(RESETS_KEPT);
        self.resets.drain(..surplus);
        // Without a trip there is nothing to start anew: what was requested still counts.
        if self.tripped.take().is_some() {
            self.permits.clear();
            self.subjects.clear();
        }
        true
    }

    fn trip(&self, limit: &policy::Breaker, conversation_id: &str, at: Timestamp) -> Trip {
        let count = |name: fn(&Subject) -> Option<&String>| {
            let mut counts = BTreeMap::new();
            for permit in &self.permits {
                let name = name(&self.subjects[permit.subject]).map_or("unknown", String::as_str);
                *counts.entry(name.to_owned()).or_default() += 1;
            }
            counts
        };
        Trip {
            at,
            conversation_id: conversation_id.to_owned(),
            requests: self.permits.len(),
            per: limit.per.to_string(),
            by_media: count(|subject| subject.media.as_ref()),
            by_queue: count(|subject| subject.queue_id.as_ref()),
            by_provider: count(|subject| subject.provider.as_ref()),
            announced: false,
        }
    }

    fn index_of(&mut self, subject: &Subject) -> usize {
        self.subjects.iter().position(|known| known == subject).unwrap_or_else(|| {
            self.subjects.push(subject.clone());
            self.subjects.len() - 1
        })
    }

    /// Keeps only the subjects that a permit speaks of.
    fn forget_subjects(&mut self) {
        let old = std::mem::take(&mut self.subjects);
        let mut permits = std::mem::take(&mut self.permits);
        for permit in &mut permits {
            permit.subject = self.index_of(&old.get(permit.subject).cloned().unwrap_or_default());
        }
        self.permits = permits;
    }
}

#[cfg(test)]
mod tests {
    use ghost_policy::duration::FriendlyDuration;
    use ghost_policy::policy;
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::{Breaker, Decision, Permit};
    use crate::case::Subject;
    use crate::testing::{minute, second};

    fn limit(max_disconnects: u32) -> policy::Breaker {
        policy::Breaker { max_disconnects, per: FriendlyDuration::from_seconds(3_600) }
    }

    fn subject(provider: &str) -> Subject {
        Subject { media: Some("voice".to_owned()), queue_id: None, provider: Some(provider.to_owned()) }
    }

    fn permit(provider: &str, since: Timestamp, at: Timestamp) -> Permit {
        Permit { at, since, subject: subject(provider) }
    }

    fn request(breaker: &mut Breaker, max: u32, now: Timestamp) -> Decision {
        breaker.request(&limit(max), "c-1", &permit("Edge", minute(0), now))
    }

    #[test]
    fn what_was_not_sent_does_not_count() {
        let mut breaker = Breaker::default();
        for seconds in 0..20 {
            assert!(matches!(request(&mut breaker, 1, second(seconds)), Decision::Granted { .. }));
            assert!(breaker.give_back(&permit("Edge", minute(0), second(seconds))));
            assert!(!breaker.give_back(&permit("Edge", minute(0), second(seconds))), "once");
        }
        assert!(breaker.tripped().is_none());
    }

    #[test]
    fn a_reset_without_a_trip_forgets_no_request() {
        let mut breaker = Breaker::default();
        assert!(matches!(request(&mut breaker, 1, second(0)), Decision::Granted { .. }));
        breaker.reset("reset-1");
        assert_eq!(request(&mut breaker, 1, second(1)), Decision::Trips);
    }

    #[test]
    fn ten_thousand_permits_fit_into_an_item() {
        let mut breaker = Breaker::default();
        for seconds in 0..10_000 {
            breaker.request(&limit(10_000), "c-1", &permit("Edge", minute(0), minute(seconds / 60)));
        }
        assert!(serde_json::to_string(&breaker).unwrap().len() < 380_000);
    }

    #[test]
    fn one_too_many_trips_it_until_it_is_reset() {
        let mut breaker = Breaker::default();
        for seconds in 0..3 {
            assert!(matches!(request(&mut breaker, 3, second(seconds)), Decision::Granted { .. }));
        }
        assert_eq!(request(&mut breaker, 3, second(3)), Decision::Trips);
        assert_eq!(request(&mut breaker, 3, minute(600)), Decision::Tripped);
        let trip = breaker.tripped().unwrap();
        assert_eq!((trip.requests, trip.by_media["voice"], trip.by_queue["unknown"]), (4, 4, 4));
        assert!(breaker.reset("reset-1"));
        assert!(matches!(request(&mut breaker, 3, minute(601)), Decision::Granted { .. }));
    }

    #[test]
    fn a_reset_that_is_delivered_twice_resets_once() {
        let mut breaker = Breaker::default();
        assert_eq!(request(&mut breaker, 0, second(0)), Decision::Trips);
        assert!(breaker.reset("reset-1"));
        assert_eq!(request(&mut breaker, 0, second(1)), Decision::Trips);
        assert!(!breaker.reset("reset-1"));
        assert!(breaker.tripped().is_some());
    }

    #[test]
    fn where_nothing_is_disconnected_it_starts_anew_by_itself_once_the_world_knows() {
        let mut told = Breaker::default();
        assert_eq!(request(&mut told, 0, minute(0)), Decision::Trips);
        told.recover(&limit(0), minute(61));
        assert!(told.tripped().is_some(), "nobody knows yet");
        told.announced();
        told.recover(&limit(0), minute(59));
        assert!(told.tripped().is_some());
        told.recover(&limit(0), minute(60));
        assert!(told.tripped().is_none());
    }

    #[test]
    fn ghosts_that_came_to_be_together_are_counted() {
        let mut breaker = Breaker::default();
        for (provider, since) in [("Edge", 0), ("Edge", 9), ("WebRTC", 5), ("Edge", 60)] {
            breaker.request(&limit(9), "c-1", &permit(provider, minute(since), minute(100)));
        }
        let decision = breaker.request(&limit(9), "c-1", &permit("Edge", minute(1), minute(101)));
        assert_eq!(decision, Decision::Granted { others: 3, of_its_provider: 2 });
    }

    proptest! {
        /// In any stretch as long as the policy's time, no more than the policy's number.
        #[test]
        fn no_more_than_the_policy_allows(gaps in prop::collection::vec(0_i64..2_000, 1..80), max in 0_u32..6) {
            let mut breaker = Breaker::default();
            let mut now = 0;
            let mut granted: Vec<i64> = Vec::new();
            for gap in gaps {
                now += gap;
                let json = serde_json::to_string(&breaker).unwrap();
                breaker = serde_json::from_str(&json).unwrap();
                match request(&mut breaker, max, second(now)) {
                    Decision::Granted { .. } => granted.push(now),
                    Decision::Trips | Decision::Tripped => break,
                }
                let within = granted.iter().filter(|at| now - **at < 3_600).count();
                prop_assert!(within <= max as usize);
            }
        }
    }
}
