//! Queues of any size: conversations that wait by the thousand, each kept as a few numbers and shown as the API would show it.
//!
//! Agents take some of them, some go on to another queue, and whoever drains the queue disconnects the rest; the
//! [report](Crowds::report) says how often each was asked to end, and whether it had left the queue by then.

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
    /// Conversations that wait where they were gathered.
    pub waiting: usize,
    /// Conversations that agents have taken and nobody has ended.
    pub accepted: usize,
    /// Conversations that wait in another queue.
    pub transferred: usize,
    /// Conversations that were disconnected.
    pub disconnected: usize,
    /// Conversations that were asked to end more than once.
    pub asked_twice: usize,
    /// Conversations that an agent had when they were asked to end, after-call work included.
    pub accepted_touched: usize,
    /// Conversations that waited in another queue when they were asked to end.
    pub transferred_touched: usize,
}

/// A conversation of a crowd.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) crowd: usize,
    pub(crate) started_ms: i64,
    accepted_ms: Option<i64>,
    /// When it was answered: nothing but the agent's after-call work is left of it.
    answered_ms: Option<i64>,
    /// When it went on to another queue, and to which.
    transferred: Option<(i64, String)>,
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
            answered_ms: None,
            transferred: None,
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
        self.change(id, |member, now_ms| {
            if member.is_untouched() {
                member.accepted_ms = Some(now_ms);
            }
            member.accepted_ms.is_some()
        })
    }

    /// An agent takes the conversation, answers it, and is in after-call work, if it still waits. Tells whether that is so.
    pub fn answer(&self, id: &str) -> bool {
        self.change(id, |member, now_ms| {
            if member.is_untouched() {
                member.accepted_ms = Some(now_ms);
                member.answered_ms = Some(now_ms);
            }
            member.answered_ms.is_some()
        })
    }

    /// The conversation goes on to another queue, if it still waits. Tells whether that is so.
    pub fn transfer(&self, id: &str, queue_id: &str) -> bool {
        self.change(id, |member, now_ms| {
            if member.is_untouched() {
                member.transferred = Some((now_ms, queue_id.to_owned()));
            }
            member.transferred.is_some()
        })
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Member, i64) -> bool) -> bool {
        let now_ms = self.clock.now_ms();
        let mut members = lock(&self.members);
        members.get_mut(id).filter(|member| !member.has_ended(now_ms)).is_some_and(|member| change(member, now_ms))
    }

    /// What became of them.
    pub fn report(&self) -> Report {
        let now_ms = self.clock.now_ms();
        let mut report = Report::default();
        for member in &lock(&self.members).all {
            let counted = match (member.has_ended(now_ms), member.accepted_ms, &member.transferred) {
                (true, _, _) => &mut report.disconnected,
                (false, Some(_), _) => &mut report.accepted,
                (false, None, Some(_)) => &mut report.transferred,
                (false, None, None) => &mut report.waiting,
            };
            *counted += 1;
            report.asked_twice += usize::from(member.asked > 1);
            report.accepted_touched += usize::from(member.touched && member.accepted_ms.is_some());
            report.transferred_touched += usize::from(member.touched && member.accepted_ms.is_none());
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
        member.touched |= member.accepted_ms.is_some() || member.transferred.is_some();
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

    /// Whether it waits where it was gathered, and nobody has asked it to end.
    fn is_untouched(&self) -> bool {
        self.asked == 0 && self.accepted_ms.is_none() && self.transferred.is_none()
    }

    /// What it has in common with others: no query but one for its id or its time can tell them apart.
    pub(crate) fn kind(&self, as_of_ms: i64) -> (usize, [bool; 3], Option<&str>) {
        let happened = |at: Option<i64>| at.is_some_and(|at| at <= as_of_ms);
        let transferred = self.transferred.as_ref().filter(|(at, _)| *at <= as_of_ms);
        let flags = [self.accepted_ms, self.answered_ms, self.ended_ms].map(happened);
        (self.crowd, flags, transferred.map(|(_, queue_id)| queue_id.as_str()))
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
        let [accepted, answered, ended] = [member.accepted_ms, member.answered_ms, member.ended_ms].map(happened);
        let transferred = member.transferred.as_ref().filter(|(at, _)| *at <= as_of_ms);
        let transferred = transferred.map(|(at, queue_id)| (time(*at), queue_id));
        let list = match crowd.media_type.as_str() {
            "voice" => "calls",
            "message" => "messages",
            "chat" => "chats",
            "callback" => "callbacks",
            _ => "emails",
        };
        let leg = |name: &str, purpose: &str, since: &str, until: Option<&String>| {
            let state = if until.is_some() { "disconnected" } else { "connected" };
            let mut leg = json!({
                "id": format!("{}-{name}", member.id), "state": state, "direction": crowd.direction,
                "provider": "Example", "connectedTime": since,
                "segments": [{ "type": "interact", "startTime": since, "endTime": until }],
            });
            if let Some(until) = until {
                leg["disconnectedTime"] = json!(until);
                leg["disconnectType"] = json!("system");
            }
            let mut participant = json!({ "id": format!("{}-{name}-participant", member.id), "purpose": purpose });
            participant[list] = json!([leg]);
            participant
        };
        let started = time(member.started_ms);
        let gone = answered.as_ref().or(ended.as_ref());
        let mut customer = leg("customer", "customer", &started, gone);
        customer["address"] = json!(crowd.from);
        let left = accepted.as_ref().or(transferred.as_ref().map(|(at, _)| at)).or(ended.as_ref());
        let mut queue = leg("acd", "acd", &started, left);
        queue["queueId"] = json!(crowd.queue_id);
        let mut participants = vec![customer, queue];
        if let Some((at, queue_id)) = &transferred {
            let mut other_queue = leg("other-acd", "acd", at, ended.as_ref());
            other_queue["queueId"] = json!(queue_id);
            participants.push(other_queue);
        }
        if let Some(accepted) = &accepted {
            let mut agent = leg("agent", "agent", accepted, gone);
            agent["queueId"] = json!(crowd.queue_id);
            agent["userId"] = json!("an-agent");
            if let Some(answered) = &answered {
                let state = if ended.is_some() { "complete" } else { "pending" };
                agent[list][0]["afterCallWork"] = json!({ "state": state, "startTime": answered, "endTime": ended });
            }
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
