//! Drains: jobs, each moved on by one conditional write at a time, and a note of every conversation that they disconnect.
//!
//! Notes belong to the queue, not to the job, so that two jobs never disconnect the same conversation because they do not know
//! of each other. A note is written before the disconnect is requested, on the condition that nobody has written one since it
//! was looked for: of two who come at once, one is told that it has [moved](Written::Moved). Each is a small item of its own,
//! so that a queue of any size fits and no two writers wait for each other.
//!
//! The table: partition key `owner` (`job#…` or `queue#…`), sort key `item` (`job`, or the conversation's id), both strings;
//! time to live `expires_at` (epoch seconds); and the sparse index `due` (`due_shard`, `due_at` in epoch milliseconds).

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::attributes::{CONTENT, DUE_AT, EXPIRES_AT, ITEM, Item, OWNER, get_number, get_string, number, string};
use crate::error::LedgerError;
pub use crate::versioned::Written;
use crate::versioned::{self, VERSION, Writing};

/// The sort key of a job.
const JOB: &str = "job";
/// The job that a note was written for.
const JOB_ID: &str = "job_id";
/// The state, for people who look into the table, and to count notes by.
const STATE: &str = "state";
/// Partition key of the sparse index.
const DUE_SHARD: &str = "due_shard";
/// The sparse index of jobs that are not over.
const DUE_INDEX: &str = "due";
/// Jobs are few: one shard will do.
const SHARD: &str = "jobs";
/// What is left unread by a batch is asked for again so many times.
const BATCH_TRIES: usize = 8;

/// The most notes that are read at once.
pub const MOST_NOTES: usize = 100;

/// Jobs and notes in a table.
#[derive(Debug, Clone)]
pub struct Drains {
    client: Client,
    table: String,
}

/// What is kept of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its state, for people.
    pub state: String,
    /// The job.
    pub content: String,
    /// From when on somebody should see to it, in epoch milliseconds; none once it is over.
    pub due_at: Option<i64>,
    /// When it may be forgotten, in epoch seconds; none while it is not over.
    pub expires_at: Option<i64>,
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// How often it was written: the condition of the next write.
    pub version: u64,
    /// What is kept of it.
    pub record: JobRecord,
}

/// What is noted of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRecord {
    /// The job that it was noted for last.
    pub job_id: String,
    /// Its state.
    pub state: String,
    /// The note.
    pub content: String,
    /// When it may be forgotten, in epoch seconds.
    pub expires_at: i64,
}

/// A note as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNote {
    /// The conversation.
    pub conversation_id: String,
    /// How often it was written: the condition of the next write.
    pub version: u64,
    /// What is noted.
    pub record: NoteRecord,
}

/// Where to go on among the notes of a job.
#[derive(Debug, Clone)]
pub struct NotesPage(Item);

/// Some of the notes of a job.
#[derive(Debug)]
pub struct Notes {
    /// The notes.
    pub notes: Vec<StoredNote>,
    /// The next page, if this is not the last.
    pub next: Option<NotesPage>,
}

