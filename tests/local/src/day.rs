//! A contact centre's day, made up but true to life: the events that Genesys Cloud would have put on the bus, in the
//! order in which they arrive, and the truth behind them.
//!
//! Three steps, all pure: [`plan`] makes up who handled what and when, [`record`] turns that into detail events, and
//! [`delivery`] brings them late, twice or not at all. The same options always make the same day.
//!
//! Beside it, [`ghosts`] makes up the conversations that are stuck while the day is played, and [`sessions`] the messages of customers
//! who come back and of agents who leave.

mod delivery;
mod envelope;
mod ghosts;
mod identity;
mod plan;
mod record;
mod sessions;

pub use ghosts::{StuckConversation, events_of, stuck_conversations};
pub use sessions::{MessageSession, message_sessions};

use jiff::civil::Date;
use serde_json::Value;

/// What distinguishes one day from another.
#[derive(Clone, Debug)]
pub struct DayOptions {
    /// Days with the same seed and the same other options are equal.
    pub seed: u64,
    /// How many agents are at work.
    pub agents: usize,
    /// The date, in UTC, on which the shift begins. It ends after midnight.
    pub date: Date,
    /// The share of events, 0 to 1, that arrive minutes or hours late.
    pub late_share: f64,
    /// The share of events, 0 to 1, that arrive twice.
    pub duplicate_share: f64,
}

/// The recorded day that `cargo run` plays.
impl Default for DayOptions {
    fn default() -> Self {
        let date = Date::constant(2026, 11, 20);
        Self { seed: 2026, agents: 12, date, late_share: 0.03, duplicate_share: 0.03 }
    }
}

/// A day: what arrives, and what happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// The people at work.
    pub agents: Vec<Agent>,
    /// All events, in order of arrival.
    pub events: Vec<DayEvent>,
    /// The truth: who handled what and when.
    pub conversations: Vec<Conversation>,
    /// When the shift begins, in epoch milliseconds.
    pub shift_start_ms: i64,
    /// When the shift ends, in epoch milliseconds. What is in hand then is finished a little later.
    pub shift_end_ms: i64,
}

/// One of the people at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The Genesys Cloud user.
    pub user_id: String,
    /// First and last name.
    pub name: String,
}

/// An event as it arrives on the bus.
#[derive(Clone, Debug, PartialEq)]
pub struct DayEvent {
    /// When it arrives, in epoch milliseconds. The recording begins with the shift: what is still open from the day
    /// before arrives first, whenever it happened.
    pub at_ms: i64,
    /// The whole `EventBridge` event, as in `reference/genesys-cloud.md` §1.1.
    pub envelope: Value,
}

/// What a conversation is held in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// An email, routed by Salesforce, on a Case.
    Email,
    /// A phone call.
    Voice,
    /// A web message.
    Message,
}

/// Who began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The customer did.
    Inbound,
    /// The agent did.
    Outbound,
}

/// A conversation as it really was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The Genesys Cloud conversation.
    pub id: String,
    /// What it was held in.
    pub medium: Medium,
    /// Who began.
    pub direction: Direction,
    /// The queue it was routed by, unless nobody routed it.
    pub queue_id: Option<String>,
    /// The Salesforce Case that an email is about.
    pub case_id: Option<String>,
    /// When the customer came, in epoch milliseconds.
    pub began_ms: i64,
    /// When the customer left, in epoch milliseconds.
    pub ended_ms: i64,
    /// The agents' parts, in the order in which they began.
    pub legs: Vec<Leg>,
}

/// One agent's part in a conversation: a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The Genesys Cloud session.
    pub session_id: String,
    /// The agent, as an index into [`Day::agents`].
    pub agent: usize,
    /// When alerting or dialling began, in epoch milliseconds.
    pub started_ms: i64,
    /// When the agent and the customer were connected, in epoch milliseconds; `None` if they never were.
    pub connected_ms: Option<i64>,
    /// When it ended, in epoch milliseconds.
    pub ended_ms: i64,
    /// After-call work, in milliseconds.
    pub wrap_up_ms: i64,
    /// Whether the queue offered it; otherwise it was dialled, or a colleague consulted.
    pub from_queue: bool,
    /// The event of it that never arrives.
    pub lost: Option<LostEvent>,
}

/// An event that is lost on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostEvent {
    /// The `user.start`.
    Start,
    /// The `user.end`.
    End,
}

/// Makes up a day.
pub fn contact_centre_day(options: &DayOptions) -> Day {
    let plan = plan::plan(options);
    let facts = record::record(&plan);
    let events = delivery::deliver(facts, options, plan.shift_start_ms);
    Day {
        agents: plan.agents,
        events,
        conversations: plan.conversations,
        shift_start_ms: plan.shift_start_ms,
        shift_end_ms: plan.shift_end_ms,
    }
}

#[cfg(test)]
mod tests;
