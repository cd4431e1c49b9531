//! From an agent's journal to the rows to write.
//!
//! Whoever folds a journal writes what follows from the facts up to some entry of its tail. Any of these foldings may have
//! been under way, and may have written, before it crashed or while we run. So the rows to write are all that differ
//! between the settled state and any prefix of the tail; what an earlier folding had and the last one has not is voided.
//! The tail is the note of what may have been written: it is there before the first row is, and goes with the settlement.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Head;

use crate::facts::{AgentFacts, EpochMs, Session};
use crate::state::{RowKey, State};
use crate::timeline::{Interruption, Rules, Timeline, WorkSession};

/// An agent's journal, with what was read from the archive so far.
#[derive(Debug, Clone)]
pub struct Draft {
    /// How many entries the journal ever had: what a settlement is conditional on.
    pub sequence: u64,
    state: State,
    tail: Vec<AgentFacts>,
    archived: AgentFacts,
    archive_read_from: Option<EpochMs>,
    looked_up: BTreeSet<String>,
}

/// A journal's content is not what this function writes.
#[derive(Debug, thiserror::Error)]
#[error("the {part} of a journal cannot be read: {source}")]
pub struct UnreadableJournal {
    part: &'static str,
    source: serde_json::Error,
}

/// What is to be read from the archive before the rows can be worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Everything that ended at this moment or later.
    Since(EpochMs),
    /// Sessions whose start is not at hand: they may have left for the archive without an end. By their ids.
    Sessions(Vec<String>),
}

/// The rows that follow from a journal.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The settled state with the tail folded in; owes what it owed.
    pub state: State,
    /// All facts, those from the archive included.
    pub facts: AgentFacts,
    /// The rows to write now.
    pub rows: BTreeMap<RowKey, Content>,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An interruption, open or closed.
    Interruption(Interruption),
    /// An interruption that later facts took away.
    Void,
    /// A work session that is over.
    WorkSession(WorkSession),
}

impl Draft {
    /// Reads a journal.
    pub fn of(head: &Head) -> Result<Self, UnreadableJournal> {
        let unreadable = |part| move |source| UnreadableJournal { part, source };
        let state = match &head.settled {
            Some(text) => serde_json::from_str(text).map_err(unreadable("settled state"))?,
            None => State::default(),
        };
        let tail = head.tail.iter().map(|entry| serde_json::from_str(entry)).collect::<Result<_, _>>();
        Ok(Self {
            sequence: head.sequence,
            state,
            tail: tail.map_err(unreadable("tail"))?,
            archived: AgentFacts::default(),
            archive_read_from: None,
            looked_up: BTreeSet::new(),
        })
    }

    /// What the archive must be asked for next; `None`: all that matters is at hand. Debts that are due by `debts_until` (epoch
    /// milliseconds) matter too, none if there is no such moment. Asks
    /// for nothing that ended before what changed began, and for nothing at all in the ordinary case.
    pub fn missing(&self, rules: &Rules, debts_until: Option<EpochMs>) -> Option<Missing> {
        self.state.archived_until?;
        let before = self.before_tail();
        let mut after = before.clone();
        for entry in &self.tail {
            after.join(entry);
        }
        let without_start = self.ends_without_start(&before, &after);
        if !without_start.is_empty() {
            return Some(Missing::Sessions(without_start));
        }
        let needed_from = self.needed_from(&before, &after, rules, debts_until)?;
        let archived = self.state.archived_until.is_some_and(|until| needed_from <= until);
        let unread = self.archive_read_from.is_none_or(|from| needed_from < from);
        (archived && unread).then_some(Missing::Since(needed_from))
    }

    /// Takes in what the archive had.
    pub fn take_in(&mut self, missing: Missing, contents: &[String]) -> Result<(), UnreadableJournal> {
        for content in contents {
            let facts: AgentFacts =
                serde_json::from_str(content).map_err(|source| UnreadableJournal { part: "archive", source })?;
            self.archived.join(&facts);
        }
        match missing {
            Missing::Since(from) => self.archive_read_from = Some(from),
            Missing::Sessions(ids) => self.looked_up.extend(ids),
        }
        Ok(())
    }

