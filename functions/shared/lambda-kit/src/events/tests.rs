use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use proptest::prelude::*;

use super::*;

const USER_START: &str = "v2.detail.events.conversation.{id}.user.start";

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

fn envelope() -> Value {
    json!({
        "version": "0", "id": "e-1", "detail-type": USER_START, "source": "aws.partner/genesys.com/cloud/org/suffix",
        "account": "123456789012", "time": "2026-11-20T09:00:00Z", "region": "eu-west-1", "resources": [],
        "detail": { "eventBody": { "eventTime": 1_795_165_200_000_u64 } }
    })
}

fn record(message_id: &str, body: &Value) -> Value {
    json!({ "messageId": message_id, "body": body.to_string(), "eventSource": "aws:sqs" })
}

fn deliveries(payload: &Value) -> Vec<Delivery> {
    match decode(&raw(payload)) {
        Invocation::Events(deliveries) => deliveries,
        Invocation::Tick => panic!("a tick"),
    }
}

fn reason(delivery: &Delivery) -> &str {
    &delivery.event.as_ref().unwrap_err().reason
}

#[test]
fn takes_a_single_event() {
    let deliveries = deliveries(&envelope());
    assert_eq!(deliveries.len(), 1);
    let event = deliveries[0].event.as_ref().unwrap();
    assert_eq!(deliveries[0].message_id, None);
    assert_eq!(event.id.as_deref(), Some("e-1"));
    assert_eq!(event.detail_type, USER_START);
    assert_eq!(event.time.as_deref(), Some("2026-11-20T09:00:00Z"));
    assert_eq!(event.detail.get(), r#"{"eventBody":{"eventTime":1795165200000}}"#);
}

/// Our few fields against a batch as the official event types write it.
#[test]
fn reads_what_lambda_sends() {
    let mut message = SqsMessage::default();
    message.message_id = Some("m-1".to_owned());
    message.body = Some(envelope().to_string());
    message.event_source = Some("aws:sqs".to_owned());
    message.attributes.insert("ApproximateReceiveCount".to_owned(), "1".to_owned());
    let mut batch = SqsEvent::default();
    batch.records = vec![message];
    let deliveries = deliveries(&serde_json::to_value(batch).unwrap());
    assert_eq!(deliveries[0].message_id.as_deref(), Some("m-1"));
    assert_eq!(deliveries[0].event.as_ref().unwrap().detail_type, USER_START);

    let response: SqsBatchResponse = serde_json::from_value(batch_response(&["m-1".to_owned()])).unwrap();
    assert_eq!(response.batch_item_failures[0].item_identifier, "m-1");
}

#[test]
fn decodes_each_record_of_a_batch_on_its_own() {
    let payload = json!({ "Records": [
        record("m-1", &envelope()),
        { "messageId": "m-2", "body": "not JSON" },
        { "messageId": "m-3" },
        { "messageId": 4, "body": envelope().to_string() },
        "no record",
        record("m-6", &json!({ "source": "x", "detail": {} })),
        record("m-7", &envelope()),
    ] });
    let deliveries = deliveries(&payload);
    let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.message_id.as_deref()).collect();
    assert_eq!(ids, [Some("m-1"), Some("m-2"), Some("m-3"), None, None, Some("m-6"), Some("m-7")]);
    let understood: Vec<bool> = deliveries.iter().map(|delivery| delivery.event.is_ok()).collect();
    assert_eq!(understood, [true, false, false, true, false, false, true]);
    assert_eq!(deliveries[1].original, "not JSON");
    assert_eq!(reason(&deliveries[1]), "the event is not JSON (line 1, column 2)");
    assert_eq!(reason(&deliveries[2]), "the SQS message has no body");
    assert_eq!(deliveries[2].original, r#"{"messageId":"m-3"}"#);
    assert_eq!(reason(&deliveries[4]), "the record is not an SQS message");
    assert_eq!(reason(&deliveries[5]), "the event has no detail-type");
}

#[test]
fn reasons_never_quote_the_event() {
    let deliveries = deliveries(&json!({ "Records": [record("m-1", &json!("+44 20 7946 0000"))] }));
    assert_eq!(reason(&deliveries[0]), "the event is not of the expected shape (line 1, column 18)");
}

#[test]
fn a_schedule_ticks() {
    // EventBridge Scheduler's default payload has a string for detail, a rule's has an object.
    for (source, detail) in [("aws.scheduler", json!("{}")), ("aws.events", json!({}))] {
        let payload = json!({ "version": "0", "source": source, "detail-type": "Scheduled Event", "detail": detail });
        assert!(matches!(decode(&raw(&payload)), Invocation::Tick), "{source}");
    }
}

#[test]
fn what_is_neither_is_one_malformed_event() {
    for payload in [json!({}), json!(null), json!([]), json!("x"), json!({ "Records": 5 }), json!({ "Records": null })]
    {
        let deliveries = deliveries(&payload);
        assert_eq!(deliveries.len(), 1, "{payload}");
        assert!(deliveries[0].event.is_err(), "{payload}");
        assert_eq!(deliveries[0].original, payload.to_string());
    }
}

#[test]
fn an_empty_batch_has_no_events() {
    assert!(deliveries(&json!({ "Records": [] })).is_empty());
}

#[test]
fn names_the_messages_that_failed() {
    assert_eq!(batch_response(&[]), json!({ "batchItemFailures": [] }));
    assert_eq!(batch_response(&["m-1".to_owned()]), json!({ "batchItemFailures": [{ "itemIdentifier": "m-1" }] }));
}

#[test]
fn matches_a_source_by_plain_prefix() {
    let default = SourcePrefix::from_environment(&Environment::from_pairs::<String, String>([]));
    assert!(default.matches("aws.partner/genesys.com/cloud/org/suffix"));
    assert!(default.matches("aws.partner/genesys.com.test/cloud/org/suffix"));
    assert!(!default.matches("aws.partner/example.com/cloud"));
    let local = SourcePrefix::from_environment(&Environment::from_pairs([("EVENT_SOURCE_PREFIX", "local.genesys")]));
    assert!(local.matches("local.genesys/cloud") && !local.matches("aws.partner/genesys.com/cloud"));
}

/// Any JSON, with a liking for the names that decoding looks at.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("Records".to_owned()),
        Just("messageId".to_owned()),
        Just("body".to_owned()),
        Just("source".to_owned()),
        Just("detail-type".to_owned()),
        Just("detail".to_owned()),
        ".{0,6}",
    ];
    let text = prop_oneof![Just("aws.scheduler".to_owned()), Just("Scheduled Event".to_owned()), ".{0,12}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_payload_decodes(payload in any_json()) {
        decode(&raw(&payload));
    }

    #[test]
    fn bad_records_never_affect_good_ones(
        before in prop::collection::vec(any_json(), 0..4),
        body in any::<String>(),
        after in any_json(),
    ) {
        let mut records = before.clone();
        records.push(json!({ "messageId": "bad", "body": body }));
        records.push(record("good", &envelope()));
        records.push(after);
        let deliveries = deliveries(&json!({ "Records": records }));
        prop_assert_eq!(deliveries.len(), before.len() + 3);
        let good = &deliveries[before.len() + 1];
        prop_assert_eq!(good.message_id.as_deref(), Some("good"));
        prop_assert!(good.event.is_ok());
    }
}
