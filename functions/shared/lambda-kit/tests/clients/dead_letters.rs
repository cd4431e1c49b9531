use lambda_kit::dead_letters::{DeadLetter, DeadLetterError, DeadLetters};
use serde_json::{Value, json};

use crate::support::FakeAws;

const QUEUE_URL: &str = "http://127.0.0.1/000000000000/dead-letters";

fn letters(count: usize, original: &str) -> Vec<DeadLetter> {
    let letter = DeadLetter { reason: "no source".to_owned(), original: original.to_owned() };
    vec![letter; count]
}

fn ids(input: &Value) -> Vec<String> {
    let entries = input["Entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["Id"].as_str().unwrap().to_owned()).collect()
}

/// All entries but `refused` are taken.
fn answer(input: &Value, refused: &str) -> (u16, Value) {
    let (failed, successful): (Vec<_>, Vec<_>) = ids(input).into_iter().partition(|id| id == refused);
    let successful: Vec<_> =
        successful.iter().map(|id| json!({ "Id": id, "MessageId": id, "MD5OfMessageBody": "" })).collect();
    let failed: Vec<_> = failed
        .iter()
        .map(|id| json!({ "Id": id, "SenderFault": true, "Code": "InvalidMessageContents", "Message": "no" }))
        .collect();
    (200, json!({ "Successful": successful, "Failed": failed }))
}

#[tokio::test]
async fn sends_ten_a_request_with_reason_and_original() {
    let sqs = FakeAws::start(|_, input| answer(input, "")).await;
    let results = DeadLetters::new(&sqs.config, QUEUE_URL).put(&letters(12, r#"{"a":1}"#)).await;
    assert_eq!(results, vec![Ok(()); 12]);
    let calls = sqs.calls();
    assert_eq!(calls.iter().map(|(_, input)| ids(input).len()).collect::<Vec<_>>(), [10, 2]);
    assert_eq!(calls[0].0, "AmazonSQS.SendMessageBatch");
    assert_eq!(calls[0].1["QueueUrl"], QUEUE_URL);
    assert_eq!(calls[0].1["Entries"][0]["MessageBody"], r#"{"reason":"no source","original":{"a":1}}"#);
}

#[tokio::test]
async fn a_refused_letter_is_tried_again_alone_and_reported_in_its_place() {
    let sqs = FakeAws::start(|_, input| answer(input, "1")).await;
    let results = DeadLetters::new(&sqs.config, QUEUE_URL).put(&letters(3, "{}")).await;
    let refused = DeadLetterError::Refused { reason: "InvalidMessageContents: no".to_owned() };
    assert_eq!(results, [Ok(()), Err(refused), Ok(())]);
    let sent: Vec<_> = sqs.calls().iter().map(|(_, input)| ids(input)).collect();
    assert_eq!(sent, [vec!["0", "1", "2"], vec!["1"], vec!["1"]]);
}

#[tokio::test]
async fn a_failed_request_is_tried_again_as_a_whole() {
    let sqs = FakeAws::start(|nth, input| match nth {
        0 => (400, json!({ "__type": "com.amazonaws.sqs#RequestThrottled", "message": "slow down" })),
        _ => answer(input, ""),
    })
    .await;
    let results = DeadLetters::new(&sqs.config, QUEUE_URL).put(&letters(2, "{}")).await;
    assert_eq!(results, [Ok(()), Ok(())]);
    assert_eq!(sqs.calls().len(), 2);
}

#[tokio::test]
async fn batches_keep_to_256_kib_and_a_larger_letter_travels_alone() {
    let sqs = FakeAws::start(|_, input| answer(input, "")).await;
    let mut mixed = letters(3, &"x".repeat(100 * 1024));
    mixed.extend(letters(1, &"x".repeat(900 * 1024)));
    mixed.extend(letters(1, &"x".repeat(1024 * 1024)));
    let results = DeadLetters::new(&sqs.config, QUEUE_URL).put(&mixed).await;
    let sent: Vec<_> = sqs.calls().iter().map(|(_, input)| ids(input)).collect();
    assert_eq!(sent, [vec!["0", "1"], vec!["2"], vec!["3"]]);
    assert!(results[..4].iter().all(Result::is_ok));
    assert!(matches!(results[4], Err(DeadLetterError::TooLarge { .. })));
}

#[tokio::test]
async fn nothing_to_put_asks_nothing() {
    let sqs = FakeAws::start(|_, input| answer(input, "")).await;
    assert!(DeadLetters::new(&sqs.config, QUEUE_URL).put(&[]).await.is_empty());
    assert!(sqs.calls().is_empty());
}
