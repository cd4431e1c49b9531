//! Which look-ups of a row an error is about.

use super::ApiError;
use crate::{
    record_id::is_record_id,
    row::{LookUp, Reference, Row},
};

/// `Foreign key external ID: <value> not found for field <F> in entity <E>`: those that point at this entity.
pub(super) fn by_missing_entity(error: &ApiError, row: &Row) -> Vec<&'static str> {
    let Some((_, entity)) = error.message.rsplit_once(" in entity ") else { return Vec::new() };
    let entity = entity.trim_end_matches('.').trim();
    relationships(row, |look_up| look_up.entity.api_name() == entity)
}

/// `more than one record found for external id field: [005…, 005…]`: those that point at the object of these ids. A text
/// without ids may mean any look-up by a field.
pub(super) fn by_ambiguous_reference(error: &ApiError, row: &Row) -> Vec<&'static str> {
    let is_by_field = |look_up: &LookUp| matches!(look_up.reference, Reference::Field { .. });
    let words = || error.message.split(|character: char| !character.is_ascii_alphanumeric());
    let is_id_of = |look_up: &LookUp, word: &str| is_record_id(word) && word.starts_with(look_up.entity.id_prefix());
    let named = relationships(row, |look_up| is_by_field(look_up) && words().any(|word| is_id_of(look_up, word)));
    if named.is_empty() { relationships(row, is_by_field) } else { named }
}

/// Those whose field the error names. An error that names no field may mean any of them: without look-ups, the row either
/// passes or is refused for another reason.
pub(super) fn by_named_field(error: &ApiError, row: &Row) -> Vec<&'static str> {
    if error.fields().is_empty() {
        return relationships(row, |_| true);
    }
    relationships(row, |look_up| error.fields().iter().any(|field| look_up.is_named_by(field)))
}

fn relationships(row: &Row, matches: impl Fn(&LookUp) -> bool) -> Vec<&'static str> {
    row.look_ups.iter().filter(|look_up| matches(look_up)).map(|look_up| look_up.relationship).collect()
}