    /// Works out the rows to write: those that the tail changes, and debts that are due by `debts_until`.
    pub fn plan(self, rules: &Rules, debts_until: Option<EpochMs>) -> Plan {
        let before = self.before_tail();
        let mut facts = before.clone();
        let mut state = self.state;
        let mut last = Timeline::of(&facts, rules);
        let mut to_write: BTreeSet<RowKey> =
            state.owed.iter().filter(|(_, debt)| debt.is_due(debts_until)).map(|(key, _)| key.clone()).collect();
        for entry in &self.tail {
            let news = facts.join(entry);
            if news == 0 {
                continue;
            }
            state.revision += news;
            let next = Timeline::of(&facts, rules);
            to_write.extend(differences(&last, &next));
            last = next;
        }
        for entry in &self.tail {
            keep_what_is_new(&mut state.facts, entry, &facts, &self.archived);
        }
        keep_what_new_open_sessions_need(&mut state.facts, &before, &facts, rules);
        let rows = to_write.into_iter().filter_map(|key| Some((key.clone(), content(&last, key)?))).collect();
        Plan { state, facts, rows }
    }

    fn before_tail(&self) -> AgentFacts {
        let mut facts = self.state.facts.clone();
        facts.join(&self.archived);
        facts
    }

    /// Sessions whose end is new and whose start is not at hand.
    fn ends_without_start(&self, before: &AgentFacts, after: &AgentFacts) -> Vec<String> {
        let is_new = |id: &str, session: &Session| before.sessions.get(id) != Some(session);
        let lacks_start = |session: &Session| session.start.is_none() && session.end.is_some();
        let unknown = |id: &str| !self.looked_up.contains(id);
        let sessions = after.sessions.iter();
        let wanted = sessions.filter(|(id, session)| lacks_start(session) && is_new(id, session) && unknown(id));
        wanted.map(|(id, _)| id.clone()).collect()
    }

    /// The earliest moment that matters for the rows which the tail or a debt may change.
    fn needed_from(
        &self,
        before: &AgentFacts,
        after: &AgentFacts,
        rules: &Rules,
        debts_until: Option<EpochMs>,
    ) -> Option<EpochMs> {
        let debts = self.state.owed.values().filter(|debt| debt.is_due(debts_until)).map(|debt| debt.since);
        let answers = after.answered.iter().flat_map(|(conversation, times)| {
            let known = before.answered.get(conversation);
            times.iter().copied().filter(move |at| known.is_none_or(|known| !known.contains(at)))
        });
        let cases = after.cases.iter().filter(|(conversation, case)| before.cases.get(*conversation) != Some(case));
        let touched = touched_sessions(before, after);
        let own = touched.iter().filter_map(|(_, session)| session.began().or_else(|| after_call_work_began(session)));
        let affected = affected_work_sessions(&touched, after, rules).filter_map(Session::began);
        debts.chain(answers).chain(cases.map(|(_, case)| case.worked_since)).chain(own).chain(affected).min()
    }
}

/// About when the session of after-call work ended, where nothing else is known of it: it may have left for the archive.
fn after_call_work_began(session: &Session) -> Option<EpochMs> {
    const SLACK_MS: i64 = 3_600_000;
    session.after_call_work.map(|work| work.at - work.duration_ms - SLACK_MS)
}

/// Sessions about which something is new: themselves, that they were answered, or their Case.
fn touched_sessions<'a>(before: &AgentFacts, after: &'a AgentFacts) -> Vec<(&'a String, &'a Session)> {
    let touched = |(id, session): &(&String, &Session)| {
        let conversation = &session.conversation;
        before.sessions.get(*id) != Some(*session)
            || before.answered.get(conversation) != after.answered.get(conversation)
            || before.cases.get(conversation) != after.cases.get(conversation)
    };
    after.sessions.iter().filter(touched).collect()
}

