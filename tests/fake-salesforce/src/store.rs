//! The rows.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

pub(crate) type Fields = Map<String, Value>;

/// Rows by object and key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store(HashMap<String, BTreeMap<String, Fields>>);

impl Store {
    pub(crate) fn row(&self, object: &str, key: &str) -> Option<&Fields> {
        self.0.get(object)?.get(key)
    }

    /// Sets the given fields and keeps the others. Returns whether the row is new.
    pub(crate) fn merge(&mut self, object: &str, key: &str, fields: Fields) -> bool {
        let rows = self.0.entry(object.to_owned()).or_default();
        let created = !rows.contains_key(key);
        rows.entry(key.to_owned()).or_default().extend(fields);
        created
    }

    /// All rows of an object, in the order of their keys.
    pub(crate) fn rows(&self, object: &str) -> Vec<Fields> {
        self.0.get(object).map(|rows| rows.values().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
