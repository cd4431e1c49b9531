//! The conversations: as `GET /api/v2/conversations/{id}` shows them (reference/genesys-cloud.md §2.2).
//!
//! A conversation is set as JSON, or [observed](Conversations::observe) event by event. Either way it can be disconnected; how
//! soon that takes effect is up to its [`DisconnectBehavior`]. It can be told to [change](Conversations::change_after_reads)
//! between two looks.

mod agentless;
mod event;
mod model;
mod observation;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Clock;
use crate::state::lock;
pub(crate) use agentless::{Correspondence, add_message};
use event::Event;
use model::Conversation;
pub(crate) use model::{COMMUNICATION_LISTS, epoch_ms, time};

/// How soon a disconnect request, which is accepted (202) unless told otherwise, takes effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DisconnectBehavior {
    /// Before the request is answered.
    #[default]
    AtOnce,
    /// So many milliseconds later, by the fake's clock.
    AfterMs(u64),
    /// When it has been read so many times more.
    AfterReads(u32),
    /// Not at all: a ghost that needs Genesys Customer Care.
    Never,
    /// Not at all, and it is not accepted either: 409.
    Conflict,
}

/// Why a disconnect request is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAccepted {
    NotFound,
    Conflict,
}

/// There is no such conversation, or no such participant in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such conversation or participant")]
pub struct NotFound;

/// What was set as a conversation is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot set the conversation: it must be an object whose id is a string")]
pub struct NotAConversation;

