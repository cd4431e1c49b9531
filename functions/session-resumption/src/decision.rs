//! Whether a session can be resumed: a conversation, whose it is, and the time; nothing else.
//!
//! The state is what participants and communications show. A conversation's own `state` never has a value, and a
//! communication's may be wrong (reference/genesys-cloud.md §1.5, §2.2).

use std::time::Duration;

use ghost_policy::conversation::{CommunicationState, Conversation, Leg, Media, Participant, Purpose, TransferState};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What becomes of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Decision {
    /// Back to where they were.
    Resumable,
    /// To the beginning.
    NewRoutingRequired,
}

/// How the conversation stands for its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConversationState {
    /// The customer is connected, and not waiting.
    Active,
    /// The customer's communication is closed, the conversation is not.
    Disconnected,
    /// The customer is being handed over.
    Transfer,
    /// The customer waits for an agent.
    Queue,
    /// It is over. Also what is said of one that nothing may be said of.
    Terminated,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The session is still on.
    SessionActive,
    /// The customer has not been gone for longer than the window.
    WithinResumptionWindow,
    /// A transfer is under way, and goes on.
    TransferInProgress,
    /// The customer's place in the queue is still theirs.
    WaitingInQueue,
    /// The customer has been gone for longer than the window, or for nobody knows how long.
    ResumptionWindowPassed,
    /// The conversation is over.
    ConversationTerminated,
    /// There is nothing that may be said: no such conversation, somebody else's, or no answer from Genesys Cloud in time.
    ConversationUnavailable,
}

/// The decision with what follows from it, as the caller gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resumption {
    /// What becomes of the customer.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// How the conversation stands.
    pub conversation_state: ConversationState,
    /// The agent (a Genesys Cloud user) who is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The queue that the customer waits in or came through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<String>,
    /// The queue that a transfer leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_queue_id: Option<String>,
    /// What kind of transfer it is, in Genesys' word: `transfer`, `transfer.consult`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_reason: Option<String>,
    /// Until when the session can be resumed, where that is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumable_until: Option<Timestamp>,
}

/// Transfers by which nobody was handed over: the agent did not answer, and the queue goes on looking.
const RETURNED_TO_QUEUE: [&str; 2] = ["transfer.noanswer", "transfer.notavailable"];

impl Resumption {
    /// What is said of every conversation that nothing may be said of, whatever the cause.
    pub fn unavailable() -> Self {
        Self::new(Decision::NewRoutingRequired, Reason::ConversationUnavailable, ConversationState::Terminated)
    }

    /// Whether the customer may go back.
    pub fn is_resumable(&self) -> bool {
        self.decision == Decision::Resumable
    }

    fn new(decision: Decision, reason: Reason, conversation_state: ConversationState) -> Self {
        Self {
            decision,
            reason,
            conversation_state,
            agent_id: None,
            queue_id: None,
            target_queue_id: None,
            transfer_reason: None,
            resumable_until: None,
        }
    }
}

/// Decides for the participant who claims to be the customer. `window`: how long after a disconnect a session can be resumed.
pub fn decide(conversation: &Conversation, participant_id: &str, now: Timestamp, window: Duration) -> Resumption {
    let customer = conversation.participants.iter().find(|one| one.id == participant_id);
    let Some(customer) = customer.filter(|one| one.purpose == Purpose::Customer) else {
        return Resumption::unavailable();
    };
    let legs: Vec<Leg<'_>> = legs_of(conversation, customer).collect();
    if legs.is_empty() {
        return Resumption::unavailable();
    }
    if conversation.end.is_some() || is_torn_down(&legs) {
        return terminated();
    }
    let resumable_until = match gone_since(&legs) {
        Gone::NotAtAll => None,
        Gone::Since(since) => {
            match since.checked_add(SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX)) {
                Ok(until) if now <= until => Some(until),
                _ => return window_passed(),
            }
        }
        Gone::NobodyKnowsSince => return window_passed(),
    };
    let place = Place::of(conversation);
    let (reason, state) = if place.transfer_reason.is_some() {
        (Reason::TransferInProgress, ConversationState::Transfer)
    } else if resumable_until.is_some() {
        (Reason::WithinResumptionWindow, ConversationState::Disconnected)
    } else if place.waits {
        (Reason::WaitingInQueue, ConversationState::Queue)
    } else {
        (Reason::SessionActive, ConversationState::Active)
    };
    Resumption {
        agent_id: place.agent_id,
        queue_id: place.queue_id,
        target_queue_id: place.target_queue_id,
        transfer_reason: place.transfer_reason,
        resumable_until,
        ..Resumption::new(Decision::Resumable, reason, state)
    }
}

