//! Cases: one item each, moved on by one conditional write at a time, and found again when they are due.
//!
//! A case belongs to a conversation, which may have had others before: their ids are in the order in which they came.
//! Every write is conditional on the version that its writer has read, so that of two who move a case at once one is told
//! that it has [moved](Written::Moved) and nothing else happens.
//!
//! The table: partition key `conversation_id`, sort key `case_id` (both strings), time to live `expires_at` (epoch
//! seconds), and the sparse index `due` (`due_shard`, `due_at` in epoch milliseconds).

use aws_sdk_dynamodb::Client;

use crate::attributes::{DUE_AT, EXPIRES_AT, Item, get_number, get_string, number, string};
use crate::error::LedgerError;
pub use crate::versioned::Written;
use crate::versioned::{self, VERSION, Writing};

/// Partition key.
const CONVERSATION_ID: &str = "conversation_id";
/// Sort key.
const CASE_ID: &str = "case_id";
/// The state, for people who look into the table.
const STATE: &str = "state";
/// The case itself.
const CASE: &str = "case";
/// Partition key of the sparse index.
const DUE_SHARD: &str = "due_shard";
/// The sparse index of cases with something to do.
const DUE_INDEX: &str = "due";
/// The one partition of the index: cases move at the pace of an API that takes 300 requests a minute, and a partition
/// takes 1,000 writes a second.
const SHARD: &str = "cases";

/// Cases in a table.
#[derive(Debug, Clone)]
pub struct Cases {
    client: Client,
    table: String,
}

/// Which case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseKey {
    /// The conversation that it is about.
    pub conversation_id: String,
    /// Its own id. Of two cases of a conversation, the later one has the greater id.
    pub case_id: String,
}

/// What is kept of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// The state that it is in, in a word.
    pub state: String,
    /// The case itself, which the ledger does not look into.
    pub content: String,
    /// When to go on with it, in epoch milliseconds; `None`: there is nothing to do.
    pub due_at: Option<i64>,
    /// When it may be forgotten, in epoch seconds; `None`: never.
    pub expires_at: Option<i64>,
}

/// A case as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCase {
    /// Which one.
    pub key: CaseKey,
    /// How often it was written: the condition for writing it again.
    pub version: u64,
    /// What was kept.
    pub record: CaseRecord,
}

/// Where to go on in the index of what is due.
#[derive(Debug, Clone)]
pub struct DueCasesPage(Item);

/// A page of cases that are due.
#[derive(Debug)]
pub struct DueCases {
    /// The cases, the longest due first.
    pub keys: Vec<CaseKey>,
    /// The next page, if this is not the last.
    pub next: Option<DueCasesPage>,
}

impl Cases {
    /// Cases in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// A case, strongly consistent.
    pub async fn load(&self, key: &CaseKey) -> Result<Option<StoredCase>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item_key(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::request("read the case", &key.case_id, &self.table, &error))?;
        answer.item.map(|item| self.stored(&item)).transpose()
    }

    /// The latest case of a conversation, strongly consistent.
    pub async fn latest(&self, conversation_id: &str) -> Result<Option<StoredCase>, LedgerError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#conversation = :conversation")
            .expression_attribute_names("#conversation", CONVERSATION_ID)
            .expression_attribute_values(":conversation", string(conversation_id))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::request("read the latest case of", conversation_id, &self.table, &error))?;
        answer.items.unwrap_or_default().first().map(|item| self.stored(item)).transpose()
    }

    /// Opens a case, if there is none of this key.
    pub async fn open(&self, key: &CaseKey, record: &CaseRecord) -> Result<Written, LedgerError> {
        self.write("open the case", key, 0, record).await
    }

    /// Replaces what is kept of a case, if it still has the version that was read.
    pub async fn advance(&self, key: &CaseKey, version: u64, record: &CaseRecord) -> Result<Written, LedgerError> {
        self.write("advance the case", key, version, record).await
    }

    /// Cases that are due at `now` (epoch milliseconds), a page at a time. Load each: the index lags behind.
    pub async fn due(&self, now: i64, page: Option<DueCasesPage>, limit: i32) -> Result<DueCases, LedgerError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("#shard = :shard AND #due <= :now")
            .expression_attribute_names("#shard", DUE_SHARD)
            .expression_attribute_names("#due", DUE_AT)
            .expression_attribute_values(":shard", string(SHARD))
            .expression_attribute_values(":now", number(now))
            .set_exclusive_start_key(page.map(|page| page.0))
            .limit(limit)
            .send()
            .await
            .map_err(|error| LedgerError::request("find the cases that are due in", DUE_INDEX, &self.table, &error))?;
        let keys = answer.items.unwrap_or_default().iter().filter_map(case_key).collect();
        Ok(DueCases { keys, next: answer.last_evaluated_key.map(DueCasesPage) })
    }

    async fn write(
        &self,
        operation: &'static str,
        key: &CaseKey,
        seen_version: u64,
        record: &CaseRecord,
    ) -> Result<Written, LedgerError> {
        let partition_key = CONVERSATION_ID;
        let writing = Writing { operation, name: &key.case_id, partition_key, version: VERSION, seen_version };
        versioned::put(&self.client, &self.table, &writing, item(key, record)).await
    }

    fn stored(&self, item: &Item) -> Result<StoredCase, LedgerError> {
        let key =
            case_key(item).ok_or_else(|| LedgerError::corrupt("(without a key)", &self.table, CASE_ID, "a string"))?;
        let corrupt = |attribute, expected| LedgerError::corrupt(&key.case_id, &self.table, attribute, expected);
        let text = |attribute| get_string(item, attribute).ok_or_else(|| corrupt(attribute, "a string"));
        let time = |attribute| {
            let moment = || get_number(item, attribute).and_then(|moment| i64::try_from(moment).ok());
            let moment = || moment().ok_or_else(|| corrupt(attribute, "a time"));
            item.contains_key(attribute).then(moment).transpose()
        };
        let record = CaseRecord {
            state: text(STATE)?,
            content: text(CASE)?,
            due_at: time(DUE_AT)?,
            expires_at: time(EXPIRES_AT)?,
        };
        let version = versioned::version_of(item).ok_or_else(|| corrupt(VERSION, "a number"))?;
        Ok(StoredCase { key, version, record })
    }
}

fn item_key(key: &CaseKey) -> Item {
    Item::from([(CONVERSATION_ID.to_owned(), string(&key.conversation_id)), (CASE_ID.to_owned(), string(&key.case_id))])
}

fn case_key(item: &Item) -> Option<CaseKey> {
    Some(CaseKey { conversation_id: get_string(item, CONVERSATION_ID)?, case_id: get_string(item, CASE_ID)? })
}

fn item(key: &CaseKey, record: &CaseRecord) -> Item {
    let mut item = item_key(key);
    item.insert(STATE.to_owned(), string(&record.state));
    item.insert(CASE.to_owned(), string(&record.content));
    if let Some(due_at) = record.due_at {
        item.insert(DUE_SHARD.to_owned(), string(SHARD));
        item.insert(DUE_AT.to_owned(), number(due_at));
    }
    if let Some(expires_at) = record.expires_at {
        item.insert(EXPIRES_AT.to_owned(), number(expires_at));
    }
    item
}
