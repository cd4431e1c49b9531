//! From journals to Salesforce and back: what follows from the facts is written, and then, if nobody has added a fact
//! meanwhile, settled. Whoever did add one does the same with all of them; if it dies, the flush does.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use lambda_kit::dead_letters::{DeadLetter, DeadLetters};
use lambda_kit::outcomes::{Outcome, Outcomes};
use lambda_kit::runtime::Deadline;
use ledger::{Head, Journal, LedgerError, Settled};
use salesforce::{Rejection, Row};
use serde_json::{Map, json};
use tokio::time::timeout_at;
use tracing::{error, info, warn};

use crate::debts::{self, ATTEMPTS_MAX};
use crate::draft::{Draft, Missing, Plan, UnreadableJournal};
use crate::facts::EpochMs;
use crate::rows::{INTERRUPTIONS, LookUpKeys, RowOf, WORK_SESSIONS, row, target};
use crate::settlement::{FACTS_BYTES_MAX, open_session_name, settlement};
use crate::state::RowKey;
use crate::timeline::Rules;
use crate::writer::{Fate, Occasion, Writer};

/// How many requests to DynamoDB are under way at once.
pub const CONCURRENCY: usize = 16;
/// A reach into the archive makes at most one further reach necessary, and a session one look-up: more is an error.
const ARCHIVE_READS_MAX: usize = 64;

/// Brings Salesforce in line with the journals.
pub struct Converger {
    /// The journals.
    pub journal: Journal,
    /// Salesforce.
    pub writer: Writer,
    /// What counts.
    pub rules: Rules,
    /// How rows name Cases and Users.
    pub look_up_keys: LookUpKeys,
    /// Where rejected rows go.
    pub dead_letters: DeadLetters,
    /// Where rejections are announced.
    pub outcomes: Outcomes,
}

/// One agent's part of the work.
struct Desk {
    agent: String,
    sequence: u64,
    plan: Plan,
    rows: BTreeMap<RowKey, Row>,
    fates: BTreeMap<RowKey, Fate>,
}

/// Why an agent's rows could not be worked out. They stay pending.
#[derive(Debug, thiserror::Error)]
enum DeskError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableJournal),
    #[error("the archive of a journal was asked for too often")]
    Endless,
    #[error("a settled state cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
}

impl Converger {
    /// Converges these journals at `now` (epoch milliseconds). Whatever fails stays pending. Tells whether Salesforce took what
    /// it was sent.
    pub async fn converge(
        &self,
        heads: Vec<(String, Head)>,
        occasion: Occasion,
        now: EpochMs,
        deadline: Deadline,
    ) -> bool {
        let mut desks: Vec<Desk> = stream::iter(heads)
            .map(|(agent, head)| self.prepare(agent, head, now))
            .buffer_unordered(CONCURRENCY)
            .filter_map(std::future::ready)
            .collect()
            .await;
        let available = self.write(&mut desks, occasion, deadline).await;
        self.report_rejections(&mut desks, deadline).await;
        stream::iter(desks).for_each_concurrent(CONCURRENCY, |desk| self.settle(desk, now)).await;
        available
    }

    async fn prepare(&self, agent: String, head: Head, now: EpochMs) -> Option<Desk> {
        match self.plan(&agent, &head, now).await {
            Ok(plan) => {
                let of = RowOf { agent: &agent, facts: &plan.facts, revision: plan.state.revision };
                let rows = plan
                    .rows
                    .iter()
                    .map(|(key, content)| (key.clone(), row(of, key, content, &self.look_up_keys)))
                    .collect();
                Some(Desk { sequence: head.sequence, rows, plan, agent, fates: BTreeMap::new() })
            }
            Err(error) => {
                metrics::counter!("DesksFailed").increment(1);
                error!(agentUserId = agent, %error, "an agent's rows stay pending");
                None
            }
        }
    }

    async fn plan(&self, agent: &str, head: &Head, now: EpochMs) -> Result<Plan, DeskError> {
        let mut draft = Draft::of(head)?;
        for _ in 0..ARCHIVE_READS_MAX {
            let Some(missing) = draft.missing(&self.rules, now) else { return Ok(draft.plan(&self.rules, now)) };
            let contents = match &missing {
                Missing::Since(from) => self.journal.archived_since(agent, *from).await?,
                Missing::Session(id) => {
                    self.journal.archived(agent, &open_session_name(id)).await?.into_iter().collect()
                }
            };
            draft.take_in(missing, &contents)?;
        }
        Err(DeskError::Endless)
    }

