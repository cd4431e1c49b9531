//! Departures told twice and late, messages delivered again and at once, tries that die anywhere, answers that are lost.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use fake_genesys_cloud::scenarios::{Messaging, Part};
use futures::StreamExt;
use futures::future::{LocalBoxFuture, join};
use futures::stream::FuturesUnordered;
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
const GRACE: Duration = Duration::from_secs(20);
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
    /// What was put off, and until when.
    put_off: RefCell<Vec<(Departure, Instant)>>,
    is_disconnected: Cell<bool>,
    wrote_at: Cell<Option<Timestamp>>,
    /// When another agent leaves, who came later.
    left_again_at: Cell<Option<Timestamp>>,
    /// Whether the agent left in a year's time, by somebody's broken clock.
    left_in_the_future: Cell<bool>,
    /// When another agent came, to stay.
    joined_at: Cell<Option<Timestamp>>,
    is_deleted: Cell<bool>,
    is_switched_off: Cell<bool>,
    bus_is_down: Cell<bool>,
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
            left_in_the_future: Cell::default(),
            joined_at: Cell::default(),
            is_deleted: Cell::default(),
            is_switched_off: Cell::default(),
            bus_is_down: Cell::default(),
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
        let left_at = if self.left_in_the_future.get() { began() + SignedDuration::from_hours(9_000) } else { began() };
        let agent = Part::new("agent", began() - SignedDuration::from_mins(8)).until(left_at, "client");
        let messaging = Messaging::new("c-1", self.message_type).with(customer).with(agent);
        let joined = self.joined_at.get().map(|at| Part::new("agent", at));
        let left_again = self.left_again_at.get().map(|at| {
            let agent = Part::new("agent", at - SignedDuration::from_mins(1));
            if at <= self.now() { agent.until(at, "client") } else { agent }
        });
        joined.into_iter().chain(left_again).fold(messaging, Messaging::with).json()
    }

    /// Whether a step was taken before the last agent had been gone for the grace.
    fn was_hasty(&self) -> bool {
        let grace_ends_at = self.left_again_at.get().unwrap_or_else(began) + GRACE;
        self.taken.borrow().iter().any(|at| *at < grace_ends_at)
    }

    /// Delivers a departure that is due.
    async fn due(&self, departure: &Departure, message_id: &str) -> Result<(), PortError> {
        let policy = Policy::parse(POLICY).unwrap();
        let rules = Rules { policy: (!self.is_switched_off.get()).then_some(&policy), grace: GRACE };
        close_if_due(&self.visit(), rules, departure, Some(message_id)).await
    }
}

fn began() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn lost(operation: &'static str) -> PortError {
    PortError { operation, reason: "the answer is lost".to_owned() }
}

impl Ports for Visit<'_> {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn put_off(&self, departure: &Departure) -> Result<(), PortError> {
        self.world.takes_time().await;
        self.world.put_off.borrow_mut().push((departure.clone(), Instant::now() + GRACE));
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
        if self.world.is_lost() {
            // Worse than the ledger: not even its own write is known again.
            return if self.world.is_lost() { Err(lost("writing")) } else { Ok(false) };
        }
        Ok(is_as_seen)
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
        let look = Look { asked_at, conversation, messengers: body.messengers() };
        Ok((!self.world.is_deleted.get()).then_some(look))
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
        if self.world.bus_is_down.get() {
            return Err(PortError { operation: "announcing", reason: "503".to_owned() });
        }
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

/// Events of departures, each so many milliseconds after the first agent left, and whatever is put off, when it is due.
async fn live(world: &Fake, events: &[(u64, Departure)], deaths: &[Option<u64>]) {
    let mut under_way = FuturesUnordered::<LocalBoxFuture<'_, bool>>::new();
    for (at_ms, departure) in events {
        under_way.push(Box::pin(async move {
            tokio::time::sleep_until(world.began + Duration::from_millis(*at_ms)).await;
            deliver(deaths, || async { depart(&world.visit(), departure).await }).await
        }));
    }
    let mut messages = 0;
    while let Some(done) = under_way.next().await {
        assert!(done, "the departures are dealt with");
        for (departure, due_at) in world.put_off.take() {
            messages += 1;
            let message_id = format!("message-{messages}");
            under_way.push(Box::pin(async move {
                tokio::time::sleep_until(due_at).await;
                deliver(deaths, || world.due(&departure, &message_id)).await
            }));
        }
    }
}

