//! The analytics queries, and conversations that change between two looks.

use std::time::Duration;

use crate::support::{CONVERSATION, Caller, options};
use fake_genesys_cloud::conversations::{Conversations, DisconnectBehavior};
use serde_json::{Value, json};

const DETAILS: &str = "/api/v2/analytics/conversations/details/query";
const ACTIVITY: &str = "/api/v2/analytics/conversations/activity/query";
/// The day on which every test starts: 2025-12-12.
const TODAY: &str = "2025-12-12T00:00:00Z/2025-12-12T23:59:59Z";

async fn query(caller: &Caller, path: &str, body: Value) -> Value {
    let response = caller.call("POST", path, Some(body)).await;
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

async fn refusal(caller: &Caller, path: &str, body: Value) -> u16 {
    caller.call("POST", path, Some(body)).await.status().as_u16()
}

/// The ids that a details query finds.
async fn found(caller: &Caller, body: Value) -> Vec<String> {
    let answer = query(caller, DETAILS, body).await;
    let rows = answer["conversations"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| row["conversationId"].as_str().unwrap().to_owned()).collect()
}

fn email(id: &str, start: &str, end: Option<&str>) -> Value {
    let mut conversation = json!({
        "id": id, "startTime": start, "divisions": [{ "division": { "id": "division-1" } }],
        "participants": [
            { "id": "customer", "purpose": "customer", "emails": [
                { "id": "customer-leg", "state": "connected", "direction": "inbound", "connectedTime": start },
            ] },
            { "id": "acd", "purpose": "acd", "queueId": "Queue-1", "emails": [
                { "id": "acd-leg", "state": "connected", "provider": "Salesforce", "connectedTime": start },
            ] },
        ],
    });
    if let Some(end) = end {
        conversation["endTime"] = json!(end);
    }
    conversation
}

fn set_all(conversations: &Conversations, all: impl IntoIterator<Item = Value>) {
    all.into_iter().for_each(|one| conversations.set(one).unwrap());
}

fn filter(predicates: &Value) -> Value {
    json!([{ "type": "and", "predicates": predicates }])
}

#[tokio::test]
async fn an_interval_finds_what_started_on_the_days_that_it_touches() {
    let caller = Caller::new(options()).await;
    set_all(
        caller.fake.conversations(),
        [
            email("early", "2025-12-12T00:00:00.000Z", None),
            email("late", "2025-12-12T14:59:59.000Z", None),
            email("yesterday", "2025-12-11T23:59:59.999Z", None),
        ],
    );
    let noon = "2025-12-12T12:00:00Z/2025-12-12T12:00:01Z";
    assert_eq!(found(&caller, json!({ "interval": noon })).await, ["early", "late"]);
    let midnight = "2025-12-11T12:00:00Z/2025-12-12T00:00:00Z";
    assert_eq!(found(&caller, json!({ "interval": midnight, "order": "desc" })).await, ["yesterday"]);
    let both = "2025-12-11T12:00:00Z/2025-12-12T00:00:01Z";
    assert_eq!(found(&caller, json!({ "interval": both, "order": "desc" })).await, ["late", "early", "yesterday"]);

    for (wrong, status) in [
        (json!({}), 400),
        (json!({ "interval": "today" }), 400),
        (json!({ "interval": "2025-12-12T00:00:00Z/2025-12-12T00:00:00Z" }), 400),
        (json!({ "interval": "2025-11-11T00:00:00Z/2025-12-12T00:00:01Z" }), 400),
        (json!({ "interval": TODAY, "paging": { "pageSize": 101 } }), 400),
        (json!({ "interval": TODAY, "paging": { "pageNumber": 0 } }), 400),
        (json!({ "interval": TODAY, "segmentFilters": filter(&json!([{ "dimension": "dnis" }])) }), 400),
    ] {
        assert_eq!(refusal(&caller, DETAILS, wrong.clone()).await, status, "{wrong}");
    }
}

#[tokio::test]
async fn filters_are_on_the_conversation_or_on_one_of_its_segments() {
    let caller = Caller::new(options()).await;
    let start = "2025-12-12T10:00:00.000Z";
    set_all(
        caller.fake.conversations(),
        [email("open", start, None), email("over", start, Some("2025-12-12T11:00:00.000Z"))],
    );
    for (name, predicates, expected) in [
        ("conversationFilters", json!([{ "dimension": "conversationEnd", "operator": "notExists" }]), vec!["open"]),
        ("conversationFilters", json!([{ "dimension": "conversationEnd", "operator": "exists" }]), vec!["over"]),
        ("conversationFilters", json!([{ "dimension": "divisionId", "value": "division-1" }]), vec!["open", "over"]),
        ("conversationFilters", json!([{ "dimension": "conversationId", "value": "OPEN" }]), vec!["open"]),
        (
            "segmentFilters",
            json!([{ "dimension": "queueId", "value": "queue-1" }, { "dimension": "provider", "value": "salesforce" },
                { "dimension": "segmentEnd", "operator": "notExists" }]),
            vec!["open", "over"],
        ),
        // Of different segments.
        (
            "segmentFilters",
            json!([{ "dimension": "queueId", "value": "queue-1" }, { "dimension": "purpose", "value": "customer" }]),
            vec![],
        ),
    ] {
        let body = json!({ "interval": TODAY, name: filter(&predicates) });
        assert_eq!(found(&caller, body).await, expected, "{predicates}");
    }
    let clauses = json!([{ "type": "and", "clauses": [{ "type": "or", "predicates": [
        { "dimension": "mediaType", "value": "voice" }, { "dimension": "mediaType", "value": "email" },
    ] }] }]);
    assert_eq!(found(&caller, json!({ "interval": TODAY, "segmentFilters": clauses })).await, ["open", "over"]);
}

#[tokio::test]
async fn pages_end_with_an_empty_one_and_the_deepest_are_not_served() {
    let caller = Caller::new(options()).await;
    let all = (0..7).map(|number| email(&format!("c{number}"), &format!("2025-12-12T10:00:0{number}.000Z"), None));
    set_all(caller.fake.conversations(), all);
    let page = |number: u32| json!({ "interval": TODAY, "paging": { "pageSize": 3, "pageNumber": number } });
    assert_eq!(found(&caller, page(2)).await, ["c3", "c4", "c5"]);
    assert_eq!(found(&caller, page(3)).await, ["c6"]);
    let beyond = query(&caller, DETAILS, page(4)).await;
    assert_eq!((&beyond["totalHits"], beyond.get("conversations")), (&json!(7), None));

    caller.fake.analytics().serve_rows(6);
    assert_eq!(found(&caller, page(2)).await, ["c3", "c4", "c5"]);
    assert_eq!(refusal(&caller, DETAILS, page(3)).await, 502);
}

#[tokio::test]
async fn rows_tell_who_was_there_and_how_it_ended() {
    let caller = Caller::new(options()).await;
    let agent = json!({
        "participantId": "agent", "sessionId": "agent-leg", "mediaType": "VOICE", "direction": "INBOUND",
        "queueId": "queue", "userId": "user-1", "provider": "Edge", "disconnectType": "NO_ANSWER_TRANSFER",
        "alertingDurationMs": 4_000,
    });
    caller.observe("user.start", 0, &agent);
    caller.observe("user.end", 4_000, &agent);
    caller.fake.clock().advance(Duration::from_mins(1));
    let answer = query(&caller, DETAILS, json!({ "interval": TODAY })).await;
    assert_eq!(
        answer["conversations"][0],
        json!({
            "conversationId": CONVERSATION,
            "conversationStart": "2025-12-12T15:15:00.000Z",
            "conversationEnd": "2025-12-12T15:15:04.000Z",
            "divisionIds": [],
            "originatingDirection": "inbound",
            "participants": [{ "participantId": "agent", "purpose": "agent", "userId": "user-1", "sessions": [{
                "sessionId": "agent-leg", "mediaType": "voice", "direction": "inbound", "provider": "Edge",
                "segments": [{
                    "segmentType": "alert", "conference": false, "queueId": "queue",
                    "segmentStart": "2025-12-12T15:15:00.000Z", "segmentEnd": "2025-12-12T15:15:04.000Z",
                    "disconnectType": "noAnswerTransfer",
                }],
            }] }],
        })
    );
}

#[tokio::test]
async fn the_details_query_lags_and_the_activity_query_does_not() {
    let caller = Caller::new(options()).await;
    let agent = json!({
        "participantId": "agent", "sessionId": "agent-leg", "mediaType": "MESSAGE", "userId": "user-1",
        "interactingDurationMs": 60_000,
    });
    let activity = json!({
        "metrics": [{ "metric": "oInteracting", "details": true }, { "metric": "oWaiting" }],
        "filter": { "type": "and", "predicates": [{ "dimension": "conversationId", "value": CONVERSATION }] },
    });
    caller.observe("user.start", 0, &agent);
    caller.fake.analytics().lag_behind(Duration::from_secs(30));
    assert_eq!(found(&caller, json!({ "interval": TODAY })).await, Vec::<String>::new());
    let result = query(&caller, ACTIVITY, activity.clone()).await["results"][0].clone();
    assert_eq!(result["data"], json!([{ "metric": "oInteracting", "count": 1 }, { "metric": "oWaiting", "count": 0 }]));
    assert_eq!(result["entities"][0]["sessionId"], "agent-leg");
    assert_eq!(result["entities"][0]["activityDate"], "2025-12-12T15:15:00.000Z");

    caller.fake.clock().advance(Duration::from_mins(1));
    caller.observe("user.end", 60_000, &agent);
    let row = query(&caller, DETAILS, json!({ "interval": TODAY })).await["conversations"][0].clone();
    let segment = &row["participants"][0]["sessions"][0]["segments"][0];
    assert_eq!(
        (row.get("conversationEnd"), segment.get("segmentEnd"), segment.get("disconnectType")),
        (None, None, None)
    );
    assert_eq!(query(&caller, ACTIVITY, activity.clone()).await["results"][0]["entities"], json!([]));

    caller.fake.clock().advance(Duration::from_secs(30));
    let row = query(&caller, DETAILS, json!({ "interval": TODAY })).await["conversations"][0].clone();
    assert!(row["conversationEnd"].is_string());
    assert_eq!(refusal(&caller, ACTIVITY, json!({ "metrics": [{ "metric": "oX" }], "filter": {} })).await, 400);

    // Still counted, though it ended.
    let mut stuck = row;
    stuck.as_object_mut().unwrap().remove("conversationEnd");
    stuck["participants"][0]["sessions"][0]["segments"][0].as_object_mut().unwrap().remove("segmentEnd");
    caller.fake.analytics().show(stuck).unwrap();
    assert_eq!(query(&caller, ACTIVITY, activity).await["results"][0]["entities"][0]["metric"], "oInteracting");
    assert!(caller.conversation().await["endTime"].is_string());
    assert!(caller.fake.analytics().show(json!({})).is_err());
}

#[tokio::test]
async fn a_conversation_can_change_between_two_looks() {
    let caller = Caller::new(options()).await;
    let conversations = caller.fake.conversations();
    let tagged = |tag: &str| json!({ "id": CONVERSATION, "externalTag": tag });
    assert!(conversations.change_after_reads(1, tagged("1")).is_err());
    conversations.set(tagged("0")).unwrap();
    conversations.change_after_reads(2, tagged("1")).unwrap();
    conversations.change_after_reads(1, tagged("2")).unwrap();
    for expected in ["0", "0", "1", "2", "2"] {
        assert_eq!(caller.conversation().await["externalTag"], expected);
    }
}

#[tokio::test]
async fn a_disconnect_can_conflict() {
    let caller = Caller::new(options()).await;
    caller.fake.conversations().set(email(CONVERSATION, "2025-12-12T10:00:00.000Z", None)).unwrap();
    caller.fake.conversations().on_disconnect(CONVERSATION, DisconnectBehavior::Conflict);
    let response = caller.call("POST", &format!("/api/v2/conversations/{CONVERSATION}/disconnect"), None).await;
    assert_eq!(response.status(), 409);
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "conflict");
    assert_eq!(caller.conversation().await.get("endTime"), None);
}

