//! Whole runs over a world in which nothing takes time: what becomes of a conversation from one run to the next.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures::FutureExt;
use genesys_cloud::api::{Interval, PageExtent};
use ghost_policy::Policy;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::outcomes::Outcome;
use serde_json::Value;

use super::{disconnect, tick};
use crate::case::{Case, Force, Request, State};
use crate::ports::{
    Answer, Candidate, CandidatePage, Cases, Clock, Conversations, Disconnection, DueWatch, Look, Outcomes,
    PolicyInForce, PortError, Register, RegisterValue, Registers, Seen, StoredCase, Watch,
};
use crate::testing::{ENFORCE, agent_alone, customer_back, ended, enforce, look, minute};

/// Everything, at once and without a fault but those asked for.
struct World {
    now: Cell<Timestamp>,
    /// What every look finds.
    look: RefCell<Result<Value, PortError>>,
    listed: Vec<String>,
    cases: RefCell<BTreeMap<String, BTreeMap<String, StoredCase>>>,
    watches: RefCell<BTreeMap<String, Timestamp>>,
    registers: RefCell<BTreeMap<Register, RegisterValue>>,
    outcomes: RefCell<Vec<Outcome>>,
    requests: Cell<u32>,
}

impl World {
    fn at(now: Timestamp) -> Self {
        Self {
            now: Cell::new(now),
            look: RefCell::new(Err(PortError::new("looking", "nothing is there"))),
            listed: Vec::new(),
            cases: RefCell::default(),
            watches: RefCell::default(),
            registers: RefCell::default(),
            outcomes: RefCell::default(),
            requests: Cell::new(0),
        }
    }

    fn shows(&self, look: Result<Value, PortError>) {
        *self.look.borrow_mut() = look;
    }

    fn tick(&self, policy: &Policy) {
        let until = self.now.get() + SignedDuration::from_mins(1);
        tick(self, policy, until).now_or_never().unwrap().unwrap();
    }

    fn asks(&self, request: &Request) -> Result<(), PortError> {
        let until = self.now.get() + SignedDuration::from_mins(1);
        let ids = ["c-1".to_owned()];
        disconnect(self, &enforce(), &ids, request, until).now_or_never().unwrap().map(drop)
    }

    /// What was told, in order.
    fn told(&self) -> Vec<&'static str> {
        self.outcomes.borrow().iter().map(|outcome| outcome.detail_type).collect()
    }

    /// The reason in the last of what was told.
    fn last_reason(&self) -> String {
        self.outcomes.borrow().last().unwrap().detail["reason"].to_string()
    }

    fn latest(&self) -> Option<Case> {
        Some(self.cases.borrow().get("c-1")?.values().next_back()?.case.clone())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.now.set(at);
    }
}

impl PolicyInForce for World {
    async fn policy_stands(&self) -> bool {
        true
    }
}

impl Conversations for World {
    async fn look(&self, conversation_id: &str) -> Result<Look, PortError> {
        let look = look(&self.look.borrow().clone()?, self.now());
        let Seen::Conversation(mut conversation) = look.seen else { return Ok(look) };
        conversation.id = conversation_id.to_owned();
        Ok(Look { seen: Seen::Conversation(conversation), ..look })
    }

    async fn disconnect(&self, _: &str, _: Timestamp) -> Disconnection {
        self.requests.set(self.requests.get() + 1);
        Disconnection { at: self.now(), answer: Answer::Accepted, words: "202".to_owned(), correlation_id: None }
    }

    async fn candidates(&self, _: Interval, page: u32) -> Result<CandidatePage, PortError> {
        let listed = self.listed.iter().filter(|_| page == 1);
        let candidates: Vec<_> = listed.map(|id| Candidate { conversation_id: id.clone(), details: None }).collect();
        let rows = candidates.len() as u64;
        Ok(CandidatePage { candidates, extent: PageExtent { rows, is_full: false, total_hits: Some(rows) } })
    }
}

impl Cases for World {
    async fn latest_case(&self, conversation_id: &str) -> Result<Option<StoredCase>, PortError> {
        let cases = self.cases.borrow();
        Ok(cases.get(conversation_id).and_then(|cases| cases.values().next_back()).cloned())
    }

    async fn create_case(&self, case: Case) -> Result<Option<StoredCase>, PortError> {
        let mut cases = self.cases.borrow_mut();
        let cases = cases.entry(case.conversation_id.clone()).or_default();
        let stored = StoredCase { version: 1, case };
        let is_new = !cases.contains_key(&stored.case.case_id);
        Ok(is_new.then(|| cases.entry(stored.case.case_id.clone()).or_insert(stored).clone()))
    }

    async fn advance_case(&self, seen_version: u64, case: Case) -> Result<Option<StoredCase>, PortError> {
        let mut cases = self.cases.borrow_mut();
        let held = cases.get_mut(&case.conversation_id).and_then(|cases| cases.get_mut(&case.case_id)).unwrap();
        assert_eq!(held.version, seen_version, "nobody else is at it");
        *held = StoredCase { version: seen_version + 1, case };
        Ok(Some(held.clone()))
    }

    async fn due_cases(&self, now: Timestamp, limit: usize) -> Result<Vec<StoredCase>, PortError> {
        let cases = self.cases.borrow();
        let due = cases.values().flat_map(BTreeMap::values).filter(|one| one.case.due_at().is_some_and(|at| at <= now));
        Ok(due.take(limit).cloned().collect())
    }
}

