//! Conversations that are watched: the facts of each, and when it should be looked at.
//!
//! Facts are read, and written back with what came to them and the due time that follows, by one write on the condition that
//! nobody has written since. So the two always belong together, whoever dies when; reading costs a fraction of writing, and
//! what brings nothing new is not written at all.
//!
//! Whoever looks at what is due writes back on the condition that the due time is still the one that made it look. A watcher
//! to whom something happens meanwhile sets another due time, and so the look that did not see it has no effect.
//!
//! The table: partition key `conversation_id` (string), time to live `expires_at` (epoch seconds), and the sparse index `due`
//! (`due_shard`, `due_at` in epoch milliseconds). The ledger does not look into the facts.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use crate::attributes::{DUE_AT, EXPIRES_AT, Item, get_number, get_string, number, string};
use crate::error::LedgerError;
use crate::shards::{SHARDS, shard_name, shard_of};

/// Partition key.
const CONVERSATION_ID: &str = "conversation_id";
/// What is known of the conversation.
const FACTS: &str = "facts";
/// How often the item was written.
const REVISION: &str = "revision";
/// Partition key of the sparse index.
const DUE_SHARD: &str = "due_shard";
/// The sparse index of conversations that should be looked at.
const DUE_INDEX: &str = "due";

/// How long a conversation is kept after it was last heard of and is due, in seconds: 90 days. The platform itself ends what
/// is left over after 59 (reference/genesys-cloud.md §5.2).
pub const KEPT_FOR_SECS: i64 = 90 * 86_400;

/// Watched conversations in a table.
#[derive(Debug, Clone)]
pub struct Watch {
    client: Client,
    table: String,
}

/// A conversation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// How often it was written: the condition of the next observation.
    pub revision: u64,
    /// What is known of it.
    pub facts: String,
    /// When it should be looked at, in epoch milliseconds; `None`: never, as far as is known.
    pub due_at: Option<i64>,
}

/// What a conversation becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// All that is known of it now.
    pub facts: String,
    /// When it should be looked at, in epoch milliseconds; `None`: never, as far as is known.
    pub due_at: Option<i64>,
    /// When it may be forgotten, in epoch seconds.
    pub expires_at: i64,
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It is in force.
    Written,
    /// Somebody has written since (or it was this very write, and the answer to it was lost). Nothing was changed.
    Moved,
}

/// A conversation that should be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueConversation {
    /// Since when, in epoch milliseconds.
    pub due_at: i64,
    /// Which.
    pub conversation_id: String,
}

/// Where to go on in the index: behind the last one found in each shard.
#[derive(Debug, Clone, Default)]
pub struct DuePage {
    last_found: BTreeMap<u64, DueConversation>,
}

/// A page of conversations that should be looked at.
#[derive(Debug)]
pub struct DueConversations {
    /// The conversations, the longest due first.
    pub conversations: Vec<DueConversation>,
    /// The next page, if this is not the last.
    pub next: Option<DuePage>,
}

impl Watch {
    /// Watched conversations in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// A conversation, strongly consistent.
    pub async fn read(&self, conversation_id: &str) -> Result<Option<Watched>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(CONVERSATION_ID, string(conversation_id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::request("read the conversation", conversation_id, &self.table, &error))?;
        answer.item.map(|item| self.watched(conversation_id, &item)).transpose()
    }

