//! What is known of closing a conversation: when an agent last left it, and what was done for its customer. Pure.
//!
//! A step is noted before it is taken, and the note is taken back if it is known not to have been. The message that noted it
//! finishes it, or any other once that one may have died: where the note is all that it finds, the first try died or got no
//! answer, and whether the step was taken nobody knows. A notice then counts as sent; a disconnect is tried again after another
//! look, which does no harm.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, as Genesys Cloud gives times (reference/genesys-cloud.md §1.4).
pub type EpochMs = i64;

/// How often a disconnect is tried for one departure.
pub const MOST_TRIES: u32 = 3;
/// When a message that was not dealt with comes again: the time-out of the queue of departures (`template.yaml`). If it has not by
/// then, it is a dead letter, and comes back, if at all, with an id of its own.
pub const COMES_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(360);

/// What is known of closing a conversation, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// When an agent last left, as far as events tell.
    pub left_at: EpochMs,
    /// When the customer was last told.
    pub told_at: Option<Timestamp>,
    /// What was done after that departure.
    pub attempt: Option<Attempt>,
}

/// Something that was done, or was about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The SQS message that began it; none if the event came alone.
    pub message_id: Option<String>,
    /// What.
    pub kind: Kind,
    /// How often it was tried.
    pub tries: u32,
    /// The rule that says so.
    pub rule: String,
    /// The type of the messages.
    pub message_type: String,
    /// The queue that it came through.
    pub queue_id: Option<String>,
    /// When it was looked at.
    pub looked_at: Timestamp,
    /// How it ended; none while it is not known to have ended.
    pub result: Option<Ended>,
    /// Whether that was announced.
    pub announced: bool,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The customer is disconnected.
    Disconnect,
    /// The customer is told.
    Notify,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    /// Genesys Cloud has taken it.
    Done,
    /// It counts as done, though no answer came.
    Unknown,
    /// Genesys Cloud did not take it: the conversation is not in a state to. A disconnect is looked at again.
    NotTaken,
}

/// What a due departure means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing: there is a later departure, or it is done, or somebody else is at it.
    Nothing,
    /// Look at the conversation.
    Look,
    /// What was begun counts as done: write this, and go on.
    Settle(Closing),
    /// It is done and has to be announced.
    Announce(Attempt),
}

impl Closing {
    /// With a departure. None: nothing is new.
    pub fn with_departure(stored: Option<&Self>, left_at: EpochMs) -> Option<Self> {
        match stored {
            Some(stored) if stored.left_at >= left_at => None,
            Some(stored) => Some(Self { left_at, told_at: stored.told_at, attempt: None }),
            None => Some(Self { left_at, ..Self::default() }),
        }
    }

    /// What was done, or counts as done, and is not announced.
    pub fn unannounced(&self) -> Option<Attempt> {
        let attempt = self.attempt.as_ref()?;
        let result = attempt.result.unwrap_or(Ended::Unknown);
        let is_owed = !attempt.announced && result != Ended::NotTaken;
        is_owed.then(|| Attempt { result: Some(result), ..attempt.clone() })
    }

    /// Whether a step was begun, and nobody knows whether it was taken.
    pub fn may_have_taken_effect(&self) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| attempt.result.is_none())
    }

    /// What to do at `now`, when the grace after a departure is over, for this SQS message.
    pub fn next(&self, left_at: EpochMs, message_id: Option<&str>, now: Timestamp) -> Next {
        if left_at < self.left_at {
            return Next::Nothing;
        }
        let Some(attempt) = &self.attempt else { return Next::Look };
        match attempt.result {
            Some(Ended::Done | Ended::Unknown) if attempt.announced => Next::Nothing,
            Some(Ended::Done | Ended::Unknown) => Next::Announce(attempt.clone()),
            Some(Ended::NotTaken) if !attempt.may_be_tried_again() => Next::Nothing,
            _ if attempt.is_anothers(message_id, now) => Next::Nothing,
            _ if attempt.may_be_tried_again() => Next::Look,
            _ => Next::Settle(self.ended(Ended::Unknown)),
        }
    }

    /// How often a step was tried after this departure.
    pub fn tries(&self) -> u32 {
        self.attempt.as_ref().map_or(0, |attempt| attempt.tries)
    }

    /// With a step about to be taken.
    #[must_use]
    pub fn beginning(&self, attempt: Attempt) -> Self {
        let told_at = match attempt.kind {
            Kind::Notify => Some(attempt.looked_at),
            Kind::Disconnect => self.told_at,
        };
        Self { told_at, attempt: Some(attempt), ..self.clone() }
    }

    /// With the step's end.
    #[must_use]
    pub fn ended(&self, result: Ended) -> Self {
        self.with_attempt(|attempt| attempt.result = Some(result))
    }

    /// With the step not taken by Genesys Cloud: a customer who was to be told was not. `before`: what was known before it.
    #[must_use]
    pub fn not_taken(&self, before: &Self) -> Self {
        Self { told_at: before.told_at, ..self.ended(Ended::NotTaken) }
    }

    /// With the end announced.
    #[must_use]
    pub fn announced(&self) -> Self {
        self.with_attempt(|attempt| attempt.announced = true)
    }

    fn with_attempt(&self, change: impl FnOnce(&mut Attempt)) -> Self {
        let mut changed = self.clone();
        if let Some(attempt) = &mut changed.attempt {
            change(attempt);
        }
        changed
    }
}

