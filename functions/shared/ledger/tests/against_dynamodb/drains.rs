//! Drains: jobs and notes, written on a condition, found when they are due or asked for.

use aws_sdk_dynamodb::Client;
use futures::future::join_all;
use ledger::drains::{Drains, JobRecord, NoteRecord, Written};
use serde_json::json;

use crate::support::TestLedger;

/// A table as `template.yaml` has it.
async fn drains() -> (Client, Drains) {
    let table = json!({
        "TableName": "drain-jobs",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "owner", "AttributeType": "S" },
            { "AttributeName": "item", "AttributeType": "S" },
            { "AttributeName": "due_shard", "AttributeType": "S" },
            { "AttributeName": "due_at", "AttributeType": "N" },
        ],
        "KeySchema": [
            { "AttributeName": "owner", "KeyType": "HASH" },
            { "AttributeName": "item", "KeyType": "RANGE" },
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "due",
            "KeySchema": [
                { "AttributeName": "due_shard", "KeyType": "HASH" },
                { "AttributeName": "due_at", "KeyType": "RANGE" },
            ],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }],
    });
    let client = TestLedger::with_table(table).await.client;
    (client.clone(), Drains::new(client, "drain-jobs"))
}

fn job(content: &str, due_at: Option<i64>) -> JobRecord {
    JobRecord { state: "running".to_owned(), content: content.to_owned(), due_at, expires_at: None }
}

fn note(job_id: &str, state: &str) -> NoteRecord {
    let content = format!("{{\"state\":\"{state}\"}}");
    NoteRecord { job_id: job_id.to_owned(), state: state.to_owned(), content, expires_at: 1_800_000_000 }
}

#[tokio::test]
async fn a_job_is_written_by_whoever_has_read_its_latest_version_and_found_while_it_is_due() {
    let (_, drains) = drains().await;
    assert_eq!(drains.job("job").await.unwrap(), None);
    assert_eq!(drains.write_job("job", 0, &job("one", Some(100))).await.unwrap(), Written::Done);
    assert_eq!(drains.write_job("job", 0, &job("two", Some(100))).await.unwrap(), Written::Moved);
    let stored = drains.job("job").await.unwrap().unwrap();
    assert_eq!((stored.version, &stored.record), (1, &job("one", Some(100))));
    assert_eq!(drains.due_jobs(99, 10).await.unwrap(), Vec::<String>::new());
    assert_eq!(drains.due_jobs(100, 10).await.unwrap(), ["job"]);
    let over = JobRecord { expires_at: Some(1_800_000_000), ..job("over", None) };
    assert_eq!(drains.write_job("job", 1, &over).await.unwrap(), Written::Done);
    assert_eq!(drains.due_jobs(i64::MAX, 10).await.unwrap(), Vec::<String>::new());
    assert_eq!(drains.job("job").await.unwrap().unwrap().record, over);
}

#[tokio::test]
async fn of_many_who_note_a_conversation_at_once_one_succeeds() {
    let (_, drains) = drains().await;
    let record = note("job", "sending");
    let writes = join_all((0..20).map(|_| drains.write_note("queue", "c", 0, &record))).await;
    let done = writes.into_iter().filter(|written| matches!(written, Ok(Written::Done))).count();
    assert_eq!(done, 1);
    assert_eq!(drains.write_note("another queue", "c", 0, &record).await.unwrap(), Written::Done);
}

#[tokio::test]
async fn the_notes_of_a_page_and_of_a_job_are_found_however_many_there_are() {
    let (_, drains) = drains().await;
    let ids: Vec<String> = (0..100).map(|number| format!("{number:036}")).collect();
    for (place, id) in ids.iter().enumerate() {
        let record = note(if place % 3 == 0 { "other" } else { "job" }, "sent");
        assert_eq!(drains.write_note("queue", id, 0, &record).await.unwrap(), Written::Done);
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(drains.notes("queue", &all).await.unwrap().len(), 100);
    let some = drains.notes("queue", &[&ids[4], "nobody"]).await.unwrap();
    assert_eq!((some.len(), some[0].version, &some[0].record), (1, 1, &note("job", "sent")));
    assert_eq!(some[0].conversation_id, ids[4]);
    assert_eq!(drains.notes("queue", &[]).await.unwrap(), []);

    let (mut page, mut found) = (None, 0);
    for _ in 0..100 {
        let notes = drains.notes_of_job("queue", "job", page).await.unwrap();
        found += notes.notes.len();
        page = notes.next;
        if page.is_none() {
            break;
        }
    }
    assert_eq!(found, 66);
}
