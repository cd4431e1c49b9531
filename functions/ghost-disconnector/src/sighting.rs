//! What a look means: the policy's verdict, and what a case needs to know of the conversation.

use std::collections::BTreeSet;

use ghost_policy::conversation::Leg;
use ghost_policy::verdict::{AliveReason, GhostTest};
use ghost_policy::{Conversation, Policy, Verdict, evaluate, evaluate_forced};
use jiff::Timestamp;

use crate::case::{Case, Finding, Fingerprint, Force, LegEvidence, State, Subject};
use crate::hints;
use crate::ports::{Look, Seen};

/// A conversation may have rung at hundreds of agents, and a case must stay small.
const MOST_LEGS: usize = 12;

/// A look, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// When the look was asked for. The verdict is of that moment: a ghost stays one while the facts stay the same.
    pub asked_at: Timestamp,
    /// For a support case.
    pub correlation_id: Option<String>,
    /// What it is.
    pub what: What,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It has ended, or there is no such conversation.
    Over {
        /// In words.
        why: String,
        /// What it was when it ended, if the platform still tells.
        ended: Option<Ended>,
    },
    /// It is still on.
    On(Box<Facts>, Judgement),
}

/// A conversation that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// What a case needs to know of it.
    pub facts: Box<Facts>,
}

/// What a case needs to know of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The case that it belongs to.
    pub case_id: String,
    /// When its newest leg opened.
    pub newest_leg_opened: Option<Timestamp>,
    /// For counts.
    pub subject: Subject,
    /// What may have caused it.
    pub hints: Vec<String>,
    /// Its legs, as a case shows them.
    pub legs: Vec<LegEvidence>,
}

/// Ghost or alive.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// Nobody is there, for long enough; or somebody answers for it that this does not matter.
    Ghost {
        /// Why.
        finding: Finding,
        /// What two looks must agree on.
        fingerprint: Fingerprint,
    },
    /// Somebody may be there, or it is too early to say.
    Alive {
        /// Why, in words.
        why: String,
        /// When it may be a ghost if nothing changes.
        look_again_at: Option<Timestamp>,
        /// Whether the policy's durations are all that is missing: nobody is there.
        nobody_is_there: bool,
    },
}

impl What {
    /// The legs that were seen, as a case shows them.
    pub fn legs(&self) -> &[LegEvidence] {
        match self {
            Self::On(facts, _) | Self::Over { ended: Some(Ended { facts, .. }), .. } => &facts.legs,
            Self::Over { ended: None, .. } => &[],
        }
    }
}

impl Sighting {
    /// Judges a look by the policy, with what `force` skips.
    pub fn of(policy: &Policy, look: &Look, force: Force) -> Self {
        let Look { asked_at, seen, correlation_id } = look;
        let what = match seen {
            Seen::Nothing => {
                What::Over { why: "There is no such conversation, or none that we may see.".to_owned(), ended: None }
            }
            Seen::Conversation(conversation) => judge(policy, conversation, *asked_at, force),
        };
        Self { asked_at: *asked_at, correlation_id: correlation_id.clone(), what }
    }

    /// Judges a look at the conversation of a case, with what whoever asked for its end may skip. Once a disconnect has been
    /// requested, nobody is there if nobody is left, also where no test of the rule says so: a teardown half done.
    pub fn of_case(policy: &Policy, look: &Look, case: &Case) -> Self {
        let sighting = Self::of(policy, look, case.force(look.asked_at));
        let Seen::Conversation(conversation) = &look.seen else { return sighting };
        let is_left_over = matches!(&sighting.what, What::On(facts, Judgement::Alive { nobody_is_there: false, .. })
            if facts.case_id == case.case_id)
            && case.state() == State::Disconnecting
            && ghost_policy::nobody_is_left(policy, conversation, look.asked_at);
        if is_left_over { Self { what: left_over(conversation, look.asked_at, case), ..sighting } } else { sighting }
    }
}

/// What a teardown by half has left.
fn left_over(conversation: &Conversation, at: Timestamp, case: &Case) -> What {
    let reason = "Nobody has an open communication any more, and it has not ended.".to_owned();
    let rule = case.finding.as_ref().map_or_else(String::new, |finding| finding.rule.clone());
    let finding = Finding { rule, test: GhostTest::NoConnectedPartyFor.as_str().to_owned(), since: at, reason };
    let fingerprint = fingerprint(conversation, &finding);
    What::On(Box::new(facts(conversation)), Judgement::Ghost { finding, fingerprint })
}

