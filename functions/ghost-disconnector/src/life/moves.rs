//! What is written into a case: moves, requests and their answers, failed looks.

use std::time::Duration;

use ghost_policy::Policy;
use jiff::Timestamp;

use super::setbacks::LONGEST_PAUSE;
use super::{FRESH, REST, after, later};
use crate::breaker::Permit;
use crate::case::{Attempt, Case, Finding, Fingerprint, Force, LegEvidence, Move, Request, Stage, State, Subject};
use crate::ports::{Answer, Disconnection};
use crate::sighting::{Facts, Sighting};
use crate::support_case::{self, Complaint};

/// A record stays well below `DynamoDB`'s 400 KB: of more moves, the oldest but the first few are left out.
const MOST_MOVES: usize = 40;
const FIRST_MOVES: usize = 4;

/// Of more attempts, such as were turned away are left out, but for the first few.
const MOST_ATTEMPTS: usize = 60;
const FIRST_ATTEMPTS: usize = 4;

/// A reason is no longer, in characters: it may list every leg of a conversation.
const LONGEST_REASON: usize = 2_000;

/// How long somebody's word stands that a live conversation may be disconnected.
pub(crate) const LIVE_LASTS: Duration = Duration::from_mins(15);

/// A request that was not sent is decided anew after so long, and longer the more often that happens.
const NOT_SENT_PAUSE: Duration = Duration::from_secs(1);

impl Case {
    /// A case of the conversation as it is.
    pub(super) fn about(
        conversation_id: &str,
        facts: &Facts,
        stage: Stage,
        request: Option<Request>,
        at: Timestamp,
    ) -> Self {
        Self {
            conversation_id: conversation_id.to_owned(),
            case_id: facts.case_id.clone(),
            stage,
            newest_leg_opened: facts.newest_leg_opened,
            subject: facts.subject.clone(),
            finding: None,
            request,
            attempts: Vec::new(),
            attempts_left_out: 0,
            hints: facts.hints.clone(),
            support_case: None,
            failed_looks: 0,
            is_unreadable: false,
            in_vain: 0,
            opened_at: Some(at),
            in_hand_since: None,
            moves: Vec::new(),
            moves_left_out: 0,
        }
    }

    /// A note that there is no such conversation (any more).
    pub(super) fn of_nothing(conversation_id: &str, at: Timestamp) -> Self {
        let facts = Facts {
            case_id: Self::id_of(conversation_id, None),
            newest_leg_opened: None,
            subject: Subject::default(),
            hints: Vec::new(),
            legs: Vec::new(),
        };
        let stage = Stage::Dismissed { noted: later(at, REST), look_then: false };
        Self::about(conversation_id, &facts, stage, None, at)
    }

    /// What may be skipped in judging a look of this time. Nothing once the request was refused, which dismissing and observing do.
    pub fn force(&self, asked_at: Timestamp) -> Force {
        let was_refused = matches!(self.state(), State::Dismissed | State::Observed);
        let request = self.request.as_ref().filter(|_| !was_refused);
        request.map_or(Force::No, |request| request.force_at(asked_at))
    }

    /// Whether somebody answers for it that it does not matter who is there.
    fn is_answered_for(&self, at: Timestamp) -> bool {
        self.request.as_ref().is_some_and(|request| request.force_at(at) == Force::Live)
    }

    /// Disconnect requests of this suspicion, the last first.
    fn last_attempts(&self) -> impl Iterator<Item = &Attempt> {
        let suspected_at = self.moves.iter().rev().find(|one| one.to == State::Suspected).map(|one| one.at);
        self.attempts.iter().rev().take_while(move |attempt| suspected_at.is_none_or(|since| attempt.at >= since))
    }

