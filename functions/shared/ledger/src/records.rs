//! Records that change by one conditional write at a time: whoever writes has read, and fails if somebody has written since.
//!
//! So of many who want to go on with a record one does, and the others see what it has become. The table: partition key
//! `record_id` (string), time to live `expires_at` (epoch seconds). DynamoDB deletes what has expired late (within days), so a
//! record that must no longer count says so in its content. The ledger does not look into that.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;

use crate::attributes::{CONTENT, EXPIRES_AT, Item, get_number, get_string, number, string};
use crate::error::LedgerError;

/// Partition key.
const RECORD_ID: &str = "record_id";
/// How often the record was written.
const REVISION: &str = "revision";

/// Records in a table.
#[derive(Debug, Clone)]
pub struct Records {
    client: Client,
    table: String,
}

/// A record as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// How often it was written: the condition of the next write.
    pub revision: u64,
    /// What it holds.
    pub content: String,
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It is in force.
    Done,
    /// Somebody has written since (or it was this very write, and the answer to it was lost). Nothing was changed.
    Moved,
}

impl Records {
    /// Records in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// A record, strongly consistent.
    pub async fn read(&self, id: &str) -> Result<Option<Stored>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(RECORD_ID, string(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::request("read the record", id, &self.table, &error))?;
        answer.item.map(|item| self.stored(id, &item)).transpose()
    }

    /// Writes a record, if nobody has written it since it was read: `seen` is the revision then, `None` if there was no such
    /// record. `expires_at` (epoch seconds): when it may be forgotten.
    pub async fn write(
        &self,
        id: &str,
        seen: Option<u64>,
        content: String,
        expires_at: i64,
    ) -> Result<Written, LedgerError> {
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(RECORD_ID, string(id))
            .item(REVISION, number(seen.unwrap_or_default().saturating_add(1)))
            .item(CONTENT, string(content))
            .item(EXPIRES_AT, number(expires_at));
        let request = match seen {
            None => request
                .condition_expression("attribute_not_exists(#record)")
                .expression_attribute_names("#record", RECORD_ID),
            Some(revision) => request
                .condition_expression("#revision = :seen")
                .expression_attribute_names("#revision", REVISION)
                .expression_attribute_values(":seen", number(revision)),
        };
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(Written::Moved)
            }
            Err(error) => Err(LedgerError::request("write the record", id, &self.table, &error)),
        }
    }

    fn stored(&self, id: &str, item: &Item) -> Result<Stored, LedgerError> {
        let corrupt = |attribute, expected| LedgerError::corrupt(id, &self.table, attribute, expected);
        Ok(Stored {
            revision: get_number(item, REVISION).ok_or_else(|| corrupt(REVISION, "a number"))?,
            content: get_string(item, CONTENT).ok_or_else(|| corrupt(CONTENT, "a string"))?,
        })
    }
}
