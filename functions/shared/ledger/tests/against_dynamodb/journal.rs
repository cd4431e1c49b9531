//! Appending, reading and settling.

use ledger::{Head, Settled, Settlement};

use crate::support::{EXPIRES_AT, TestLedger, number, settlement};

#[tokio::test]
async fn an_append_is_one_request_and_gives_back_all_there_is() {
    let ledger = TestLedger::start().await;
    let first = ledger.journal.append("agent", "a", 1_000).await.unwrap();
    assert_eq!(ledger.requests(), 1);
    assert_eq!(first, Head { sequence: 1, settled: None, tail: vec!["a".into()] });

    assert_eq!(ledger.journal.settle("agent", 1, settlement("state")).await.unwrap(), Settled::Done);
    assert_eq!(ledger.requests(), 1);
    for entry in ["b", "c", "b"] {
        ledger.journal.append("agent", entry, 2_000).await.unwrap();
    }
    let last = ledger.journal.append("agent", "", 3_000).await.unwrap();
    let tail = ["b", "c", "b", ""].map(str::to_owned).to_vec();
    assert_eq!(last, Head { sequence: 6, settled: Some("state".into()), tail });
    assert_eq!(ledger.journal.read("agent").await.unwrap(), Some(last));
}

#[tokio::test]
async fn two_owners_do_not_mix() {
    let ledger = TestLedger::start().await;
    ledger.journal.append("one", "a", 1).await.unwrap();
    let other = ledger.journal.append("other", "b", 1).await.unwrap();
    assert_eq!(other, Head { sequence: 1, settled: None, tail: vec!["b".into()] });
    ledger.journal.settle("other", 1, settlement("state")).await.unwrap();
    let one = ledger.journal.read("one").await.unwrap().unwrap();
    assert_eq!(one, Head { sequence: 1, settled: None, tail: vec!["a".into()] });
}

#[tokio::test]
async fn an_owner_never_heard_of_has_no_journal_and_none_is_made_by_settling() {
    let ledger = TestLedger::start().await;
    for sequence in [0, 1] {
        assert_eq!(ledger.journal.settle("agent", sequence, settlement("state")).await.unwrap(), Settled::Moved);
    }
    assert_eq!(ledger.journal.read("agent").await.unwrap(), None);
}

#[tokio::test]
async fn settling_an_old_sequence_changes_nothing() {
    let ledger = TestLedger::start().await;
    ledger.journal.append("agent", "a", 1_000).await.unwrap();
    let head = ledger.journal.append("agent", "b", 2_000).await.unwrap();
    let old = Settlement { due_at: Some(9_000), ..settlement("old") };
    assert_eq!(ledger.journal.settle("agent", 1, old).await.unwrap(), Settled::Moved);
    assert_eq!(ledger.journal.read("agent").await.unwrap(), Some(head));
    assert_eq!(ledger.stored("agent", "journal", "due_at").await, Some(number(2_000)));
}

#[tokio::test]
async fn times_to_live_are_epoch_seconds() {
    let ledger = TestLedger::start().await;
    let now_ms = 1_700_000_000_999;
    ledger.journal.append("agent", "a", now_ms).await.unwrap();
    let ninety_days_on = 1_700_000_000 + 90 * 86_400;
    assert_eq!(ledger.stored("agent", "journal", "expires_at").await, Some(number(ninety_days_on)));
    ledger.journal.settle("agent", 1, settlement("state")).await.unwrap();
    assert_eq!(ledger.stored("agent", "journal", "expires_at").await, Some(number(EXPIRES_AT)));
}
