//! Queues in which thousands wait.

use std::time::Duration;

use fake_genesys_cloud::conversations::DisconnectBehavior;
use fake_genesys_cloud::crowds::Crowd;
use serde_json::{Value, json};

use crate::support::{Caller, options};

const DETAILS: &str = "/api/v2/analytics/conversations/details/query";
const ACTIVITY: &str = "/api/v2/analytics/conversations/activity/query";

async fn page(caller: &Caller, number: u32, order: &str) -> Value {
    let filter = |predicate: Value| json!([{ "type": "and", "predicates": [predicate] }]);
    let query = json!({
        "interval": "2025-11-25T00:00:00Z/2025-12-13T00:00:00Z", "order": order,
        "paging": { "pageSize": 100, "pageNumber": number },
        "conversationFilters": filter(json!({ "dimension": "conversationEnd", "operator": "notExists" })),
        "segmentFilters": filter(json!({ "dimension": "queueId", "operator": "matches", "value": "QUEUE" })),
    });
    caller.call("POST", DETAILS, Some(query)).await.json().await.unwrap()
}

fn ids(page: &Value) -> Vec<String> {
    let rows = page["conversations"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| row["conversationId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_crowd_is_paged_through_in_order_and_no_deeper_than_analytics_serves() {
    let caller = Caller::new(options()).await;
    let all = caller.fake.crowds().gather(Crowd::new("queue", 8_150));
    caller.fake.crowds().gather(Crowd::new("another queue", 50));
    let first = page(&caller, 1, "asc").await;
    assert_eq!((first["totalHits"].as_u64(), ids(&first)), (Some(8_150), all[..100].to_vec()));
    let last: Vec<String> = all[8_050..].iter().rev().cloned().collect();
    assert_eq!(ids(&page(&caller, 1, "desc").await), last);
    assert_eq!(ids(&page(&caller, 80, "asc").await), all[7_900..8_000].to_vec());
    assert!(page(&caller, 81, "asc").await["conversations"].is_null(), "a 502");
    let row = &first["conversations"][0];
    assert_eq!(row["participants"][1]["purpose"], "acd");
    assert_eq!(row["participants"][0]["sessions"][0]["addressFrom"], "somebody@example.com");
}

#[tokio::test]
async fn what_is_accepted_or_disconnected_shows_in_rows_late_and_in_activity_at_once() {
    let caller = Caller::new(options()).await;
    caller.fake.analytics().lag_behind(Duration::from_secs(30));
    let all = caller.fake.crowds().gather(Crowd::new("queue", 3));
    caller.fake.clock().advance(Duration::from_mins(1));
    caller.fake.conversations().on_disconnect(&all[2], DisconnectBehavior::Never);
    assert!(caller.fake.crowds().accept(&all[0]));
    for id in &all[1..] {
        let path = format!("/api/v2/conversations/{id}/disconnect");
        assert_eq!(caller.call("POST", &path, None).await.status(), 202);
    }
    assert_eq!(ids(&page(&caller, 1, "asc").await), all);
    let predicates: Vec<Value> =
        all.iter().map(|id| json!({ "dimension": "conversationId", "operator": "matches", "value": id })).collect();
    let metrics = json!([{ "metric": "oWaiting", "details": true }, { "metric": "oInteracting", "details": true }]);
    let query = json!({ "metrics": metrics, "filter": { "type": "or", "predicates": predicates } });
    let activity: Value = caller.call("POST", ACTIVITY, Some(query)).await.json().await.unwrap();
    let entities = activity["results"][0]["entities"].as_array().unwrap();
    let counted: Vec<_> = entities.iter().map(|one| (one["metric"].clone(), one["conversationId"].clone())).collect();
    let expected = [("oInteracting", &all[0]), ("oWaiting", &all[2])];
    assert_eq!(counted, expected.map(|(metric, id)| (json!(metric), json!(id))));

    caller.fake.clock().advance(Duration::from_secs(31));
    assert_eq!(ids(&page(&caller, 1, "asc").await), [all[0].clone(), all[2].clone()]);
    let shown: Value =
        caller.call("GET", &format!("/api/v2/conversations/{}", all[1]), None).await.json().await.unwrap();
    assert!(shown["endTime"].is_string());
    let report = caller.fake.crowds().report();
    assert_eq!((report.waiting, report.accepted, report.disconnected, report.asked_twice), (1, 1, 1, 0));
}