fn terminated() -> Resumption {
    Resumption::new(Decision::NewRoutingRequired, Reason::ConversationTerminated, ConversationState::Terminated)
}

fn window_passed() -> Resumption {
    Resumption::new(Decision::NewRoutingRequired, Reason::ResumptionWindowPassed, ConversationState::Disconnected)
}

/// The participant's chat sessions: nothing else can be resumed.
fn legs_of<'a>(conversation: &'a Conversation, customer: &'a Participant) -> impl Iterator<Item = Leg<'a>> {
    let own = conversation.legs().filter(|leg| std::ptr::eq(leg.participant, customer));
    own.filter(|leg| leg.is(Media::Message) || leg.is(Media::Chat))
}

/// Whether every one of them is torn down completely, which a closed one need not be.
fn is_torn_down(legs: &[Leg<'_>]) -> bool {
    legs.iter().all(|leg| leg.communication.state == CommunicationState::Terminated)
}

enum Gone {
    NotAtAll,
    Since(Timestamp),
    NobodyKnowsSince,
}

fn gone_since(legs: &[Leg<'_>]) -> Gone {
    if legs.iter().any(|leg| leg.is_open() || leg.has_begun_again()) {
        return Gone::NotAtAll;
    }
    match legs.iter().filter_map(Leg::closed).max() {
        Some(since) => Gone::Since(since),
        None => Gone::NobodyKnowsSince,
    }
}

/// Where in the contact centre the customer is.
#[derive(Default)]
struct Place {
    agent_id: Option<String>,
    queue_id: Option<String>,
    target_queue_id: Option<String>,
    transfer_reason: Option<String>,
    waits: bool,
}

impl Place {
    fn of(conversation: &Conversation) -> Self {
        let is_staff = |leg: &Leg<'_>| leg.participant.purpose.is_staff();
        let rings = |leg: &Leg<'_>| leg.communication.state == CommunicationState::Alerting;
        let queue_of = |leg: Leg<'_>| leg.participant.queue_id.clone();

        let agent = newest(conversation.open_legs().filter(is_staff).filter(|leg| !rings(leg)));
        let queue = newest(conversation.open_legs().filter(|leg| leg.participant.purpose == Purpose::Acd));
        let ringing = newest(conversation.open_legs().filter(is_staff).filter(rings));
        let waits = agent.is_none() && (queue.is_some() || ringing.is_some());
        // Whom the customer waits for: the queue itself, or whom it has found already.
        let ahead = queue.or(ringing).and_then(queue_of);
        let transfer_reason = transfer_reason(conversation, waits);
        let routed = || conversation.legs().filter(|leg| leg.participant.queue_id.is_some());
        let behind = newest(routed().filter(is_staff).filter(|leg| !rings(leg)));
        let behind = behind.or_else(|| newest(routed())).and_then(queue_of);
        let is_transfer = transfer_reason.is_some();
        Self {
            agent_id: agent.and_then(|agent| agent.participant.user_id.clone()),
            queue_id: if is_transfer { behind } else { ahead.clone().filter(|_| waits).or(behind) },
            target_queue_id: ahead.filter(|_| is_transfer),
            transfer_reason,
            waits,
        }
    }
}

fn newest<'a>(legs: impl Iterator<Item = Leg<'a>>) -> Option<Leg<'a>> {
    legs.max_by_key(Leg::appeared)
}

/// The kind of the transfer that is under way: commanded and not done, or the agent has left by one and nobody has taken over.
fn transfer_reason(conversation: &Conversation, waits: bool) -> Option<String> {
    let staff = || conversation.legs().filter(|leg| leg.participant.purpose.is_staff());
    let last_word = || {
        let last_closed = staff().filter_map(|leg| Some((leg.closed()?, leg))).max_by_key(|(closed, _)| *closed)?;
        let word = last_closed.1.communication.disconnect_type.as_deref()?.to_ascii_lowercase();
        let handed_over = word.starts_with("transfer") && !RETURNED_TO_QUEUE.contains(&word.as_str());
        handed_over.then_some(word)
    };
    let consults = conversation.open_legs().any(|leg| leg.participant.consult_participant_id.is_some());
    if consults {
        return Some("transfer.consult".to_owned());
    }
    let commanded = conversation.transfers.iter().any(|transfer| transfer.state == TransferState::InProgress);
    if commanded {
        return Some(last_word().unwrap_or_else(|| "transfer".to_owned()));
    }
    if waits { last_word() } else { None }
}

#[cfg(test)]
mod tests;
