//! One conversation, watchers that are told of it late, twice, out of order and at once, and somebody who looks at it when it is
//! due; each of them interrupted, or dead, between any two requests.
//!
//! What is simulated is exactly what [`crate::observation`] does, one request at a time; the model does what `DynamoDB` does
//! (the ledger's tests hold it to that).

use ledger::model::ModelWatch;
use ledger::watch::{Outcome, Watched};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::due::DuePolicy;
use crate::facts::{ConversationFacts, EpochMs};
use crate::observation::observation;
use crate::testing::{MINUTE, TEN_O_CLOCK, default_policy, joined, lives, policy};

const CONVERSATION: &str = "conversation";
/// More steps than any run takes.
const STEPS_MAX: usize = 2_000;

/// A watcher with a batch, between two requests.
struct Watcher {
    news: ConversationFacts,
    read: Read,
}

/// What a watcher has read.
enum Read {
    NotYet,
    Nothing,
    Stored(Watched),
}

/// Somebody who looks, between two requests.
enum Looker {
    Found { due_at: EpochMs },
    Looked { due_at: EpochMs, look_again_at: Option<EpochMs> },
}

struct World<'a> {
    policy: &'a DuePolicy,
    life: &'a [(EpochMs, ConversationFacts)],
    watch: ModelWatch,
    now: EpochMs,
    queue: Vec<ConversationFacts>,
    watchers: Vec<Watcher>,
    looker: Option<Looker>,
    found_ghost: bool,
    writes: usize,
}

impl World<'_> {
    /// What the API shows now.
    fn shown(&self) -> ConversationFacts {
        joined(self.life.iter().filter(|(at, _)| *at <= self.now).map(|(_, facts)| facts))
    }

    /// One of all the things that can happen next, as `chance` has it.
    fn step(&mut self, chance: u16) {
        match chance % 16 {
            0 | 1 => self.now += EpochMs::from(chance) * 5,
            2..=4 => self.look_up(),
            5 | 6 => self.go_on_looking(),
            7..=9 => self.deliver(chance),
            10 => self.kill(chance),
            _ => self.go_on_watching(chance),
        }
    }

    /// A batch of one or two events goes to a watcher of its own.
    fn deliver(&mut self, chance: u16) {
        for _ in 0..=chance % 2 {
            if self.queue.is_empty() {
                return;
            }
            let news = self.queue.swap_remove(usize::from(chance) % self.queue.len());
            match self.watchers.last_mut().filter(|watcher| matches!(watcher.read, Read::NotYet)) {
                Some(watcher) => watcher.news.join(&news),
                None => self.watchers.push(Watcher { news, read: Read::NotYet }),
            }
        }
    }

    /// A watcher dies: what it was given is delivered again.
    fn kill(&mut self, chance: u16) {
        if self.watchers.is_empty() {
            return;
        }
        let watcher = self.watchers.swap_remove(usize::from(chance) % self.watchers.len());
        self.queue.push(watcher.news);
    }

    fn go_on_watching(&mut self, chance: u16) {
        if self.watchers.is_empty() {
            return;
        }
        let index = usize::from(chance) % self.watchers.len();
        let watcher = &mut self.watchers[index];
        let stored = match std::mem::replace(&mut watcher.read, Read::NotYet) {
            Read::NotYet => {
                watcher.read = self.watch.read(CONVERSATION).map_or(Read::Nothing, Read::Stored);
                return;
            }
            Read::Nothing => None,
            Read::Stored(stored) => Some(stored),
        };
        let seen = stored.as_ref().map(|stored| stored.revision);
        let observation = observation(stored.as_ref(), &watcher.news, Some(self.policy), self.now).unwrap();
        let is_done = observation.is_none_or(|to| self.watch.observe(CONVERSATION, seen, to) == Outcome::Written);
        if is_done {
            self.writes += 1;
            self.watchers.swap_remove(index);
        }
    }

    fn look_up(&mut self) {
        if self.looker.is_none() {
            self.looker = self.watch.due(self.now).first().map(|due| Looker::Found { due_at: due.due_at });
        }
    }

    fn go_on_looking(&mut self) {
        match self.looker.take() {
            None => {}
            Some(Looker::Found { due_at }) => {
                let look_again_at = self.policy.due_at(&self.shown());
                // Due times are to the minute; a look is exact.
                let look_again_at = look_again_at.map(|at| at + MINUTE - 1);
                // Later events may yet bring a ghost that is found to life.
                let is_over = self.life.iter().all(|(at, _)| *at <= self.now);
                self.found_ghost |= is_over && look_again_at.is_some_and(|at| at <= self.now);
                self.looker = Some(Looker::Looked { due_at, look_again_at });
            }
            Some(Looker::Looked { due_at, look_again_at }) => {
                let _ = match look_again_at {
                    Some(at) => self.watch.look_again(CONVERSATION, due_at, at),
                    None => self.watch.leave(CONVERSATION, due_at),
                };
            }
        }
    }

    fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.watchers.is_empty() && self.looker.is_none()
    }
}

