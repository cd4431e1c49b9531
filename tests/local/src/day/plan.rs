//! Who handled what and when: eight hours of emails with calls in between.

mod stories;

use std::ops::RangeInclusive;

use jiff::civil::time;
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use self::stories::Story;
use super::{Agent, Conversation, DayOptions, Direction, Leg, Medium, identity};

/// One second in milliseconds.
pub(super) const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub(super) const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub(super) const HOUR_MS: i64 = 60 * MINUTE_MS;

const SHIFT_MS: i64 = 8 * HOUR_MS;
/// How much of the shift lies after midnight, in milliseconds.
const AFTER_MIDNIGHT_MS: i64 = 15 * MINUTE_MS;
/// Before this long before the end nothing new is begun, in milliseconds.
const LAST_START_MS: i64 = 45 * MINUTE_MS;

/// The truth of a day.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) agents: Vec<Agent>,
    pub(super) conversations: Vec<Conversation>,
    pub(super) shift_start_ms: i64,
    pub(super) shift_end_ms: i64,
}

impl Plan {
    /// For how much of `leg`, while connected, its agent was on calls that customers had made, in milliseconds.
    /// Overlapping calls count once.
    pub(super) fn on_calls_ms(&self, leg: &Leg) -> i64 {
        let Some(connected_ms) = leg.connected_ms else {
            return 0;
        };
        let mut overlaps: Vec<(i64, i64)> = voice_legs(&self.conversations, leg.agent)
            .filter(|(call, _)| call.direction == Direction::Inbound)
            .filter_map(|(_, call_leg)| {
                Some((call_leg.connected_ms?.max(connected_ms), call_leg.ended_ms.min(leg.ended_ms)))
            })
            .filter(|(start_ms, end_ms)| start_ms < end_ms)
            .collect();
        overlaps.sort_unstable();
        let mut covered_until_ms = i64::MIN;
        let mut total_ms = 0;
        for (start_ms, end_ms) in overlaps {
            total_ms += (end_ms - start_ms.max(covered_until_ms)).max(0);
            covered_until_ms = covered_until_ms.max(end_ms);
        }
        total_ms
    }
}

/// Makes up the day.
pub(super) fn plan(options: &DayOptions) -> Plan {
    let mut random = StdRng::seed_from_u64(options.seed);
    let agents = identity::agents(options.agents, &mut random);
    let last_midnight = options.date.to_datetime(time(0, 0, 0, 0)).to_zoned(TimeZone::UTC);
    let midnight_ms = last_midnight.map_or(0, |zoned| zoned.timestamp().as_millisecond()) + 24 * HOUR_MS;
    let shift_end_ms = midnight_ms + AFTER_MIDNIGHT_MS;
    let queues = [identity::uuid(&mut random), identity::uuid(&mut random), identity::uuid(&mut random)];
    let mut planner = Planner {
        agents: options.agents,
        queues,
        conversations: Vec::new(),
        shift_start_ms: shift_end_ms - SHIFT_MS,
        midnight_ms,
        random,
    };
    for agent in 0..options.agents {
        planner.shift(agent);
        planner.caller_gives_up();
    }
    let Planner { conversations, shift_start_ms, .. } = planner;
    Plan { seed: options.seed, agents, conversations, shift_start_ms, shift_end_ms }
}

/// Plans one agent's shift after the other; a call goes only to an agent who is on no other.
struct Planner {
    random: StdRng,
    agents: usize,
    /// For emails, calls and messages.
    queues: [String; 3],
    conversations: Vec<Conversation>,
    shift_start_ms: i64,
    midnight_ms: i64,
}

impl Planner {
    fn shift(&mut self, agent: usize) {
        let closing = Story::closing(agent, self.agents);
        let reserved_ms = if closing.is_some() { 2 * LAST_START_MS } else { LAST_START_MS };
        let last_start_ms = self.shift_start_ms + SHIFT_MS - reserved_ms;
        let mut now_ms = self.shift_start_ms + self.between(MINUTE_MS..=9 * MINUTE_MS);
        for slot in 0.. {
            if now_ms > last_start_ms {
                break;
            }
            let story = Story::of_slot(agent, slot, self.agents).unwrap_or_else(|| Story::ordinary(&mut self.random));
            now_ms = self.play(story, agent, now_ms) + self.between(12 * MINUTE_MS..=35 * MINUTE_MS);
        }
        if let Some(story) = closing {
            self.play(story, agent, now_ms);
        }
    }

