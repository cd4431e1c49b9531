//! The function itself: a tick of the schedule takes up what is due, an event is an operator's command.

use std::time::Duration;

use aws_config::SdkConfig;
use futures::FutureExt;
use jiff::Timestamp;
use lambda_kit::dead_letters::{DeadLetter, DeadLetters};
use lambda_kit::deliveries::{self, NotStored, Sorted};
use lambda_kit::documents::DocumentError;
use lambda_kit::events::{Delivery, EventBridgeEvent, Invocation, SourcePrefix};
use lambda_kit::runtime::Deadline;
use lambda_kit::switch::IS_OFF;
use serde_json::{Value, json};
use tracing::{error, info, warn};

use crate::case::Request;
use crate::command::{self, Command, CommandError, SOURCE_PREFIX};
use crate::life;
use crate::policy_document::PolicyDocument;
use crate::ports::PortError;
use crate::run::{self, Report};
use crate::settings::Settings;
use crate::world::Connections;

/// Kept at the end of an invocation, so that what was begun last is written down: a look or a disconnect, and its case.
const FINISHING_TIME: Duration = Duration::from_secs(40);
/// Kept after that, to answer.
const ANSWERING_TIME: Duration = Duration::from_secs(2);

/// The function, ready to take invocations.
pub struct GhostDisconnector {
    connections: Connections,
    policy: PolicyDocument,
    operators: SourcePrefix,
    dead_letters: DeadLetters,
}

/// An invocation that did not do what it is for. Nothing was disconnected for it.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// No policy is in force.
    #[error("nothing is disconnected, for no policy is in force: {0}")]
    NoPolicy(#[from] DocumentError),
    /// Something that everything depends on failed; the next tick goes on.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A command that came alone, which no queue would deliver again, could not be taken up.
    #[error(transparent)]
    NotStored(#[from] NotStored),
}

impl GhostDisconnector {
    /// Wires the function. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        Ok(Self {
            policy: PolicyDocument::new(config, settings.policy.clone(), &settings.disconnects_enabled),
            operators: SourcePrefix::new(SOURCE_PREFIX),
            dead_letters: DeadLetters::new(config, &settings.dead_letter_queue_url),
            connections: Connections::new(settings, config)?,
        })
    }

    /// Takes an invocation: a tick of the schedule, or commands.
    ///
    /// # Errors
    /// [`InvocationError`].
    pub async fn handle(&self, invocation: Invocation, deadline: Deadline) -> Result<Value, InvocationError> {
        let deadline = deadline.earlier_by(ANSWERING_TIME);
        match invocation {
            // Boxed, as below: the futures are large, and their types too deep for the compiler.
            Invocation::Tick => self.tick(deadline).boxed_local().await,
            Invocation::Events(delivered) => self.take_commands(&delivered, deadline).boxed_local().await,
        }
    }

    async fn tick(&self, deadline: Deadline) -> Result<Value, InvocationError> {
        let policy = self.policy.in_force().await?;
        let world = self.connections.until(deadline, &self.policy, Some(&policy));
        let report = run::tick(&world, &policy, until(deadline)).boxed_local().await?;
        self.connections.tell_rate_limit_use();
        Ok(told(&report))
    }

    /// A command is acknowledged once a case carries it, or its refusal is on the bus.
    async fn take_commands(&self, delivered: &[Delivery], deadline: Deadline) -> Result<Value, InvocationError> {
        let sorted = Sorted::of(delivered, &self.operators, understand);
        let answered = self.refuse_malformed(delivered, &sorted.malformed, deadline).await;
        let mut failed = deliveries::bury(&self.dead_letters, sorted.malformed).await;
        failed.extend(answered);
        for (index, command) in sorted.understood {
            if let Err(error) = self.carry_out(&command, deadline).await {
                warn!(%error, "a command could not be taken up; it will be delivered again");
                failed.insert(index);
            }
        }
        Ok(deliveries::answer(delivered, &failed)?)
    }

    /// Whoever asked for a disconnect that cannot be understood is told so, for each conversation that can be read in it. Gives
    /// the deliveries for which that failed.
    async fn refuse_malformed(
        &self,
        delivered: &[Delivery],
        malformed: &[(deliveries::Index, DeadLetter)],
        deadline: Deadline,
    ) -> Vec<deliveries::Index> {
        let mut failed = Vec::new();
        for (index, letter) in malformed {
            let Ok(event) = &delivered[*index].event else { continue };
            let (Some(id), Ok(detail)) = (&event.id, serde_json::from_str::<Value>(event.detail.get())) else {
                continue;
            };
            let (conversation_ids, request) = command::named_conversations(&detail);
            if event.detail_type != command::DISCONNECT || conversation_ids.is_empty() {
                continue;
            }
            let request = Request { event_id: id.clone(), ..request };
            let world = self.connections.until(deadline, &self.policy, None);
            if let Err(error) = run::refuse(&world, &conversation_ids, &request, &letter.reason).await {
                warn!(%error, "a refusal could not be put on the bus; the command will be delivered again");
                failed.push(*index);
            }
        }
        failed
    }

    async fn carry_out(&self, command: &Command, deadline: Deadline) -> Result<(), PortError> {
        let policy = self.policy.in_force().await;
        let world = &self.connections.until(deadline, &self.policy, policy.as_ref().ok());
        let (conversation_ids, request) = match command {
            Command::ResetBreaker { event_id, requested_by, reason } => {
                return run::reset_breaker(world, event_id, requested_by, reason).await;
            }
            Command::Disconnect { conversation_ids, request } => (conversation_ids, request),
        };
        if self.policy.disconnects_enabled().await == Ok(false) {
            return run::refuse(world, conversation_ids, request, IS_OFF).await;
        }
        match &policy {
            Ok(policy) => {
                let taken_up = run::disconnect(world, policy, conversation_ids, request, until(deadline));
                taken_up.boxed_local().await.map(drop)
            }
            Err(error) => {
                error!(%error, "nothing is disconnected, for no policy is in force");
                run::refuse(world, conversation_ids, request, &format!("no policy is in force: {error}")).await
            }
        }
    }
}

