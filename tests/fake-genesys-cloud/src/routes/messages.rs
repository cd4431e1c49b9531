//! The messages API (reference/genesys-cloud.md §2.1, §2.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State as FromState};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::not_accepted;
use crate::conversations::Correspondence;
use crate::error_body::ErrorBody;
use crate::messages::SentMessage;
use crate::state::State;

const MESSENGER_TYPES: [&str; 5] = ["sms", "whatsapp", "open", "webmessaging", "apple"];
/// In characters: for SMS, and for all others.
const LONGEST_TEXTS: (usize, usize) = (765, 2000);

#[derive(Deserialize)]
pub(super) struct CommunicationUpdate {
    state: String,
}

/// `PATCH /api/v2/conversations/messages/{id}/participants/{participant_id}/communications/{communication_id}`: 200 and an empty
/// object.
pub(super) async fn update_communication(
    FromState(state): FromState<Arc<State>>,
    Path((id, participant_id, communication_id)): Path<(String, String, String)>,
    update: Result<Json<CommunicationUpdate>, JsonRejection>,
) -> Result<impl IntoResponse, ErrorBody> {
    let Json(update) = update.map_err(|_| ErrorBody::bad_request("state is required"))?;
    if update.state != "disconnected" {
        return Err(ErrorBody::bad_request("The fake understands the state disconnected only."));
    }
    let disconnected = state.conversations.disconnect_message(&id, &participant_id, &communication_id);
    disconnected.map_err(|refused| not_accepted(refused, &id))?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AgentlessRequest {
    from_address: String,
    to_address: Option<String>,
    to_address_messenger_type: String,
    external_contact_id: Option<String>,
    text_body: Option<String>,
    #[serde(default)]
    use_existing_active_conversation: bool,
}

impl AgentlessRequest {
    /// What is wrong with it, by the descriptions of the fields in the platform's SDK.
    fn fault(&self) -> Option<&'static str> {
        let text = self.text_body.as_deref().unwrap_or_default();
        let messenger_type = self.to_address_messenger_type.as_str();
        let longest = if messenger_type == "sms" { LONGEST_TEXTS.0 } else { LONGEST_TEXTS.1 };
        match messenger_type {
            unknown if !MESSENGER_TYPES.contains(&unknown) => Some("toAddressMessengerType is not one"),
            "whatsapp" => Some("messagingTemplate is required when using WhatsApp"),
            "webmessaging" if self.external_contact_id.is_none() => Some("externalContactId is required"),
            "sms" | "open" | "apple" if self.to_address.is_none() => Some("toAddress is required"),
            _ if self.from_address.is_empty() => Some("fromAddress is required"),
            _ if text.is_empty() => Some("textBody is required"),
            _ if text.chars().count() > longest => Some("textBody is too long"),
            _ => None,
        }
    }
}

/// `POST /api/v2/conversations/messages/agentless`: 202 and the message; an error for a customer who is connected to somebody,
/// unless the message is to barge in.
pub(super) async fn send_agentless(
    FromState(state): FromState<Arc<State>>,
    request: Result<Json<AgentlessRequest>, JsonRejection>,
) -> Result<impl IntoResponse, ErrorBody> {
    let Json(request) =
        request.map_err(|_| ErrorBody::bad_request("fromAddress and the messenger type are required"))?;
    if let Some(fault) = request.fault() {
        return Err(ErrorBody::bad_request(fault));
    }
    let message = SentMessage {
        at_ms: state.clock.now_ms(),
        from: request.from_address,
        to: request.external_contact_id.or(request.to_address).unwrap_or_default(),
        messenger_type: request.to_address_messenger_type,
        text: request.text_body.unwrap_or_default(),
        into_active_conversation: request.use_existing_active_conversation,
    };
    let answer: Value = json!({
        "id": Uuid::new_v4().to_string(),
        "fromAddress": message.from,
        "toAddress": message.to,
        "messengerType": message.messenger_type,
        "textBody": message.text,
    });
    let between = Correspondence { messenger_type: &message.messenger_type, from: &message.from, to: &message.to };
    let taken = state.conversations.take_agentless(&between, message.into_active_conversation);
    // Which status it is, no public source says.
    taken.map_err(|_| ErrorBody::new(StatusCode::CONFLICT, "conflict", "The customer is connected to somebody."))?;
    state.messages.sent(message);
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