    /// An email of `worked_ms`, offered at `started_ms`. Gives its index.
    fn email(&mut self, agent: usize, started_ms: i64, worked_ms: i64) -> usize {
        let waited_ms = self.between(20 * SECOND_MS..=15 * MINUTE_MS);
        let leg = self.leg(agent, started_ms, 3 * SECOND_MS..=20 * SECOND_MS, worked_ms);
        let case_id = Some(identity::case_id(&mut self.random));
        self.conversation(Medium::Email, started_ms - waited_ms, case_id, leg)
    }

    /// A web message of `worked_ms`. Gives when it ended.
    fn message(&mut self, agent: usize, started_ms: i64, worked_ms: i64) -> i64 {
        let waited_ms = self.between(10 * SECOND_MS..=MINUTE_MS);
        let leg = self.leg(agent, started_ms, 2 * SECOND_MS..=9 * SECOND_MS, worked_ms);
        let index = self.conversation(Medium::Message, started_ms - waited_ms, None, leg);
        self.conversations[index].ended_ms
    }

    /// A call that rings at `started_ms` and lasts `talk_ms`, unless the agent is on another then. Gives its index.
    fn call(&mut self, agent: usize, started_ms: i64, talk_ms: i64) -> Option<usize> {
        let is_free = !self.is_on_call(agent, started_ms, started_ms + talk_ms);
        is_free.then(|| self.second_call(agent, started_ms, talk_ms))
    }

    /// A call, even if the agent is on another.
    fn second_call(&mut self, agent: usize, started_ms: i64, talk_ms: i64) -> usize {
        let waited_ms = self.between(20 * SECOND_MS..=100 * SECOND_MS);
        let leg = self.leg(agent, started_ms, 2 * SECOND_MS..=9 * SECOND_MS, talk_ms);
        self.conversation(Medium::Voice, started_ms - waited_ms, None, leg)
    }

    /// Somebody calls and gives up in the queue.
    fn caller_gives_up(&mut self) {
        let began_ms = self.shift_start_ms + self.between(0..=SHIFT_MS - HOUR_MS);
        let waited_ms = self.between(MINUTE_MS..=6 * MINUTE_MS);
        let id = identity::uuid(&mut self.random);
        self.conversations.push(Conversation {
            id,
            medium: Medium::Voice,
            direction: Direction::Inbound,
            queue_id: Some(self.queues[1].clone()),
            case_id: None,
            began_ms,
            ended_ms: began_ms + waited_ms,
            legs: Vec::new(),
        });
    }

    fn conversation(&mut self, medium: Medium, began_ms: i64, case_id: Option<String>, leg: Leg) -> usize {
        let queue = match medium {
            Medium::Email => 0,
            Medium::Voice => 1,
            Medium::Message => 2,
        };
        self.conversations.push(Conversation {
            id: identity::uuid(&mut self.random),
            medium,
            direction: Direction::Inbound,
            queue_id: Some(self.queues[queue].clone()),
            case_id,
            began_ms,
            ended_ms: leg.ended_ms,
            legs: vec![leg],
        });
        self.conversations.len() - 1
    }

    fn leg(&mut self, agent: usize, started_ms: i64, alerting_ms: RangeInclusive<i64>, connected_for_ms: i64) -> Leg {
        // Odd milliseconds, as clocks have them.
        let connected_ms = started_ms + self.between(alerting_ms) + self.between(0..=SECOND_MS - 1);
        Leg {
            session_id: identity::uuid(&mut self.random),
            agent,
            started_ms,
            connected_ms: Some(connected_ms),
            ended_ms: connected_ms + connected_for_ms + self.between(0..=SECOND_MS - 1),
            wrap_up_ms: self.between(8 * SECOND_MS..=75 * SECOND_MS),
            from_queue: true,
            lost: None,
        }
    }

    /// An agent other than `agent` who is on no call then.
    fn free_colleague(&self, agent: usize, from_ms: i64, until_ms: i64) -> Option<usize> {
        let others = (1..self.agents).map(|distance| (agent + distance) % self.agents);
        others.into_iter().find(|&colleague| !self.is_on_call(colleague, from_ms, until_ms))
    }

    fn is_on_call(&self, agent: usize, from_ms: i64, until_ms: i64) -> bool {
        // Nobody answers the next call in the same breath.
        let (from_ms, until_ms) = (from_ms - MINUTE_MS, until_ms + MINUTE_MS);
        voice_legs(&self.conversations, agent).any(|(_, leg)| leg.started_ms < until_ms && leg.ended_ms > from_ms)
    }

    fn between(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.random.random_range(range)
    }
}

fn voice_legs(conversations: &[Conversation], agent: usize) -> impl Iterator<Item = (&Conversation, &Leg)> {
    conversations
        .iter()
        .filter(|conversation| conversation.medium == Medium::Voice)
        .flat_map(|conversation| conversation.legs.iter().map(move |leg| (conversation, leg)))
        .filter(move |(_, leg)| leg.agent == agent)
}
