//! The simulated world as the function sees it: every call takes some time, and may fail before or after it had its effect.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use genesys_cloud::api::details::Details;
use genesys_cloud::api::{Interval, PageExtent};
use ghost_disconnector::case::Case;
use ghost_disconnector::ports::{
    Answer, Candidate, CandidatePage, Cases, Clock, Conversations, Disconnection, DueWatch, Look, Outcomes,
    PolicyInForce, PortError, Register, RegisterValue, Registers, Seen, StoredCase, Watch,
};
use jiff::{SignedDuration, Timestamp};
use lambda_kit::outcomes::Outcome;
use ledger::model::ModelWatch;
use rand::Rng;

use crate::analytics;
use crate::conversation::{Curse, Simulated, Teardown};
use crate::invariant::Invariant;
use crate::state::{self, State};

/// The world, to one run.
#[derive(Clone)]
pub struct SimulatedPorts {
    world: Rc<RefCell<State>>,
    /// When the run goes on: told to the scheduler at each wait.
    wakes_at: Rc<Cell<Timestamp>>,
    /// When the run began.
    begun_at: Timestamp,
    /// What this run saw last.
    seen: Rc<RefCell<BTreeMap<String, state::Seen>>>,
}

/// What chance makes of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    Fails,
    WorksButSeemsToFail,
}

/// How a call of Genesys Cloud fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failure {
    OfAll,
    OfThisOne,
    /// It takes as long as a look may.
    TimeOut,
}

impl Failure {
    fn error(self, operation: &'static str) -> PortError {
        let error = PortError::new(operation, "simulated");
        if self == Self::OfAll { error } else { error.only_this() }
    }
}

/// The longest that a look may take.
const LOOK_LIMIT: SignedDuration = SignedDuration::from_secs(30);

/// Done at a moment of virtual time.
struct Until {
    world: Rc<RefCell<State>>,
    wakes_at: Rc<Cell<Timestamp>>,
    at: Timestamp,
}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.world.borrow().now >= self.at {
            return Poll::Ready(());
        }
        self.wakes_at.set(self.at);
        Poll::Pending
    }
}

impl SimulatedPorts {
    /// The world, to a run that begins now.
    pub fn new(world: Rc<RefCell<State>>) -> Self {
        let now = world.borrow().now;
        Self { world, wakes_at: Rc::new(Cell::new(now)), begun_at: now, seen: Rc::default() }
    }

    /// When the run goes on.
    pub fn wakes_at(&self) -> Timestamp {
        self.wakes_at.get()
    }

    fn cursed(&self, conversation_id: &str) -> Option<Curse> {
        let world = self.world.borrow();
        world.conversations.get(conversation_id).and_then(|one| one.cursed(world.now))
    }

    fn until(&self, at: Timestamp) -> Until {
        Until { world: Rc::clone(&self.world), wakes_at: Rc::clone(&self.wakes_at), at }
    }

    /// The way there, and the fate of the call.
    async fn call(&self, usual: i64, slow: i64) -> Fate {
        let (at, fate) = {
            let mut world = self.world.borrow_mut();
            let faults = world.faults;
            let is_slow = faults && world.random.random_bool(0.02);
            let longest = if is_slow { slow } else { usual };
            let taken = SignedDuration::from_millis(world.random.random_range(1..=longest));
            let fate = match world.random.random_range(0..100) {
                0 if faults => Fate::Fails,
                1 if faults => Fate::WorksButSeemsToFail,
                _ => Fate::Works,
            };
            (world.now + taken, fate)
        };
        self.until(at).await;
        fate
    }

    /// How a call of Genesys Cloud fails, if it does.
    fn failure(&self, fate: Fate) -> Option<Failure> {
        let mut world = self.world.borrow_mut();
        let fails = fate != Fate::Works || world.is_out();
        fails.then(|| match world.random.random_range(0..6) {
            0..3 => Failure::OfAll,
            3..5 => Failure::OfThisOne,
            _ => Failure::TimeOut,
        })
    }

    /// A call of the store: what it does happens at one moment.
    async fn stored<T>(&self, operation: &'static str, effect: impl FnOnce(&mut State) -> T) -> Result<T, PortError> {
        let fate = self.call(15, 4_000).await;
        let failed = || PortError::new(operation, "simulated");
        if fate == Fate::Fails {
            return Err(failed());
        }
        let result = effect(&mut self.world.borrow_mut());
        if fate == Fate::WorksButSeemsToFail { Err(failed()) } else { Ok(result) }
    }
}

impl Clock for SimulatedPorts {
    fn now(&self) -> Timestamp {
        self.world.borrow().now
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.until(at).await;
    }
}

