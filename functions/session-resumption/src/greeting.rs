//! Whether a customer who comes back can be told so, and how. Pure.

use genesys_cloud::api::{Messenger, Recipient};
use ghost_policy::Conversation;
use ghost_policy::conversation::{Leg, Media, Participant, Purpose};

use crate::decision::{ConversationState, Resumption};

/// The way to a customer who is connected to an agent and to nothing else. None otherwise: a bot would take the message for the
/// customer's own words, a flow or a queue does not expect it, and on a closed communication nobody would read it.
pub fn recipient(
    resumption: &Resumption,
    conversation: &Conversation,
    messengers: &[Messenger],
    participant_id: &str,
) -> Option<Recipient> {
    let is_with_agent = resumption.conversation_state == ConversationState::Active && resumption.agent_id.is_some();
    if !is_with_agent || !conversation.not_understood.is_empty() || conversation.participants.iter().any(works_unseen) {
        return None;
    }
    let mut own = conversation.open_legs().filter(|leg| leg.participant.id == participant_id);
    let leg = own.find(|leg| leg.is(Media::Message))?;
    let messenger = messengers.iter().find(|one| one.participant_id == participant_id)?;
    let messages = messenger.legs.iter().find(|one| one.communication_id == leg.communication.id)?;
    messenger.recipient(messages)
}

/// Whether it is neither customer nor agent, and may be on.
fn works_unseen(participant: &Participant) -> bool {
    let is_person = participant.purpose == Purpose::Customer || participant.purpose.is_staff();
    let mut legs = participant.communications.iter().map(|communication| Leg { participant, communication });
    // Who has just joined has no communication yet.
    let has_just_joined = participant.communications.is_empty() && participant.end.is_none();
    !is_person && (has_just_joined || legs.any(|leg| leg.is_open()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fake_genesys_cloud::scenarios::{Messaging, Part};
    use genesys_cloud::api::ConversationBody;
    use jiff::{SignedDuration, Timestamp};
    use serde_json::{json, value};

    use super::*;
    use crate::decision::decide;

    fn ago(seconds: i64) -> Timestamp {
        "2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_secs(seconds)
    }

    fn is_greeted(parts: Vec<Part>) -> bool {
        let messaging = parts.into_iter().fold(Messaging::new("c-1", "open"), Messaging::with);
        let json = messaging.json();
        let raw = value::to_raw_value(&json).unwrap();
        let body = ConversationBody { json: raw.into(), as_of: ago(0), correlation_id: None };
        let conversation = Conversation::from_json(json.to_string().as_bytes()).unwrap();
        let participant_id = messaging.participant_id(0);
        let resumption = decide(&conversation, &participant_id, ago(0), Duration::from_mins(5));
        assert!(resumption.is_resumable(), "{resumption:?}");
        recipient(&resumption, &conversation, &body.messengers(), &participant_id).is_some()
    }

    fn here(purpose: &'static str) -> Part {
        Part::new(purpose, ago(100))
    }

    #[test]
    fn only_a_customer_who_is_with_an_agent_and_nothing_else_is_greeted() {
        let gone = |purpose| here(purpose).until(ago(50), "peer");
        let ringing = here("agent").leg("state", json!("alerting"));
        let rows = [
            ("with an agent", vec![here("customer"), here("agent")], true),
            ("with an agent, after a bot", vec![here("customer"), gone("botflow"), here("agent")], true),
            ("disconnected", vec![gone("customer"), here("agent")], false),
            ("with a bot", vec![here("customer"), here("botflow")], false),
            ("with a bot and an agent", vec![here("customer"), here("botflow"), here("agent")], false),
            (
                "with an agent and what has just joined",
                vec![here("customer"), here("agent"), here("workflow").unseen()],
                false,
            ),
            ("with an agent, in a queue again", vec![here("customer"), here("agent"), here("acd")], false),
            ("with an agent and nobody knows what", vec![here("customer"), here("agent"), here("hologram")], false),
            ("waiting", vec![here("customer"), here("acd")], false),
            ("ringing at an agent", vec![here("customer"), ringing], false),
            ("with nobody", vec![here("customer"), gone("agent")], false),
        ];
        for (name, parts, expected) in rows {
            assert_eq!(is_greeted(parts), expected, "{name}");
        }
    }

    #[test]
    fn it_goes_to_the_communication_that_is_open() {
        let customer = here("customer").leg("type", json!("facebook"));
        let messaging = Messaging::new("c-1", "open").with(customer).with(here("agent"));
        let mut json = messaging.json();
        let closed = Messaging::new("c-2", "open").with(here("customer").until(ago(50), "peer")).json();
        let legs = json["participants"][0]["messages"].as_array_mut().unwrap();
        legs.push(closed["participants"][0]["messages"][0].clone());
        let raw = value::to_raw_value(&json).unwrap();
        let body = ConversationBody { json: raw.into(), as_of: ago(0), correlation_id: None };
        let conversation = Conversation::from_json(json.to_string().as_bytes()).unwrap();
        let participant_id = messaging.participant_id(0);
        let resumption = decide(&conversation, &participant_id, ago(0), Duration::from_mins(5));
        let recipient = recipient(&resumption, &conversation, &body.messengers(), &participant_id);
        assert_eq!(recipient, None, "a message can't be sent to the one that is");
    }
}
