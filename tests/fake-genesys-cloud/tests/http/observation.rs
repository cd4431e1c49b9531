//! Conversations built from detail events.

use crate::support::{CONVERSATION, Caller, event, options};
use fake_genesys_cloud::conversations::Conversations;
use serde_json::{Value, json};

const AGENT: &str = "agent-user";

fn customer() -> Value {
    json!({
        "participantId": "customer", "sessionId": "customer-leg", "mediaType": "VOICE", "direction": "INBOUND",
        "provider": "Edge", "ani": "tel:+15550100001", "dnis": "tel:+15550100002", "divisionId": "division",
        "externalContactId": "contact", "disconnectType": "PEER", "interactingDurationMs": 60_000,
    })
}

fn queue() -> Value {
    json!({
        "participantId": "acd", "sessionId": "acd-leg", "mediaType": "VOICE", "direction": "INBOUND",
        "queueId": "queue", "acdOutcome": "ANSWERED", "answeredUserId": AGENT, "disconnectType": "TRANSFER",
    })
}

fn agent() -> Value {
    json!({
        "participantId": "agent", "sessionId": "agent-leg", "mediaType": "VOICE", "direction": "INBOUND",
        "queueId": "queue", "userId": AGENT,
    })
}

fn agent_end() -> Value {
    let mut end = agent();
    end["disconnectType"] = json!("NO_ANSWER_TRANSFER");
    end["alertingDurationMs"] = json!(4_000);
    end["interactingDurationMs"] = json!(50_000);
    end["heldDurationMs"] = json!(4_000);
    end
}

fn observe_all(conversations: &Conversations, events: &[Value]) {
    for event in events {
        conversations.observe(event).unwrap();
    }
}

fn a_call() -> Vec<Value> {
    let flow = json!({
        "participantId": "flow", "sessionId": "flow-leg", "mediaType": "VOICE", "flowType": "INBOUNDCALL",
        "disconnectType": "TRANSFER",
    });
    vec![
        event("customer.start", 0, &customer()),
        event("flow.start", 100, &flow),
        event("flow.end", 1_000, &flow),
        event("attributes", 1_000, &json!({ "participantId": "customer", "attributes": { "SF_URLPop": "500" } })),
        event("acd.start", 1_000, &queue()),
        event("user.start", 2_000, &agent()),
        event("acd.end", 6_000, &queue()),
        event("customer.end", 60_000, &customer()),
        event("user.end", 60_000, &agent_end()),
        event(
            "acw",
            90_000,
            &json!({
                "participantId": "agent", "sessionId": "agent-leg", "mediaType": "VOICE", "userId": AGENT,
                "wrapupCode": "code", "wrapupNotes": "dummy notes", "wrapupDurationMs": 30_000,
            }),
        ),
    ]
}

fn participant<'a>(conversation: &'a Value, id: &str) -> &'a Value {
    conversation["participants"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap()
}

#[tokio::test]
async fn legs_open_and_close_as_events_say() {
    let caller = Caller::new(options()).await;
    let conversations = caller.fake.conversations();
    let call = a_call();

    observe_all(conversations, &call[..6]);
    let conversation = caller.conversation().await;
    assert_eq!(conversation["startTime"], "2025-12-12T15:15:00.000Z");
    assert_eq!(conversation.get("endTime"), None);
    assert_eq!(conversation["divisions"][0]["division"]["id"], "division");
    let customer = participant(&conversation, "customer");
    assert_eq!((&customer["purpose"], &customer["externalContactId"]), (&json!("customer"), &json!("contact")));
    assert_eq!(customer["attributes"], json!({ "SF_URLPop": "500" }));
    assert_eq!(customer["calls"][0]["state"], "connected");
    assert_eq!(customer["calls"][0]["direction"], "inbound");
    assert_eq!(customer["calls"][0]["held"], false);
    let flow = participant(&conversation, "flow");
    assert_eq!((&flow["purpose"], &flow["endTime"]), (&json!("ivr"), &json!("2025-12-12T15:15:01.000Z")));
    assert_eq!(flow["calls"][0]["segments"][0]["type"], "ivr");
    let agent = participant(&conversation, "agent");
    assert_eq!(
        (&agent["purpose"], &agent["userId"], &agent["queueId"]),
        (&json!("agent"), &json!(AGENT), &json!("queue"))
    );
    assert_eq!(agent["calls"][0]["state"], "alerting");
    assert_eq!(agent["calls"][0]["startAlertingTime"], "2025-12-12T15:15:02.000Z");
    assert_eq!(agent["calls"][0].get("connectedTime"), None);

    observe_all(conversations, &call[6..7]);
    let conversation = caller.conversation().await;
    let agent = participant(&conversation, "agent");
    assert_eq!(agent["calls"][0]["state"], "connected");
    assert_eq!(agent["calls"][0]["connectedTime"], "2025-12-12T15:15:06.000Z");
    let queue = &participant(&conversation, "acd")["calls"][0];
    assert_eq!((&queue["state"], &queue["disconnectType"]), (&json!("disconnected"), &json!("transfer")));

    observe_all(conversations, &call[7..]);
    let conversation = caller.conversation().await;
    assert_eq!(conversation["endTime"], "2025-12-12T15:16:00.000Z");
    assert_eq!(participant(&conversation, "acd")["calls"][0]["state"], "terminated");
    let agent = participant(&conversation, "agent");
    assert_eq!(agent["calls"][0]["disconnectType"], "transfer.noanswer");
    assert_eq!(agent["startAcwTime"], "2025-12-12T15:16:00.000Z");
    assert_eq!(agent["calls"][0]["afterCallWork"]["state"], "complete");
    let kinds: Vec<_> = agent["calls"][0]["segments"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, ["alert", "interact", "wrapup"]);
    let shown = conversation.to_string();
    assert!(!shown.contains("+1555") && !shown.contains("dummy notes"));
}