impl PolicyInForce for SimulatedPorts {
    async fn policy_stands(&self) -> bool {
        self.call(15, 2_000).await;
        let world = self.world.borrow();
        self.begun_at >= world.replaced_at || world.now < world.replaced_at
    }
}

impl Conversations for SimulatedPorts {
    async fn look(&self, conversation_id: &str) -> Result<Look, PortError> {
        let asked_at = self.now();
        let curse = self.cursed(conversation_id);
        if curse == Some(Curse::LooksAreSlow) {
            self.until(asked_at + SignedDuration::from_millis(5_200)).await;
        }
        let fate = self.call(300, 9_000).await;
        let failure = if curse == Some(Curse::LooksTimeOut) { Some(Failure::TimeOut) } else { self.failure(fate) };
        if failure == Some(Failure::TimeOut) {
            self.until(asked_at + LOOK_LIMIT).await;
        }
        // The way back takes time, too.
        let mut world = self.world.borrow_mut();
        world.counts.looks += 1;
        if curse == Some(Curse::LooksFail) {
            return Err(PortError::new("looking", "simulated, for good").for_good());
        }
        if let Some(failure) = failure {
            return Err(failure.error("looking"));
        }
        let fair = world.is_fair_game(conversation_id, asked_at);
        let seen = state::Seen { asked_at, answered_at: world.now, fair };
        self.seen.borrow_mut().insert(conversation_id.to_owned(), seen);
        world.looks.entry(conversation_id.to_owned()).or_default().push(seen);
        if fair && world.faults && world.random.random_bool(0.03) {
            // After the answer: what a look has seen is what it was at that moment.
            let comes = world.now + SignedDuration::from_millis(world.random.random_range(1..6_000));
            world.arrivals.push(Reverse((comes, conversation_id.to_owned())));
        }
        let found = world.conversations.get(conversation_id);
        let may_be_gone = |one: &Simulated| one.now.end.is_some() && !one.has(Curse::OutOfStep);
        let gone = found.is_none_or(may_be_gone) && world.now.as_second() % 2 == 0;
        let seen = match found {
            Some(conversation) if !gone => Seen::Conversation(Box::new((*conversation.now).clone())),
            _ => Seen::Nothing,
        };
        Ok(Look { asked_at, seen, correlation_id: None })
    }

    async fn disconnect(&self, conversation_id: &str, send_by: Timestamp) -> Disconnection {
        // Waiting for the rate limit.
        self.call(50, 7_000).await;
        let at = self.now();
        let told = |answer, words: &str| Disconnection { at, answer, words: words.to_owned(), correlation_id: None };
        if at > send_by || self.world.borrow().is_out() || self.cursed(conversation_id) == Some(Curse::NothingLeaves) {
            return told(Answer::NotSent, "too late");
        }
        let (answer, words) = self.send(conversation_id);
        self.call(300, 12_000).await;
        told(answer, words)
    }

    async fn candidates(&self, interval: Interval, page: u32) -> Result<CandidatePage, PortError> {
        const ASKED_FOR: usize = 5;
        let fate = self.call(800, 9_000).await;
        if let Some(failure) = self.failure(fate) {
            return Err(failure.error("asking analytics"));
        }
        let world = self.world.borrow();
        let as_of = world.now - world.analytics_lag;
        let listed = world.conversations.iter().filter_map(|(id, conversation)| {
            let form =
                conversation.at(as_of).filter(|form| form.end.is_none() || conversation.has(Curse::OutOfStep))?;
            analytics::finds(interval, form.start?).then_some((id, form))
        });
        let listed: Vec<_> = listed.collect();
        let size = world.analytics_page.min(ASKED_FOR);
        let page = listed.iter().skip((page as usize).saturating_sub(1) * size).take(size);
        let candidates: Vec<_> = page
            .map(|(id, form)| {
                let details = Details { conversation_end: None, ..analytics::row(form) };
                Candidate { conversation_id: (*id).clone(), details: Some(details) }
            })
            .collect();
        let extent = PageExtent {
            rows: candidates.len() as u64,
            is_full: candidates.len() == ASKED_FOR,
            total_hits: world.analytics_tells_total.then_some(listed.len() as u64),
        };
        Ok(CandidatePage { candidates, extent })
    }
}