impl Drains {
    /// Jobs and notes in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// A job, strongly consistent.
    pub async fn job(&self, job_id: &str) -> Result<Option<StoredJob>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(OWNER, string(owner_of_job(job_id)))
            .key(ITEM, string(JOB))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::request("read the job", job_id, &self.table, &error))?;
        answer.item.map(|item| self.stored_job(job_id, &item)).transpose()
    }

    /// Writes a job, if it still has the version that was read: 0 if there was none.
    pub async fn write_job(&self, job_id: &str, seen_version: u64, record: &JobRecord) -> Result<Written, LedgerError> {
        let mut item = key(owner_of_job(job_id), JOB);
        item.insert(STATE.to_owned(), string(&record.state));
        item.insert(CONTENT.to_owned(), string(&record.content));
        if let Some(due_at) = record.due_at {
            item.insert(DUE_SHARD.to_owned(), string(SHARD));
            item.insert(DUE_AT.to_owned(), number(due_at));
        }
        if let Some(expires_at) = record.expires_at {
            item.insert(EXPIRES_AT.to_owned(), number(expires_at));
        }
        self.put("write the job", job_id, seen_version, item).await
    }

    /// Ids of jobs that are due at `now` (epoch milliseconds), the longest due first. The index lags behind.
    pub async fn due_jobs(&self, now: i64, limit: i32) -> Result<Vec<String>, LedgerError> {
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
            .limit(limit)
            .send()
            .await
            .map_err(|error| LedgerError::request("find the jobs that are due in", DUE_INDEX, &self.table, &error))?;
        let owners = answer.items.unwrap_or_default().into_iter().filter_map(|item| get_string(&item, OWNER));
        Ok(owners.filter_map(|owner| owner.strip_prefix("job#").map(str::to_owned)).collect())
    }

    /// What is noted of these conversations, at most [`MOST_NOTES`], each named once; strongly consistent. Nothing for those
    /// of which nothing is.
    pub async fn notes(&self, queue_id: &str, conversation_ids: &[&str]) -> Result<Vec<StoredNote>, LedgerError> {
        const OPERATION: &str = "read the notes of";
        let owner = owner_of_notes(queue_id);
        let mut keys: Vec<Item> = conversation_ids.iter().map(|id| key(owner.clone(), id)).collect();
        let mut notes = Vec::new();
        for _ in 0..BATCH_TRIES {
            if keys.is_empty() {
                return Ok(notes);
            }
            let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            let wanted = wanted.map_err(|_| LedgerError::corrupt(&owner, &self.table, ITEM, "the key of a note"))?;
            let answer = self.client.batch_get_item().request_items(&self.table, wanted).send().await;
            let answer = answer.map_err(|error| LedgerError::request(OPERATION, &owner, &self.table, &error))?;
            let items = answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
            for item in &items {
                notes.push(self.stored_note(item)?);
            }
            let unread = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
            keys = unread.map(|unread| unread.keys).unwrap_or_default();
        }
        // Never what is only a part: whoever is not found would be disconnected once more.
        let cause = "DynamoDB left some unread again and again".to_owned();
        Err(LedgerError::Request { operation: OPERATION, owner, table: self.table.clone(), cause })
    }

    /// Writes a note, if it still has the version that was read: 0 if there was none.
    pub async fn write_note(
        &self,
        queue_id: &str,
        conversation_id: &str,
        seen_version: u64,
        record: &NoteRecord,
    ) -> Result<Written, LedgerError> {
        let mut item = key(owner_of_notes(queue_id), conversation_id);
        item.insert(JOB_ID.to_owned(), string(&record.job_id));
        item.insert(STATE.to_owned(), string(&record.state));
        item.insert(CONTENT.to_owned(), string(&record.content));
        item.insert(EXPIRES_AT.to_owned(), number(record.expires_at));
        self.put("write the note of", conversation_id, seen_version, item).await
    }

    /// The notes of a job, page by page; strongly consistent.
    pub async fn notes_of_job(
        &self,
        queue_id: &str,
        job_id: &str,
        page: Option<NotesPage>,
    ) -> Result<Notes, LedgerError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#owner = :owner")
            .filter_expression("#job = :job")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_names("#job", JOB_ID)
            .expression_attribute_values(":owner", string(owner_of_notes(queue_id)))
            .expression_attribute_values(":job", string(job_id))
            .consistent_read(true)
            .set_exclusive_start_key(page.map(|page| page.0))
            .send()
            .await
            .map_err(|error| LedgerError::request("read the notes of job", job_id, &self.table, &error))?;
        let items = answer.items.unwrap_or_default();
        let notes = items.iter().map(|item| self.stored_note(item)).collect::<Result<_, _>>()?;
        Ok(Notes { notes, next: answer.last_evaluated_key.map(NotesPage) })
    }

    async fn put(
        &self,
        operation: &'static str,
        name: &str,
        seen_version: u64,
        item: Item,
    ) -> Result<Written, LedgerError> {
        let writing = Writing { operation, name, partition_key: OWNER, version: VERSION, seen_version };
        versioned::put(&self.client, &self.table, &writing, item).await
    }

    fn stored_job(&self, job_id: &str, item: &Item) -> Result<StoredJob, LedgerError> {
        let corrupt = |attribute, expected| LedgerError::corrupt(job_id, &self.table, attribute, expected);
        let text = |attribute| get_string(item, attribute).ok_or_else(|| corrupt(attribute, "a string"));
        let record = JobRecord {
            state: text(STATE)?,
            content: text(CONTENT)?,
            due_at: time(item, DUE_AT),
            expires_at: time(item, EXPIRES_AT),
        };
        let version = versioned::version_of(item).ok_or_else(|| corrupt(VERSION, "a number"))?;
        Ok(StoredJob { version, record })
    }

    fn stored_note(&self, item: &Item) -> Result<StoredNote, LedgerError> {
        let id = get_string(item, ITEM).unwrap_or_default();
        let corrupt = |attribute, expected| LedgerError::corrupt(&id, &self.table, attribute, expected);
        let text = |attribute| get_string(item, attribute).ok_or_else(|| corrupt(attribute, "a string"));
        let record = NoteRecord {
            job_id: text(JOB_ID)?,
            state: text(STATE)?,
            content: text(CONTENT)?,
            expires_at: time(item, EXPIRES_AT).ok_or_else(|| corrupt(EXPIRES_AT, "a time"))?,
        };
        let version = versioned::version_of(item).ok_or_else(|| corrupt(VERSION, "a number"))?;
        Ok(StoredNote { version, record, conversation_id: id.clone() })
    }
}

fn time(item: &Item, attribute: &str) -> Option<i64> {
    get_number(item, attribute).and_then(|moment| i64::try_from(moment).ok())
}

fn owner_of_job(job_id: &str) -> String {
    format!("job#{job_id}")
}

fn owner_of_notes(queue_id: &str) -> String {
    format!("queue#{queue_id}")
}

fn key(owner: String, item: &str) -> Item {
    HashMap::from([(OWNER.to_owned(), string(owner)), (ITEM.to_owned(), string(item))])
}
