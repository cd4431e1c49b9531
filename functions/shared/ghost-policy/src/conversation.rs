//! The facts of a live conversation, as `GET /api/v2/conversations/{id}` tells them (reference/genesys-cloud.md §2.2).
//!
//! Only what tells a ghost from a living conversation, and what Genesys Customer Care asks for, is kept: ids, times, states
//! and codes. Names, addresses, subjects, attributes and contents are not.

pub(crate) mod leg;
mod read;
mod timestamps;
mod vocabulary;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

pub use leg::Leg;
pub use vocabulary::{AfterCallWorkState, CommunicationState, Direction, Media, Purpose, TransferState};

/// Why an answer is not a conversation. The caller can say nothing about it, so it must take it for alive.
#[derive(Debug, thiserror::Error)]
pub enum ConversationError {
    /// The body is not JSON.
    #[error("the conversation could not be read as JSON")]
    NotJson(#[source] serde_json::Error),
    /// The body is JSON of another shape.
    #[error("the answer is not a conversation: {0}")]
    NotAConversation(&'static str),
}

/// A conversation at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// When its first participant joined.
    pub start: Option<Timestamp>,
    /// When its last participant left; `None` while it is still on.
    pub end: Option<Timestamp>,
    /// Its external tag.
    pub external_tag: Option<String>,
    /// Ids of its divisions; `None` if the answer does not say.
    pub divisions: Option<Vec<String>>,
    /// When Genesys itself will take it for inactive.
    pub inactivity_timeout: Option<Timestamp>,
    /// Its recent transfers.
    pub transfers: Vec<Transfer>,
    /// Ids of the conversations in which somebody is consulted about this one.
    pub consultations: Vec<String>,
    /// Everybody and everything that takes or took part.
    pub participants: Vec<Participant>,
    /// The newest timestamp anywhere in the answer, in unknown fields too.
    pub newest_timestamp: Option<Timestamp>,
    /// Fields that we could not read, or that look like a part of the conversation that we do not know.
    pub not_understood: Vec<String>,
}

/// A transfer command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// How far it is.
    pub state: TransferState,
    /// When it was asked for.
    pub issued: Option<Timestamp>,
}

/// Somebody or something that takes or took part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Its id.
    pub id: String,
    /// What it is there for.
    pub purpose: Purpose,
    /// The user, if it is one.
    pub user_id: Option<String>,
    /// The queue that it is, or came through.
    pub queue_id: Option<String>,
    /// When it joined.
    pub start: Option<Timestamp>,
    /// When it was connected.
    pub connected: Option<Timestamp>,
    /// When it left. Not trusted to close its communications.
    pub end: Option<Timestamp>,
    /// The participant that is being transferred, while this one is part of a consult transfer.
    pub consult_participant_id: Option<String>,
    /// The participant that this one monitors, coaches or barged in on.
    pub supervised_participant_id: Option<String>,
    /// When its after-call work began.
    pub after_call_work_start: Option<Timestamp>,
    /// When its after-call work ended.
    pub after_call_work_end: Option<Timestamp>,
    /// How long it may ring.
    pub alerting_timeout: Option<Duration>,
    /// Its communications of all media.
    pub communications: Vec<Communication>,
}

/// One leg of a participant: a call, an email, a callback, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Communication {
    /// Its id.
    pub id: String,
    /// Its kind; `None` for a kind that we do not know.
    pub media: Option<Media>,
    /// What Genesys says of it.
    pub state: CommunicationState,
    /// Which way it was started.
    pub direction: Option<Direction>,
    /// Who provides it: `Edge`, `WebRTC`, `PureCloud Email`, `Salesforce`, …
    pub provider: Option<String>,
    /// Whether it is on hold.
    pub held: bool,
    /// When it began to ring.
    pub start_alerting: Option<Timestamp>,
    /// When it was connected.
    pub connected: Option<Timestamp>,
    /// When it was disconnected.
    pub disconnected: Option<Timestamp>,
    /// What disconnected it, as Genesys says: `peer`, `client`, `transfer.consult`, …
    pub disconnect_type: Option<String>,
    /// For which time a callback is scheduled.
    pub scheduled: Option<Timestamp>,
    /// When it was parked.
    pub park: Option<Timestamp>,
    /// When it comes back from being parked.
    pub resume: Option<Timestamp>,
    /// How long it may ring, by the settings of its queue.
    pub alerting_timeout: Option<Duration>,
    /// Its after-call work.
    pub after_call_work: Option<AfterCallWork>,
    /// The time line of what happened on it.
    pub segments: Vec<Segment>,
    /// The error that it ended with: what Genesys Customer Care asks for.
    pub error: Option<CommunicationError>,
    /// Why a call was disconnected, by the protocol: SIP and Q.850 codes.
    pub disconnect_codes: Vec<String>,
}

/// The after-call work of a communication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AfterCallWork {
    /// How far it is.
    pub state: AfterCallWorkState,
    /// When it began.
    pub start: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
}

/// A stretch of a communication's time line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What it was spent on: `interact`, `parked`, `wrapup`, …
    pub kind: Option<String>,
    /// When it began.
    pub start: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
}

/// An error on a communication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunicationError {
    /// Genesys' code, such as `error.ininedgecontrol.session.inactive`.
    pub code: Option<String>,
    /// Genesys' correlation id.
    pub context_id: Option<String>,
}

impl Conversation {
    /// The conversation in the body of an answer.
    ///
    /// # Errors
    /// [`ConversationError`] if the body is not a JSON object with an id and participants. Anything finer that can't be read
    /// is noted in [`Self::not_understood`], and then counts as life.
    pub fn from_json(body: &[u8]) -> Result<Self, ConversationError> {
        let value = serde_json::from_slice(body).map_err(ConversationError::NotJson)?;
        read::conversation(&value)
    }

    /// All legs, open or not.
    pub fn legs(&self) -> impl Iterator<Item = Leg<'_>> {
        self.participants.iter().flat_map(|participant| {
            participant.communications.iter().map(move |communication| Leg { participant, communication })
        })
    }

    /// The legs that are open.
    pub fn open_legs(&self) -> impl Iterator<Item = Leg<'_>> {
        self.legs().filter(Leg::is_open)
    }

    /// Whether after-call work is still to be done, or may be.
    pub fn has_after_call_work(&self) -> bool {
        let of_legs = self.legs().map(|leg| leg.after_call_work());
        let of_participants = self.participants.iter().map(Participant::after_call_work);
        of_legs.chain(of_participants).any(|work| work != leg::PendingWork::None)
    }

    /// When the newest leg appeared. Closing legs does not move it: with the id it names a case.
    pub fn newest_leg_opened(&self) -> Option<Timestamp> {
        self.legs().filter_map(|leg| leg.appeared()).max()
    }
}

impl<'de> Deserialize<'de> for Conversation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        read::conversation(&value).map_err(de::Error::custom)
    }
}
