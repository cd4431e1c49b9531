use super::*;
use crate::template::{EventSourceMapping, Redrive};

/// A queue `work` that a function reads, with a dead-letter queue `dead` after two receipts.
pub(crate) fn queues(activity: &Activity) -> Queues {
    let queue = |name: &str, redrive| template::Queue {
        name: name.to_owned(),
        visibility_seconds: 30,
        delay_seconds: 0,
        redrive,
    };
    let template = Template {
        queues: vec![
            queue("work", Some(Redrive { queue: "dead".to_owned(), max_receive_count: 2 })),
            queue("dead", None),
        ],
        event_source_mappings: vec![EventSourceMapping {
            queue: "work".to_owned(),
            function: "worker".to_owned(),
            batch_size: 10,
            maximum_concurrency: None,
            reports_item_failures: true,
        }],
        ..Template::default()
    };
    Queues::new(&template, "http://127.0.0.1:1", &Timings::default(), activity)
}

const ALL: usize = usize::MAX;
const MINUTE: Duration = Duration::from_mins(1);

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_received_message_is_hidden_until_it_is_deleted_or_its_time_is_over() {
    let queues = queues(&Activity::default());
    let work = queues.get("work").expect("the queue");
    work.send("a".to_owned(), None);
    work.send("b".to_owned(), None);
    let first = queues.receive(work, 10, ALL, MINUTE);
    assert_eq!(bodies(&first), ["a", "b"]);
    assert!(queues.receive(work, 10, ALL, MINUTE).is_empty());
    assert!(work.delete(&first[0].receipt));
    assert!(!work.delete(&first[0].receipt));

    work.visible(1).await;
    let second = queues.receive(work, 10, ALL, MINUTE);
    assert_eq!(bodies(&second), ["b"]);
    assert_eq!(second[0].receive_count, 2);
    assert!(!work.delete(&first[1].receipt), "an old receipt deletes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let activity = Activity::default();
    let queues = queues(&activity);
    let (work, dead) = (queues.get("work").expect("work"), queues.get("dead").expect("dead"));
    work.send("bad".to_owned(), None);
    for _ in 0..2 {
        let received = queues.receive(work, 10, ALL, MINUTE);
        assert!(work.release(&received[0].receipt, Duration::ZERO));
    }
    assert_eq!(activity.count(), 1);
    assert!(queues.receive(work, 10, ALL, MINUTE).is_empty());
    assert_eq!(bodies(&dead.peek()), ["bad"]);
    assert_eq!(activity.count(), 0, "a dead letter keeps nobody waiting");
}

#[tokio::test(start_paused = true)]
async fn delays_hide_a_message_and_are_shortened() {
    let queues = queues(&Activity::default());
    let work = queues.get("work").expect("the queue");
    let before = Instant::now();
    work.send("later".to_owned(), Some(Duration::from_mins(15)));
    assert_eq!(work.counts(), Counts { visible: 0, in_flight: 0, delayed: 1 });
    work.visible(1).await;
    assert_eq!(before.elapsed(), Timings::default().longest_delay);
    assert_eq!(bodies(&work.peek()), ["later"]);
}

#[tokio::test]
async fn a_receipt_is_limited_in_messages_and_bytes() {
    let queues = queues(&Activity::default());
    let work = queues.get("work").expect("the queue");
    for body in ["aaaa", "bbbb", "cccc"] {
        work.send(body.to_owned(), None);
    }
    assert_eq!(bodies(&queues.receive(work, 10, 9, MINUTE)), ["aaaa", "bbbb"]);
    assert_eq!(bodies(&queues.receive(work, 10, 1, MINUTE)), ["cccc"], "one always goes");
}

#[tokio::test]
async fn the_api_sends_receives_and_deletes() {
    let queues = queues(&Activity::default());
    let call = async |operation: &str, request: serde_json::Value| {
        api::call(&queues, operation, request.to_string().as_bytes()).await
    };
    let url = queues.get("work").expect("the queue").url().to_owned();
    let sent = call(
        "SendMessageBatch",
        serde_json::json!({"QueueUrl": url, "Entries": [{"Id": "x", "MessageBody": "hello"}]}),
    );
    let sent = sent.await.expect("it is sent");
    assert_eq!(sent["Successful"][0]["Id"], "x");
    assert_eq!(sent["Successful"][0]["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");

    let received = call("ReceiveMessage", serde_json::json!({"QueueUrl": url})).await;
    let received = received.expect("it is received");
    assert_eq!(received["Messages"][0]["Body"], "hello");
    let receipt = &received["Messages"][0]["ReceiptHandle"];
    call("DeleteMessage", serde_json::json!({"QueueUrl": url, "ReceiptHandle": receipt})).await.expect("it is deleted");
    assert_eq!(queues.get("work").expect("the queue").counts(), Counts::default());

    let entries: Vec<_> = (0..11).map(|id| serde_json::json!({"Id": id.to_string()})).collect();
    let refused = call("SendMessageBatch", serde_json::json!({"QueueUrl": url, "Entries": entries})).await;
    assert!(refused.expect_err("too many").to_string().contains("TooManyEntries"));
    let refused = call("SendMessage", serde_json::json!({"QueueUrl": "http://x/0/nowhere"})).await;
    assert!(refused.expect_err("no queue").to_string().contains("QueueDoesNotExist"));
}