fn judge(policy: &Policy, conversation: &Conversation, at: Timestamp, force: Force) -> What {
    let forced = || evaluate_forced(policy, conversation, at);
    let verdict = if force == Force::No { evaluate(policy, conversation, at) } else { forced() };
    let judgement = match verdict {
        Verdict::Ended => {
            let ended = conversation.end.map(|at| Ended { at, facts: Box::new(facts(conversation)) });
            return What::Over { why: "The conversation has ended.".to_owned(), ended };
        }
        Verdict::Ghost { rule, test, since, reason, .. } => {
            let finding = Finding { rule, test: test.as_str().to_owned(), since, reason };
            let fingerprint = fingerprint(conversation, &finding);
            Judgement::Ghost { finding, fingerprint }
        }
        Verdict::Alive { why, look_again_at } => {
            let words = Verdict::Alive { why: why.clone(), look_again_at }.explain();
            if force == Force::Live && !out_of_scope(&why) {
                answered_for(conversation, at, &words)
            } else {
                let nobody_is_there = force == Force::No && forced().is_ghost();
                Judgement::Alive { why: words, look_again_at, nobody_is_there }
            }
        }
    };
    What::On(Box::new(facts(conversation)), judgement)
}

/// Somebody asked for its end whoever is there.
fn answered_for(conversation: &Conversation, at: Timestamp, words: &str) -> Judgement {
    let reason = format!("Disconnected by request although somebody may be there. {words}");
    let finding = Finding { rule: "request".to_owned(), test: "live".to_owned(), since: at, reason };
    let fingerprint = fingerprint(conversation, &finding);
    Judgement::Ghost { finding, fingerprint }
}

/// Whether the policy does not speak of the conversation at all: no force skips that.
fn out_of_scope(why: &[AliveReason]) -> bool {
    why.iter().any(|reason| {
        matches!(reason, AliveReason::Excluded { .. } | AliveReason::NoRuleFits | AliveReason::RuleUntold { .. })
    })
}

fn fingerprint(conversation: &Conversation, finding: &Finding) -> Fingerprint {
    let open = conversation.open_legs().map(|leg| {
        let communication = leg.communication;
        let held = if communication.held { " held" } else { "" };
        format!("{} {}{held}", communication.id, communication.state.as_str())
    });
    let mut open: Vec<_> = open.collect();
    open.sort();
    Fingerprint {
        rule: finding.rule.clone(),
        test: finding.test.clone(),
        since: finding.since,
        legs: conversation.legs().count(),
        open,
    }
}

fn facts(conversation: &Conversation) -> Facts {
    Facts {
        case_id: Case::id_for(conversation),
        newest_leg_opened: conversation.newest_leg_opened(),
        subject: subject(conversation),
        hints: hints::hints(conversation),
        legs: evidence(conversation),
    }
}

/// By the legs that are open, or by all if none is.
fn subject(conversation: &Conversation) -> Subject {
    let open: Vec<_> = conversation.open_legs().collect();
    let legs = if open.is_empty() { conversation.legs().collect() } else { open };
    let all = || conversation.legs();
    let names = |names: BTreeSet<String>| {
        let names: Vec<_> = names.into_iter().collect();
        (!names.is_empty()).then(|| names.join("+"))
    };
    let queue = |leg: &Leg<'_>| leg.participant.queue_id.clone();
    Subject {
        media: names(legs.iter().filter_map(|leg| leg.communication.media).map(|media| media.to_string()).collect()),
        queue_id: legs.iter().find_map(queue).or_else(|| all().find_map(|leg| queue(&leg))),
        provider: names(legs.iter().filter_map(|leg| leg.communication.provider.clone()).collect()),
    }
}

fn evidence(conversation: &Conversation) -> Vec<LegEvidence> {
    let mut legs: Vec<_> = conversation.legs().collect();
    legs.sort_by_key(|leg| std::cmp::Reverse((leg.is_open(), leg.closed())));
    legs.iter().take(MOST_LEGS).map(leg_evidence).collect()
}

fn leg_evidence(leg: &Leg<'_>) -> LegEvidence {
    let Leg { participant, communication } = leg;
    LegEvidence {
        participant_id: participant.id.clone(),
        purpose: participant.purpose.as_str().to_owned(),
        communication_id: communication.id.clone(),
        media: communication.media.map_or("unknown", |media| media.as_str()).to_owned(),
        state: communication.state.as_str().to_owned(),
        opened: leg.opened(),
        closed: leg.closed(),
        disconnect_type: communication.disconnect_type.clone(),
        error_code: communication.error.as_ref().and_then(|error| error.code.clone()),
        provider: communication.provider.clone(),
    }
}
