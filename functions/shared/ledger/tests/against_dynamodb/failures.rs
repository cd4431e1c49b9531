//! What goes wrong, and what the error says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use ledger::sets::Sets;
use ledger::{GrowOnlySets, Journal, LedgerError, Settled, Settlement};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{EXPIRES_AT, TABLE, TestLedger, ended, number, settlement, string};

/// Which attribute of which item the error calls corrupt.
fn corrupt<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> (String, &'static str) {
    match result {
        Err(LedgerError::Corrupt { owner, table, attribute, .. }) if table == TABLE => (owner, attribute),
        other => panic!("not corrupt: {other:?}"),
    }
}

/// The table that could not be reached, and in which operation.
fn failed<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> (String, &'static str) {
    match result {
        Err(error @ LedgerError::Request { .. }) => {
            let text = error.to_string();
            let LedgerError::Request { operation, table, .. } = error else { unreachable!() };
            assert!(text.contains(&table) && text.contains(operation), "{text}");
            assert!(!text.contains("secret facts"), "{text}");
            assert!(text.len() < 500, "{text}");
            (table, operation)
        }
        other => panic!("not a failed request: {other:?}"),
    }
}

#[tokio::test]
async fn a_journal_of_another_shape_is_corrupt() {
    let ledger = TestLedger::start().await;
    let sequence = ("seq", number(1));
    ledger.store("without", "journal", &[("tail", AttributeValue::L(Vec::new()))]).await;
    ledger.store("tail", "journal", &[sequence.clone(), ("tail", AttributeValue::L(vec![number(1)]))]).await;
    ledger.store("settled", "journal", &[sequence.clone(), ("settled", number(1))]).await;
    assert_eq!(corrupt(ledger.journal.read("without").await), ("without".into(), "seq"));
    assert_eq!(corrupt(ledger.journal.read("tail").await), ("tail".into(), "tail"));
    assert_eq!(corrupt(ledger.journal.read("settled").await), ("settled".into(), "settled"));
    assert_eq!(corrupt(ledger.journal.append("settled", "a", 1).await), ("settled".into(), "settled"));
}

#[tokio::test]
async fn an_archive_or_a_set_of_another_shape_is_corrupt() {
    let ledger = TestLedger::start().await;
    ledger.store("agent", "ended#0000000000001#0000000001", &[("content", number(1))]).await;
    ledger.store("agent", "named#session", &[]).await;
    ledger.store("agent", "sets", &[("agents", string("a"))]).await;
    assert_eq!(corrupt(ledger.journal.archived_since("agent", 0).await), ("agent".into(), "content"));
    assert_eq!(corrupt(ledger.journal.archived("agent", "session").await), ("agent".into(), "content"));
    let nothing = Sets::from([("agents", std::collections::BTreeSet::new())]);
    assert_eq!(corrupt(ledger.sets.add("agent", &nothing, EXPIRES_AT).await), ("agent".into(), "agents"));
}

async fn every_operation_fails(journal: &Journal, sets: &GrowOnlySets, table: &str) {
    let archiving = Settlement { archived: vec![ended(1, 1, "secret facts")], ..settlement("secret facts") };
    let failures = [
        failed(journal.append("agent", "secret facts", 1).await),
        failed(journal.read("agent").await),
        failed(journal.settle("agent", 1, settlement("secret facts")).await),
        failed(journal.settle("agent", 1, archiving).await),
        failed(journal.due(1, None, 1).await),
        failed(journal.archived_since("agent", 1).await),
        failed(journal.archived("agent", "name").await),
        failed(sets.add("agent", &Sets::new(), EXPIRES_AT).await),
    ];
    let expected = [
        "append to the journal of",
        "read the journal of",
        "settle the journal of",
        "settle and archive the journal of",
        "find what is due in",
        "read the archive of",
        "read the archive of",
        "add to the sets of",
    ];
    assert_eq!(failures, expected.map(|operation| (table.to_owned(), operation)));
}

#[tokio::test]
async fn a_missing_table_is_named_with_the_operation() {
    let ledger = TestLedger::start().await;
    let journal = Journal::new(ledger.client.clone(), "absent");
    let sets = GrowOnlySets::new(ledger.client.clone(), "absent");
    every_operation_fails(&journal, &sets, "absent").await;
}

#[tokio::test]
async fn an_unreachable_database_is_named_with_the_operation() {
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let ledger = TestLedger::at(endpoint);
    every_operation_fails(&ledger.journal, &ledger.sets, TABLE).await;
}

#[tokio::test]
async fn an_entry_too_large_for_an_item_is_refused_and_leaves_the_journal_as_it_was() {
    let ledger = TestLedger::start().await;
    let head = ledger.journal.append("agent", "a", 1).await.unwrap();
    let large = "secret facts".repeat(40_000);
    assert_eq!(failed(ledger.journal.append("agent", &large, 2).await).0, TABLE);
    assert_eq!(ledger.journal.read("agent").await.unwrap(), Some(head));
}

/// DynamoDB as it answers an update while a transaction holds the item, and then as it ordinarily does.
async fn held_at_first(refusals: usize) -> TestLedger {
    let answered = Arc::new(AtomicUsize::new(0));
    let answer = move || {
        let held = answered.fetch_add(1, Ordering::SeqCst) < refusals;
        async move {
            let kind = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
            let conflict = json!({ "__type": kind, "message": "Transaction is ongoing for the item" });
            let appended = json!({ "Attributes": { "seq": { "N": "1" }, "tail": { "L": [{ "S": "a" }] } } });
            if held { (StatusCode::BAD_REQUEST, conflict.to_string()) } else { (StatusCode::OK, appended.to_string()) }
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().route("/", post(answer))).into_future());
    TestLedger::at(endpoint)
}

#[tokio::test]
async fn a_write_that_meets_a_transaction_is_tried_again_but_not_for_ever() {
    let ledger = held_at_first(1).await;
    assert_eq!(ledger.journal.append("agent", "a", 1).await.unwrap().tail, ["a"]);
    assert_eq!(ledger.requests(), 2);

    let ledger = held_at_first(1).await;
    assert_eq!(ledger.journal.settle("agent", 1, settlement("state")).await.unwrap(), Settled::Done);
    assert_eq!(ledger.requests(), 2);

    let ledger = held_at_first(usize::MAX).await;
    assert_eq!(failed(ledger.journal.append("agent", "secret facts", 1).await).0, TABLE);
    assert_eq!(ledger.requests(), 3);
}
