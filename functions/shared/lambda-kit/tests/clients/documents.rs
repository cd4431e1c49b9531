use std::time::Duration;

use lambda_kit::documents::{Document, Location};
use serde_json::{Value, json};
use tokio::time::{advance, pause, resume};

use crate::support::FakeAws;

const NAME: &str = "/ghosts/policy";

/// A document of one number.
fn number(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is not a number"))
}

fn parameter(text: &str, version: usize) -> (u16, Value) {
    (200, json!({ "Parameter": { "Name": NAME, "Type": "String", "Value": text, "Version": version } }))
}

fn unavailable() -> (u16, Value) {
    (400, json!({ "__type": "InternalServerError", "message": "not now" }))
}

/// A parameter whose nth reading (from 0) is `texts[n]`; `None`: it can't be read.
async fn parameter_store(texts: &'static [Option<&'static str>]) -> (FakeAws, Document<u32>) {
    let store = FakeAws::start(|nth, _| match texts.get(nth) {
        Some(Some(text)) => parameter(text, 1),
        _ => unavailable(),
    })
    .await;
    let document = Document::new(&store.config, Location::Parameter(NAME.to_owned()), number);
    (store, document)
}

async fn a_while_passes(seconds: u64) {
    pause();
    advance(Duration::from_secs(seconds)).await;
    resume();
}

#[tokio::test]
async fn a_change_is_in_force_after_a_minute_and_one_reading_serves_all() {
    let (store, document) = parameter_store(&[Some("1"), Some("2")]).await;
    let (one, other) = tokio::join!(document.get(), document.get());
    assert_eq!((*one.unwrap(), *other.unwrap()), (1, 1));
    assert_eq!(store.calls(), [("AmazonSSM.GetParameter".to_owned(), json!({ "Name": NAME }))]);
    a_while_passes(60).await;
    assert_eq!(*document.get().await.unwrap(), 2);
    assert_eq!(store.calls().len(), 2);
}

#[tokio::test]
async fn the_last_good_version_stays_in_force() {
    let (store, document) = parameter_store(&[Some("1"), Some("one"), None, Some("one"), Some("2")]).await;
    for expected in [1, 1, 1, 1, 2] {
        assert_eq!(*document.get().await.unwrap(), expected);
        a_while_passes(60).await;
    }
    assert_eq!(store.calls().len(), 5);
}

#[tokio::test]
async fn who_starts_with_a_bad_version_goes_back_to_the_last_good_one() {
    let store = FakeAws::start(|_, input| match input["Name"].as_str() {
        Some("/ghosts/policy") => parameter("four", 4),
        Some("/ghosts/policy:3") => parameter("three", 3),
        Some("/ghosts/policy:2") => parameter("2", 2),
        _ => unavailable(),
    })
    .await;
    let document = Document::new(&store.config, Location::Parameter(NAME.to_owned()), number);
    assert_eq!(*document.get().await.unwrap(), 2);
    a_while_passes(60).await;
    assert_eq!(*document.get().await.unwrap(), 2);
    assert_eq!(store.calls().len(), 4, "what was found wanting once is not gone through again");
}

#[tokio::test]
async fn with_no_good_version_there_is_none_and_it_is_tried_again_soon_but_not_at_once() {
    let (store, document) = parameter_store(&[None, Some("one"), Some("1")]).await;
    let error = document.get().await.unwrap_err().to_string();
    assert_eq!(error, "ssm:/ghosts/policy can't be used: it could not be read: InternalServerError: not now");
    assert_eq!(document.get().await.unwrap_err().to_string(), error);
    assert_eq!(store.calls().len(), 1);
    a_while_passes(10).await;
    let error = document.get().await.unwrap_err().to_string();
    assert_eq!(error, "ssm:/ghosts/policy can't be used: \"one\" is not a number");
    a_while_passes(10).await;
    assert_eq!(*document.get().await.unwrap(), 1);
}

#[tokio::test]
async fn a_file_is_read_as_a_parameter_is() {
    let store = FakeAws::start(|_, _| unavailable()).await;
    let path = std::env::temp_dir().join(format!("document-{}", std::process::id()));
    let document = Document::new(&store.config, Location::File(path.clone()), number);
    let error = document.get().await.unwrap_err().to_string();
    assert!(error.starts_with("file:") && error.contains("could not be read"), "{error}");
    a_while_passes(10).await;
    std::fs::write(&path, "7").unwrap();
    let read = document.get().await;
    std::fs::remove_file(&path).unwrap();
    assert_eq!(*read.unwrap(), 7);
    a_while_passes(60).await;
    assert_eq!(*document.get().await.unwrap(), 7, "gone, and still in force");
    assert!(store.calls().is_empty());
}
