//! The login and the API, over HTTP.

use std::time::Duration;

use crate::support::{CONVERSATION, Caller, options};
use fake_genesys_cloud::Options;
use fake_genesys_cloud::conversations::DisconnectBehavior;
use serde_json::{Value, json};

fn open_conversation() -> Value {
    json!({
        "id": CONVERSATION,
        "startTime": "2025-12-12T15:00:00.000Z",
        "participants": [
            { "id": "customer-1", "purpose": "customer", "calls": [{ "id": "call-1", "state": "connected" }] },
            { "id": "agent-1", "purpose": "agent", "endTime": "2025-12-12T15:10:00.000Z", "calls": [{
                "id": "call-2",
                "state": "terminated",
                "disconnectType": "client",
                "disconnectedTime": "2025-12-12T15:10:00.000Z",
                "afterCallWork": { "state": "pending", "startTime": "2025-12-12T15:10:00.000Z" },
            }] },
        ],
    })
}

async fn caller_with_conversation() -> Caller {
    let caller = Caller::new(options()).await;
    caller.fake.conversations().set(open_conversation()).unwrap();
    caller
}

#[tokio::test]
async fn the_login_answers_with_a_token_or_says_why_not() {
    let caller = Caller::new(options()).await;
    let answer: Value = caller.token_request("fake-client-secret").await.json().await.unwrap();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(86_400)));

    let refused = caller.token_request("wrong").await;
    assert_eq!(refused.status(), 401);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["error"], "invalid_client");
    assert_eq!(refused["error_description"], refused["description"]);

    let refused = caller.call("POST", "/oauth/token", None).await;
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn a_token_is_needed_and_expires() {
    let mut caller = caller_with_conversation().await;
    caller.conversation().await;

    caller.fake.clock().advance(Duration::from_hours(24));
    let path = format!("/api/v2/conversations/{CONVERSATION}");
    let refused = caller.call("GET", &path, None).await;
    assert_eq!(refused.status(), 401);
    let correlation_id = refused.headers()["ININ-Correlation-Id"].to_str().unwrap().to_owned();
    let refused: Value = refused.json().await.unwrap();
    assert_eq!((&refused["code"], &refused["status"]), (&json!("bad.credentials"), &json!(401)));
    assert_eq!(refused["contextId"], json!(correlation_id));

    caller.log_in().await;
    caller.conversation().await;
    caller.fake.tokens().expire_all();
    assert_eq!(caller.call("GET", &path, None).await.status(), 401);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let caller = caller_with_conversation().await;
    for (method, path, body) in [
        ("GET", "/api/v2/conversations/none".to_owned(), None),
        ("POST", "/api/v2/conversations/none/disconnect".to_owned(), None),
        ("PUT", "/api/v2/conversations/none/tags".to_owned(), Some(json!({ "externalTag": "x" }))),
        (
            "PATCH",
            format!("/api/v2/conversations/{CONVERSATION}/participants/none/attributes"),
            Some(json!({ "attributes": {} })),
        ),
        ("GET", "/api/v2/users/me".to_owned(), None),
    ] {
        let response = caller.call(method, &path, body).await;
        assert_eq!(response.status(), 404, "{path}");
        let error: Value = response.json().await.unwrap();
        assert_eq!((&error["code"], &error["status"]), (&json!("not.found"), &json!(404)));
        assert!(error["contextId"].is_string() && error["errors"] == json!([]));
    }
    assert_eq!(caller.call("DELETE", "/oauth/token", None).await.status(), 405);
}

#[tokio::test]
async fn a_disconnect_ends_everything_at_once() {
    let caller = caller_with_conversation().await;
    caller.disconnect().await;

    let conversation = caller.conversation().await;
    assert_eq!(conversation["endTime"], "2025-12-12T15:15:00.000Z");
    assert_eq!(conversation.get("state"), None);
    let call = &conversation["participants"][0]["calls"][0];
    assert_eq!((&call["state"], &call["disconnectType"]), (&json!("terminated"), &json!("system")));
    assert_eq!(call["disconnectedTime"], conversation["endTime"]);
    assert_eq!(conversation["participants"][0]["endTime"], conversation["endTime"]);
    let agent = &conversation["participants"][1];
    assert_eq!(agent["endTime"], "2025-12-12T15:10:00.000Z");
    assert_eq!(agent["calls"][0]["disconnectType"], "client");
    assert_eq!(agent["calls"][0]["afterCallWork"]["state"], "complete");

    caller.disconnect().await;
    assert_eq!(caller.conversation().await, conversation);
}

