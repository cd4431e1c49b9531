//! Look-ups: `Case__c` by id, `Case__r` by a field that identifies (reference/salesforce.md §3.3).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    options::{LookUpSchema, Parent},
    record_ids,
    store::Fields,
    upsert::RowError,
};

/// The records that look-ups can point at.
#[derive(Debug, Default)]
pub(crate) struct Parents {
    known: Vec<Parent>,
    pub(crate) accept_any: bool,
}

impl Parents {
    pub(crate) fn new(known: Vec<Parent>, accept_any: bool) -> Self {
        let mut parents = Self { known: Vec::new(), accept_any };
        for parent in known {
            parents.add(parent);
        }
        parents
    }

    pub(crate) fn add(&mut self, parent: Parent) {
        let id = parent.id.as_deref().map(record_ids::with_suffix);
        let id = id.unwrap_or_else(|| record_ids::made_up(&parent.entity, &format!("{:?}", parent.fields)));
        self.known.push(Parent { id: Some(id), ..parent });
    }

    /// Replaces a look-up in the fields sent by what is stored: the id, and the reference as it was sent.
    pub(crate) fn resolve(&mut self, look_up: &LookUpSchema, fields: &mut Fields) -> Result<(), RowError> {
        let id_field = format!("{}__c", look_up.relationship);
        let reference_field = format!("{}__r", look_up.relationship);
        match (fields.get(&id_field), fields.get(&reference_field)) {
            (None, None) => Ok(()),
            (Some(_), Some(_)) => Err(RowError::new(
                "INVALID_FIELD",
                &format!(
                    "Cannot specify both an external ID reference {reference_field} and a salesforce id, {id_field}"
                ),
                &[],
            )),
            (Some(id), None) => {
                let id = if id.is_null() { Value::Null } else { self.by_id(look_up, &id_field, id)?.into() };
                fields.insert(id_field, id);
                fields.insert(reference_field, Value::Null);
                Ok(())
            }
            (None, Some(reference)) => {
                let id = self.by_reference(look_up, reference)?;
                fields.insert(id_field, id.into());
                Ok(())
            }
        }
    }

    fn by_id(&self, look_up: &LookUpSchema, id_field: &str, id: &Value) -> Result<String, RowError> {
        let id = id.as_str().unwrap_or_default();
        if !record_ids::is_id_of(&look_up.entity, id) {
            let message = format!("{}: id value of incorrect type: {id}", look_up.relationship);
            return Err(RowError::new("MALFORMED_ID", &message, &[id_field]));
        }
        let id = record_ids::with_suffix(id);
        let is_known = self.known.iter().any(|parent| parent.id.as_ref() == Some(&id));
        if is_known || self.accept_any {
            return Ok(id);
        }
        Err(RowError::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[id_field]))
    }

    fn by_reference(&mut self, look_up: &LookUpSchema, reference: &Value) -> Result<String, RowError> {
        let refused = |message: String| Err(RowError::new("INVALID_FIELD", &message, &[]));
        let entity = &look_up.entity;
        let fields = reference.as_object().into_iter().flatten().filter(|(name, _)| *name != "attributes");
        let fields: Vec<_> = fields.collect();
        let [(field, value)] = fields[..] else {
            return refused(format!(
                "More than 1 field provided in an external foreign key reference in entity: {entity}"
            ));
        };
        if !identifies(entity, field) {
            return refused(format!(
                "Field name provided, {field} is not an External ID or indexed field for {entity}"
            ));
        }
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let is_named = |parent: &&Parent| parent.entity == *entity && parent.fields.get(field) == Some(&value);
        let ids: Vec<&str> = self.known.iter().filter(is_named).filter_map(|parent| parent.id.as_deref()).collect();
        match ids[..] {
            [id] => Ok(id.to_owned()),
            [] if self.accept_any => {
                let fields = BTreeMap::from([(field.clone(), value.clone())]);
                let id = record_ids::made_up(entity, &format!("{field}={value}"));
                self.known.push(Parent { entity: entity.clone(), id: Some(id.clone()), fields });
                Ok(id)
            }
            [] => refused(format!("Foreign key external ID: {value} not found for field {field} in entity {entity}")),
            _ => {
                let message = format!("more than one record found for external id field: [{}]", ids.join(", "));
                Err(RowError::new("DUPLICATE_EXTERNAL_ID", &message, &[]))
            }
        }
    }
}

/// Whether a field is an external id (any custom one here) or has `idLookup`.
fn identifies(entity: &str, field: &str) -> bool {
    let standard: &[&str] = match entity {
        "Case" => &["CaseNumber"],
        "User" => &["FederationIdentifier", "Username", "Email"],
        _ => &[],
    };
    field.ends_with("__c") || standard.contains(&field)
}