impl SimulatedPorts {
    /// The request arrives.
    fn send(&self, conversation_id: &str) -> (Answer, &'static str) {
        let seen = self.seen.borrow().get(conversation_id).copied();
        let mut world = self.world.borrow_mut();
        world.check_request(conversation_id, seen, self.begun_at);
        let fate = if world.faults { world.random.random_range(0..20) } else { 20 };
        let (done, answer, words) = match fate {
            0 => (false, Answer::RateLimited { retry_after: Some(Duration::from_secs(20)) }, "429"),
            1 => (false, Answer::ServerError, "503"),
            2 => (true, Answer::ServerError, "504, but done"),
            3 => (true, Answer::Unknown, "no answer, but done"),
            4 => (false, Answer::Unknown, "no answer"),
            5 => (false, Answer::Conflict, "409"),
            _ => (true, Answer::Accepted, "202"),
        };
        let teardown = world.conversations.get(conversation_id).map(|one| one.teardown);
        let delay = match teardown.filter(|_| done) {
            Some(Teardown::EndsAfter(delay)) => delay,
            Some(Teardown::HalfDone) => SignedDuration::ZERO,
            Some(Teardown::Never) | None => return (answer, words),
        };
        let at = world.now + delay;
        world.teardowns.push(Reverse((at, conversation_id.to_owned())));
        (answer, words)
    }
}

impl Cases for SimulatedPorts {
    async fn latest_case(&self, conversation_id: &str) -> Result<Option<StoredCase>, PortError> {
        let latest = |world: &mut State| world.cases.get(conversation_id)?.values().next_back().cloned();
        self.stored("reading a case", latest).await
    }

    async fn create_case(&self, case: Case) -> Result<Option<StoredCase>, PortError> {
        self.stored("creating a case", |world| {
            let cases = world.cases.entry(case.conversation_id.clone()).or_default();
            if cases.contains_key(&case.case_id) {
                return None;
            }
            let stored = StoredCase { case, version: 1 };
            world.check_what_is_told(&stored.case);
            let cases = world.cases.entry(stored.case.conversation_id.clone()).or_default();
            cases.insert(stored.case.case_id.clone(), stored.clone());
            Some(stored)
        })
        .await
    }

    async fn advance_case(&self, seen_version: u64, case: Case) -> Result<Option<StoredCase>, PortError> {
        self.stored("advancing a case", |world| world.advance(seen_version, case)).await
    }

    async fn due_cases(&self, now: Timestamp, limit: usize) -> Result<Vec<StoredCase>, PortError> {
        self.stored("reading due cases", |world| {
            let mut due: Vec<_> = world.due_cases().into_iter().filter(|(due, _)| *due <= now).collect();
            due.sort_by_key(|(due, _)| *due);
            due.into_iter().take(limit).map(|(_, stored)| stored.clone()).collect()
        })
        .await
    }
}

impl Watch for SimulatedPorts {
    async fn due_watches(&self, now: Timestamp, limit: usize) -> Result<Vec<DueWatch>, PortError> {
        self.stored("reading due watches", |world| {
            let mut due = world.due_watches(now);
            due.truncate(limit);
            due
        })
        .await
    }

    async fn look_again(&self, seen: &DueWatch, at: Timestamp) -> Result<(), PortError> {
        // Nothing if the watcher has written since: it knows better.
        let put_off = |watch: &mut ModelWatch| {
            watch.look_again(&seen.conversation_id, seen.due_at.as_millisecond(), at.as_millisecond())
        };
        self.stored("putting off a watch", |world| world.watch(put_off)).await.map(drop)
    }

    async fn leave(&self, seen: &DueWatch) -> Result<(), PortError> {
        let leave = |watch: &mut ModelWatch| watch.leave(&seen.conversation_id, seen.due_at.as_millisecond());
        self.stored("leaving a watch", |world| world.watch(leave)).await.map(drop)
    }
}

impl Registers for SimulatedPorts {
    async fn read_register(&self, register: Register) -> Result<RegisterValue, PortError> {
        let read = |world: &mut State| world.registers.get(&register).cloned().unwrap_or_default();
        self.stored("reading a register", read).await
    }

    async fn write_register(&self, register: Register, seen_version: u64, json: String) -> Result<bool, PortError> {
        self.stored("writing a register", |world| {
            let held = world.registers.entry(register).or_default();
            if held.version != seen_version {
                return false;
            }
            *held = RegisterValue { json: Some(json), version: seen_version + 1 };
            if register == Register::Breaker {
                world.breaker_changed();
            }
            true
        })
        .await
    }
}

impl Outcomes for SimulatedPorts {
    async fn put_outcomes(&self, outcomes: Vec<Outcome>) -> Result<(), PortError> {
        self.stored("putting outcomes", |world| {
            for outcome in outcomes {
                let about = outcome.detail.get("conversationId").and_then(serde_json::Value::as_str);
                if outcome.detail_type == "Disconnect Interaction Refused"
                    && let Some(conversation) = about.and_then(|id| world.conversations.get_mut(id))
                {
                    conversation.refuse();
                }
                let known = world.outcomes.insert(outcome.id.clone(), outcome.detail_type);
                if known.is_some_and(|known| known != outcome.detail_type) {
                    world.violated(Invariant::OutcomeIdsRepeat, outcome.id);
                }
            }
        })
        .await
    }
}
