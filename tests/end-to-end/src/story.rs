//! Conversation detail events of one agent, as Genesys Cloud puts them on EventBridge (reference/genesys-cloud.md §1).

use serde_json::{Value, json};

/// 2026-11-20T10:00:00Z, in epoch milliseconds: when stories begin.
pub const TEN_O_CLOCK: i64 = 1_795_168_800_000;

/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;

/// An agent's session in a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// `EMAIL`, `VOICE`, …
    pub media: &'static str,
    /// Numbers make ids: the agent's.
    pub agent: u32,
    /// The conversation's and the session's.
    pub number: u32,
    /// Whether it came through a queue.
    pub queue: bool,
}

/// An id made of a number.
pub fn id(kind: u32, number: u32) -> String {
    format!("{kind:08}-0000-4000-8000-{number:012}")
}

/// An agent's id.
pub fn agent(number: u32) -> String {
    id(1, number)
}

/// An email of an agent, from a queue.
pub fn email(agent: u32, number: u32) -> Session {
    Session { media: "EMAIL", agent, number, queue: true }
}

/// An inbound call of an agent, from a queue.
pub fn call(agent: u32, number: u32) -> Session {
    Session { media: "VOICE", agent, number, queue: true }
}

/// An envelope around a detail event.
pub fn event(topic: &str, body: &Value) -> Value {
    let conversation = body["conversationId"].as_str().unwrap_or_default();
    json!({
        "version": "0",
        "id": id(9, 1),
        "detail-type": format!("v2.detail.events.conversation.{{id}}.{topic}"),
        "source": "aws.partner/genesys.com/cloud/00000000-0000-0000-0000-000000000000/end-to-end",
        "account": "123456789012",
        "time": "2026-11-20T10:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": {
            "topicName": format!("v2.detail.events.conversation.{conversation}.{topic}"),
            "version": "2",
            "eventBody": body,
            "metadata": { "CorrelationId": id(8, 1) },
            "timestamp": "2026-11-20T10:00:00.300Z",
        },
    })
}

impl Session {
    /// The conversation's id.
    pub fn conversation(&self) -> String {
        id(2, self.number)
    }

    /// The session's id.
    pub fn session(&self) -> String {
        id(3, self.number)
    }

    /// `user.start`
    pub fn starts(&self, at: i64) -> Value {
        event("user.start", &self.body(at))
    }

    /// `acd.end`: the agent answers.
    pub fn answers(&self, at: i64) -> Value {
        let mut body = self.body(at);
        body["sessionId"] = json!(id(4, self.number));
        body["acdOutcome"] = json!("ANSWERED");
        body["answeredUserId"] = json!(agent(self.agent));
        event("acd.end", &body)
    }

    /// `user.end` after alerting and handling, in milliseconds.
    pub fn ends(&self, at: i64, alerting: i64, handling: i64) -> Value {
        let mut body = self.body(at);
        body["alertingDurationMs"] = json!(alerting);
        body["interactingDurationMs"] = json!(handling);
        body["disconnectType"] = json!("PEER");
        event("user.end", &body)
    }

    /// `attributes`: the conversation belongs to a Case.
    pub fn belongs_to(&self, case: &str, at: i64) -> Value {
        let body = json!({
            "eventTime": at,
            "conversationId": self.conversation(),
            "participantId": id(5, self.number),
            "attributes": { "sf_urlpop": case, "customerName": "Personal Data" },
        });
        event("attributes", &body)
    }

    /// All events of a session that is answered after four seconds and handled until it ends.
    pub fn lives(&self, from: i64, until: i64) -> Vec<Value> {
        let alerting = 4_000;
        vec![self.starts(from), self.answers(from + alerting), self.ends(until, alerting, until - from - alerting)]
    }

    fn body(&self, at: i64) -> Value {
        let mut body = json!({
            "eventTime": at,
            "conversationId": self.conversation(),
            "participantId": id(6, self.number),
            "sessionId": self.session(),
            "mediaType": self.media,
            "direction": "INBOUND",
            "provider": "Edge",
            "userId": agent(self.agent),
            "ani": "tel:+15550100",
            "dnis": "tel:+15550101",
            "addressFrom": "personal@example.com",
            "subject": "Personal Data",
        });
        if self.queue {
            body["queueId"] = json!(id(7, 1));
        }
        body
    }
}
