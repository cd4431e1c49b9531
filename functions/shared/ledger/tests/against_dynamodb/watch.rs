//! Watched conversations: the model does what DynamoDB does, in one request each, and what is due is found in order.

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::model::ModelWatch;
use ledger::watch::{DueConversation, KEPT_FOR_SECS, Observation, Outcome};
use ledger::{LedgerError, Watch};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseResult;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::support::{EXPIRES_AT, TestLedger, number, string};

const TABLE: &str = "conversations";
const CONVERSATIONS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
/// More pages of what is due than any test has.
const PAGES_MAX: usize = 100;

/// Watched conversations in a table of their own.
struct TestWatch {
    ledger: TestLedger,
    watch: Watch,
}

impl TestWatch {
    async fn start() -> Self {
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "conversation_id", "AttributeType": "S" },
                { "AttributeName": "due_shard", "AttributeType": "S" },
                { "AttributeName": "due_at", "AttributeType": "N" },
            ],
            "KeySchema": [{ "AttributeName": "conversation_id", "KeyType": "HASH" }],
            "GlobalSecondaryIndexes": [{
                "IndexName": "due",
                "KeySchema": [
                    { "AttributeName": "due_shard", "KeyType": "HASH" },
                    { "AttributeName": "due_at", "KeyType": "RANGE" },
                ],
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            }],
        });
        let ledger = TestLedger::with_table(table).await;
        let watch = Watch::new(ledger.client.clone(), TABLE);
        Self { ledger, watch }
    }

    async fn attribute(&self, conversation_id: &str, name: &str) -> Option<AttributeValue> {
        let request = self.ledger.client.get_item().table_name(TABLE).key("conversation_id", string(conversation_id));
        request.send().await.unwrap().item?.remove(name)
    }

    /// Everything due at `now`, page by page, in the order of discovery.
    async fn due(&self, now: i64, page_size: i32) -> Vec<DueConversation> {
        let mut found = Vec::new();
        let mut page = None;
        for _ in 0..PAGES_MAX {
            let due = self.watch.due(now, page, page_size).await.unwrap();
            assert!(due.conversations.len() <= usize::try_from(page_size).unwrap());
            found.extend(due.conversations);
            page = due.next;
            if page.is_none() {
                return found;
            }
        }
        panic!("what is due has no last page");
    }
}

fn observation(facts: &str, due_at: Option<i64>) -> Observation {
    Observation { facts: facts.to_owned(), due_at, expires_at: EXPIRES_AT }
}

