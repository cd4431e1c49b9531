//! What leaves a journal with a settlement.

use ledger::{Head, LedgerError, Settled, Settlement};

use crate::support::{EXPIRES_AT, TestLedger, ended, named, number, settlement};

#[tokio::test]
async fn settling_and_archiving_is_one_request() {
    let ledger = TestLedger::start().await;
    ledger.journal.append("agent", "a", 1_000).await.unwrap();
    ledger.requests();
    let archived = vec![ended(500, 1, "facts"), named("session#1", "session")];
    let settled = ledger.journal.settle("agent", 1, Settlement { archived, ..settlement("state") }).await.unwrap();
    assert_eq!((settled, ledger.requests()), (Settled::Done, 1));

    let head = Head { sequence: 2, settled: Some("state".into()), tail: Vec::new() };
    assert_eq!(ledger.journal.read("agent").await.unwrap(), Some(head));
    assert_eq!(ledger.journal.archived_since("agent", 500).await.unwrap(), ["facts"]);
    assert_eq!(ledger.journal.archived("agent", "session#1").await.unwrap().as_deref(), Some("session"));
    assert_eq!(ledger.stored("agent", "named#session#1", "expires_at").await, Some(number(EXPIRES_AT)));
    assert_eq!(ledger.due(i64::MAX, 10).await.len(), 0);
}

#[tokio::test]
async fn a_refused_settlement_archives_nothing() {
    let ledger = TestLedger::start().await;
    ledger.journal.append("agent", "a", 1_000).await.unwrap();
    let head = ledger.journal.append("agent", "b", 2_000).await.unwrap();
    let archived = vec![ended(500, 1, "facts"), named("session#1", "session")];
    let settled = ledger.journal.settle("agent", 1, Settlement { archived, ..settlement("state") }).await.unwrap();
    assert_eq!(settled, Settled::Moved);
    assert_eq!(ledger.journal.read("agent").await.unwrap(), Some(head));
    assert_eq!(ledger.journal.archived_since("agent", 0).await.unwrap(), Vec::<String>::new());
    assert_eq!(ledger.journal.archived("agent", "session#1").await.unwrap(), None);
}

#[tokio::test]
async fn a_transaction_holds_ninety_nine_archive_items_and_no_more() {
    let ledger = TestLedger::start().await;
    let head = ledger.journal.append("agent", "a", 1_000).await.unwrap();
    let archived = |count| (0..count).map(|sequence| ended(500, sequence, "facts")).collect();
    let too_many = Settlement { archived: archived(100), ..settlement("state") };
    let refused = ledger.journal.settle("agent", 1, too_many).await.unwrap_err();
    assert!(matches!(refused, LedgerError::Request { .. }), "{refused}");
    assert_eq!(ledger.journal.read("agent").await.unwrap(), Some(head));

    let just_enough = Settlement { archived: archived(99), ..settlement("state") };
    assert_eq!(ledger.journal.settle("agent", 1, just_enough).await.unwrap(), Settled::Done);
    assert_eq!(ledger.journal.archived_since("agent", 500).await.unwrap().len(), 99);
}

#[tokio::test]
async fn the_archive_is_read_from_a_time_on_in_order_of_time_and_for_one_owner() {
    let ledger = TestLedger::start().await;
    for owner in ["agent", "other"] {
        ledger.journal.append(owner, "a", 1_000).await.unwrap();
        let content = |what: &str| format!("{what} of {owner}");
        let archived = vec![
            ended(1_700_000_000_000, 2, &content("today")),
            ended(999_999_999_999, 1, &content("long ago")),
            ended(9_999_999_999_999, 3, &content("the last")),
            named("0", &content("named")),
        ];
        ledger.journal.settle(owner, 1, Settlement { archived, ..settlement("state") }).await.unwrap();
    }
    let since = async |from| ledger.journal.archived_since("agent", from).await.unwrap();
    assert_eq!(since(0).await, ["long ago of agent", "today of agent", "the last of agent"]);
    assert_eq!(since(1_000_000_000_000).await, ["today of agent", "the last of agent"]);
    assert_eq!(since(1_700_000_000_001).await, ["the last of agent"]);
}

#[tokio::test]
async fn an_archive_of_more_than_a_page_is_read_to_its_end() {
    let ledger = TestLedger::start().await;
    let content = "x".repeat(350_000);
    for day in 0..4 {
        let head = ledger.journal.append("agent", "a", day).await.unwrap();
        let archived = vec![ended(day, head.sequence, &content)];
        ledger.journal.settle("agent", head.sequence, Settlement { archived, ..settlement("state") }).await.unwrap();
    }
    ledger.requests();
    assert_eq!(ledger.journal.archived_since("agent", 0).await.unwrap().len(), 4);
    assert!(ledger.requests() > 1, "a page holds 1 MB");
    ledger.journal.archived_since("agent", 3).await.unwrap();
    assert_eq!(ledger.requests(), 1, "what ended before is not read");
}
