//! From journals to Salesforce and back: what follows from the facts is written, and then, if nobody has added a fact
//! meanwhile, settled. Whoever did add one does the same with all of them; if it dies, the flush does.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use lambda_kit::dead_letters::{DeadLetter, DeadLetters};
use lambda_kit::outcomes::{Outcome, Outcomes};
use lambda_kit::runtime::Deadline;
use ledger::{Head, Journal, LedgerError, Settled};
use salesforce::{Rejection, Row};
use serde_json::{Map, json};
use tokio::time::timeout_at;
use tracing::{error, info, warn};

use crate::debts;
use crate::draft::{Draft, Missing, Plan, UnreadableJournal};
use crate::facts::EpochMs;
use crate::rows::{INTERRUPTIONS, LookUpKeys, RowOf, WORK_SESSIONS, row, target};
use crate::settlement::{FACTS_BYTES_MAX, open_session_name, settlement};
use crate::state::RowKey;
use crate::timeline::Rules;
use crate::writer::{Fate, Occasion, Writer};

/// How many requests to DynamoDB are under way at once.
pub const CONCURRENCY: usize = 16;
/// Starts that were lost, what changed, the work sessions that it affects, and those that these reveal: more is an error.
const ARCHIVE_READS_MAX: usize = 16;

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
    #[error("the archive was read {ARCHIVE_READS_MAX} times and something is still missing")]
    Endless,
    #[error("a settled state cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
}

/// A row that Salesforce will never take.
struct Rejected {
    desk: usize,
    key: RowKey,
    letter: DeadLetter,
    outcome: Outcome,
}

impl Desk {
    fn reject_what_was_tried_too_often(&mut self) {
        for (key, fate) in &mut self.fates {
            let too_often = debts::debt(self.plan.state.owed.get(key), fate, 0, 0).is_none();
            if let (Fate::Again(transient), true) = (&*fate, too_often) {
                let (code, message) = (transient.code.clone(), transient.message.clone());
                *fate = Fate::Rejected(Rejection { code, message, fields: Vec::new(), org_wide: false });
            }
        }
    }

    fn rejections(&self) -> impl Iterator<Item = (&RowKey, &Rejection)> {
        self.fates.iter().filter_map(|(key, fate)| match fate {
            Fate::Rejected(rejection) => Some((key, rejection)),
            _ => None,
        })
    }

    fn conversation(&self, key: &RowKey) -> Option<&str> {
        self.plan.facts.sessions.get(key.session()).map(|session| session.conversation.as_str())
    }
}