/// Nothing is begun later than this.
fn until(deadline: Deadline) -> Timestamp {
    life::after(Timestamp::now(), deadline.earlier_by(FINISHING_TIME).remaining())
}

/// What an event asks for; `None` if it is no command of ours.
fn understand(event: &EventBridgeEvent) -> Result<Option<Command>, String> {
    let event_id = event.id.as_deref().ok_or("the event has no id")?;
    let detail: Value = serde_json::from_str(event.detail.get()).map_err(|_| "the event's detail is not JSON")?;
    let asked_at = event.time.as_deref().and_then(|time| time.parse().ok());
    match Command::read(&event.detail_type, event_id, asked_at, &detail) {
        Ok(command) => {
            info!(eventId = event_id, detailType = event.detail_type, "command");
            Ok(Some(command))
        }
        Err(CommandError::NotOurs) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// A run, as metrics and as the invocation's answer.
fn told(report: &Report) -> Value {
    let counts = [
        ("Looks", report.looks),
        ("DisconnectRequests", report.requests),
        ("GhostsSuspected", report.suspected),
        ("GhostsObserved", report.observed),
        ("GhostsDisconnected", report.resolved),
        ("GhostsEscalated", report.escalated),
        ("GhostsDismissed", report.dismissed),
        ("LooksFailed", report.failures),
    ];
    let mut answer = json!({ "rows": report.rows });
    for (name, count) in counts {
        metrics::counter!(name).increment(u64::from(count));
        answer[name] = json!(count);
    }
    if let Some(age) = report.oldest_ghost {
        metrics::gauge!("OldestGhostSeconds").set(age.as_secs_f64());
    }
    if let Some(age) = report.oldest_in_hand {
        metrics::gauge!("OldestCaseInHandSeconds").set(age.as_secs_f64());
    }
    metrics::gauge!("BreakerTripped").set(f64::from(u8::from(report.breaker_tripped)));
    answer["BreakerTripped"] = json!(report.breaker_tripped);
    answer
}
