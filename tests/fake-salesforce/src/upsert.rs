//! What becomes of a row that is upserted.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    options::ObjectSchema,
    record_ids,
    references::Parents,
    store::{Fields, Store},
};

/// Why a row was refused, as collections answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowError {
    /// E.g. `STRING_TOO_LONG`.
    pub status_code: String,
    /// The text.
    #[serde(default)]
    pub message: String,
    /// The fields it names.
    #[serde(default)]
    pub fields: Vec<String>,
}

impl RowError {
    /// An error of this code, text and these fields.
    pub fn new(status_code: &str, message: &str, fields: &[&str]) -> Self {
        Self {
            status_code: status_code.to_owned(),
            message: message.to_owned(),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        }
    }

    /// As Salesforce fails the rows of a batch in which a record is locked.
    pub(crate) fn locked() -> Self {
        Self::new("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records", &[])
    }
}

/// A row that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) id: String,
    pub(crate) created: bool,
}

/// What the validation rule on both objects says.
const OLDER_REVISION: &str = "A newer revision of this record is already stored.";

/// Upserts the row with this key. `fields` may hold the key or not.
pub(crate) fn upsert(
    store: &mut Store,
    parents: &mut Parents,
    schema: &ObjectSchema,
    key: &str,
    mut fields: Fields,
) -> Result<Written, RowError> {
    fields.remove("attributes");
    for look_up in &schema.look_ups {
        parents.resolve(look_up, &mut fields)?;
    }
    let is_known = |name: &str| {
        let relationship = name.strip_suffix("__r").unwrap_or_default();
        schema.look_ups.iter().any(|look_up| look_up.relationship == relationship)
    };
    let unknown_reference = fields.iter().find(|(name, value)| value.is_object() && !is_known(name));
    if let Some((name, _)) = unknown_reference {
        let message = format!("No such column '{name}' on sobject of type {}", schema.name);
        return Err(RowError::new("INVALID_FIELD", &message, &[]));
    }
    let revision = |fields: &Fields| fields.get(&schema.revision_field).and_then(Value::as_f64);
    let stored = store.row(&schema.name, key).and_then(revision);
    if let (Some(stored), Some(sent)) = (stored, revision(&fields))
        && sent < stored
    {
        return Err(RowError::new("FIELD_CUSTOM_VALIDATION_EXCEPTION", OLDER_REVISION, &[&schema.revision_field]));
    }
    let id = record_ids::made_up(&schema.name, key);
    fields.insert(schema.external_id_field.clone(), key.into());
    fields.insert("Id".to_owned(), id.clone().into());
    let created = store.merge(&schema.name, key, fields);
    Ok(Written { id, created })
}
