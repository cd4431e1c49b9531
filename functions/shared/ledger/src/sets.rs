//! Sets of strings that only ever grow.
//!
//! Adding is one request and gives back all there is. Of two writers who add at once, the later one sees what the
//! earlier one added: nothing that belongs together is missed by both.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use crate::attributes::{EXPIRES_AT, ITEM, OWNER, number, string};
use crate::error::LedgerError;

/// The sort key of an owner's sets.
const SETS: &str = "sets";

/// Sets in a table.
#[derive(Debug, Clone)]
pub struct GrowOnlySets {
    client: Client,
    table: String,
}

/// An owner's sets by name.
pub type Sets = BTreeMap<&'static str, BTreeSet<String>>;

impl GrowOnlySets {
    /// Sets in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Adds to the sets of an owner and gives back the whole of the sets named. `expires_at` is in epoch seconds and
    /// replaces what it was.
    pub async fn add(&self, owner: &str, additions: &Sets, expires_at: i64) -> Result<Sets, LedgerError> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(OWNER, string(owner))
            .key(ITEM, string(SETS))
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_values(":expires", number(expires_at))
            .return_values(ReturnValue::AllNew);
        let mut added = Vec::new();
        for (index, (name, values)) in additions.iter().enumerate().filter(|(_, (_, values))| !values.is_empty()) {
            request = request.expression_attribute_names(format!("#set{index}"), *name).expression_attribute_values(
                format!(":set{index}"),
                AttributeValue::Ss(values.iter().cloned().collect()),
            );
            added.push(format!("#set{index} :set{index}"));
        }
        let mut expression = "SET #expires = :expires".to_owned();
        if !added.is_empty() {
            expression = format!("{expression} ADD {}", added.join(", "));
        }
        let answer = request
            .update_expression(expression)
            .send()
            .await
            .map_err(|error| LedgerError::request("add to the sets of", owner, &self.table, &error))?;
        let item = answer.attributes.unwrap_or_default();
        let whole = |name: &&'static str| match item.get(*name).map(AttributeValue::as_ss) {
            None => Ok((*name, BTreeSet::new())),
            Some(Ok(values)) => Ok((*name, values.iter().cloned().collect())),
            Some(Err(_)) => Err(LedgerError::corrupt(owner, &self.table, name, "a set of strings")),
        };
        additions.keys().map(whole).collect()
    }
}
