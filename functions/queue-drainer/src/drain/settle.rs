//! What became of requests: those without an answer are looked after once they must have taken effect, and those that Genesys
//! Cloud took and that are still listed, at the end.

use std::time::Duration;

use jiff::SignedDuration;

use super::tally::Unsettled;
use super::{Drain, SETTLED_AFTER};
use crate::job;
use crate::note::{MOST_ATTEMPTS, Note, State, StoredNote};
use crate::ports::{PortError, Ports};
use crate::standing::Standing;

/// A look that fails so often tells nothing.
const MOST_FAILED_LOOKS: u32 = 5;
/// Without the real-time views, analytics gets so long to catch up, and then so many looks are taken.
const CAUGHT_UP_AFTER: SignedDuration = SignedDuration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(5);
const MOST_LOOKS: usize = 50;
/// Conversations that the real-time views are asked about at once.
const AT_ONCE: usize = 40;

impl<P: Ports> Drain<'_, P> {
    /// Looks after the requests of which nobody knows what became, as far as it is time; waits for the others if told to.
    /// Gives how many may be requested again.
    pub(super) async fn settle(&self, wait: bool) -> Result<u64, PortError> {
        let mut again = 0;
        while self.goes_on() {
            let Some((id, due)) = self.next_unsettled() else { break };
            let now = self.ports.now();
            if due.look_at > now {
                if !wait {
                    break;
                }
                self.pause(job::until(now, due.look_at)).await;
                continue;
            }
            again += u64::from(self.settle_one(&id, due).await?);
        }
        Ok(again)
    }

    fn next_unsettled(&self) -> Option<(String, Unsettled)> {
        let tally = self.tally.borrow();
        tally.unsettled.iter().min_by_key(|(_, due)| due.look_at).map(|(id, due)| (id.clone(), *due))
    }

    /// Whether it may be requested again.
    async fn settle_one(&self, id: &str, due: Unsettled) -> Result<bool, PortError> {
        let notes = self.ports.notes(&self.request.queue_id, &[id]).await?;
        let is_ours = |one: &StoredNote| one.job_id == self.request.job_id && one.note.state == State::Sending;
        let Some(stored) = notes.into_iter().find(is_ours) else {
            self.tally.borrow_mut().unsettled.remove(id);
            return Ok(false);
        };
        let not_before = job::after(stored.note.at, SETTLED_AFTER);
        if not_before > self.ports.now() {
            // It was sent anew meanwhile.
            self.tally.borrow_mut().unsettled.insert(id.to_owned(), Unsettled { look_at: not_before, ..due });
            return Ok(false);
        }
        let said = stored.note.words.clone().unwrap_or_else(|| "no answer".to_owned());
        let attempts = stored.note.attempts;
        let Some(standing) = self.look(id).await else { return Ok(false) };
        let (state, words) = match standing {
            Standing::Over => (State::Ended, None),
            Standing::Waits if attempts >= MOST_ATTEMPTS => {
                (State::Failed, Some(format!("it still waits after {attempts} requests: {said}")))
            }
            // An agent may have it by now: whatever it is, it is not touched unless it is listed as waiting once more.
            Standing::Waits | Standing::Accepted | Standing::Elsewhere => (State::NotDone, Some(said)),
            Standing::Unclear if due.looks_failed + 1 < MOST_FAILED_LOOKS => {
                let (look_at, looks_failed) = (job::after(self.ports.now(), SETTLED_AFTER), due.looks_failed + 1);
                self.tally.borrow_mut().unsettled.insert(id.to_owned(), Unsettled { look_at, looks_failed });
                return Ok(false);
            }
            Standing::Unclear => (State::Failed, Some(format!("nobody knows what became of it: {said}"))),
        };
        self.conclude(stored, state, words).await?;
        self.tally.borrow_mut().unsettled.remove(id);
        Ok(standing == Standing::Waits && state == State::NotDone)
    }

    /// Writes down what became of a request, and counts it.
    async fn conclude(&self, stored: StoredNote, state: State, words: Option<String>) -> Result<(), PortError> {
        let StoredNote { conversation_id, version, note: before, .. } = stored;
        let note = Note { state, attempts: before.attempts, at: self.ports.now(), words: words.clone() };
        if !self.write(&conversation_id, version, &note).await? {
            return Ok(());
        }
        let mut tally = self.tally.borrow_mut();
        if before.state == State::Sent && state == State::Failed {
            tally.done -= 1;
        }
        match state {
            State::Ended if before.state != State::Sent => tally.done += 1,
            State::Failed => tally.fail(conversation_id, words.unwrap_or_default()),
            State::Ended | State::Sending | State::Sent | State::NotDone => {}
        }
        drop(tally);
        self.progressed();
        Ok(())
    }

    /// Makes sure of what was sent and is still listed. Tells whether that is done; if not, another pass will tell more.
    pub(super) async fn check_sent(&self) -> Result<bool, PortError> {
        let mut listed: Vec<String> = self.tally.borrow().listed_again.iter().cloned().collect();
        listed.sort_unstable();
        if listed.is_empty() {
            return Ok(true);
        }
        let Some(suspects) = self.still_on(&listed).await else { return Ok(false) };
        for id in suspects {
            if !self.goes_on() {
                return Ok(false);
            }
            let notes = self.ports.notes(&self.request.queue_id, &[&id]).await?;
            let is_sent = |one: &StoredNote| one.job_id == self.request.job_id && one.note.state == State::Sent;
            let Some(stored) = notes.into_iter().find(is_sent) else { continue };
            self.pause(job::until(self.ports.now(), job::after(stored.note.at, SETTLED_AFTER))).await;
            match self.look(&id).await {
                // Genesys Cloud took the request, and nothing came of it: another would be no better.
                Some(Standing::Waits | Standing::Accepted | Standing::Elsewhere) => {
                    let words = "Genesys Cloud accepted the request, and the conversation is still on".to_owned();
                    self.conclude(stored, State::Failed, Some(words)).await?;
                }
                // Noted, so that a run after this one need not look again.
                Some(Standing::Over) => self.conclude(stored, State::Ended, None).await?,
                Some(Standing::Unclear) | None => {}
            }
        }
        Ok(true)
    }

    /// Those that are still on, as far as can be told; nothing if analytics is to be given time.
    async fn still_on(&self, listed: &[String]) -> Option<Vec<String>> {
        let mut still_on = Vec::new();
        for chunk in listed.chunks(AT_ONCE) {
            let ids: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let activity = self.activity(&ids).await?;
            if activity.is_complete {
                still_on.extend(activity.waiting.into_iter().map(|one| one.conversation_id));
                still_on.extend(activity.with_agent);
            } else {
                still_on.extend(ids.into_iter().map(str::to_owned));
            }
        }
        if self.no_activity.borrow().is_none() {
            return Some(still_on);
        }
        if self.ports.now().duration_since(self.progressed_at.get()) < CAUGHT_UP_AFTER {
            self.pause(PAUSE).await;
            return None;
        }
        Some(listed.iter().take(MOST_LOOKS).cloned().collect())
    }
}
