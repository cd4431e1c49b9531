//! Messages: who writes to whom in a conversation, and a message of our own.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::conversation::ConversationBody;

/// A participant of a message conversation, as far as messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Messenger {
    /// The participant.
    pub participant_id: String,
    /// Its message communications.
    pub legs: Vec<MessageLeg>,
    external_contact_id: Option<String>,
    attributes: Attributes,
}

/// A message communication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageLeg {
    /// The communication.
    pub communication_id: String,
    /// The platform that its messages are of, in lower case: `webmessaging`, `sms`, `open`, …
    pub message_type: Option<String>,
    /// When the last message was sent on it; a message whose time can't be read was sent just now, or so it counts.
    pub last_message: Option<Timestamp>,
    /// The same of the messages that we received: by `messageStatus`, so what was sent to the customer is none, nor is one of
    /// which that is not told.
    pub last_received: Option<Timestamp>,
    ours: Address,
    theirs: Address,
}

/// Where a message goes: somebody's address, so it never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    pub(crate) from_address: String,
    pub(crate) messenger_type: &'static str,
    pub(crate) to: To,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum To {
    Address(String),
    ExternalContact(String),
}

/// Somebody's address; it never shows itself.
#[derive(Clone, PartialEq, Eq)]
struct Address(Option<String>);

/// Somebody's data; it never shows itself.
#[derive(Clone, PartialEq, Eq)]
struct Attributes(Value);

impl ConversationBody {
    /// The participants, as far as messages go. What can't be read is left out.
    pub fn messengers(&self) -> Vec<Messenger> {
        let Ok(body) = serde_json::from_str::<Value>(self.json.get()) else { return Vec::new() };
        list(&body["participants"]).iter().filter_map(Messenger::read).collect()
    }
}

impl Messenger {
    fn read(participant: &Value) -> Option<Self> {
        Some(Self {
            participant_id: text(&participant["id"])?,
            legs: list(&participant["messages"]).iter().filter_map(MessageLeg::read).collect(),
            external_contact_id: text(&participant["externalContactId"]),
            attributes: Attributes(participant["attributes"].clone()),
        })
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.0[name].as_str()
    }

    /// How an agentless message reaches this participant on that communication of theirs; none where the platform has no way
    /// to, or where the conversation does not tell the address (reference/genesys-cloud.md §2.3). `WhatsApp` takes templates
    /// only.
    pub fn recipient(&self, leg: &MessageLeg) -> Option<Recipient> {
        let from_address = leg.ours.0.clone()?;
        let address = || leg.theirs.0.clone().map(To::Address);
        let (messenger_type, to) = match leg.message_type.as_deref()? {
            "sms" => ("sms", address()?),
            "open" => ("open", address()?),
            "apple" => ("apple", address()?),
            "webmessaging" => ("webmessaging", self.external_contact_id.clone().map(To::ExternalContact)?),
            _ => return None,
        };
        Some(Recipient { from_address, messenger_type, to })
    }
}

impl MessageLeg {
    fn read(leg: &Value) -> Option<Self> {
        let address = |name: &str| {
            let address = &leg[name];
            Address(text(&address["addressNormalized"]).or_else(|| text(&address["addressRaw"])))
        };
        let (to, from) = (address("toAddress"), address("fromAddress"));
        // The platform swaps them with the direction: an inbound message is to us.
        let (ours, theirs) = if leg["direction"] == "outbound" { (from, to) } else { (to, from) };
        let messages = list(&leg["messages"]);
        let message_time = |message: &Value| {
            let time = message["messageTime"].as_str().and_then(|time| time.parse().ok());
            time.unwrap_or(Timestamp::MAX)
        };
        Some(Self {
            communication_id: text(&leg["id"])?,
            message_type: text(&leg["type"]).map(|name| name.to_ascii_lowercase()),
            last_message: messages.iter().map(message_time).max(),
            last_received: messages.iter().filter(|one| one["messageStatus"] == "received").map(message_time).max(),
            ours,
            theirs,
        })
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

impl fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Recipient({}, hidden)", self.messenger_type)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "(hidden)" } else { "none" })
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}
