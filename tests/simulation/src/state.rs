//! Everything there is in the simulated world, the time included, and the checks of what happens in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::AddAssign;

use ghost_disconnector::breaker::Breaker;
use ghost_disconnector::case::{Case, Force, Stage, State as CaseState};
use ghost_disconnector::ports::{DueWatch, Register, RegisterValue, StoredCase};
use ghost_policy::Policy;
use ghost_policy::policy::Mode;
use jiff::{SignedDuration, Timestamp};
use ledger::model::ModelWatch;
use rand::rngs::StdRng;

use crate::conversation::Simulated;
use crate::invariant::{Invariant, Violation};
use crate::script;

/// A disconnect request counts as sent up to so long after its permit, which is what the breaker counts.
const FRESH: SignedDuration = SignedDuration::from_secs(5);

/// How long it may take from a decision until it is stored.
const SLOWEST_STEP: SignedDuration = SignedDuration::from_secs(20);

/// What a case says of a conversation that has ended and is still listed.
pub const STILL_LISTED: &str = "analytics still lists it";

/// What went by, for reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Polls of runs.
    pub steps: u64,
    /// Runs that died.
    pub deaths: u64,
    /// Conversations.
    pub conversations: u64,
    /// Conversations that were ghosts for long enough.
    pub ghosts: u64,
    /// Looks.
    pub looks: u64,
    /// Disconnect requests.
    pub requests: u64,
    /// Conversations that came to life between a look and the request that it justified.
    pub overtaken: u64,
    /// Cases resolved.
    pub resolved: u64,
    /// Cases escalated.
    pub escalated: u64,
    /// Times that the breaker tripped.
    pub trips: u64,
    /// Conversations that could not be looked at or disconnected from some moment on, for good.
    pub cursed: u64,
    /// Cases that came to an end because nothing more could be done.
    pub given_up: u64,
    /// Conversations told of because analytics goes on listing them.
    pub still_counted: u64,
    /// Days on which something was out for more than a day.
    pub outages: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.steps += more.steps;
        self.deaths += more.deaths;
        self.conversations += more.conversations;
        self.ghosts += more.ghosts;
        self.looks += more.looks;
        self.requests += more.requests;
        self.overtaken += more.overtaken;
        self.resolved += more.resolved;
        self.escalated += more.escalated;
        self.trips += more.trips;
        self.cursed += more.cursed;
        self.given_up += more.given_up;
        self.still_counted += more.still_counted;
        self.outages += more.outages;
    }
}

/// What a run saw last of a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// When it asked.
    pub asked_at: Timestamp,
    /// The moment of the answer.
    pub answered_at: Timestamp,
    /// Whether, by the truth, it might be disconnected at the moment of the answer.
    pub fair: bool,
}

/// Something is out for long.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// What.
    pub of: Out,
    /// Since when.
    pub begins: Timestamp,
    /// Until when.
    pub ends: Timestamp,
}

/// What is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Out {
    /// Every call of Genesys Cloud fails.
    GenesysCloud,
    /// No run begins.
    Function,
}

impl Outage {
    fn is_on(&self, now: Timestamp) -> bool {
        self.begins <= now && now < self.ends
    }
}

/// Everything.
pub struct State {
    /// The time.
    pub now: Timestamp,
    /// Chance.
    pub random: StdRng,
    /// The policy in force.
    pub policy: Policy,
    /// When another takes its place, with the same words: runs that have begun before must end.
    pub replaced_at: Timestamp,
    /// Whether things fail.
    pub faults: bool,
    /// Seldom: what is out for more than a day.
    pub outage: Option<Outage>,
    /// Genesys Cloud.
    pub conversations: BTreeMap<String, Simulated>,
    /// Teardowns still to take effect.
    pub teardowns: BinaryHeap<Reverse<(Timestamp, String)>>,
    /// People still to come, between a look and what follows from it.
    pub arrivals: BinaryHeap<Reverse<(Timestamp, String)>>,
    /// How far analytics lags behind.
    pub analytics_lag: SignedDuration,
    /// How many rows analytics serves in a page at most, whatever it is asked for.
    pub analytics_page: usize,
    /// Whether analytics tells how many rows there are.
    pub analytics_tells_total: bool,
    /// The cases, by conversation and id.
    pub cases: BTreeMap<String, BTreeMap<String, StoredCase>>,
    /// The registers.
    pub registers: BTreeMap<Register, RegisterValue>,
    /// What the watcher has stored, and its index.
    pub watches: ModelWatch,
    /// When the next of them is due: asked for at every step, so it is noted at every write.
    pub next_watch_at: Option<Timestamp>,
    /// Outcomes by id.
    pub outcomes: BTreeMap<String, &'static str>,
    /// When the breaker tripped, while it is.
    pub tripped: Option<Timestamp>,
    /// When conversations were told of one by one that have ended and are still listed.
    pub told_out_of_step: Vec<Timestamp>,
    /// When requests were sent, since the breaker was reset.
    pub sent: Vec<Timestamp>,
    /// Every look, by conversation.
    pub looks: BTreeMap<String, Vec<Seen>>,
    /// Attempts that were sent, by case and number.
    pub attempts: BTreeSet<(String, u32)>,
    /// What went by.
    pub counts: Counts,
    /// The first invariant that did not hold.
    pub violation: Option<Violation>,
}

