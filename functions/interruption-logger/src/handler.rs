//! The function itself: events in, facts stored, rows out; and, by schedule, the flush of what is pending.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use lambda_kit::aws;
use lambda_kit::dead_letters::DeadLetters;
use lambda_kit::deliveries::{self, Index, NotStored};
use lambda_kit::events::{Delivery, Invocation, SourcePrefix};
use lambda_kit::outcomes::Outcomes;
use lambda_kit::runtime::Deadline;
use lambda_kit::secrets::Secret;
use ledger::journal::DuePage;
use ledger::{GrowOnlySets, Head, Journal, LedgerError};
use salesforce::{CredentialError, CredentialSource, Credentials, Salesforce};
use serde_json::{Value, json};
use tracing::error;

use crate::batch::Batch;
use crate::converge::{CONCURRENCY, Converger};
use crate::references;
use crate::settings::{CredentialsFrom, Settings};
use crate::writer::{Occasion, Writer};

/// Kept at the end of an invocation to settle what was written.
const SETTLING_TIME: Duration = Duration::from_secs(12);
/// A page of the flush is not begun with less time than this.
const FLUSH_PAGE_TIME: Duration = Duration::from_secs(20);
/// Agents that are flushed together: their rows share calls of at most 200 rows.
const FLUSH_AGENTS: usize = 100;
/// Entries of the index of what is due in a page.
const FLUSH_PAGE: i32 = 100;

/// The function, ready to take invocations.
pub struct InterruptionLogger {
    source_prefix: SourcePrefix,
    journal: Journal,
    conversations: GrowOnlySets,
    converger: Converger,
    dead_letters: DeadLetters,
}

/// An invocation that has to be made again.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// A single event, which no queue would deliver again, could not be stored.
    #[error(transparent)]
    NotStored(#[from] NotStored),
    /// The index of what is pending could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Our secret as Salesforce's client asks for it.
struct SalesforceSecret(Secret<Credentials>);

impl CredentialSource for SalesforceSecret {
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { self.0.get().await.map_err(|error| CredentialError::Unavailable(error.into())) })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { self.0.refresh().await.map_err(|error| CredentialError::Unavailable(error.into())) })
    }
}

