//! Upserts, as reference/salesforce.md §2 describes them.

use crate::support::{OBJECT, Org, record, record_with, status_and_body};
use fake_salesforce::{CallKind, Options, Parent};
use serde_json::{Value, json};

fn parent(entity: &str, id: &str, field: &str, value: &str) -> Parent {
    let fields = [(field.to_owned(), value.to_owned())].into();
    Parent { entity: entity.to_owned(), id: Some(id.to_owned()), fields }
}

fn strict() -> Options {
    let parents = vec![
        parent("Case", "500000000000001", "CaseNumber", "00001026"),
        parent("User", "005000000000001", "Email", "twin@example.com"),
        parent("User", "005000000000002", "Email", "twin@example.com"),
    ];
    Options { parents, accept_any_parent: false, ..Options::default() }
}

#[tokio::test]
async fn rows_are_created_then_updated_in_order_and_counted() {
    let org = Org::start(Options::default()).await;
    let first = org.upsert(vec![record_with("b", "Status__c", json!("Open")), record("a")]).await;
    assert!(first.iter().all(|item| item["success"] == true && item["created"] == true));
    let second = org.upsert(vec![record_with("b", "Revision__c", json!(1)), record("c")]).await;
    assert_eq!([&second[0]["created"], &second[1]["created"]], [false, true]);
    assert_eq!(second[0]["id"], first[0]["id"]);

    let url = format!("{}/_fake/rows/{OBJECT}", org.fake.url());
    let rows: Vec<Value> = org.http.get(url).send().await.unwrap().json().await.unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row["External_Key__c"].as_str().unwrap()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
    assert_eq!((&rows[1]["Status__c"], &rows[1]["Revision__c"]), (&json!("Open"), &json!(1)));

    let calls = org.fake.calls();
    let rows_of_upserts: Vec<_> =
        calls.iter().filter(|call| call.kind == CallKind::CollectionsUpsert).map(|call| call.rows).collect();
    assert_eq!(rows_of_upserts, [2, 2]);
}

#[tokio::test]
async fn every_answer_tells_the_usage_and_limits_tells_the_rest() {
    let org = Org::start(Options { daily_api_requests: 2, ..Options::default() }).await;
    let response = org.collections(&json!({ "records": [record("a")] })).send().await.unwrap();
    assert_eq!(response.headers()["sforce-limit-info"], "api-usage=1/2");
    let url = format!("{}/services/data/v66.0/limits", org.fake.url());
    let limits: Value = org.http.get(url).bearer_auth(&org.token).send().await.unwrap().json().await.unwrap();
    assert_eq!(limits["DailyApiRequests"], json!({ "Max": 2, "Remaining": 0 }));
    let (status, body) = status_and_body(org.collections(&json!({ "records": [record("a")] }))).await;
    assert_eq!((status, &body[0]["message"]), (403, &json!("TotalRequests Limit exceeded.")));
}

#[tokio::test]
async fn rows_with_the_same_key_kill_each_other() {
    let org = Org::start(Options::default()).await;
    let items = org.upsert(vec![record("a"), record("b"), record("a")]).await;
    let codes: Vec<_> = items.iter().map(|item| item["errors"][0]["statusCode"].as_str()).collect();
    assert_eq!(codes, [Some("DUPLICATE_VALUE"), None, Some("DUPLICATE_VALUE")]);
    assert_eq!(org.fake.rows(OBJECT).len(), 1);
}

