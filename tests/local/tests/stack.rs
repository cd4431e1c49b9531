//! The stack as a whole, with a function that does as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use local_stack::aws_front::faults::{AwsFault, CrashPoint};
use local_stack::stack::{Stack, StackOptions};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_mins(1);

fn options() -> StackOptions {
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_fixture-function"));
    let template = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/template.yaml");
    StackOptions {
        template: Some(template),
        executables: BTreeMap::from([("fixture-function".to_owned(), executable)]),
        manual_schedules: true,
        ..StackOptions::default()
    }
}

async fn stack() -> Stack {
    Stack::start(options()).await.expect("the stack starts")
}

fn event(command: &str, id: usize) -> Value {
    json!({
        "source": "aws.partner/genesys.com/cloud/o/s",
        "detail-type": "wanted",
        "detail": { "command": command, "id": id },
    })
}

/// Posts events and waits until they are done with; how many dead letters there are.
async fn play(stack: &Stack, events: Vec<Value>) -> usize {
    stack.post_events(events).expect("valid events");
    let drained = stack.drain_queues(LIMIT).await;
    assert!(drained.drained, "{drained:?}");
    drained.dead_letters
}

fn worked(stack: &Stack) -> BTreeSet<u64> {
    let outcomes = stack.outcomes();
    let worked = outcomes.iter().filter(|outcome| outcome["detail-type"] == "worked");
    worked.filter_map(|outcome| outcome["detail"]["id"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_the_function_in_batches_and_its_outcomes_are_recorded() {
    let stack = stack().await;
    let mut events: Vec<_> = (0..100).map(|id| event("work", id)).collect();
    events.push(json!({ "source": "aws.partner/x", "detail-type": "unwanted", "detail": {} }));
    assert_eq!(play(&stack, events).await, 0);
    assert_eq!(worked(&stack), (0..100).collect());

    let stats = stack.stats();
    let function = &stats.functions["Worker"];
    assert_eq!(function.failures, 0);
    assert!((10..=100).contains(&function.invocations), "in batches of at most 10: {function:?}");
    assert!(function.instances <= 2, "no more than the queue's concurrency: {function:?}");
    assert_eq!(function.inits.len() as u64, function.instances);
    let writes = &stats.aws["DynamoDB_20120810.PutItem"];
    assert_eq!(writes.requests, 100);
    assert!((writes.capacity_units - 100.0).abs() < f64::EPSILON);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_refused_ends_as_a_dead_letter_and_holds_up_no_other() {
    let stack = stack().await;
    let mut events: Vec<_> = (0..9).map(|id| event("work", id)).collect();
    events.insert(4, event("refuse", 99));
    assert_eq!(play(&stack, events).await, 1);
    assert_eq!(worked(&stack), (0..9).collect());
    let letters = &stack.dead_letters()["Dead"];
    assert_eq!(letters[0]["body"]["detail"]["id"], 99);
    assert_eq!(letters[0]["receiveCount"], 2);
    assert_eq!(stack.stats().functions["Worker"].failures, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_request_loses_nothing() {
    for point in [CrashPoint::Before(1), CrashPoint::After(1), CrashPoint::Before(2), CrashPoint::After(3)] {
        let stack = stack().await;
        stack.aws_faults().crash(point);
        assert_eq!(play(&stack, (0..3).map(|id| event("work", id)).collect()).await, 0, "{point:?}");
        assert_eq!(worked(&stack), (0..3).collect(), "{point:?}");
        let function = &stack.stats().functions["Worker"];
        assert!(function.crashes >= 1 && function.instances >= 2, "{point:?}: {function:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_exits_hangs_or_fails_gives_its_messages_back() {
    let stack = stack().await;
    for (command, expected) in [("exit", 1), ("hang", 2), ("fail", 3)] {
        assert_eq!(play(&stack, vec![event(command, 1)]).await, expected, "{command}");
    }
    let function = &stack.stats().functions["Worker"];
    assert_eq!((function.crashes, function.timeouts, function.failures), (2, 2, 6));
    assert_eq!(play(&stack, vec![event("work", 7)]).await, 3);
    assert_eq!(worked(&stack), BTreeSet::from([7]));
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_can_be_killed_at_any_time() {
    let stack = stack().await;
    stack.kill_functions().await;
    assert_eq!(play(&stack, vec![event("work", 1)]).await, 0);
    assert_eq!(stack.stats().functions["Worker"].instances, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_can_be_told_to_fail() {
    let stack = stack().await;
    stack.aws_faults().fail("PutItem", 1, AwsFault::Throttled);
    assert_eq!(play(&stack, vec![event("work", 1)]).await, 0);
    assert_eq!(worked(&stack), BTreeSet::from([1]));
    assert_eq!(stack.stats().functions["Worker"].failures, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_fire_when_told_to() {
    let stack = stack().await;
    assert_eq!(stack.run_schedules().await, 1);
    let outcomes = stack.outcomes();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0]["detail-type"], "scheduled");
    assert_eq!(outcomes[0]["detail"]["id"], "aws.scheduler");
    assert_eq!(outcomes[0]["source"], "fixture");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_invocation_is_tried_three_times_and_then_put_aside() {
    let stack = stack().await;
    stack.aws_faults().fail("PutEvents", 3, AwsFault::Unavailable);
    stack.run_schedules().await;
    assert_eq!(stack.stats().functions["Worker"].failures, 3);
    let letters = &stack.dead_letters()["Dead"];
    assert_eq!(letters[0]["body"]["requestPayload"]["source"], "aws.scheduler");
    assert_eq!(letters[0]["body"]["requestContext"]["approximateInvokeCount"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_does_not_start_says_why() {
    let mut options = options();
    options.environment.insert("COMPLAINT".to_owned(), "X is wrong".to_owned());
    let error = Stack::start(options).await.err().expect("it does not start");
    assert_eq!(error.to_string(), "Worker did not start: X is wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_kept_where_the_user_says() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..2 {
        let options = StackOptions { data: Some(folder.path().to_path_buf()), ..options() };
        let stack = Stack::start(options).await.expect("the stack starts");
        assert_eq!(play(&stack, vec![event("work", round)]).await, 0);
        stack.stop().await;
    }
    assert!(folder.path().join("dynamodb.sqlite").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_takes_events_and_tells_what_became_of_them() {
    let stack = stack().await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let api = stack.urls().api.clone();
    let post = async |path: &str, body: String| {
        let answer = http.post(format!("{api}{path}")).body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    let lines = format!("{}\n{}\n", event("work", 1), event("refuse", 2));
    assert_eq!(post("/events", lines).await, (200, json!({ "accepted": 2, "matched": 2, "refused": [] })));
    let (status, drained) = post("/drain-queues", String::new()).await;
    assert_eq!((status, &drained["drained"]), (200, &json!(true)));

    let (status, refused) = post("/events", format!("{}\nnonsense", event("unmatched", 3))).await;
    assert_eq!((status, &refused["accepted"], &refused["refused"][0]["event"]), (200, &json!(1), &json!(2)));
    let (status, refused) = post("/events", r#"[{"source": "me"}]"#.to_owned()).await;
    assert_eq!((status, &refused["refused"][0]["reason"]), (400, &json!("has no detail-type")));

    let command = json!({ "source": "operator", "detail-type": "Do", "detail": {} });
    post("/events", command.to_string()).await;
    let (status, schedules) = post("/schedules/run", String::new()).await;
    assert_eq!((status, schedules), (200, json!({ "schedules": 1 })));
    let get = async |path: &str| {
        let answer = http.get(format!("{api}{path}")).send().await.expect("an answer");
        answer.json::<Value>().await.expect("JSON")
    };
    let outcomes = get("/outcomes").await;
    let types: Vec<_> = outcomes.as_array().into_iter().flatten().collect();
    let types: Vec<_> = types.iter().map(|outcome| &outcome["detail-type"]).collect();
    assert_eq!(types, ["worked", "Do", "scheduled"]);
    assert_eq!(get("/dead-letters").await["Dead"][0]["body"]["detail"]["id"], 2);
    assert_eq!(get("/urls").await["api"], api);
}