/// Interruptible sessions that are over and may have been interrupted by a touched one: their whole time counts.
fn affected_work_sessions<'a>(
    touched: &'a [(&String, &Session)],
    after: &'a AgentFacts,
    rules: &'a Rules,
) -> impl Iterator<Item = &'a Session> {
    let over = after.sessions.values().filter(|session| session.end.is_some() && rules.is_interruptible(session.media));
    over.filter(move |session| {
        touched.iter().map(|(_, other)| *other).any(|other| {
            let Some(began) = other.began() else { return false };
            // An end that is news may have taken away what an open session had.
            let while_open = began + 2 * rules.max_session.of(other.media);
            let lasted_until = other.counts_until(rules).unwrap_or(began).max(while_open);
            rules.is_interrupting(other.media, other.direction)
                && session.end.is_some_and(|end| end.at >= began)
                && session.began().is_some_and(|start| start <= lasted_until)
        })
    })
}

/// The keys of all rows that are not the same in both.
fn differences(before: &Timeline, after: &Timeline) -> BTreeSet<RowKey> {
    let interruptions = changed(&before.interruptions, &after.interruptions).cloned().map(RowKey::Interruption);
    let work_sessions = changed(&before.work_sessions, &after.work_sessions).cloned().map(RowKey::WorkSession);
    interruptions.chain(work_sessions).collect()
}

fn changed<'a, K: Ord, V: PartialEq>(
    before: &'a BTreeMap<K, V>,
    after: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = &'a K> {
    let gone = before.keys().filter(|key| !after.contains_key(key));
    gone.chain(after.iter().filter(|(key, value)| before.get(key) != Some(value)).map(|(key, _)| key))
}

/// A work session never goes away again: an end that was answered stays the session's end.
fn content(timeline: &Timeline, key: RowKey) -> Option<Content> {
    match key {
        RowKey::Interruption(key) => {
            Some(timeline.interruptions.get(&key).cloned().map_or(Content::Void, Content::Interruption))
        }
        RowKey::WorkSession(session) => timeline.work_sessions.get(&session).cloned().map(Content::WorkSession),
    }
}

/// Keeps of an entry what the archive does not have as it is.
fn keep_what_is_new(kept: &mut AgentFacts, entry: &AgentFacts, all: &AgentFacts, archived: &AgentFacts) {
    let archived_conversation = |conversation: &String| {
        all.answered.get(conversation) == archived.answered.get(conversation)
            && all.cases.get(conversation) == archived.cases.get(conversation)
            && all
                .sessions
                .iter()
                .filter(|(_, session)| session.conversation == *conversation)
                .all(|(id, session)| archived.sessions.get(id) == Some(session))
    };
    let conversations: BTreeSet<&String> = entry
        .sessions
        .values()
        .map(|session| &session.conversation)
        .chain(entry.answered.keys())
        .chain(entry.cases.keys())
        .filter(|conversation| !archived_conversation(conversation))
        .collect();
    kept.join(&all.of_conversations(|conversation| conversations.contains(conversation)));
}

/// Takes back from the archive what a newly known open interruptible session overlaps: when it ends, perhaps weeks from now,
/// its calls must still be there. What leaves for the archive once more gets as long a life as the open session.
fn keep_what_new_open_sessions_need(kept: &mut AgentFacts, before: &AgentFacts, all: &AgentFacts, rules: &Rules) {
    let needs: Vec<EpochMs> = kept
        .sessions
        .iter()
        .filter(|(id, session)| session.is_open_interruptible(rules) && before.sessions.get(*id) != Some(*session))
        .filter_map(|(_, session)| session.start)
        .collect();
    let needed = |session: &Session| session.last_heard().is_some_and(|last| needs.iter().any(|start| *start <= last));
    let conversations: BTreeSet<&String> = all
        .sessions
        .iter()
        .filter(|(id, session)| !kept.sessions.contains_key(*id) && needed(session))
        .map(|(_, session)| &session.conversation)
        .collect();
    kept.join(&all.of_conversations(|conversation| conversations.contains(conversation)));
}
