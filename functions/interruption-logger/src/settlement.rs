//! What a journal is settled to: which facts stay at hand, which leave for the archive, and how long all of it is kept.

use std::collections::BTreeSet;

use ledger::archive::ArchiveName;
use ledger::{ArchiveItem, Settlement};

use crate::facts::{AgentFacts, EpochMs, Session};
use crate::state::State;
use crate::timeline::Rules;

/// The size of the facts at hand, as JSON, from which on the oldest leave for the archive. Every event of the agent reads and
/// writes them: small is cheap. Large enough, too, that half of it holds hours of work: what is needed is at hand.
pub const FACTS_BYTES_MAX: usize = 4 * 1024;
/// The sessions without an end that leave with one settlement: each takes an archive item of its own, and a transaction has room
/// for 99 (see [`Settlement::archived`]). What stays leaves with the next one.
const OPEN_LEAVING_MAX: usize = 90;
/// What an ended session is kept for: longer than events are late (reference/genesys-cloud.md §1.2: four days).
const KEPT_ENDED_MS: i64 = 8 * DAY_MS;
/// What a session without an end is kept for.
const KEPT_OPEN_MS: i64 = 90 * DAY_MS;
const DAY_MS: i64 = 86_400_000;

/// The settlement of a journal at `sequence`, made at `now` (epoch milliseconds), with no more than `facts_bytes_max`
/// (ordinarily [`FACTS_BYTES_MAX`]) at hand.
pub fn settlement(
    mut state: State,
    sequence: u64,
    rules: &Rules,
    now: EpochMs,
    facts_bytes_max: usize,
) -> Result<Settlement, serde_json::Error> {
    let archived = retire(&mut state, sequence, rules, now, facts_bytes_max)?;
    Ok(Settlement {
        due_at: state.owed.values().map(|debt| debt.due_at).min(),
        expires_at: expiry(&state.facts, &state, rules, now),
        state: serde_json::to_string(&state)?,
        archived,
    })
}

/// A conversation that may leave for the archive.
struct Candidate {
    over_since: EpochMs,
    /// Its sessions whose end is not known: most likely lost.
    open_sessions: usize,
    conversation: String,
    bytes: usize,
}

/// Takes out of the facts at hand what is not needed there: sessions that count no longer although nobody knows their end, at
/// once; the oldest that are over, once there is too much.
fn retire(
    state: &mut State,
    sequence: u64,
    rules: &Rules,
    now: EpochMs,
    facts_bytes_max: usize,
) -> Result<Vec<ArchiveItem>, serde_json::Error> {
    let mut candidates = candidates(&state.facts, rules)?;
    let mut bytes = serde_json::to_string(&state.facts)?.len();
    let too_much = bytes > facts_bytes_max;
    let mut open_leaving = 0;
    candidates.retain(|candidate| {
        let is_due = candidate.open_sessions > 0 || too_much && bytes > facts_bytes_max / 2;
        let leaves = is_due && open_leaving + candidate.open_sessions <= OPEN_LEAVING_MAX;
        open_leaving += if leaves { candidate.open_sessions } else { 0 };
        bytes = bytes.saturating_sub(if leaves { candidate.bytes } else { 0 });
        leaves
    });
    let Some(over_since) = candidates.iter().map(|candidate| candidate.over_since).max() else {
        return Ok(Vec::new());
    };
    let leaving: BTreeSet<&String> = candidates.iter().map(|candidate| &candidate.conversation).collect();
    let mut retired = state.facts.of_conversations(|conversation| leaving.contains(conversation));
    for session in retired.sessions.values_mut().filter(|session| session.end.is_none()) {
        session.lapsed_at = Some(over_since);
    }
    state.facts = state.facts.of_conversations(|conversation| !leaving.contains(conversation));
    state.archived_until = state.archived_until.max(Some(over_since));

    let expires_at = expiry(&retired, state, rules, now);
    let mut items = vec![ArchiveItem {
        name: ArchiveName::Ended { ended_at: over_since, sequence },
        content: serde_json::to_string(&retired)?,
        expires_at,
    }];
    for (id, session) in retired.sessions.iter().filter(|(_, session)| session.end.is_none()) {
        let mut alone = retired.of_conversations(|conversation| *conversation == session.conversation);
        alone.sessions.retain(|other, _| other == id);
        items.push(ArchiveItem {
            name: ArchiveName::Named(open_session_name(id)),
            content: serde_json::to_string(&alone)?,
            expires_at,
        });
    }
    Ok(items)
}

/// Under which name a session without an end is found in the archive when its end comes after all.
pub fn open_session_name(session: &str) -> String {
    format!("session#{session}")
}

