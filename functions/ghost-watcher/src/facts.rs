//! What is known of one conversation: a set of facts that only grows.
//!
//! [`ConversationFacts::join`] is the only way to add to it. It is commutative, associative and idempotent, so that facts that
//! come late, twice or in another order make the same whole. Where two events contradict each other (they should not), the
//! same one wins whichever came first.
//!
//! An item of the table stays small, whatever happens in a conversation: see [`ConversationFacts::with_few_sessions`].

use std::cmp::Reverse;
use std::collections::BTreeMap;

use genesys_cloud::detail_event::{Direction, MediaType};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, as Genesys Cloud gives times (reference/genesys-cloud.md §1.4).
pub type EpochMs = i64;

/// Sessions that are known one by one. A call that rings at one agent after the other has more.
const SESSIONS_MAX: usize = 100;
/// Kinds of sessions that are remembered once the sessions are not.
const FORGOTTEN_MAX: usize = 50;

/// The facts of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationFacts {
    /// Sessions by whose they are and by session id. (What a queue plays to those who wait is a flow in the queue's session.)
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sessions: BTreeMap<Party, BTreeMap<String, Session>>,
    /// The last that was told of when a callback is to be placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<CallbackSchedule>,
    /// What is left of sessions that had to be forgotten: all of them have ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<Forgotten>,
    /// Sessions that ended until then may have been forgotten.
    #[serde(rename = "until", default, skip_serializing_if = "Option::is_none")]
    pub forgotten_until: Option<EpochMs>,
}

/// One participant in one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// What it is.
    #[serde(flatten)]
    pub traits: Traits,
    /// The participant.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<String>,
    /// When it last began.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub start: Option<EpochMs>,
    /// When it last ended.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EpochMs>,
}

/// What kind of session it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Traits {
    /// The media type; `None`: not told.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaType>,
    /// The direction; `None`: not told.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The queue that it is, or came through.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Who provides it.
    #[serde(rename = "by", default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// Whose a session is, as the topic of its events tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// `voicemail.*`: a mailbox.
    Voicemail,
    /// `flow.*`: a flow, an IVR or a bot.
    Flow,
    /// `acd.*`: a queue.
    Acd,
    /// `user.*`: an agent, or another user.
    User,
    /// `customer.*`: a customer or an external party.
    Customer,
}

/// For when a callback is scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallbackSchedule {
    /// When that was told.
    pub told_at: EpochMs,
    /// For when.
    #[serde(rename = "for")]
    pub scheduled_for: EpochMs,
}

/// Sessions of one kind that were forgotten.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Forgotten {
    /// Whose they were.
    #[serde(rename = "of")]
    pub party: Party,
    /// What they were.
    #[serde(flatten)]
    pub traits: Traits,
    /// When the last of them ended.
    #[serde(rename = "e")]
    pub end: EpochMs,
}

impl ConversationFacts {
    /// Adds facts.
    pub fn join(&mut self, news: &Self) {
        for (party, id, session) in news.all_sessions() {
            self.join_session(party, id, session);
        }
        self.callback = self.callback.max(news.callback);
        for forgotten in &news.forgotten {
            self.remember(forgotten.clone());
        }
        self.forgotten_until = self.forgotten_until.max(news.forgotten_until);
    }

    /// The sessions of everybody and everything. A queue's own flow is not one of them: it goes with the queue.
    pub fn sessions(&self) -> impl Iterator<Item = (Party, &String, &Session)> {
        self.all_sessions().filter(|(party, id, session)| *party != Party::Flow || !self.is_of_a_queue(id, session))
    }

    /// Whether every session that is known has ended.
    pub fn has_ended(&self) -> bool {
        !self.sessions().any(|(_, _, session)| session.is_open())
    }

    /// The last moment that is known of.
    pub fn last_heard(&self) -> Option<EpochMs> {
        let sessions = self.all_sessions().filter_map(|(_, _, session)| session.last_moment());
        let callback = self.callback.map(|callback| callback.told_at);
        sessions.chain(callback).chain(self.forgotten.iter().map(|forgotten| forgotten.end)).max()
    }

