//! What operators ask for, as it comes on the outcome bus (DESIGN §4.5).

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::case::{Force, Request};

/// The source prefix of commands.
pub const SOURCE_PREFIX: &str = "genesys-event-processor.operator";

/// The `detail-type` that asks for a disconnect.
pub const DISCONNECT: &str = "Disconnect Interaction Requested";

/// Who asked, if that is not said.
const NOBODY: &str = "unknown";

/// What an operator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `Disconnect Interaction Requested`.
    Disconnect {
        /// The conversations, each once.
        conversation_ids: Vec<String>,
        /// Who asks, why, and what may be skipped.
        request: Request,
    },
    /// `Breaker Reset Requested`.
    ResetBreaker {
        /// The event, so that one delivered twice resets once.
        event_id: String,
        /// Who asks.
        requested_by: String,
        /// Why.
        reason: String,
    },
}

/// Why an event is not a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// An event of another kind: not for us.
    #[error("not a command of this function")]
    NotOurs,
    /// It should have been one.
    #[error("the command cannot be understood: {0}")]
    Malformed(&'static str),
}

/// The most conversations that a command may name: so many can be looked at in one invocation, within the rate limit.
const MOST_CONVERSATIONS: usize = 500;

/// No id is longer: those of Genesys Cloud have 36 characters.
const LONGEST_ID: usize = 64;

impl Command {
    /// Reads a command from an event's `detail-type`, id, time and detail.
    pub fn read(
        detail_type: &str,
        event_id: &str,
        asked_at: Option<Timestamp>,
        detail: &Value,
    ) -> Result<Self, CommandError> {
        let detail = || detail.as_object().ok_or(CommandError::Malformed("its detail is not an object"));
        match detail_type {
            DISCONNECT => disconnect(event_id, asked_at, detail()?),
            "Breaker Reset Requested" => Ok(reset(event_id, detail()?)),
            _ => Err(CommandError::NotOurs),
        }
    }
}

fn disconnect(
    event_id: &str,
    asked_at: Option<Timestamp>,
    detail: &Map<String, Value>,
) -> Result<Command, CommandError> {
    let mut conversation_ids: Vec<String> = Vec::new();
    let lists = [detail.get("conversationId"), detail.get("conversationIds")];
    for value in lists.into_iter().flatten() {
        let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for element in elements.iter().filter(|element| !element.is_null()) {
            let id =
                conversation_id(element).ok_or(CommandError::Malformed("what it names is not a conversation id"))?;
            if !conversation_ids.iter().any(|known| known == id) {
                conversation_ids.push(id.to_owned());
            }
        }
    }
    if conversation_ids.is_empty() {
        return Err(CommandError::Malformed("neither conversationId nor conversationIds names a conversation"));
    }
    if conversation_ids.len() > MOST_CONVERSATIONS {
        return Err(CommandError::Malformed("it names more than 500 conversations: ask for fewer at a time"));
    }
    let force = match detail.get("force") {
        None | Some(Value::Null | Value::Bool(false)) => Force::No,
        Some(Value::Bool(true)) => Force::Durations,
        Some(Value::String(word)) if word == "live" => Force::Live,
        Some(_) => return Err(CommandError::Malformed("force is none of true, false and \"live\"")),
    };
    let requested_by = text(detail, "requestedBy");
    if force == Force::Live && requested_by.is_none() {
        return Err(CommandError::Malformed("force \"live\" needs requestedBy: who answers for it"));
    }
    let requested_by = requested_by.unwrap_or_else(|| NOBODY.to_owned());
    let reason = text(detail, "reason").unwrap_or_default();
    let request = Request { event_id: event_id.to_owned(), requested_by, reason, force, asked_at };
    Ok(Command::Disconnect { conversation_ids, request })
}

/// The conversations that a disconnect names, as far as they can be read, though it may not be understood as a whole; and who
/// asked. They are answered all the same.
pub fn named_conversations(detail: &Value) -> (Vec<String>, Request) {
    let lists = [detail.get("conversationId"), detail.get("conversationIds")];
    let elements = lists.into_iter().flatten();
    let elements = elements.flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    let ids: BTreeSet<_> = elements.filter_map(conversation_id).map(str::to_owned).collect();
    let requested_by = detail.as_object().and_then(|detail| text(detail, "requestedBy"));
    let request = Request {
        event_id: String::new(),
        requested_by: requested_by.unwrap_or_else(|| NOBODY.to_owned()),
        reason: String::new(),
        force: Force::No,
        asked_at: None,
    };
    (ids.into_iter().collect(), request)
}

/// An id as Genesys Cloud may have given it: letters, digits and a few marks, so that it can mean nothing else.
fn conversation_id(value: &Value) -> Option<&str> {
    let id = value.as_str()?.trim();
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_.:".contains(character);
    (!id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(fits)).then_some(id)
}

fn reset(event_id: &str, detail: &Map<String, Value>) -> Command {
    let requested_by = text(detail, "requestedBy").unwrap_or_else(|| NOBODY.to_owned());
    let reason = text(detail, "reason").unwrap_or_default();
    Command::ResetBreaker { event_id: event_id.to_owned(), requested_by, reason }
}

fn text(detail: &Map<String, Value>, name: &str) -> Option<String> {
    detail.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Command, CommandError};
    use crate::case::Force;

    fn disconnect(detail: &Value) -> Result<(Vec<String>, Force), CommandError> {
        match Command::read("Disconnect Interaction Requested", "e-1", None, detail)? {
            Command::Disconnect { conversation_ids, request } => Ok((conversation_ids, request.force)),
            Command::ResetBreaker { .. } => panic!("not a reset"),
        }
    }

    #[test]
    fn one_conversation_or_a_list_each_once() {
        let one = disconnect(&json!({ "conversationId": "a", "requestedBy": "jo" })).unwrap();
        assert_eq!(one, (vec!["a".to_owned()], Force::No));
        let list =
            json!({ "conversationId": ["a", "b"], "conversationIds": ["b", "c"], "requestedBy": "jo", "force": true });
        let all = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(disconnect(&list).unwrap(), (all, Force::Durations));
    }

    #[test]
    fn what_cannot_be_understood_disconnects_nothing() {
        for wrong in [
            json!(7),
            json!({ "requestedBy": "jo" }),
            json!({ "conversationId": "", "requestedBy": "jo" }),
            json!({ "conversationIds": ["a", 7], "requestedBy": "jo" }),
            json!({ "conversationId": "#breaker", "requestedBy": "jo" }),
            json!({ "conversationIds": (0..501).map(|id| format!("c-{id}")).collect::<Vec<_>>(), "requestedBy": "jo" }),
            json!({ "conversationId": "a", "requestedBy": "jo", "force": "yes" }),
            json!({ "conversationId": "a", "force": "live" }),
        ] {
            assert!(matches!(disconnect(&wrong), Err(CommandError::Malformed(_))), "{wrong}");
        }
        assert_eq!(Command::read("Drain Queue Requested", "e-1", None, &json!({})), Err(CommandError::NotOurs));
    }

    #[test]
    fn whoever_takes_a_live_conversation_down_is_named() {
        let live = json!({ "conversationId": "a", "requestedBy": "jo", "force": "live" });
        assert_eq!(disconnect(&live).unwrap().1, Force::Live);
    }
}