fn run(life: &[(EpochMs, ConversationFacts)], twice: &[usize], policy: &DuePolicy, chances: &[u16]) -> TestCaseResult {
    let again = twice.iter().map(|index| &life[index % life.len()]);
    let queue: Vec<_> = life.iter().chain(again).map(|(_, facts)| facts.clone()).collect();
    let (events, last_event) = (queue.len(), life.last().map_or(TEN_O_CLOCK, |(at, _)| *at));
    let mut world = World {
        policy,
        life,
        watch: ModelWatch::default(),
        now: TEN_O_CLOCK,
        queue,
        watchers: Vec::new(),
        looker: None,
        found_ghost: false,
        writes: 0,
    };
    for chance in chances {
        // An event does not come before what it tells.
        let queue = std::mem::take(&mut world.queue);
        let (come, not_yet): (Vec<_>, Vec<_>) =
            queue.into_iter().partition(|facts| facts.last_heard() <= Some(world.now));
        world.queue = come;
        world.step(*chance);
        world.queue.extend(not_yet);
    }
    world.now = world.now.max(last_event);
    for step in 0..STEPS_MAX {
        if world.is_quiet() {
            break;
        }
        // Nobody dies any more, and nobody begins to look: all that was begun comes to its end.
        match step % 3 {
            0 => world.deliver(0),
            1 => world.go_on_looking(),
            _ => world.go_on_watching(0),
        }
    }
    prop_assert!(world.is_quiet());
    prop_assert!(world.writes <= events, "{} writes for {events} events", world.writes);

    let whole = joined(life.iter().map(|(_, facts)| facts));
    let stored = world.watch.read(CONVERSATION).unwrap();
    prop_assert_eq!(&serde_json::from_str::<ConversationFacts>(&stored.facts).unwrap(), &whole);
    match policy.due_at(&whole) {
        None if whole.has_ended() => prop_assert_eq!(stored.due_at, None),
        Some(due_at) if !world.found_ghost => {
            let exact = due_at + MINUTE - 1;
            prop_assert!(stored.due_at.is_some_and(|stored| stored <= exact), "{:?}, due {due_at}", stored.due_at);
        }
        None | Some(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn whatever_happens_the_facts_are_whole_and_it_is_not_due_too_late(
        life in lives(),
        twice in vec(any::<usize>(), 0..4),
        chances in vec(any::<u16>(), 0..500),
        is_hasty in any::<bool>(),
    ) {
        let hasty = policy(|policy| {
            for rule in &mut policy.rules {
                let second = Some("1s".parse().unwrap());
                rule.ghost_when.no_connected_party_for = second;
                rule.ghost_when.customer_gone_for = second;
                rule.ghost_when.agent_gone_for = second;
                rule.ghost_when.waiting_for = second;
                rule.ghost_when.idle_for = Some("2m".parse().unwrap());
            }
        });
        let policy = if is_hasty { hasty } else { default_policy() };
        run(&life, &twice, &policy, &chances)?;
    }
}