    /// The same with at most a hundred sessions known one by one. Of those that ended first, or, if there are none, of those
    /// that began first, all that is left is when the last of their kind ended: that is all that the policy asks of them.
    /// Their events, should they come again, say nothing new.
    #[must_use]
    pub fn with_few_sessions(mut self) -> Self {
        for _ in SESSIONS_MAX..self.all_sessions().count() {
            let first = self.all_sessions().min_by_key(|(_, _, session)| (session.is_open(), session.last_moment()));
            let Some((party, id)) = first.map(|(party, id, _)| (party, id.clone())) else { break };
            let Some(session) = self.sessions.get_mut(&party).and_then(|sessions| sessions.remove(&id)) else { break };
            self.forgotten_until = self.forgotten_until.max(session.last_moment());
            self.forget(party, session);
        }
        if self.forgotten.len() > FORGOTTEN_MAX {
            self.forgotten.sort_by_key(|forgotten| Reverse(forgotten.end));
            self.forgotten.truncate(FORGOTTEN_MAX);
            self.forgotten.sort_unstable();
        }
        self
    }

    fn all_sessions(&self) -> impl Iterator<Item = (Party, &String, &Session)> {
        let of_party = |(party, sessions): (&Party, _)| {
            let party = *party;
            BTreeMap::iter(sessions).map(move |(id, session)| (party, id, session))
        };
        self.sessions.iter().flat_map(of_party)
    }

    fn is_of_a_queue(&self, id: &String, flow: &Session) -> bool {
        let queues = self.sessions.get(&Party::Acd);
        let has_participant = |queue: &Session| queue.participant.is_some() && queue.participant == flow.participant;
        queues.is_some_and(|queues| queues.contains_key(id) || queues.values().any(has_participant))
    }

    fn join_session(&mut self, party: Party, id: &String, session: &Session) {
        if let Some(known) = self.sessions.get_mut(&party).and_then(|sessions| sessions.get_mut(id)) {
            return known.join(session);
        }
        if self.forgotten_until.is_some() && session.last_moment() <= self.forgotten_until {
            return self.forget(party, session.clone());
        }
        self.sessions.entry(party).or_default().insert(id.clone(), session.clone());
    }

    fn forget(&mut self, party: Party, session: Session) {
        if let Some(end) = session.last_moment() {
            self.remember(Forgotten { party, traits: session.traits, end });
        }
    }

    fn remember(&mut self, forgotten: Forgotten) {
        let same_kind = |known: &&mut Forgotten| known.party == forgotten.party && known.traits == forgotten.traits;
        if let Some(known) = self.forgotten.iter_mut().find(same_kind) {
            known.end = known.end.max(forgotten.end);
        } else {
            self.forgotten.push(forgotten);
            self.forgotten.sort_unstable();
        }
    }
}

impl Session {
    /// Whether it has begun and not ended since. One that only its end is known of is over.
    pub fn is_open(&self) -> bool {
        self.start.is_some() && self.start > self.end
    }

    fn last_moment(&self) -> Option<EpochMs> {
        self.start.max(self.end)
    }

    fn join(&mut self, other: &Self) {
        let (mine, theirs) = (&mut self.traits, &other.traits);
        mine.media = join_media(mine.media, theirs.media);
        mine.direction = mine.direction.max(theirs.direction);
        join_text(&mut mine.queue, theirs.queue.as_ref());
        join_text(&mut mine.provider, theirs.provider.as_ref());
        join_text(&mut self.participant, other.participant.as_ref());
        self.start = self.start.max(other.start);
        self.end = self.end.max(other.end);
    }
}

/// A medium that we know before one that we do not, and that before none.
fn join_media(mine: Option<MediaType>, theirs: Option<MediaType>) -> Option<MediaType> {
    let known = |media: Option<MediaType>| media.filter(|media| *media != MediaType::Unknown);
    known(mine).max(known(theirs)).or(mine).or(theirs)
}