/// The events of a departure, several times at once, and all that follows.
async fn live_through(world: &Fake, copies: usize, deaths: &[Option<u64>]) {
    live(world, &vec![(0, departure(0)); copies], deaths).await;
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

    /// Whoever leaves last, and however late the events are: nothing is done within the grace, and something after it.
    #[test]
    fn nothing_is_done_within_the_grace(
        seed: u64, slowness_ms in 0..300_u64, leaves_ms in 1..60_000_u64, late_ms in prop::array::uniform2(0..60_000_u64),
    ) {
        play(async {
            let world = Fake::new(seed, slowness_ms, 0, "sms");
            let later = departure(i64::try_from(leaves_ms).unwrap());
            world.left_again_at.set(Some(Timestamp::from_millisecond(later.left_at).unwrap()));
            live(&world, &[(late_ms[0], departure(0)), (leaves_ms + late_ms[1], later)], &[]).await;
            prop_assert_eq!(world.taken.borrow().len(), 1);
            prop_assert!(!world.was_hasty(), "{:?}", world.taken.borrow());
            Ok(())
        })?;
    }

    /// Whatever becomes of the chat meanwhile, and of the tries: what was done is announced.
    #[test]
    fn what_was_done_is_announced(
        seed: u64, slowness_ms in 0..300_u64, losses in 0..30_u32, deaths in deaths(),
        message_type in prop::sample::select(vec!["sms", "webmessaging"]),
        happens in prop::sample::select(vec!["joins", "leaves again", "deleted", "switched off"]),
        at_ms in 19_000..25_000_u64,
    ) {
        play(async {
            let world = Fake::new(seed, slowness_ms, losses, message_type);
            let mut events = vec![(0, departure(0)); 2];
            if happens == "leaves again" {
                events.push((at_ms, departure(1)));
            }
            let meanwhile = async {
                tokio::time::sleep(Duration::from_millis(at_ms)).await;
                world.joined_at.set((happens == "joins").then(|| world.now()));
                world.is_deleted.set(happens == "deleted");
                world.is_switched_off.set(happens == "switched off");
            };
            join(live(&world, &events, &deaths), meanwhile).await;
            prop_assert!(world.taken.borrow().is_empty() || !world.outcomes.borrow().is_empty());
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
    noted(world).await;
    for _ in 0..RECEIVED {
        let _too_late_or_done = world.due(&departure(0), "m").await;
    }
}

/// A departure that was noted, and is due.
async fn noted(world: &Fake) {
    depart(&world.visit(), &departure(0)).await.unwrap();
    tokio::time::sleep(GRACE).await;
}

/// Another agent comes, and leaves five minutes after the first.
async fn an_agent_leaves_again(world: &Fake) {
    tokio::time::sleep_until(world.began + Duration::from_mins(5)).await;
    world.left_again_at.set(Some(world.now()));
    let later = departure(world.now().as_millisecond() - began().as_millisecond());
    depart(&world.visit(), &later).await.unwrap();
    tokio::time::sleep(GRACE).await;
    world.due(&later, "later").await.unwrap();
}

#[test]
fn the_grace_is_that_of_the_last_agent_whose_event_is_not_here_yet() {
    play(async {
        let world = Fake::new(1, 0, 0, "webmessaging");
        world.left_again_at.set(Some(began() + SignedDuration::from_millis(19_500)));
        live(&world, &[(0, departure(0))], &[]).await;
        assert_eq!((world.taken.borrow().len(), world.outcomes.borrow().len()), (1, 1));
        assert!(!world.was_hasty(), "{:?}", world.taken.borrow());
    });
}

#[test]
fn a_departure_is_not_put_off_for_ever() {
    play(async {
        let world = Fake::new(1, 0, 0, "sms");
        world.left_in_the_future.set(true);
        live(&world, &[(0, departure(0))], &[]).await;
        assert!(world.taken.borrow().is_empty());
        assert!(world.began.elapsed() < Duration::from_mins(62), "{:?}", world.began.elapsed());
    });
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
            world.due(&departure(0), "earlier").await.unwrap();
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
        noted(&world).await;
        let delivery = || async { world.due(&departure(0), "m").await };
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

#[test]
fn a_disconnect_without_an_answer_is_announced_whatever_the_next_look_shows() {
    let comes: [fn(&Fake); 3] = [
        |world| world.joined_at.set(Some(world.now())),
        |world| world.is_deleted.set(true),
        |world| world.is_switched_off.set(true),
    ];
    for comes in comes {
        play(async {
            let world = Fake::new(1, 0, 0, "webmessaging");
            noted(&world).await;
            world.refusals.borrow_mut().push_back(Taken::Unknown("no answer".to_owned()));
            assert!(world.due(&departure(0), "m").await.is_err());
            comes(&world);
            assert_eq!(world.due(&departure(0), "m").await, Ok(()));
            assert_eq!(world.outcomes.borrow().len(), 1);
        });
    }
}

#[test]
fn what_is_done_is_announced_though_the_switch_is_thrown_or_an_agent_leaves_again() {
    play(async {
        for message_type in ["sms", "webmessaging"] {
            let unannounced = async || {
                let world = Fake::new(1, 0, 0, message_type);
                noted(&world).await;
                world.bus_is_down.set(true);
                assert!(world.due(&departure(0), "m").await.is_err());
                world.bus_is_down.set(false);
                world
            };
            let world = unannounced().await;
            world.is_switched_off.set(true);
            assert_eq!(world.due(&departure(0), "m").await, Ok(()));
            assert_eq!(world.outcomes.borrow().len(), 1);

            let world = unannounced().await;
            an_agent_leaves_again(&world).await;
            let first = format!("chat-closed#c-1#{}", departure(0).left_at);
            assert_eq!(*world.outcomes.borrow(), [first], "and the customer is not told or disconnected again");
        }
    });
}

#[test]
fn a_disconnect_that_is_not_taken_is_looked_at_and_tried_again_but_not_for_ever() {
    let not_taken = || Taken::NotTaken("409".to_owned());
    play(async {
        let refused = async |answers: &[Taken]| {
            let world = Fake::new(1, 0, 0, "webmessaging");
            noted(&world).await;
            for answer in answers {
                world.refusals.borrow_mut().push_back(answer.clone());
                assert!(world.due(&departure(0), "m").await.is_err(), "it comes again");
            }
            world
        };
        let world = refused(&[not_taken(), not_taken()]).await;
        assert_eq!(world.due(&departure(0), "m").await, Ok(()));
        assert!(world.is_disconnected.get() && world.outcomes.borrow().len() == 1);

        let world = refused(&[not_taken(), not_taken()]).await;
        world.refusals.borrow_mut().push_back(not_taken());
        for _ in 0..2 {
            assert_eq!(world.due(&departure(0), "m").await, Ok(()));
        }
        assert!(world.taken.borrow().is_empty() && world.outcomes.borrow().is_empty());

        let world = refused(&[not_taken()]).await;
        world.is_disconnected.set(true);
        assert_eq!(world.due(&departure(0), "m").await, Ok(()));
        assert!(world.outcomes.borrow().is_empty(), "the customer had gone by themselves");

        let world = refused(&[Taken::Unknown("no answer".to_owned()), not_taken()]).await;
        world.is_disconnected.set(true);
        assert_eq!(world.due(&departure(0), "m").await, Ok(()));
        assert_eq!(world.outcomes.borrow().len(), 1, "by the first try");
    });
}

#[test]
fn a_redriven_message_finishes_what_another_began() {
    play(async {
        let world = Fake::new(1, 0, 0, "webmessaging");
        noted(&world).await;
        world.refusals.borrow_mut().push_back(Taken::Unknown("no answer".to_owned()));
        assert!(world.due(&departure(0), "m").await.is_err());
        assert_eq!(world.due(&departure(0), "duplicate").await, Ok(()));
        assert!(!world.is_disconnected.get(), "the first message is at it");
        tokio::time::sleep(Duration::from_mins(30)).await;
        assert_eq!(world.due(&departure(0), "redriven").await, Ok(()));
        assert!(world.is_disconnected.get() && world.outcomes.borrow().len() == 1);
    });
}