impl Watch for World {
    async fn due_watches(&self, now: Timestamp, _: usize) -> Result<Vec<DueWatch>, PortError> {
        let watches = self.watches.borrow();
        let due = watches.iter().filter(|(_, due_at)| **due_at <= now);
        Ok(due.map(|(id, due_at)| DueWatch { conversation_id: id.clone(), due_at: *due_at }).collect())
    }

    async fn look_again(&self, seen: &DueWatch, at: Timestamp) -> Result<(), PortError> {
        self.watches.borrow_mut().insert(seen.conversation_id.clone(), at);
        Ok(())
    }

    async fn leave(&self, seen: &DueWatch) -> Result<(), PortError> {
        self.watches.borrow_mut().remove(&seen.conversation_id);
        Ok(())
    }
}

impl Registers for World {
    async fn read_register(&self, register: Register) -> Result<RegisterValue, PortError> {
        Ok(self.registers.borrow().get(&register).cloned().unwrap_or_default())
    }

    async fn write_register(&self, register: Register, seen_version: u64, json: String) -> Result<bool, PortError> {
        let value = RegisterValue { json: Some(json), version: seen_version + 1 };
        self.registers.borrow_mut().insert(register, value);
        Ok(true)
    }
}

impl Outcomes for World {
    async fn put_outcomes(&self, outcomes: Vec<Outcome>) -> Result<(), PortError> {
        self.outcomes.borrow_mut().extend(outcomes);
        Ok(())
    }
}

fn times_out() -> PortError {
    PortError::new("looking", "the time was up").only_this()
}

fn live(asked_at: Option<Timestamp>) -> Request {
    let (event_id, requested_by, reason) = ("e-1".to_owned(), "operator".to_owned(), "stuck".to_owned());
    Request { event_id, requested_by, reason, force: Force::Live, asked_at }
}

/// The watcher leaves it to a note that it could not be read; by then it may become a ghost, but is none yet.
#[test]
fn a_first_look_that_fails_does_not_make_its_time_forgotten() {
    let world = World::at(minute(5));
    world.watches.borrow_mut().insert("c-1".to_owned(), minute(5));
    world.shows(Err(times_out()));
    world.tick(&enforce());
    assert!(world.watches.borrow().is_empty());
    world.shows(Ok(agent_alone()));
    world.now.set(minute(7));
    world.tick(&enforce());
    let case = world.latest().unwrap();
    assert_eq!((case.state(), case.due_at()), (State::Dismissed, Some(minute(16))));
    world.now.set(minute(16));
    world.tick(&enforce());
    assert_eq!(world.told(), ["Ghost Interaction Suspected"]);
}

#[test]
fn nobody_is_disconnected_by_a_request_that_comes_late() {
    let world = World::at(minute(40));
    world.shows(Ok(customer_back()));
    for late in [Some(minute(24)), None] {
        world.asks(&live(late)).unwrap();
        assert!(world.last_reason().contains("15 minutes"), "{}", world.last_reason());
    }
    assert_eq!((world.told(), world.requests.get()), (vec!["Disconnect Interaction Refused"; 2], 0));
    world.asks(&Request { event_id: "e-2".to_owned(), ..live(Some(minute(26))) }).unwrap();
    assert_eq!(world.requests.get(), 1);
}

#[test]
fn what_was_refused_stays_so_when_it_is_delivered_again() {
    let world = World::at(minute(40));
    world.shows(Err(times_out()));
    world.asks(&live(Some(minute(40)))).unwrap();
    world.shows(Ok(customer_back()));
    world.now.set(minute(41));
    world.asks(&live(Some(minute(40)))).unwrap();
    assert_eq!((world.told(), world.requests.get()), (vec!["Disconnect Interaction Refused"; 2], 0));
    assert!(world.last_reason().contains("refused before"));
    let again = Request { event_id: "e-2".to_owned(), ..live(Some(minute(41))) };
    world.asks(&again).unwrap();
    assert_eq!(world.requests.get(), 1, "asked for anew");
}

#[test]
fn our_own_shortage_is_no_refusal() {
    let world = World::at(minute(40));
    world.shows(Err(PortError::new("looking", "the rate limit leaves no room before the deadline")));
    assert!(world.asks(&live(Some(minute(40)))).is_err(), "it is to be delivered again");
    assert!(world.told().is_empty() && world.latest().is_none());
    world.shows(Ok(customer_back()));
    world.asks(&live(Some(minute(40)))).unwrap();
    assert_eq!(world.requests.get(), 1);
}

#[test]
fn what_has_ended_and_is_still_listed_is_told_one_by_one_only_so_often() {
    let policy = Policy::parse(&format!("{ENFORCE}breaker: {{ maxDisconnects: 2, per: 1h }}\n")).unwrap().0;
    let days = |days: i64| minute(30 + days * 24 * 60);
    let mut world = World::at(days(3));
    world.listed = (0..6).map(|number| format!("c-{number}")).collect();
    world.shows(Ok(ended()));
    world.tick(&policy);
    let (one, many) = ("Ghost Interaction Escalated", "Systemic Ghosting Suspected");
    assert_eq!(world.told(), [one, one, many]);
    let state = |id: usize| world.cases.borrow()[&format!("c-{id}")].values().next().unwrap().case.state();
    assert_eq!([0, 1, 2, 5].map(state), [State::Escalated, State::Escalated, State::Dismissed, State::Dismissed]);
    world.now.set(days(3) + SignedDuration::from_hours(2));
    world.tick(&policy);
    assert_eq!(world.told().len(), 3, "the others rest for a day");
    world.now.set(days(4) + SignedDuration::from_hours(1));
    world.tick(&policy);
    assert_eq!(world.told()[3..], [one, one, many]);
}
