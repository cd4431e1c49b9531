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
/// When a row is tried again whose error may heal or not: at the next flush, then ever more rarely. After the last of these it
/// counts as rejected (reference/salesforce.md §2.4: bounded retry, then dead-letter queue).
const AGAIN_PAUSES_MS: [i64; 7] = [0, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS];
/// When a row is tried again that the org has no room for.
const HELD_PAUSE_MS: i64 = 15 * MINUTE_MS;

/// What a row's fate makes of its debt; `None`: nothing is owed any more, or `Again` was said too often.
pub fn debt(before: Option<&Debt>, fate: &Fate, since: EpochMs, now: EpochMs) -> Option<Debt> {
    let attempts = before.map_or(0, |debt| debt.attempts);
    let only_look_ups = before.is_some_and(|debt| debt.only_look_ups);
    // A millisecond later at least: the flush that books a debt does not find it again.
    let due = |pause_ms: i64| now + pause_ms.max(1);
    let pause_ms = |pauses: &[i64], attempts: u32| pauses.get(usize::try_from(attempts).ok()?).copied();
    match fate {
        Fate::Done | Fate::Rejected(_) => None,
        Fate::Later => Some(Debt { since, due_at: due(0), attempts, only_look_ups }),
        Fate::Held => Some(Debt { since, due_at: due(HELD_PAUSE_MS), attempts, only_look_ups }),
        Fate::Again(_) => {
            let due_at = due(pause_ms(&AGAIN_PAUSES_MS, attempts)?);
            Some(Debt { since, due_at, attempts: attempts + 1, only_look_ups })
        }
        Fate::WithoutLookUp => {
            // What was tried for the row itself does not count against its look-ups.
            let attempts = if only_look_ups { attempts } else { 0 };
            let due_at = due(pause_ms(&LOOK_UP_PAUSES_MS, attempts)?);
            Some(Debt { since, due_at, attempts: attempts + 1, only_look_ups: true })
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
    use salesforce::Transient;

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
        assert_eq!(debts[0], 1, "at the next flush");
        let days = debts[debts.len() - 1] / (24 * HOUR_MS);
        assert!((7..=9).contains(&days), "{days} days");
    }

    #[test]
    fn an_outage_costs_no_attempts() {
        let before = Debt { since: 1, due_at: 5, attempts: 3, only_look_ups: false };
        let after = debt(Some(&before), &Fate::Later, 1, 10).unwrap();
        assert_eq!(after, Debt { due_at: 11, ..before });
    }

    #[test]
    fn what_may_never_pass_is_tried_ever_more_rarely_and_not_for_ever() {
        let again = Fate::Again(Transient { code: "UNKNOWN_EXCEPTION".to_owned(), message: String::new() });
        let (mut tries, mut now) = (0, 0);
        let mut last = debt(None, &again, 1, now);
        while let Some(next) = last {
            assert!(next.due_at > now && tries < 100);
            (tries, now) = (tries + 1, next.due_at);
            last = debt(Some(&next), &again, 1, now);
        }
        assert_eq!(tries, 7);
        assert!(now > 24 * HOUR_MS, "more than a passing fault");
    }

    #[test]
    fn nothing_is_owed_once_it_is_there() {
        let before = Debt { since: 1, due_at: 5, attempts: 3, only_look_ups: true };
        assert_eq!(debt(Some(&before), &Fate::Done, 1, 10), None);
    }
}
