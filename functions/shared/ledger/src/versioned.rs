//! Items that are written whole, on the condition that nobody has written them since they were read.
//!
//! A write carries a token of its own: one whose answer was lost on the way is recognized when it is tried again.

use std::hash::{BuildHasher, Hasher, RandomState};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use crate::attributes::{Item, get_number, get_string, number, string};
use crate::error::LedgerError;

/// How often the item was written, in the tables of cases and drains.
pub(crate) const VERSION: &str = "version";
/// Who wrote it last: a token of that one write.
const WRITTEN_BY: &str = "written_by";

/// How writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It is as it was to become.
    Done,
    /// Somebody else has written it since. Nothing was changed.
    Moved,
}

/// What is being written, and how an error names it.
pub(crate) struct Writing<'a> {
    pub(crate) operation: &'static str,
    pub(crate) name: &'a str,
    /// An attribute that every item of the table has.
    pub(crate) partition_key: &'static str,
    /// The attribute that counts how often the item was written.
    pub(crate) version: &'static str,
    /// The version that was read; 0 if there was none.
    pub(crate) seen_version: u64,
}

/// Writes the item, if it still has the version that was read.
pub(crate) async fn put(
    client: &Client,
    table: &str,
    writing: &Writing<'_>,
    mut item: Item,
) -> Result<Written, LedgerError> {
    let token = token_of_a_write();
    item.insert(writing.version.to_owned(), number(writing.seen_version.saturating_add(1)));
    item.insert(WRITTEN_BY.to_owned(), string(&token));
    let put = client.put_item().table_name(table).set_item(Some(item));
    let put = match writing.seen_version {
        0 => put
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", writing.partition_key),
        seen => put
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", writing.version)
            .expression_attribute_values(":version", number(seen)),
    };
    let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let Err(error) = put.send().await else { return Ok(Written::Done) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(refused)) => {
            let last_written_by = refused.item().and_then(|item| get_string(item, WRITTEN_BY));
            let by_us = last_written_by.is_some_and(|last| last == token);
            Ok(if by_us { Written::Done } else { Written::Moved })
        }
        _ => Err(LedgerError::request(writing.operation, writing.name, table, &error)),
    }
}

/// The version of a stored item.
pub(crate) fn version_of(item: &Item) -> Option<u64> {
    get_number(item, VERSION)
}

/// Different for every write. `RandomState` is seeded by the system, which is random enough and costs no crate.
fn token_of_a_write() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}
