//! Queues of any size: conversations that wait by the thousand, each kept as a few numbers and shown as the API would show it.
//!
//! Agents take some of them, and whoever drains the queue disconnects the rest; the [report](Crowds::report) says how often each
//! was asked to end, and whether anybody had it by then.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Clock;
use crate::conversations::{DisconnectBehavior, NotAccepted, time};
use crate::state::lock;

/// Conversations that are alike, but for their ids and when they began. As JSON: `{"queueId": "q", "size": 50000}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Crowd {
    /// The queue that they wait in.
    pub queue_id: String,
    /// How many there are.
    pub size: usize,
    /// Their media type, as analytics spells it: `email`, `message`, `chat`, `callback` or `voice`.
    #[serde(default = "email")]
    pub media_type: String,
    /// `inbound` or `outbound`.
    #[serde(default = "inbound")]
    pub direction: String,
    /// Whom they are from.
    #[serde(default = "somebody")]
    pub from: String,
    /// How long ago the oldest began; the others follow at even intervals.
    #[serde(default = "ten_days")]
    pub oldest_ms: u64,
    /// How long ago the youngest began.
    #[serde(default = "an_hour")]
    pub youngest_ms: u64,
}

fn email() -> String {
    "email".to_owned()
}

fn inbound() -> String {
    "inbound".to_owned()
}

fn somebody() -> String {
    "somebody@example.com".to_owned()
}

const fn ten_days() -> u64 {
    10 * 24 * 60 * 60 * 1_000
}

const fn an_hour() -> u64 {
    60 * 60 * 1_000
}

impl Crowd {
    /// So many emails, which began in the last ten days.
    pub fn new(queue_id: &str, size: usize) -> Self {
        Self {
            queue_id: queue_id.to_owned(),
            size,
            media_type: email(),
            direction: inbound(),
            from: somebody(),
            oldest_ms: ten_days(),
            youngest_ms: an_hour(),
        }
    }
}

/// What became of all crowds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Conversations that wait.
    pub waiting: usize,
    /// Conversations that agents have taken and nobody has ended.
    pub accepted: usize,
    /// Conversations that were disconnected.
    pub disconnected: usize,
    /// Conversations that were asked to end more than once.
    pub asked_twice: usize,
    /// Conversations that an agent had when they were asked to end.
    pub accepted_touched: usize,
}

/// A conversation of a crowd.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) crowd: usize,
    pub(crate) started_ms: i64,
    accepted_ms: Option<i64>,
    ended_ms: Option<i64>,
    asked: u32,
    touched: bool,
}

/// The conversations of all crowds.
#[derive(Debug)]
pub struct Crowds {
    clock: Clock,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
pub(crate) struct Members {
    crowds: Vec<Crowd>,
    /// In the order in which they began.
    pub(crate) all: Vec<Member>,
    by_id: HashMap<String, usize>,
}

impl Crowds {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, members: Mutex::default() }
    }

    /// Has a crowd wait in its queue; gives the ids, the oldest first.
    pub fn gather(&self, crowd: Crowd) -> Vec<String> {
        let now_ms = self.clock.now_ms();
        let mut members = lock(&self.members);
        let index = members.crowds.len();
        let stretch = crowd.oldest_ms.saturating_sub(crowd.youngest_ms);
        let step = stretch / (crowd.size as u64).max(1);
        let ids: Vec<String> = (0..crowd.size).map(|_| Uuid::new_v4().to_string()).collect();
        members.all.extend((0_u64..).zip(&ids).map(|(place, id)| Member {
            id: id.clone(),
            crowd: index,
            started_ms: now_ms.saturating_sub_unsigned(crowd.oldest_ms - step * place),
            accepted_ms: None,
            ended_ms: None,
            asked: 0,
            touched: false,
        }));
        members.crowds.push(crowd);
        members.all.sort_by(|one, other| (one.started_ms, &one.id).cmp(&(other.started_ms, &other.id)));
        members.by_id = members.all.iter().enumerate().map(|(place, member)| (member.id.clone(), place)).collect();
        ids
    }

    /// An agent takes the conversation, if it still waits. Tells whether that is so.
    pub fn accept(&self, id: &str) -> bool {
        let now_ms = self.clock.now_ms();
        let mut members = lock(&self.members);
        let Some(member) = members.get_mut(id).filter(|member| !member.has_ended(now_ms)) else { return false };
        if member.asked == 0 {
            member.accepted_ms.get_or_insert(now_ms);
        }
        member.accepted_ms.is_some()
    }

    /// What became of them.
    pub fn report(&self) -> Report {
        let now_ms = self.clock.now_ms();
        let mut report = Report::default();
        for member in &lock(&self.members).all {
            match (member.has_ended(now_ms), member.accepted_ms) {
                (true, _) => report.disconnected += 1,
                (false, Some(_)) => report.accepted += 1,
                (false, None) => report.waiting += 1,
            }
            report.asked_twice += usize::from(member.asked > 1);
            report.accepted_touched += usize::from(member.touched);
        }
        report
    }

    /// The conversation, as the API shows it.
    pub(crate) fn read(&self, id: &str) -> Option<Value> {
        let now_ms = self.clock.now_ms();
        let members = lock(&self.members);
        let member = &members.all[*members.by_id.get(id)?];
        Some(Value::Object(members.conversation(member, now_ms)))
    }

    pub(crate) fn request_disconnect(&self, id: &str, behavior: DisconnectBehavior) -> Result<(), NotAccepted> {
        let now_ms = self.clock.now_ms();
        let mut members = lock(&self.members);
        let member = members.get_mut(id).ok_or(NotAccepted::NotFound)?;
        member.asked += 1;
        member.touched |= member.accepted_ms.is_some();
        let delay_ms = match behavior {
            DisconnectBehavior::AtOnce | DisconnectBehavior::AfterReads(_) => 0,
            DisconnectBehavior::AfterMs(delay_ms) => delay_ms,
            DisconnectBehavior::Never => return Ok(()),
            DisconnectBehavior::Conflict => return Err(NotAccepted::Conflict),
        };
        member.ended_ms.get_or_insert(now_ms.saturating_add_unsigned(delay_ms));
        Ok(())
    }

    pub(crate) fn inspect<T>(&self, view: impl FnOnce(&Members) -> T) -> T {
        view(&lock(&self.members))
    }
}

