//! What both reports show: each agent's emails with their interruptions, each agent's calls, and the sums.

use std::ops::AddAssign;

use super::SalesforceRows;
use super::rows::{self, Interruption, WorkSession};
use crate::day::{Conversation, Day, Direction, Leg, Medium};

/// A day as it is in Salesforce.
pub(super) struct Report {
    pub(super) agents: Vec<AgentReport>,
    pub(super) totals: Totals,
    /// Interruptions that a later fact took away: they stay in Salesforce, marked so, and count for nothing.
    pub(super) void_interruptions: usize,
    pub(super) shift_start_ms: i64,
    pub(super) shift_end_ms: i64,
}

pub(super) struct AgentReport {
    pub(super) name: String,
    /// In the order in which they began.
    pub(super) emails: Vec<Email>,
    pub(super) calls: Vec<Call>,
    pub(super) totals: Totals,
}

/// One agent's work on one email.
pub(super) struct Email {
    session_id: String,
    pub(super) conversation_id: String,
    pub(super) case: Option<String>,
    pub(super) started_ms: i64,
    /// `None` while it is open.
    pub(super) handled: Option<Handled>,
    /// In the order in which they began.
    pub(super) interruptions: Vec<Interruption>,
}

/// The result of an email that is over, as Salesforce has it.
#[derive(Clone, Copy)]
pub(super) struct Handled {
    pub(super) ended_ms: i64,
    pub(super) time: HandleTime,
}

/// In milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HandleTime {
    pub(super) gross: i64,
    pub(super) interrupted: i64,
    pub(super) net: i64,
}

/// One agent's part in a call.
pub(super) struct Call {
    pub(super) conversation_id: String,
    pub(super) is_outbound: bool,
    pub(super) is_answered: bool,
    pub(super) started_ms: i64,
    pub(super) ended_ms: i64,
}

/// Sums over finished emails; interruptions of open ones are counted too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) emails: usize,
    pub(super) interrupted_emails: usize,
    pub(super) interruptions: usize,
    pub(super) time: HandleTime,
}

impl Report {
    pub(super) fn new(day: &Day, rows: &SalesforceRows) -> Self {
        let sessions: Vec<WorkSession> = rows.work_sessions.iter().filter_map(rows::work_session).collect();
        let (void, counted): (Vec<_>, Vec<_>) = rows.interruptions.iter().partition(|row| rows::is_void(row));
        let interruptions: Vec<Interruption> = counted.into_iter().filter_map(rows::interruption).collect();

        let mut agents: Vec<(String, AgentReport)> = day
            .agents
            .iter()
            .enumerate()
            .map(|(index, agent)| (agent.user_id.clone(), AgentReport::new(agent.name.clone(), calls(day, index))))
            .collect();
        for session in sessions {
            let email = Email::from(&session);
            agent_of(&mut agents, &session.user_id).emails.push(email);
        }
        for interruption in interruptions {
            let agent = agent_of(&mut agents, &interruption.user_id);
            email_of(&mut agent.emails, &interruption).interruptions.push(interruption);
        }
        let mut totals = Totals::default();
        let mut agents: Vec<AgentReport> = agents.into_iter().map(|(_, agent)| agent).collect();
        for agent in &mut agents {
            agent.sum_up();
            totals += agent.totals;
        }
        Self {
            agents,
            totals,
            void_interruptions: void.len(),
            shift_start_ms: day.shift_start_ms,
            shift_end_ms: day.shift_end_ms,
        }
    }
}

impl AgentReport {
    fn new(name: String, calls: Vec<Call>) -> Self {
        Self { name, emails: Vec::new(), calls, totals: Totals::default() }
    }

    /// Puts everything in order and adds it up.
    fn sum_up(&mut self) {
        self.emails.sort_by(|one, other| (one.started_ms, &one.session_id).cmp(&(other.started_ms, &other.session_id)));
        for email in &mut self.emails {
            email.interruptions.sort_by_key(|interruption| interruption.started_ms);
            self.totals += email.totals();
        }
    }
}

impl Email {
    fn totals(&self) -> Totals {
        let handled = self.handled;
        Totals {
            emails: usize::from(handled.is_some()),
            interrupted_emails: usize::from(handled.is_some() && !self.interruptions.is_empty()),
            interruptions: self.interruptions.len(),
            time: handled.map(|handled| handled.time).unwrap_or_default(),
        }
    }
}

impl From<&WorkSession> for Email {
    fn from(session: &WorkSession) -> Self {
        Self {
            session_id: session.session_id.clone(),
            conversation_id: session.conversation_id.clone(),
            case: session.case.clone(),
            started_ms: session.started_ms,
            handled: Some(Handled {
                ended_ms: session.ended_ms,
                time: HandleTime { gross: session.gross_ms, interrupted: session.interrupted_ms, net: session.net_ms },
            }),
            interruptions: Vec::new(),
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.emails += other.emails;
        self.interrupted_emails += other.interrupted_emails;
        self.interruptions += other.interruptions;
        self.time.gross += other.time.gross;
        self.time.interrupted += other.time.interrupted;
        self.time.net += other.time.net;
    }
}

/// The agent with this id. One that the day does not know is shown by it, after the others.
fn agent_of<'a>(agents: &'a mut Vec<(String, AgentReport)>, user_id: &str) -> &'a mut AgentReport {
    let index = agents.iter().position(|(id, _)| id == user_id).unwrap_or_else(|| {
        agents.push((user_id.to_owned(), AgentReport::new(user_id.to_owned(), Vec::new())));
        agents.len() - 1
    });
    &mut agents[index].1
}

/// The email that was interrupted. One that has no work session is open: all that is known of it is its interruptions.
fn email_of<'a>(emails: &'a mut Vec<Email>, interruption: &Interruption) -> &'a mut Email {
    let session_id = &interruption.email_session_id;
    let index = emails.iter().position(|email| email.session_id == *session_id).unwrap_or_else(|| {
        emails.push(Email {
            session_id: session_id.clone(),
            conversation_id: interruption.conversation_id.clone(),
            case: interruption.case.clone(),
            started_ms: interruption.started_ms,
            handled: None,
            interruptions: Vec::new(),
        });
        emails.len() - 1
    });
    let email = &mut emails[index];
    if email.handled.is_none() {
        email.started_ms = email.started_ms.min(interruption.started_ms);
    }
    email
}

fn calls(day: &Day, agent: usize) -> Vec<Call> {
    let call = |(conversation, leg): (&Conversation, &Leg)| Call {
        conversation_id: conversation.id.clone(),
        is_outbound: conversation.direction == Direction::Outbound,
        is_answered: leg.connected_ms.is_some(),
        started_ms: leg.connected_ms.unwrap_or(leg.started_ms),
        ended_ms: leg.ended_ms,
    };
    day.conversations
        .iter()
        .filter(|conversation| conversation.medium == Medium::Voice)
        .flat_map(|conversation| conversation.legs.iter().map(move |leg| (conversation, leg)))
        .filter(|(_, leg)| leg.agent == agent)
        .map(call)
        .collect()
}
