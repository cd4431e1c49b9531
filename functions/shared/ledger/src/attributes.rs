//! The names of the table's attributes, and reading them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// Partition key.
pub(crate) const OWNER: &str = "owner";
/// Sort key.
pub(crate) const ITEM: &str = "item";
/// Time to live, epoch seconds.
pub(crate) const EXPIRES_AT: &str = "expires_at";
/// Partition key of the sparse index.
pub(crate) const PENDING_SHARD: &str = "pending_shard";
/// Sort key of the sparse index, epoch milliseconds.
pub(crate) const DUE_AT: &str = "due_at";
/// How often a journal was appended to or settled.
pub(crate) const SEQUENCE: &str = "seq";
/// The state that everything up to the last settlement came to.
pub(crate) const SETTLED: &str = "settled";
/// The entries since, in the order in which they came.
pub(crate) const TAIL: &str = "tail";
/// The content of an archive item.
pub(crate) const CONTENT: &str = "content";

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn string(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(format!("{value}"))
}

pub(crate) fn get_string(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

pub(crate) fn get_number(item: &Item, name: &str) -> Option<u64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok())
}

pub(crate) fn get_strings(item: &Item, name: &str) -> Option<Vec<String>> {
    let list = match item.get(name) {
        None => return Some(Vec::new()),
        Some(value) => value.as_l().ok()?,
    };
    list.iter().map(|value| value.as_s().ok().cloned()).collect()
}