impl Member {
    fn has_ended(&self, now_ms: i64) -> bool {
        self.ended_ms.is_some_and(|ended_ms| ended_ms <= now_ms)
    }

    /// What it has in common with others: no query but one for its id or its time can tell them apart.
    pub(crate) fn kind(&self, as_of_ms: i64) -> (usize, bool, bool) {
        (self.crowd, self.accepted_ms.is_some_and(|at| at <= as_of_ms), self.has_ended(as_of_ms))
    }
}

impl Members {
    fn get_mut(&mut self, id: &str) -> Option<&mut Member> {
        let place = *self.by_id.get(id)?;
        self.all.get_mut(place)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Member> {
        self.all.get(*self.by_id.get(id)?)
    }

    /// The conversation as it was then, as the API would have shown it.
    pub(crate) fn conversation(&self, member: &Member, as_of_ms: i64) -> Map<String, Value> {
        let crowd = &self.crowds[member.crowd];
        let happened = |at: Option<i64>| at.filter(|at| *at <= as_of_ms).map(time);
        let (accepted, ended) = (happened(member.accepted_ms), happened(member.ended_ms));
        let list = match crowd.media_type.as_str() {
            "voice" => "calls",
            "message" => "messages",
            "chat" => "chats",
            "callback" => "callbacks",
            _ => "emails",
        };
        let leg = |purpose: &str, since: &str, until: Option<&String>| {
            let state = if until.is_some() { "disconnected" } else { "connected" };
            let mut leg = json!({
                "id": format!("{}-{purpose}", member.id), "state": state, "direction": crowd.direction,
                "provider": "Example", "connectedTime": since,
                "segments": [{ "type": "interact", "startTime": since, "endTime": until }],
            });
            if let Some(until) = until {
                leg["disconnectedTime"] = json!(until);
                leg["disconnectType"] = json!("system");
            }
            let mut participant = json!({ "id": format!("{}-{purpose}-participant", member.id), "purpose": purpose });
            participant[list] = json!([leg]);
            participant
        };
        let started = time(member.started_ms);
        let mut customer = leg("customer", &started, ended.as_ref());
        customer["address"] = json!(crowd.from);
        let mut queue = leg("acd", &started, accepted.as_ref().or(ended.as_ref()));
        queue["queueId"] = json!(crowd.queue_id);
        let mut participants = vec![customer, queue];
        if let Some(accepted) = &accepted {
            let mut agent = leg("agent", accepted, ended.as_ref());
            agent["queueId"] = json!(crowd.queue_id);
            agent["userId"] = json!("an-agent");
            participants.push(agent);
        }
        let mut fields = Map::from_iter([
            ("id".to_owned(), json!(member.id)),
            ("startTime".to_owned(), json!(started)),
            ("participants".to_owned(), json!(participants)),
            ("divisions".to_owned(), json!([])),
        ]);
        if let Some(ended) = ended {
            fields.insert("endTime".to_owned(), json!(ended));
        }
        fields
    }
}
