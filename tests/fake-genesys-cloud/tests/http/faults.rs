//! Faults, and the rest of `/_fake/…`.

use std::time::Duration;

use crate::support::{CONVERSATION, Caller, NOW_MS, event, options};
use fake_genesys_cloud::faults::{Effect, Fault};
use serde_json::{Value, json};

async fn caller_with_conversation() -> Caller {
    let caller = Caller::new(options()).await;
    caller.observe(
        "customer.start",
        0,
        &json!({ "participantId": "customer-1", "sessionId": "session-1", "mediaType": "EMAIL" }),
    );
    caller
}

fn disconnect_path() -> String {
    format!("/api/v2/conversations/{CONVERSATION}/disconnect")
}

#[tokio::test]
async fn an_answer_can_be_planned() {
    let caller = caller_with_conversation().await;
    let fault = json!({
        "method": "GET",
        "path": "/api/v2/conversations",
        "times": 2,
        "effect": { "answer": { "status": 503, "headers": { "Retry-After": "3" }, "body": { "code": "down" } } },
    });
    assert_eq!(caller.call("POST", "/_fake/faults", Some(fault)).await.status(), 204);
    let path = format!("/api/v2/conversations/{CONVERSATION}");
    for _ in 0..2 {
        let response = caller.call("GET", &path, None).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "3");
        assert!(response.headers().contains_key("inin-correlation-id"));
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "code": "down" }));
    }
    caller.conversation().await;

    caller.fake.faults().add(Fault::answer("POST", "/oauth/token", 500));
    assert_eq!(caller.token_request("fake-client-secret").await.status(), 500);
}

#[tokio::test]
async fn a_connection_can_be_dropped_before_or_after_the_request_is_handled() {
    let caller = caller_with_conversation().await;
    caller.fake.faults().add(Fault::drop_connection("POST", &disconnect_path()));
    assert!(caller.try_call("POST", &disconnect_path(), None).await.is_err());
    assert_eq!(caller.conversation().await.get("endTime"), None);

    caller.fake.faults().add(Fault::with("POST", &disconnect_path(), Effect::DropAfterwards));
    assert!(caller.try_call("POST", &disconnect_path(), None).await.is_err());
    assert!(caller.conversation().await["endTime"].is_string());

    let statuses: Vec<_> =
        caller.fake.requests().all().into_iter().filter(|one| one.method == "POST").map(|one| one.status).collect();
    assert_eq!(statuses, [Some(200), None, None]);
}

#[tokio::test]
async fn an_answer_can_be_delayed() {
    let caller = caller_with_conversation().await;
    caller.fake.faults().add(Fault::delay("GET", "/api/v2", 3_600_000));
    let path = format!("/api/v2/conversations/{CONVERSATION}");
    let waiting = caller.call("GET", &path, None);
    let arrived = async {
        while !caller.fake.faults().remaining().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        response = waiting => panic!("answered at once: {response:?}"),
        result = tokio::time::timeout(Duration::from_secs(10), arrived) => result.unwrap(),
    }
    assert_eq!(caller.fake.requests().all().last().map(|one| one.status), Some(None));

    caller.fake.faults().add(Fault::delay("GET", "/api/v2", 1));
    caller.conversation().await;
}

#[tokio::test]
async fn everything_can_be_told_over_http() {
    let mut caller = Caller::new(options()).await;
    let done = async |method, path: &str, body| {
        let response = caller.call(method, path, body).await;
        assert_eq!(response.status(), 204, "{method} {path}");
    };
    let start = json!({ "participantId": "customer-1", "sessionId": "session-1", "mediaType": "EMAIL" });
    done("POST", "/_fake/events", Some(event("customer.start", 0, &start))).await;
    done("POST", "/_fake/events", Some(json!([event("customer.end", 5, &start), event("flow.outcome", 5, &start)])))
        .await;
    assert!(caller.conversation().await["endTime"].is_string());

    let path = format!("/_fake/conversations/{CONVERSATION}");
    done("PUT", &path, Some(json!({ "participants": [{ "id": "p", "emails": [{ "id": "e" }] }] }))).await;
    let all: Value = caller.call("GET", "/_fake/conversations", None).await.json().await.unwrap();
    assert_eq!(all[0]["id"], CONVERSATION);
    for behavior in [json!("atOnce"), json!({ "afterReads": 2 }), json!({ "afterMs": 5 }), json!("never")] {
        done("PUT", &format!("{path}/disconnect-behavior"), Some(behavior)).await;
    }
    caller.disconnect().await;
    assert_eq!(caller.conversation().await.get("endTime"), None);

    done("POST", "/_fake/faults", Some(json!([{ "delayMs": 1 }, { "effect": "drop" }]))).await;
    let faults: Value = caller.call("GET", "/_fake/faults", None).await.json().await.unwrap();
    assert_eq!(faults.as_array().map(Vec::len), Some(2));
    done("DELETE", "/_fake/faults", None).await;
    assert_eq!(caller.fake.faults().remaining(), []);

    done("POST", "/_fake/clock", Some(json!({ "advanceMs": 60_000 }))).await;
    assert_eq!(caller.fake.clock().now_ms(), NOW_MS + 60_000);
    done("PUT", "/_fake/rate-limit", Some(json!({ "allowed": 0 }))).await;
    let conversation = format!("/api/v2/conversations/{CONVERSATION}");
    assert_eq!(caller.call("GET", &conversation, None).await.status(), 429);
    done("POST", "/_fake/tokens/expire", None).await;
    assert_eq!(caller.call("GET", &conversation, None).await.status(), 401);

    let requests: Value = caller.call("GET", "/_fake/requests", None).await.json().await.unwrap();
    assert_eq!(requests[0]["path"], "/oauth/token");
    assert_eq!(requests[0]["atMs"], json!(NOW_MS));
    done("DELETE", "/_fake/requests", None).await;
    assert_eq!(caller.fake.requests().all(), []);

    caller.fake.rate_limit().allow(1);
    caller.log_in().await;
    caller.conversation().await;
    let refused = caller.call("POST", "/_fake/events", Some(json!({ "detail-type": 1 }))).await;
    assert_eq!(refused.status(), 400);
}
