//! One item an owner: entries are appended to its tail and, once all that follows from them has been done, settled
//! into its state.
//!
//! The order of appends is the same for everybody (an item is linearizable), so whoever reads sees a prefix of one
//! history. That makes two copies that run at once harmless: each can work out what any other may have done.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use crate::archive::ArchiveItem;
use crate::attributes::{
    DUE_AT, EXPIRES_AT, ITEM, Item, OWNER, PENDING_SHARD, SEQUENCE, SETTLED, TAIL, get_number, get_string, get_strings,
    number, string,
};
use crate::error::LedgerError;
use crate::held::tried_again_while_held;
use crate::shards::{SHARDS, shard_name, shard_of};

/// The sort key of an owner's journal.
const HEAD: &str = "journal";
/// The sparse index of owners with something to do.
const PENDING_INDEX: &str = "pending";
/// How long a journal that nobody settles is kept, in seconds: 90 days, as for a session without an end.
const UNSETTLED_FOR_SECS: i64 = 90 * 86_400;

/// Journals in a table.
#[derive(Debug, Clone)]
pub struct Journal {
    pub(crate) client: Client,
    pub(crate) table: String,
}

/// A journal as it is: the settled state and what came since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// How often it was appended to or settled.
    pub sequence: u64,
    /// What everything before the tail came to.
    pub settled: Option<String>,
    /// Entries not yet settled, oldest first.
    pub tail: Vec<String>,
}

/// What a journal becomes when its tail is settled.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The new state.
    pub state: String,
    /// When to look at this owner again, in epoch milliseconds; `None`: nothing is pending.
    pub due_at: Option<i64>,
    /// When the journal may be forgotten, in epoch seconds.
    pub expires_at: i64,
    /// What leaves the journal for the archive with this settlement. At most 99, each with a name of its own: a
    /// transaction takes 100 items and none twice.
    pub archived: Vec<ArchiveItem>,
}

/// How settling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The state is in force and the tail is empty.
    Done,
    /// Somebody appended or settled since. Nothing was changed; a note that something is pending still stands. (Also
    /// if this very settlement was taken but the answer to it was lost.)
    Moved,
}

impl Journal {
    /// Journals in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Appends an entry, notes that the owner has something due now, however far off it was, and gives back all there
    /// is, in one request. `now` is in epoch milliseconds. Appending an entry again does no harm if its reader takes it
    /// as a fact.
    pub async fn append(&self, owner: &str, entry: &str, now: i64) -> Result<Head, LedgerError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(owner)))
            .update_expression(
                "SET #tail = list_append(if_not_exists(#tail, :none), :entry), #shard = :shard, \
                 #due = :now, #expires = :expires ADD #seq :one",
            )
            .expression_attribute_names("#tail", TAIL)
            .expression_attribute_names("#shard", PENDING_SHARD)
            .expression_attribute_names("#due", DUE_AT)
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_names("#seq", SEQUENCE)
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":entry", AttributeValue::L(vec![string(entry)]))
            .expression_attribute_values(":shard", string(shard_of(PENDING_INDEX, owner)))
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":expires", number(now / 1000 + UNSETTLED_FOR_SECS))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .customize()
            .config_override(tried_again_while_held())
            .send()
            .await
            .map_err(|error| LedgerError::request("append to the journal of", owner, &self.table, &error))?;
        self.head(owner, &answer.attributes.unwrap_or_default())
    }

    /// The journal of an owner, strongly consistent.
    pub async fn read(&self, owner: &str) -> Result<Option<Head>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(owner)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::request("read the journal of", owner, &self.table, &error))?;
        answer.item.map(|item| self.head(owner, &item)).transpose()
    }

    /// Replaces the tail by the state that it came to, if nobody has appended or settled since `sequence`. (What a settlement
    /// takes to the archive, another reader of the same journal may have found there already, and taken for settled.)
    pub async fn settle(&self, owner: &str, sequence: u64, settlement: Settlement) -> Result<Settled, LedgerError> {
        if settlement.archived.is_empty() {
            return self.settle_alone(owner, sequence, &settlement).await;
        }
        self.settle_and_archive(owner, sequence, settlement).await
    }

    async fn settle_alone(&self, owner: &str, sequence: u64, to: &Settlement) -> Result<Settled, LedgerError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(owner)))
            .update_expression(settle_expression(to))
            .condition_expression(SETTLE_CONDITION)
            .set_expression_attribute_names(Some(settle_names()))
            .set_expression_attribute_values(Some(settle_values(owner, sequence, to)))
            .customize()
            .config_override(tried_again_while_held())
            .send()
            .await;
        match result {
            Ok(_) => Ok(Settled::Done),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Settled::Moved)
            }
            Err(error) => Err(LedgerError::request("settle the journal of", owner, &self.table, &error)),
        }
    }

    async fn settle_and_archive(&self, owner: &str, sequence: u64, to: Settlement) -> Result<Settled, LedgerError> {
        let corrupt = |_| LedgerError::corrupt(owner, &self.table, ITEM, "a complete write");
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(owner)))
            .update_expression(settle_expression(&to))
            .condition_expression(SETTLE_CONDITION)
            .set_expression_attribute_names(Some(settle_names()))
            .set_expression_attribute_values(Some(settle_values(owner, sequence, &to)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .build()
            .map_err(corrupt)?;
        let mut request =
            self.client.transact_write_items().transact_items(TransactWriteItem::builder().update(update).build());
        for archived in to.archived {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(archived.into_item(owner)))
                .build()
                .map_err(corrupt)?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(Settled::Done),
            Err(error) if error.as_service_error().is_some_and(moved) => Ok(Settled::Moved),
            Err(error) => Err(LedgerError::request("settle and archive the journal of", owner, &self.table, &error)),
        }
    }

    /// Owners with something pending that is due at `now` (epoch milliseconds), a page at a time. Read the journal of
    /// each: the index lags behind.
    pub async fn due(&self, now: i64, page: Option<DuePage>, limit: i32) -> Result<DueOwners, LedgerError> {
        let DuePage { shard, after } = page.unwrap_or_default();
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#shard = :shard AND #due <= :now")
            .expression_attribute_names("#shard", PENDING_SHARD)
            .expression_attribute_names("#due", DUE_AT)
            .expression_attribute_values(":shard", string(shard_name(PENDING_INDEX, shard)))
            .expression_attribute_values(":now", number(now))
            .set_exclusive_start_key(after)
            .limit(limit)
            .send()
            .await
            .map_err(|error| LedgerError::request("find what is due in", PENDING_INDEX, &self.table, &error))?;
        let next = match answer.last_evaluated_key {
            Some(key) => Some(DuePage { shard, after: Some(key) }),
            None if shard + 1 < SHARDS => Some(DuePage { shard: shard + 1, after: None }),
            None => None,
        };
        let owners = answer.items.unwrap_or_default().iter().filter_map(|item| get_string(item, OWNER)).collect();
        Ok(DueOwners { owners, next })
    }

    fn head(&self, owner: &str, item: &Item) -> Result<Head, LedgerError> {
        let corrupt = |attribute, expected| LedgerError::corrupt(owner, &self.table, attribute, expected);
        let settled = || get_string(item, SETTLED).ok_or_else(|| corrupt(SETTLED, "a string"));
        Ok(Head {
            sequence: get_number(item, SEQUENCE).ok_or_else(|| corrupt(SEQUENCE, "a number"))?,
            settled: item.contains_key(SETTLED).then(settled).transpose()?,
            tail: get_strings(item, TAIL).ok_or_else(|| corrupt(TAIL, "a list of strings"))?,
        })
    }
}

