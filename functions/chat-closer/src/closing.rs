//! What is known of closing a conversation: when an agent last left it, and what was done for its customer. Pure.
//!
//! A step is noted before it is taken, and the note is taken back if it is known not to have been. The message that noted it
//! finishes it: where its own note is all that it finds, its first try died or got no answer, and whether the step was taken
//! nobody knows. A notice then counts as sent; a disconnect is tried again after another look, which does no harm.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, as Genesys Cloud gives times (reference/genesys-cloud.md §1.4).
pub type EpochMs = i64;

/// How often a disconnect is tried for one departure.
pub const MOST_TRIES: u32 = 3;

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
    /// Genesys Cloud did not take it: the conversation is not in a state to.
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

    /// What to do now that the grace after a departure is over, for this SQS message.
    pub fn next(&self, left_at: EpochMs, message_id: Option<&str>) -> Next {
        if left_at < self.left_at {
            return Next::Nothing;
        }
        let Some(attempt) = &self.attempt else { return Next::Look };
        match (attempt.result, attempt.kind) {
            (Some(Ended::NotTaken), _) => Next::Nothing,
            (Some(_), _) if attempt.announced => Next::Nothing,
            (Some(_), _) => Next::Announce(attempt.clone()),
            (None, _) if attempt.message_id.as_deref() != message_id => Next::Nothing,
            (None, Kind::Disconnect) if attempt.tries < MOST_TRIES => Next::Look,
            (None, _) => Next::Settle(self.ended(Ended::Unknown)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(kind: Kind, message_id: &str) -> Attempt {
        Attempt {
            message_id: Some(message_id.to_owned()),
            kind,
            tries: 1,
            rule: "rule".to_owned(),
            message_type: "sms".to_owned(),
            queue_id: None,
            looked_at: Timestamp::UNIX_EPOCH,
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
        assert_eq!(later, Closing { left_at: 6, told_at: Some(Timestamp::UNIX_EPOCH), attempt: None });
        assert_eq!(later.next(5, None), Next::Nothing, "a later departure has its own message");
        assert_eq!(later.next(6, None), Next::Look);
    }

    #[test]
    fn the_message_that_began_a_step_finishes_it() {
        let closing = Closing::with_departure(None, 5).unwrap();
        let told = closing.beginning(attempt(Kind::Notify, "m"));
        assert_eq!(told.next(5, Some("other")), Next::Nothing);
        assert_eq!(told.next(5, Some("m")), Next::Settle(told.ended(Ended::Unknown)), "and is not sent again");
        let left = closing.beginning(attempt(Kind::Disconnect, "m"));
        assert_eq!(left.next(5, Some("m")), Next::Look, "it may be tried again");
        let tired = closing.beginning(Attempt { tries: MOST_TRIES, ..attempt(Kind::Disconnect, "m") });
        assert_eq!(tired.next(5, Some("m")), Next::Settle(tired.ended(Ended::Unknown)));
        let done = told.ended(Ended::Done);
        assert!(matches!(done.next(5, Some("other")), Next::Announce(_)), "whoever comes announces it");
        assert_eq!(done.announced().next(5, Some("m")), Next::Nothing);
        assert_eq!(told.ended(Ended::NotTaken).next(5, Some("m")), Next::Nothing);
    }
}
