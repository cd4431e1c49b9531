//! Cases: written on a condition, found when they are due.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use futures::future::join_all;
use ledger::LedgerError;
use ledger::cases::{CaseKey, CaseRecord, Cases, StoredCase, Written};

use crate::support::{Last, TestLedger};

const CASES: &str = "ghost-cases";
/// More pages of what is due than any test has.
const PAGES_MAX: usize = 50;

/// A table as `template.yaml` has it.
async fn cases() -> (Client, Cases) {
    let client = TestLedger::start().await.client;
    let attribute =
        |name: &str, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap();
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let index = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("due_shard", KeyType::Hash))
        .key_schema(key("due_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(CASES)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("conversation_id", ScalarAttributeType::S))
        .attribute_definitions(attribute("case_id", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_shard", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .key_schema(key("conversation_id", KeyType::Hash))
        .key_schema(key("case_id", KeyType::Range))
        .global_secondary_indexes(index)
        .send()
        .await
        .unwrap();
    (client.clone(), Cases::new(client, CASES))
}

fn key(conversation: &str, case: &str) -> CaseKey {
    CaseKey { conversation_id: conversation.to_owned(), case_id: case.to_owned() }
}

fn record(state: &str, due_at: Option<i64>) -> CaseRecord {
    let expires_at = due_at.is_none().then_some(1_800_000_000);
    CaseRecord { state: state.to_owned(), content: format!(r#"{{"state":"{state}"}}"#), due_at, expires_at }
}

async fn due(cases: &Cases, now: i64, page_size: i32) -> Vec<String> {
    let mut found = Vec::new();
    let mut page = None;
    for _ in 0..PAGES_MAX {
        let due = cases.due(now, page, page_size).await.unwrap();
        assert!(due.keys.len() <= usize::try_from(page_size).unwrap());
        found.extend(due.keys.into_iter().map(|key| key.case_id));
        page = due.next;
        if page.is_none() {
            return found;
        }
    }
    panic!("what is due has no last page");
}

#[tokio::test]
async fn a_case_is_found_as_it_was_kept() {
    let (_, cases) = cases().await;
    let key = key("c", "c@1");
    assert_eq!(cases.load(&key).await.unwrap(), None);
    let suspected = record("suspected", Some(1_000));
    assert_eq!(cases.open(&key, &suspected).await.unwrap(), Written::Done);
    let found = cases.load(&key).await.unwrap().unwrap();
    assert_eq!(found, StoredCase { key: key.clone(), version: 1, record: suspected });

    let resolved = record("resolved", None);
    assert_eq!(cases.advance(&key, 1, &resolved).await.unwrap(), Written::Done);
    assert_eq!(cases.load(&key).await.unwrap().unwrap(), StoredCase { key, version: 2, record: resolved });
}

#[tokio::test]
async fn nothing_is_opened_twice_and_nothing_moves_from_a_version_it_no_longer_has() {
    let (_, cases) = cases().await;
    let key = key("c", "c@1");
    assert_eq!(cases.advance(&key, 1, &record("resolved", None)).await.unwrap(), Written::Moved);
    assert_eq!(cases.load(&key).await.unwrap(), None);
    let suspected = record("suspected", Some(1_000));
    assert_eq!(cases.open(&key, &suspected).await.unwrap(), Written::Done);
    assert_eq!(cases.open(&key, &record("other", None)).await.unwrap(), Written::Moved);
    assert_eq!(cases.advance(&key, 2, &record("other", None)).await.unwrap(), Written::Moved);
    assert_eq!(cases.load(&key).await.unwrap().unwrap().record, suspected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_write_the_very_same_at_once_one_succeeds() {
    let (_, cases) = cases().await;
    let key = key("c", "c@1");
    let all_done = |results: Vec<Written>| results.into_iter().filter(|result| *result == Written::Done).count();
    let opened = join_all((0..16).map(|_| async { cases.open(&key, &record("suspected", Some(1))).await.unwrap() }));
    assert_eq!(all_done(opened.await), 1);
    let moved = join_all((0..16).map(|_| async { cases.advance(&key, 1, &record("confirmed", None)).await.unwrap() }));
    assert_eq!(all_done(moved.await), 1);
    assert_eq!(cases.load(&key).await.unwrap().unwrap().version, 2);
}

#[tokio::test]
async fn the_latest_case_of_a_conversation_is_the_one_with_the_greatest_id() {
    let (_, cases) = cases().await;
    assert_eq!(cases.latest("c").await.unwrap(), None);
    for (conversation, case) in [("c", "c@2025-12-13"), ("c", "c@2025-12-12"), ("d", "d@2026-01-01")] {
        assert_eq!(cases.open(&key(conversation, case), &record("resolved", None)).await.unwrap(), Written::Done);
    }
    assert_eq!(cases.latest("c").await.unwrap().unwrap().key.case_id, "c@2025-12-13");
}

#[tokio::test]
async fn cases_are_found_when_they_are_due_the_longest_due_first_and_no_longer_when_they_are_over() {
    let (_, cases) = cases().await;
    for number in 0..7 {
        let key = key(&format!("c{number}"), &number.to_string());
        let opened = cases.open(&key, &record("suspected", Some(7_000 - number * 1_000))).await.unwrap();
        assert_eq!(opened, Written::Done);
    }
    assert_eq!(due(&cases, 999, 10).await, Vec::<String>::new());
    assert_eq!(due(&cases, 3_000, 10).await, ["6", "5", "4"]);
    assert_eq!(due(&cases, 9_000, 2).await, ["6", "5", "4", "3", "2", "1", "0"]);
    for (number, due_at) in [(6, None), (5, Some(8_000))] {
        let key = key(&format!("c{number}"), &number.to_string());
        assert_eq!(cases.advance(&key, 1, &record("moved", due_at)).await.unwrap(), Written::Done);
    }
    assert_eq!(due(&cases, 3_000, 10).await, ["4"]);
    assert_eq!(due(&cases, 8_000, 10).await.last().map(String::as_str), Some("5"));
}

#[tokio::test]
async fn an_item_of_another_shape_is_corrupt() {
    let (client, cases) = cases().await;
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let whole = [("version", AttributeValue::N("1".into())), ("state", text("suspected")), ("case", text("{}"))];
    for (attribute, wrong) in [
        ("version", Some(text("one"))),
        ("state", None),
        ("case", Some(AttributeValue::Bool(true))),
        ("expires_at", Some(text("soon"))),
    ] {
        let mut request =
            client.put_item().table_name(CASES).item("conversation_id", text("c")).item("case_id", text("c@1"));
        for (name, value) in whole.iter().filter(|(name, _)| *name != attribute) {
            request = request.item(*name, value.clone());
        }
        if let Some(wrong) = wrong {
            request = request.item(attribute, wrong);
        }
        request.send().await.unwrap();
        for result in [cases.load(&key("c", "c@1")).await, cases.latest("c").await] {
            match result {
                Err(LedgerError::Corrupt { owner, attribute: named, .. }) => {
                    assert_eq!((owner.as_str(), named), ("c@1", attribute));
                }
                other => panic!("{attribute}: not corrupt: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_failed_request_names_the_operation_and_the_case_but_not_what_it_holds() {
    let client = TestLedger::start().await.client;
    let cases = Cases::new(client, "absent");
    let secret = CaseRecord { content: "secret".to_owned(), ..record("suspected", Some(1)) };
    let key = key("c", "c@1");
    let failures = [
        ("open the case c@1", cases.open(&key, &secret).await.map(drop)),
        ("advance the case c@1", cases.advance(&key, 1, &secret).await.map(drop)),
        ("read the case c@1", cases.load(&key).await.map(drop)),
        ("read the latest case of c", cases.latest("c").await.map(drop)),
        ("find the cases that are due in due", cases.due(1, None, 1).await.map(drop)),
    ];
    for (operation, result) in failures {
        let text = result.unwrap_err().to_string();
        assert!(text.starts_with(&format!("could not {operation} in table absent")), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_again_and_no_other_is_taken_for_it() {
    for (last, expected) in [(Last::Ours, Written::Done), (Last::Anothers, Written::Moved)] {
        let ledger = TestLedger::with_a_lost_answer(last).await;
        let cases = Cases::new(ledger.client.clone(), CASES);
        assert_eq!(cases.advance(&key("c", "c@1"), 1, &record("confirmed", None)).await.unwrap(), expected);
        assert_eq!(ledger.requests(), 2);
    }
}
