//! What became of requests: those without an answer are looked after once they must have taken effect, and those that Genesys
//! Cloud took and that are still listed, at the end.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Drain, SETTLED_AFTER};
use crate::job;
use crate::note::{MOST_ATTEMPTS, Note, State, StoredNote};
use crate::ports::{PortError, Ports};
use crate::standing::Standing;

/// What looks do not tell for so long after a request, they never will.
const STILL_UNCLEAR_AFTER: SignedDuration = SignedDuration::from_secs(100);
/// Without the real-time views, analytics gets so long to catch up.
const CAUGHT_UP_AFTER: SignedDuration = SignedDuration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(5);
/// Analytics lags behind by seconds or minutes: what it lists for longer may still be on.
const LISTED_TOO_LONG: SignedDuration = SignedDuration::from_mins(5);
/// Looks at what the real-time views cannot tell of.
const MOST_LOOKS: usize = 50;
/// Conversations that the store and the real-time views are asked about at once.
const AT_ONCE: usize = 40;

impl<P: Ports> Drain<'_, P> {
    /// Looks after the requests of which nobody knows what became, as far as it is time; waits for the others if told to.
    /// Gives how many may be requested again.
    pub(super) async fn settle(&self, wait: bool) -> Result<u64, PortError> {
        let mut again = 0;
        while self.goes_on() {
            let Some((id, look_at)) = self.next_unsettled() else { break };
            let now = self.ports.now();
            if look_at > now {
                if !wait {
                    break;
                }
                self.pause(job::until(now, look_at)).await;
                continue;
            }
            again += u64::from(self.settle_one(&id).await?);
        }
        Ok(again)
    }

    fn next_unsettled(&self) -> Option<(String, Timestamp)> {
        let tally = self.tally.borrow();
        tally.unsettled.iter().min_by_key(|(_, look_at)| **look_at).map(|(id, look_at)| (id.clone(), *look_at))
    }

    /// Whether it may be requested again.
    async fn settle_one(&self, id: &str) -> Result<bool, PortError> {
        let notes = self.ports.notes(&self.request.queue_id, &[id]).await?;
        let is_ours = |one: &StoredNote| one.job_id == self.request.job_id && one.note.state == State::Sending;
        let Some(stored) = notes.into_iter().find(is_ours) else {
            self.tally.borrow_mut().unsettled.remove(id);
            return Ok(false);
        };
        let not_before = job::after(stored.note.at, SETTLED_AFTER);
        if not_before > self.ports.now() {
            // It was sent anew meanwhile.
            self.tally.borrow_mut().unsettled.insert(id.to_owned(), not_before);
            return Ok(false);
        }
        let said = stored.note.words.clone().unwrap_or_else(|| "no answer".to_owned());
        let attempts = stored.note.attempts;
        let Some(seen) = self.look(id).await else { return Ok(false) };
        let now = self.ports.now();
        let (state, words) = match &seen {
            Ok(Standing::Over) => (State::Ended, None),
            Ok(Standing::Waits) if attempts >= MOST_ATTEMPTS => {
                (State::Failed, Some(format!("it still waits after {attempts} requests: {said}")))
            }
            // An agent may have it by now: whatever it is, it is not touched unless it is listed as waiting once more.
            Ok(Standing::Waits | Standing::Accepted | Standing::Elsewhere) => (State::NotDone, Some(said)),
            Ok(Standing::Unclear) | Err(_) if now.duration_since(stored.note.at) < STILL_UNCLEAR_AFTER => {
                self.tally.borrow_mut().unsettled.insert(id.to_owned(), job::after(now, SETTLED_AFTER));
                return Ok(false);
            }
            Ok(Standing::Unclear) => (State::Failed, Some(format!("nobody knows what became of it: {said}"))),
            Err(why) => (State::Failed, Some(format!("nobody knows what became of it: {said}; {why}"))),
        };
        self.conclude(stored, state, words).await?;
        self.tally.borrow_mut().unsettled.remove(id);
        Ok(seen == Ok(Standing::Waits) && state == State::NotDone)
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
            // Another run may have sent it, uncounted here.
            tally.done = tally.done.saturating_sub(1);
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
        let Some(suspects) = self.suspects(self.sent_and_listed().await?).await else { return Ok(false) };
        for stored in suspects {
            if !self.goes_on() {
                return Ok(false);
            }
            self.pause(job::until(self.ports.now(), job::after(stored.note.at, SETTLED_AFTER))).await;
            let Some(seen) = self.look(&stored.conversation_id).await else { return Ok(false) };
            let (state, words) = match seen {
                // Noted, so that a run after this one need not look again.
                Ok(Standing::Over) => (State::Ended, None),
                // Genesys Cloud took the request, and nothing came of it: another would be no better.
                Ok(Standing::Waits | Standing::Accepted | Standing::Elsewhere | Standing::Unclear) => (
                    State::Failed,
                    Some("Genesys Cloud accepted the request, and the conversation is still on".to_owned()),
                ),
                Err(why) => {
                    let words = "Genesys Cloud accepted the request, and nobody knows whether the conversation is over";
                    (State::Failed, Some(format!("{words}: {why}")))
                }
            };
            self.conclude(stored, state, words).await?;
        }
        Ok(true)
    }

    /// What was sent and is still listed, the longest ago first.
    async fn sent_and_listed(&self) -> Result<Vec<StoredNote>, PortError> {
        let listed: Vec<String> = self.tally.borrow().listed_again.iter().cloned().collect();
        let mut sent = Vec::new();
        for chunk in listed.chunks(AT_ONCE) {
            let ids: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let notes = self.ports.notes(&self.request.queue_id, &ids).await?.into_iter();
            sent.extend(notes.filter(|one| one.job_id == self.request.job_id && one.note.state == State::Sent));
        }
        sent.sort_by(|one, other| (one.note.at, &one.conversation_id).cmp(&(other.note.at, &other.conversation_id)));
        Ok(sent)
    }

    /// Those of them that are to be looked at; nothing if analytics is to be given time. All that the real-time views count, and
    /// some of which they cannot tell: a leg that is left over is on, and yet not counted.
    async fn suspects(&self, sent: Vec<StoredNote>) -> Option<Vec<StoredNote>> {
        let mut still_on = HashSet::new();
        for chunk in sent.chunks(AT_ONCE) {
            let ids: Vec<&str> = chunk.iter().map(|stored| stored.conversation_id.as_str()).collect();
            let activity = self.activity(&ids).await?;
            if activity.is_complete {
                let waiting = activity.waiting.into_iter().map(|one| one.conversation_id);
                still_on.extend(waiting.chain(activity.with_agent).map(|id| id.to_ascii_lowercase()));
            } else if self.no_activity.borrow().is_none() {
                still_on.extend(ids.into_iter().map(str::to_ascii_lowercase));
            }
        }
        let now = self.ports.now();
        let nobody_tells = self.no_activity.borrow().is_some();
        if nobody_tells && !sent.is_empty() && now.duration_since(self.progressed_at.get()) < CAUGHT_UP_AFTER {
            self.pause(PAUSE).await;
            return None;
        }
        let tally = self.tally.borrow();
        let mut looks_left = MOST_LOOKS;
        let mut is_suspect = |stored: &StoredNote| {
            let id = &stored.conversation_id;
            if still_on.contains(&id.to_ascii_lowercase()) {
                return true;
            }
            let is_overdue = now.duration_since(stored.note.at) > LISTED_TOO_LONG;
            let is_doubtful = (nobody_tells || is_overdue || tally.unseen.contains(id)) && looks_left > 0;
            looks_left -= usize::from(is_doubtful);
            is_doubtful
        };
        Some(sent.into_iter().filter(|stored| is_suspect(stored)).collect())
    }
}