#[tokio::test]
async fn order_and_repetition_do_not_change_where_it_ends() {
    let caller = Caller::new(options()).await;
    let conversations = caller.fake.conversations();
    observe_all(conversations, &a_call());
    let in_order = caller.conversation().await;
    observe_all(conversations, &a_call());
    assert_eq!(caller.conversation().await, in_order);

    let shuffled = Caller::new(options()).await;
    let mut events = a_call();
    events.reverse();
    observe_all(shuffled.fake.conversations(), &events);
    let shuffled = shuffled.conversation().await;
    assert_eq!(shuffled["endTime"], in_order["endTime"]);
    for id in ["customer", "flow", "acd", "agent"] {
        for field in ["purpose", "startTime", "endTime"] {
            assert_eq!(participant(&shuffled, id)[field], participant(&in_order, id)[field], "{id} {field}");
        }
        for field in ["state", "connectedTime", "disconnectedTime", "disconnectType", "segments"] {
            let (one, other) = (&participant(&shuffled, id)["calls"][0], &participant(&in_order, id)["calls"][0]);
            assert_eq!(one[field], other[field], "{id} {field}");
        }
    }
}

#[tokio::test]
async fn each_medium_has_its_list() {
    let caller = Caller::new(options()).await;
    for (number, (media_type, list)) in
        [("EMAIL", "emails"), ("MESSAGE", "messages"), ("CALLBACK", "callbacks"), ("CHAT", "chats")].iter().enumerate()
    {
        let id = number.to_string();
        let start = json!({
            "participantId": id, "sessionId": id, "mediaType": media_type, "messageType": "WEBMESSAGING",
            "userId": AGENT,
        });
        caller.observe("user.start", 0, &start);
        let conversation = caller.conversation().await;
        let user = participant(&conversation, &id);
        assert_eq!((&user["purpose"], &user[list][0]["state"]), (&json!("user"), &json!("connected")));
        caller.observe("user.end", 10, &start);
        let conversation = caller.conversation().await;
        assert_eq!(participant(&conversation, &id)[list][0]["state"], "disconnected");
        assert_eq!(participant(&conversation, &id)[list][0].get("connectedTime"), None);
    }
}

#[tokio::test]
async fn a_conversation_may_open_again() {
    let caller = Caller::new(options()).await;
    let leg = |id: &str| json!({ "participantId": id, "sessionId": id, "mediaType": "MESSAGE" });
    caller.observe("customer.start", 0, &leg("first"));
    caller.observe("customer.end", 10, &leg("first"));
    assert!(caller.conversation().await["endTime"].is_string());
    caller.observe("customer.start", 20, &leg("second"));
    assert_eq!(caller.conversation().await.get("endTime"), None);
    assert_eq!(caller.conversation().await["id"], CONVERSATION);
}

#[tokio::test]
async fn a_scheduled_callback_waits() {
    let caller = Caller::new(options()).await;
    let due_ms = crate::support::NOW_MS + 3_600_000;
    let start = json!({
        "participantId": "acd", "sessionId": "leg", "mediaType": "CALLBACK", "queueId": "queue",
        "callbackScheduledTime": due_ms, "callbackNumbers": ["tel:+15550100003"],
    });
    caller.observe("acd.start", 0, &start);
    let conversation = caller.conversation().await;
    let callback = &participant(&conversation, "acd")["callbacks"][0];
    assert_eq!(callback["state"], "scheduled");
    assert_eq!(callback["callbackScheduledTime"], "2025-12-12T16:15:00.000Z");
    assert_eq!(callback.get("callbackNumbers"), None);
}
