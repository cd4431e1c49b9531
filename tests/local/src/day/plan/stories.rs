//! The things that happen to an agent who answers emails.

use rand::Rng;
use rand::rngs::StdRng;

use super::{HOUR_MS, MINUTE_MS, Planner, SECOND_MS};
use crate::day::{Direction, Leg, LostEvent};

/// One thing that happens. Each takes less than an hour and a half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// An email in peace.
    QuietEmail,
    /// An email and a call during it.
    InterruptedOnce,
    /// An email and two calls, one after the other.
    InterruptedTwice,
    /// An email and a call, and another before that one is over.
    OverlappingCalls,
    /// A call during an email that outlasts it.
    CallAcrossEnd,
    /// An email that comes in during a call.
    CallAcrossStart,
    /// A call rings during an email; nobody answers, and a colleague gets it.
    UnansweredAlert,
    /// A call during an email is transferred to the queue, and a colleague gets it.
    TransferredCall,
    /// During a call a colleague is asked.
    ConsultedColleague,
    /// The agent calls somebody during an email: no interruption.
    OutboundCall,
    /// Two emails at once, and a call.
    TwoEmails,
    /// A web message.
    WebMessage,
    /// A call with no email open.
    CallOnly,
    /// An email opened the day before, parked overnight.
    ParkedEmail,
    /// An email and a call that both begin before midnight and end after.
    CallAcrossMidnight,
    /// An interrupted email whose `user.start` is lost.
    LostStart,
    /// An email whose `user.end` is lost.
    LostEnd,
}

/// Dealt out so that each happens to somebody.
const REMARKABLE: [Story; 11] = [
    Story::InterruptedTwice,
    Story::OverlappingCalls,
    Story::CallAcrossEnd,
    Story::CallAcrossStart,
    Story::UnansweredAlert,
    Story::TransferredCall,
    Story::ConsultedColleague,
    Story::OutboundCall,
    Story::TwoEmails,
    Story::LostStart,
    Story::InterruptedOnce,
];

impl Story {
    /// What is certain to happen to this agent as the nth thing, if anything is.
    pub(super) fn of_slot(agent: usize, slot: usize, agents: usize) -> Option<Self> {
        match slot {
            0 if agent == 1 % agents => Some(Self::ParkedEmail),
            1 => Some(REMARKABLE[agent % REMARKABLE.len()]),
            4 => Some(REMARKABLE[(agent + 5) % REMARKABLE.len()]),
            _ => None,
        }
    }

    /// What is certain to happen to this agent in the end, if anything is.
    pub(super) fn closing(agent: usize, agents: usize) -> Option<Self> {
        match agent {
            _ if agent == 2 % agents => Some(Self::CallAcrossMidnight),
            _ if agent == 4 % agents => Some(Self::LostEnd),
            _ => None,
        }
    }

    /// What happens often.
    pub(super) fn ordinary(random: &mut StdRng) -> Self {
        match random.random_range(0..100) {
            0..58 => Self::QuietEmail,
            58..82 => Self::InterruptedOnce,
            82..87 => Self::InterruptedTwice,
            87..95 => Self::WebMessage,
            _ => Self::CallOnly,
        }
    }
}

