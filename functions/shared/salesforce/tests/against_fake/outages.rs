//! Salesforce as a whole out of order: what is retried, what is not, and what is kept.

use std::time::Duration;

use fake_salesforce::{CallKind, Effect, Fault};
use salesforce::{Patience, RowResult, Unavailable};
use serde_json::Value;

use crate::support::{OBJECT, PATIENT, TARGET, assert_all_written, client, jwt_credentials, read, rows, start};

fn is_outage(unavailable: Option<&Unavailable>) -> bool {
    matches!(unavailable, Some(Unavailable::Outage { .. }))
}

#[tokio::test]
async fn a_short_outage_is_ridden_out() {
    let (fake, salesforce) = start().await;
    for effect in [Effect::status(503), Effect::html(502), Effect::status(420), Effect::Drop { after_applying: false }]
    {
        fake.inject(Fault::on_data(effect).times(1));
        assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(2)).await);
    }
}

#[tokio::test]
async fn what_was_written_without_an_answer_is_written_again() {
    let (fake, salesforce) = start().await;
    let denied = Effect::Answer { status: 503, body: Value::Null, retry_after_seconds: None, after_applying: true };
    for effect in [denied, Effect::Drop { after_applying: true }] {
        fake.clear_rows();
        fake.inject(Fault::on_data(effect).times(1));
        let report = salesforce.upsert(PATIENT, &TARGET, &rows(2)).await;
        assert_eq!(report.results, vec![RowResult::Written { created: Some(false) }; 2]);
        assert_eq!(fake.rows(OBJECT).len(), 2);
    }
}

#[tokio::test]
async fn a_long_outage_costs_two_calls_and_keeps_earlier_results() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_data(Effect::status(503)).after(1));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(450)).await;
    assert!(is_outage(report.unavailable.as_ref()));
    assert!(report.results[..200].iter().all(RowResult::is_done));
    assert_eq!(report.results[200..], vec![RowResult::Unanswered; 250]);
    assert_eq!(fake.count(CallKind::CollectionsUpsert), 3);
    fake.clear_faults();
    assert_all_written(&salesforce.upsert(PATIENT, &TARGET, &rows(450)).await);
}

#[tokio::test]
async fn a_long_retry_after_is_left_to_the_caller() {
    let (fake, salesforce) = start().await;
    let busy = Effect::Answer { status: 429, body: Value::Null, retry_after_seconds: Some(90), after_applying: false };
    fake.inject(Fault::on_data(busy));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
    let Some(Unavailable::Outage { retry_after, .. }) = report.unavailable else { panic!("{report:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(90)));
    assert_eq!(fake.count(CallKind::CollectionsUpsert), 1);
}

#[tokio::test]
async fn limits_are_not_hammered() {
    let (fake, salesforce) = start().await;
    for (effect, expected) in
        [(Effect::DailyLimit, Unavailable::DailyLimit), (Effect::ConcurrencyLimit, Unavailable::ConcurrencyLimit)]
    {
        fake.clear_calls();
        fake.inject(Fault::on_data(effect).times(1));
        let report = salesforce.upsert(PATIENT, &TARGET, &rows(450)).await;
        assert_eq!(report.unavailable, Some(expected));
        assert_eq!(fake.count(CallKind::CollectionsUpsert), 1);
    }
}

#[tokio::test]
async fn an_answer_of_the_wrong_length_is_not_believed() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_data(Effect::ShortAnswer));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(3)).await;
    assert!(is_outage(report.unavailable.as_ref()));
    assert_eq!(report.results, vec![RowResult::Unanswered; 3]);
    fake.clear_faults();
    fake.inject(Fault::on_data(Effect::html(200)).times(2));
    assert!(is_outage(salesforce.upsert(PATIENT, &TARGET, &rows(3)).await.unavailable.as_ref()));
}

#[tokio::test]
async fn nobody_at_home_and_a_late_answer_are_outages() {
    // Port 1 on this machine: refused.
    let salesforce = client("http://127.0.0.1:1", read(jwt_credentials()));
    let report = salesforce.upsert(PATIENT, &TARGET, &rows(1)).await;
    assert!(is_outage(report.unavailable.as_ref()));

    let (fake, _) = start().await;
    let salesforce = client(fake.url(), read(jwt_credentials()));
    fake.inject(Fault::on_token(Effect::Delay { milliseconds: 600_000 }));
    let hasty = Patience { limit: Duration::from_millis(300), ..PATIENT };
    let report = salesforce.upsert(hasty, &TARGET, &rows(1)).await;
    assert!(is_outage(report.unavailable.as_ref()));
}

#[tokio::test]
async fn without_patience_nothing_is_tried_twice() {
    let (fake, salesforce) = start().await;
    fake.inject(Fault::on_data(Effect::status(503)));
    let report = salesforce.upsert(Patience { retry: false, ..PATIENT }, &TARGET, &rows(1)).await;
    assert!(is_outage(report.unavailable.as_ref()));
    assert_eq!(fake.count(CallKind::CollectionsUpsert), 1);
}

#[tokio::test]
async fn an_upsert_can_be_spawned() {
    let (_fake, salesforce) = start().await;
    let upsert = tokio::spawn(async move { salesforce.upsert(PATIENT, &TARGET, &rows(1)).await });
    assert_all_written(&upsert.await.unwrap());
}
