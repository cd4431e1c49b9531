//! What is written: rows with typed look-ups.

use serde_json::{Map, Value, json};

use crate::record_id::{Entity, RecordId};

/// The object that rows are upserted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpsertTarget {
    /// The object's API name.
    pub object: &'static str,
    /// Its unique external-id field, which holds [`Row::key`].
    pub external_id_field: &'static str,
    /// The field whose validation rule refuses a smaller value than the stored one. That refusal is a success:
    /// [`crate::RowResult::StaleRevision`].
    pub revision_field: &'static str,
}

/// A row to upsert: the full state of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The value of the external-id field. Of rows with the same key in one upsert, the last is written.
    pub key: String,
    /// All other fields but the look-ups.
    pub fields: Map<String, Value>,
    /// What the row points at. A row without one can be written even if the other record is not there.
    pub look_ups: Vec<LookUp>,
}

impl Row {
    /// The record as Salesforce gets it.
    pub fn to_record(&self, target: &UpsertTarget) -> Value {
        let mut record = self.fields.clone();
        record.insert("attributes".to_owned(), json!({ "type": target.object }));
        record.insert(target.external_id_field.to_owned(), json!(self.key));
        for look_up in &self.look_ups {
            let (name, value) = look_up.to_field();
            record.insert(name, value);
        }
        Value::Object(record)
    }

    /// The same row without the look-ups of these relationships (see [`crate::Deferral::relationships`]).
    #[must_use]
    pub fn without_look_ups(&self, relationships: &[&str]) -> Self {
        let mut row = self.clone();
        row.look_ups.retain(|look_up| !relationships.contains(&look_up.relationship));
        row
    }
}

/// A look-up field of a custom object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// The field's name without its suffix: `Case` for `Case__c` (by id) and `Case__r` (by another field).
    pub relationship: &'static str,
    /// What it points at.
    pub entity: Entity,
    /// Which one.
    pub reference: Reference,
}

/// How a look-up names the other record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By its id.
    Id(RecordId),
    /// By a field that is an external id or has `idLookup`, such as `Case.CaseNumber` (reference/salesforce.md §3.3).
    Field {
        /// The field's API name.
        field: String,
        /// Its value, as text: case numbers keep their leading zeros.
        value: String,
    },
}

/// Salesforce's own limit for external-id fields.
const MAX_REFERENCE_CHARACTERS: usize = 255;

impl Reference {
    /// Reads a reference by `key`: `Id`, or the API name of a field. `None` if the value cannot be one.
    pub fn parse(entity: Entity, key: &str, value: &str) -> Option<Self> {
        if key == "Id" {
            return RecordId::parse(entity, value).map(Self::Id);
        }
        let value = value.trim();
        let plausible = !value.is_empty() && value.chars().count() <= MAX_REFERENCE_CHARACTERS;
        plausible.then(|| Self::Field { field: key.to_owned(), value: value.to_owned() })
    }

    /// The id or the value.
    pub fn value(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Field { value, .. } => value,
        }
    }
}

impl LookUp {
    fn to_field(&self) -> (String, Value) {
        match &self.reference {
            Reference::Id(id) => (self.id_field(), json!(id.as_str())),
            Reference::Field { field, value } => (format!("{}__r", self.relationship), json!({ field: value })),
        }
    }

    pub(crate) fn id_field(&self) -> String {
        format!("{}__c", self.relationship)
    }

    /// Whether an error names this look-up by `field`, in any of the forms Salesforce uses.
    pub(crate) fn is_named_by(&self, field: &str) -> bool {
        field.strip_prefix(self.relationship).is_some_and(|suffix| matches!(suffix, "" | "__c" | "__r"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: UpsertTarget =
        UpsertTarget { object: "Thing__c", external_id_field: "External_Key__c", revision_field: "Revision__c" };

    fn row() -> Row {
        let by_id = Reference::parse(Entity::Case, "Id", "500000000000001").unwrap();
        let by_field = Reference::parse(Entity::User, "FederationIdentifier", "agent42").unwrap();
        Row {
            key: "k".to_owned(),
            fields: Map::from_iter([("Revision__c".to_owned(), json!(3))]),
            look_ups: vec![
                LookUp { relationship: "Case", entity: Entity::Case, reference: by_id },
                LookUp { relationship: "Agent", entity: Entity::User, reference: by_field },
            ],
        }
    }

    #[test]
    fn a_record_holds_type_key_fields_and_look_ups() {
        let expected = json!({
            "attributes": { "type": "Thing__c" }, "External_Key__c": "k", "Revision__c": 3,
            "Case__c": "500000000000001", "Agent__r": { "FederationIdentifier": "agent42" },
        });
        assert_eq!(row().to_record(&TARGET), expected);
    }

    #[test]
    fn look_ups_can_be_left_out() {
        let record = row().without_look_ups(&["Case"]).to_record(&TARGET);
        assert_eq!(record.get("Case__c"), None);
        assert!(record.get("Agent__r").is_some());
    }

    #[test]
    fn a_reference_has_a_plausible_value() {
        assert_eq!(Reference::parse(Entity::Case, "Id", "00001026"), None);
        assert_eq!(Reference::parse(Entity::Case, "CaseNumber", "  "), None);
        assert_eq!(Reference::parse(Entity::Case, "CaseNumber", &"9".repeat(256)), None);
        assert_eq!(Reference::parse(Entity::Case, "CaseNumber", "00001026").unwrap().value(), "00001026");
    }
}
