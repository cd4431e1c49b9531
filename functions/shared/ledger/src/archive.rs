//! What has left a journal: found again by time, when something comes late, or by name.
//!
//! An archive item is a copy of facts. It may be there twice, or beside the journal that still holds the same facts:
//! its reader takes the union.

use crate::attributes::{CONTENT, EXPIRES_AT, ITEM, Item, OWNER, get_string, number, string};
use crate::error::LedgerError;
use crate::journal::Journal;

/// Something kept beside a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveItem {
    /// How it is found.
    pub name: ArchiveName,
    /// The facts.
    pub content: String,
    /// When it may be forgotten, in epoch seconds.
    pub expires_at: i64,
}

/// The two ways in which an archive item is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveName {
    /// In order of time: everything in it had ended by `ended_at` (epoch milliseconds); `sequence` tells apart what
    /// ended together.
    Ended {
        /// Epoch milliseconds.
        ended_at: i64,
        /// The journal's sequence when it was archived.
        sequence: u64,
    },
    /// By a name of its own.
    Named(String),
}

impl ArchiveName {
    fn sort_key(&self) -> String {
        match self {
            Self::Ended { ended_at, sequence } => format!("{}#{sequence:010}", ended_key(*ended_at)),
            Self::Named(name) => format!("named#{name}"),
        }
    }
}

impl ArchiveItem {
    pub(crate) fn into_item(self, owner: &str) -> Item {
        Item::from([
            (OWNER.to_owned(), string(owner)),
            (ITEM.to_owned(), string(self.name.sort_key())),
            (CONTENT.to_owned(), string(self.content)),
            (EXPIRES_AT.to_owned(), number(self.expires_at)),
        ])
    }
}

impl Journal {
    /// The content of everything archived that ended at `from` (epoch milliseconds) or later. What ended before is
    /// not read.
    pub async fn archived_since(&self, owner: &str, from: i64) -> Result<Vec<String>, LedgerError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#owner = :owner AND #item BETWEEN :from AND :to")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_names("#item", ITEM)
            .expression_attribute_values(":owner", string(owner))
            .expression_attribute_values(":from", string(ended_key(from)))
            .expression_attribute_values(":to", string(AFTER_ENDED_KEYS))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut contents = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| LedgerError::request("read the archive of", owner, &self.table, &error))?;
            contents.push(self.content(owner, &item)?);
        }
        Ok(contents)
    }

    /// The content of one named archive item.
    pub async fn archived(&self, owner: &str, name: &str) -> Result<Option<String>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(OWNER, string(owner))
            .key(ITEM, string(ArchiveName::Named(name.to_owned()).sort_key()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::request("read the archive of", owner, &self.table, &error))?;
        answer.item.map(|item| self.content(owner, &item)).transpose()
    }

    fn content(&self, owner: &str, item: &Item) -> Result<String, LedgerError> {
        get_string(item, CONTENT).ok_or_else(|| LedgerError::corrupt(owner, &self.table, CONTENT, "a string"))
    }
}

/// The last time that thirteen digits hold, in the year 2286.
const LAST_TIME: i64 = 9_999_999_999_999;

/// Sorts after every [`ended_key`] and whatever follows it: a colon comes after the digits.
const AFTER_ENDED_KEYS: &str = "ended#:";

/// Text that sorts as the times do.
fn ended_key(at: i64) -> String {
    format!("ended#{:013}", at.clamp(0, LAST_TIME))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_sort_as_times(a in 0..=LAST_TIME, b in 0..=LAST_TIME, sequence in 0_u64..1000) {
            let key = |ended_at| ArchiveName::Ended { ended_at, sequence }.sort_key();
            prop_assert_eq!(a.cmp(&b), key(a).cmp(&key(b)));
            prop_assert_eq!(a >= b, key(a) >= ended_key(b));
            prop_assert!(key(a).as_str() < AFTER_ENDED_KEYS);
        }
    }
}