impl Rejected {
    fn of(index: usize, desk: &Desk, key: &RowKey, rejection: &Rejection) -> Self {
        let object = target(key).object;
        let conversation = desk.conversation(key);
        let reason = format!("Salesforce rejected {object} {key}: {}: {}", rejection.code, rejection.message);
        let kind = if rejection.org_wide { "org" } else { "row" };
        metrics::counter!("RowsRejected", "kind" => kind).increment(1);
        warn!(conversationId = conversation, %reason, "row rejected");
        let record = desk.rows.get(key).map(|row| row.to_record(target(key)));
        let detail = Map::from_iter([
            ("conversationId".to_owned(), json!(conversation)),
            ("object".to_owned(), json!(object)),
            ("externalKey".to_owned(), json!(key.to_string())),
            ("agentUserId".to_owned(), json!(desk.agent)),
            ("code".to_owned(), json!(rejection.code)),
            ("reason".to_owned(), json!(rejection.message)),
            ("fields".to_owned(), json!(rejection.fields)),
        ]);
        Self {
            desk: index,
            key: key.clone(),
            letter: DeadLetter { reason, original: json!({ "object": object, "record": record }).to_string() },
            outcome: Outcome {
                detail_type: "Interruption Rejected",
                id: format!("{object}/{key}/{}", desk.plan.state.revision),
                detail,
            },
        }
    }
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
        // What is owed is of no concern to events while it cannot be written.
        let debts_until = self.writer.is_open(occasion).then_some(now);
        let mut desks: Vec<Desk> = stream::iter(heads)
            .map(|(agent, head)| self.prepare(agent, head, debts_until))
            .buffer_unordered(CONCURRENCY)
            .filter_map(std::future::ready)
            .collect()
            .await;
        let available = self.write(&mut desks, occasion, deadline).await;
        self.report_rejections(&mut desks, deadline).await;
        stream::iter(desks).for_each_concurrent(CONCURRENCY, |desk| self.settle(desk, now)).await;
        available
    }

    async fn prepare(&self, agent: String, head: Head, debts_until: Option<EpochMs>) -> Option<Desk> {
        match self.plan(&agent, &head, debts_until).await {
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
                metrics::counter!("AgentsFailed").increment(1);
                error!(agentUserId = agent, %error, "an agent's rows stay pending");
                None
            }
        }
    }

    async fn plan(&self, agent: &str, head: &Head, debts_until: Option<EpochMs>) -> Result<Plan, DeskError> {
        let mut draft = Draft::of(head)?;
        for _ in 0..ARCHIVE_READS_MAX {
            let Some(missing) = draft.missing(&self.rules, debts_until) else {
                return Ok(draft.plan(&self.rules, debts_until));
            };
            let contents = match &missing {
                Missing::Since(from) => self.journal.archived_since(agent, *from).await?,
                Missing::Sessions(ids) => self.archived_sessions(agent, ids).await?,
            };
            draft.take_in(missing, &contents)?;
        }
        Err(DeskError::Endless)
    }

    async fn archived_sessions(&self, agent: &str, ids: &[String]) -> Result<Vec<String>, LedgerError> {
        let read = |id: &String| {
            let name = open_session_name(id);
            async move { self.journal.archived(agent, &name).await }
        };
        let found: Vec<Option<String>> =
            stream::iter(ids).map(read).buffer_unordered(CONCURRENCY).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
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
                let (fates, still_available) = self.writer.write(occasion, object, &rows, deadline).await;
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

    /// Rejected rows go to the dead-letter queue and are announced; where either fails, or time is up, they are tried again as if
    /// they had not been rejected.
    async fn report_rejections(&self, desks: &mut [Desk], deadline: Deadline) {
        let mut rejected = Vec::new();
        for (index, desk) in desks.iter_mut().enumerate() {
            desk.reject_what_was_tried_too_often();
            rejected.extend(desk.rejections().map(|(key, rejection)| Rejected::of(index, desk, key, rejection)));
        }
        if rejected.is_empty() {
            return;
        }
        let reported = timeout_at(deadline.instant(), self.report(&rejected)).await;
        let reported = reported.unwrap_or_else(|_| vec![false; rejected.len()]);
        for (rejected, _) in rejected.into_iter().zip(reported).filter(|(_, reported)| !reported) {
            desks[rejected.desk].fates.insert(rejected.key, Fate::Later);
        }
    }

    /// For each, whether it is on the dead-letter queue and announced.
    async fn report(&self, rejected: &[Rejected]) -> Vec<bool> {
        let letters: Vec<DeadLetter> = rejected.iter().map(|rejected| rejected.letter.clone()).collect();
        let mut reported: Vec<bool> = self.dead_letters.put(&letters).await.iter().map(Result::is_ok).collect();
        let announced = rejected.iter().zip(&reported).filter(|(_, buried)| **buried);
        let outcomes = announced.map(|(rejected, _)| rejected.outcome.clone()).collect();
        if let Err(error) = self.outcomes.put(outcomes).await {
            warn!(%error, "rejected rows not announced; they will be tried again");
            for (rejected, reported) in rejected.iter().zip(&mut reported) {
                *reported &= !error.ids.contains(&rejected.outcome.id);
            }
        }
        reported
    }

    async fn settle(&self, mut desk: Desk, now: EpochMs) {
        debts::book(&mut desk.plan, &desk.fates, now);
        for (key, fate) in &desk.fates {
            info!(conversationId = desk.conversation(key), object = target(key).object, externalKey = %key, fate = fate.name(), "row");
        }
        let settled = async {
            let settlement = settlement(desk.plan.state, desk.sequence, &self.rules, now, FACTS_BYTES_MAX)?;
            Ok::<_, DeskError>(self.journal.settle(&desk.agent, desk.sequence, settlement).await?)
        };
        match settled.await {
            Ok(Settled::Done) => {}
            Ok(Settled::Moved) => metrics::counter!("AgentsMoved").increment(1),
            Err(error) => {
                metrics::counter!("AgentsFailed").increment(1);
                error!(agentUserId = desk.agent, %error, "an agent's rows are not settled; they will be written again");
            }
        }
    }
}
