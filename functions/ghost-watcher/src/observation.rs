//! What is stored of a conversation when events have told more of it.

use ledger::watch::{KEPT_FOR_SECS, Observation, Outcome, Watched};
use ledger::{LedgerError, Watch};

use crate::due::{DuePolicy, due_without_policy};
use crate::facts::{ConversationFacts, EpochMs};

/// How long an ended conversation is kept, in seconds: longer than any event is late (reference/genesys-cloud.md §1.2: four
/// days; then a day in `EventBridge` and fourteen in SQS), since a late start would seem to open it again.
const ENDED_KEPT_FOR_SECS: i64 = 30 * 86_400;
/// From so long before the due time on, in milliseconds, somebody may be looking: clocks differ.
const LOOKED_AT_BEFORE_MS: EpochMs = 60_000;
/// How often writing is begun anew. Whoever was faster has moved on, so that is how many may be faster.
const ATTEMPTS_MAX: usize = 10;

/// A conversation could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// See [`LedgerError`].
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What is stored is not what this function stores.
    #[error("the facts of conversation {conversation_id} could not be read or written as JSON")]
    Facts {
        /// The conversation.
        conversation_id: String,
        /// What is wrong.
        #[source]
        cause: serde_json::Error,
    },
    /// Others wrote before us, again and again.
    #[error("conversation {conversation_id} was written by others {ATTEMPTS_MAX} times")]
    Contended {
        /// The conversation.
        conversation_id: String,
    },
}

/// What came of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// It is stored.
    Stored,
    /// It was known before: nothing was written.
    Known,
}

/// Stores what a batch says of a conversation: one read, and one write if there is news in it.
pub async fn observe(
    watch: &Watch,
    conversation_id: &str,
    news: &ConversationFacts,
    policy: Option<&DuePolicy>,
    now: EpochMs,
) -> Result<Observed, ObservationError> {
    let as_facts_error = |cause| ObservationError::Facts { conversation_id: conversation_id.to_owned(), cause };
    for _ in 0..ATTEMPTS_MAX {
        let stored = watch.read(conversation_id).await?;
        let observation = observation(stored.as_ref(), news, policy, now).map_err(as_facts_error)?;
        let Some(observation) = observation else { return Ok(Observed::Known) };
        let seen = stored.map(|stored| stored.revision);
        if watch.observe(conversation_id, seen, observation).await? == Outcome::Written {
            return Ok(Observed::Stored);
        }
        metrics::counter!("ObservationsContended").increment(1);
    }
    Err(ObservationError::Contended { conversation_id: conversation_id.to_owned() })
}

/// What a conversation becomes by the news; `None` if there is none in it.
pub fn observation(
    stored: Option<&Watched>,
    news: &ConversationFacts,
    policy: Option<&DuePolicy>,
    now: EpochMs,
) -> Result<Option<Observation>, serde_json::Error> {
    let known = stored.map(|stored| serde_json::from_str::<ConversationFacts>(&stored.facts)).transpose()?;
    let mut facts = known.clone().unwrap_or_default();
    facts.join(news);
    let facts = facts.with_few_sessions();
    if known.is_some_and(|known| known == facts) {
        return Ok(None);
    }
    let earliest = policy.map_or_else(|| due_without_policy(&facts), |policy| policy.due_at(&facts));
    let has_ended = facts.has_ended();
    let stored_due = stored.and_then(|stored| stored.due_at);
    let due_at = if has_ended { None } else { due_time(stored_due, earliest, now) };
    let kept_for_secs = if has_ended { ENDED_KEPT_FOR_SECS } else { KEPT_FOR_SECS };
    let expires_at = (due_at.unwrap_or(now).max(now) / 1000).saturating_add(kept_for_secs);
    Ok(Some(Observation { facts: serde_json::to_string(&facts)?, due_at, expires_at }))
}

/// The due time of a conversation that has not ended. It only moves to an earlier one: one that is too early costs a look, and
/// finds what an event that was lost would have told.
///
/// Around the due time somebody may be looking, and would then set another one by what was seen before this news: so it is
/// moved after all, to the time that the facts give and in any case to another one, and that look has no effect.
fn due_time(stored: Option<EpochMs>, earliest: Option<EpochMs>, now: EpochMs) -> Option<EpochMs> {
    match (stored, earliest) {
        (Some(stored), Some(earliest)) if stored <= earliest => {
            let may_be_looked_at = stored <= now.saturating_add(LOOKED_AT_BEFORE_MS);
            Some(if may_be_looked_at { earliest.max(stored + 1) } else { stored })
        }
        (stored, earliest) => earliest.or(stored),
    }
}

