//! The end of a job: told, then written down. A run that dies in between leaves it to the next to tell again.

use super::{Drain, Ending};
use crate::announce::{self, Summary};
use crate::job::{State, StoredJob};
use crate::ports::{PortError, Ports};

const TRIES: u32 = 10;

impl<P: Ports> Drain<'_, P> {
    pub(super) async fn end(&self, state: State, reason: Option<String>) -> Result<Ending, PortError> {
        // What is completed was counted a moment ago.
        if state != State::Completed && !self.request.dry_run {
            self.recount().await?;
        }
        let summary = self.summary(reason);
        let job_id = &self.request.job_id;
        let mut told = false;
        for _ in 0..TRIES {
            let stored = self.ports.job(job_id).await?;
            let Some(StoredJob { version, job }) = stored.filter(|stored| stored.job.is_held_by_run(self.run)) else {
                return Ok(Ending::InOtherHands);
            };
            if !told {
                self.tell_progress().await;
                let outcome = announce::of_end(job_id, &job, state, &summary, self.ports.now());
                self.ports.put_outcomes(vec![outcome]).await?;
                told = true;
            }
            if self.ports.write_job(job_id, version, &job.ended(state)).await? {
                let Summary { done, failed, reason, .. } = &summary;
                tracing::info!(jobId = job_id, state = state.as_str(), done, failed, reason, "the job is over");
                return Ok(Ending::Over);
            }
        }
        Err(PortError { operation: "ending a job", reason: "others kept writing it".to_owned() })
    }

    fn summary(&self, reason: Option<String>) -> Summary {
        let tally = self.tally.borrow();
        let mut unknown: Vec<String> = tally.unsettled.keys().cloned().collect();
        unknown.sort_unstable();
        Summary {
            done: tally.done,
            unknown,
            remarks: self.remarks(),
            failed: tally.failed,
            could_not_disconnect: tally.failures.clone(),
            skipped: tally.skipped.clone(),
            would_disconnect: tally.would_disconnect.clone(),
            not_shown: tally.not_shown,
            reason,
        }
    }
}
