//! `PATCH /services/data/vNN.0/composite/sobjects/{object}/{field}` (reference/salesforce.md §2.2).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answers::Answer,
    faults::Effect,
    options::ObjectSchema,
    state::State,
    store::Fields,
    upsert::{self, RowError, Written},
};

const MAX_RECORDS: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collection {
    #[serde(default)]
    all_or_none: bool,
    records: Vec<Fields>,
}

/// How many records a body holds.
pub(super) fn count(body: &[u8]) -> usize {
    serde_json::from_slice::<Collection>(body).map_or(0, |collection| collection.records.len())
}

/// The object, if it can be upserted by this field.
pub(super) fn schema(state: &State, object: &str, field: &str) -> Result<ObjectSchema, Answer> {
    let schema = state.objects.iter().find(|schema| schema.name == object).ok_or_else(Answer::not_found)?;
    if schema.external_id_field == field {
        return Ok(schema.clone());
    }
    let message = format!("Provided external ID field does not exist or is not accessible: {field}");
    Err(Answer::error(404, "NOT_FOUND", &message))
}

pub(super) fn upsert(state: &mut State, object: &str, field: &str, effect: Option<&Effect>, body: &[u8]) -> Answer {
    let schema = match schema(state, object, field) {
        Ok(schema) => schema,
        Err(answer) => return answer,
    };
    let collection = match read(&schema, body) {
        Ok(collection) => collection,
        Err(answer) => return answer,
    };
    if let Some(error) = refusal(state, &schema, &collection.records) {
        return Answer::row_error(&error);
    }
    let before = collection.all_or_none.then(|| state.store.clone());
    let mut results = write_all(state, &schema, collection.records, effect);
    if let Some(before) = before.filter(|_| results.iter().any(Result::is_err)) {
        state.store = before;
        roll_back(&mut results);
    }
    let mut items: Vec<Value> = results.iter().map(item).collect();
    if matches!(effect, Some(Effect::ShortAnswer)) {
        items.pop();
    }
    Answer::json(200, items.into())
}

/// Reads the body, or refuses the request as a whole. The codes of these refusals, other than that for broken JSON, are
/// not documented.
fn read(schema: &ObjectSchema, body: &[u8]) -> Result<Collection, Answer> {
    let collection: Collection = serde_json::from_slice(body)
        .map_err(|error| Answer::error(400, "JSON_PARSER_ERROR", &format!("Unexpected input: {error}")))?;
    if collection.records.len() > MAX_RECORDS {
        let message = "record limit reached. cannot submit more than 200 records into this operation";
        return Err(Answer::error(400, "EXCEEDED_ID_LIMIT", message));
    }
    for record in &collection.records {
        let kind = record.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Value::as_str);
        if kind != Some(&schema.name) {
            return Err(Answer::error(400, "INVALID_TYPE", "every record needs attributes.type, the same for all"));
        }
        if record.contains_key("Id") || record.contains_key("id") {
            return Err(Answer::error(
                400,
                "INVALID_FIELD",
                "The Id field should not be specified in the sobject data",
            ));
        }
    }
    Ok(collection)
}

/// What a fault in one record does to the request as a whole.
fn refusal(state: &mut State, schema: &ObjectSchema, records: &[Fields]) -> Option<RowError> {
    let keys = records.iter().map(|record| record.get(&schema.external_id_field).and_then(Value::as_str));
    keys.enumerate().find_map(|(index, key)| state.faults.strike_row(key.unwrap_or_default(), index + 1, true))
}

fn write_all(
    state: &mut State,
    schema: &ObjectSchema,
    records: Vec<Fields>,
    effect: Option<&Effect>,
) -> Vec<Result<Written, RowError>> {
    let key_field = &schema.external_id_field;
    let key = |record: &Fields| record.get(key_field).and_then(Value::as_str).map(str::to_owned);
    let mut uses: HashMap<String, usize> = HashMap::new();
    for key in records.iter().filter_map(key) {
        *uses.entry(key).or_default() += 1;
    }
    let mut write = |(index, record): (usize, Fields)| {
        let Some(key) = key(&record).filter(|key| !key.is_empty()) else {
            return Err(RowError::new("MISSING_ARGUMENT", &format!("{key_field} not specified"), &[]));
        };
        if uses[&key] > 1 {
            let message = format!("Duplicate external id specified: {key}");
            return Err(RowError::new("DUPLICATE_VALUE", &message, &[key_field]));
        }
        if matches!(effect, Some(Effect::LockedBatch)) {
            return Err(RowError::locked());
        }
        if let Some(error) = state.faults.strike_row(&key, index + 1, false) {
            return Err(error);
        }
        upsert::upsert(&mut state.store, &mut state.parents, schema, &key, record)
    };
    records.into_iter().enumerate().map(&mut write).collect()
}

fn roll_back(results: &mut [Result<Written, RowError>]) {
    let message = "Record rolled back because not all records were valid and the request was using AllOrNone header";
    for result in results.iter_mut().filter(|result| result.is_ok()) {
        *result = Err(RowError::new("ALL_OR_NONE_OPERATION_ROLLED_BACK", message, &[]));
    }
}

fn item(result: &Result<Written, RowError>) -> Value {
    match result {
        Ok(Written { id, created }) => json!({ "id": id, "success": true, "errors": [], "created": created }),
        Err(error) => json!({ "success": false, "errors": [error] }),
    }
}