#[tokio::test]
async fn a_disconnect_may_take_its_time_or_never_happen() {
    let caller = caller_with_conversation().await;
    let conversations = caller.fake.conversations();

    conversations.on_disconnect(CONVERSATION, DisconnectBehavior::Never);
    caller.disconnect().await;
    caller.fake.clock().advance(Duration::from_hours(1));
    assert_eq!(caller.conversation().await.get("endTime"), None);

    conversations.on_disconnect(CONVERSATION, DisconnectBehavior::AfterMs(30_000));
    caller.disconnect().await;
    caller.fake.clock().advance(Duration::from_millis(29_999));
    assert_eq!(caller.conversation().await.get("endTime"), None);
    caller.fake.clock().advance(Duration::from_millis(1));
    assert_eq!(caller.conversation().await["endTime"], "2025-12-12T16:15:30.000Z");

    conversations.set(open_conversation()).unwrap();
    conversations.on_disconnect(CONVERSATION, DisconnectBehavior::AfterReads(2));
    caller.disconnect().await;
    assert_eq!(caller.conversation().await.get("endTime"), None);
    assert_eq!(caller.conversation().await.get("endTime"), None);
    assert!(caller.conversation().await["endTime"].is_string());
}

#[tokio::test]
async fn tags_and_attributes_can_be_set() {
    let caller = caller_with_conversation().await;
    let tags = format!("/api/v2/conversations/{CONVERSATION}/tags");
    let attributes = format!("/api/v2/conversations/{CONVERSATION}/participants/customer-1/attributes");

    let response = caller.call("PUT", &tags, Some(json!({ "externalTag": "reviewed" }))).await;
    assert_eq!(response.status(), 202);
    for (name, value) in [("first", "1"), ("second", "2")] {
        let body = json!({ "attributes": { name: value } });
        assert_eq!(caller.call("PATCH", &attributes, Some(body)).await.status(), 202);
    }
    let conversation = caller.conversation().await;
    assert_eq!(conversation["externalTag"], "reviewed");
    assert_eq!(conversation["participants"][0]["attributes"], json!({ "first": "1", "second": "2" }));

    assert_eq!(caller.call("PUT", &tags, Some(json!({}))).await.status(), 400);
    assert_eq!(caller.call("PATCH", &attributes, Some(json!({ "attributes": 1 }))).await.status(), 400);
}

#[tokio::test]
async fn each_token_may_call_so_often() {
    let mut caller = Caller::new(Options { requests_per_minute: 2, ..options() }).await;
    caller.fake.conversations().set(open_conversation()).unwrap();
    let path = format!("/api/v2/conversations/{CONVERSATION}");

    for count in ["1", "2"] {
        let response = caller.call("GET", &path, None).await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("inin-ratelimit-count"), count);
        assert_eq!((header("inin-ratelimit-allowed"), header("inin-ratelimit-reset")), ("2".into(), "60".into()));
    }
    caller.fake.clock().advance(Duration::from_secs(45));
    let response = caller.call("GET", &path, None).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "15");
    assert_eq!(response.headers()["inin-ratelimit-reset"], "15");
    let error: Value = response.json().await.unwrap();
    assert_eq!(error["code"], "too.many.requests");
    assert_eq!(error["limit"]["key"], "client.credentials.token.rate.per.minute");
    assert_eq!(error["limit"]["value"], "2");

    caller.fake.clock().advance(Duration::from_secs(15));
    caller.conversation().await;
    caller.fake.rate_limit().allow(0);
    assert_eq!(caller.call("GET", &path, None).await.status(), 429);
    caller.fake.rate_limit().allow(1);
    caller.log_in().await;
    caller.conversation().await;
}

#[tokio::test]
async fn requests_are_logged() {
    let caller = caller_with_conversation().await;
    caller.call("GET", "/api/v2/conversations/none?expand=x", None).await;
    let requests = caller.fake.requests().all();
    let seen: Vec<_> = requests.iter().map(|one| (one.method.as_str(), one.path.as_str(), one.status)).collect();
    assert_eq!(seen, [("POST", "/oauth/token", Some(200)), ("GET", "/api/v2/conversations/none", Some(404))]);
    caller.fake.requests().clear();
    assert_eq!(caller.fake.requests().all(), []);
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let caller = Caller::new(options()).await;
    let address = caller.fake.url().trim_start_matches("http://").to_owned();
    drop(caller);
    let stopped = async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), stopped).await.unwrap();
}