/// Where to go on in the index of what is due.
#[derive(Debug, Clone, Default)]
pub struct DuePage {
    shard: u64,
    after: Option<Item>,
}

/// A page of owners with something due.
#[derive(Debug)]
pub struct DueOwners {
    /// The owners; at times none although there is a next page.
    pub owners: Vec<String>,
    /// The next page, if this is not the last.
    pub next: Option<DuePage>,
}

const SETTLE_CONDITION: &str = "#seq = :seq";

fn settle_expression(to: &Settlement) -> &'static str {
    if to.due_at.is_some() {
        "SET #settled = :state, #expires = :expires, #shard = :shard, #due = :due REMOVE #tail ADD #seq :one"
    } else {
        "SET #settled = :state, #expires = :expires REMOVE #tail, #shard, #due ADD #seq :one"
    }
}

fn settle_names() -> std::collections::HashMap<String, String> {
    [("#seq", SEQUENCE), ("#settled", SETTLED), ("#expires", EXPIRES_AT), ("#tail", TAIL), ("#shard", PENDING_SHARD)]
        .into_iter()
        .chain([("#due", DUE_AT)])
        .map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned()))
        .collect()
}

fn settle_values(owner: &str, sequence: u64, to: &Settlement) -> Item {
    let mut values = Item::from([
        (":seq".to_owned(), number(sequence)),
        (":one".to_owned(), number(1)),
        (":state".to_owned(), string(&to.state)),
        (":expires".to_owned(), number(to.expires_at)),
    ]);
    if let Some(due_at) = to.due_at {
        values.insert(":shard".to_owned(), string(shard_of(PENDING_INDEX, owner)));
        values.insert(":due".to_owned(), number(due_at));
    }
    values
}

/// Whether a transaction was refused because the journal had moved.
fn moved(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else { return false };
    // Somebody else at the same item at the same moment is a move too: what is pending is theirs, or the next flush's.
    cancelled
        .cancellation_reasons()
        .iter()
        .filter_map(|reason| reason.code())
        .any(|code| code == "ConditionalCheckFailed" || code == "TransactionConflict")
}

fn key(owner: &str) -> Item {
    Item::from([(OWNER.to_owned(), string(owner)), (ITEM.to_owned(), string(HEAD))])
}
