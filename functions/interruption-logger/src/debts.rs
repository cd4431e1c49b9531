//! What Salesforce is owed after a write, and when it is tried again.

use std::collections::BTreeMap;

use crate::draft::Plan;
use crate::facts::EpochMs;
use crate::state::{Debt, RowKey};
use crate::writer::Fate;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// When a missing Case or User is looked for again: at the next flush, then ever more rarely, for about eight days.
const LOOK_UP_PAUSES_MS: [i64; 13] = [
    0,
    MINUTE_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    8 * HOUR_MS,
    24 * HOUR_MS,
    24 * HOUR_MS,
    24 * HOUR_MS,
    24 * HOUR_MS,
    24 * HOUR_MS,
    24 * HOUR_MS,
    24 * HOUR_MS,
];
/// How often a row is tried whose error may heal or not (reference/salesforce.md §2.4: bounded retry, then dead-letter queue).
pub const ATTEMPTS_MAX: u32 = 8;

/// What a row's fate makes of its debt; `None`: nothing is owed any more.
pub fn debt(before: Option<&Debt>, fate: &Fate, since: EpochMs, now: EpochMs) -> Option<Debt> {
    let attempts = before.map_or(0, |debt| debt.attempts);
    let only_look_ups = before.is_some_and(|debt| debt.only_look_ups);
    match fate {
        Fate::Done | Fate::Rejected(_) => None,
        Fate::Later => Some(Debt { since, due_at: now, attempts, only_look_ups }),
        Fate::Again(_) => Some(Debt { since, due_at: now, attempts: attempts + 1, only_look_ups }),
        Fate::WithoutLookUp => {
            // What was tried for the row itself does not count against its look-ups.
            let attempts = if only_look_ups { attempts } else { 0 };
            let pause_ms = LOOK_UP_PAUSES_MS.get(usize::try_from(attempts).ok()?)?;
            Some(Debt { since, due_at: now + pause_ms, attempts: attempts + 1, only_look_ups: true })
        }
    }
}

/// Books the fates of a plan's rows.
pub fn book(plan: &mut Plan, fates: &BTreeMap<RowKey, Fate>, now: EpochMs) {
    for (key, fate) in fates {
        let began = key.sessions().into_iter().filter_map(|session| plan.facts.sessions.get(session)?.began()).min();
        match debt(plan.state.owed.get(key), fate, began.unwrap_or(now), now) {
            Some(debt) => plan.state.owed.insert(key.clone(), debt),
            None => plan.state.owed.remove(key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_case_is_looked_for_ever_more_rarely_and_not_for_ever() {
        let mut debts = Vec::new();
        let mut last = debt(None, &Fate::WithoutLookUp, 1, 0);
        while let Some(next) = last {
            debts.push(next.due_at);
            assert!(debts.len() < 100 && next.only_look_ups);
            last = debt(Some(&next), &Fate::WithoutLookUp, 1, next.due_at);
        }
        assert_eq!(debts[0], 0, "at the next flush");
        let days = debts[debts.len() - 1] / (24 * HOUR_MS);
        assert!((7..=9).contains(&days), "{days} days");
    }

    #[test]
    fn an_outage_costs_no_attempts() {
        let before = Debt { since: 1, due_at: 5, attempts: 3, only_look_ups: false };
        let after = debt(Some(&before), &Fate::Later, 1, 10).unwrap();
        assert_eq!(after, Debt { due_at: 10, ..before });
    }

    #[test]
    fn nothing_is_owed_once_it_is_there() {
        let before = Debt { since: 1, due_at: 5, attempts: 3, only_look_ups: true };
        assert_eq!(debt(Some(&before), &Fate::Done, 1, 10), None);
    }
}
