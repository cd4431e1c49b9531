use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::activity::Activity;
use crate::functions::{Functions, Launching};
use crate::queues::{Queues, Timings};
use crate::template::{self, Bus};

const PARTNER: &str = "aws.partner/genesys.com/cloud/o/s";

/// A rule on the partner's bus and one on the own bus, each to a queue of its own.
fn buses() -> (Buses, Arc<Queues>) {
    let queue =
        |name: &str| template::Queue { name: name.to_owned(), visibility_seconds: 30, delay_seconds: 0, redrive: None };
    let rule = |bus: &str, queue: &str| template::Rule {
        name: queue.to_owned(),
        bus: bus.to_owned(),
        pattern: json!({ "detail-type": ["wanted"] }),
        targets: vec![Target::Queue(queue.to_owned())],
    };
    let template = Template {
        queues: vec![queue("from-partner"), queue("from-own")],
        buses: vec![Bus { name: "outcomes".to_owned() }],
        rules: vec![rule("partner", "from-partner"), rule("outcomes", "from-own")],
        ..Template::default()
    };
    let (activity, timings) = (Activity::default(), Timings::default());
    let queues = Arc::new(Queues::new(&template, "http://127.0.0.1:1", &timings, &activity));
    let executables = BTreeMap::new();
    let launching = Launching { executables: &executables, logs: None, activity: &activity };
    let functions = Arc::new(Functions::new(&template, |_| Vec::new(), &launching));
    let delivery = Delivery { queues: queues.clone(), functions, activity, timings };
    (Buses::new(&template, "partner".to_owned(), delivery).expect("valid patterns"), queues)
}

fn received(queues: &Queues, name: &str) -> Vec<Json> {
    let messages = queues.get(name).expect("the queue").peek();
    messages.iter().map(|message| serde_json::from_str(&message.body).expect("JSON")).collect()
}

fn put(buses: &Buses, entry: &Json) -> Json {
    let request = json!({ "Entries": [entry] }).to_string();
    buses.put_events(request.as_bytes()).expect("an answer")
}

#[test]
fn the_source_decides_on_the_bus_and_the_pattern_on_the_target() {
    let (buses, queues) = buses();
    let event = |source: &str, kind: &str| json!({ "source": source, "detail-type": kind, "detail": {} });
    let posted = vec![
        event(PARTNER, "wanted"),
        event(PARTNER, "unwanted"),
        event("operator", "wanted"),
        event("operator", "unwanted"),
    ];
    assert_eq!(buses.post(posted).expect("valid events"), 2);
    let from_partner = received(&queues, "from-partner");
    assert_eq!(from_partner.len(), 1);
    assert_eq!(from_partner[0]["source"], PARTNER);
    assert_eq!(from_partner[0]["version"], "0");
    assert!(from_partner[0]["id"].is_string());
    assert_eq!(received(&queues, "from-own").len(), 1);
    assert_eq!(buses.outcomes().len(), 2, "a partner's events are no outcomes");
}

#[test]
fn an_event_that_has_no_type_is_refused_with_all_that_came_with_it() {
    let (buses, queues) = buses();
    let posted = vec![json!({ "source": PARTNER, "detail-type": "wanted" }), json!({ "source": PARTNER })];
    let error = buses.post(posted).expect_err("the second is wrong");
    assert_eq!(error.to_string(), "event 1: has no detail-type");
    assert!(received(&queues, "from-partner").is_empty());
}

#[test]
fn put_events_routes_and_records() {
    let (buses, queues) = buses();
    let entry = json!({
        "Source": "me",
        "DetailType": "wanted",
        "Detail": "{\"a\":1}",
        "EventBusName": "arn:aws:events:eu-west-1:000000000000:event-bus/outcomes",
    });
    let answer = put(&buses, &entry);
    assert_eq!(answer["FailedEntryCount"], 0);
    assert_eq!(received(&queues, "from-own")[0]["detail"]["a"], 1);
    assert_eq!(buses.outcomes()[0]["id"], answer["Entries"][0]["EventId"]);
}

#[test]
fn put_events_refuses_what_eventbridge_refuses() {
    let (buses, _) = buses();
    let cases = [
        (json!({ "Source": "aws.partner/x", "DetailType": "a", "Detail": "{}" }), "NotAuthorizedForSourceException"),
        (json!({ "Source": "me", "DetailType": "a", "Detail": "[1]" }), "MalformedDetail"),
        (json!({ "Source": "me", "Detail": "{}" }), "InvalidArgument"),
    ];
    for (entry, expected) in cases {
        assert_eq!(put(&buses, &entry)["Entries"][0]["ErrorCode"], expected);
    }
    let entry = json!({ "Source": "me", "DetailType": "a", "Detail": "{}" });
    let many = json!({ "Entries": vec![entry; 11] }).to_string();
    assert!(buses.put_events(many.as_bytes()).is_err());
    let large =
        json!({ "Source": "me", "DetailType": "a", "Detail": format!("{{\"a\":\"{}\"}}", "x".repeat(MOST_BYTES)) });
    assert!(buses.put_events(json!({ "Entries": [large] }).to_string().as_bytes()).is_err());
}
