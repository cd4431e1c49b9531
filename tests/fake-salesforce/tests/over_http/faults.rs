//! The fake fails as it is told to.

use crate::support::{OBJECT, Org, record, status_and_body};
use fake_salesforce::{CallKind, Effect, Fault, Options};
use serde_json::{Value, json};

fn one_row(org: &Org) -> reqwest::RequestBuilder {
    org.collections(&json!({ "records": [record("a")] }))
}

async fn tell(org: &Org, fault: Value) {
    let response = org.http.post(format!("{}/_fake/faults", org.fake.url())).json(&fault).send().await.unwrap();
    assert_eq!(response.status(), 204);
}

#[tokio::test]
async fn told_over_http_it_fails_so_often_and_then_works() {
    let org = Org::start(Options::default()).await;
    tell(&org, json!({ "kind": "answer", "status": 503, "retryAfterSeconds": 7, "times": 2 })).await;
    for _ in 0..2 {
        let response = one_row(&org).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"7".parse().unwrap()));
    }
    assert_eq!(status_and_body(one_row(&org)).await.0, 200);
}

#[tokio::test]
async fn faults_last_until_they_are_cleared() {
    let org = Org::start(Options::default()).await;
    tell(&org, json!([{ "kind": "dailyLimit" }, { "on": "token", "kind": "answer", "status": 500 }])).await;
    for _ in 0..3 {
        let (status, body) = status_and_body(one_row(&org)).await;
        assert_eq!((status, &body[0]["message"]), (403, &json!("TotalRequests Limit exceeded.")));
    }
    assert_eq!(org.ask_token(&[("grant_type", "client_credentials")]).await.status(), 500);
    org.http.delete(format!("{}/_fake/faults", org.fake.url())).send().await.unwrap();
    assert_eq!(status_and_body(one_row(&org)).await.0, 200);
}

#[tokio::test]
async fn pages_limits_and_locks_look_like_the_real_ones() {
    let org = Org::start(Options::default()).await;
    org.fake.inject(Fault::on_data(Effect::html(502)).times(1));
    let response = one_row(&org).send().await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["content-type"]),
        (reqwest::StatusCode::BAD_GATEWAY, &"text/html; charset=UTF-8".parse().unwrap())
    );
    org.fake.inject(Fault::on_data(Effect::ConcurrencyLimit).times(1));
    let (status, body) = status_and_body(one_row(&org)).await;
    assert_eq!((status, &body[0]["errorCode"]), (403, &json!("REQUEST_LIMIT_EXCEEDED")));
    org.fake.inject(Fault::on_data(Effect::LockedBatch).times(1));
    assert_eq!(org.upsert(vec![record("a")]).await[0]["errors"][0]["statusCode"], "UNABLE_TO_LOCK_ROW");
}

#[tokio::test]
async fn a_dropped_connection_gives_no_answer_applied_or_not() {
    let org = Org::start(Options::default()).await;
    for (after_applying, rows) in [(false, 0), (true, 1)] {
        org.fake.inject(Fault::on_data(Effect::Drop { after_applying }).times(1));
        assert!(one_row(&org).send().await.is_err());
        assert_eq!(org.fake.rows(OBJECT).len(), rows);
    }
    let statuses: Vec<_> = org.fake.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(200), None, None]);
}

#[tokio::test]
async fn it_can_apply_and_deny_it() {
    let org = Org::start(Options::default()).await;
    tell(&org, json!({ "kind": "answer", "status": 503, "afterApplying": true, "times": 1 })).await;
    assert_eq!(one_row(&org).send().await.unwrap().status(), 503);
    assert_eq!(org.fake.rows(OBJECT).len(), 1);
}

#[tokio::test]
async fn rows_fail_by_key_or_place_alone_or_with_their_request() {
    let org = Org::start(Options::default()).await;
    tell(&org, json!({ "kind": "row", "keyPrefix": "bad", "statusCode": "STRING_TOO_LONG", "fields": ["X__c"] })).await;
    tell(&org, json!({ "kind": "row", "nth": 3, "statusCode": "UNKNOWN_EXCEPTION", "times": 1 })).await;
    let items = org.upsert(vec![record("bad-1"), record("b"), record("c"), record("bad-2")]).await;
    let codes: Vec<_> = items.iter().map(|item| item["errors"][0]["statusCode"].as_str()).collect();
    assert_eq!(codes, [Some("STRING_TOO_LONG"), None, Some("UNKNOWN_EXCEPTION"), Some("STRING_TOO_LONG")]);
    let whole = json!({ "kind": "row", "keyPrefix": "a", "statusCode": "JSON_PARSER_ERROR", "refusesRequest": true });
    tell(&org, whole).await;
    assert_eq!(status_and_body(one_row(&org)).await.0, 400);
}

#[tokio::test]
async fn tokens_expire_after_so_many_requests_and_answers_are_cut_short() {
    let org = Org::start(Options::default()).await;
    org.fake.inject(Fault::on_data(Effect::ShortAnswer).times(1));
    org.fake.inject(Fault::on_data(Effect::ExpireTokens).times(1));
    assert!(org.upsert(vec![record("a")]).await.is_empty());
    assert_eq!(status_and_body(one_row(&org)).await.0, 401);
    assert_eq!(org.fake.count(CallKind::CollectionsUpsert), 2);
}

#[tokio::test]
async fn stopped_it_frees_its_port() {
    let org = Org::start(Options::default()).await;
    let port = org.fake.url().rsplit_once(':').unwrap().1.parse().unwrap();
    drop(org.http);
    org.fake.stop().await;
    let again = Org::start(Options { port, ..Options::default() }).await;
    assert!(again.fake.url().ends_with(&port.to_string()));
}