#[tokio::test]
async fn an_older_revision_is_refused_and_the_same_is_not() {
    let org = Org::start(Options::default()).await;
    let revision = |revision: u32| vec![record_with("a", "Revision__c", json!(revision))];
    org.upsert(revision(3)).await;
    let items = org.upsert(revision(2)).await;
    assert_eq!(items[0]["errors"][0]["statusCode"], "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    assert_eq!(items[0]["errors"][0]["fields"], json!(["Revision__c"]));
    assert_eq!(org.upsert(revision(3)).await[0]["success"], true);
}

#[tokio::test]
async fn all_or_none_takes_the_good_rows_back() {
    let org = Org::start(Options::default()).await;
    let records = [record("a"), record_with("b", "Case__c", json!("bad"))];
    let response = org.collections(&json!({ "allOrNone": true, "records": records })).send().await.unwrap();
    let items: Vec<Value> = response.json().await.unwrap();
    assert_eq!(items[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(items[1]["errors"][0]["statusCode"], "MALFORMED_ID");
    assert!(org.fake.rows(OBJECT).is_empty());
}

#[tokio::test]
async fn malformed_requests_are_refused_as_a_whole() {
    let org = Org::start(Options::default()).await;
    let too_many: Vec<_> = (0..201).map(|number| record(&number.to_string())).collect();
    for (records, expected) in [
        (json!(too_many), "EXCEEDED_ID_LIMIT"),
        (json!([{ "External_Key__c": "a" }]), "INVALID_TYPE"),
        (json!([record("a"), { "attributes": { "type": "Other__c" }, "External_Key__c": "b" }]), "INVALID_TYPE"),
        (json!([record_with("a", "Id", json!("a0X000000000001"))]), "INVALID_FIELD"),
        (json!("not an array"), "JSON_PARSER_ERROR"),
    ] {
        let (status, body) = status_and_body(org.collections(&json!({ "records": records }))).await;
        assert_eq!((status, &body[0]["errorCode"]), (400, &json!(expected)));
    }
    for path in [format!("composite/sobjects/{OBJECT}/Other__c"), "composite/sobjects/No__c/External_Key__c".to_owned()]
    {
        let (status, body) = status_and_body(org.patch(&path, &json!({ "records": [] }))).await;
        assert_eq!((status, &body[0]["errorCode"]), (404, &json!("NOT_FOUND")), "{path}");
    }
    assert!(org.fake.rows(OBJECT).is_empty());
}

#[tokio::test]
async fn look_ups_are_resolved_or_refused() {
    let org = Org::start(strict()).await;
    for (field, value, code, message) in [
        ("Case__c", json!("500000000000001"), None, ""),
        ("Case__c", json!("500000000000001AAA"), None, ""),
        ("Case__c", json!(null), None, ""),
        ("Case__c", json!("500000000000009"), Some("INVALID_CROSS_REFERENCE_KEY"), "invalid cross reference id"),
        ("Case__c", json!("00001026"), Some("MALFORMED_ID"), "Case: id value of incorrect type: 00001026"),
        ("Case__r", json!({ "CaseNumber": "00001026" }), None, ""),
        (
            "Case__r",
            json!({ "CaseNumber": "1026" }),
            Some("INVALID_FIELD"),
            "Foreign key external ID: 1026 not found for field CaseNumber in entity Case",
        ),
        (
            "Case__r",
            json!({ "CaseNumber": "00001026", "Key__c": "k" }),
            Some("INVALID_FIELD"),
            "More than 1 field provided in an external foreign key reference in entity: Case",
        ),
        (
            "Agent__r",
            json!({ "EmployeeNumber": "7" }),
            Some("INVALID_FIELD"),
            "Field name provided, EmployeeNumber is not an External ID or indexed field for User",
        ),
        (
            "Agent__r",
            json!({ "Email": "twin@example.com" }),
            Some("DUPLICATE_EXTERNAL_ID"),
            "more than one record found for external id field: [005000000000001AAA, 005000000000002AAA]",
        ),
        (
            "Other__r",
            json!({ "A__c": "b" }),
            Some("INVALID_FIELD"),
            &format!("No such column 'Other__r' on sobject of type {OBJECT}"),
        ),
    ] {
        let items = org.upsert(vec![record_with("a", field, value)]).await;
        let error = &items[0]["errors"][0];
        assert_eq!((error["statusCode"].as_str(), error["message"].as_str().unwrap_or_default()), (code, message));
    }
}

#[tokio::test]
async fn a_case_that_comes_to_be_is_found() {
    let org = Org::start(strict()).await;
    let records = || vec![record_with("a", "Case__r", json!({ "CaseNumber": "00001027" }))];
    assert_eq!(org.upsert(records()).await[0]["success"], false);
    let parents = json!([{ "entity": "Case", "id": "500000000000002", "fields": { "CaseNumber": "00001027" } }]);
    org.http.post(format!("{}/_fake/parents", org.fake.url())).json(&parents).send().await.unwrap();
    assert_eq!(org.upsert(records()).await[0]["success"], true);
    assert_eq!(org.fake.rows(OBJECT)[0]["Case__c"], "500000000000002AAA");
}

#[tokio::test]
async fn single_upserts_answer_created_updated_and_refused() {
    let org = Org::start(Options::default()).await;
    let path = format!("sobjects/{OBJECT}/External_Key__c/a%2Db");
    for expected in [201, 200] {
        let (status, body) = status_and_body(org.patch(&path, &json!({ "Status__c": "Open" }))).await;
        assert_eq!((status, &body["created"]), (expected, &json!(expected == 201)));
    }
    let (status, body) = status_and_body(org.patch(&path, &json!({ "External_Key__c": "a-b" }))).await;
    let message = "The External_Key__c field should not be specified in the sobject data";
    assert_eq!((status, &body[0]["message"]), (400, &json!(message)));
    assert_eq!(org.fake.rows(OBJECT)[0]["External_Key__c"], "a-b");
}