#[derive(Debug, Clone)]
enum Operation {
    /// `off`: how far the revision is from the right one.
    Observe {
        off: i64,
        facts: String,
        due_at: Option<i64>,
    },
    /// `late`: the due time was another one when it was seen.
    LookAgain {
        late: bool,
        due_at: i64,
    },
    Leave {
        late: bool,
    },
    Due {
        now: i64,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    let times = -2..=9_i64;
    prop_oneof![
        4 => (select(vec![-1, 0, 0, 0, 1]), "[a-z]{0,3}", prop::option::of(times.clone()))
            .prop_map(|(off, facts, due_at)| Operation::Observe { off, facts, due_at }),
        2 => (any::<bool>(), times.clone()).prop_map(|(late, due_at)| Operation::LookAgain { late, due_at }),
        1 => any::<bool>().prop_map(|late| Operation::Leave { late }),
        1 => times.prop_map(|now| Operation::Due { now }),
    ]
}

/// Does it to both and compares the results.
async fn perform(real: &TestWatch, model: &mut ModelWatch, id: &str, operation: Operation) -> TestCaseResult {
    let stored = model.read(id);
    let due_at = |late: bool| stored.as_ref().and_then(|stored| stored.due_at).unwrap_or_default() - i64::from(late);
    match operation {
        Operation::Observe { off, facts, due_at } => {
            let revision = stored.map_or(0, |stored| stored.revision).saturating_add_signed(off);
            let seen = (revision > 0).then_some(revision);
            let to = observation(&facts, due_at);
            let outcome = real.watch.observe(id, seen, to.clone()).await.unwrap();
            prop_assert_eq!(outcome, model.observe(id, seen, to));
        }
        Operation::LookAgain { late, due_at: to } => {
            let outcome = real.watch.look_again(id, due_at(late), to).await.unwrap();
            prop_assert_eq!(outcome, model.look_again(id, due_at(late), to));
        }
        Operation::Leave { late } => {
            let outcome = real.watch.leave(id, due_at(late)).await.unwrap();
            prop_assert_eq!(outcome, model.leave(id, due_at(late)));
        }
        Operation::Due { now } => {
            let mut found = real.due(now, 2).await;
            prop_assert!(found.chunks(2).all(<[_]>::is_sorted), "{:?}", found);
            found.sort_unstable();
            prop_assert_eq!(found, model.due(now));
        }
    }
    prop_assert_eq!(real.watch.read(id).await.unwrap(), model.read(id));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn the_model_does_what_dynamodb_does(operations in vec((select(&CONVERSATIONS[..]), operation()), 1..40)) {
        Runtime::new().unwrap().block_on(async {
            let real = TestWatch::start().await;
            let mut model = ModelWatch::default();
            for (id, operation) in operations.into_iter().chain([("a", Operation::Due { now: i64::MAX })]) {
                perform(&real, &mut model, id, operation).await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}

#[tokio::test]
async fn reading_and_observing_are_one_request_each() {
    let watch = TestWatch::start().await;
    watch.ledger.requests();
    assert_eq!(watch.watch.read("a").await.unwrap(), None);
    assert_eq!(watch.watch.observe("a", None, observation("facts", Some(1))).await.unwrap(), Outcome::Written);
    assert_eq!(watch.ledger.requests(), 2);
    assert_eq!(watch.attribute("a", "expires_at").await, Some(number(EXPIRES_AT)));
}

#[tokio::test]
async fn what_is_due_comes_oldest_first_whatever_shard_it_is_in() {
    let watch = TestWatch::start().await;
    for number in 0..20 {
        let id = format!("conversation-{number}");
        let outcome = watch.watch.observe(&id, None, observation("", Some(100 - number))).await.unwrap();
        assert_eq!(outcome, Outcome::Written);
    }
    let found = watch.due(95, 7).await;
    assert_eq!(found.iter().map(|due| due.due_at).collect::<Vec<_>>(), (81..=95).collect::<Vec<_>>());
    assert!(watch.due(80, 7).await.is_empty());
}

#[tokio::test]
async fn a_look_that_was_overtaken_has_no_effect_and_one_that_was_not_keeps_the_conversation() {
    let watch = TestWatch::start().await;
    let _ = watch.watch.observe("a", None, observation("one", Some(1_000))).await.unwrap();
    let _ = watch.watch.observe("a", Some(1), observation("two", Some(2_000))).await.unwrap();
    assert_eq!(watch.watch.look_again("a", 1_000, 9_000).await.unwrap(), Outcome::Moved);
    assert_eq!(watch.watch.leave("a", 1_000).await.unwrap(), Outcome::Moved);
    assert_eq!(watch.watch.look_again("a", 2_000, 9_000).await.unwrap(), Outcome::Written);
    assert_eq!(watch.attribute("a", "expires_at").await, Some(number(9 + KEPT_FOR_SECS)));
    // Who observed before that look has to read again.
    assert_eq!(watch.watch.observe("a", Some(2), observation("three", None)).await.unwrap(), Outcome::Moved);
    assert_eq!(watch.watch.leave("a", 9_000).await.unwrap(), Outcome::Written);
    assert_eq!(watch.attribute("a", "due_shard").await, None);
    assert_eq!(watch.watch.read("a").await.unwrap().unwrap().facts, "two");
    assert_eq!(watch.watch.leave("unheard-of", 0).await.unwrap(), Outcome::Moved);
    assert_eq!(watch.watch.read("unheard-of").await.unwrap(), None);
}

#[tokio::test]
async fn of_many_who_observe_at_once_one_is_first() {
    let watch = TestWatch::start().await;
    let observing = (0..12).map(|_| watch.watch.observe("a", None, observation("", None)));
    let outcomes = futures::future::join_all(observing).await;
    assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == Outcome::Written).count(), 1);
}

#[tokio::test]
async fn an_item_of_another_shape_is_corrupt_and_a_missing_table_is_named() {
    let watch = TestWatch::start().await;
    let put = watch.ledger.client.put_item().table_name(TABLE).item("conversation_id", string("a"));
    put.item("revision", number(1)).send().await.unwrap();
    assert!(matches!(watch.watch.read("a").await, Err(LedgerError::Corrupt { attribute: "facts", .. })));

    let absent = Watch::new(watch.ledger.client.clone(), "absent");
    let errors = [
        absent.read("a").await.unwrap_err(),
        absent.observe("a", None, observation("secret facts", None)).await.unwrap_err(),
        absent.due(1, None, 1).await.unwrap_err(),
        absent.look_again("a", 1, 2).await.unwrap_err(),
        absent.leave("a", 1).await.unwrap_err(),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.contains("absent") && text.starts_with("could not ") && !text.contains("secret"), "{text}");
    }
}
