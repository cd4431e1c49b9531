//! What is remembered of a conversation: written before its disconnect is requested, and again when the answer is known. Pure.
//!
//! Analytics goes on listing what has been disconnected; the note is why that is not done again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A note, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// How far it is.
    pub state: State,
    /// Disconnect requests that were sent, or may have been.
    pub attempts: u32,
    /// Since when it is in this state.
    pub at: Timestamp,
    /// For people: what Genesys Cloud said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// How far the disconnect of a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The request goes out now, or went out and nobody knows what became of it: a look must tell.
    Sending,
    /// Genesys Cloud has taken it.
    Sent,
    /// It is known to have ended.
    Ended,
    /// The request was not carried out: it may be made again.
    NotDone,
    /// It could not be disconnected.
    Failed,
}

/// A note as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNote {
    /// The conversation.
    pub conversation_id: String,
    /// The job that it was noted for last.
    pub job_id: String,
    /// The condition of the next write.
    pub version: u64,
    /// The note.
    pub note: Note,
}

/// What a note says about disconnecting the conversation now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It may be requested, if this version (0: none) is still the latest, after so many attempts.
    Given {
        /// The version to write after.
        version: u64,
        /// Attempts of this job before.
        attempts: u32,
    },
    /// It is done with.
    Settled(State),
    /// Nobody knows yet what became of the request.
    Unsettled,
    /// Another job has it in hand, or had a moment ago.
    OtherJob,
}

/// Another job's note counts for so long: longer than analytics lags. Later the conversation may have come back to the queue,
/// as an email's does with an answer. Where it failed, the next may try at once.
const OTHER_JOBS_COUNT_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Requests of which nobody knows what became are made again so often in all, each after a look.
pub const MOST_ATTEMPTS: u32 = 3;

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Ended => "ended",
            Self::NotDone => "notDone",
            Self::Failed => "failed",
        }
    }
}

/// What the note says, if there is one.
pub fn leave(stored: Option<&StoredNote>, job_id: &str, now: Timestamp) -> Leave {
    let Some(StoredNote { job_id: noted_for, version, note, .. }) = stored else {
        return Leave::Given { version: 0, attempts: 0 };
    };
    if noted_for != job_id {
        let counts =
            !matches!(note.state, State::NotDone | State::Failed) && now.duration_since(note.at) < OTHER_JOBS_COUNT_FOR;
        return if counts { Leave::OtherJob } else { Leave::Given { version: *version, attempts: 0 } };
    }
    match note.state {
        State::Sending => Leave::Unsettled,
        State::NotDone => Leave::Given { version: *version, attempts: note.attempts },
        settled @ (State::Sent | State::Ended | State::Failed) => Leave::Settled(settled),
    }
}

#[cfg(test)]
mod tests {
    use super::{Leave, Note, State, StoredNote, leave};
    use crate::testing::minute;

    fn stored(job_id: &str, state: State) -> StoredNote {
        let note = Note { state, attempts: 2, at: minute(0), words: None };
        StoredNote { conversation_id: "c".to_owned(), job_id: job_id.to_owned(), version: 5, note }
    }

    #[test]
    fn only_what_is_known_not_to_have_been_done_is_done_again() {
        assert_eq!(leave(None, "job", minute(0)), Leave::Given { version: 0, attempts: 0 });
        let at_any_time = |state| {
            let now = leave(Some(&stored("job", state)), "job", minute(0));
            assert_eq!(now, leave(Some(&stored("job", state)), "job", minute(60 * 24 * 30)), "time does not matter");
            now
        };
        assert_eq!(at_any_time(State::NotDone), Leave::Given { version: 5, attempts: 2 });
        assert_eq!(at_any_time(State::Sending), Leave::Unsettled);
        for state in [State::Sent, State::Ended, State::Failed] {
            assert_eq!(at_any_time(state), Leave::Settled(state));
        }
    }

    #[test]
    fn another_jobs_note_counts_for_an_hour() {
        for state in [State::Sending, State::Sent, State::Ended] {
            let other = stored("other", state);
            assert_eq!(leave(Some(&other), "job", minute(59)), Leave::OtherJob);
            assert_eq!(leave(Some(&other), "job", minute(60)), Leave::Given { version: 5, attempts: 0 });
        }
        for state in [State::NotDone, State::Failed] {
            let other = stored("other", state);
            assert_eq!(leave(Some(&other), "job", minute(0)), Leave::Given { version: 5, attempts: 0 });
        }
    }
}