/// What may leave, that which has been over for longest first.
fn candidates(facts: &AgentFacts, rules: &Rules) -> Result<Vec<Candidate>, serde_json::Error> {
    let newest = facts.sessions.values().filter_map(Session::last_heard).max().unwrap_or_default();
    let mut candidates = Vec::new();
    for conversation in facts.conversations() {
        let alone = facts.of_conversations(|other| other == conversation);
        let sessions = alone.sessions.values().map(|session| session.counts_until(rules));
        let answers = alone.answered.values().flatten().copied().map(Some);
        let cases = alone.cases.values().map(|case| Some(case.worked_since));
        let over_since: Option<Vec<EpochMs>> = sessions.chain(answers).chain(cases).collect();
        let Some(over_since) = over_since.and_then(|moments| moments.into_iter().max()) else { continue };
        if over_since > newest {
            continue;
        }
        let open_sessions = alone.sessions.values().filter(|session| session.end.is_none()).count();
        let bytes = serde_json::to_string(&alone)?.len();
        candidates.push(Candidate { over_since, open_sessions, conversation: conversation.clone(), bytes });
    }
    candidates.sort_unstable_by(|a, b| (a.over_since, &a.conversation).cmp(&(b.over_since, &b.conversation)));
    Ok(candidates)
}

/// When facts may be forgotten, in epoch seconds: not before the open sessions that they may have interrupted, nor before the
/// rows that Salesforce is owed. Counted from now where the events are older: they may be a replay.
fn expiry(facts: &AgentFacts, state: &State, rules: &Rules, now: EpochMs) -> i64 {
    let kept_until = |session: &Session| match (session.end, session.start) {
        (Some(end), _) => end.at + KEPT_ENDED_MS,
        (None, start) => start.or(session.last_heard()).unwrap_or(now) + KEPT_OPEN_MS,
    };
    let own = facts.sessions.values().map(kept_until);
    let last_heard = facts.sessions.values().filter_map(Session::last_heard).max();
    let open = state.facts.sessions.values().filter(|session| {
        session.is_open_interruptible(rules)
            && session.start.is_some_and(|start| last_heard.is_some_and(|last| start <= last))
    });
    let owed = state
        .owed
        .keys()
        .any(|key| key.sessions().iter().any(|session| facts.sessions.contains_key(*session)))
        .then_some(now + KEPT_OPEN_MS);
    own.chain(open.map(kept_until)).chain(owed).fold(now + KEPT_ENDED_MS, EpochMs::max) / 1000
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use genesys_cloud::detail_event::{Direction, MediaType};

    use super::*;
    use crate::settings::tests_rules;

    const HOUR_MS: i64 = 3_600_000;

    /// A call each hour, of which those for which `ends` have an end.
    fn state_of(calls: i64, ends: impl Fn(i64) -> bool) -> State {
        let mut state = State::default();
        for number in 0..calls {
            let at = number * HOUR_MS;
            let end = crate::facts::SessionEnd {
                answered: true,
                at: at + 1000,
                interacting_ms: 1000,
                held_ms: 0,
                alerting_ms: 0,
                contacting_ms: 0,
                dialing_ms: 0,
                callback_ms: 0,
            };
            let session = Session {
                conversation: format!("c{number}"),
                media: MediaType::Voice,
                direction: Direction::Inbound,
                queue: None,
                start: Some(at),
                end: ends(number).then_some(end),
                after_call_work: None,
                lapsed_at: None,
            };
            let sessions = BTreeMap::from([(format!("s{number}"), session)]);
            state.facts.join(&AgentFacts { sessions, ..AgentFacts::default() });
        }
        state
    }

    #[test]
    fn however_many_ends_were_lost_a_settlement_fits_a_transaction_and_none_is_forgotten() {
        let mut state = state_of(300, |_| false);
        let (mut left, mut rounds) = (state.facts.sessions.len(), 0);
        while rounds < 10 {
            let items = retire(&mut state, rounds, &tests_rules(), 0, FACTS_BYTES_MAX).unwrap();
            assert!(items.len() <= 99, "{}", items.len());
            let named = items.iter().filter(|item| matches!(item.name, ArchiveName::Named(_))).count();
            assert_eq!(left - named, state.facts.sessions.len());
            left = state.facts.sessions.len();
            rounds += 1;
        }
        // Those that still count stay: a day and night of calls, twice the longest time of one.
        assert!((20..30).contains(&left), "{left}");
    }

    #[test]
    fn what_an_open_email_may_need_is_kept_as_long_as_the_email() {
        let mut state = state_of(80, |_| true);
        let email = Session {
            conversation: "email".to_owned(),
            media: MediaType::Email,
            direction: Direction::Inbound,
            queue: None,
            start: Some(0),
            end: None,
            after_call_work: None,
            lapsed_at: None,
        };
        let sessions = BTreeMap::from([("email".to_owned(), email)]);
        state.facts.join(&AgentFacts { sessions, ..AgentFacts::default() });
        let items = retire(&mut state, 1, &tests_rules(), 0, FACTS_BYTES_MAX).unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].expires_at, KEPT_OPEN_MS / 1000);
        assert!(state.facts.sessions.contains_key("email"));
        assert!(serde_json::to_string(&state.facts).unwrap().len() <= FACTS_BYTES_MAX);
    }
}