    async fn write(&self, desks: &mut [Desk], occasion: Occasion, deadline: Deadline) -> bool {
        let mut available = self.writer.is_open(occasion);
        for object in [&INTERRUPTIONS, &WORK_SESSIONS] {
            let mut keys = Vec::new();
            let mut rows = Vec::new();
            for (index, desk) in desks.iter().enumerate() {
                for (key, row) in desk.rows.iter().filter(|(key, _)| target(key) == object) {
                    keys.push((index, key.clone()));
                    rows.push(row.clone());
                }
            }
            if rows.is_empty() {
                continue;
            }
            let fates = if available {
                let (fates, still_available) = self.writer.write(object, &rows, deadline).await;
                available = still_available;
                fates
            } else {
                vec![Fate::Later; rows.len()]
            };
            let written = fates.iter().filter(|fate| matches!(fate, Fate::Done | Fate::WithoutLookUp)).count();
            metrics::counter!("RowsWritten", "object" => object.object).increment(written as u64);
            metrics::counter!("RowsPending", "object" => object.object).increment((rows.len() - written) as u64);
            for ((index, key), fate) in keys.into_iter().zip(fates) {
                desks[index].fates.insert(key, fate);
            }
        }
        available
    }

    /// A rejected row goes to the dead-letter queue and is announced; if either fails it is tried again as if it had not been
    /// rejected.
    async fn report_rejections(&self, desks: &mut [Desk], deadline: Deadline) {
        for desk in desks.iter_mut() {
            for (key, fate) in &mut desk.fates {
                let attempts = desk.plan.state.owed.get(key).map_or(0, |debt| debt.attempts);
                if let Fate::Again(transient) = fate
                    && attempts + 1 >= ATTEMPTS_MAX
                {
                    let (code, message) = (transient.code.clone(), transient.message.clone());
                    *fate = Fate::Rejected(Rejection { code, message, fields: Vec::new(), org_wide: false });
                }
            }
            let rejected = desk.fates.iter().filter_map(|(key, fate)| match fate {
                Fate::Rejected(rejection) => Some((key.clone(), rejection.clone())),
                _ => None,
            });
            for (key, rejection) in rejected.collect::<Vec<_>>() {
                let reported = timeout_at(deadline.instant(), self.report(desk, &key, &rejection)).await;
                if !reported.unwrap_or(false) {
                    desk.fates.insert(key, Fate::Later);
                }
            }
        }
    }

    async fn report(&self, desk: &Desk, key: &RowKey, rejection: &Rejection) -> bool {
        let object = target(key).object;
        let conversation = desk.plan.facts.sessions.get(key.session()).map(|session| session.conversation.as_str());
        let reason = format!("Salesforce rejected {object} {key}: {}: {}", rejection.code, rejection.message);
        let kind = if rejection.org_wide { "org" } else { "row" };
        metrics::counter!("RowsRejected", "kind" => kind).increment(1);
        warn!(conversationId = conversation, %reason, "row rejected");
        let Some(row) = desk.rows.get(key) else { return false };
        let original = json!({ "object": object, "record": row.to_record(target(key)) }).to_string();
        let letter = DeadLetter { reason: reason.clone(), original };
        if let Some(Err(error)) = self.dead_letters.put(&[letter]).await.into_iter().next() {
            warn!(conversationId = conversation, %error, "rejected row not yet on the dead-letter queue");
            return false;
        }
        let detail = Map::from_iter([
            ("conversationId".to_owned(), json!(conversation)),
            ("object".to_owned(), json!(object)),
            ("externalKey".to_owned(), json!(key.to_string())),
            ("agentUserId".to_owned(), json!(desk.agent)),
            ("code".to_owned(), json!(rejection.code)),
            ("reason".to_owned(), json!(rejection.message)),
            ("fields".to_owned(), json!(rejection.fields)),
        ]);
        let id = format!("{object}/{key}/{}", desk.plan.state.revision);
        let outcome = Outcome { detail_type: "Interruption Rejected", id, detail };
        match self.outcomes.put(vec![outcome]).await {
            Ok(()) => true,
            Err(error) => {
                warn!(conversationId = conversation, %error, "rejected row not yet announced");
                false
            }
        }
    }

    async fn settle(&self, mut desk: Desk, now: EpochMs) {
        debts::book(&mut desk.plan, &desk.fates, now);
        for (key, fate) in &desk.fates {
            let session = desk.plan.facts.sessions.get(key.session());
            let conversation = session.map(|session| session.conversation.as_str());
            info!(conversationId = conversation, object = target(key).object, externalKey = %key, fate = fate.name(), "row");
        }
        let settled = async {
            let settlement = settlement(desk.plan.state, desk.sequence, &self.rules, now, FACTS_BYTES_MAX)?;
            Ok::<_, DeskError>(self.journal.settle(&desk.agent, desk.sequence, settlement).await?)
        };
        match settled.await {
            Ok(Settled::Done) => {}
            Ok(Settled::Moved) => metrics::counter!("DesksMoved").increment(1),
            Err(error) => {
                metrics::counter!("DesksFailed").increment(1);
                error!(agentUserId = desk.agent, %error, "an agent's rows are not settled; they will be written again");
            }
        }
    }
}
