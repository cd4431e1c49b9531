use lambda_kit::outcomes::{Outcome, Outcomes};
use serde_json::{Map, Value, json};

use crate::support::FakeAws;

fn outcomes(count: usize, padding: usize) -> Vec<Outcome> {
    let outcome = |number: usize| {
        let mut detail = Map::new();
        detail.insert("conversationId".to_owned(), Value::from(format!("c-{number}")));
        detail.insert("padding".to_owned(), Value::from("x".repeat(padding)));
        Outcome { detail_type: "Interruption Rejected", id: format!("o-{number}"), detail }
    };
    (0..count).map(outcome).collect()
}

fn outcome_ids(input: &Value) -> Vec<String> {
    let id_of = |entry: &Value| {
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        detail["outcomeId"].as_str().unwrap().to_owned()
    };
    input["Entries"].as_array().unwrap().iter().map(id_of).collect()
}

/// All entries but `refused` are taken.
fn answer(input: &Value, refused: &str) -> (u16, Value) {
    let entry = |id: String| {
        if id == refused {
            json!({ "ErrorCode": "InternalFailure", "ErrorMessage": "no" })
        } else {
            json!({ "EventId": id })
        }
    };
    let entries: Vec<_> = outcome_ids(input).into_iter().map(entry).collect();
    (200, json!({ "FailedEntryCount": 0, "Entries": entries }))
}

#[tokio::test]
async fn puts_ten_a_request_on_the_bus_with_their_ids() {
    let bus = FakeAws::start(|_, input| answer(input, "")).await;
    Outcomes::new(&bus.config, "outcomes").put(outcomes(12, 0)).await.unwrap();
    let calls = bus.calls();
    assert_eq!(calls.iter().map(|(_, input)| outcome_ids(input).len()).collect::<Vec<_>>(), [10, 2]);
    assert_eq!(calls[0].0, "AWSEvents.PutEvents");
    let entry = &calls[0].1["Entries"][0];
    assert_eq!(entry["Source"], "genesys-event-processor");
    assert_eq!(entry["EventBusName"], "outcomes");
    assert_eq!(entry["DetailType"], "Interruption Rejected");
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail, json!({ "conversationId": "c-0", "outcomeId": "o-0", "padding": "" }));
}

#[tokio::test]
async fn only_refused_entries_are_put_again() {
    let bus = FakeAws::start(|nth, input| answer(input, if nth == 0 { "o-1" } else { "" })).await;
    Outcomes::new(&bus.config, "outcomes").put(outcomes(3, 0)).await.unwrap();
    let sent: Vec<_> = bus.calls().iter().map(|(_, input)| outcome_ids(input)).collect();
    assert_eq!(sent, [vec!["o-0", "o-1", "o-2"], vec!["o-1"]]);
}

#[tokio::test]
async fn gives_up_after_three_attempts_and_names_what_is_missing() {
    let bus = FakeAws::start(|_, input| answer(input, "o-1")).await;
    let error = Outcomes::new(&bus.config, "outcomes").put(outcomes(3, 0)).await.unwrap_err();
    assert_eq!(error.ids, ["o-1"]);
    assert_eq!(error.to_string(), "could not put 1 outcome(s) on the bus: InternalFailure: no");
    assert_eq!(bus.calls().len(), 3);
}

#[tokio::test]
async fn a_refused_request_does_not_keep_the_others_from_the_bus() {
    let bus = FakeAws::start(|_, input| match outcome_ids(input)[0].as_str() {
        "o-0" => (400, json!({ "__type": "InvalidArgument", "message": "no such bus" })),
        _ => answer(input, ""),
    })
    .await;
    let error = Outcomes::new(&bus.config, "outcomes").put(outcomes(12, 0)).await.unwrap_err();
    assert_eq!(error.ids.len(), 10);
    assert_eq!(error.reason, "InvalidArgument: no such bus");
}

#[tokio::test]
async fn requests_keep_to_256_kb() {
    let bus = FakeAws::start(|_, input| answer(input, "")).await;
    Outcomes::new(&bus.config, "outcomes").put(outcomes(5, 100_000)).await.unwrap();
    let sizes: Vec<_> = bus.calls().iter().map(|(_, input)| outcome_ids(input).len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}
