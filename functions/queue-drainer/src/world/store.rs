//! Jobs and notes, in the ledger.

use jiff::{SignedDuration, Timestamp};
use ledger::LedgerError;
use ledger::drains::{JobRecord, NoteRecord, StoredNote as Item, Written};

use super::{World, failed};
use crate::job::{Job, StoredJob, after};
use crate::note::{Note, StoredNote};
use crate::ports::{PortError, Store};

/// How long a job that is over is kept: the year that audits ask for, and some.
const JOBS_KEPT_FOR: SignedDuration = SignedDuration::from_hours(400 * 24);
/// How long a note is kept: longer than any job lasts.
const NOTES_KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Jobs that the schedule takes up at once.
const MOST_DUE: i32 = 25;

impl Store for World<'_> {
    async fn job(&self, job_id: &str) -> Result<Option<StoredJob>, PortError> {
        const OPERATION: &str = "reading a job";
        let stored = self.connections.drains.job(job_id).await.map_err(|error| failed(OPERATION, &error))?;
        let Some(stored) = stored else { return Ok(None) };
        let job = serde_json::from_str(&stored.record.content).map_err(|error| failed(OPERATION, &error))?;
        Ok(Some(StoredJob { version: stored.version, job }))
    }

    async fn write_job(&self, job_id: &str, version: u64, job: &Job) -> Result<bool, PortError> {
        const OPERATION: &str = "writing a job";
        let now = Timestamp::now();
        let due_at = job.due_at(now);
        let record = JobRecord {
            state: job.state.as_str().to_owned(),
            content: serde_json::to_string(job).map_err(|error| failed(OPERATION, &error))?,
            due_at: due_at.filter(|_| job.request.is_some()).map(Timestamp::as_millisecond),
            expires_at: (due_at.is_none() || job.request.is_none()).then(|| after(now, JOBS_KEPT_FOR).as_second()),
        };
        is_ours(OPERATION, self.connections.drains.write_job(job_id, version, &record).await)
    }

    async fn due_jobs(&self) -> Result<Vec<String>, PortError> {
        let due = self.connections.drains.due_jobs(Timestamp::now().as_millisecond(), MOST_DUE).await;
        due.map_err(|error| failed("finding the jobs that are due", &error))
    }

    async fn notes(&self, queue_id: &str, ids: &[&str]) -> Result<Vec<StoredNote>, PortError> {
        const OPERATION: &str = "reading notes";
        let items = self.connections.drains.notes(queue_id, ids).await.map_err(|error| failed(OPERATION, &error))?;
        items.into_iter().map(|item| stored(item).map_err(|error| failed(OPERATION, &error))).collect()
    }

    async fn write_note(
        &self,
        queue_id: &str,
        job_id: &str,
        conversation_id: &str,
        version: u64,
        note: &Note,
    ) -> Result<bool, PortError> {
        const OPERATION: &str = "writing a note";
        let record = NoteRecord {
            job_id: job_id.to_owned(),
            state: note.state.as_str().to_owned(),
            content: serde_json::to_string(note).map_err(|error| failed(OPERATION, &error))?,
            expires_at: after(note.at, NOTES_KEPT_FOR).as_second(),
        };
        is_ours(OPERATION, self.connections.drains.write_note(queue_id, conversation_id, version, &record).await)
    }

    async fn each_note(&self, queue_id: &str, job_id: &str, mut show: impl FnMut(StoredNote)) -> Result<(), PortError> {
        const OPERATION: &str = "reading the notes of a job";
        let mut page = None;
        loop {
            let found = self.connections.drains.notes_of_job(queue_id, job_id, page).await;
            let found = found.map_err(|error| failed(OPERATION, &error))?;
            for item in found.notes {
                show(stored(item).map_err(|error| failed(OPERATION, &error))?);
            }
            page = found.next;
            if page.is_none() {
                return Ok(());
            }
        }
    }
}

fn stored(item: Item) -> serde_json::Result<StoredNote> {
    let Item { conversation_id, version, record } = item;
    let note = serde_json::from_str(&record.content)?;
    Ok(StoredNote { conversation_id, job_id: record.job_id, version, note })
}

fn is_ours(operation: &'static str, written: Result<Written, LedgerError>) -> Result<bool, PortError> {
    written.map(|written| written == Written::Done).map_err(|error| failed(operation, &error))
}
