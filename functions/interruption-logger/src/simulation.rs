//! One agent's journal, archive and Salesforce rows as models, and invocations that run at once, are told late, twice and
//! out of order, and die between any two steps.
//!
//! What is simulated is exactly what [`crate::converge`] does, one step at a time; the models do what DynamoDB does (the
//! ledger's tests hold its model to it) and what the validation rule makes Salesforce do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use genesys_cloud::detail_event::{Direction, MediaType};
use ledger::model::ModelLedger;
use ledger::{Head, Settlement};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::debts;
use crate::draft::{Content, Draft, Missing, Plan};
use crate::facts::{AgentFacts, EpochMs};
use crate::settlement::{open_session_name, settlement};
use crate::state::{RowKey, State};
use crate::testing::{Lived, cases, day, facts_of, joined, rules};
use crate::timeline::{Rules, Timeline};
use crate::writer::Fate;

/// Small, so that the archive is used.
const FACTS_BYTES_MAX: usize = 700;
const AGENT: &str = "agent";

#[derive(Default)]
struct World {
    ledger: ModelLedger,
    /// Rows with their revision. A smaller revision is refused, as the validation rule does.
    salesforce: BTreeMap<RowKey, (u64, Content)>,
    /// Rows that were void when they first came.
    needless_voids: Vec<RowKey>,
    salesforce_is_down: bool,
    cases: AgentFacts,
    now: i64,
}

impl World {
    fn head(&self) -> Head {
        self.ledger.read(AGENT).unwrap()
    }

    /// Whether something is due, now or ever.
    fn is_pending(&self) -> bool {
        !self.ledger.due(EpochMs::MAX).is_empty()
    }

    /// What [`crate::references`] does: whoever works on a conversation is told of its Case.
    fn with_known_cases(&mut self, mut batch: AgentFacts) -> AgentFacts {
        self.cases.join(&AgentFacts { cases: batch.cases.clone(), ..AgentFacts::default() });
        let worked_on: BTreeSet<_> = batch.sessions.values().map(|session| session.conversation.clone()).collect();
        batch.join(&self.cases.of_conversations(|conversation| worked_on.contains(conversation)));
        batch
    }

    fn append(&mut self, facts: &AgentFacts) -> Head {
        self.ledger.append(AGENT, &serde_json::to_string(facts).unwrap(), self.now)
    }

    fn read_archive(&self, missing: &Missing) -> Vec<String> {
        match missing {
            Missing::Since(from) => self.ledger.archived_since(AGENT, *from),
            Missing::Sessions(ids) => {
                ids.iter().filter_map(|id| self.ledger.archived(AGENT, &open_session_name(id))).collect()
            }
        }
    }

    fn settle(&mut self, sequence: u64, to: Settlement) {
        // Whether it was settled or had moved, the run ends.
        self.ledger.settle(AGENT, sequence, to);
    }

    fn write(&mut self, key: &RowKey, revision: u64, content: &Content) {
        if *content == Content::Void && !self.salesforce.contains_key(key) {
            self.needless_voids.push(key.clone());
        }
        let stored = self.salesforce.get(key).map_or(0, |(stored, _)| *stored);
        if revision >= stored {
            self.salesforce.insert(key.clone(), (revision, content.clone()));
        }
    }
}

/// One invocation, between two steps.
enum Run {
    Reading(Draft),
    Writing { sequence: u64, plan: Plan, left: VecDeque<RowKey>, fates: BTreeMap<RowKey, Fate> },
}

impl Run {
    fn of(head: &Head) -> Self {
        Self::Reading(Draft::of(head).unwrap())
    }

    /// Does one step; `None` when the run has ended.
    fn step(self, world: &mut World, rules: &Rules, random: &mut StdRng) -> Option<Self> {
        match self {
            Self::Reading(mut draft) => {
                let sequence = draft.sequence;
                let Some(missing) = draft.missing(rules, Some(world.now)) else {
                    let plan = draft.plan(rules, Some(world.now));
                    let left = plan.rows.keys().cloned().collect();
                    return Some(Self::Writing { sequence, plan, left, fates: BTreeMap::new() });
                };
                let contents = world.read_archive(&missing);
                draft.take_in(missing, &contents).unwrap();
                Some(Self::Reading(draft))
            }
            Self::Writing { sequence, mut plan, mut left, mut fates } => {
                if let Some(key) = left.pop_front() {
                    let written = !world.salesforce_is_down;
                    // The answer may be lost although the row was written.
                    if written || random.random_bool(0.3) {
                        world.write(&key, plan.state.revision, &plan.rows[&key]);
                    }
                    fates.insert(key, if written { Fate::Done } else { Fate::Later });
                    return Some(Self::Writing { sequence, plan, left, fates });
                }
                debts::book(&mut plan, &fates, world.now);
                world.settle(sequence, settlement(plan.state, sequence, rules, world.now, FACTS_BYTES_MAX).unwrap());
                None
            }
        }
    }
}

