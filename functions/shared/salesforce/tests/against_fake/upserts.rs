//! Rows and their results.

use fake_salesforce::{CallKind, Effect, FakeSalesforce, Fault, Options, Parent};
use salesforce::{ApiUsage, Entity, LookUp, Reference, Row, RowResult, Unavailable};
use serde_json::json;

use crate::support::{OBJECT, PATIENT, TARGET, assert_all_written, row, row_with, rows, start, start_with};

fn sizes(fake: &FakeSalesforce) -> Vec<usize> {
    let calls = fake.calls();
    calls.iter().filter(|call| call.kind == CallKind::CollectionsUpsert).map(|call| call.rows).collect()
}

fn refuse_requests_with(key_prefix: &str, code: &str) -> Fault {
    let error = fake_salesforce::faults::RowError::new(code, "Cannot deserialize instance of datetime", &[]);
    let key_prefix = Some(key_prefix.to_owned());
    Fault::on_data(Effect::Row { key_prefix, nth: None, refuses_request: true, error })
}

#[tokio::test]
async fn nothing_to_write_needs_no_call() {
    let (fake, salesforce) = start().await;
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &[]).await);
    assert!(fake.calls().is_empty());
}

#[tokio::test]
async fn many_rows_go_out_two_hundred_a_call() {
    let (fake, salesforce) = start().await;
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(450)).await;
    assert_all_written(&report);
    assert_eq!(report.results.len(), 450);
    assert_eq!(sizes(&fake), [200, 200, 50]);
    assert_eq!(fake.rows(OBJECT).len(), 450);
    assert_eq!(fake.count(CallKind::Token), 1);
}

#[tokio::test]
async fn of_rows_with_the_same_key_the_last_is_written_and_all_get_its_result() {
    let (fake, salesforce) = start().await;
    let first = row_with("a", "Status__c", json!("Open"));
    let last = row_with("a", "Status__c", json!("Closed"));
    let report = salesforce.upsert(PATIENT, &TARGET, &[first, row("b"), last]).await;
    assert_eq!(report.results, vec![RowResult::Written { created: Some(true) }; 3]);
    assert_eq!(sizes(&fake), [2]);
    assert_eq!(fake.rows(OBJECT)[0]["Status__c"], "Closed");
}

#[tokio::test]
async fn each_row_gets_its_own_result() {
    let (fake, salesforce) = start().await;
    salesforce.upsert(PATIENT, &TARGET, &[row_with("stale", "Revision__c", json!(5))]).await.results.clear();
    for (prefix, code) in [("long", "STRING_TOO_LONG"), ("schema", "INVALID_FIELD"), ("slow", "QUERY_TIMEOUT")] {
        fake.inject(Fault::on_data(Effect::rows_with_key(prefix, code, "No such column", &["X__c"])));
    }
    let batch = [row_with("stale", "Revision__c", json!(4)), row("long"), row("good"), row("schema"), row("slow")];
    let report = salesforce.upsert(PATIENT, &TARGET, &batch).await;
    assert_eq!(report.unavailable, None);
    let [stale, long, good, schema, slow] = &report.results[..] else { panic!("five results") };
    assert_eq!(*stale, RowResult::StaleRevision);
    assert!(matches!(long, RowResult::Rejected(rejection) if !rejection.org_wide && rejection.fields == ["X__c"]));
    assert_eq!(*good, RowResult::Written { created: Some(true) });
    assert!(matches!(schema, RowResult::Rejected(rejection) if rejection.org_wide));
    assert!(matches!(slow, RowResult::RetryBounded(reason) if reason.code == "QUERY_TIMEOUT"));
}

