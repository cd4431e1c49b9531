//! From rows to calls, and from answers to results.
//!
//! Rows are sent in batches of at most 200. A batch that locked records kept out is sent again, once, in halves; a batch that
//! was refused as a whole is halved until the row that spoils it is alone, so that it does not block the others.

use std::collections::{HashMap, VecDeque};

use crate::{
    client::{RowAnswer, Salesforce},
    errors::{
        ApiError,
        call::CallFailure,
        row::{Verdict, judge, verdict},
        short_message,
    },
    results::{RowResult, Transient, Unavailable, UpsertReport},
    retry::Deadline,
    row::{Row, UpsertTarget},
};

/// Salesforce's limit for one collections call.
const MAX_ROWS_PER_CALL: usize = 200;
/// How often batches are halved in one upsert to find rows that spoil them. Eight find one row among 200.
const MAX_SPLITS: usize = 16;
const LOCKED: &str = "UNABLE_TO_LOCK_ROW";

pub(crate) async fn upsert(
    client: &Salesforce,
    target: &UpsertTarget,
    rows: &[Row],
    deadline: Deadline,
) -> UpsertReport {
    let mut run = Run {
        client,
        target,
        rows,
        deadline,
        results: vec![RowResult::Unanswered; rows.len()],
        splits_left: MAX_SPLITS,
    };
    let last_of_key: HashMap<&str, usize> =
        rows.iter().enumerate().map(|(index, row)| (row.key.as_str(), index)).collect();
    let unique: Vec<usize> = (0..rows.len()).filter(|index| last_of_key[rows[*index].key.as_str()] == *index).collect();
    let unavailable = run.send_all(&unique).await.err();
    let results = rows.iter().map(|row| run.results[last_of_key[row.key.as_str()]].clone()).collect();
    UpsertReport { results, unavailable }
}

/// Indices of rows to send in one call.
struct Batch {
    rows: Vec<usize>,
    after_lock: bool,
}

struct Run<'a> {
    client: &'a Salesforce,
    target: &'a UpsertTarget,
    rows: &'a [Row],
    deadline: Deadline,
    results: Vec<RowResult>,
    splits_left: usize,
}

impl Run<'_> {
    async fn send_all(&mut self, unique: &[usize]) -> Result<(), Unavailable> {
        let batch = |rows: &[usize]| Batch { rows: rows.to_vec(), after_lock: false };
        let mut queue: VecDeque<Batch> = unique.chunks(MAX_ROWS_PER_CALL).map(batch).collect();
        while let Some(batch) = queue.pop_front() {
            for half in self.send(batch).await?.into_iter().rev() {
                queue.push_front(half);
            }
        }
        Ok(())
    }

    /// Sends one batch and notes its results. Returns what of it should be sent again now.
    async fn send(&mut self, batch: Batch) -> Result<Vec<Batch>, Unavailable> {
        let records: Vec<_> = batch.rows.iter().map(|index| self.rows[*index].to_record(self.target)).collect();
        match self.client.upsert_collection(self.target, records, self.deadline).await {
            Ok(answers) => self.note_answers(&batch, answers),
            Err(CallFailure::Refused(errors)) => {
                if let Some(halves) = self.note_refusal(&batch, &errors)? {
                    return Ok(halves);
                }
            }
            Err(CallFailure::Unavailable(unavailable)) => return Err(unavailable),
            Err(CallFailure::SessionExpired) => {
                let what = "upsert was refused with INVALID_SESSION_ID for a new token".to_owned();
                return Err(Unavailable::Configuration { what });
            }
        }
        Ok(self.locked_halves(batch).await)
    }

    fn note_answers(&mut self, batch: &Batch, answers: Vec<RowAnswer>) {
        for (index, answer) in batch.rows.iter().zip(answers) {
            self.results[*index] = if answer.success {
                RowResult::Written { created: answer.created }
            } else {
                judge(&answer.errors.unwrap_or_default(), &self.rows[*index], self.target)
            };
        }
    }

    /// The batch was refused as a whole, with these errors: either they hold for every row of it, or it is halved.
    fn note_refusal(&mut self, batch: &Batch, errors: &[ApiError]) -> Result<Option<Vec<Batch>>, Unavailable> {
        let verdicts = || errors.iter().map(|error| verdict(error, self.target));
        if verdicts().any(|(verdict, _)| verdict == Verdict::RejectOrgWide) {
            return Err(Unavailable::Configuration { what: describe(errors) });
        }
        let holds_for_all =
            verdicts().all(|(verdict, known)| known && matches!(verdict, Verdict::Retry | Verdict::RetryBounded));
        let splittable = batch.rows.len() > 1 && !holds_for_all;
        if splittable && self.splits_left > 0 {
            self.splits_left -= 1;
            return Ok(Some(halves(&batch.rows, batch.after_lock)));
        }
        for index in &batch.rows {
            self.results[*index] = if splittable {
                // Which row it was remains unknown, so none may be rejected for it.
                RowResult::RetryBounded(transient(errors))
            } else {
                judge(errors, &self.rows[*index], self.target)
            };
        }
        Ok(None)
    }

    /// One locked record fails a whole batch, so its rows get a second chance in smaller company.
    async fn locked_halves(&self, batch: Batch) -> Vec<Batch> {
        let is_locked =
            |index: &usize| matches!(&self.results[*index], RowResult::Retry(reason) if reason.code == LOCKED);
        let locked: Vec<usize> = batch.rows.into_iter().filter(is_locked).collect();
        if locked.is_empty() || batch.after_lock || !self.deadline.pause(None).await {
            return Vec::new();
        }
        halves(&locked, true)
    }
}

fn halves(rows: &[usize], after_lock: bool) -> Vec<Batch> {
    let size = rows.len().div_ceil(2);
    rows.chunks(size.max(1)).map(|half| Batch { rows: half.to_vec(), after_lock }).collect()
}

fn describe(errors: &[ApiError]) -> String {
    let Transient { code, message } = transient(errors);
    format!("upsert was refused with {code}: {message}")
}

fn transient(errors: &[ApiError]) -> Transient {
    let first = errors.first();
    Transient {
        code: first.map(|error| error.code.clone()).unwrap_or_default(),
        message: first.map(|error| short_message(&error.message, None)).unwrap_or_default(),
    }
}
