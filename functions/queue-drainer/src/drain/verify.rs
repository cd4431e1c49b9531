//! The freshest data at hand: what the real-time views say of candidates just before they are sent.
//!
//! Analytics lags behind the truth; the real-time views do not, and one question tells of many conversations whether an agent
//! has them, or they ring at one. They only ever veto. Where they cannot be asked, pages are small instead, so that rows are
//! young. A look, which costs a request, is taken only where neither can tell.

use jiff::Timestamp;

use super::Drain;
use crate::filter::Skip;
use crate::ports::{NoAnswer, Ports, Seen};
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
    /// What speaks for it was so then, or later; none as long as that is not established.
    pub(super) verified_at: Option<Timestamp>,
}

impl<P: Ports> Drain<'_, P> {
    /// How many candidates are verified at once: no more than are sent within seconds.
    pub(super) fn verified_at_once(&self) -> usize {
        let soon = u64::from(self.ports.requests_per_minute()) * SENT_WITHIN_SECS / 60;
        usize::try_from(soon.clamp(FEWEST_AT_ONCE, MOST_AT_ONCE)).unwrap_or(1)
    }

    /// Those of the candidates, listed then, that may be sent.
    pub(super) async fn verified(&self, candidates: &[Candidate], listed_at: Timestamp) -> Vec<Candidate> {
        if !self.goes_on() {
            return Vec::new();
        }
        let at = self.ports.now();
        let ids: Vec<&str> = candidates.iter().map(|candidate| candidate.id.as_str()).collect();
        let verified = |at: Timestamp| {
            move |candidate: &Candidate| Candidate {
                verified_at: Some(candidate.verified_at.map_or(at, |looked_at| looked_at.max(at))),
                ..candidate.clone()
            }
        };
        if !self.asks_activity.get() {
            return candidates.iter().map(verified(listed_at)).collect();
        }
        let activity = self.answered(async || match self.ports.activity(&ids).await {
            Err(NoAnswer::ForGood(why)) => {
                tracing::warn!(why, "the real-time views cannot be asked; pages are small instead");
                self.asks_activity.set(false);
                Ok(None)
            }
            answer => answer.map(Some),
        });
        match activity.await {
            None => Vec::new(),
            Some(None) => candidates.iter().map(verified(listed_at)).collect(),
            Some(Some(activity)) if activity.is_complete => {
                let (taken, free): (Vec<_>, Vec<_>) =
                    candidates.iter().partition(|candidate| activity.with_agent.contains(&candidate.id));
                for _ in taken {
                    self.tally.borrow_mut().skip(Skip::Accepted);
                }
                free.into_iter().map(verified(at)).collect()
            }
            Some(Some(_)) => {
                let mut looked_at = Vec::new();
                for candidate in candidates {
                    looked_at.extend(self.looked_at(candidate.clone()).await);
                }
                looked_at
            }
        }
    }

    /// The candidate, if a look says that it waits.
    pub(super) async fn looked_at(&self, candidate: Candidate) -> Option<Candidate> {
        if self.tally.borrow().unclear.contains(&candidate.id) {
            self.tally.borrow_mut().skip(Skip::Unclear);
            return None;
        }
        let at = self.ports.now();
        match self.look(&candidate.id).await? {
            Standing::Waits => return Some(Candidate { verified_at: Some(at), ..candidate }),
            Standing::Over => return None,
            Standing::Accepted => self.tally.borrow_mut().skip(Skip::Accepted),
            Standing::Elsewhere => self.tally.borrow_mut().skip(Skip::NotWaiting),
            Standing::Unclear => {
                self.tally.borrow_mut().skip(Skip::Unclear);
                self.tally.borrow_mut().unclear.insert(candidate.id);
            }
        }
        None
    }

    /// Where a conversation stands, by a look; none if the run is stopped.
    pub(super) async fn look(&self, id: &str) -> Option<Standing> {
        let seen = self.answered(async || match self.ports.look(id).await {
            Err(NoAnswer::ForGood(_)) => Ok(None),
            answer => answer.map(Some),
        });
        Some(match seen.await? {
            Some(Seen::Conversation(conversation)) => standing::of_conversation(&conversation, &self.request.queue_id),
            Some(Seen::Nothing) => Standing::Over,
            None => Standing::Unclear,
        })
    }
}