fn join_text(mine: &mut Option<String>, theirs: Option<&String>) {
    if theirs > mine.as_ref() {
        *mine = theirs.cloned();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{DAY, MINUTE, TEN_O_CLOCK, joined, lives, told};

    fn round_trip(facts: &ConversationFacts) -> ConversationFacts {
        serde_json::from_str(&serde_json::to_string(facts).unwrap()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_order_and_any_repetition_make_the_same_whole(
            (life, shuffled) in lives().prop_flat_map(|life| (Just(life.clone()), Just([life.clone(), life].concat()).prop_shuffle())),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = joined(life.iter().map(|(_, facts)| facts));
            let facts: Vec<_> = shuffled.into_iter().map(|(_, facts)| facts).collect();
            prop_assert_eq!(&joined(&facts), &whole);
            let (one, other) = facts.split_at(cut.index(facts.len()));
            let (one, other) = (joined(one), joined(other));
            prop_assert_eq!(&joined([&round_trip(&one), &other]), &whole);
            prop_assert_eq!(&joined([&other, &one]), &whole);
        }
    }

    #[test]
    fn a_session_that_begins_again_is_open_again() {
        let customer = told(Party::Customer, "customer", MediaType::Message);
        let ended = joined([&customer.ends(TEN_O_CLOCK + MINUTE), &customer.starts(TEN_O_CLOCK)]);
        assert!(ended.has_ended());
        assert!(joined([&customer.ends(TEN_O_CLOCK)]).has_ended(), "its start was lost");
        let reopened = joined([&customer.starts(TEN_O_CLOCK + DAY), &ended]);
        assert!(!reopened.has_ended());
        assert!(joined([&customer.ends(TEN_O_CLOCK + DAY + 1), &reopened]).has_ended());
    }

    #[test]
    fn however_many_sessions_there_are_the_facts_stay_small_and_tell_the_same() {
        let customer = told(Party::Customer, "customer", MediaType::Voice);
        let mut facts = customer.starts(TEN_O_CLOCK);
        let agents: Vec<_> = (0..5_000)
            .map(|number| told(Party::User, &format!("00000000-0000-4000-8000-{number:012}"), MediaType::Voice))
            .collect();
        let mut last_end = TEN_O_CLOCK;
        for (number, agent) in (0..).zip(&agents) {
            let rings_at = TEN_O_CLOCK + number * MINUTE;
            last_end = rings_at + MINUTE / 2;
            facts.join(&agent.facts(Some(rings_at), Some(last_end)));
            facts = facts.with_few_sessions();
        }
        let stored = serde_json::to_string(&facts).unwrap();
        assert!(stored.len() < 40_000, "{} bytes", stored.len());
        assert!(!facts.has_ended());
        assert_eq!(facts.last_heard(), Some(last_end));
        assert_eq!(facts.forgotten.len(), 1);

        // Late and again: the sessions were forgotten, and so nothing seems to begin.
        let before = facts.clone();
        facts.join(&agents[0].starts(TEN_O_CLOCK));
        facts.join(&agents[0].ends(TEN_O_CLOCK + MINUTE / 2));
        assert_eq!(facts, before);
        facts.join(&customer.ends(last_end + 1));
        assert!(facts.has_ended());
    }

    #[test]
    fn open_sessions_beyond_number_are_forgotten_too() {
        let mut facts = ConversationFacts::default();
        for number in 0..1_000 {
            facts.join(&told(Party::User, &format!("agent-{number}"), MediaType::Voice).starts(TEN_O_CLOCK + number));
            facts = facts.with_few_sessions();
        }
        assert_eq!(facts.sessions().count(), SESSIONS_MAX);
        assert!(!facts.has_ended());
    }

    #[test]
    fn what_a_queue_plays_goes_with_the_queue() {
        let queue = told(Party::Acd, "queue-session", MediaType::Callback);
        let music = told(Party::Flow, "queue-session", MediaType::Callback);
        let facts = joined([&queue.facts(Some(TEN_O_CLOCK), Some(TEN_O_CLOCK + MINUTE)), &music.starts(TEN_O_CLOCK)]);
        assert!(facts.has_ended(), "the end of the flow is late, but the queue's own is here");
        assert!(!joined([&music.starts(TEN_O_CLOCK)]).has_ended());
    }
}