impl State {
    /// Notes that an invariant does not hold.
    pub fn violated(&mut self, invariant: Invariant, what: impl Into<String>) {
        if self.violation.is_none() {
            self.violation = Some(Violation { invariant, what: format!("at {}: {}", self.now, what.into()) });
        }
    }

    /// Whether Genesys Cloud is out.
    pub fn is_out(&self) -> bool {
        self.outage.is_some_and(|outage| outage.of == Out::GenesysCloud && outage.is_on(self.now))
    }

    /// Until when no run begins.
    pub fn nothing_runs_until(&self) -> Option<Timestamp> {
        self.outage.filter(|outage| outage.of == Out::Function && outage.is_on(self.now)).map(|outage| outage.ends)
    }

    /// Whether the conversation may be disconnected now, by the truth, on the strength of a look asked for then.
    pub fn is_fair_game(&self, conversation_id: &str, asked_at: Timestamp) -> bool {
        let Some(conversation) = self.conversations.get(conversation_id) else { return false };
        let is_dead = conversation.life != crate::conversation::Life::Live;
        let is_ripe = conversation.life.ripe_at().is_some_and(|ripe| ripe <= self.now);
        match conversation.force_at(asked_at) {
            Force::No => is_ripe,
            Force::Durations => is_dead,
            Force::Live => true,
        }
    }

    /// Checks a disconnect request at the moment at which it is sent.
    pub fn check_request(&mut self, conversation_id: &str, seen: Option<Seen>, run_begun_at: Timestamp) {
        self.counts.requests += 1;
        let now = self.now;
        match seen {
            None => self.violated(Invariant::RequestOnFreshLook, format!("{conversation_id} was never looked at")),
            Some(Seen { asked_at, .. }) if now.duration_since(asked_at) > FRESH => {
                self.violated(Invariant::RequestOnFreshLook, format!("{conversation_id} was looked at {asked_at}"));
            }
            Some(Seen { fair: false, .. }) => {
                let kind = self.conversations.get(conversation_id).map_or("nothing", |one| one.kind);
                let what = format!("{conversation_id} ({kind}) was alive when it was looked at");
                self.violated(Invariant::NoLiveConversationDisconnected, what);
            }
            Some(Seen { fair: true, asked_at, .. }) => {
                self.counts.overtaken += u64::from(!self.is_fair_game(conversation_id, asked_at));
                if let Some(conversation) = self.conversations.get_mut(conversation_id) {
                    conversation.requests += 1;
                }
            }
        }
        // What was decided before may still leave.
        if run_begun_at < self.replaced_at && now.duration_since(self.replaced_at) > FRESH {
            self.violated(Invariant::PolicyInForce, conversation_id);
        }
        if self.policy.mode == Mode::Observe {
            self.violated(Invariant::ObserveOnlyObserves, conversation_id);
        }
        let number = self.check_attempt(conversation_id);
        if let Some(seen) = seen.filter(|_| number == Some(1)) {
            self.check_confirmation(conversation_id, seen);
        }
        self.check_breaker();
    }