#[tokio::test]
async fn analytics_and_changes_can_be_told_over_http() {
    let caller = Caller::new(options()).await;
    let done = async |method, path: &str, body| {
        let response = caller.call(method, path, Some(body)).await;
        assert_eq!(response.status(), 204, "{method} {path}");
    };
    let start = "2025-12-12T10:00:00.000Z";
    done("POST", "/_fake/conversations", json!([email(CONVERSATION, start, None), email("other", start, None)])).await;
    let changes = json!([{ "afterReads": 1, "conversation": { "externalTag": "changed" } }]);
    done("PUT", &format!("/_fake/conversations/{CONVERSATION}/changes"), changes).await;
    assert_eq!(caller.conversation().await.get("externalTag"), None);
    assert_eq!(caller.conversation().await["externalTag"], "changed");
    done("PUT", &format!("/_fake/conversations/{CONVERSATION}/disconnect-behavior"), json!("conflict")).await;

    done("POST", "/_fake/analytics/rows", json!({ "conversationId": "row", "conversationStart": start })).await;
    assert_eq!(found(&caller, json!({ "interval": TODAY })).await, ["other", "row"]);
    done("PUT", "/_fake/analytics/depth", json!({ "rows": 1 })).await;
    let second = json!({ "interval": TODAY, "paging": { "pageSize": 1, "pageNumber": 2 } });
    assert_eq!(refusal(&caller, DETAILS, second).await, 502);
    done("PUT", "/_fake/analytics/lag", json!({ "ms": 24 * 60 * 60 * 1_000 })).await;
    assert_eq!(found(&caller, json!({ "interval": TODAY })).await, ["row"]);

    for (path, body) in [
        ("/_fake/conversations", json!({ "participants": [] })),
        ("/_fake/conversations/none/changes", json!({ "afterReads": 0, "conversation": {} })),
        ("/_fake/analytics/rows", json!({})),
    ] {
        let method = if path.ends_with("changes") { "PUT" } else { "POST" };
        assert_eq!(caller.call(method, path, Some(body)).await.status(), 400, "{path}");
    }
}
