//! What is to be done for the customer of a conversation, from one look at it. Pure.
//!
//! A live chat is never ended: whatever is not understood, or might be at work on it, means that nothing is done, and why.

use genesys_cloud::api::{MessageLeg, Messenger, Recipient};
use ghost_policy::conversation::{Conversation, Direction, Leg, Media, Purpose, TransferState};
use jiff::{SignedDuration, Timestamp};

use crate::policy::{Action, Policy};

/// How long after an agent has left anything may still be done for the customer. Events may come days late
/// (reference/genesys-cloud.md §1.2); nobody understands a notice then.
pub const CLOSED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing; why, in words.
    Leave(String),
    /// Nothing any more: the customer, who was to be disconnected, is.
    IsDisconnected,
    /// Nothing yet: by the look, an agent left within the grace.
    TooSoon,
    /// Something.
    Close(Close),
}

/// How to close a conversation for its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The rule that says so.
    pub rule: String,
    /// The type of its messages.
    pub message_type: String,
    /// The queue that it came through.
    pub queue_id: Option<String>,
    /// When the last agent left.
    pub left_at: Timestamp,
    /// What to do.
    pub step: Step,
}

/// What to do for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Disconnect this communication.
    Disconnect {
        /// The customer.
        participant_id: String,
        /// Theirs.
        communication_id: String,
    },
    /// Send this.
    Notify {
        /// To the customer.
        recipient: Recipient,
        /// The text.
        text: String,
    },
}

/// Judges a conversation as it was seen at `now`. `told_at`: when the customer was last told that an agent has left. `grace`: how
/// long the last agent must have been gone.
pub fn judge(
    conversation: &Conversation,
    messengers: &[Messenger],
    now: Timestamp,
    told_at: Option<Timestamp>,
    grace: SignedDuration,
    policy: &Policy,
) -> Verdict {
    close(conversation, messengers, now, told_at, grace, policy).unwrap_or_else(Verdict::Leave)
}

fn close(
    conversation: &Conversation,
    messengers: &[Messenger],
    now: Timestamp,
    told_at: Option<Timestamp>,
    grace: SignedDuration,
    policy: &Policy,
) -> Result<Verdict, String> {
    nobody_is_at_work(conversation)?;
    let left_at = left_at(conversation)?;
    let gone_for = now.duration_since(left_at);
    if gone_for > CLOSED_WITHIN {
        return Err("the agent left too long ago".to_owned());
    }
    // Which need not be the one whose event brought us here.
    if gone_for < grace {
        return Ok(Verdict::TooSoon);
    }
    let customer = Customer::of(conversation, messengers)?;
    if came(conversation).any(|at| at > left_at) {
        return Err("somebody has joined since the agent left".to_owned());
    }
    if customer.messages.last_message.is_some_and(|at| at > left_at) {
        return Err("the customer has written since the agent left".to_owned());
    }
    if customer.leg.closed().is_some_and(|closed| closed < left_at) {
        return Err("the customer left before the agent".to_owned());
    }
    let message_type = customer.messages.message_type.clone().ok_or("its messages are of no known type")?;
    let queue_id = queue_id(conversation);
    let rule = policy.rule(&message_type, queue_id.as_deref())?;
    let step = match rule.action {
        Action::Nothing => return Err(format!("the rule {:?} says so", rule.name)),
        Action::Disconnect if !customer.leg.is_open() => return Ok(Verdict::IsDisconnected),
        Action::Disconnect => Step::Disconnect {
            participant_id: customer.messenger.participant_id.clone(),
            communication_id: customer.messages.communication_id.clone(),
        },
        Action::Notify => {
            if told_at.is_some_and(|told_at| !customer.is_back_since(told_at)) {
                return Err("the customer was told, and has not come back since".to_owned());
            }
            let recipient = customer.messenger.recipient(customer.messages);
            let recipient = recipient.ok_or_else(|| format!("no message can be sent to {message_type} from here"))?;
            let language = customer.messenger.attribute(&policy.language_attribute);
            let text = policy.notice(rule, language).ok_or("the rule has no notice")?.to_owned();
            Step::Notify { recipient, text }
        }
    };
    Ok(Verdict::Close(Close { rule: rule.name.clone(), message_type, queue_id, left_at, step }))
}

