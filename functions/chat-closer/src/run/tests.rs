//! Departures told twice and late, messages delivered again and at once, tries that die anywhere, answers that are lost.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use fake_genesys_cloud::scenarios::{Messaging, Part};
use futures::future::join_all;
use genesys_cloud::api::ConversationBody;
use ghost_policy::Conversation;
use lambda_kit::outcomes::Outcome;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::value;
use tokio::time::{Instant, timeout};

use super::*;

const POLICY: &str = "
version: 1
rules:
  - { name: web, match: { messageTypes: [webmessaging] }, do: disconnect }
  - { name: async, do: notify, notice: { en: Good bye } }
";
/// As often as a message is received.
const RECEIVED: usize = 5;

/// A world of one conversation, whose only agent has left.
struct Fake {
    random: RefCell<StdRng>,
    began: Instant,
    slowness_ms: u64,
    /// In percent.
    losses: u32,
    message_type: &'static str,
    record: RefCell<Option<(u64, Closing)>>,
    put_off: RefCell<Vec<Departure>>,
    is_disconnected: Cell<bool>,
    wrote_at: Cell<Option<Timestamp>>,
    /// When another agent left, who had come later.
    left_again_at: Cell<Option<Timestamp>>,
    /// What becomes of the next steps, in place of being taken.
    refusals: RefCell<VecDeque<Taken>>,
    /// When each step was taken.
    taken: RefCell<Vec<Timestamp>>,
    /// Whether one was on a look that was too old.
    late: Cell<bool>,
    outcomes: RefCell<Vec<String>>,
}

/// The world as one invocation sees it.
struct Visit<'a> {
    world: &'a Fake,
    /// When it last began to look.
    looked_at: Cell<Option<Timestamp>>,
}

impl Fake {
    fn new(seed: u64, slowness_ms: u64, losses: u32, message_type: &'static str) -> Self {
        Self {
            random: RefCell::new(StdRng::seed_from_u64(seed)),
            began: Instant::now(),
            slowness_ms,
            losses,
            message_type,
            record: RefCell::default(),
            put_off: RefCell::default(),
            is_disconnected: Cell::default(),
            wrote_at: Cell::default(),
            left_again_at: Cell::default(),
            refusals: RefCell::default(),
            taken: RefCell::default(),
            late: Cell::default(),
            outcomes: RefCell::default(),
        }
    }

    fn visit(&self) -> Visit<'_> {
        Visit { world: self, looked_at: Cell::default() }
    }

    fn now(&self) -> Timestamp {
        began() + SignedDuration::try_from(self.began.elapsed()).unwrap()
    }

    async fn takes_time(&self) {
        let milliseconds = self.random.borrow_mut().random_range(0..=self.slowness_ms);
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }

    fn is_lost(&self) -> bool {
        self.random.borrow_mut().random_range(0..100) < self.losses
    }

    fn conversation(&self) -> serde_json::Value {
        let customer = Part::new("customer", began() - SignedDuration::from_mins(9));
        let customer = self.wrote_at.get().map_or(customer.clone(), |at| customer.wrote(at));
        let taken = self.taken.borrow();
        let notices = taken.iter().filter(|_| self.message_type == "sms");
        let customer = notices.fold(customer, |customer, at| customer.was_sent(*at));
        let customer = if self.is_disconnected.get() { customer.until(self.now(), "client") } else { customer };
        let agent = Part::new("agent", began() - SignedDuration::from_mins(8)).until(began(), "client");
        let messaging = Messaging::new("c-1", self.message_type).with(customer).with(agent);
        let Some(at) = self.left_again_at.get() else { return messaging.json() };
        messaging.with(Part::new("agent", at - SignedDuration::from_mins(1)).until(at, "client")).json()
    }
}

fn began() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn lost(operation: &'static str) -> PortError {
    PortError { operation, reason: "the answer is lost".to_owned() }
}

