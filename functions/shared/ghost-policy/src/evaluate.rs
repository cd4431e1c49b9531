//! The policy applied to a conversation at a moment.
//!
//! Three questions, each in a module of its own: does the policy speak of this conversation at all (`scope`), does anything
//! speak for life whatever the rules say (`life`), and which tests of the deciding rule does it meet, since when
//! (`symptoms`). None of them knows what time it is: each answers with moments. So the one comparison with the clock is
//! here, a ghost stays one while the facts stay the same, and the moment to look again is exact.

mod life;
mod scope;
mod symptoms;

use jiff::Timestamp;

use crate::conversation::{Conversation, leg::Lasts};
use crate::duration::{FriendlyDuration, in_words};
use crate::policy::{GhostWhen, Policy, Rule};
use crate::verdict::{AliveReason, Evidence, GhostTest, Verdict};
use life::SignOfLife;
use scope::Deciding;
use symptoms::Symptom;

/// What the conversation is by the policy, `now`.
pub fn evaluate(policy: &Policy, conversation: &Conversation, now: Timestamp) -> Verdict {
    judge(policy, conversation, now, false)
}

/// What the conversation is `now` if an administrator asks for its end: as [`evaluate`], without the policy's durations.
///
/// Everything else holds: exclusions, the choice of the rule, tests that are switched off, and whatever speaks for life.
/// `idleFor` keeps its duration, since for an email or message that has an agent it is the very proof that nobody is there.
pub fn evaluate_forced(policy: &Policy, conversation: &Conversation, now: Timestamp) -> Verdict {
    judge(policy, conversation, now, true)
}

/// Whether it may be a ghost `now`, by what is told of it: too little may be told to know which rule decides, or what excludes it.
pub fn may_be_ghost(policy: &Policy, conversation: &Conversation, now: Timestamp) -> bool {
    let is_out_of_scope = conversation.end.is_some() || scope::told_exclusion(policy, conversation).is_some();
    let is_ghost = |rule| assessment(rule, conversation, false).at(now).is_ghost();
    !is_out_of_scope && scope::rules_that_may_decide(policy, conversation).any(is_ghost)
}

/// Whether a conversation that the policy speaks of goes on `now` though nobody is left: no leg is open, and nothing speaks for life.
/// No test of the rule is asked, nor since when.
pub fn nobody_is_left(policy: &Policy, conversation: &Conversation, now: Timestamp) -> bool {
    if conversation.end.is_some() || scope::exclusion(policy, conversation).is_some() {
        return false;
    }
    let Deciding::Rule(rule) = scope::deciding_rule(policy, conversation) else { return false };
    let is_alive = assessment(rule, conversation, false).signs.iter().any(|sign| sign.speaks_at(now));
    conversation.open_legs().next().is_none() && !is_alive
}

fn judge(policy: &Policy, conversation: &Conversation, now: Timestamp, forced: bool) -> Verdict {
    if conversation.end.is_some() {
        return Verdict::Ended;
    }
    let out_of_scope = |reason| Verdict::Alive { why: vec![reason], look_again_at: None };
    if let Some(by) = scope::exclusion(policy, conversation) {
        return out_of_scope(AliveReason::Excluded { by });
    }
    match scope::deciding_rule(policy, conversation) {
        Deciding::Rule(rule) => assessment(rule, conversation, forced).at(now),
        Deciding::Untold { rule, what } => out_of_scope(AliveReason::RuleUntold { rule: rule.name.clone(), what }),
        Deciding::None => out_of_scope(AliveReason::NoRuleFits),
    }
}

fn assessment<'a>(rule: &'a Rule, conversation: &'a Conversation, forced: bool) -> Assessment<'a> {
    let patience = Patience { when: rule.ghost_when, forced };
    Assessment {
        rule,
        patience,
        signs: life::signs_of_life(conversation, patience),
        symptoms: symptoms::symptoms(conversation, patience),
        conversation,
    }
}

/// How long each test of a rule waits.
#[derive(Debug, Clone, Copy)]
struct Patience {
    when: GhostWhen,
    forced: bool,
}

impl Patience {
    fn duration(&self, test: GhostTest) -> Option<FriendlyDuration> {
        match test {
            GhostTest::AfterCallWorkFor => self.when.after_call_work_for,
            GhostTest::WaitingFor => self.when.waiting_for,
            GhostTest::AgentGoneFor => self.when.agent_gone_for,
            GhostTest::CustomerGoneFor => self.when.customer_gone_for,
            GhostTest::NoConnectedPartyFor => self.when.no_connected_party_for,
            GhostTest::IdleFor => self.when.idle_for,
        }
    }

    fn skips(&self, test: GhostTest) -> bool {
        self.forced && test != GhostTest::IdleFor
    }

    /// When what has lasted since `since` meets the test; `None` if that test is switched off, or never.
    fn ends(&self, test: GhostTest, since: Timestamp) -> Option<Timestamp> {
        let duration = self.duration(test)?;
        if self.skips(test) { Some(since) } else { duration.after(since) }
    }
}

/// Everything that decides, apart from the time.
struct Assessment<'a> {
    rule: &'a Rule,
    patience: Patience,
    signs: Vec<SignOfLife>,
    symptoms: Vec<Result<Symptom, AliveReason>>,
    conversation: &'a Conversation,
}

impl Assessment<'_> {
    fn at(self, now: Timestamp) -> Verdict {
        let ghost_at = self.ghost_at();
        let met = || self.symptoms.iter().flatten().find(|symptom| symptom.due <= now);
        if let (Some(at), Some(symptom)) = (ghost_at, met())
            && at <= now
        {
            return self.ghost(symptom, now);
        }
        Verdict::Alive { why: self.why_alive(now), look_again_at: ghost_at }
    }

    /// The earliest moment at which this is a ghost: some test is met, and nothing speaks for life any more.
    fn ghost_at(&self) -> Option<Timestamp> {
        let first_due = self.symptoms.iter().flatten().map(|symptom| symptom.due).min()?;
        self.signs.iter().try_fold(first_due, |at, sign| match sign.lasts {
            Lasts::On => None,
            Lasts::Until(end) => Some(at.max(end)),
        })
    }

    fn ghost(&self, symptom: &Symptom, now: Timestamp) -> Verdict {
        let Symptom { test, what, since, duration, .. } = symptom;
        let duration = if self.patience.skips(*test) { "skipped by request".to_owned() } else { duration.to_string() };
        let elapsed = in_words(*since, now);
        Verdict::Ghost {
            rule: self.rule.name.clone(),
            test: *test,
            since: *since,
            reason: format!("{what} since {since} ({elapsed}); rule {}, {test} {duration}.", self.rule.name),
            evidence: Evidence::of_all(self.conversation.legs()),
        }
    }

    fn why_alive(self, now: Timestamp) -> Vec<AliveReason> {
        let open_legs = self.conversation.open_legs().count();
        let signs = self.signs.into_iter().filter(|sign| sign.speaks_at(now));
        let mut why: Vec<_> = signs.map(|sign| sign.reason).collect();
        why.extend(self.symptoms.into_iter().filter_map(|symptom| match symptom {
            Ok(Symptom { test, since, due, what, .. }) => {
                (now < due).then_some(AliveReason::TooEarly { test, what, since })
            }
            Err(reason) => Some(reason),
        }));
        if why.is_empty() {
            why.push(AliveReason::NoTestMet { rule: self.rule.name.clone(), open_legs });
        }
        why
    }
}