impl Planner {
    /// Lets `story` happen to `agent` from `now_ms` on. Gives when it is over.
    pub(super) fn play(&mut self, story: Story, agent: usize, now_ms: i64) -> i64 {
        match story {
            Story::QuietEmail => self.email_then(agent, now_ms, |_, _| None),
            Story::InterruptedOnce => self.email_then(agent, now_ms, Self::call_during),
            Story::InterruptedTwice => self.email_then(agent, now_ms, Self::two_calls_during),
            Story::OverlappingCalls => self.email_then(agent, now_ms, Self::overlapping_calls_during),
            Story::CallAcrossEnd => self.email_then(agent, now_ms, Self::call_across_end),
            Story::CallAcrossStart => self.call_across_start(agent, now_ms),
            Story::UnansweredAlert => self.email_then(agent, now_ms, Self::unanswered_alert_during),
            Story::TransferredCall => self.email_then(agent, now_ms, Self::transferred_call_during),
            Story::ConsultedColleague => self.email_then(agent, now_ms, Self::consult_during),
            Story::OutboundCall => self.email_then(agent, now_ms, Self::outbound_call_during),
            Story::TwoEmails => self.two_emails(agent, now_ms),
            Story::WebMessage => {
                let worked_ms = self.between(6 * MINUTE_MS..=18 * MINUTE_MS);
                self.message(agent, now_ms, worked_ms)
            }
            Story::CallOnly => {
                let talk_ms = self.between(3 * MINUTE_MS..=9 * MINUTE_MS);
                self.call(agent, now_ms, talk_ms).map_or(now_ms, |call| self.conversations[call].ended_ms)
            }
            Story::ParkedEmail => self.parked_email(agent, now_ms),
            Story::CallAcrossMidnight => self.call_across_midnight(agent),
            Story::LostStart => self.losing(agent, now_ms, LostEvent::Start),
            Story::LostEnd => self.losing(agent, now_ms, LostEvent::End),
        }
    }

    /// An email, and what happens during it. Gives when both are over.
    fn email_then(&mut self, agent: usize, now_ms: i64, during: impl FnOnce(&mut Self, &Leg) -> Option<usize>) -> i64 {
        let worked_ms = self.between(45 * MINUTE_MS..=80 * MINUTE_MS);
        let email = self.email(agent, now_ms, worked_ms);
        let leg = self.conversations[email].legs[0].clone();
        let last_call = during(self, &leg);
        let call_ended_ms = last_call.map_or(0, |call| self.conversations[call].ended_ms);
        leg.ended_ms.max(call_ended_ms)
    }

    /// A moment in the email, between two shares of it in percent.
    fn moment(&mut self, email: &Leg, from_percent: i64, to_percent: i64) -> i64 {
        let percent = self.between(from_percent..=to_percent);
        email.started_ms + (email.ended_ms - email.started_ms) * percent / 100
    }

    fn call_during(&mut self, email: &Leg) -> Option<usize> {
        let started_ms = self.moment(email, 15, 60);
        let talk_ms = self.between(3 * MINUTE_MS..=9 * MINUTE_MS);
        self.call(email.agent, started_ms, talk_ms)
    }

    fn two_calls_during(&mut self, email: &Leg) -> Option<usize> {
        for (from_percent, to_percent) in [(10, 22), (50, 65)] {
            let started_ms = self.moment(email, from_percent, to_percent);
            let talk_ms = self.between(2 * MINUTE_MS..=7 * MINUTE_MS);
            self.call(email.agent, started_ms, talk_ms);
        }
        None
    }

    fn overlapping_calls_during(&mut self, email: &Leg) -> Option<usize> {
        let started_ms = self.moment(email, 20, 35);
        self.call(email.agent, started_ms, 7 * MINUTE_MS)?;
        Some(self.second_call(email.agent, started_ms + 4 * MINUTE_MS, 6 * MINUTE_MS))
    }

    fn call_across_end(&mut self, email: &Leg) -> Option<usize> {
        self.call(email.agent, email.ended_ms - 4 * MINUTE_MS, 9 * MINUTE_MS)
    }

    fn call_across_start(&mut self, agent: usize, now_ms: i64) -> i64 {
        self.call(agent, now_ms, 10 * MINUTE_MS);
        self.email_then(agent, now_ms + 5 * MINUTE_MS, |_, _| None)
    }

    fn unanswered_alert_during(&mut self, email: &Leg) -> Option<usize> {
        let started_ms = self.moment(email, 30, 60);
        let call = self.call(email.agent, started_ms, MINUTE_MS)?;
        let rang_until_ms = started_ms + 12 * SECOND_MS;
        let leg = &mut self.conversations[call].legs[0];
        (leg.connected_ms, leg.ended_ms, leg.wrap_up_ms) = (None, rang_until_ms, 0);
        self.hand_over(call, rang_until_ms + 2 * SECOND_MS)
    }