impl Ports for Visit<'_> {
    async fn put_off(&self, departure: &Departure) -> Result<(), PortError> {
        self.world.takes_time().await;
        self.world.put_off.borrow_mut().push(departure.clone());
        if self.world.is_lost() { Err(lost("putting off")) } else { Ok(()) }
    }

    async fn read(&self, _: &str) -> Result<Option<(u64, Closing)>, PortError> {
        self.world.takes_time().await;
        let record = self.world.record.borrow().clone();
        self.world.takes_time().await;
        Ok(record)
    }

    async fn write(&self, _: &str, seen: Option<u64>, closing: &Closing) -> Result<bool, PortError> {
        self.world.takes_time().await;
        let is_as_seen = self.world.record.borrow().as_ref().map(|(revision, _)| *revision) == seen;
        if is_as_seen {
            *self.world.record.borrow_mut() = Some((seen.unwrap_or_default() + 1, closing.clone()));
        }
        self.world.takes_time().await;
        if self.world.is_lost() { Err(lost("writing")) } else { Ok(is_as_seen) }
    }

    async fn look(&self, _: &str) -> Result<Option<Look>, PortError> {
        let asked_at = self.world.now();
        self.looked_at.set(Some(asked_at));
        self.world.takes_time().await;
        let json = self.world.conversation();
        self.world.takes_time().await;
        let conversation = Conversation::from_json(json.to_string().as_bytes()).unwrap();
        let body = ConversationBody {
            json: value::to_raw_value(&json).unwrap().into(),
            as_of: asked_at,
            correlation_id: None,
        };
        Ok(Some(Look { asked_at, conversation, messengers: body.messengers() }))
    }

    async fn take(&self, _: &str, step: &Step, send_by: Timestamp) -> Taken {
        let world = self.world;
        world.takes_time().await;
        if world.now() > send_by {
            return Taken::NotSent("too late".to_owned());
        }
        if let Some(refusal) = world.refusals.borrow_mut().pop_front() {
            return refusal;
        }
        let oldest = world.now() - SignedDuration::from_secs(5);
        world.late.set(world.late.get() || self.looked_at.get().is_none_or(|at| at < oldest));
        world.taken.borrow_mut().push(world.now());
        if matches!(step, Step::Disconnect { .. }) {
            world.is_disconnected.set(true);
        }
        world.takes_time().await;
        if world.is_lost() { Taken::Unknown("no answer".to_owned()) } else { Taken::Done }
    }

    async fn announce(&self, outcome: Outcome) -> Result<(), PortError> {
        self.world.takes_time().await;
        self.world.outcomes.borrow_mut().push(outcome.id);
        if self.world.is_lost() { Err(lost("announcing")) } else { Ok(()) }
    }
}

fn departure(after_ms: i64) -> Departure {
    Departure { conversation_id: "c-1".to_owned(), left_at: began().as_millisecond() + after_ms }
}

/// Delivers a message until it is acknowledged: some of the first tries die, the last does not.
async fn deliver<'a, T: Future<Output = Result<(), PortError>> + 'a>(
    deaths: &[Option<u64>],
    again: impl Fn() -> T,
) -> bool {
    for life in deaths.iter().take(RECEIVED - 1) {
        let tried = match life {
            Some(life) => timeout(Duration::from_millis(*life), again()).await.ok(),
            None => Some(again().await),
        };
        if tried == Some(Ok(())) {
            return true;
        }
    }
    for _ in deaths.len()..RECEIVED * 4 {
        if again().await == Ok(()) {
            return true;
        }
    }
    false
}

/// The events of a departure, several times at once, and then everything that was put off, at once too.
async fn live_through(world: &Fake, copies: usize, deaths: &[Option<u64>]) {
    let policy = Policy::parse(POLICY).unwrap();
    let events = (0..copies).map(|_| deliver(deaths, || async { depart(&world.visit(), &departure(0)).await }));
    assert!(join_all(events).await.into_iter().all(|done| done), "the events are acknowledged");
    let due = world.put_off.take();
    let due = due.iter().enumerate().map(|(n, departure)| {
        let (policy, message_id) = (&policy, format!("message-{n}"));
        async move {
            deliver(deaths, || async { close_if_due(&world.visit(), policy, departure, Some(&message_id)).await }).await
        }
    });
    assert!(join_all(due).await.into_iter().all(|done| done), "the departures are dealt with");
}

fn play<T>(story: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(story)
}

fn distinct(all: &[String]) -> usize {
    all.iter().collect::<std::collections::BTreeSet<_>>().len()
}

