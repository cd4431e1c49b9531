//! Sets that only grow.

use std::collections::BTreeSet;

use ledger::sets::Sets;

use crate::support::{EXPIRES_AT, TestLedger, number};

fn sets(sets: &[(&'static str, &[&str])]) -> Sets {
    let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>();
    sets.iter().map(|(name, values)| (*name, set(values))).collect()
}

#[tokio::test]
async fn adding_is_one_request_and_gives_back_the_whole_of_the_sets_named() {
    let ledger = TestLedger::start().await;
    let agents = sets(&[("agents", &["a", "b"]), ("cases", &[])]);
    let whole = ledger.sets.add("conversation", &agents, EXPIRES_AT).await.unwrap();
    assert_eq!((whole, ledger.requests()), (agents, 1));

    let more = sets(&[("agents", &["b", "c"]), ("cases", &["500"])]);
    let whole = ledger.sets.add("conversation", &more, EXPIRES_AT + 1).await.unwrap();
    assert_eq!(whole, sets(&[("agents", &["a", "b", "c"]), ("cases", &["500"])]));
    assert_eq!(ledger.stored("conversation", "sets", "expires_at").await, Some(number(EXPIRES_AT + 1)));
}

#[tokio::test]
async fn adding_nothing_reads() {
    let ledger = TestLedger::start().await;
    let nothing = sets(&[("agents", &[])]);
    assert_eq!(ledger.sets.add("conversation", &nothing, EXPIRES_AT).await.unwrap(), nothing);
    ledger.sets.add("conversation", &sets(&[("agents", &["a"]), ("cases", &["500"])]), EXPIRES_AT).await.unwrap();
    assert_eq!(ledger.sets.add("conversation", &nothing, EXPIRES_AT).await.unwrap(), sets(&[("agents", &["a"])]));
}

#[tokio::test]
async fn of_two_who_add_at_once_one_sees_both() {
    let ledger = TestLedger::start().await;
    let (agents, cases) = (sets(&[("agents", &["a"]), ("cases", &[])]), sets(&[("agents", &[]), ("cases", &["500"])]));
    let both = sets(&[("agents", &["a"]), ("cases", &["500"])]);
    for round in 0..10 {
        let owner = format!("conversation-{round}");
        let (one, other) =
            tokio::join!(ledger.sets.add(&owner, &agents, EXPIRES_AT), ledger.sets.add(&owner, &cases, EXPIRES_AT));
        assert!(one.unwrap() == both || other.unwrap() == both);
    }
}
