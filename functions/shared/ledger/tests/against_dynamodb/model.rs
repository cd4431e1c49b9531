//! The model does what DynamoDB does: any operations, in any order, have the same results.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ledger::model::ModelLedger;
use ledger::sets::Sets;
use ledger::{ArchiveItem, Settlement};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseResult;
use tokio::runtime::Runtime;

use crate::support::{EXPIRES_AT, TestLedger, ended, named};

/// The last time of the archive: the year 2286.
const LAST_TIME: i64 = 9_999_999_999_999;
const TIMES: RangeInclusive<i64> = 0..=9;
const OWNERS: [&str; 3] = ["agent", "other agent", "conversation"];
const NAMES: [&str; 3] = ["a", "b", "ended#0"];
const SETS: [&str; 2] = ["agents", "cases"];

#[derive(Debug, Clone)]
enum Operation {
    Append {
        entry: String,
        now: i64,
    },
    Read,
    /// `off`: how far the sequence is from the right one.
    Settle {
        off: i64,
        settlement: Settlement,
    },
    Due {
        now: i64,
    },
    ArchivedSince {
        from: i64,
    },
    Archived {
        name: &'static str,
    },
    Add(Sets),
}

fn operation() -> impl Strategy<Value = Operation> {
    let archived_at = prop_oneof![9 => TIMES, 1 => Just(LAST_TIME)];
    prop_oneof![
        4 => ("\\PC{0,6}", TIMES).prop_map(|(entry, now)| Operation::Append { entry, now }),
        1 => Just(Operation::Read),
        4 => (select(vec![-1, 0, 0, 0, 1]), settlement())
            .prop_map(|(off, settlement)| Operation::Settle { off, settlement }),
        1 => TIMES.prop_map(|now| Operation::Due { now }),
        2 => archived_at.prop_map(|from| Operation::ArchivedSince { from }),
        1 => select(&NAMES[..]).prop_map(|name| Operation::Archived { name }),
        2 => btree_map(select(&SETS[..]), btree_set("[a-d]", 0..3), 0..=2).prop_map(Operation::Add),
    ]
}

fn settlement() -> impl Strategy<Value = Settlement> {
    let archived_at = prop_oneof![9 => TIMES, 1 => Just(LAST_TIME)];
    let by_time = btree_map((archived_at, 0..3_u64), "[a-z]{0,3}", 0..3);
    let by_name = btree_map(select(&NAMES[..]), "[a-z]{0,3}", 0..2);
    ("\\PC{0,6}", prop::option::of(TIMES), by_time, by_name).prop_map(|(state, due_at, by_time, by_name)| {
        let ended = by_time.iter().map(|((ended_at, sequence), content)| ended(*ended_at, *sequence, content));
        let named = by_name.iter().map(|(name, content)| named(name, content));
        let archived: Vec<ArchiveItem> = ended.chain(named).collect();
        Settlement { state, due_at, expires_at: EXPIRES_AT, archived }
    })
}

/// Does it to both and compares the results.
async fn perform(real: &TestLedger, model: &mut ModelLedger, owner: &str, operation: Operation) -> TestCaseResult {
    let journal = &real.journal;
    match operation {
        Operation::Append { entry, now } => {
            prop_assert_eq!(journal.append(owner, &entry, now).await.unwrap(), model.append(owner, &entry, now));
        }
        Operation::Read => prop_assert_eq!(journal.read(owner).await.unwrap(), model.read(owner)),
        Operation::Settle { off, settlement } => {
            let sequence = model.read(owner).unwrap_or_default().sequence.saturating_add_signed(off);
            let settled = journal.settle(owner, sequence, settlement.clone()).await.unwrap();
            prop_assert_eq!(settled, model.settle(owner, sequence, settlement));
        }
        Operation::Due { now } => {
            prop_assert_eq!(real.due(now, 2).await, BTreeSet::from_iter(model.due(now)));
        }
        Operation::ArchivedSince { from } => {
            let archived = journal.archived_since(owner, from).await.unwrap();
            prop_assert_eq!(archived, model.archived_since(owner, from));
        }
        Operation::Archived { name } => {
            prop_assert_eq!(journal.archived(owner, name).await.unwrap(), model.archived(owner, name));
        }
        Operation::Add(additions) => {
            let whole = real.sets.add(owner, &additions, EXPIRES_AT).await.unwrap();
            prop_assert_eq!(whole, model.add(owner, &additions));
        }
    }
    Ok(())
}

/// Every way to look at it, of every owner.
fn everything() -> impl Iterator<Item = (&'static str, Operation)> {
    let of_owner = |owner| {
        let archived = NAMES.map(|name| Operation::Archived { name });
        let sets = Sets::from(SETS.map(|name| (name, BTreeSet::new())));
        let rest = [Operation::Read, Operation::ArchivedSince { from: 0 }, Operation::Add(sets)];
        archived.into_iter().chain(rest).map(move |operation| (owner, operation))
    };
    OWNERS.into_iter().flat_map(of_owner).chain([(OWNERS[0], Operation::Due { now: i64::MAX })])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn the_model_does_what_dynamodb_does(operations in vec((select(&OWNERS[..]), operation()), 1..30)) {
        Runtime::new().unwrap().block_on(async {
            let real = TestLedger::start().await;
            let mut model = ModelLedger::default();
            for (owner, operation) in operations.into_iter().chain(everything()) {
                perform(&real, &mut model, owner, operation).await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}
