//! What goes wrong with a case: looks that fail or come too late, requests that do not leave, a breaker that is tripped; and when
//! that becomes a matter for people.

use std::time::Duration;

use ghost_policy::Policy;
use jiff::Timestamp;

use super::moves::paused;
use super::{REST, after, later};
use crate::case::{Case, Stage, State};
use crate::ports::PortError;
use crate::sighting::Sighting;
use crate::support_case::Complaint;

/// After a look that failed: as long as `confirm.every`, then longer and longer, up to this.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// So many looks that fail, or that nothing comes of, an hour apart in the end, are a matter for people.
const MOST_IN_VAIN: u32 = 24;

/// The same for looks that fail in a way that may pass: an outage of days must not give up every case.
const MOST_OF_AN_OUTAGE: u32 = 72;

/// What is in hand for longer, and for twice as long as the policy itself asks for, is a matter for people.
const LONGEST_IN_HAND: Duration = Duration::from_hours(24);

/// While the breaker is tripped a case waits: ever longer, up to this, so that a reset is soon noticed.
const LONGEST_WAIT_FOR_BREAKER: Duration = Duration::from_mins(10);

/// After a look that took too long to act upon: that of the next run but one, most often; longer the more often that happens.
const TOO_LATE_PAUSE: Duration = Duration::from_mins(1);

impl Case {
    /// A note that a conversation cannot be read: nothing is known of it, so nothing is done.
    pub(crate) fn unreadable(
        conversation_id: &str,
        policy: &Policy,
        now: Timestamp,
        look_then: bool,
        error: &PortError,
    ) -> Self {
        let mut case = Self::of_nothing(conversation_id, now);
        case.still_unreadable(policy, now, look_then, error);
        case
    }

    /// Puts the next look off, since the conversation cannot be read. Not where the case is closed.
    pub(crate) fn still_unreadable(
        &mut self,
        policy: &Policy,
        now: Timestamp,
        then_look: bool,
        error: &PortError,
    ) -> bool {
        match &mut self.stage {
            Stage::Dismissed { look_then, .. } | Stage::Observed { look_then, .. } => *look_then |= then_look,
            _ => return false,
        }
        self.look_failed(policy, now, error);
        true
    }

    /// Puts the next look off, since this one failed; after too many it is given up.
    pub(crate) fn look_failed(&mut self, policy: &Policy, now: Timestamp, error: &PortError) {
        let pause = paused(policy.confirm.every.get(), self.failed_looks).min(LONGEST_PAUSE);
        self.failed_looks = self.failed_looks.saturating_add(1);
        self.put_off(after(now, pause));
        self.was_out_of_hand_for(pause);
        let most = if error.may_pass { MOST_OF_AN_OUTAGE } else { MOST_IN_VAIN };
        if self.failed_looks < most && !self.is_unreadable {
            return;
        }
        let reason = format!("{} looks have failed one after the other, the last because {error}.", self.failed_looks);
        match self.state() {
            State::Suspected | State::Confirmed | State::Disconnecting => {
                self.escalate(Complaint::CannotBeRead, None, now, &format!("It cannot be looked at. {reason}"));
            }
            State::Dismissed | State::Observed if self.is_unreadable => self.forget(now),
            State::Dismissed | State::Observed => {
                let stage = Stage::Dismissed { noted: later(now, REST), look_then: false };
                let rest =
                    "Nothing is known of it, so nothing is done; it is looked at once a day while analytics lists it.";
                self.noted_move(stage, now, None, &format!("It cannot be read. {reason} {rest}"));
                self.is_unreadable = true;
            }
            State::Resolved | State::Escalated => {}
        }
    }

    /// Puts the next look off, since this one was too old when its answer came; after too many it is given up.
    pub(crate) fn look_came_too_late(&mut self, sighting: &Sighting, now: Timestamp) {
        self.put_off(after(now, paused(TOO_LATE_PAUSE, self.in_vain).min(LONGEST_PAUSE)));
        self.came_to_nothing(sighting, "The last look took longer than a look may be old for a disconnect.");
    }

    /// Something was to be done, and could not be.
    pub(super) fn came_to_nothing(&mut self, sighting: &Sighting, why: &str) {
        self.in_vain = self.in_vain.saturating_add(1);
        if self.in_vain >= MOST_IN_VAIN {
            let reason = format!("{MOST_IN_VAIN} times it was to be disconnected, and no request could leave. {why}");
            self.escalate(Complaint::CannotBeDisconnected, Some(sighting), sighting.asked_at, &reason);
        }
    }

    /// It is taken up at last. Where nobody could for long, the schedule or all else being out, that is not the case's doing.
    pub(crate) fn taken_up(&mut self, now: Timestamp) {
        let late = self.stage.next_look_at().and_then(|due| Duration::try_from(now.duration_since(due)).ok());
        if let Some(late) = late.filter(|late| *late > LONGEST_PAUSE) {
            self.was_out_of_hand_for(late);
        }
    }

    /// Time in which nothing could be done about it does not count.
    fn was_out_of_hand_for(&mut self, time: Duration) {
        self.in_hand_since = self.in_hand_since.map(|since| after(since, time));
    }

    /// Whether it has been in hand for so long that people should see to it.
    pub(super) fn is_in_hand_too_long(&self, policy: &Policy, at: Timestamp) -> bool {
        let looks = policy.confirm.every.get().saturating_mul(policy.confirm.looks);
        let attempts = policy.verify.after.get().saturating_mul(policy.verify.attempts);
        let longest = looks.saturating_add(attempts).saturating_mul(2).max(LONGEST_IN_HAND);
        self.in_hand_since.is_some_and(|since| at > after(since, longest))
    }

    /// Puts the next look off, since the breaker is tripped.
    pub(crate) fn wait_for_breaker(&mut self, policy: &Policy, now: Timestamp) {
        self.in_hand_since = Some(now);
        let waited = self.moves.last().map_or(Duration::ZERO, |one| now.duration_since(one.at).unsigned_abs());
        let wait = (waited / 2).min(LONGEST_WAIT_FOR_BREAKER).max(policy.confirm.every.get());
        self.put_off(after(now, wait));
    }
}
