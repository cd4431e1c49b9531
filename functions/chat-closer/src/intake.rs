//! From events to what this function is to do.

use genesys_cloud::detail_event::{Detail, DetailEvent, DisconnectType, MediaType, Topic};
use lambda_kit::events::EventBridgeEvent;
use serde::{Deserialize, Serialize};

use crate::closing::EpochMs;

/// The `source` of this function's own events.
pub const SOURCE: &str = "genesys-event-processor.chat-closer";
/// The `detail-type` of its only one: the grace after a departure is over.
pub const DUE: &str = "Chat Closing Due";

/// An agent's departure from a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Departure {
    /// The conversation.
    pub conversation_id: String,
    /// When.
    pub left_at: EpochMs,
}

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intake {
    /// An agent has left.
    Left(Departure),
    /// The grace after that is over.
    Due(Departure),
}

/// Understands an event; `None` if it is of a kind that this function does not use.
///
/// # Errors
/// In one line, without quoting it, why it can't be understood.
pub fn intake(event: &EventBridgeEvent) -> Result<Option<Intake>, String> {
    if event.source == SOURCE {
        let due = serde_json::from_str(event.detail.get()).map_err(|_| "the event's detail is not a departure")?;
        return Ok((event.detail_type == DUE).then_some(Intake::Due(due)));
    }
    if Topic::from_detail_type(&event.detail_type) != Some(Topic::UserEnd) {
        return Ok(None);
    }
    let detail = Detail::parse(Topic::UserEnd, event.detail.get()).map_err(|error| error.to_string())?;
    let DetailEvent::UserEnd(end) = &detail.event else { return Ok(None) };
    let is_chat = matches!(end.context.media_type, Some(MediaType::Message | MediaType::Chat));
    if !is_chat || end.disconnect_type.is_some_and(is_transfer) {
        return Ok(None);
    }
    let conversation_id = end.context.conversation_id.clone();
    if !is_id(&conversation_id) {
        return Err("conversationId is no id".to_owned());
    }
    Ok(Some(Intake::Left(Departure { conversation_id, left_at: end.context.event_time_ms })))
}

/// Whether somebody else is to take over.
fn is_transfer(disconnect_type: DisconnectType) -> bool {
    use DisconnectType::{
        ConferenceTransfer, ConsultTransfer, DndTransfer, ForwardTransfer, NoAnswerTransfer, NotAvailableTransfer,
        Transfer,
    };
    matches!(
        disconnect_type,
        Transfer
            | ConferenceTransfer
            | ConsultTransfer
            | ForwardTransfer
            | NoAnswerTransfer
            | NotAvailableTransfer
            | DndTransfer
    )
}

/// Ids become keys: letters, digits and hyphens, as Genesys Cloud's UUIDs.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::*;

    fn read(source: &str, detail_type: &str, detail: &Value) -> Result<Option<Intake>, String> {
        intake(&EventBridgeEvent {
            id: None,
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            time: None,
            detail: to_raw_value(detail).unwrap(),
        })
    }

    fn user_end(changes: &Value) -> Result<Option<Intake>, String> {
        let mut body = json!({ "eventTime": 1_765_552_507_657_i64, "conversationId": "c-1", "mediaType": "MESSAGE" });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        read("aws.partner/x", "v2.detail.events.conversation.{id}.user.end", &json!({ "eventBody": body }))
    }

    #[test]
    fn an_agent_has_left_a_chat_unless_by_a_transfer() {
        let left = Intake::Left(Departure { conversation_id: "c-1".to_owned(), left_at: 1_765_552_507_657 });
        assert_eq!(user_end(&json!({ "disconnectType": "CLIENT" })), Ok(Some(left.clone())));
        assert_eq!(user_end(&json!({ "mediaType": "CHAT" })), Ok(Some(left)));
        assert_eq!(user_end(&json!({ "mediaType": "VOICE" })), Ok(None));
        assert_eq!(user_end(&json!({ "disconnectType": "TRANSFER" })), Ok(None));
        assert!(user_end(&json!({ "conversationId": "../.." })).is_err());
        assert_eq!(read("aws.partner/x", "v2.detail.events.conversation.{id}.user.start", &json!({})), Ok(None));
    }

    #[test]
    fn what_it_has_put_off_comes_back() {
        let due = Departure { conversation_id: "c-1".to_owned(), left_at: 1 };
        assert_eq!(read(SOURCE, DUE, &json!(due)), Ok(Some(Intake::Due(due))));
        assert!(read(SOURCE, DUE, &json!({ "leftAt": 1 })).is_err());
    }
}