impl Attempt {
    /// Whether it may be tried again, after another look.
    pub fn may_be_tried_again(&self) -> bool {
        self.kind == Kind::Disconnect && self.tries < MOST_TRIES
    }

    /// Whether another message is to finish it, and may still.
    fn is_anothers(&self, message_id: Option<&str>, now: Timestamp) -> bool {
        self.message_id.as_deref() != message_id && now.duration_since(self.looked_at) <= COMES_AGAIN_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn attempt(kind: Kind, message_id: &str) -> Attempt {
        Attempt {
            message_id: Some(message_id.to_owned()),
            kind,
            tries: 1,
            rule: "rule".to_owned(),
            message_type: "sms".to_owned(),
            queue_id: None,
            looked_at: NOW,
            result: None,
            announced: false,
        }
    }

    #[test]
    fn a_departure_is_new_if_it_is_later() {
        let first = Closing::with_departure(None, 5).unwrap();
        assert_eq!(Closing::with_departure(Some(&first), 5), None);
        assert_eq!(Closing::with_departure(Some(&first), 4), None);
        let begun = first.beginning(attempt(Kind::Notify, "m"));
        let later = Closing::with_departure(Some(&begun), 6).unwrap();
        assert_eq!(later, Closing { left_at: 6, told_at: Some(NOW), attempt: None });
        assert_eq!(later.next(5, None, NOW), Next::Nothing, "a later departure has its own message");
        assert_eq!(later.next(6, None, NOW), Next::Look);
    }

    #[test]
    fn the_message_that_began_a_step_finishes_it() {
        let closing = Closing::with_departure(None, 5).unwrap();
        let told = closing.beginning(attempt(Kind::Notify, "m"));
        assert_eq!(told.next(5, Some("other"), NOW), Next::Nothing);
        assert_eq!(told.next(5, Some("m"), NOW), Next::Settle(told.ended(Ended::Unknown)), "and is not sent again");
        let left = closing.beginning(attempt(Kind::Disconnect, "m"));
        assert_eq!(left.next(5, Some("m"), NOW), Next::Look, "it may be tried again");
        let tired = closing.beginning(Attempt { tries: MOST_TRIES, ..attempt(Kind::Disconnect, "m") });
        assert_eq!(tired.next(5, Some("m"), NOW), Next::Settle(tired.ended(Ended::Unknown)));
        let done = told.ended(Ended::Done);
        assert!(matches!(done.next(5, Some("other"), NOW), Next::Announce(_)), "whoever comes announces it");
        assert_eq!(done.announced().next(5, Some("m"), NOW), Next::Nothing);
    }

    #[test]
    fn what_its_message_has_left_for_too_long_any_other_finishes() {
        let closing = Closing::with_departure(None, 5).unwrap();
        let (in_time, late) = (NOW + COMES_AGAIN_AFTER, NOW + COMES_AGAIN_AFTER + SignedDuration::from_secs(1));
        let told = closing.beginning(attempt(Kind::Notify, "m"));
        let left = closing.beginning(attempt(Kind::Disconnect, "m"));
        for other in [Some("redriven"), None] {
            assert_eq!(told.next(5, other, in_time), Next::Nothing);
            assert_eq!(told.next(5, other, late), Next::Settle(told.ended(Ended::Unknown)));
            assert_eq!(left.next(5, other, late), Next::Look);
        }
    }

    #[test]
    fn a_message_comes_again_after_the_time_out_of_its_queue() {
        let template = include_str!("../../../template.yaml");
        let (_, queue) = template.split_once("  ChatCloserGraceQueue:\n").unwrap();
        let (_, time_out) = queue.split_once("VisibilityTimeout: ").unwrap();
        assert_eq!(time_out.lines().next(), Some(COMES_AGAIN_AFTER.as_secs().to_string().as_str()));
    }

    #[test]
    fn a_disconnect_that_was_not_taken_is_looked_at_again_and_a_notice_is_not() {
        let closing = Closing::with_departure(None, 5).unwrap();
        let told = closing.beginning(attempt(Kind::Notify, "m")).ended(Ended::NotTaken);
        assert_eq!(told.next(5, Some("m"), NOW), Next::Nothing);
        let left = closing.beginning(attempt(Kind::Disconnect, "m")).ended(Ended::NotTaken);
        assert_eq!(left.next(5, Some("m"), NOW), Next::Look);
        assert_eq!(left.next(5, Some("other"), NOW), Next::Nothing, "the message that tried it does");
        let tired = Attempt { tries: MOST_TRIES, ..attempt(Kind::Disconnect, "m") };
        assert_eq!(closing.beginning(tired).ended(Ended::NotTaken).next(5, Some("m"), NOW), Next::Nothing);
    }

    #[test]
    fn what_was_done_is_owed_an_announcement_until_it_has_one() {
        let closing = Closing::with_departure(None, 5).unwrap();
        assert_eq!(closing.unannounced(), None);
        let begun = closing.beginning(attempt(Kind::Notify, "m"));
        let told = |closing: &Closing| closing.unannounced().and_then(|attempt| attempt.result);
        assert_eq!(told(&begun), Some(Ended::Unknown), "nobody knows better");
        assert_eq!(told(&begun.ended(Ended::Done)), Some(Ended::Done));
        assert_eq!(told(&begun.ended(Ended::Done).announced()), None);
        assert_eq!(told(&begun.ended(Ended::NotTaken)), None);
    }
}