    /// Somebody has written the breaker.
    pub fn breaker_changed(&mut self) {
        let json = self.registers.get(&Register::Breaker).and_then(|held| held.json.as_deref());
        let breaker: Option<Breaker> = json.and_then(|json| serde_json::from_str(json).ok());
        let is_tripped = breaker.is_some_and(|breaker| breaker.tripped().is_some());
        match (self.tripped, is_tripped) {
            (None, true) => {
                self.tripped = Some(self.now);
                self.counts.trips += 1;
            }
            (Some(_), false) => {
                self.tripped = None;
                self.sent.clear();
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Gives the attempt's number.
    fn check_attempt(&mut self, conversation_id: &str) -> Option<u32> {
        let in_hand = self.cases.get(conversation_id).and_then(|cases| {
            let in_hand = cases.values().map(|stored| &stored.case);
            let mut in_hand = in_hand.filter(|case| case.state() == CaseState::Disconnecting);
            in_hand.find_map(|case| {
                let last = case.attempts.last().filter(|attempt| attempt.answer.is_none())?;
                Some((case.case_id.clone(), last.number))
            })
        });
        let Some(attempt) = in_hand else {
            self.violated(Invariant::OneRequestPerAttempt, format!("{conversation_id}: no attempt was noted before"));
            return None;
        };
        if !self.attempts.insert(attempt.clone()) {
            self.violated(Invariant::OneRequestPerAttempt, format!("attempt {} of {} twice", attempt.1, attempt.0));
        }
        Some(attempt.1)
    }

    fn check_confirmation(&mut self, conversation_id: &str, seen: Seen) {
        let Some(conversation) = self.conversations.get(conversation_id) else { return };
        if conversation.force_at(seen.asked_at) == Force::Live {
            return;
        }
        // What went to and fro between two looks nobody can know.
        let form = |look: &Seen| conversation.at(look.answered_at).map(|form| &form.participants);
        let looks = self.looks.get(conversation_id).into_iter().flatten();
        let asked: Vec<_> = looks.filter(|look| form(look) == form(&seen)).map(|look| look.asked_at).collect();
        let spread = asked.iter().min().map_or(SignedDuration::ZERO, |first| seen.asked_at.duration_since(*first));
        let confirm = &self.policy.confirm;
        let every = SignedDuration::try_from(confirm.every.get()).unwrap_or(SignedDuration::MAX);
        let looks = confirm.looks.cast_signed();
        if asked.len() < confirm.looks as usize || spread < every * (looks - 1) {
            let (kind, wanted) = (conversation.kind, confirm.looks);
            let what = format!("{conversation_id} ({kind}): {} of {wanted} look(s) within {spread}", asked.len());
            self.violated(Invariant::MadeSureOf, what);
        }
    }

    fn check_breaker(&mut self) {
        let limit = &self.policy.breaker;
        let per = SignedDuration::try_from(limit.per.get()).unwrap_or(SignedDuration::MAX) - FRESH;
        self.sent.push(self.now);
        let within = self.sent.iter().filter(|sent| self.now.duration_since(**sent) < per).count();
        if within > limit.max_disconnects as usize {
            let what = format!("{within} requests within {}", limit.per);
            self.violated(Invariant::BreakerHolds, what);
        }
        // A permit taken before the trip may still be used.
        if self.tripped.is_some_and(|tripped| self.now.duration_since(tripped) > FRESH) {
            self.violated(Invariant::BreakerHolds, "a request while it is tripped");
        }
    }

    /// Stores a case in place of the version seen, and checks what became of it.
    pub fn advance(&mut self, seen_version: u64, case: Case) -> Option<StoredCase> {
        let stored = self.cases.get(&case.conversation_id).and_then(|cases| cases.get(&case.case_id))?.clone();
        if stored.version != seen_version {
            return None;
        }
        self.check_moves(&stored.case, &case);
        let next = StoredCase { version: seen_version + 1, case };
        let cases = self.cases.entry(next.case.conversation_id.clone()).or_default();
        cases.insert(next.case.case_id.clone(), next.clone());
        Some(next)
    }

    fn check_moves(&mut self, before: &Case, after: &Case) {
        let (from, to) = (before.state(), after.state());
        let id = &after.case_id;
        let told = |case: &Case| {
            let mut case = case.clone();
            case.moves.iter_mut().for_each(|one| one.unannounced = false);
            case
        };
        let by_request = before.request != after.request;
        // Operators may ask for what was escalated without a request.
        let is_asked_for = from == CaseState::Escalated
            && to == CaseState::Suspected
            && by_request
            && before.attempts_that_count() == 0;
        if from.is_final() && told(before) != told(after) && !is_asked_for {
            self.violated(Invariant::FinalStaysFinal, format!("{id} was {}", from.as_str()));
        }
        let numbers = |case: &Case| case.moves.last().map_or(0, |one| one.number);
        let moves = numbers(after) - numbers(before).min(numbers(after));
        let chained = after.moves.iter().zip(after.moves.iter().skip(1)).all(|(one, next)| next.from == Some(one.to));
        let given_up = to == CaseState::Dismissed && after.is_unreadable && !before.is_unreadable;
        self.counts.given_up += u64::from(given_up || (to == CaseState::Escalated && after.attempts_that_count() == 0));
        if moves != u32::from(from != to || given_up)
            || (!chained && after.moves_left_out == 0)
            || !(may_move(from, to) || is_asked_for)
        {
            let what = format!("{id}: {} to {} by {moves} move(s)", from.as_str(), to.as_str());
            self.violated(Invariant::NoCaseMovesTwice, what);
        }
        let noted = match before.stage {
            Stage::Dismissed { noted, .. } | Stage::Observed { noted, .. } => Some(noted),
            _ => None,
        };
        if to == CaseState::Suspected && !by_request && noted.is_some_and(|noted| noted > self.now) {
            self.violated(Invariant::RestIsKept, id.clone());
        }
        if from != to {
            self.check_what_is_told(after);
        }
        self.counts.resolved += u64::from(from != to && to == CaseState::Resolved);
        self.counts.escalated += u64::from(from != to && to == CaseState::Escalated);
    }

    /// Checks the last move of a case, which has just been stored.
    pub fn check_what_is_told(&mut self, case: &Case) {
        let Some(last) = case.moves.last() else { return };
        if last.reason.contains(STILL_LISTED) {
            self.check_out_of_step();
            return;
        }
        let is_cursed = self.conversations.get(&case.conversation_id).is_some_and(|one| one.curse.is_some());
        let (attempts, wanted) = (case.attempts_that_count(), self.policy.verify.attempts);
        if last.to == CaseState::Escalated && !is_cursed && attempts != wanted {
            let what = format!("{} after {attempts} of {wanted} attempt(s): {}", case.case_id, last.reason);
            self.violated(Invariant::EscalatedAfterAllAttempts, what);
        }
    }

    fn check_out_of_step(&mut self) {
        let limit = &self.policy.breaker;
        // What was granted before may be stored a little later.
        let per = SignedDuration::try_from(limit.per.get()).unwrap_or(SignedDuration::MAX) - SLOWEST_STEP;
        self.told_out_of_step.push(self.now);
        let within = self.told_out_of_step.iter().filter(|told| self.now.duration_since(**told) < per).count();
        if within > limit.max_disconnects as usize {
            let what = format!("{within} within {}", limit.per);
            self.violated(Invariant::OutOfStepIsBounded, what);
        }
    }

    /// Cases by when they are due.
    pub fn due_cases(&self) -> Vec<(Timestamp, &StoredCase)> {
        let cases = self.cases.values().flat_map(BTreeMap::values);
        cases.filter_map(|stored| Some((stored.case.due_at()?, stored))).collect()
    }

    /// Changes the watcher's table.
    pub fn watch<T>(&mut self, change: impl FnOnce(&mut ModelWatch) -> T) -> T {
        let result = change(&mut self.watches);
        self.next_watch_at = self.due_watches(Timestamp::MAX).first().map(|due| due.due_at);
        result
    }

    /// Watches by when they are due, those that are by then.
    pub fn due_watches(&self, by: Timestamp) -> Vec<DueWatch> {
        let due = self.watches.due(by.as_millisecond()).into_iter();
        let due = due.filter_map(|due| Some((due.conversation_id, Timestamp::from_millisecond(due.due_at).ok()?)));
        due.map(|(conversation_id, due_at)| DueWatch { conversation_id, due_at }).collect()
    }

    /// Whoever was to come by now is there.
    pub fn let_come(&mut self) {
        while self.arrivals.peek().is_some_and(|next| next.0.0 <= self.now) {
            let Some(Reverse((_, id))) = self.arrivals.pop() else { return };
            let idle_for = script::idle_for(&self.policy);
            if let Some(conversation) = self.conversations.get_mut(&id) {
                conversation.come_to_life(self.now, idle_for);
            }
        }
    }

    /// Tears down what is to be torn down by now.
    pub fn tear_down(&mut self) {
        while self.teardowns.peek().is_some_and(|next| next.0.0 <= self.now) {
            let Some(Reverse((at, id))) = self.teardowns.pop() else { return };
            let Some(conversation) = self.conversations.get_mut(&id) else { continue };
            let media = conversation.now.legs().find_map(|leg| leg.communication.media);
            let after = media.map_or(SignedDuration::ZERO, |media| script::left_over_for(&self.policy, media));
            conversation.tear_down(at.max(self.now), after);
        }
    }
}

/// The life of a case, written down once more, by hand.
fn may_move(from: CaseState, to: CaseState) -> bool {
    use CaseState::{Confirmed, Disconnecting, Dismissed, Escalated, Observed, Resolved, Suspected};
    match from {
        Suspected => matches!(to, Suspected | Confirmed | Dismissed | Observed | Escalated),
        Confirmed => matches!(to, Confirmed | Disconnecting | Dismissed | Observed | Escalated),
        Disconnecting => matches!(to, Disconnecting | Resolved | Escalated | Dismissed | Observed),
        // Analytics may still list what has ended.
        Dismissed => matches!(to, Dismissed | Suspected | Observed | Escalated),
        // What can no longer be read is dismissed.
        Observed => matches!(to, Observed | Suspected | Dismissed | Escalated),
        Resolved => to == Resolved,
        Escalated => to == Escalated,
    }
}
