//! Message conversations: read, told to, and left.

use std::collections::BTreeMap;

use fake_genesys_cloud::FakeGenesysCloud;
use fake_genesys_cloud::conversations::DisconnectBehavior;
use fake_genesys_cloud::faults::{Effect, Fault};
use fake_genesys_cloud::scenarios::{Messaging, Part};
use genesys_cloud::api::{
    AgentlessMessage, ApiError, ConversationBody, Deadline, Delivery, DisconnectAnswer, DisconnectMessageRequest,
    Disconnection, GenesysCloud, PermanentError,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::{CONVERSATION, NOW_MS, answering, api_requests, in_time, look, start};

fn began() -> Timestamp {
    Timestamp::from_millisecond(NOW_MS - 60_000).unwrap()
}

fn messaging(message_type: &'static str) -> Messaging {
    let customer = Part::new("customer", began()).wrote(began()).participant("attributes", json!({ "language": "de" }));
    Messaging::new(CONVERSATION, message_type).with(customer).with(Part::new("agent", began()))
}

async fn body(fake: &FakeGenesysCloud, client: &GenesysCloud, messaging: &Messaging) -> ConversationBody {
    fake.conversations().set(messaging.json()).unwrap();
    client.conversation(CONVERSATION, in_time()).await.unwrap()
}

async fn send(client: &GenesysCloud, body: &ConversationBody, barges_in: bool) -> Delivery {
    let messengers = body.messengers();
    let recipient = messengers[0].recipient(&messengers[0].legs[0]).unwrap();
    let (send_by, answer_by) = (in_time(), in_time());
    let message = AgentlessMessage { recipient: &recipient, text: "Good bye", barges_in, send_by, answer_by };
    client.send_agentless(message).await
}

async fn leave(client: &GenesysCloud, messaging: &Messaging, participant: usize) -> Disconnection {
    let request = DisconnectMessageRequest {
        conversation_id: CONVERSATION,
        participant_id: &messaging.participant_id(participant),
        communication_id: &messaging.communication_id(0),
        send_by: in_time(),
        answer_by: in_time(),
    };
    client.disconnect_message(request).await
}

#[tokio::test]
async fn messengers_are_read_and_show_no_address() {
    let (fake, client) = start().await;
    let messengers = body(&fake, &client, &messaging("WebMessaging")).await.messengers();
    let [customer, agent] = &messengers[..] else { panic!("{messengers:?}") };
    assert_eq!(customer.attribute("language"), Some("de"));
    assert_eq!(customer.legs[0].message_type.as_deref(), Some("webmessaging"));
    assert_eq!(customer.legs[0].last_message, Some(began()));
    assert_eq!(customer.legs[0].last_received, Some(began()));
    assert_eq!(agent.legs[0].last_message, None);
    let shown = format!("{messengers:?} {:?}", customer.recipient(&customer.legs[0]));
    assert!(!shown.contains("-address") && !shown.contains("\"de\""), "{shown}");
}

#[tokio::test]
async fn a_message_without_a_readable_time_counts_as_just_sent() {
    let (fake, client) = start().await;
    let customer = Part::new("customer", began()).leg("messages", json!([{ "messageTime": "yesterday" }]));
    let messengers = body(&fake, &client, &Messaging::new(CONVERSATION, "sms").with(customer)).await.messengers();
    assert_eq!(messengers[0].legs[0].last_message, Some(Timestamp::MAX));
}

#[tokio::test]
async fn what_was_sent_to_the_customer_is_not_received() {
    let (fake, client) = start().await;
    let later = began() + SignedDuration::from_secs(1);
    let customer = Part::new("customer", began()).wrote(began()).was_sent(later);
    let messengers = body(&fake, &client, &Messaging::new(CONVERSATION, "sms").with(customer)).await.messengers();
    let leg = &messengers[0].legs[0];
    assert_eq!((leg.last_message, leg.last_received), (Some(later), Some(began())));
}

#[tokio::test]
async fn a_message_goes_the_way_of_its_channel_or_not_at_all() {
    let (fake, client) = start().await;
    for (channel, to) in [("sms", "their-address-"), ("open", "their-address-"), ("webmessaging", "")] {
        let body = body(&fake, &client, &messaging(channel)).await;
        assert_eq!(send(&client, &body, true).await, Delivery::Sent, "{channel}");
        let sent = fake.messages().all().pop().unwrap();
        assert_eq!((sent.from.as_str(), sent.messenger_type.as_str()), ("our-address", channel));
        assert!(sent.into_active_conversation && sent.to.starts_with(to), "{sent:?}");
    }
    for channel in ["whatsapp", "facebook", "telepathy"] {
        let messengers = body(&fake, &client, &messaging(channel)).await.messengers();
        assert_eq!(messengers[0].recipient(&messengers[0].legs[0]), None, "{channel}");
    }
}

#[tokio::test]
async fn a_message_goes_to_a_customer_who_is_connected_to_somebody_only_if_it_barges_in() {
    let (fake, client) = start().await;
    let customer = Part::new("customer", began());
    let left = body(&fake, &client, &Messaging::new(CONVERSATION, "sms").of("ann").with(customer.clone())).await;
    assert_eq!(send(&client, &left, false).await, Delivery::Sent, "nobody has it in hand");
    let new = Messaging::new("5d1f3a52-7e5c", "sms").of("ann").with(customer).with(Part::new("botflow", began()));
    fake.conversations().set(new.json()).unwrap();
    assert!(matches!(send(&client, &left, false).await, Delivery::NotTaken(_)), "there is a bot in another one");
    assert_eq!(fake.messages().all().len(), 1);
    assert_eq!(send(&client, &left, true).await, Delivery::Sent);
}

#[tokio::test]
async fn what_became_of_a_message_is_told_apart_and_none_is_sent_twice() {
    let (fake, client) = start().await;
    let body = body(&fake, &client, &messaging("open")).await;
    fake.faults().add(Fault::with("POST", "/api", Effect::DropAfterwards));
    assert!(matches!(send(&client, &body, true).await, Delivery::Unknown { .. }));
    assert_eq!(fake.messages().all().len(), 1, "it was sent, though nobody knows");
    // The last of them closes the door for a while.
    for (status, expected) in
        [(409, "NotTaken"), (400, "Refused"), (403, "Refused"), (500, "Unknown"), (503, "Unknown"), (429, "NotSent")]
    {
        fake.requests().clear();
        fake.faults().add(answering("POST", status, &[], json!(null)));
        let delivery = send(&client, &body, true).await;
        assert!(format!("{delivery:?}").starts_with(expected), "{status}: {delivery:?}");
        assert_eq!(api_requests(&fake), 1, "{status}");
    }
}

#[tokio::test]
async fn only_the_communication_that_is_named_is_left() {
    let (fake, client) = start().await;
    let messaging = messaging("webmessaging");
    fake.conversations().set(messaging.json()).unwrap();
    assert!(matches!(leave(&client, &messaging, 1).await.answer, DisconnectAnswer::NotFound(_)), "not the agent's");
    assert_eq!(leave(&client, &messaging, 0).await.answer, DisconnectAnswer::Accepted);
    let conversation = look(&client).await.unwrap();
    assert_eq!(conversation["participants"][0]["messages"][0]["state"], "disconnected");
    assert_eq!(conversation["participants"][1]["messages"][0]["state"], "connected");
    assert_eq!(conversation.get("endTime"), None);

    fake.conversations().on_disconnect(CONVERSATION, DisconnectBehavior::Conflict);
    assert!(matches!(leave(&client, &messaging, 0).await.answer, DisconnectAnswer::Conflict(_)));
}

#[tokio::test]
async fn attributes_are_set_beside_others_and_again_where_the_answer_was_lost() {
    let (fake, client) = start().await;
    let messaging = messaging("webmessaging");
    fake.conversations().set(messaging.json()).unwrap();
    fake.faults().add(Fault::with("PATCH", "/api", Effect::DropAfterwards));
    let attributes = BTreeMap::from([("resumptionCount", "1".to_owned())]);
    let participant = messaging.participant_id(0);
    client.set_participant_attributes(CONVERSATION, &participant, &attributes, in_time()).await.unwrap();
    let conversation = fake.conversations().get(CONVERSATION).unwrap();
    assert_eq!(conversation["participants"][0]["attributes"], json!({ "language": "de", "resumptionCount": "1" }));

    for nobody in ["5d1f3a52-0000", "../attributes"] {
        let refused = client.set_participant_attributes(CONVERSATION, nobody, &attributes, in_time()).await;
        let error = refused.unwrap_err();
        let expected =
            matches!(error, ApiError::Permanent(PermanentError::NotFound { .. } | PermanentError::NotAnId { .. }));
        assert!(expected, "{error}");
    }
    let late = Deadline::after(std::time::Duration::ZERO);
    assert!(client.set_participant_attributes(CONVERSATION, &participant, &attributes, late).await.is_err());
}