    /// Stores what a conversation becomes, if nobody has written since it was read: `seen` is the revision then, `None` if
    /// there was no such conversation.
    pub async fn observe(
        &self,
        conversation_id: &str,
        seen: Option<u64>,
        to: Observation,
    ) -> Result<Outcome, LedgerError> {
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(CONVERSATION_ID, string(conversation_id))
            .item(REVISION, number(seen.unwrap_or_default().saturating_add(1)))
            .item(FACTS, string(to.facts))
            .item(EXPIRES_AT, number(to.expires_at));
        if let Some(due_at) = to.due_at {
            request =
                request.item(DUE_SHARD, string(shard_of(DUE_INDEX, conversation_id))).item(DUE_AT, number(due_at));
        }
        request = match seen {
            None => request
                .condition_expression("attribute_not_exists(#conversation)")
                .expression_attribute_names("#conversation", CONVERSATION_ID),
            Some(revision) => request
                .condition_expression("#revision = :seen")
                .expression_attribute_names("#revision", REVISION)
                .expression_attribute_values(":seen", number(revision)),
        };
        match request.send().await {
            Ok(_) => Ok(Outcome::Written),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(Outcome::Moved)
            }
            Err(error) => {
                Err(LedgerError::request("store what is known of conversation", conversation_id, &self.table, &error))
            }
        }
    }

    /// Conversations that are due at `now` (epoch milliseconds), the longest due first, at most `limit` of them.
    pub async fn due(&self, now: i64, page: Option<DuePage>, limit: i32) -> Result<DueConversations, LedgerError> {
        let mut page = page.unwrap_or_default();
        let mut found = Vec::new();
        let mut more = false;
        for shard in 0..SHARDS {
            let (conversations, is_cut) = self.due_in_shard(shard, page.last_found.get(&shard), now, limit).await?;
            found.extend(conversations.into_iter().map(|conversation| (conversation, shard)));
            more |= is_cut;
        }
        found.sort_unstable();
        let limit = usize::try_from(limit).unwrap_or_default();
        more |= found.len() > limit;
        found.truncate(limit);
        page.last_found.extend(found.iter().map(|(conversation, shard)| (*shard, conversation.clone())));
        let conversations = found.into_iter().map(|(conversation, _)| conversation).collect();
        Ok(DueConversations { conversations, next: more.then_some(page) })
    }

    /// What is due in a shard, and whether there is more of it.
    async fn due_in_shard(
        &self,
        shard: u64,
        after: Option<&DueConversation>,
        now: i64,
        limit: i32,
    ) -> Result<(Vec<DueConversation>, bool), LedgerError> {
        let after = after.map(|last| {
            Item::from([
                (CONVERSATION_ID.to_owned(), string(&last.conversation_id)),
                (DUE_SHARD.to_owned(), string(shard_name(DUE_INDEX, shard))),
                (DUE_AT.to_owned(), number(last.due_at)),
            ])
        });
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("#shard = :shard AND #due <= :now")
            .expression_attribute_names("#shard", DUE_SHARD)
            .expression_attribute_names("#due", DUE_AT)
            .expression_attribute_values(":shard", string(shard_name(DUE_INDEX, shard)))
            .expression_attribute_values(":now", number(now))
            .set_exclusive_start_key(after)
            .limit(limit)
            .send()
            .await
            .map_err(|error| LedgerError::request("find the conversations due in", DUE_INDEX, &self.table, &error))?;
        let items = answer.items.unwrap_or_default();
        let conversations = items.iter().filter_map(|item| {
            Some(DueConversation {
                due_at: get_time(item, DUE_AT)?,
                conversation_id: get_string(item, CONVERSATION_ID)?,
            })
        });
        Ok((conversations.collect(), answer.last_evaluated_key.is_some()))
    }

    /// Has a conversation looked at again at `due_at` (epoch milliseconds), unless its due time is no longer the one that
    /// was `seen`: then something has happened to it that the look may not have seen.
    pub async fn look_again(&self, conversation_id: &str, seen: i64, due_at: i64) -> Result<Outcome, LedgerError> {
        let request = self
            .client
            .update_item()
            .update_expression("SET #due = :due, #expires = :expires ADD #revision :one")
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_values(":due", number(due_at))
            .expression_attribute_values(":expires", number((due_at / 1000).saturating_add(KEPT_FOR_SECS)));
        self.looked(request, "have another look at conversation", conversation_id, seen).await
    }

    /// Takes a conversation out of the index, unless its due time is no longer the one that was `seen`. Its next event brings
    /// it back.
    pub async fn leave(&self, conversation_id: &str, seen: i64) -> Result<Outcome, LedgerError> {
        let request = self
            .client
            .update_item()
            .update_expression("REMOVE #shard, #due ADD #revision :one")
            .expression_attribute_names("#shard", DUE_SHARD);
        self.looked(request, "look no more at conversation", conversation_id, seen).await
    }

    /// Writes what follows from a look. The revision moves too, so that who observes meanwhile reads again.
    async fn looked(
        &self,
        request: UpdateItemFluentBuilder,
        operation: &'static str,
        conversation_id: &str,
        seen: i64,
    ) -> Result<Outcome, LedgerError> {
        let result = request
            .table_name(&self.table)
            .key(CONVERSATION_ID, string(conversation_id))
            .condition_expression("#due = :seen")
            .expression_attribute_names("#due", DUE_AT)
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":seen", number(seen))
            .expression_attribute_values(":one", number(1))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Outcome::Written),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Outcome::Moved)
            }
            Err(error) => Err(LedgerError::request(operation, conversation_id, &self.table, &error)),
        }
    }

    fn watched(&self, conversation_id: &str, item: &Item) -> Result<Watched, LedgerError> {
        let corrupt = |attribute, expected| LedgerError::corrupt(conversation_id, &self.table, attribute, expected);
        let due_at = || get_time(item, DUE_AT).ok_or_else(|| corrupt(DUE_AT, "a time"));
        Ok(Watched {
            revision: get_number(item, REVISION).ok_or_else(|| corrupt(REVISION, "a number"))?,
            facts: get_string(item, FACTS).ok_or_else(|| corrupt(FACTS, "a string"))?,
            due_at: item.contains_key(DUE_AT).then(due_at).transpose()?,
        })
    }
}

/// A time, which may be before 1970 where an event says so.
fn get_time(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
