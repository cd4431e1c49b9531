//! Many requests at once, on a clock of their own, in a world that is slow, forgets answers, and lets requests die.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use fake_genesys_cloud::scenarios::{Messaging, Part};
use futures::future::join_all;
use genesys_cloud::api::ConversationBody;
use ghost_policy::Conversation;
use lambda_kit::outcomes::Outcome;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value;
use tokio::time::{Instant, timeout};

use super::*;
use crate::handshake::Mark;
use crate::ports::{Look, Stored};

const CONVERSATION: &str = "5d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a";

/// A world of one customer.
struct Fake {
    random: RefCell<StdRng>,
    began: Instant,
    /// The longest that anything takes.
    slowness: Duration,
    /// In percent: writes that take effect and whose answers are lost.
    forgets: u32,
    records: RefCell<BTreeMap<String, (u64, String)>>,
    is_there: Cell<bool>,
    answers_looks: Cell<bool>,
    /// Attributes are refused, and outcomes hang for as long as they may.
    is_stalled: Cell<bool>,
    looks: Cell<u32>,
    count: Cell<u64>,
    counts: RefCell<Vec<u64>>,
    greetings: Cell<u32>,
    outcomes: RefCell<Vec<String>>,
}

impl Fake {
    fn new(seed: u64, slowness_ms: u64, forgets: u32) -> Rc<Self> {
        Rc::new(Self {
            random: RefCell::new(StdRng::seed_from_u64(seed)),
            began: Instant::now(),
            slowness: Duration::from_millis(slowness_ms),
            forgets,
            records: RefCell::default(),
            is_there: Cell::new(true),
            answers_looks: Cell::new(true),
            is_stalled: Cell::default(),
            looks: Cell::default(),
            count: Cell::default(),
            counts: RefCell::default(),
            greetings: Cell::default(),
            outcomes: RefCell::default(),
        })
    }

    async fn takes_time(&self) {
        let slowness_ms = self.random.borrow_mut().random_range(0..=self.slowness.as_millis());
        tokio::time::sleep(Duration::from_millis(u64::try_from(slowness_ms).unwrap())).await;
    }

    async fn answer_is_lost(&self) -> bool {
        self.takes_time().await;
        self.random.borrow_mut().random_range(0..100) < self.forgets
    }

    fn lost(operation: &'static str) -> PortError {
        PortError { operation, reason: "the answer is lost".to_owned() }
    }
}

fn messaging(began: Timestamp) -> Messaging {
    Messaging::new(CONVERSATION, "open").with(Part::new("customer", began)).with(Part::new("agent", began))
}

