//! Records: of many writers who saw the same, one goes on.

use futures::future::join_all;
use ledger::LedgerError;
use ledger::records::{Records, Stored, Written};
use serde_json::json;

use crate::support::{EXPIRES_AT, Last, TestLedger, number, string};

const TABLE: &str = "records";

async fn start() -> (TestLedger, Records) {
    let table = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "record_id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "record_id", "KeyType": "HASH" }],
    });
    let ledger = TestLedger::with_table(table).await;
    let records = Records::new(ledger.client.clone(), TABLE);
    (ledger, records)
}

fn stored(revision: u64, content: &str) -> Stored {
    Stored { revision, content: content.to_owned() }
}

#[tokio::test]
async fn a_record_is_written_by_who_has_seen_it_last() {
    let (_ledger, records) = start().await;
    assert_eq!(records.read("r").await.unwrap(), None);
    for (seen, content, expected) in [
        (Some(1), "too early", Written::Moved),
        (None, "first", Written::Done),
        (None, "again", Written::Moved),
        (Some(1), "second", Written::Done),
        (Some(1), "late", Written::Moved),
        (Some(3), "ahead", Written::Moved),
    ] {
        assert_eq!(records.write("r", seen, content.to_owned(), EXPIRES_AT).await.unwrap(), expected, "{content}");
    }
    assert_eq!(records.read("r").await.unwrap(), Some(stored(2, "second")));
    assert_eq!(records.read("other").await.unwrap(), None);
}

#[tokio::test]
async fn of_many_at_once_one_goes_on() {
    let (_ledger, records) = start().await;
    let writes = (0..50).map(|writer| records.write("r", None, writer.to_string(), EXPIRES_AT));
    let written: Vec<_> = join_all(writes).await.into_iter().map(Result::unwrap).collect();
    let winner = written.iter().position(|written| *written == Written::Done).unwrap();
    assert_eq!(written.iter().filter(|written| **written == Written::Done).count(), 1);
    assert_eq!(records.read("r").await.unwrap(), Some(stored(1, &winner.to_string())));
}

#[tokio::test]
async fn an_item_of_somebody_else_is_named() {
    let (ledger, records) = start().await;
    let put = ledger.client.put_item().table_name(TABLE).item("record_id", string("r")).item("revision", number(1));
    put.send().await.unwrap();
    let error = records.read("r").await.unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { attribute: "content", .. }), "{error}");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_again_and_no_other_is_taken_for_it() {
    for (last, expected) in [(Last::Ours, Written::Done), (Last::Anothers, Written::Moved)] {
        for seen in [None, Some(1)] {
            let ledger = TestLedger::with_a_lost_answer(last).await;
            let records = Records::new(ledger.client.clone(), TABLE);
            assert_eq!(records.write("r", seen, "content".to_owned(), EXPIRES_AT).await.unwrap(), expected);
            assert_eq!(ledger.requests(), 2);
        }
    }
}