fn deaths() -> impl Strategy<Value = Vec<Option<u64>>> {
    prop::collection::vec(prop::option::of(0..2_000_u64), 0..RECEIVED)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 150, ..ProptestConfig::default() })]

    /// Whatever is delivered twice, dies, or is lost: a notice goes out at most once, and once where nothing dies.
    #[test]
    fn nobody_is_told_twice(seed: u64, slowness_ms in 0..300_u64, losses in 0..20_u32, copies in 1..6_usize, deaths in deaths()) {
        play(async {
            let world = Fake::new(seed, slowness_ms, losses, "sms");
            live_through(&world, copies, &deaths).await;
            prop_assert!(world.taken.borrow().len() <= 1, "{:?}", world.taken.borrow());
            prop_assert!(!world.late.get());
            prop_assert_eq!(distinct(&world.outcomes.borrow()), 1);
            if losses == 0 && deaths.iter().all(Option::is_none) {
                prop_assert_eq!(world.taken.borrow().len(), 1);
            }
            Ok(())
        })?;
    }

    /// The customer of a synchronous chat is disconnected in the end, and that is announced.
    #[test]
    fn the_customer_is_disconnected_in_the_end(seed: u64, slowness_ms in 0..300_u64, losses in 0..20_u32, copies in 1..6_usize, deaths in deaths()) {
        play(async {
            let world = Fake::new(seed, slowness_ms, losses, "webmessaging");
            live_through(&world, copies, &deaths).await;
            let gave_up = world.record.borrow().as_ref().is_some_and(|(_, closing)| closing.tries() == crate::closing::MOST_TRIES);
            prop_assert!(world.is_disconnected.get() || gave_up);
            prop_assert!(world.taken.borrow().len() <= crate::closing::MOST_TRIES as usize);
            prop_assert!(!world.late.get());
            prop_assert_eq!(distinct(&world.outcomes.borrow()), 1);
            Ok(())
        })?;
    }

    /// A look that took too long is not acted on.
    #[test]
    fn nothing_is_done_on_an_old_look(seed: u64, slowness_ms in 3_000..9_000_u64) {
        play(async {
            let world = Fake::new(seed, slowness_ms, 0, "sms");
            let _acknowledged_or_not = timeout(Duration::from_hours(1), live_through_slowly(&world)).await;
            prop_assert!(world.taken.borrow().len() <= 1 && !world.late.get());
            Ok(())
        })?;
    }
}

async fn live_through_slowly(world: &Fake) {
    let policy = Policy::parse(POLICY).unwrap();
    depart(&world.visit(), &departure(0)).await.unwrap();
    for _ in 0..RECEIVED {
        let _too_late_or_done = close_if_due(&world.visit(), &policy, &departure(0), Some("m")).await;
    }
}

/// Another agent comes, and leaves five minutes after the first.
async fn an_agent_leaves_again(world: &Fake) {
    tokio::time::sleep(Duration::from_mins(5)).await;
    world.left_again_at.set(Some(world.now()));
    let later = departure(world.now().as_millisecond() - began().as_millisecond());
    depart(&world.visit(), &later).await.unwrap();
    close_if_due(&world.visit(), &Policy::parse(POLICY).unwrap(), &later, Some("later")).await.unwrap();
}

#[test]
fn a_later_departure_tells_again_only_if_the_customer_came_back() {
    play(async {
        for (comes_back, notices) in [(false, 1), (true, 2)] {
            let world = Fake::new(1, 0, 0, "sms");
            live_through(&world, 2, &[]).await;
            world.wrote_at.set(comes_back.then(|| began() + SignedDuration::from_mins(2)));
            an_agent_leaves_again(&world).await;
            assert_eq!(world.taken.borrow().len(), notices, "{comes_back}");
            let policy = Policy::parse(POLICY).unwrap();
            close_if_due(&world.visit(), &policy, &departure(0), Some("earlier")).await.unwrap();
            assert_eq!(world.taken.borrow().len(), notices);
        }
    });
}

#[test]
fn a_notice_that_was_not_taken_leaves_the_customer_untold() {
    play(async {
        let world = Fake::new(1, 0, 0, "sms");
        world.refusals.borrow_mut().push_back(Taken::NotTaken("409".to_owned()));
        live_through(&world, 2, &[]).await;
        assert!(world.taken.borrow().is_empty() && world.outcomes.borrow().is_empty());
        an_agent_leaves_again(&world).await;
        assert_eq!((world.taken.borrow().len(), distinct(&world.outcomes.borrow())), (1, 1));
    });
}

#[test]
fn a_disconnect_that_is_never_sent_is_never_announced_and_comes_again() {
    play(async {
        let world = Fake::new(1, 0, 0, "webmessaging");
        let policy = Policy::parse(POLICY).unwrap();
        depart(&world.visit(), &departure(0)).await.unwrap();
        let delivery = || async { close_if_due(&world.visit(), &policy, &departure(0), Some("m")).await };
        for _ in 0..RECEIVED {
            world.refusals.borrow_mut().push_back(Taken::NotSent("403".to_owned()));
            assert!(delivery().await.is_err(), "a queue that gives up makes it a dead letter");
        }
        assert!(!world.is_disconnected.get() && world.outcomes.borrow().is_empty());
        assert_eq!(delivery().await, Ok(()), "once somebody has given the permission");
        assert!(world.is_disconnected.get());
        assert_eq!(world.outcomes.borrow().len(), 1);
    });
}
