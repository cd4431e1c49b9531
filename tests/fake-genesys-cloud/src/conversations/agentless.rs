//! What a message without an agent does to the conversation that is on with its recipient.

use serde_json::{Map, Value, json};

use super::model::{self, Conversation, Participant, list};
use super::{Conversations, NotAccepted, time};
use crate::state::lock;

/// Who has a conversation in hand. A customer who is connected to one of them gets no agentless message by default
/// (help.mypurecloud.com, "How do I send an SMS from an Architect call flow").
const CONNECTED_TO: [&str; 8] = ["agent", "user", "acd", "bot", "botflow", "digitalbotflow", "workflow", "flow"];

/// Who writes to whom, and by what.
pub(crate) struct Correspondence<'a> {
    /// `sms`, `open`, …
    pub(crate) messenger_type: &'a str,
    /// Our address.
    pub(crate) from: &'a str,
    /// The customer's address or external contact.
    pub(crate) to: &'a str,
}

impl Conversations {
    /// Takes an agentless message, unless the recipient is connected to somebody and the message is not to barge in. In the
    /// conversation that is on, if one is, it is among the customer's messages then.
    pub(crate) fn take_agentless(&self, between: &Correspondence<'_>, barges_in: bool) -> Result<(), NotAccepted> {
        let now = time(self.clock.now_ms());
        let mut entries = lock(&self.entries);
        for entry in entries.by_id.values_mut() {
            let is_on = between.is_on(&mut entry.conversation);
            if is_on && !barges_in && is_in_hand(&mut entry.conversation) {
                return Err(NotAccepted::Conflict);
            }
            for mut customer in customers(&mut entry.conversation) {
                if let Some(leg) = between.open_leg(&mut customer) {
                    add_message(leg, &now, "sent");
                }
            }
        }
        Ok(())
    }
}

fn customers(conversation: &mut Conversation) -> impl Iterator<Item = Participant<'_>> {
    conversation.participants().filter(|one| one.purpose() == Some("customer"))
}

fn is_in_hand(conversation: &mut Conversation) -> bool {
    let mut hands =
        conversation.participants().filter(|one| one.purpose().is_some_and(|own| CONNECTED_TO.contains(&own)));
    hands.any(|mut one| one.is_on())
}

impl Correspondence<'_> {
    fn is_on(&self, conversation: &mut Conversation) -> bool {
        customers(conversation).any(|mut customer| self.open_leg(&mut customer).is_some())
    }

    fn open_leg<'a>(&self, customer: &'a mut Participant<'_>) -> Option<&'a mut Map<String, Value>> {
        let is_contact = customer.text("externalContactId").is_some_and(|contact| contact == self.to);
        let is = |leg: &Map<String, Value>, field: &str, address: &str| {
            leg.get(field).is_some_and(|own| own["addressNormalized"] == address)
        };
        customer.communications().find(|leg| {
            leg.get("type").and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(self.messenger_type))
                && is(leg, "toAddress", self.from)
                && (is_contact || is(leg, "fromAddress", self.to))
                && model::is_on(leg)
        })
    }
}

/// Adds a message to a message communication.
pub(crate) fn add_message(leg: &mut Map<String, Value>, at: &str, status: &str) {
    if let Some(messages) = list(leg, "messages") {
        let id = format!("message-{}", messages.len());
        messages.push(json!({ "messageId": id, "messageTime": at, "messageStatus": status }));
    }
}
