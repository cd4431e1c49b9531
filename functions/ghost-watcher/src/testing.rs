//! What the tests have in common: facts told one by one, as events tell them, and random conversations.

use std::collections::BTreeMap;

use genesys_cloud::detail_event::{Direction, MediaType};
use ghost_policy::Policy;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::due::DuePolicy;
use crate::facts::{CallbackSchedule, ConversationFacts, EpochMs, Party, Session, Traits};

/// 2026-11-20T10:00:00Z: when conversations begin.
pub(crate) const TEN_O_CLOCK: EpochMs = 1_795_168_800_000;
pub(crate) const SECOND: EpochMs = 1_000;
pub(crate) const MINUTE: EpochMs = 60 * SECOND;
pub(crate) const HOUR: EpochMs = 60 * MINUTE;
pub(crate) const DAY: EpochMs = 24 * HOUR;

/// The policy that ships.
pub(crate) const DEFAULT_POLICY: &str = include_str!("../../../infra/policy/default-policy.yaml");

pub(crate) fn default_policy() -> DuePolicy {
    DuePolicy::parse(DEFAULT_POLICY).unwrap()
}

pub(crate) fn policy(change: impl FnOnce(&mut Policy)) -> DuePolicy {
    let mut policy = Policy::parse(DEFAULT_POLICY).unwrap().0;
    change(&mut policy);
    DuePolicy::of(&policy)
}

/// A session of which all is told; its participant has the same id.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) party: Party,
    pub(crate) id: String,
    pub(crate) traits: Traits,
}

pub(crate) fn told(party: Party, id: &str, media: MediaType) -> Told {
    let traits = Traits {
        media: Some(media),
        direction: Some(Direction::Inbound),
        queue: matches!(party, Party::Acd | Party::User).then(|| "queue".to_owned()),
        provider: Some("Edge".to_owned()),
    };
    Told { party, id: id.to_owned(), traits }
}

impl Told {
    pub(crate) fn starts(&self, at: EpochMs) -> ConversationFacts {
        self.facts(Some(at), None)
    }

    pub(crate) fn ends(&self, at: EpochMs) -> ConversationFacts {
        self.facts(None, Some(at))
    }

    pub(crate) fn facts(&self, start: Option<EpochMs>, end: Option<EpochMs>) -> ConversationFacts {
        let session = Session { traits: self.traits.clone(), participant: Some(self.id.clone()), start, end };
        let sessions = BTreeMap::from([(self.party, BTreeMap::from([(self.id.clone(), session)]))]);
        ConversationFacts { sessions, ..ConversationFacts::default() }
    }
}

pub(crate) fn joined<'a>(all: impl IntoIterator<Item = &'a ConversationFacts>) -> ConversationFacts {
    let mut whole = ConversationFacts::default();
    for facts in all {
        whole.join(facts);
    }
    whole
}

/// What the events of a random conversation tell, one by one, in order of time. Some sessions never end.
pub(crate) fn lives() -> impl Strategy<Value = Vec<(EpochMs, ConversationFacts)>> {
    let party = select(vec![Party::Customer, Party::Customer, Party::User, Party::User, Party::Acd, Party::Flow]);
    let session = (party, 0..90_i64 * MINUTE, prop::option::weighted(0.8, 0..60_i64 * MINUTE), any::<bool>());
    let media = select(vec![MediaType::Voice, MediaType::Callback, MediaType::Email, MediaType::Message]);
    (media, vec(session, 1..6), prop::option::of((0..90_i64 * MINUTE, 0..3_i64 * DAY))).prop_map(
        |(media, sessions, callback)| {
            let mut life = Vec::new();
            for (number, (party, after, lasts, has_queue)) in sessions.into_iter().enumerate() {
                let mut session = told(party, &format!("session-{number}"), media);
                session.traits.queue = session.traits.queue.filter(|_| has_queue);
                let start = TEN_O_CLOCK + after;
                life.push((start, session.starts(start)));
                life.extend(lasts.map(|lasts| (start + lasts + 1, session.ends(start + lasts + 1))));
            }
            if let Some((after, ahead)) = callback {
                let told_at = TEN_O_CLOCK + after;
                let callback = Some(CallbackSchedule { told_at, scheduled_for: told_at + ahead });
                life.push((told_at, ConversationFacts { callback, ..ConversationFacts::default() }));
            }
            life.sort_by_key(|(at, _)| *at);
            life
        },
    )
}
