//! Records that change by one conditional write at a time: whoever writes has read, and fails if somebody has written since.
//!
//! So of many who want to go on with a record one does, and the others see what it has become. The table: partition key
//! `record_id` (string), time to live `expires_at` (epoch seconds). DynamoDB deletes what has expired late (within days), so a
//! record that must no longer count says so in its content. The ledger does not look into that.

use aws_sdk_dynamodb::Client;

use crate::attributes::{CONTENT, EXPIRES_AT, Item, get_number, get_string, number, string};
use crate::error::LedgerError;
pub use crate::versioned::Written;
use crate::versioned::{self, Writing};

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
        let item = Item::from([
            (RECORD_ID.to_owned(), string(id)),
            (CONTENT.to_owned(), string(content)),
            (EXPIRES_AT.to_owned(), number(expires_at)),
        ]);
        let writing = Writing {
            operation: "write the record",
            name: id,
            partition_key: RECORD_ID,
            version: REVISION,
            seen_version: seen.unwrap_or_default(),
        };
        versioned::put(&self.client, &self.table, &writing, item).await
    }

    fn stored(&self, id: &str, item: &Item) -> Result<Stored, LedgerError> {
        let corrupt = |attribute, expected| LedgerError::corrupt(id, &self.table, attribute, expected);
        Ok(Stored {
            revision: get_number(item, REVISION).ok_or_else(|| corrupt(REVISION, "a number"))?,
            content: get_string(item, CONTENT).ok_or_else(|| corrupt(CONTENT, "a string"))?,
        })
    }
}
