//! Generated days of one agent, for the property tests.

use std::collections::{BTreeMap, BTreeSet};

use genesys_cloud::detail_event::{Direction, MediaType};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::facts::{AfterCallWork, AgentFacts, CaseFacts, CaseReference, EpochMs, Session, SessionEnd};
use crate::timeline::{MaxSession, Rules};

/// As many cases as `SIMULATION_CASES` says, else `default`.
pub(crate) fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("SIMULATION_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(default))
}

/// The attribute that refers to the Case in generated days.
pub(crate) const CASE_ATTRIBUTE: &str = "sf_urlpop";

/// One session as the world saw it. Times in milliseconds from the beginning of a very short day.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a coin of its own")]
pub(crate) struct Lived {
    pub(crate) media: MediaType,
    pub(crate) direction: Direction,
    /// Sessions may share a conversation: consults, transfers back, conferences.
    pub(crate) conversation: usize,
    pub(crate) queue: bool,
    pub(crate) start: EpochMs,
    pub(crate) alerting: i64,
    pub(crate) contacting: i64,
    pub(crate) dialing: i64,
    pub(crate) talking: i64,
    pub(crate) held: i64,
    /// Time that no duration reports: parked.
    pub(crate) parked: i64,
    /// The agent answered; if not, nothing but alerting happened.
    pub(crate) answered: bool,
    /// The queue told of the answer.
    pub(crate) answer_told: bool,
    pub(crate) after_call_work: Option<i64>,
    pub(crate) start_lost: bool,
    pub(crate) end_lost: bool,
    pub(crate) case: Option<u8>,
}

impl Lived {
    fn before_connected(&self) -> i64 {
        self.alerting + self.contacting + self.dialing
    }

    fn end(&self) -> EpochMs {
        let worked = if self.answered { self.talking + self.held + self.parked } else { 0 };
        self.start + self.before_connected() + worked
    }

    fn conversation_id(&self) -> String {
        format!("conversation-{}", self.conversation)
    }

    /// The facts that its events bring, one by one.
    pub(crate) fn facts(&self, id: usize) -> Vec<AgentFacts> {
        let blank = Session {
            conversation: self.conversation_id(),
            media: self.media,
            direction: self.direction,
            queue: self.queue.then(|| "queue".to_owned()),
            start: None,
            end: None,
            after_call_work: None,
            lapsed_at: None,
        };
        let of_session = |session| AgentFacts {
            sessions: BTreeMap::from([(format!("session-{id}"), session)]),
            ..AgentFacts::default()
        };
        let mut facts = Vec::new();
        if !self.start_lost {
            facts.push(of_session(Session { start: Some(self.start), ..blank.clone() }));
        }
        if self.answered && self.answer_told {
            let at = self.start + self.before_connected();
            let answered = BTreeMap::from([(self.conversation_id(), BTreeSet::from([at]))]);
            facts.push(AgentFacts { answered, ..AgentFacts::default() });
        }
        if !self.end_lost {
            let (interacting_ms, held_ms) = if self.answered { (self.talking, self.held) } else { (0, 0) };
            let end = SessionEnd {
                answered: interacting_ms + held_ms > 0,
                at: self.end(),
                interacting_ms,
                held_ms,
                alerting_ms: self.alerting,
                contacting_ms: self.contacting,
                dialing_ms: self.dialing,
                callback_ms: 0,
            };
            facts.push(of_session(Session { end: Some(end), ..blank.clone() }));
            if let Some(duration_ms) = self.after_call_work {
                let after_call_work = Some(AfterCallWork { duration_ms, at: self.end() + duration_ms });
                facts.push(of_session(Session { after_call_work, ..blank }));
            }
        }
        if let Some(case) = self.case {
            let reference = CaseReference { at: self.start + i64::from(case), value: format!("500{case}") };
            let by_attribute = BTreeMap::from([(CASE_ATTRIBUTE.to_owned(), reference)]);
            let case = CaseFacts { by_attribute, worked_since: if self.start_lost { self.end() } else { self.start } };
            facts.push(AgentFacts { cases: BTreeMap::from([(self.conversation_id(), case)]), ..AgentFacts::default() });
        }
        facts
    }
}

fn lived() -> impl Strategy<Value = Lived> {
    let kind = (
        select(vec![MediaType::Email, MediaType::Email, MediaType::Voice, MediaType::Voice, MediaType::Message]),
        select(vec![Direction::Inbound, Direction::Inbound, Direction::Outbound]),
        0..8_usize,
        any::<bool>(),
    );
    let times = (0..900_i64, 0..40_i64, 0..5_i64, 0..5_i64, 0..300_i64, 0..200_i64, prop_oneof![Just(0), 0..400_i64]);
    let chance = |percent: u32| (0..100_u32).prop_map(move |draw| draw < percent);
    let luck = (
        chance(85),
        chance(80),
        prop::option::weighted(0.4, 0..60_i64),
        chance(8),
        chance(12),
        prop::option::weighted(0.3, 0..3_u8),
    );
    (kind, times, luck).prop_map(|(kind, times, luck)| Lived {
        media: kind.0,
        direction: kind.1,
        conversation: kind.2,
        queue: kind.3,
        start: times.0,
        alerting: times.1,
        contacting: times.2,
        dialing: times.3,
        talking: times.4,
        held: times.5,
        parked: times.6,
        answered: luck.0,
        answer_told: luck.1,
        after_call_work: luck.2,
        start_lost: luck.3,
        end_lost: luck.4,
        case: luck.5,
    })
}

/// The sessions of a day.
pub(crate) fn day() -> impl Strategy<Value = Vec<Lived>> {
    vec(lived(), 0..9)
}

/// Every fact of a day, in the order of sessions.
pub(crate) fn facts_of(day: &[Lived]) -> Vec<AgentFacts> {
    let mut facts: Vec<AgentFacts> = day.iter().enumerate().flat_map(|(id, lived)| lived.facts(id)).collect();
    // With a Case comes since when the agent has worked on the conversation: see `references`.
    for (conversation, case) in facts.iter_mut().flat_map(|facts| facts.cases.iter_mut()) {
        let sessions = day.iter().filter(|lived| lived.conversation_id() == *conversation);
        let heard = sessions.map(|lived| if lived.start_lost { lived.end() } else { lived.start });
        case.worked_since = heard.fold(case.worked_since, EpochMs::min);
    }
    facts
}

/// All of these facts together.
pub(crate) fn joined<'a>(facts: impl IntoIterator<Item = &'a AgentFacts>) -> AgentFacts {
    let mut all = AgentFacts::default();
    for fact in facts {
        all.join(fact);
    }
    all
}

/// Rules scaled to the short day.
pub(crate) fn rules() -> impl Strategy<Value = Rules> {
    let media =
        select(vec![BTreeSet::from([MediaType::Email]), BTreeSet::from([MediaType::Email, MediaType::Message])]);
    let directions =
        select(vec![BTreeSet::from([Direction::Inbound]), BTreeSet::from([Direction::Inbound, Direction::Outbound])]);
    (media, directions, select(vec![1_i64, 10, 100]), any::<bool>(), 50..400_i64, 400..1500_i64).prop_map(
        |(interruptible, directions, min_interruption_ms, include_after_call_work, voice_ms, otherwise_ms)| Rules {
            interruptible,
            interrupting: BTreeSet::from([MediaType::Voice]),
            directions,
            min_interruption_ms,
            include_after_call_work,
            max_session: MaxSession { by_media: BTreeMap::from([(MediaType::Voice, voice_ms)]), otherwise_ms },
            case_attributes: vec![CASE_ATTRIBUTE.to_owned()],
        },
    )
}
