//! What no event announced: conversations without an end, by analytics. A few pages a run; the next run goes on.

use ghost_policy::policy::Mode;
use jiff::{SignedDuration, Timestamp};

use super::Run;
use super::take_up::{FoundBy, TakenUp};
use crate::candidate;
use crate::case::{Case, Stage};
use crate::discovery::Progress;
use crate::ports::{Candidate, PortError, Ports, Register, RegisterValue, StoredCase};
/// Pages that a run reads at most: the rate limit is for looks, too.
const MOST_PAGES: u32 = 20;

/// Analytics' times are not exactly those of the conversation: a leg is newer than a case's if it is so by more than this.
const SAME_LEG: SignedDuration = SignedDuration::from_mins(1);

impl<P: Ports> Run<'_, P> {
    /// Goes on with the search, or begins one if it is time. Gives the cases that it opened.
    pub(super) async fn discover(&self) -> Result<Vec<StoredCase>, PortError> {
        let mut opened = Vec::new();
        for _ in 0..MOST_PAGES {
            if !self.goes_on() {
                break;
            }
            let RegisterValue { json, version } = self.ports.read_register(Register::Discovery).await?;
            // What cannot be read is begun anew.
            let mut progress: Progress = json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
            if !progress.is_on(&self.policy.discovery, self.ports.now()) {
                break;
            }
            let Some((interval, page)) = progress.next() else { break };
            match self.ports.candidates(interval, page).await {
                Ok(found) => {
                    let Some(from_page) = self.take_up_all(&found.candidates).await? else { break };
                    opened.extend(from_page);
                    self.count(|counts| counts.rows += found.candidates.len());
                    progress.page_read(found.extent);
                }
                Err(error) if error.only_this => {
                    tracing::warn!(%interval, page, %error, "analytics does not answer for this interval: the others come first");
                    progress.page_failed();
                }
                Err(error) => return Err(error),
            }
            let json = serde_json::to_string(&progress)
                .map_err(|error| PortError::new("writing the progress of discovery", error.to_string()))?;
            if !self.ports.write_register(Register::Discovery, version, json).await? {
                // Another run is at it.
                break;
            }
        }
        Ok(opened)
    }

    /// Looks at what may be a ghost. Nothing if the run must end before all are done: the page is read again then.
    async fn take_up_all(&self, candidates: &[Candidate]) -> Result<Option<Vec<StoredCase>>, PortError> {
        let mut opened = Vec::new();
        for candidate in candidates {
            let now = self.ports.now();
            if !candidate::may_be_ghost(self.policy, candidate, now) {
                continue;
            }
            if !self.goes_on() {
                return Ok(None);
            }
            let latest = self.ports.latest_case(&candidate.conversation_id).await?;
            if let Some(stored) = &latest
                && !self.is_news(&stored.case, candidate, now)
            {
                continue;
            }
            let taken_up = self.take_up(&candidate.conversation_id, latest.clone(), FoundBy::Analytics).await;
            if let Err(error) = &taken_up
                && error.only_this
            {
                // Noted, so that the same few do not use up every search.
                self.unreadable(&candidate.conversation_id, latest, false, error).await?;
            }
            if let Some(TakenUp::ByCase(stored)) = self.noted(&candidate.conversation_id, taken_up) {
                opened.push(*stored);
            }
        }
        Ok(Some(opened))
    }

    /// Whether discovery has anything to add to a case: not while it is in hand, nor once it is final, nor before its time.
    fn is_news(&self, case: &Case, candidate: &Candidate, now: Timestamp) -> bool {
        let newer = candidate::newest_leg_opened(candidate).zip(case.newest_leg_opened);
        // Where looks fail, whoever has joined cannot be seen either: that is for its own time.
        let is_readable = case.failed_looks == 0;
        if is_readable && newer.is_some_and(|(row, case)| row.duration_since(case) > SAME_LEG) {
            return true;
        }
        match case.stage {
            Stage::Observed { look_then: true, .. } if self.policy.mode == Mode::Enforce => true,
            Stage::Dismissed { noted, look_then: false } | Stage::Observed { noted, look_then: false } => noted <= now,
            // These have a due time of their own, or none any more.
            Stage::Dismissed { .. }
            | Stage::Observed { .. }
            | Stage::Suspected { .. }
            | Stage::Confirmed { .. }
            | Stage::Disconnecting { .. }
            | Stage::Resolved
            | Stage::Escalated => false,
        }
    }
}
