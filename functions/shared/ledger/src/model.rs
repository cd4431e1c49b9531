//! The ledger in memory: what a simulation of millions of steps puts in the place of DynamoDB.
//!
//! The same operations with the same results, held to the real ones by `tests/against_dynamodb` (`model.rs`, `watch.rs`). What is left
//! out: failures, and forgetting what has expired.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::ArchiveName;
use crate::journal::{Head, Settled, Settlement};
use crate::sets::Sets;
use crate::watch::{DueConversation, Observation, Outcome, Watched};

/// Journals, archives and sets, as [`Journal`](crate::Journal) and [`GrowOnlySets`](crate::GrowOnlySets) keep them.
#[derive(Debug, Clone, Default)]
pub struct ModelLedger {
    owners: BTreeMap<String, Owner>,
}

#[derive(Debug, Clone, Default)]
struct Owner {
    journal: Option<Head>,
    due_at: Option<i64>,
    ended: BTreeMap<(i64, u64), String>,
    named: BTreeMap<String, String>,
    sets: Sets,
}

impl ModelLedger {
    /// As [`Journal::append`](crate::Journal::append).
    pub fn append(&mut self, owner: &str, entry: &str, now: i64) -> Head {
        let owner = self.owner(owner);
        let head = owner.journal.get_or_insert_default();
        head.sequence += 1;
        head.tail.push(entry.to_owned());
        owner.due_at = Some(now);
        head.clone()
    }

    /// As [`Journal::read`](crate::Journal::read).
    pub fn read(&self, owner: &str) -> Option<Head> {
        self.owners.get(owner)?.journal.clone()
    }

    /// As [`Journal::settle`](crate::Journal::settle).
    pub fn settle(&mut self, owner: &str, sequence: u64, settlement: Settlement) -> Settled {
        let owner = self.owner(owner);
        let Some(head) = owner.journal.as_mut().filter(|head| head.sequence == sequence) else {
            return Settled::Moved;
        };
        *head = Head { sequence: sequence + 1, settled: Some(settlement.state), tail: Vec::new() };
        owner.due_at = settlement.due_at;
        for item in settlement.archived {
            match item.name {
                ArchiveName::Ended { ended_at, sequence } => owner.ended.insert((ended_at, sequence), item.content),
                ArchiveName::Named(name) => owner.named.insert(name, item.content),
            };
        }
        Settled::Done
    }

    /// As [`Journal::due`](crate::Journal::due), all pages at once, in no particular order.
    pub fn due(&self, now: i64) -> Vec<String> {
        let due = self.owners.iter().filter(|(_, owner)| owner.due_at.is_some_and(|due_at| due_at <= now));
        due.map(|(name, _)| name.clone()).collect()
    }

    /// As [`Journal::archived_since`](crate::Journal::archived_since).
    pub fn archived_since(&self, owner: &str, from: i64) -> Vec<String> {
        let ended = self.owners.get(owner).into_iter().flat_map(|owner| owner.ended.range((from, 0)..));
        ended.map(|(_, content)| content.clone()).collect()
    }

    /// As [`Journal::archived`](crate::Journal::archived).
    pub fn archived(&self, owner: &str, name: &str) -> Option<String> {
        self.owners.get(owner)?.named.get(name).cloned()
    }

    /// As [`GrowOnlySets::add`](crate::GrowOnlySets::add).
    pub fn add(&mut self, owner: &str, additions: &Sets) -> Sets {
        let sets = &mut self.owner(owner).sets;
        let mut whole = Sets::new();
        for (name, values) in additions {
            let set: &mut BTreeSet<String> = sets.entry(name).or_default();
            set.extend(values.iter().cloned());
            whole.insert(name, set.clone());
        }
        whole
    }

    fn owner(&mut self, name: &str) -> &mut Owner {
        self.owners.entry(name.to_owned()).or_default()
    }
}

/// Watched conversations, as [`Watch`](crate::Watch) keeps them.
#[derive(Debug, Clone, Default)]
pub struct ModelWatch {
    conversations: BTreeMap<String, Watched>,
}

impl ModelWatch {
    /// As [`Watch::read`](crate::Watch::read).
    pub fn read(&self, conversation_id: &str) -> Option<Watched> {
        self.conversations.get(conversation_id).cloned()
    }

    /// As [`Watch::observe`](crate::Watch::observe).
    pub fn observe(&mut self, conversation_id: &str, seen: Option<u64>, to: Observation) -> Outcome {
        if self.conversations.get(conversation_id).map(|stored| stored.revision) != seen {
            return Outcome::Moved;
        }
        let revision = seen.unwrap_or_default() + 1;
        let watched = Watched { revision, facts: to.facts, due_at: to.due_at };
        self.conversations.insert(conversation_id.to_owned(), watched);
        Outcome::Written
    }

    /// As [`Watch::due`](crate::Watch::due), all pages at once.
    pub fn due(&self, now: i64) -> Vec<DueConversation> {
        let due = self.conversations.iter().filter_map(|(conversation_id, stored)| {
            let due_at = stored.due_at.filter(|due_at| *due_at <= now)?;
            Some(DueConversation { due_at, conversation_id: conversation_id.clone() })
        });
        let mut due: Vec<_> = due.collect();
        due.sort_unstable();
        due
    }

    /// As [`Watch::look_again`](crate::Watch::look_again).
    pub fn look_again(&mut self, conversation_id: &str, seen: i64, due_at: i64) -> Outcome {
        self.looked(conversation_id, seen, Some(due_at))
    }

    /// As [`Watch::leave`](crate::Watch::leave).
    pub fn leave(&mut self, conversation_id: &str, seen: i64) -> Outcome {
        self.looked(conversation_id, seen, None)
    }

    fn looked(&mut self, conversation_id: &str, seen: i64, due_at: Option<i64>) -> Outcome {
        match self.conversations.get_mut(conversation_id) {
            Some(stored) if stored.due_at == Some(seen) => {
                stored.revision += 1;
                stored.due_at = due_at;
                Outcome::Written
            }
            _ => Outcome::Moved,
        }
    }
}
