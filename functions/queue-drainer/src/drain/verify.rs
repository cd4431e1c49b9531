//! The freshest data at hand: what speaks for disconnecting candidates just before they are sent.
//!
//! Analytics lags behind the truth; the real-time views do not, and one question tells of many conversations which of them wait
//! in this queue. A look, which costs a request, is taken of those that they do not count there: it may have gone on to another
//! queue, or be in after-call work. Where the views cannot be asked, each candidate costs a look.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Drain;
use crate::filter::Skip;
use crate::ports::{Activity, NoAnswer, Ports};
use crate::standing::{self, Standing};

/// Conversations that are asked about at once, if they can be sent within [`SENT_WITHIN_SECS`].
const MOST_AT_ONCE: u64 = 40;
const FEWEST_AT_ONCE: u64 = 5;
const SENT_WITHIN_SECS: u64 = 8;

/// A conversation that is to be disconnected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: String,
    /// The version of its note; 0 if there is none.
    pub(super) version: u64,
    pub(super) attempts: u32,
    /// Whether only a look can speak for it: its row cannot tell, or it was tried before.
    pub(super) needs_look: bool,
}

/// A candidate that was seen to wait in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verified {
    pub(super) candidate: Candidate,
    /// It was so then, or later.
    pub(super) at: Timestamp,
}

impl<P: Ports> Drain<'_, P> {
    /// How many candidates are verified at once: no more than are sent within seconds.
    pub(super) fn verified_at_once(&self) -> usize {
        let soon = u64::from(self.ports.requests_per_minute()) * SENT_WITHIN_SECS / 60;
        usize::try_from(soon.clamp(FEWEST_AT_ONCE, MOST_AT_ONCE)).unwrap_or(1)
    }

    /// Passes on those of the candidates that may be sent, and tells how many; nothing if the run is stopped.
    pub(super) async fn verify(&self, candidates: Vec<Candidate>, sender: &mpsc::Sender<Verified>) -> Option<u64> {
        let at = self.ports.now();
        let ids: Vec<&str> = candidates.iter().map(|candidate| candidate.id.as_str()).collect();
        let activity = self.activity(&ids).await?;
        let (mut found, mut unclear) = (0, Vec::new());
        for candidate in candidates {
            match standing::of_activity(&activity, &candidate.id, &self.request.queue_id) {
                Standing::Accepted => self.tally.borrow_mut().skip(Skip::Accepted),
                Standing::Waits if !candidate.needs_look => {
                    sender.send(Verified { candidate, at }).await.ok()?;
                    found += 1;
                }
                _ => unclear.push(candidate),
            }
        }
        // One by one, so that none waits for the looks of others.
        for candidate in unclear {
            if let Some(verified) = self.looked_at(candidate).await {
                sender.send(verified).await.ok()?;
                found += 1;
            }
        }
        self.goes_on().then_some(found)
    }

    /// What the real-time views tell of these: not all, where they cannot be asked. Nothing if the run is stopped.
    pub(super) async fn activity(&self, ids: &[&str]) -> Option<Activity> {
        if ids.is_empty() || self.no_activity.borrow().is_some() {
            return Some(Activity::default());
        }
        let asked = async || match self.ports.activity(ids).await {
            Err(NoAnswer::ForGood(why)) => {
                tracing::warn!(why, "the real-time views cannot be asked; every conversation is looked at instead");
                *self.no_activity.borrow_mut() = Some(why);
                Ok(Activity::default())
            }
            answer => answer,
        };
        self.answered(asked).await
    }

    /// The candidate, if a look says that it waits.
    async fn looked_at(&self, candidate: Candidate) -> Option<Verified> {
        if self.tally.borrow().unclear.contains(&candidate.id) {
            self.tally.borrow_mut().skip(Skip::Unclear);
            return None;
        }
        let at = self.ports.now();
        match self.look(&candidate.id).await? {
            Ok(Standing::Waits) => {
                self.tally.borrow_mut().unseen(&candidate.id);
                return Some(Verified { candidate, at });
            }
            Ok(Standing::Over) => {}
            Ok(Standing::Accepted) => self.tally.borrow_mut().skip(Skip::Accepted),
            Ok(Standing::Elsewhere) => self.tally.borrow_mut().skip(Skip::NotWaiting),
            Ok(Standing::Unclear) | Err(_) => {
                self.tally.borrow_mut().skip(Skip::Unclear);
                self.tally.borrow_mut().unclear.insert(candidate.id);
            }
        }
        None
    }

    /// Where a conversation stands, by a look, or why it cannot be read; none if the run is stopped.
    pub(super) async fn look(&self, id: &str) -> Option<Result<Standing, String>> {
        let seen = self.answered(async || match self.ports.look(id).await {
            Err(NoAnswer::ForGood(why)) => Ok(Err(why)),
            answer => answer.map(Ok),
        });
        let seen = seen.await?;
        Some(seen.map(|conversation| standing::of_conversation(&conversation, &self.request.queue_id)))
    }
}
