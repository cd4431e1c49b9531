//! A day: conversations play their scripts, events come late, twice or never, runs of the function begin when something is due,
//! overlap, and die at any await; then a calm in which everything must come to its end.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use ghost_disconnector::case::{Case, Force, Request, State as CaseState};
use ghost_disconnector::discovery::Progress;
use ghost_disconnector::ports::Register;
use ghost_disconnector::run;
use ghost_policy::policy::Policy;
use ghost_watcher::due::DuePolicy;
use jiff::{SignedDuration, Timestamp};
use ledger::model::ModelWatch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::conversation::{Change, Curse, Simulated, Teardown};
use crate::invariant::{Invariant, Violation};
use crate::policies;
use crate::ports::SimulatedPorts;
use crate::script;
use crate::state::{Counts, Out, Outage, STILL_LISTED, State};
use crate::watcher;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// In which everything happens that people do.
const DAY: SignedDuration = SignedDuration::from_hours(36);

/// Events may come so late: as long as Genesys Cloud tries (reference/genesys-cloud.md §1.2).
const LATEST_EVENT: SignedDuration = SignedDuration::from_hours(96);

/// How long things may fail after the day.
const STORM: SignedDuration = SignedDuration::from_hours(12);

/// The calm after that: longer than the longest rule, and a rest in between.
const CALM: SignedDuration = SignedDuration::from_hours(24 * 6);

/// An observed case comes back every day. One that has just done so at the end has as long as this to come to rest again.
const GRACE: SignedDuration = SignedDuration::from_hours(3);

/// After its time is up, a run may still finish what it has begun.
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

/// A request is delivered so often at most.
const MOST_DELIVERIES: u32 = 5;

/// Runs at once, at most.
const MOST_RUNS: usize = 3;

/// A day on which an invariant did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The day's seed: `SIMULATION_SEED` plays it again.
    pub seed: u64,
    /// What did not hold.
    pub violation: Violation,
}

/// Plays the day of a seed.
///
/// # Errors
/// [`Failed`] with the first invariant that did not hold.
pub fn play(seed: u64) -> Result<Counts, Failed> {
    let mut day = Day::new(seed);
    let result = day.play();
    result.map_err(|violation| Failed { seed, violation })
}

enum Happening {
    Change(String, Change),
    /// An event of that moment reaches the watcher.
    Heard(String, Timestamp),
    Requested(String, Request),
}

enum Task {
    Tick,
    /// With how often it was delivered.
    Disconnect(String, Request, u32),
    Reset,
}

/// A run of the function.
struct RunInFlight {
    task: Task,
    until: Timestamp,
    ports: SimulatedPorts,
    /// Whether it succeeded.
    future: Pin<Box<dyn Future<Output = bool>>>,
}

struct Day {
    state: Rc<RefCell<State>>,
    policy: Rc<Policy>,
    watchers_policy: DuePolicy,
    happenings: BTreeMap<(Timestamp, usize), Happening>,
    runs: Vec<RunInFlight>,
    /// Resets and redelivered requests.
    to_do: BTreeMap<(Timestamp, usize), Task>,
    count: usize,
    next_tick: Timestamp,
    storm_ends: Timestamp,
    ends: Timestamp,
}