/// Delivers the day's facts in any order, some twice, to runs that interleave and die; then lets the flush finish.
fn live(day: &[Lived], rules: &Rules, seed: u64, mischief: bool) -> World {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::default();
    let mut facts = facts_of(day);
    if mischief {
        let again: Vec<_> = facts.iter().filter(|_| random.random_bool(0.3)).cloned().collect();
        facts.extend(again);
        facts.shuffle(&mut random);
    }
    let mut queue: VecDeque<AgentFacts> = VecDeque::new();
    while !facts.is_empty() {
        let size = random.random_range(1..=3.min(facts.len()));
        queue.push_back(joined(&facts.drain(..size).collect::<Vec<_>>()));
    }
    let mut runs: Vec<Run> = Vec::new();
    while !(queue.is_empty() && runs.is_empty()) {
        world.now += 1;
        if mischief && random.random_bool(0.05) {
            world.salesforce_is_down = !world.salesforce_is_down;
        }
        let at_once = if mischief { 3 } else { 1 };
        if runs.len() < at_once && !queue.is_empty() && random.random_bool(0.4) {
            let batch = world.with_known_cases(queue.pop_front().unwrap());
            let head = world.append(&batch);
            if mischief && random.random_bool(0.15) {
                // Not acknowledged, although stored: delivered again, or, where that came too often, not.
                queue.extend(random.random_bool(0.5).then_some(batch));
            }
            runs.push(Run::of(&head));
        } else if mischief && world.is_pending() && runs.len() < at_once && random.random_bool(0.1) {
            runs.push(Run::of(&world.head()));
        }
        if let Some(chosen) = (!runs.is_empty()).then(|| random.random_range(0..runs.len())) {
            let run = runs.swap_remove(chosen);
            if mischief && random.random_bool(0.06) {
                continue; // It dies here.
            }
            runs.extend(run.step(&mut world, rules, &mut random));
        }
    }
    world.salesforce_is_down = false;
    for flushes in 0.. {
        assert!(flushes < 20, "the flush does not come to an end");
        if !world.is_pending() {
            break;
        }
        world.now += 3_600_000;
        let mut run = Some(Run::of(&world.head()));
        while let Some(current) = run {
            run = current.step(&mut world, rules, &mut random);
        }
    }
    world
}

fn rows(world: &World) -> BTreeMap<RowKey, Content> {
    let contents = world.salesforce.iter().map(|(key, (_, content))| (key.clone(), content.clone()));
    contents.filter(|(_, content)| *content != Content::Void).collect()
}

fn expected(day: &[Lived], rules: &Rules) -> BTreeMap<RowKey, Content> {
    let timeline = Timeline::of(&joined(&facts_of(day)), rules);
    let interruptions = timeline
        .interruptions
        .into_iter()
        .map(|(key, interruption)| (RowKey::Interruption(key), Content::Interruption(interruption)));
    let work_sessions = timeline
        .work_sessions
        .into_iter()
        .map(|(id, session)| (RowKey::WorkSession(id), Content::WorkSession(session)));
    interruptions.chain(work_sessions).collect()
}

proptest! {
    #![proptest_config(cases(1500))]

    /// Invariant `convergence`: any order, any duplication, any crash, any concurrency, any outage: the same rows.
    #[test]
    fn salesforce_ends_with_what_follows_from_the_facts(day in day(), rules in rules(), seed in any::<u64>()) {
        let world = live(&day, &rules, seed, true);
        prop_assert_eq!(rows(&world), expected(&day, &rules));
    }

    /// Invariant `no-needless-voids`: undisturbed, only what was there before becomes `Void`.
    #[test]
    fn an_undisturbed_day_ends_the_same(day in day(), rules in rules(), seed in any::<u64>()) {
        let world = live(&day, &rules, seed, false);
        prop_assert_eq!(rows(&world), expected(&day, &rules));
        prop_assert_eq!(world.needless_voids, vec![]);
    }
}

/// The revision never falls although facts leave for the archive, and the facts at hand stay few.
#[test]
fn a_long_career_leaves_a_small_journal() {
    let rules = crate::settings::tests_rules();
    let mut random = StdRng::seed_from_u64(7);
    let mut world = World::default();
    let (mut largest, mut revision) = (0, 0);
    for number in 0..600_usize {
        let media = if random.random_bool(0.3) { MediaType::Email } else { MediaType::Voice };
        let lived = Lived {
            media,
            direction: Direction::Inbound,
            conversation: number,
            queue: true,
            start: i64::try_from(number).unwrap() * 400_000,
            alerting: 4_000,
            contacting: 0,
            dialing: 0,
            talking: 500_000,
            held: 0,
            parked: 0,
            answered: true,
            answer_told: true,
            after_call_work: None,
            start_lost: false,
            // Every hundredth call never ends.
            end_lost: number % 100 == 50,
            case: None,
        };
        for facts in lived.facts(number) {
            world.now = lived.start;
            let mut run = Some(Run::of(&world.append(&facts)));
            while let Some(current) = run {
                run = current.step(&mut world, &rules, &mut random);
            }
            let settled = world.head().settled.unwrap();
            let state: State = serde_json::from_str(&settled).unwrap();
            assert!(state.revision > revision);
            revision = state.revision;
            largest = largest.max(settled.len());
        }
    }
    assert!(largest < 10 * FACTS_BYTES_MAX, "{largest} bytes");
    assert!(!world.is_pending());
}
