//! What no event can do, whatever the platform adds to it.

mod support;

use genesys_cloud::detail_event::{Detail, Topic};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

const VOCABULARY_FIELDS: [&str; 9] = [
    "mediaType",
    "direction",
    "messageType",
    "disconnectType",
    "acdOutcome",
    "usedRouting",
    "flowOutcomeValue",
    "exitReason",
    "transferType",
];

fn any_topic() -> impl Strategy<Value = Topic> {
    select(Topic::ALL.as_slice())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            hash_map(any::<String>(), inner, 0..6).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn body(detail: &mut Value) -> &mut Map<String, Value> {
    detail["eventBody"].as_object_mut().unwrap()
}

proptest! {
    #[test]
    fn unknown_fields_change_nothing(topic in any_topic(), extra in hash_map("[a-z\"\\\\é]{1,8}_new", any_json(), 1..5)) {
        let mut detail = support::detail(topic);
        let before = Detail::parse(topic, &detail.to_string()).unwrap();
        body(&mut detail).extend(extra);
        prop_assert_eq!(Detail::parse(topic, &detail.to_string()), Ok(before));
    }

    #[test]
    fn unknown_words_are_read_and_not_kept(topic in any_topic(), field in select(VOCABULARY_FIELDS.as_slice()), word in "[A-Z]{9,12}") {
        let mut detail = support::detail(topic);
        body(&mut detail).insert(field.to_owned(), Value::from(word.clone()));
        let shown = format!("{:?}", Detail::parse(topic, &detail.to_string()).unwrap());
        prop_assert!(!shown.contains(&word));
    }

    #[test]
    fn any_field_but_two_may_be_missing(topic in any_topic(), kept in vec(any::<bool>(), 64)) {
        let mut detail = support::detail(topic);
        let mut kept = kept.into_iter();
        body(&mut detail).retain(|name, _| kept.next().unwrap() || name == "eventTime" || name == "conversationId");
        prop_assert!(Detail::parse(topic, &detail.to_string()).is_ok());
    }

    #[test]
    fn a_wrong_value_is_an_error_that_does_not_show_it(
        topic in any_topic(),
        field in any::<prop::sample::Index>(),
        secret in "[g-z]{24}",
        value in any_json(),
    ) {
        let mut detail = support::detail(topic);
        let field = field.get(&body(&mut detail).keys().cloned().collect::<Vec<_>>()).clone();
        body(&mut detail).insert(field, Value::from(vec![value, Value::from(secret.clone())]));
        if let Err(error) = Detail::parse(topic, &detail.to_string()) {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&secret));
        }
    }

    #[test]
    fn json_that_is_no_event_is_refused(topic in any_topic(), json in any_json(), as_body in any::<bool>()) {
        let detail = if as_body { serde_json::json!({ "eventBody": json }) } else { json };
        prop_assert!(Detail::parse(topic, &detail.to_string()).is_err());
    }

    #[test]
    fn text_that_is_no_event_is_refused(topic in any_topic(), text in any::<String>()) {
        prop_assert!(Detail::parse(topic, &text).is_err());
    }
}