impl Day {
    fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let policy = policies::policy(&mut random);
        let start = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 50);
        let storm_ends = start + DAY + STORM;
        // Each page costs steps, so most days have as few as there can be.
        let analytics_page = if random.random_bool(0.2) { random.random_range(2..=4) } else { 5 };
        let analytics_tells_total = random.random_bool(0.8);
        let analytics_lag = SignedDuration::from_secs(random.random_range(0..7_200));
        let replaced_after = SignedDuration::from_secs(random.random_range(0..DAY.as_secs()));
        let mut day = Self {
            watchers_policy: DuePolicy::of(&policy),
            policy: Rc::new(policy.clone()),
            happenings: BTreeMap::new(),
            runs: Vec::new(),
            to_do: BTreeMap::new(),
            count: 0,
            next_tick: start,
            storm_ends,
            ends: storm_ends + CALM,
            state: Rc::new(RefCell::new(State {
                now: start,
                random,
                policy,
                replaced_at: start + replaced_after,
                faults: true,
                outage: None,
                conversations: BTreeMap::new(),
                teardowns: BinaryHeap::new(),
                arrivals: BinaryHeap::new(),
                analytics_lag,
                analytics_page,
                analytics_tells_total,
                cases: BTreeMap::new(),
                registers: BTreeMap::new(),
                watches: ModelWatch::default(),
                next_watch_at: None,
                outcomes: BTreeMap::new(),
                tripped: None,
                told_out_of_step: Vec::new(),
                sent: Vec::new(),
                looks: BTreeMap::new(),
                attempts: BTreeSet::new(),
                counts: Counts::default(),
                violation: None,
            })),
        };
        let outage = day.chance(|random| outage(random, start));
        day.state.borrow_mut().outage = outage;
        day.write_scripts(start);
        day
    }

    fn write_scripts(&mut self, start: Timestamp) {
        let conversations = self.chance(|random| random.random_range(1..=8));
        let loss = self.chance(|random| if random.random_bool(0.3) { random.random_range(0.0..1.0) } else { 0.05 });
        for number in 0..conversations {
            let id = format!("conversation-{number}");
            let begins = start + self.chance(|random| SignedDuration::from_secs(random.random_range(0..50_000)));
            let policy = Rc::clone(&self.policy);
            let script = self.chance(|random| script::script(random, &policy, begins, start + DAY));
            let teardown = self.chance(|random| match random.random_range(0..10) {
                0 | 1 => Teardown::Never,
                2 => Teardown::HalfDone,
                3 => Teardown::EndsAfter(SignedDuration::from_secs(random.random_range(0..3_000))),
                _ => Teardown::EndsAfter(SignedDuration::from_millis(random.random_range(0..20_000))),
            });
            let mut simulated = Simulated::begin(id.clone(), script.kind, begins, teardown);
            simulated.curse = self.chance(|random| curse(random, start));
            self.state.borrow_mut().conversations.insert(id.clone(), simulated);
            for (at, change) in script.changes {
                if !matches!(change, Change::Truth(_)) {
                    self.tell_watcher(&id, at, loss);
                }
                self.happen(at, Happening::Change(id.clone(), change));
            }
            self.perhaps_request(&id, start);
        }
    }

    /// The event of a change: on time, late, twice, or never.
    fn tell_watcher(&mut self, id: &str, at: Timestamp, loss: f64) {
        for _ in 0..2 {
            let delay = self.chance(|random| {
                if random.random_bool(loss) {
                    return None;
                }
                let longest = if random.random_bool(0.1) { LATEST_EVENT.as_secs() } else { 3 };
                Some(SignedDuration::from_secs(random.random_range(0..=longest)))
            });
            if let Some(delay) = delay {
                self.happen(at + delay, Happening::Heard(id.to_owned(), at));
            }
            if self.chance(|random| random.random_bool(0.8)) {
                return;
            }
        }
    }

    fn perhaps_request(&mut self, id: &str, start: Timestamp) {
        if self.chance(|random| random.random_bool(0.85)) {
            return;
        }
        let at = start + self.chance(|random| SignedDuration::from_secs(random.random_range(0..DAY.as_secs())));
        let force = self.chance(|random| match random.random_range(0..6) {
            0 => Force::Live,
            1..=3 => Force::Durations,
            _ => Force::No,
        });
        let event_id = format!("request-{id}");
        let (requested_by, reason) = ("operator".to_owned(), "test".to_owned());
        let request = Request { event_id, requested_by, reason, force, asked_at: None };
        self.happen(at, Happening::Requested(id.to_owned(), request));
    }

    fn chance<T>(&self, choose: impl FnOnce(&mut StdRng) -> T) -> T {
        choose(&mut self.state.borrow_mut().random)
    }

    fn happen(&mut self, at: Timestamp, happening: Happening) {
        self.count += 1;
        self.happenings.insert((at, self.count), happening);
    }

    fn play(&mut self) -> Result<Counts, Violation> {
        while self.goes_on() {
            self.let_happen();
            self.begin_runs();
            if !self.step() {
                self.advance_time();
            }
            if let Some(violation) = self.state.borrow().violation.clone() {
                return Err(violation);
            }
        }
        self.check_end();
        let mut state = self.state.borrow_mut();
        state.counts.conversations = state.conversations.len() as u64;
        state.violation.clone().map_or(Ok(state.counts), Err)
    }

    fn goes_on(&self) -> bool {
        let state = self.state.borrow();
        let mut cases = state.cases.values().flat_map(BTreeMap::values).map(|stored| stored.case.state());
        let in_hand = !self.runs.is_empty() || cases.any(CaseState::is_in_progress);
        state.now < self.ends || (state.now < self.ends + GRACE && in_hand)
    }

    fn now(&self) -> Timestamp {
        self.state.borrow().now
    }

    /// Everything up to now happens.
    fn let_happen(&mut self) {
        let now = self.now();
        self.state.borrow_mut().faults = now < self.storm_ends;
        self.state.borrow_mut().tear_down();
        self.state.borrow_mut().let_come();
        while let Some(first) = self.happenings.first_entry().filter(|first| first.key().0 <= now) {
            let ((at, _), happening) = first.remove_entry();
            let mut state = self.state.borrow_mut();
            match happening {
                Happening::Change(id, change) => {
                    if let Some(conversation) = state.conversations.get_mut(&id) {
                        conversation.change(&change, at);
                    }
                }
                Happening::Heard(id, of) => {
                    let form = state.conversations.get(&id).and_then(|one| one.at(of)).map(Rc::clone);
                    if let Some(form) = form {
                        state.watch(|watch| watcher::hear(watch, &self.watchers_policy, &form, of, now));
                    }
                }
                Happening::Requested(id, request) => {
                    if let Some(conversation) = state.conversations.get_mut(&id) {
                        conversation.request(request.force, at);
                    }
                    self.count += 1;
                    let request = Request { asked_at: Some(at), ..request };
                    self.to_do.insert((now, self.count), Task::Disconnect(id, request, 1));
                }
            }
        }
    }

    fn begin_runs(&mut self) {
        let now = self.now();
        let resumes_at = self.state.borrow().nothing_runs_until();
        if let Some(at) = resumes_at {
            self.next_tick = self.next_tick.max(at);
        }
        while self.to_do.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            if let Some(at) = resumes_at {
                let Some(((_, number), task)) = self.to_do.pop_first() else { break };
                self.to_do.insert((at, number), task);
                continue;
            }
            let Some((_, task)) = self.to_do.pop_first() else { break };
            self.begin(task);
        }
        if self.next_tick <= now {
            self.next_tick = now + MINUTE;
            if self.runs.len() < MOST_RUNS && self.is_something_due() {
                self.begin(Task::Tick);
                if self.state.borrow().faults && self.chance(|random| random.random_bool(0.1)) {
                    self.begin(Task::Tick);
                }
            }
        }
    }

    fn begin(&mut self, task: Task) {
        let ports = SimulatedPorts::new(Rc::clone(&self.state));
        let until = self.now() + self.chance(|random| SignedDuration::from_secs(random.random_range(15..=60)));
        let (own, policy) = (ports.clone(), Rc::clone(&self.policy));
        let event_id = format!("reset-{}", self.now());
        let future: Pin<Box<dyn Future<Output = bool>>> = match &task {
            Task::Tick => Box::pin(async move { run::tick(&own, &policy, until).await.is_ok() }),
            Task::Disconnect(id, request, _) => {
                let (ids, request) = (vec![id.clone()], request.clone());
                Box::pin(async move { run::disconnect(&own, &policy, &ids, &request, until).await.is_ok() })
            }
            Task::Reset => {
                Box::pin(async move { run::reset_breaker(&own, &event_id, "operator", "test").await.is_ok() })
            }
        };
        self.runs.push(RunInFlight { task, until, ports, future });
    }

    /// Polls one run that can go on, or kills it. Tells whether there was one.
    fn step(&mut self) -> bool {
        let now = self.now();
        let ready: Vec<_> = (0..self.runs.len()).filter(|index| self.runs[*index].ports.wakes_at() <= now).collect();
        if ready.is_empty() {
            return false;
        }
        let index = ready[self.chance(|random| random.random_range(0..ready.len()))];
        let dies = self.state.borrow().faults && self.chance(|random| random.random_bool(0.01));
        if dies {
            self.state.borrow_mut().counts.deaths += 1;
            let run = self.runs.swap_remove(index);
            self.ended(run.task, false);
            return true;
        }
        self.state.borrow_mut().counts.steps += 1;
        let polled = self.runs[index].future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let std::task::Poll::Ready(succeeded) = polled {
            let run = self.runs.swap_remove(index);
            self.ended(run.task, succeeded);
        } else if self.runs[index].until + LEEWAY < now {
            self.state.borrow_mut().violated(Invariant::RunsEnd, "a run goes on and on");
        }
        true
    }

    /// What failed is delivered again, a few times.
    fn ended(&mut self, task: Task, succeeded: bool) {
        let now = self.now();
        let tripped = self.state.borrow().tripped.is_some();
        let waits_for_reset = self.to_do.values().any(|task| matches!(task, Task::Reset));
        if tripped && !waits_for_reset {
            let wait = self.chance(|random| SignedDuration::from_secs(random.random_range(60..3_600)));
            self.count += 1;
            self.to_do.insert((now + wait, self.count), Task::Reset);
        }
        if let Task::Disconnect(id, request, deliveries) = task
            && !succeeded
            && deliveries < MOST_DELIVERIES
        {
            self.count += 1;
            self.to_do.insert((now + MINUTE, self.count), Task::Disconnect(id, request, deliveries + 1));
        }
    }

    fn is_something_due(&self) -> bool {
        self.next_due().is_some_and(|due| due <= self.now())
    }

    /// When a run will have something to do.
    fn next_due(&self) -> Option<Timestamp> {
        let state = self.state.borrow();
        let cases = state.due_cases().into_iter().map(|(due, _)| due).min();
        let watches = state.next_watch_at;
        let json = state.registers.get(&Register::Discovery).and_then(|held| held.json.as_deref());
        let mut progress: Progress = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let discovery = if progress.is_on(&self.policy.discovery, state.now) {
            state.now
        } else {
            let every = SignedDuration::try_from(self.policy.discovery.every.get()).unwrap_or(MINUTE);
            // No later than that; a tick with nothing to do does no harm.
            state.now + every
        };
        [cases, watches, Some(discovery)].into_iter().flatten().min()
    }

    /// To the next moment at which anything happens.
    fn advance_time(&mut self) {
        let now = self.now();
        let wakes = self.runs.iter().map(|run| run.ports.wakes_at()).min();
        let happens = self.happenings.first_key_value().map(|((at, _), _)| *at);
        let to_do = self.to_do.first_key_value().map(|((at, _), _)| *at);
        let teardown = self.state.borrow().teardowns.peek().map(|next| next.0.0);
        let arrival = self.state.borrow().arrivals.peek().map(|next| next.0.0);
        let tick = self.next_due().map(|due| due.max(self.next_tick));
        let next = [wakes, happens, to_do, teardown, arrival, tick].into_iter().flatten().min();
        let next = next.unwrap_or(self.ends).max(now + SignedDuration::from_millis(1));
        self.state.borrow_mut().now = next;
    }

    fn check_end(&self) {
        let mut state = self.state.borrow_mut();
        let mut found = Vec::new();
        let storm_ends = self.storm_ends;
        for (id, conversation) in &state.conversations {
            found.extend(state.check_end_of(id, conversation, storm_ends));
        }
        for stored in state.cases.values().flat_map(BTreeMap::values) {
            let case = &stored.case;
            if case.state().is_in_progress() {
                found.push((Invariant::NoneLeftInBetween, format!("{} is {}", case.case_id, case.state().as_str())));
            }
            if case.moves.iter().any(|one| one.unannounced) {
                found.push((Invariant::EveryMoveAnnounced, case.case_id.clone()));
            }
        }
        for (invariant, what) in found {
            state.violated(invariant, what);
        }
        let ghosts = state.conversations.values().filter(|one| one.life.ripe_at().is_some()).count();
        state.counts.ghosts = ghosts as u64;
        state.counts.outages = u64::from(state.outage.is_some());
        state.counts.cursed = state.conversations.values().filter(|one| one.curse.is_some()).count() as u64;
        let told = |case: &Case| case.moves.last().is_some_and(|last| last.reason.contains(STILL_LISTED));
        let cases = state.cases.values().flat_map(BTreeMap::values);
        state.counts.still_counted = cases.filter(|stored| told(&stored.case)).count() as u64;
    }
}

/// Seldom: something is out for more than a day, which is over when things stop failing.
fn outage(random: &mut StdRng, start: Timestamp) -> Option<Outage> {
    let of = match random.random_range(0..50) {
        0 => Out::GenesysCloud,
        1 => Out::Function,
        _ => return None,
    };
    let length = SignedDuration::from_secs(random.random_range(25 * 3_600..30 * 3_600));
    let begins = start + SignedDuration::from_secs(random.random_range(0..=(DAY + STORM - length).as_secs()));
    Some(Outage { of, begins, ends: begins + length })
}

/// Seldom: what is wrong with a conversation, from some moment of the day on.
fn curse(random: &mut StdRng, start: Timestamp) -> Option<(Timestamp, Curse)> {
    let curse = match random.random_range(0..60) {
        0 => Curse::LooksFail,
        1 => Curse::LooksAreSlow,
        2 => Curse::NothingLeaves,
        3..=5 => Curse::OutOfStep,
        6 => Curse::LooksTimeOut,
        _ => return None,
    };
    Some((start + SignedDuration::from_secs(random.random_range(0..DAY.as_secs())), curse))
}