#[cfg(test)]
mod tests {
    use genesys_cloud::detail_event::MediaType;

    use super::*;
    use crate::facts::Party;
    use crate::testing::{DAY, HOUR, MINUTE, TEN_O_CLOCK, Told, default_policy, joined, told};

    fn voice(party: Party) -> Told {
        told(party, &format!("{party:?}"), MediaType::Voice)
    }

    fn observed(stored: Option<&Watched>, news: &ConversationFacts, now: EpochMs) -> Option<Observation> {
        observation(stored, news, Some(&default_policy()), now).unwrap()
    }

    fn stored(observation: &Observation) -> Watched {
        Watched { revision: 1, facts: observation.facts.clone(), due_at: observation.due_at }
    }

    #[test]
    fn a_call_is_due_once_the_agent_has_left_and_leaves_when_all_have() {
        let talking = joined([&voice(Party::Customer).starts(TEN_O_CLOCK), &voice(Party::User).starts(TEN_O_CLOCK)]);
        let first = observed(None, &talking, TEN_O_CLOCK).unwrap();
        assert_eq!(first.due_at, None);
        let end = TEN_O_CLOCK + HOUR;
        let agent_left = observed(Some(&stored(&first)), &voice(Party::User).ends(end), end).unwrap();
        assert_eq!(agent_left.due_at, Some(end + 4 * HOUR));
        assert_eq!(agent_left.expires_at, (end + 4 * HOUR) / 1000 + KEPT_FOR_SECS);
        let all_left = observed(Some(&stored(&agent_left)), &voice(Party::Customer).ends(end + 1), end).unwrap();
        assert_eq!(all_left.due_at, None);
        assert_eq!(all_left.expires_at, end / 1000 + ENDED_KEPT_FOR_SECS);
        let reopened = voice(Party::Customer).starts(end + DAY);
        assert_eq!(
            observed(Some(&stored(&all_left)), &reopened, end + DAY).unwrap().due_at,
            Some(end + DAY + 4 * HOUR)
        );
    }

    #[test]
    fn what_is_known_is_not_written_again() {
        let start = voice(Party::Customer).starts(TEN_O_CLOCK);
        let first = observed(None, &start, TEN_O_CLOCK).unwrap();
        assert_eq!(observed(Some(&stored(&first)), &start, TEN_O_CLOCK + DAY), None);
    }

    #[test]
    fn without_a_policy_the_facts_are_stored_and_the_conversation_is_due_at_once() {
        let start = voice(Party::Customer).starts(TEN_O_CLOCK + 1);
        let observation = observation(None, &start, None, TEN_O_CLOCK).unwrap().unwrap();
        assert_eq!(observation.due_at, Some(TEN_O_CLOCK));
    }

    #[test]
    fn facts_that_are_not_ours_are_an_error() {
        let stored = Watched { revision: 1, facts: "{".to_owned(), due_at: None };
        let start = voice(Party::Customer).starts(TEN_O_CLOCK);
        assert!(observation(Some(&stored), &start, None, TEN_O_CLOCK).is_err());
    }

    #[test]
    fn a_due_time_only_moves_to_an_earlier_one() {
        let now = TEN_O_CLOCK;
        let (soon, late) = (Some(now + HOUR), Some(now + DAY));
        assert_eq!(due_time(None, soon, now), soon);
        assert_eq!(due_time(late, soon, now), soon);
        assert_eq!(due_time(soon, late, now), soon);
        assert_eq!(due_time(soon, None, now), soon);
        assert_eq!(due_time(None, None, now), None);
    }

    #[test]
    fn who_may_be_looking_already_finds_the_due_time_moved() {
        let (now, late) = (TEN_O_CLOCK, Some(TEN_O_CLOCK + DAY));
        for looked_at in [now - DAY, now, now + MINUTE] {
            assert_eq!(due_time(Some(looked_at), late, now), late);
            assert_eq!(due_time(Some(looked_at), Some(looked_at), now), Some(looked_at + 1));
        }
    }
}
