//! Cases and registers, in the ledger: one table.

use futures::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use ledger::LedgerError;
use ledger::cases::{CaseKey, CaseRecord, StoredCase as Item, Written};
use tracing::error;

use super::{World, failed};
use crate::case::Case;
use crate::ports::{Cases, PortError, Register, RegisterValue, Registers, StoredCase};

/// How long a case is kept after its last move: the year that audits ask for, and some.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Cases that are read at once.
const CONCURRENCY: usize = 8;
/// The most entries of the index of what is due in a page.
const LARGEST_PAGE: usize = 100;

impl Cases for World<'_> {
    async fn latest_case(&self, conversation_id: &str) -> Result<Option<StoredCase>, PortError> {
        const OPERATION: &str = "reading the latest case of a conversation";
        let item = self.connections.cases.latest(conversation_id).await.map_err(|error| failed(OPERATION, &error))?;
        item.map(|item| stored(&item).map_err(|error| failed(OPERATION, &error))).transpose()
    }

    async fn create_case(&self, case: Case) -> Result<Option<StoredCase>, PortError> {
        const OPERATION: &str = "opening a case";
        let record = record(&case).map_err(|error| failed(OPERATION, &error))?;
        let written = self.connections.cases.open(&key(&case), &record).await;
        seen_by_us(OPERATION, written, StoredCase { case, version: 1 })
    }

    async fn advance_case(&self, seen_version: u64, case: Case) -> Result<Option<StoredCase>, PortError> {
        const OPERATION: &str = "moving a case";
        let record = record(&case).map_err(|error| failed(OPERATION, &error))?;
        let written = self.connections.cases.advance(&key(&case), seen_version, &record).await;
        seen_by_us(OPERATION, written, StoredCase { case, version: seen_version + 1 })
    }

    async fn due_cases(&self, now: Timestamp, limit: usize) -> Result<Vec<StoredCase>, PortError> {
        const OPERATION: &str = "finding the cases that are due";
        let store = &self.connections.cases;
        let page_size = i32::try_from(limit.clamp(1, LARGEST_PAGE)).unwrap_or(1);
        let mut due = Vec::new();
        let mut page = None;
        loop {
            let found = store.due(now.as_millisecond(), page, page_size).await;
            let found = found.map_err(|error| failed(OPERATION, &error))?;
            let items = stream::iter(found.keys).map(|key| async move { store.load(&key).await }).buffered(CONCURRENCY);
            let items: Vec<_> = items.collect().await;
            for item in items {
                let Some(item) = item.map_err(|error| failed(OPERATION, &error))? else { continue };
                match stored(&item) {
                    // The index lags behind.
                    Ok(stored) if stored.case.due_at().is_none_or(|due_at| due_at > now) => {}
                    Ok(stored) => due.push(stored),
                    // It must not keep the others from being dealt with.
                    Err(error) => error!(caseId = item.key.case_id, %error, "a case cannot be read and stays as it is"),
                }
            }
            page = found.next;
            if page.is_none() || due.len() >= limit {
                due.truncate(limit);
                return Ok(due);
            }
        }
    }
}

impl Registers for World<'_> {
    async fn read_register(&self, register: Register) -> Result<RegisterValue, PortError> {
        let item = self.connections.cases.load(&register_key(register)).await;
        let item = item.map_err(|error| failed("reading a register", &error))?;
        Ok(item.map_or_else(RegisterValue::default, |item| RegisterValue {
            json: Some(item.record.content),
            version: item.version,
        }))
    }

    async fn write_register(&self, register: Register, seen_version: u64, json: String) -> Result<bool, PortError> {
        let key = register_key(register);
        let record = CaseRecord { state: "register".to_owned(), content: json, due_at: None, expires_at: None };
        let written = match seen_version {
            0 => self.connections.cases.open(&key, &record).await,
            seen => self.connections.cases.advance(&key, seen, &record).await,
        };
        let written = written.map_err(|error| failed("writing a register", &error))?;
        Ok(written == Written::Done)
    }
}

fn key(case: &Case) -> CaseKey {
    CaseKey { conversation_id: case.conversation_id.clone(), case_id: case.case_id.clone() }
}

/// No conversation has such an id.
fn register_key(register: Register) -> CaseKey {
    CaseKey { conversation_id: format!("#{}", register.as_str()), case_id: "register".to_owned() }
}

fn record(case: &Case) -> serde_json::Result<CaseRecord> {
    // From a moment that stays, so that the time comes.
    let kept_since = case.moves.last().map(|last| last.at).or(case.opened_at).unwrap_or_else(Timestamp::now);
    Ok(CaseRecord {
        state: case.state().as_str().to_owned(),
        content: serde_json::to_string(case)?,
        due_at: case.due_at().map(Timestamp::as_millisecond),
        expires_at: kept_since.checked_add(KEPT_FOR).ok().map(Timestamp::as_second),
    })
}

fn stored(item: &Item) -> serde_json::Result<StoredCase> {
    Ok(StoredCase { case: serde_json::from_str(&item.record.content)?, version: item.version })
}

/// What is stored now, unless somebody else has written.
fn seen_by_us(
    operation: &'static str,
    written: Result<Written, LedgerError>,
    stored: StoredCase,
) -> Result<Option<StoredCase>, PortError> {
    let written = written.map_err(|error| failed(operation, &error))?;
    Ok((written == Written::Done).then_some(stored))
}
