//! What a run remembers: counts, and the few conversations that it must come back to. The notes are the truth; this follows them.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use crate::announce::{MOST_NAMED, NotDisconnected};
use crate::filter::{Skip, Skipped};
use crate::note::{State, StoredNote};

/// Conversations that were sent and are still listed: no more are remembered.
const MOST_LISTED: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Disconnected, by this run and those before.
    pub(super) done: u64,
    /// Could not be disconnected.
    pub(super) failed: u64,
    /// The first of them.
    pub(super) failures: Vec<NotDisconnected>,
    /// Disconnected by the runs before this.
    pub(super) done_before: u64,
    /// Requests that are on their way.
    pub(super) under_way: u64,
    /// Requests of which nobody knows what became: when to look.
    pub(super) unsettled: HashMap<String, Timestamp>,
    /// What this pass leaves alone.
    pub(super) skipped: Skipped,
    /// Sent, and still listed by this pass.
    pub(super) listed_again: HashSet<String>,
    /// A look spoke for them, not the real-time views: those cannot tell either whether they are still on.
    pub(super) unseen: HashSet<String>,
    /// Looked at in vain: not again in this run.
    pub(super) unclear: HashSet<String>,
    /// Why a request was not carried out, the last time.
    pub(super) last_not_done: Option<String>,
    /// What was left when it was last estimated, and how much was done by then.
    pub(super) estimate: Option<(u64, u64)>,
    /// Of a dry run: the first conversations that would be disconnected, and how many analytics does not show.
    pub(super) would_disconnect: Vec<String>,
    pub(super) not_shown: u64,
}

impl Tally {
    /// A note of an earlier run.
    pub(super) fn recall(&mut self, stored: StoredNote, look_at: Timestamp) {
        let StoredNote { conversation_id, note, .. } = stored;
        match note.state {
            State::Sent | State::Ended => self.done += 1,
            State::Failed => self.fail(conversation_id, note.words.unwrap_or_default()),
            State::Sending => self.unsettled(conversation_id, look_at),
            State::NotDone => {}
        }
        self.done_before = self.done;
    }

    /// The same as these notes say, wherever they do; the rest is kept.
    pub(super) fn recount(&mut self, mut recalled: Self) {
        for (id, look_at) in &mut recalled.unsettled {
            *look_at = self.unsettled.get(id).copied().unwrap_or(*look_at);
        }
        self.unsettled = recalled.unsettled;
        (self.done, self.failed, self.failures) = (recalled.done, recalled.failed, recalled.failures);
    }

    pub(super) fn fail(&mut self, conversation_id: String, reason: String) {
        self.failed += 1;
        if self.failures.len() < MOST_NAMED {
            self.failures.push(NotDisconnected { conversation_id, reason });
        }
    }

    pub(super) fn unsettled(&mut self, conversation_id: String, look_at: Timestamp) {
        self.unsettled.entry(conversation_id).or_insert(look_at);
    }

    pub(super) fn skip(&mut self, why: Skip) {
        *self.skipped.entry(why).or_default() += 1;
    }

    pub(super) fn listed_again(&mut self, conversation_id: &str) {
        if self.listed_again.len() < MOST_LISTED {
            self.listed_again.insert(conversation_id.to_owned());
        }
    }

    pub(super) fn unseen(&mut self, conversation_id: &str) {
        if self.unseen.len() < MOST_LISTED {
            self.unseen.insert(conversation_id.to_owned());
        }
    }

    /// A pass begins, with so many rows listed.
    pub(super) fn begin_pass(&mut self, listed: u64) {
        let left = self.estimate.map_or(listed, |_| self.left().min(listed));
        self.estimate = Some((left, self.done + self.failed));
        self.skipped = BTreeMap::new();
        self.listed_again.clear();
    }

    /// How many are left, roughly.
    pub(super) fn left(&self) -> u64 {
        let (left, counted) = self.estimate.unwrap_or_default();
        let skipped: u64 = self.skipped.values().sum();
        left.saturating_sub(self.done + self.failed - counted.min(self.done + self.failed)).saturating_sub(skipped)
    }
}
