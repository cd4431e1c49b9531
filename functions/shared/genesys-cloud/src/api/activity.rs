//! Whether Genesys Cloud still counts a conversation as active.

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Call, GenesysCloud};
use super::deadline::Deadline;
use super::errors::{ApiError, RetryableError};
use super::operation::QUERY_ACTIVITY;
use super::transport::Answer;

/// What the real-time views count of some conversations: nothing of those that they do not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationActivity {
    /// The sessions that are counted.
    pub observations: Vec<Observation>,
    /// Whether these are all; if not, the absence of one means nothing.
    pub is_complete: bool,
    /// For a support case.
    pub correlation_id: Option<String>,
}

/// A session as the real-time views count it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// `oWaiting`, `oInteracting` or `oAlerting`.
    pub metric: String,
    /// The conversation.
    pub conversation_id: Option<String>,
    /// Since when.
    pub activity_date: Option<Timestamp>,
    /// The session.
    pub session_id: Option<String>,
    /// The agent, if it is one's.
    pub user_id: Option<String>,
    /// The queue.
    pub queue_id: Option<String>,
    /// In lower case, e.g. `voice`.
    pub media_type: Option<String>,
}

#[derive(Deserialize)]
struct ActivityAnswer {
    #[serde(default)]
    results: Option<Vec<ActivityResult>>,
}

#[derive(Deserialize)]
struct ActivityResult {
    #[serde(default)]
    entities: Option<Vec<Observation>>,
    #[serde(default)]
    truncated: Option<bool>,
}

impl GenesysCloud {
    /// Asks whether a conversation is counted as waiting, interacting or alerting
    /// (`POST /api/v2/analytics/conversations/activity/query`). Needs `analytics:queueObservation:view`.
    pub async fn activity_of_conversation(
        &self,
        id: &str,
        deadline: Deadline,
    ) -> Result<ConversationActivity, ApiError> {
        self.activity_of_conversations(&[id], deadline).await
    }

    /// The same for several conversations at once.
    pub async fn activity_of_conversations(
        &self,
        ids: &[&str],
        deadline: Deadline,
    ) -> Result<ConversationActivity, ApiError> {
        let path = "/api/v2/analytics/conversations/activity/query".to_owned();
        let body = Some(query(ids).to_string());
        let call = Call { operation: QUERY_ACTIVITY, method: Method::POST, path, body };
        self.ask_for(&call, deadline, read).await
    }
}

fn query(ids: &[&str]) -> Value {
    let metric = |metric: &str| json!({ "metric": metric, "details": true });
    let predicate = |id: &&str| json!({ "dimension": "conversationId", "operator": "matches", "value": id });
    let predicates: Vec<Value> = ids.iter().map(predicate).collect();
    json!({
        "metrics": [metric("oWaiting"), metric("oInteracting"), metric("oAlerting")],
        "filter": { "type": "or", "predicates": predicates },
    })
}

fn read(answer: Answer) -> Result<ConversationActivity, ApiError> {
    let correlation_id = answer.correlation_id;
    let body = answer.body.as_deref().unwrap_or_default();
    let Ok(ActivityAnswer { results }) = serde_json::from_str(body) else {
        return Err(RetryableError::UnreadableAnswer { operation: QUERY_ACTIVITY.name, correlation_id }.into());
    };
    let results = results.unwrap_or_default();
    let is_complete = !results.iter().any(|result| result.truncated == Some(true));
    let observations = results.into_iter().flat_map(|result| result.entities.unwrap_or_default()).collect();
    Ok(ConversationActivity { observations, is_complete, correlation_id })
}