    fn transferred_call_during(&mut self, email: &Leg) -> Option<usize> {
        let call = self.call_during(email)?;
        let transferred_ms = self.conversations[call].ended_ms;
        self.hand_over(call, transferred_ms + 25 * SECOND_MS)
    }

    /// A colleague takes the call at `started_ms`, or the customer hangs up.
    fn hand_over(&mut self, call: usize, started_ms: i64) -> Option<usize> {
        let agent = self.conversations[call].legs[0].agent;
        let talk_ms = self.between(3 * MINUTE_MS..=7 * MINUTE_MS);
        self.conversations[call].ended_ms = started_ms;
        let colleague = self.free_colleague(agent, started_ms, started_ms + talk_ms)?;
        let leg = self.leg(colleague, started_ms, 2 * SECOND_MS..=9 * SECOND_MS, talk_ms);
        self.conversations[call].ended_ms = leg.ended_ms;
        self.conversations[call].legs.push(leg);
        // What the agent does next does not wait for the colleague.
        None
    }

    fn consult_during(&mut self, email: &Leg) -> Option<usize> {
        let started_ms = self.moment(email, 20, 50);
        let call = self.call(email.agent, started_ms, 9 * MINUTE_MS)?;
        let asked_ms = started_ms + 4 * MINUTE_MS;
        let colleague = self.free_colleague(email.agent, asked_ms, asked_ms + 2 * MINUTE_MS)?;
        let mut leg = self.leg(colleague, asked_ms, 3 * SECOND_MS..=6 * SECOND_MS, 2 * MINUTE_MS);
        (leg.from_queue, leg.wrap_up_ms) = (false, 0);
        self.conversations[call].legs.push(leg);
        Some(call)
    }

    fn outbound_call_during(&mut self, email: &Leg) -> Option<usize> {
        let call = self.call_during(email)?;
        let conversation = &mut self.conversations[call];
        let leg = &mut conversation.legs[0];
        (conversation.direction, conversation.queue_id) = (Direction::Outbound, None);
        conversation.began_ms = leg.started_ms;
        leg.from_queue = false;
        Some(call)
    }

    fn two_emails(&mut self, agent: usize, now_ms: i64) -> i64 {
        let first = self.email(agent, now_ms, 45 * MINUTE_MS);
        let second = self.email(agent, now_ms + 9 * MINUTE_MS, 24 * MINUTE_MS);
        self.call(agent, now_ms + 16 * MINUTE_MS, 7 * MINUTE_MS);
        self.conversations[first].ended_ms.max(self.conversations[second].ended_ms)
    }

    fn parked_email(&mut self, agent: usize, now_ms: i64) -> i64 {
        let opened_ms = now_ms - 16 * HOUR_MS - 20 * MINUTE_MS;
        self.email(agent, opened_ms, now_ms + 26 * MINUTE_MS - opened_ms);
        self.call(agent, now_ms + 9 * MINUTE_MS, 6 * MINUTE_MS);
        now_ms + 27 * MINUTE_MS
    }

    fn call_across_midnight(&mut self, agent: usize) -> i64 {
        let midnight_ms = self.midnight_ms;
        let email = self.email(agent, midnight_ms - 22 * MINUTE_MS, 34 * MINUTE_MS);
        self.call(agent, midnight_ms - 8 * MINUTE_MS, 15 * MINUTE_MS);
        self.conversations[email].ended_ms
    }

    fn losing(&mut self, agent: usize, now_ms: i64, lost: LostEvent) -> i64 {
        let email = self.email(agent, now_ms, 32 * MINUTE_MS);
        let leg = &mut self.conversations[email].legs[0];
        leg.lost = Some(lost);
        let leg = leg.clone();
        self.call_during(&leg);
        leg.ended_ms
    }
}
