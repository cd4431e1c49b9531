//! The rows as Salesforce gets them: objects, fields, look-ups (DESIGN §4.3, reference/salesforce.md §4).

use genesys_cloud::detail_event::MediaType;
use salesforce::{Entity, LookUp, Reference, Row, UpsertTarget, date_time};
use serde_json::{Map, Value, json};

use crate::draft::Content;
use crate::facts::AgentFacts;
use crate::state::RowKey;
use crate::timeline::{Interruption, WorkSession};

/// Where interruptions go.
pub const INTERRUPTIONS: UpsertTarget = UpsertTarget {
    object: "Interaction_Interruption__c",
    external_id_field: "External_Key__c",
    revision_field: "Revision__c",
};

/// Where work sessions go.
pub const WORK_SESSIONS: UpsertTarget = UpsertTarget { object: "Agent_Work_Session__c", ..INTERRUPTIONS };

/// The length of `Case_Reference__c`.
const CASE_REFERENCE_CHARACTERS_MAX: usize = 40;

/// How rows name records of Salesforce's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUpKeys {
    /// The field of Case that the configured attribute holds: `Id`, `CaseNumber` or an external id.
    pub case: String,
    /// The field of User that holds the Genesys Cloud user id, if there is one.
    pub agent: Option<String>,
}

/// One row of one agent, as of a revision.
#[derive(Debug, Clone, Copy)]
pub struct RowOf<'a> {
    /// The agent's Genesys Cloud user id.
    pub agent: &'a str,
    /// What the row was computed from.
    pub facts: &'a AgentFacts,
    /// How many facts were known then.
    pub revision: u64,
}

/// Where a row goes.
pub fn target(key: &RowKey) -> &'static UpsertTarget {
    match key {
        RowKey::Interruption(_) => &INTERRUPTIONS,
        RowKey::WorkSession(_) => &WORK_SESSIONS,
    }
}

/// The row for Salesforce: always the full state.
pub fn row(of: RowOf<'_>, key: &RowKey, content: &Content, keys: &LookUpKeys) -> Row {
    let (mut fields, case) = match content {
        Content::Interruption(interruption) => (interruption_fields(interruption), interruption.case.as_deref()),
        Content::Void => (void_fields(key, of.facts), None),
        Content::WorkSession(session) => (work_session_fields(session), session.case.as_deref()),
    };
    fields.insert("Agent_User_Id__c".to_owned(), json!(of.agent));
    fields.insert("Revision__c".to_owned(), json!(of.revision));
    let mut look_ups = Vec::new();
    if let Some(value) = case {
        let reference: String = value.chars().take(CASE_REFERENCE_CHARACTERS_MAX).collect();
        fields.insert("Case_Reference__c".to_owned(), json!(reference));
        look_ups.extend(look_up("Case", Entity::Case, &keys.case, value));
    }
    if let Some(field) = &keys.agent {
        fields.insert("Agent_External_Id__c".to_owned(), json!(of.agent));
        look_ups.extend(look_up("Agent", Entity::User, field, of.agent));
    }
    Row { key: key.to_string(), fields, look_ups }
}

fn look_up(relationship: &'static str, entity: Entity, key: &str, value: &str) -> Option<LookUp> {
    let reference = Reference::parse(entity, key, value)?;
    Some(LookUp { relationship, entity, reference })
}

fn interruption_fields(interruption: &Interruption) -> Map<String, Value> {
    let ended_at = interruption.ended_at;
    let status = if ended_at.is_some() { "Closed" } else { "Open" };
    object([
        ("Status__c", json!(status)),
        ("Interrupted_Conversation_Id__c", json!(interruption.conversation)),
        ("Voice_Conversation_Id__c", json!(interruption.interrupting_conversation)),
        ("Interrupted_Media_Type__c", media(interruption.media)),
        ("Interrupting_Media_Type__c", media(interruption.interrupting_media)),
        ("Queue_Id__c", json!(interruption.queue)),
        ("Started_At__c", json!(date_time(interruption.started_at))),
        ("Ended_At__c", json!(ended_at.map(date_time))),
        ("Duration_Ms__c", json!(ended_at.map(|ended_at| ended_at - interruption.started_at))),
    ])
}

/// Nothing happened, so there are no times; which sessions it is about stays readable.
fn void_fields(key: &RowKey, facts: &AgentFacts) -> Map<String, Value> {
    let mut fields = object([
        ("Status__c", json!("Void")),
        ("Started_At__c", Value::Null),
        ("Ended_At__c", Value::Null),
        ("Duration_Ms__c", json!(0)),
    ]);
    let RowKey::Interruption(key) = key else { return fields };
    if let Some(session) = facts.sessions.get(&key.interrupted) {
        fields.insert("Interrupted_Conversation_Id__c".to_owned(), json!(session.conversation));
        fields.insert("Interrupted_Media_Type__c".to_owned(), media(session.media));
        fields.insert("Queue_Id__c".to_owned(), json!(session.queue));
    }
    if let Some(session) = facts.sessions.get(&key.interrupting) {
        fields.insert("Voice_Conversation_Id__c".to_owned(), json!(session.conversation));
        fields.insert("Interrupting_Media_Type__c".to_owned(), media(session.media));
    }
    fields
}

fn work_session_fields(session: &WorkSession) -> Map<String, Value> {
    object([
        ("Status__c", json!("Closed")),
        ("Conversation_Id__c", json!(session.conversation)),
        ("Media_Type__c", media(session.media)),
        ("Queue_Id__c", json!(session.queue)),
        ("Started_At__c", json!(date_time(session.connected_at))),
        ("Ended_At__c", json!(date_time(session.ended_at))),
        ("Gross_Handle_Ms__c", json!(session.gross_ms())),
        ("Interrupted_Ms__c", json!(session.interrupted_ms)),
        ("Net_Handle_Ms__c", json!(session.net_ms())),
        ("Interruption_Count__c", json!(session.interruption_count)),
        ("Genesys_Held_Ms__c", json!(session.genesys_held_ms)),
    ])
}

fn media(media: MediaType) -> Value {
    json!(media.to_string())
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod salesforce_metadata;
