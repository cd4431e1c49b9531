//! An `Idempotency-Key`: what it was first used for, and the answer then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decision::Resumption;
use crate::handshake::{ANSWER_STANDS_FOR, after};

/// The longest key, in characters.
pub const LONGEST_KEY: usize = 128;

/// A key that was used, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// The handshake that it was used for.
    handshake_id: String,
    /// Until when that counts.
    until: Timestamp,
    /// The answer, once there is one.
    answer: Option<Resumption>,
}

/// What a key says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The key is new: write this.
    New(Replay),
    /// It is this request, which has no answer yet.
    Unanswered(Replay),
    /// It is this request, and this was its answer.
    Answered(Resumption),
    /// The key was used for another request.
    Other,
}

/// What is known of a request for this handshake with a key of which this is stored.
pub fn known(stored: Option<Replay>, handshake_id: &str, now: Timestamp) -> Known {
    let Some(stored) = stored.filter(|stored| now < stored.until) else {
        let until = after(now, ANSWER_STANDS_FOR);
        return Known::New(Replay { handshake_id: handshake_id.to_owned(), until, answer: None });
    };
    match stored.answer {
        _ if stored.handshake_id != handshake_id => Known::Other,
        Some(answer) => Known::Answered(answer),
        None => Known::Unanswered(stored),
    }
}

impl Replay {
    /// With the answer.
    #[must_use]
    pub fn answered(self, answer: Resumption) -> Self {
        Self { answer: Some(answer), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_for_one_request_and_its_answer_for_a_minute() {
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let Known::New(first) = known(None, "a", at(0)) else { panic!("it is new") };
        assert_eq!(known(Some(first.clone()), "a", at(1)), Known::Unanswered(first.clone()));
        assert_eq!(known(Some(first.clone()), "b", at(1)), Known::Other);
        let answered = first.answered(Resumption::unavailable());
        assert_eq!(known(Some(answered.clone()), "a", at(59)), Known::Answered(Resumption::unavailable()));
        assert_eq!(known(Some(answered.clone()), "b", at(59)), Known::Other);
        assert!(matches!(known(Some(answered), "b", at(60)), Known::New(_)));
    }
}