#[tokio::test]
async fn a_row_whose_case_or_agent_is_not_there_is_deferred_and_repaired() {
    let (fake, salesforce) = start_with(Options { accept_any_parent: false, ..Options::default() }).await;
    let look_up = |relationship, entity, key, value| LookUp {
        relationship,
        entity,
        reference: Reference::parse(entity, key, value).unwrap(),
    };
    let with = |key: &str, look_ups: Vec<LookUp>| Row { look_ups, ..row(key) };
    let agent = || look_up("Agent", Entity::User, "FederationIdentifier", "agent42");
    let batch = [
        with("a", vec![look_up("Case", Entity::Case, "CaseNumber", "00001026")]),
        with("b", vec![look_up("Case", Entity::Case, "Id", "500000000000001")]),
        with("c", vec![agent()]),
    ];
    let report = salesforce.upsert(PATIENT, &TARGET, &batch).await;
    for (result, relationship) in report.results.iter().zip(["Case", "Case", "Agent"]) {
        let RowResult::Deferred(deferral) = result else { panic!("{result:?}") };
        assert_eq!(deferral.relationships, [relationship]);
    }
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &[batch[0].without_look_ups(&["Case"])]).await);

    let fields = [("CaseNumber".to_owned(), "00001026".to_owned())].into();
    fake.add_parent(Parent { entity: "Case".to_owned(), id: Some("500000000000001".to_owned()), fields });
    let report = salesforce.upsert(PATIENT, &TARGET, &batch[..2]).await;
    assert_all_written(&report);
    assert!(fake.rows(OBJECT).iter().all(|row| row["Case__c"] == "500000000000001AAA"));
}

#[tokio::test]
async fn a_locked_batch_is_sent_once_more_in_halves() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_data(Effect::LockedBatch).times(1));
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(5)).await);
    assert_eq!(sizes(&fake), [5, 3, 2]);
}

#[tokio::test]
async fn a_request_refused_for_a_lock_is_sent_once_more_in_halves() {
    let (fake, salesforce) = start().await;
    fake.inject(refuse_requests_with("row-", "UNABLE_TO_LOCK_ROW").times(1));
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(4)).await);
    assert_eq!(sizes(&fake), [4, 2, 2]);
}

#[tokio::test]
async fn rows_that_stay_locked_are_left_for_later() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_data(Effect::rows_with_key("row-001", "UNABLE_TO_LOCK_ROW", "locked", &[])));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(4)).await;
    assert!(matches!(&report.results[1], RowResult::Retry(reason) if reason.code == "UNABLE_TO_LOCK_ROW"));
    assert_eq!(report.results.iter().filter(|result| result.is_done()).count(), 3);
    assert_eq!(sizes(&fake), [4, 1]);
}

#[tokio::test]
async fn a_row_that_spoils_its_request_is_found_and_the_others_are_written() {
    let (fake, salesforce) = start().await;
    fake.inject(refuse_requests_with("row-137", "JSON_PARSER_ERROR"));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(200)).await;
    assert!(matches!(&report.results[137], RowResult::Rejected(rejection) if rejection.code == "JSON_PARSER_ERROR"));
    assert_eq!(report.results.iter().filter(|result| result.is_done()).count(), 199);
    assert!(sizes(&fake).len() <= 17, "{:?}", sizes(&fake));
}

#[tokio::test]
async fn the_search_for_spoiling_rows_ends_and_rejects_no_innocent() {
    let (fake, salesforce) = start().await;
    fake.inject(refuse_requests_with("row-", "JSON_PARSER_ERROR"));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(200)).await;
    assert!(sizes(&fake).len() <= 33, "{:?}", sizes(&fake));
    assert!(report.results.iter().any(|result| matches!(result, RowResult::RetryBounded(_))));
    assert!(!report.results.contains(&RowResult::Unanswered));
}

#[tokio::test]
async fn a_request_refused_for_the_schema_is_a_matter_of_configuration() {
    let (fake, salesforce) = start().await;
    fake.inject(refuse_requests_with("row-", "INVALID_FIELD"));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(3)).await;
    assert!(matches!(report.unavailable, Some(Unavailable::Configuration { .. })));
    assert_eq!(report.results, vec![RowResult::Unanswered; 3]);
    let unknown = salesforce::UpsertTarget { object: "Unknown__c", ..TARGET };
    let report = salesforce.upsert(PATIENT, &unknown, &rows(1)).await;
    assert!(matches!(report.unavailable, Some(Unavailable::Configuration { .. })));
}

#[tokio::test]
async fn the_use_of_the_allowance_is_known_after_an_upsert() {
    let (_fake, salesforce) = start_with(Options { daily_api_requests: 100, ..Options::default() }).await;
    assert_eq!(salesforce.api_usage(), None);
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(1)).await);
    assert_eq!(salesforce.api_usage(), Some(ApiUsage { used: 1, allowed: 100 }));
}