impl Ports for Fake {
    fn now(&self) -> Timestamp {
        let began: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        handshake::after(began, self.began.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn read<T: DeserializeOwned>(&self, id: &str) -> Result<Option<Stored<T>>, PortError> {
        self.takes_time().await;
        let stored = self.records.borrow().get(id).cloned();
        self.takes_time().await;
        Ok(stored.map(|(revision, json)| Stored { revision, content: serde_json::from_str(&json).ok() }))
    }

    async fn write<T: Serialize>(&self, id: &str, seen: Option<u64>, content: &T) -> Result<bool, PortError> {
        self.takes_time().await;
        let is_as_seen = self.records.borrow().get(id).map(|(revision, _)| *revision) == seen;
        if is_as_seen {
            let json = serde_json::to_string(content).unwrap();
            self.records.borrow_mut().insert(id.to_owned(), (seen.unwrap_or_default() + 1, json));
        }
        // Worse than the ledger: not even its own write is known again.
        Ok(is_as_seen && !self.answer_is_lost().await)
    }

    async fn look(&self, _: &Customer, limit: Duration) -> Result<Option<Look>, PortError> {
        self.looks.set(self.looks.get() + 1);
        if !self.answers_looks.get() {
            tokio::time::sleep(limit).await;
            return Err(Self::lost("looking"));
        }
        self.takes_time().await;
        let json = messaging(self.now()).json();
        let conversation = Conversation::from_json(json.to_string().as_bytes()).unwrap();
        let raw = value::to_raw_value(&json).unwrap();
        let body = ConversationBody { json: raw.into(), as_of: self.now(), correlation_id: None };
        let there = Look { conversation, counted: self.count.get(), messengers: body.messengers() };
        Ok(self.is_there.get().then_some(there))
    }

    async fn mark(&self, _: &Customer, mark: Mark, _: Duration) -> Result<(), PortError> {
        self.takes_time().await;
        if self.is_stalled.get() {
            return Err(PortError { operation: "marking", reason: "503".to_owned() });
        }
        self.count.set(mark.count);
        self.counts.borrow_mut().push(mark.count);
        if self.answer_is_lost().await { Err(Self::lost("marking")) } else { Ok(()) }
    }

    async fn greet(&self, _: &Recipient, _: &str, _: Duration) -> Result<(), PortError> {
        self.takes_time().await;
        self.greetings.set(self.greetings.get() + 1);
        if self.answer_is_lost().await { Err(Self::lost("greeting")) } else { Ok(()) }
    }

    async fn announce(&self, outcome: Outcome, limit: Duration) -> Result<(), PortError> {
        if self.is_stalled.get() {
            tokio::time::sleep(limit).await;
            return Err(Self::lost("announcing"));
        }
        self.takes_time().await;
        self.outcomes.borrow_mut().push(outcome.id);
        Ok(())
    }
}

fn request(key: Option<&str>) -> ResumptionRequest {
    let participant_id = messaging(Timestamp::UNIX_EPOCH).participant_id(0);
    let customer = Customer { conversation_id: CONVERSATION.to_owned(), participant_id };
    ResumptionRequest { customer, key_id: key.map(str::to_owned) }
}

fn rules() -> Rules {
    Rules {
        window: Duration::from_mins(5),
        look_limit: Duration::from_secs(5),
        greeting: Some("Welcome back".to_owned()),
    }
}

/// A request that is answered, or dies after so long.
async fn asks(
    world: &Fake,
    owner: String,
    key: Option<&str>,
    dies_after: Option<Duration>,
) -> Option<Result<Resumption, Problem>> {
    let rules = rules();
    let due = handshake::after(world.now(), Duration::from_secs(22));
    let run = Run::new(world, &rules, &owner, due);
    let request = request(key);
    let answer = run.answer(&request);
    match dies_after {
        Some(life) => timeout(life, answer).await.ok(),
        None => Some(answer.await),
    }
}

/// Plays it on a clock that stands still while anybody has something to do.
fn play<T>(story: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(story)
}

fn distinct<T: Ord + Clone>(all: &[T]) -> usize {
    all.iter().cloned().collect::<std::collections::BTreeSet<T>>().len()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    /// However many ask, whoever dies when, whatever answer is lost: one answer, and it counts once.
    #[test]
    fn a_handshake_is_answered_alike_and_counted_once(
        seed: u64,
        slowness_ms in 0..400_u64,
        forgets in 0..40_u32,
        deaths in prop::collection::vec(prop::option::of(0..3_000_u64), 1..30),
    ) {
        play(async {
            let world = Fake::new(seed, slowness_ms, forgets);
            // One at least lives on.
            let lives = deaths.iter().map(|life| life.map(Duration::from_millis)).chain([None]);
            let requests = lives.enumerate().map(|(n, life)| asks(&world, format!("owner-{n}"), None, life));
            let answers: Vec<_> = join_all(requests).await.into_iter().flatten().map(Result::unwrap).collect();
            prop_assert!(!answers.is_empty());
            prop_assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
            prop_assert!(answers[0].is_resumable());
            prop_assert_eq!(world.count.get(), 1);
            prop_assert_eq!(distinct(&world.outcomes.borrow()), 1);
            // Who has died may have taken the greeting along.
            let deaths = deaths.iter().flatten().count();
            prop_assert!(world.greetings.get() <= 1, "{} greetings", world.greetings.get());
            prop_assert!(world.greetings.get() == 1 || deaths > 0 || forgets > 0);
            prop_assert!(world.looks.get() as usize <= deaths + 1, "{} looks, {deaths} deaths", world.looks.get());
            Ok(())
        })?;
    }

    /// Handshake after handshake, the count is theirs.
    #[test]
    fn each_handshake_counts_once(seed: u64, slowness_ms in 0..300_u64, forgets in 0..40_u32, pauses in prop::collection::vec(1..120_u64, 1..6)) {
        play(async {
            let world = Fake::new(seed, slowness_ms, forgets);
            for (round, pause) in pauses.iter().enumerate() {
                let requests = (0..3).map(|tab| asks(&world, format!("{round}-{tab}"), None, None));
                for answer in join_all(requests).await {
                    prop_assert!(answer.unwrap().unwrap().is_resumable());
                }
                tokio::time::sleep(Duration::from_secs(*pause)).await;
            }
            let handshakes = distinct(&world.outcomes.borrow());
            prop_assert_eq!(world.count.get(), handshakes as u64);
            prop_assert!(world.greetings.get() as usize <= handshakes, "{} greetings", world.greetings.get());
            prop_assert!(world.counts.borrow().is_sorted(), "{:?}", world.counts.borrow());
            Ok(())
        })?;
    }

    /// The same key gets the same answer, whatever becomes of the conversation meanwhile; another request with it gets none.
    #[test]
    fn a_key_gets_its_answer_again(seed: u64, slowness_ms in 0..300_u64, later in 0..50_u64) {
        play(async {
            let world = Fake::new(seed, slowness_ms, 10);
            let tabs = (0..5).map(|tab| asks(&world, format!("owner-{tab}"), Some("key#1"), None));
            let answers: Vec<_> = join_all(tabs).await.into_iter().flatten().collect();
            world.is_there.set(false);
            tokio::time::sleep(Duration::from_secs(later)).await;
            let again = asks(&world, "again".to_owned(), Some("key#1"), None).await.unwrap();
            prop_assert!(answers.iter().all(|answer| *answer == again), "{answers:?} {again:?}");
            let rules = rules();
            let due = handshake::after(world.now(), Duration::from_secs(22));
            let mut other = request(Some("key#1"));
            other.customer.conversation_id = "0d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a".to_owned();
            let refused = Run::new(&*world, &rules, "other", due).answer(&other).await;
            prop_assert_eq!(refused, Err(Problem::KeyReused));
            Ok(())
        })?;
    }
}

#[test]
fn three_hundred_at_once_are_one_look_and_one_count() {
    play(async {
        let world = Fake::new(1, 50, 0);
        let tabs = (0..300).map(|tab| asks(&world, format!("owner-{tab}"), None, None));
        let answers = join_all(tabs).await;
        assert!(answers.into_iter().all(|answer| answer.unwrap().unwrap().is_resumable()));
        let done = (world.looks.get(), world.count.get(), world.outcomes.borrow().len(), world.greetings.get());
        assert_eq!(done, (1, 1, 1, 1));
    });
}

#[test]
fn what_is_not_there_and_what_does_not_answer_in_time_are_told_alike() {
    play(async {
        let world = Fake::new(1, 50, 0);
        world.is_there.set(false);
        let nothing = asks(&world, "a".to_owned(), None, None).await.unwrap();
        let silent = Fake::new(1, 50, 0);
        silent.answers_looks.set(false);
        let began = Instant::now();
        let tabs = (0..3).map(|tab| asks(&silent, format!("owner-{tab}"), None, None));
        for answer in join_all(tabs).await {
            assert_eq!(answer.unwrap(), nothing);
        }
        assert_eq!(nothing, Ok(Resumption::unavailable()));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert_eq!((silent.looks.get(), silent.counts.borrow().len()), (1, 0));
    });
}

#[test]
fn an_owner_that_dies_frees_the_handshake() {
    play(async {
        let world = Fake::new(1, 0, 0);
        world.answers_looks.set(false);
        assert_eq!(asks(&world, "dies".to_owned(), None, Some(Duration::from_secs(1))).await, None);
        world.answers_looks.set(true);
        let began = Instant::now();
        assert!(asks(&world, "lives".to_owned(), None, None).await.unwrap().unwrap().is_resumable());
        assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    });
}

#[test]
fn what_was_decided_and_never_given_is_no_answer_hours_later() {
    play(async {
        let world = Fake::new(1, 0, 0);
        world.is_stalled.set(true);
        // It has decided, and dies while the bus does not answer.
        assert_eq!(asks(&world, "dies".to_owned(), None, Some(Duration::from_secs(1))).await, None);
        assert_eq!(world.looks.get(), 1);
        world.is_stalled.set(false);
        world.is_there.set(false);
        tokio::time::sleep(Duration::from_hours(3)).await;
        let answer = asks(&world, "late".to_owned(), None, None).await.unwrap();
        assert_eq!(answer, Ok(Resumption::unavailable()), "it is over by now");
        world.is_there.set(true);
        tokio::time::sleep(Duration::from_mins(2)).await;
        assert!(asks(&world, "later".to_owned(), None, None).await.unwrap().unwrap().is_resumable());
        assert_eq!(world.count.get(), 2, "what was decided counts");
    });
}

#[test]
fn what_could_not_be_written_keeps_nobody_waiting_and_is_written_with_the_next_request() {
    play(async {
        let world = Fake::new(1, 0, 0);
        world.is_stalled.set(true);
        let began = Instant::now();
        let first = asks(&world, "first".to_owned(), None, None).await.unwrap().unwrap();
        assert!(first.is_resumable() && began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert_eq!((world.count.get(), world.outcomes.borrow().len()), (0, 0));
        world.is_stalled.set(false);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let tabs = (0..3).map(|tab| asks(&world, format!("tab-{tab}"), None, None));
        for again in join_all(tabs).await {
            assert_eq!(again.unwrap().unwrap(), first);
        }
        let done =
            (world.looks.get(), world.counts.borrow().clone(), world.outcomes.borrow().len(), world.greetings.get());
        assert_eq!(done, (1, vec![1], 1, 1));
    });
}
