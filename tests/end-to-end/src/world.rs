//! The running stack, and what a user of Salesforce sees.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fake_salesforce::FakeSalesforce;
use local_stack::stack::{Stack, StackOptions};
use serde_json::{Map, Value};

use crate::story::Session;

/// A row as Salesforce has it.
pub type Row = Map<String, Value>;

/// Rows by external key, of both objects.
pub type Rows = BTreeMap<String, Row>;

/// How long anything may take.
const LIMIT: Duration = Duration::from_mins(2);

/// A stack with schedules that fire when told to.
pub struct World {
    /// The stack.
    pub stack: Stack,
}

impl World {
    /// Starts it with these settings of the functions.
    pub async fn with(settings: &[(&str, &str)]) -> Result<Self> {
        Self::start(StackOptions { environment: owned(settings), ..StackOptions::default() }).await
    }

    /// Starts it with these parameters of the template.
    pub async fn with_parameters(parameters: &[(&str, &str)]) -> Result<Self> {
        Self::start(StackOptions { parameters: owned(parameters), ..StackOptions::default() }).await
    }

    async fn start(options: StackOptions) -> Result<Self> {
        Ok(Self { stack: Stack::start(StackOptions { manual_schedules: true, ..options }).await? })
    }

    /// Starts it as the template says.
    pub async fn new() -> Result<Self> {
        Self::with(&[]).await
    }

    /// Its Salesforce.
    pub fn salesforce(&self) -> Result<&FakeSalesforce> {
        self.stack.salesforce().context("another Salesforce is used")
    }

    /// Posts events and waits until they are dealt with.
    pub async fn live(&self, events: Vec<Value>) -> Result<()> {
        self.stack.post_events(events)?;
        self.settle().await
    }

    /// Waits until nothing is going on.
    pub async fn settle(&self) -> Result<()> {
        let drained = self.stack.drain_queues(LIMIT).await;
        ensure!(drained.drained, "{} messages or invocations are stuck", drained.left);
        Ok(())
    }

    /// Fires every schedule and waits until nothing is going on.
    pub async fn flush(&self) -> Result<()> {
        self.stack.run_schedules().await;
        self.settle().await
    }

    /// How many events the function is at work on.
    pub fn in_flight(&self) -> usize {
        let queues = self.stack.queue_counts();
        let own = queues.iter().filter(|(name, _)| name.contains("InterruptionLoggerQueue"));
        own.map(|(_, counts)| counts.in_flight).sum()
    }

    /// Waits until something has come about.
    pub async fn until(&self, condition: impl Fn() -> bool) -> Result<()> {
        let poll = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(LIMIT, poll).await.context("it did not come about")
    }

    /// What the function could not use.
    pub fn dead_letters(&self) -> Vec<Value> {
        let letters = self.stack.dead_letters().into_iter();
        letters.filter(|(name, _)| name.contains("InterruptionLogger")).flat_map(|(_, letters)| letters).collect()
    }

    /// The dead letters of one queue.
    pub fn dead_letters_of(&self, queue: &str) -> Vec<Value> {
        self.stack.dead_letters().remove(queue).unwrap_or_default()
    }

    /// Every row.
    pub fn rows(&self) -> Result<Rows> {
        let salesforce = self.salesforce()?;
        let rows = [INTERRUPTION, WORK_SESSION].into_iter().flat_map(|object| salesforce.rows(object));
        Ok(rows.map(|row| (text(&row, "External_Key__c"), row)).collect())
    }

    /// Every row but the voided ones.
    pub fn valid_rows(&self) -> Result<Rows> {
        Ok(self.rows()?.into_iter().filter(|(_, row)| row["Status__c"] != "Void").collect())
    }

    /// The interruption of one session by another.
    pub fn interruption(&self, interrupted: Session, interrupting: Session) -> Result<Row> {
        let key = format!("{}_{}", interrupted.session(), interrupting.session());
        self.rows()?.remove(&key).with_context(|| format!("no interruption {key}"))
    }

    /// The work session of a session.
    pub fn work_session(&self, session: Session) -> Result<Row> {
        self.rows()?.remove(&session.session()).with_context(|| format!("no work session {}", session.session()))
    }
}

/// The object of interruptions.
pub const INTERRUPTION: &str = "Interaction_Interruption__c";
/// The object of work sessions.
pub const WORK_SESSION: &str = "Agent_Work_Session__c";

fn owned(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn text(row: &Row, field: &str) -> String {
    row.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The same rows without how many facts they were computed from: that depends on when they were last written.
pub fn without_revisions(rows: Rows) -> Rows {
    rows.into_iter()
        .map(|(key, mut row)| {
            row.remove("Revision__c");
            (key, row)
        })
        .collect()
}
