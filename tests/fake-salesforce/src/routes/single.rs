//! `PATCH /services/data/vNN.0/sobjects/{object}/{field}/{value}` (reference/salesforce.md §2.1).

use serde_json::json;

use super::collections;
use crate::{
    answers::Answer,
    faults::Effect,
    state::State,
    store::Fields,
    upsert::{self, RowError, Written},
};

pub(super) fn upsert(
    state: &mut State,
    object: &str,
    field: &str,
    key: &str,
    effect: Option<&Effect>,
    body: &[u8],
) -> Answer {
    let schema = match collections::schema(state, object, field) {
        Ok(schema) => schema,
        Err(answer) => return answer,
    };
    let fields = match serde_json::from_slice::<Fields>(body) {
        Ok(fields) => fields,
        Err(error) => return Answer::error(400, "JSON_PARSER_ERROR", &format!("Unexpected input: {error}")),
    };
    if let Some(name) = [field, "Id"].into_iter().find(|name| fields.contains_key(*name)) {
        let message = format!("The {name} field should not be specified in the sobject data");
        return Answer::error(400, "INVALID_FIELD", &message);
    }
    if matches!(effect, Some(Effect::LockedBatch)) {
        return Answer::row_error(&RowError::locked());
    }
    let error = state.faults.strike_row(key, 1, false).or_else(|| state.faults.strike_row(key, 1, true));
    if let Some(error) = error {
        return Answer::row_error(&error);
    }
    match upsert::upsert(&mut state.store, &mut state.parents, &schema, key, fields) {
        Ok(Written { id, created }) => {
            let status = if created { 201 } else { 200 };
            Answer::json(status, json!({ "id": id, "success": true, "errors": [], "created": created }))
        }
        Err(error) => Answer::row_error(&error),
    }
}