fn nobody_is_at_work(conversation: &Conversation) -> Result<(), String> {
    if let Some(field) = conversation.not_understood.first() {
        return Err(format!("{field} is not understood"));
    }
    if conversation.transfers.iter().any(|transfer| transfer.state != TransferState::Over) {
        return Err("a transfer may be under way".to_owned());
    }
    if !conversation.consultations.is_empty() {
        return Err("somebody is consulted about it".to_owned());
    }
    // Who has just joined has no communication yet.
    let mut others = conversation.participants.iter().filter(|one| one.purpose != Purpose::Customer);
    if let Some(unseen) = others.find(|one| one.communications.is_empty() && one.end.is_none()) {
        return Err(format!("{} may be at work on it", unseen.purpose.as_str()));
    }
    let mut others = conversation.open_legs().filter(|leg| leg.participant.purpose != Purpose::Customer);
    if let Some(other) = others.next() {
        return Err(format!("{} is on it", other.participant.purpose.as_str()));
    }
    if let Some(again) = conversation.legs().find(Leg::has_begun_again) {
        return Err(format!("{} may be on it again", again.participant.purpose.as_str()));
    }
    if conversation.open_legs().any(|leg| !leg.is(Media::Message)) {
        return Err("the customer is on it with something else than messages".to_owned());
    }
    Ok(())
}

/// When somebody or something joined, for all of them.
fn came(conversation: &Conversation) -> impl Iterator<Item = Timestamp> {
    let participants = conversation.participants.iter().flat_map(|one| [one.start, one.connected]);
    participants.flatten().chain(conversation.legs().filter_map(|leg| leg.appeared()))
}

/// The queue that the conversation last came through, also where its last agent came without one.
fn queue_id(conversation: &Conversation) -> Option<String> {
    let routed = conversation.legs().filter(|leg| leg.participant.queue_id.is_some());
    routed.max_by_key(Leg::appeared)?.participant.queue_id.clone()
}

/// When the last agent left, having been connected.
fn left_at(conversation: &Conversation) -> Result<Timestamp, String> {
    let agents: Vec<_> = conversation.legs().filter(|leg| leg.participant.purpose.is_staff()).collect();
    if agents.iter().any(|leg| leg.closed().is_none()) {
        return Err("nobody can tell when the agent left".to_owned());
    }
    if !agents.iter().any(|leg| leg.is(Media::Message) && leg.communication.connected.is_some()) {
        return Err("no agent was on it".to_owned());
    }
    let last = agents.into_iter().max_by_key(Leg::closed).ok_or("no agent was on it")?;
    let word = last.communication.disconnect_type.as_deref().unwrap_or_default();
    if word.to_ascii_lowercase().starts_with("transfer") {
        return Err("the agent handed it over".to_owned());
    }
    last.closed().ok_or_else(|| "nobody can tell when the agent left".to_owned())
}

/// The customer, as the two views of the same look show them.
struct Customer<'a> {
    leg: Leg<'a>,
    messenger: &'a Messenger,
    messages: &'a MessageLeg,
}

impl<'a> Customer<'a> {
    fn of(conversation: &'a Conversation, messengers: &'a [Messenger]) -> Result<Self, String> {
        let is_customers = |leg: &Leg<'_>| leg.participant.purpose == Purpose::Customer && leg.is(Media::Message);
        let open: Vec<_> = conversation.open_legs().filter(is_customers).collect();
        let leg = match open[..] {
            [leg] => leg,
            [] => conversation.legs().filter(is_customers).max_by_key(Leg::closed).ok_or("there is no customer")?,
            _ => return Err("there is more than one customer".to_owned()),
        };
        let (participant_id, communication_id) = (&leg.participant.id, &leg.communication.id);
        let messenger = messengers.iter().find(|one| one.participant_id == *participant_id);
        let found = messenger.and_then(|messenger| {
            let messages = messenger.legs.iter().find(|one| one.communication_id == *communication_id)?;
            Some((messenger, messages))
        });
        let (messenger, messages) = found.ok_or("the customer's messages are not shown")?;
        Ok(Self { leg, messenger, messages })
    }

    fn is_back_since(&self, told_at: Timestamp) -> bool {
        let wrote = self.messages.last_received.is_some_and(|at| at > told_at);
        let is_theirs = self.leg.communication.direction != Some(Direction::Outbound);
        wrote || (is_theirs && self.leg.opened().is_some_and(|at| at > told_at))
    }
}

#[cfg(test)]
mod tests;
