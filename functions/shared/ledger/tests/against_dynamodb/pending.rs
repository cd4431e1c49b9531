//! The sparse index of what is due.

use std::collections::BTreeSet;

use ledger::Settlement;

use crate::support::{TestLedger, number, settlement};

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn only_what_is_due_is_found_and_only_while_something_is_pending() {
    let ledger = TestLedger::start().await;
    for agent in ["appended", "settled", "later"] {
        ledger.journal.append(agent, "a", 1_000).await.unwrap();
    }
    assert_eq!(ledger.due(999, 10).await, names(&[]));
    assert_eq!(ledger.due(1_000, 10).await, names(&["appended", "later", "settled"]));

    ledger.journal.settle("settled", 1, settlement("state")).await.unwrap();
    let later = Settlement { due_at: Some(5_000), ..settlement("state") };
    ledger.journal.settle("later", 1, later).await.unwrap();
    assert_eq!(ledger.due(4_999, 10).await, names(&["appended"]));
    assert_eq!(ledger.due(5_000, 10).await, names(&["appended", "later"]));
    assert_eq!(ledger.stored("settled", "journal", "pending_shard").await, None);
    assert_eq!(ledger.stored("settled", "journal", "due_at").await, None);
}

#[tokio::test]
async fn an_append_is_due_at_once_however_far_off_what_was_pending() {
    let ledger = TestLedger::start().await;
    ledger.journal.append("agent", "a", 1_000).await.unwrap();
    let tomorrow = Settlement { due_at: Some(86_400_000), ..settlement("state") };
    ledger.journal.settle("agent", 1, tomorrow).await.unwrap();
    ledger.journal.append("agent", "b", 2_000).await.unwrap();
    assert_eq!(ledger.stored("agent", "journal", "due_at").await, Some(number(2_000)));
    assert_eq!(ledger.due(2_000, 10).await, names(&["agent"]));
}

#[tokio::test]
async fn what_is_due_is_found_in_every_shard_one_owner_a_page() {
    let ledger = TestLedger::start().await;
    let mut agents = BTreeSet::new();
    let mut shards = BTreeSet::new();
    for index in 0..24 {
        let agent = format!("agent-{index}");
        ledger.journal.append(&agent, "a", 1_000 + index).await.unwrap();
        let shard = ledger.stored(&agent, "journal", "pending_shard").await.unwrap();
        shards.insert(shard.as_s().unwrap().clone());
        agents.insert(agent);
    }
    assert_eq!(shards.len(), 4, "{shards:?}");
    assert_eq!(ledger.due(2_000, 1).await, agents);
}

#[tokio::test]
async fn nothing_due_costs_a_request_a_shard() {
    let ledger = TestLedger::start().await;
    assert_eq!(ledger.due(i64::MAX, 25).await, names(&[]));
    assert_eq!(ledger.requests(), 4);
}
