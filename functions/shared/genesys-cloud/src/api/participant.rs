//! A participant of a conversation: its attributes.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use super::client::{Call, GenesysCloud};
use super::conversation::{Receipt, checked_id, conversation_path};
use super::deadline::Deadline;
use super::errors::ApiError;
use super::operation::SET_ATTRIBUTES;

impl GenesysCloud {
    /// Sets attributes of a participant; others stay as they are. They take effect a little later (202), and raise an
    /// `attributes` event (reference/genesys-cloud.md §2.3). Setting them twice to the same is setting them once.
    ///
    /// # Errors
    /// [`NotFound`](super::PermanentError::NotFound) if there is no such participant, or none that we may see.
    pub async fn set_participant_attributes(
        &self,
        conversation_id: &str,
        participant_id: &str,
        attributes: &BTreeMap<&str, String>,
        deadline: Deadline,
    ) -> Result<Receipt, ApiError> {
        let operation = SET_ATTRIBUTES;
        let below = format!("/participants/{}/attributes", checked_id(operation, participant_id)?);
        let path = conversation_path(operation, conversation_id, &below)?;
        let body = Some(json!({ "attributes": attributes }).to_string());
        let answer = self.ask(&Call { operation, method: Method::PATCH, path, body }, deadline).await?;
        Ok(Receipt { correlation_id: answer.correlation_id })
    }
}
