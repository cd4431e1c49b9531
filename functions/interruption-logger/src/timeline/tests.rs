//! The timeline against a second implementation that is slow and obvious: it looks at every millisecond of the day.

use proptest::prelude::*;

use super::*;
use crate::testing::{CASE_ATTRIBUTE, cases, day, facts_of, joined, rules};

/// The day is over by then, whatever was generated.
const LAST_MS: EpochMs = 6_000;

/// Whether the agent worked on the session in the millisecond that begins at `at`.
fn works_at(at: EpochMs, session: &Session, facts: &AgentFacts, rules: &Rules, as_interrupting: bool) -> bool {
    if let Some(end) = session.end {
        if end.interacting_ms + end.held_ms == 0 {
            return false;
        }
        let all =
            end.alerting_ms + end.contacting_ms + end.dialing_ms + end.interacting_ms + end.held_ms + end.callback_ms;
        let alerting_began = session.start.unwrap_or(end.at - all);
        let connected = alerting_began + end.alerting_ms + end.contacting_ms + end.dialing_ms;
        let mut over = end.at;
        if as_interrupting && rules.include_after_call_work {
            over += session.after_call_work.map_or(0, |work| work.duration_ms);
        }
        return connected <= at && at < over;
    }
    let Some(start) = session.start else { return false };
    let most = if session.media == MediaType::Voice {
        rules.max_session.by_media[&MediaType::Voice]
    } else {
        rules.max_session.otherwise_ms
    };
    let answers = facts.answered.get(&session.conversation).into_iter().flatten();
    let first_answer = answers.filter(|answer| **answer >= start && **answer <= start + most).min();
    let connected = match first_answer {
        Some(answer) => *answer,
        None if session.queue.is_some() => return false,
        None => start,
    };
    connected <= at && at < connected + most
}

/// A number of milliseconds.
fn ms(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

fn slowly(facts: &AgentFacts, rules: &Rules) -> Timeline {
    let mut timeline = Timeline::default();
    for (id, session) in facts.sessions.iter().filter(|(_, session)| rules.interruptible.contains(&session.media)) {
        let case = facts.cases.get(&session.conversation).map(|case| case.by_attribute[CASE_ATTRIBUTE].value.clone());
        let own: Vec<EpochMs> = (0..LAST_MS).filter(|at| works_at(*at, session, facts, rules, false)).collect();
        let mut interrupted = BTreeSet::new();
        let mut count = 0;
        for (other_id, other) in &facts.sessions {
            let interrupts = rules.interrupting.contains(&other.media)
                && rules.directions.contains(&other.direction)
                && other.conversation != session.conversation;
            if !interrupts {
                continue;
            }
            let both: Vec<EpochMs> =
                own.iter().copied().filter(|at| works_at(*at, other, facts, rules, true)).collect();
            if ms(both.len()) < rules.min_interruption_ms {
                continue;
            }
            let open = session.end.is_none() && other.end.is_none();
            count += 1;
            interrupted.extend(both.iter().copied());
            timeline.interruptions.insert(
                InterruptionKey { interrupted: id.clone(), interrupting: other_id.clone() },
                Interruption {
                    conversation: session.conversation.clone(),
                    interrupting_conversation: other.conversation.clone(),
                    media: session.media,
                    interrupting_media: other.media,
                    queue: session.queue.clone(),
                    case: case.clone(),
                    started_at: both[0],
                    ended_at: (!open).then(|| both[both.len() - 1] + 1),
                },
            );
        }
        let Some(end) = session.end.filter(|end| end.interacting_ms + end.held_ms > 0) else { continue };
        timeline.work_sessions.insert(
            id.clone(),
            WorkSession {
                conversation: session.conversation.clone(),
                media: session.media,
                queue: session.queue.clone(),
                case,
                connected_at: end.at - ms(own.len()),
                ended_at: end.at,
                interrupted_ms: ms(interrupted.len()),
                interruption_count: count,
                genesys_held_ms: end.held_ms,
            },
        );
    }
    timeline
}

proptest! {
    #![proptest_config(cases(400))]

    /// Invariant `timeline-is-right`.
    #[test]
    fn the_timeline_is_what_every_millisecond_says(day in day(), rules in rules()) {
        let facts = joined(&facts_of(&day));
        prop_assert_eq!(Timeline::of(&facts, &rules), slowly(&facts, &rules));
    }

    /// Invariant `order-does-not-matter`: late, twice and in any order, in pieces of any size, the facts are the same.
    #[test]
    fn facts_are_the_same_in_any_order_and_multiplicity(
        (facts, shuffled) in day().prop_map(|day| facts_of(&day))
            .prop_flat_map(|facts| (Just(facts.clone()), Just([facts.clone(), facts].concat()).prop_shuffle())),
    ) {
        let expected = joined(&facts);
        let mut pieces = shuffled.chunks(3).map(joined).collect::<Vec<_>>();
        pieces.reverse();
        prop_assert_eq!(joined(&pieces), expected);
    }

    /// Invariant `sums-hold`: the interrupted time is never negative nor longer than the session.
    #[test]
    fn net_handle_time_is_never_negative(day in day(), rules in rules()) {
        for session in Timeline::of(&joined(&facts_of(&day)), &rules).work_sessions.values() {
            prop_assert!(session.interrupted_ms >= 0 && session.net_ms() >= 0 && session.net_ms() <= session.gross_ms());
        }
    }

    /// A fact that is known already is no news; whatever changes the timeline is.
    #[test]
    fn news_are_counted_once(day in day(), rules in rules()) {
        let mut known = AgentFacts::default();
        for fact in facts_of(&day) {
            let before = Timeline::of(&known, &rules);
            let news = known.join(&fact);
            prop_assert!(news > 0 || before == Timeline::of(&known, &rules));
            prop_assert_eq!(known.join(&fact), 0);
        }
    }

    /// What leaves for the archive comes back as it was.
    #[test]
    fn facts_survive_json_and_being_split_by_conversation(day in day()) {
        let facts = joined(&facts_of(&day));
        let text = serde_json::to_string(&facts).unwrap();
        prop_assert_eq!(&serde_json::from_str::<AgentFacts>(&text).unwrap(), &facts);
        let parts: Vec<_> = facts.conversations().into_iter().map(|one| facts.of_conversations(|other| other == one)).collect();
        prop_assert_eq!(joined(&parts), facts);
    }
}
