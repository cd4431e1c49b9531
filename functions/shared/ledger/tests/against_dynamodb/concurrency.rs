//! Many who append and settle at once.

use futures::future::join_all;
use ledger::{Head, Settled, Settlement};

use crate::support::{TestLedger, ended, settlement};

const WRITERS: usize = 24;

fn lines(text: Option<&str>) -> Vec<String> {
    text.into_iter().flat_map(str::lines).map(str::to_owned).collect()
}

/// Moves the tail into the state, or to the archive.
fn settlement_of(head: &Head, to_archive: bool) -> Settlement {
    let state = lines(head.settled.as_deref());
    if to_archive {
        let archived = vec![ended(1_000, head.sequence, &head.tail.join("\n"))];
        return Settlement { archived, ..settlement(&state.join("\n")) };
    }
    settlement(&[state, head.tail.clone()].concat().join("\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_is_settled_twice() {
    let ledger = TestLedger::start().await;
    let writers = (0..WRITERS).map(|writer| {
        let journal = ledger.journal.clone();
        tokio::spawn(async move {
            let mut done = 0;
            for turn in 0..3 {
                let entry = format!("{writer}/{turn}");
                let head = journal.append("agent", &entry, 1_000).await.unwrap();
                assert_eq!(head.tail.last(), Some(&entry));
                let settlement = settlement_of(&head, (writer + turn) % 2 == 0);
                if journal.settle("agent", head.sequence, settlement).await.unwrap() == Settled::Done {
                    done += 1;
                }
            }
            done
        })
    });
    let done: u64 = join_all(writers).await.into_iter().map(Result::unwrap).sum();

    let head = ledger.journal.read("agent").await.unwrap().unwrap();
    let appended = WRITERS * 3;
    assert_eq!(head.sequence, appended as u64 + done);
    let archived = ledger.journal.archived_since("agent", 0).await.unwrap().join("\n");
    let mut found = [lines(head.settled.as_deref()), lines(Some(&archived)), head.tail].concat();
    found.sort_unstable();
    let mut expected: Vec<_> =
        (0..WRITERS).flat_map(|writer| (0..3).map(move |turn| format!("{writer}/{turn}"))).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