    /// How many disconnect requests of this suspicion may have had an effect: those that were turned away or never left do
    /// not count.
    pub fn attempts_that_count(&self) -> u32 {
        let count = self.last_attempts().filter(|attempt| !attempt.was_turned_away()).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How many of the last disconnect requests of this suspicion the rate limit has turned away, one after the other.
    pub(super) fn rate_limited_in_a_row(&self) -> usize {
        self.last_attempts().take_while(|attempt| attempt.was_rate_limited()).count()
    }

    /// What the breaker is asked for, for a request at that time.
    pub(crate) fn permit(&self, at: Timestamp) -> Permit {
        let since = self.finding.as_ref().map_or(at, |finding| finding.since);
        Permit { at, since, subject: self.subject.clone() }
    }

    /// Writes down that a disconnect is about to be requested. Whoever stores this, and nobody else, may send it.
    pub(crate) fn begin_attempt(&mut self, policy: &Policy, sighting: &Sighting, now: Timestamp) {
        let number = self.attempts.last().map_or(1, |attempt| attempt.number + 1);
        let attempt =
            Attempt { number, at: now, looked_at: sighting.asked_at, answer: None, words: None, correlation_id: None };
        self.attempts.push(attempt);
        if self.attempts.len() > MOST_ATTEMPTS {
            let middle = self.attempts.iter().skip(FIRST_ATTEMPTS).position(Attempt::was_turned_away);
            if let Some(index) = middle {
                self.attempts.remove(FIRST_ATTEMPTS + index);
                self.attempts_left_out = self.attempts_left_out.saturating_add(1);
            }
        }
        // It may leave at any time until its look is too old. Whoever looked before that could take it for one without effect.
        let sent_by = after(sighting.asked_at, FRESH).max(now);
        let stage = Stage::Disconnecting { next_look_at: after(sent_by, policy.verify.after.get()) };
        if self.state() == State::Disconnecting {
            self.stage = stage;
        } else {
            let reason = self.finding.as_ref().map_or_else(String::new, |finding| finding.reason.clone());
            self.moved(stage, sighting, &format!("A disconnect is requested. {reason}"));
        }
    }

    /// Writes down what came of the last disconnect request, and when to look.
    pub(crate) fn note_answer(&mut self, policy: &Policy, sighting: &Sighting, disconnection: Disconnection) {
        let in_vain = self.in_vain;
        let limited = self.last_attempts().skip(1).take_while(|attempt| attempt.was_rate_limited()).count();
        let Some(attempt) = self.attempts.last_mut() else { return };
        let Disconnection { at, answer, words, correlation_id } = disconnection;
        let verify_after = policy.verify.after.get();
        let next_look_at = match answer {
            Answer::NotSent => after(at, paused(NOT_SENT_PAUSE, in_vain).min(LONGEST_PAUSE)),
            Answer::RateLimited { retry_after } => {
                let pause = paused(verify_after, u32::try_from(limited).unwrap_or(u32::MAX))
                    .min(LONGEST_PAUSE)
                    .max(verify_after);
                after(at, retry_after.unwrap_or_default().max(pause))
            }
            _ => after(at.max(attempt.at), verify_after),
        };
        attempt.answer = Some(answer);
        attempt.words = Some(words);
        attempt.correlation_id = correlation_id;
        self.stage = Stage::Disconnecting { next_look_at };
        match answer {
            Answer::NotSent => self.came_to_nothing(sighting, "The last disconnect request could not be sent."),
            Answer::RateLimited { .. } => {}
            _ => self.in_vain = 0,
        }
    }

    /// People must go on: they get what Genesys Customer Care asks for.
    pub(super) fn escalate(&mut self, complaint: Complaint, sighting: Option<&Sighting>, at: Timestamp, reason: &str) {
        self.noted_move(Stage::Escalated, at, sighting, reason);
        self.support_case = Some(support_case::text(self, complaint, sighting));
    }

    pub(super) fn put_off(&mut self, until: Timestamp) {
        match &mut self.stage {
            Stage::Suspected { next_look_at, .. }
            | Stage::Confirmed { next_look_at, .. }
            | Stage::Disconnecting { next_look_at } => *next_look_at = until,
            Stage::Dismissed { noted, .. } | Stage::Observed { noted, .. } => *noted = until,
            Stage::Resolved | Stage::Escalated => {}
        }
    }

    /// A look has succeeded: those that failed before are history.
    pub(super) fn was_read(&mut self) {
        self.failed_looks = 0;
        self.is_unreadable = false;
    }

    /// Takes in what a look shows of the conversation.
    pub(super) fn take_in(&mut self, facts: &Facts) {
        self.was_read();
        self.subject = facts.subject.clone();
        for hint in &facts.hints {
            self.hint(hint.clone());
        }
    }

    /// Notes what may have caused it.
    pub(crate) fn hint(&mut self, hint: String) {
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    pub(super) fn suspect(
        &mut self,
        policy: &Policy,
        sighting: &Sighting,
        finding: &Finding,
        fingerprint: &Fingerprint,
    ) {
        self.finding = Some(finding.clone());
        self.in_hand_since = Some(sighting.asked_at);
        self.in_vain = 0;
        let stage = self.suspicion(policy, fingerprint, sighting.asked_at);
        self.moved(stage, sighting, &finding.reason);
    }

    /// Found once. It is made sure of after a while, or at once if one look is all that is called for.
    pub(super) fn suspicion(&self, policy: &Policy, fingerprint: &Fingerprint, at: Timestamp) -> Stage {
        let at_once = policy.confirm.looks <= 1 || self.is_answered_for(at);
        let wait = if at_once { Duration::ZERO } else { policy.confirm.every.get() };
        Stage::Suspected { looks: 1, fingerprint: fingerprint.clone(), next_look_at: after(at, wait) }
    }

    pub(super) fn observed(&mut self, sighting: &Sighting) {
        let stage = Stage::Observed { noted: later(sighting.asked_at, REST), look_then: true };
        let reason = self.finding.as_ref().map_or_else(String::new, |finding| finding.reason.clone());
        self.moved(stage, sighting, &format!("Reported only: the policy's mode is observe. {reason}"));
    }

    /// Observed, and alive now: it stays what it was, and is looked at again after a while.
    pub(super) fn watch_on(&mut self, at: Timestamp) {
        self.stage = Stage::Observed { noted: later(at, REST), look_then: true };
    }

    /// Whether a look at that time found the very same as the one before. Who answers for a live conversation does not ask that.
    pub(super) fn agrees(&self, seen: &Fingerprint, now: &Fingerprint, at: Timestamp) -> bool {
        self.is_answered_for(at) || seen == now
    }

    /// Nothing more is to be done about it, unless discovery comes across it after a while.
    pub(super) fn forget(&mut self, at: Timestamp) {
        match &mut self.stage {
            Stage::Dismissed { noted, look_then } | Stage::Observed { noted, look_then } => {
                *noted = later(at, REST);
                *look_then = false;
            }
            _ => {}
        }
    }

    pub(super) fn moved(&mut self, stage: Stage, sighting: &Sighting, reason: &str) {
        self.noted_move(stage, sighting.asked_at, Some(sighting), reason);
    }

    pub(super) fn noted_move(&mut self, stage: Stage, at: Timestamp, sighting: Option<&Sighting>, reason: &str) {
        let evidence: Vec<LegEvidence> = sighting.map_or_else(Vec::new, |sighting| sighting.what.legs().to_vec());
        let from = self.moves.last().map(|one| one.to);
        let to = stage.state();
        self.stage = stage;
        self.moves.push(Move {
            number: self.moves.last().map_or(1, |one| one.number + 1),
            at,
            from,
            to,
            reason: shortened(reason),
            evidence,
            correlation_id: sighting.and_then(|sighting| sighting.correlation_id.clone()),
            unannounced: to.is_announced(),
        });
        if self.moves.len() > MOST_MOVES {
            self.moves.remove(FIRST_MOVES);
            self.moves_left_out = self.moves_left_out.saturating_add(1);
        }
    }
}

impl Request {
    /// What it may skip of what a look of this time finds. Whoever answers for a live conversation does so for a quarter of an hour,
    /// not for whenever a breaker is reset or a message is delivered.
    pub(crate) fn force_at(&self, at: Timestamp) -> Force {
        let lasts = self.asked_at.is_some_and(|asked_at| at.duration_since(asked_at).unsigned_abs() <= LIVE_LASTS);
        if self.force == Force::Live && !lasts { Force::No } else { self.force }
    }
}

impl Attempt {
    /// Whether it surely had no effect: it never left, or the rate limit kept it out.
    fn was_turned_away(&self) -> bool {
        self.was_rate_limited() || self.answer == Some(Answer::NotSent)
    }

    fn was_rate_limited(&self) -> bool {
        matches!(self.answer, Some(Answer::RateLimited { .. }))
    }
}

impl State {
    /// Whether the world is told of a move to it (DESIGN §4.5).
    const fn is_announced(self) -> bool {
        !matches!(self, Self::Confirmed | Self::Disconnecting)
    }
}

/// As much of it as a record has room for, forty times over.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{} …", &reason[..end]),
        None => reason.to_owned(),
    }
}

/// `base`, doubled so many times.
pub(super) fn paused(base: Duration, times: u32) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
    base.checked_mul(factor).unwrap_or(Duration::MAX)
}
