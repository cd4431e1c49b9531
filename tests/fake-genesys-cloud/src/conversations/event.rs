//! A detail event, as far as it shows in a conversation. Written apart from the functions' own types, so that neither hides
//! the other's mistakes. Personal data is not read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

const TOPIC_PREFIX: &str = "v2.detail.events.conversation.{id}.";

#[derive(Debug)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) body: Body,
}

/// The kinds that show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Start(Party),
    End(Party),
    AfterCallWork,
    Wrapup,
    Attributes,
    Contact,
}

/// Who joins or leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    Customer,
    Queue,
    User,
    Flow,
    Voicemail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    pub(super) event_time: i64,
    pub(super) conversation_id: String,
    pub(super) participant_id: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) direction: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) message_type: Option<String>,
    pub(super) callback_scheduled_time: Option<i64>,
    pub(super) disconnect_type: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) queue_id: Option<String>,
    pub(super) division_id: Option<String>,
    pub(super) external_contact_id: Option<String>,
    pub(super) external_organization_id: Option<String>,
    pub(super) flow_type: Option<String>,
    pub(super) acd_outcome: Option<String>,
    pub(super) answered_user_id: Option<String>,
    pub(super) interacting_duration_ms: Option<i64>,
    pub(super) held_duration_ms: Option<i64>,
    pub(super) alerting_duration_ms: Option<i64>,
    pub(super) contacting_duration_ms: Option<i64>,
    pub(super) dialing_duration_ms: Option<i64>,
    pub(super) wrapup_code: Option<String>,
    pub(super) wrapup_duration_ms: Option<i64>,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
}

impl Event {
    /// Reads an `EventBridge` event; none if it is of a kind that does not show.
    pub(super) fn read(envelope: &Value) -> Result<Option<Self>, serde_json::Error> {
        let detail_type = String::deserialize(&envelope["detail-type"])?;
        let Some(kind) = detail_type.strip_prefix(TOPIC_PREFIX).and_then(Kind::of) else { return Ok(None) };
        let body = Body::deserialize(&envelope["detail"]["eventBody"])?;
        Ok(Some(Self { kind, body }))
    }
}

impl Kind {
    fn of(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "customer.start" => Self::Start(Party::Customer),
            "customer.end" => Self::End(Party::Customer),
            "acd.start" => Self::Start(Party::Queue),
            "acd.end" => Self::End(Party::Queue),
            "user.start" => Self::Start(Party::User),
            "user.end" => Self::End(Party::User),
            "flow.start" => Self::Start(Party::Flow),
            "flow.end" => Self::End(Party::Flow),
            "voicemail.start" => Self::Start(Party::Voicemail),
            "voicemail.end" => Self::End(Party::Voicemail),
            "acw" => Self::AfterCallWork,
            "wrapup" => Self::Wrapup,
            "attributes" => Self::Attributes,
            "contact" => Self::Contact,
            _ => return None,
        })
    }
}

impl Body {
    /// The participant's purpose, in the API's words.
    pub(super) fn purpose(&self, party: Party) -> &'static str {
        match party {
            Party::Customer => "customer",
            Party::Queue => "acd",
            Party::User if self.queue_id.is_some() => "agent",
            Party::User => "user",
            Party::Flow => match self.flow_type.as_deref() {
                Some("INBOUNDCALL" | "OUTBOUNDCALL" | "SECURECALL") => "ivr",
                Some("BOT" | "DIGITALBOT") => "botflow",
                _ => "workflow",
            },
            Party::Voicemail => "voicemail",
        }
    }

    /// The participant's list that communications of this medium are in; none for an unknown medium.
    pub(super) fn communication_list(&self) -> Option<&'static str> {
        Some(match self.media_type.as_deref()? {
            "VOICE" => "calls",
            "CALLBACK" => "callbacks",
            "EMAIL" => "emails",
            "MESSAGE" => "messages",
            "CHAT" => "chats",
            "COBROWSE" => "cobrowsesessions",
            "VIDEO" => "videos",
            "SCREENSHARE" => "screenshares",
            "INTERNALMESSAGE" => "internalMessages",
            "SCREENMONITORING" => "screenMonitorings",
            _ => return None,
        })
    }

    /// The disconnect type as the API spells it: lower case, dotted (reference/genesys-cloud.md §2.2).
    pub(super) fn api_disconnect_type(&self) -> String {
        let disconnect_type = self.disconnect_type.as_deref().unwrap_or("UNKNOWN");
        match disconnect_type {
            "DND_ENDPOINT" => "endpoint.donotdisturb".to_owned(),
            "DND_TRANSFER" => "transfer.donotdisturb".to_owned(),
            "NO_ANSWER_TRANSFER" => "transfer.noanswer".to_owned(),
            "NOT_AVAILABLE_TRANSFER" => "transfer.notavailable".to_owned(),
            "CONFERENCE_TRANSFER" => "transfer.conference".to_owned(),
            "CONSULT_TRANSFER" => "transfer.consult".to_owned(),
            "FORWARD_TRANSFER" => "transfer.forward".to_owned(),
            other => other.to_lowercase().replace('_', "."),
        }
    }

    /// When an agent's session was connected, from the durations of its end; none if it never was.
    pub(super) fn connected_ms(&self, started_ms: Option<i64>) -> Option<i64> {
        let worked_ms = self.interacting_duration_ms.unwrap_or(0) + self.held_duration_ms.unwrap_or(0);
        if worked_ms == 0 {
            return None;
        }
        let waited = [self.alerting_duration_ms, self.contacting_duration_ms, self.dialing_duration_ms];
        let waited_ms: i64 = waited.into_iter().flatten().sum();
        Some(started_ms.map_or(self.event_time - worked_ms, |started_ms| started_ms + waited_ms))
    }
}