/// What was observed is not a detail event.
#[derive(Debug, thiserror::Error)]
#[error("cannot observe the event: it is not an EventBridge event from Genesys Cloud")]
pub struct NotAnEvent(#[from] serde_json::Error);

/// The conversations, by id.
#[derive(Debug)]
pub struct Conversations {
    clock: Clock,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_id: BTreeMap<String, Entry>,
    disconnect_behaviors: HashMap<String, DisconnectBehavior>,
}

#[derive(Debug)]
struct Entry {
    conversation: Conversation,
    teardown: Option<Teardown>,
    /// What it is still to become.
    changes: VecDeque<Change>,
}

/// What a conversation becomes when it has been read so many times more.
#[derive(Debug)]
struct Change {
    reads_left: u32,
    conversation: Conversation,
}

/// A disconnect that was accepted and has not taken effect yet.
#[derive(Debug, Clone, Copy)]
enum Teardown {
    At { due_ms: i64 },
    AfterReads { left: u32 },
}

impl Conversations {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    /// Sets a conversation, in the shape in which the API shows it. One of the same id is replaced.
    pub fn set(&self, conversation: Value) -> Result<(), NotAConversation> {
        let conversation = Conversation::from_json(conversation).ok_or(NotAConversation)?;
        let id = conversation.id().to_owned();
        lock(&self.entries).by_id.insert(id, Entry::new(conversation));
        Ok(())
    }

    /// Makes the conversation become this one when it has been read so many times more, counted from the change before it. The
    /// read that completes the number still shows it as it was: so it changes between two looks.
    pub fn change_after_reads(&self, reads: u32, conversation: Value) -> Result<(), NotAConversation> {
        let conversation = Conversation::from_json(conversation).ok_or(NotAConversation)?;
        let mut entries = lock(&self.entries);
        let entry = entries.by_id.get_mut(conversation.id()).ok_or(NotAConversation)?;
        entry.changes.push_back(Change { reads_left: reads, conversation });
        entry.change_if_due();
        Ok(())
    }

    /// Takes note of what a detail event says: the whole `EventBridge` event, as the functions get it. Other events from Genesys
    /// Cloud are passed over. Events may come late or twice: an end is never undone by its start.
    pub fn observe(&self, envelope: &Value) -> Result<(), NotAnEvent> {
        let Some(event) = Event::read(envelope)? else { return Ok(()) };
        let mut entries = lock(&self.entries);
        let entry = entries
            .by_id
            .entry(event.body.conversation_id.clone())
            .or_insert_with(|| Entry::new(Conversation::new(&event.body.conversation_id)));
        observation::apply(&event, &mut entry.conversation);
        Ok(())
    }

    /// How the conversation behaves when it is told to disconnect; it need not exist yet.
    pub fn on_disconnect(&self, id: &str, behavior: DisconnectBehavior) {
        lock(&self.entries).disconnect_behaviors.insert(id.to_owned(), behavior);
    }

    /// The conversation, without counting as a read.
    pub fn get(&self, id: &str) -> Option<Value> {
        let mut entries = lock(&self.entries);
        let entry = entries.by_id.get_mut(id)?;
        entry.pass_time(self.clock.now_ms());
        Some(entry.conversation.to_json())
    }

    /// All conversations, in the order of their ids, without counting as reads.
    pub fn all(&self) -> Vec<Value> {
        let now_ms = self.clock.now_ms();
        let mut entries = lock(&self.entries);
        let shown = entries.by_id.values_mut().map(|entry| {
            entry.pass_time(now_ms);
            entry.conversation.to_json()
        });
        shown.collect()
    }

    /// Shows all conversations, by id, without counting as reads.
    pub(crate) fn inspect<T>(
        &self,
        view: impl FnOnce(&mut dyn Iterator<Item = (&String, &Map<String, Value>)>) -> T,
    ) -> T {
        let now_ms = self.clock.now_ms();
        let mut entries = lock(&self.entries);
        entries.by_id.values_mut().for_each(|entry| entry.pass_time(now_ms));
        view(&mut entries.by_id.iter().map(|(id, entry)| (id, entry.conversation.fields())))
    }

    /// The conversation, as the API shows it.
    pub(crate) fn read(&self, id: &str) -> Option<Value> {
        let now_ms = self.clock.now_ms();
        let mut entries = lock(&self.entries);
        let entry = entries.by_id.get_mut(id)?;
        entry.pass_time(now_ms);
        entry.count_read(now_ms);
        let shown = entry.conversation.to_json();
        entry.count_towards_change();
        Some(shown)
    }

    /// How a conversation, of a crowd too, behaves when it is told to disconnect.
    pub(crate) fn behavior(&self, id: &str) -> DisconnectBehavior {
        lock(&self.entries).disconnect_behaviors.get(id).copied().unwrap_or_default()
    }

    pub(crate) fn request_disconnect(&self, id: &str) -> Result<(), NotAccepted> {
        let now_ms = self.clock.now_ms();
        let mut entries = lock(&self.entries);
        let behavior = entries.disconnect_behaviors.get(id).copied().unwrap_or_default();
        let entry = entries.by_id.get_mut(id).ok_or(NotAccepted::NotFound)?;
        match behavior {
            DisconnectBehavior::AtOnce => entry.conversation.tear_down(now_ms),
            DisconnectBehavior::AfterMs(delay_ms) => {
                entry.schedule(Teardown::At { due_ms: now_ms.saturating_add_unsigned(delay_ms) });
            }
            DisconnectBehavior::AfterReads(left) => entry.schedule(Teardown::AfterReads { left }),
            DisconnectBehavior::Never => {}
            DisconnectBehavior::Conflict => return Err(NotAccepted::Conflict),
        }
        Ok(())
    }

    /// Disconnects one message communication of a participant, as the conversation's [`DisconnectBehavior`] says; where that is
    /// later, not at all.
    pub(crate) fn disconnect_message(
        &self,
        id: &str,
        participant_id: &str,
        communication_id: &str,
    ) -> Result<(), NotAccepted> {
        let now_ms = self.clock.now_ms();
        let mut entries = lock(&self.entries);
        let behavior = entries.disconnect_behaviors.get(id).copied().unwrap_or_default();
        let entry = entries.by_id.get_mut(id).ok_or(NotAccepted::NotFound)?;
        let mut participant = entry.conversation.participant(participant_id).ok_or(NotAccepted::NotFound)?;
        if !participant.has_message(communication_id) {
            return Err(NotAccepted::NotFound);
        }
        match behavior {
            DisconnectBehavior::AtOnce => {
                participant.disconnect_message(communication_id, &time(now_ms));
                entry.conversation.update_end_time();
            }
            DisconnectBehavior::Conflict => return Err(NotAccepted::Conflict),
            DisconnectBehavior::AfterMs(_) | DisconnectBehavior::AfterReads(_) | DisconnectBehavior::Never => {}
        }
        Ok(())
    }

    pub(crate) fn set_external_tag(&self, id: &str, tag: &str) -> Result<(), NotFound> {
        let mut entries = lock(&self.entries);
        let entry = entries.by_id.get_mut(id).ok_or(NotFound)?;
        entry.conversation.set_external_tag(tag);
        Ok(())
    }

    pub(crate) fn set_attributes(
        &self,
        id: &str,
        participant_id: &str,
        attributes: BTreeMap<String, String>,
    ) -> Result<(), NotFound> {
        let mut entries = lock(&self.entries);
        let entry = entries.by_id.get_mut(id).ok_or(NotFound)?;
        let mut participant = entry.conversation.participant(participant_id).ok_or(NotFound)?;
        participant.set_attributes(attributes);
        Ok(())
    }
}

impl Entry {
    fn new(conversation: Conversation) -> Self {
        Self { conversation, teardown: None, changes: VecDeque::new() }
    }

    fn count_towards_change(&mut self) {
        if let Some(next) = self.changes.front_mut() {
            next.reads_left = next.reads_left.saturating_sub(1);
        }
        self.change_if_due();
    }

    fn change_if_due(&mut self) {
        if self.changes.front().is_some_and(|next| next.reads_left == 0)
            && let Some(change) = self.changes.pop_front()
        {
            self.conversation = change.conversation;
        }
    }

    /// A repeated request does not put the teardown off.
    fn schedule(&mut self, teardown: Teardown) {
        self.teardown.get_or_insert(teardown);
    }

    fn pass_time(&mut self, now_ms: i64) {
        if let Some(Teardown::At { due_ms }) = self.teardown
            && due_ms <= now_ms
        {
            self.conversation.tear_down(due_ms);
            self.teardown = None;
        }
    }

    fn count_read(&mut self, now_ms: i64) {
        match self.teardown {
            Some(Teardown::AfterReads { left: 0 }) => {
                self.conversation.tear_down(now_ms);
                self.teardown = None;
            }
            Some(Teardown::AfterReads { left }) => self.teardown = Some(Teardown::AfterReads { left: left - 1 }),
            Some(Teardown::At { .. }) | None => {}
        }
    }
}