impl InterruptionLogger {
    /// Wires the function. Nothing is asked over the network yet.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        let secret = match settings.salesforce.credentials {
            CredentialsFrom::Arn(arn) => Secret::from_arn(config, arn),
            CredentialsFrom::Environment(credentials) => Secret::fixed(credentials),
        };
        let salesforce = Salesforce::new(
            aws::http_client()?,
            salesforce::Settings::new(
                settings.salesforce.login_url,
                settings.salesforce.api_version,
                "genesys-event-processor",
            ),
            SalesforceSecret(secret),
        );
        let dynamodb = Client::new(config);
        let journal = Journal::new(dynamodb.clone(), &settings.table);
        let dead_letters = DeadLetters::new(config, settings.dead_letter_queue_url);
        Ok(Self {
            source_prefix: settings.source_prefix,
            conversations: GrowOnlySets::new(dynamodb, settings.table),
            journal: journal.clone(),
            converger: Converger {
                journal,
                writer: Writer::new(salesforce),
                rules: settings.rules,
                look_up_keys: settings.look_up_keys,
                dead_letters: dead_letters.clone(),
                outcomes: Outcomes::new(config, settings.outcome_bus),
            },
            dead_letters,
        })
    }

    /// Takes an invocation: events, or a tick of the schedule.
    pub async fn handle(&self, invocation: Invocation, deadline: Deadline) -> Result<Value, InvocationError> {
        let deadline = deadline.earlier_by(SETTLING_TIME);
        match invocation {
            // Boxed: the futures within are large.
            Invocation::Tick => Box::pin(self.flush(deadline)).await,
            Invocation::Events(deliveries) => Box::pin(self.take_in(&deliveries, deadline)).await,
        }
    }

    /// Stores what the events say, then converges the agents they are about. An event is acknowledged once it is stored: what
    /// Salesforce does not take is pending, and no reason to see the event again.
    async fn take_in(&self, delivered: &[Delivery], deadline: Deadline) -> Result<Value, InvocationError> {
        let now = now();
        let mut batch = Batch::of(delivered, &self.source_prefix, &self.converger.rules, now);
        let oldest_event_ms = batch.oldest_event_ms;
        let mut failed = deliveries::bury(&self.dead_letters, std::mem::take(&mut batch.malformed)).await;
        failed.extend(self.note_conversations(&mut batch, now).await);
        let (heads, not_appended) = self.append(batch, now).await;
        failed.extend(not_appended);
        let available = self.converger.converge(heads, Occasion::Events, now, deadline).await;
        if let Some(oldest_event_ms) = oldest_event_ms.filter(|_| available && failed.is_empty()) {
            let lag_ms = Timestamp::now().as_millisecond().saturating_sub(oldest_event_ms).max(0);
            let lag = Duration::from_millis(lag_ms.unsigned_abs());
            metrics::histogram!("EventToRecordSeconds").record(lag.as_secs_f64());
        }

        Ok(deliveries::answer(delivered, &failed)?)
    }

    /// Brings agents and Cases of the batch's conversations together.
    async fn note_conversations(&self, batch: &mut Batch, now: i64) -> BTreeSet<Index> {
        let conversations = std::mem::take(&mut batch.conversations);
        let noted = stream::iter(conversations).map(|(conversation, news)| async move {
            let told = references::note(&self.conversations, &conversation, &news.what, now).await;
            (conversation, news.deliveries, told)
        });
        let mut failed = BTreeSet::new();
        let mut noted = noted.buffer_unordered(CONCURRENCY);
        while let Some((conversation_id, deliveries, told)) = noted.next().await {
            match told {
                Ok(told) => told.into_iter().for_each(|(agent, facts)| batch.tell(agent, &facts, &deliveries)),
                Err(error) => {
                    error!(conversationId = conversation_id, %error, "events not stored; they will be delivered again");
                    failed.extend(deliveries);
                }
            }
        }
        failed
    }

    /// Appends the facts to the journals of their agents.
    async fn append(&self, batch: Batch, now: i64) -> (Vec<(String, Head)>, BTreeSet<Index>) {
        let mut appended = stream::iter(batch.agents)
            .map(|(agent, facts)| async move {
                let head = match serde_json::to_string(&facts.what) {
                    Ok(entry) => self.journal.append(&agent, &entry, now).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                (agent, facts.deliveries, head)
            })
            .buffer_unordered(CONCURRENCY);
        let (mut heads, mut failed) = (Vec::new(), BTreeSet::new());
        while let Some((agent, deliveries, head)) = appended.next().await {
            match head {
                Ok(head) => heads.push((agent, head)),
                Err(error) => {
                    error!(agentUserId = agent, error, "events not stored; they will be delivered again");
                    failed.extend(deliveries);
                }
            }
        }
        (heads, failed)
    }

    /// Converges every agent with something pending: what a crash, an outage or a missing Case has left.
    async fn flush(&self, deadline: Deadline) -> Result<Value, InvocationError> {
        // One moment for all of it: what this flush books for later it does not find again.
        let started_at = now();
        let mut page = Some(DuePage::default());
        let mut flushed = 0;
        let mut available = true;
        while available && deadline.remaining() > FLUSH_PAGE_TIME {
            let agents = self.next_due(&mut page, started_at).await?;
            if agents.is_empty() {
                break;
            }
            let heads = self.read(agents).await;
            flushed += heads.len();
            available = self.converger.converge(heads, Occasion::Flush, started_at, deadline).await;
        }
        metrics::counter!("Flushes").increment(1);
        metrics::counter!("AgentsFlushed").increment(flushed as u64);
        Ok(json!({ "flushed": flushed, "complete": page.is_none() && available }))
    }

    /// Enough agents with something due to fill a call to Salesforce, wherever the index has them.
    async fn next_due(&self, page: &mut Option<DuePage>, by: i64) -> Result<Vec<String>, LedgerError> {
        let mut agents = Vec::new();
        while let Some(from) = page.take() {
            let due = self.journal.due(by, Some(from), FLUSH_PAGE).await?;
            agents.extend(due.owners);
            *page = due.next;
            if agents.len() >= FLUSH_AGENTS {
                break;
            }
        }
        Ok(agents)
    }

    /// The journals of these agents. One that cannot be read is no reason to leave the others pending.
    async fn read(&self, agents: Vec<String>) -> Vec<(String, Head)> {
        let read = stream::iter(agents).map(|agent| async move { (self.journal.read(&agent).await, agent) });
        let heads = read.buffer_unordered(CONCURRENCY).filter_map(|(head, agent)| {
            std::future::ready(match head {
                Ok(head) => head.map(|head| (agent, head)),
                Err(error) => {
                    metrics::counter!("AgentsFailed").increment(1);
                    error!(agentUserId = agent, %error, "an agent's rows stay pending");
                    None
                }
            })
        });
        heads.collect().await
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
