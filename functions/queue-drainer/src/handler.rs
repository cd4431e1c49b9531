//! The function itself: an event is a command, or its own message to go on; a tick of the schedule takes up what was stranded.

use std::time::Duration;

use aws_config::SdkConfig;
use futures::FutureExt;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::dead_letters::DeadLetters;
use lambda_kit::deliveries::{self, NotStored, Sorted};
use lambda_kit::events::{Delivery, EventBridgeEvent, Invocation, SourcePrefix};
use lambda_kit::messages::{MessageError, MessageQueue};
use lambda_kit::runtime::Deadline;
use lambda_kit::switch::IS_OFF;
use serde_json::{Value, json};
use tracing::{info, warn};

use crate::announce;
use crate::drain::{self, Ending, Run};
use crate::job;
use crate::ports::{Outcomes, PortError, Store, Switch};
use crate::request::{CONTINUED, Command, DrainRequest, Refusal, SOURCE_PREFIX};
use crate::settings::Settings;
use crate::world::{Connections, World};

/// Kept at the end of an invocation, so that what was begun last is written down and told.
const FINISHING_TIME: Duration = Duration::from_secs(25);
/// Kept after that, to answer.
const ANSWERING_TIME: Duration = Duration::from_secs(2);

/// The function, ready to take invocations.
pub struct QueueDrainer {
    connections: Connections,
    continuations: MessageQueue,
    operators: SourcePrefix,
    dead_letters: DeadLetters,
}

/// An invocation that did not do what it is for. Its message is delivered again.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The store or the bus is out.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nobody could be told to go on.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A command that came alone, which no queue would deliver again, could not be taken up.
    #[error(transparent)]
    NotStored(#[from] NotStored),
}

/// A command, or why it is refused, with the id of its event.
type Asked = (String, Result<Command, Refusal>);

impl QueueDrainer {
    /// Wires the function. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        Ok(Self {
            continuations: MessageQueue::new(config, &settings.continuation_queue_url),
            operators: SourcePrefix::new(SOURCE_PREFIX),
            dead_letters: DeadLetters::new(config, &settings.dead_letter_queue_url),
            connections: Connections::new(settings, config)?,
        })
    }

    /// Takes an invocation: commands, or a tick of the schedule.
    ///
    /// # Errors
    /// [`InvocationError`].
    pub async fn handle(&self, invocation: Invocation, deadline: Deadline) -> Result<Value, InvocationError> {
        let deadline = deadline.earlier_by(ANSWERING_TIME);
        match invocation {
            // Boxed, as below: the futures are large, and their types too deep for the compiler.
            Invocation::Tick => self.rescue(deadline).boxed_local().await,
            Invocation::Events(delivered) => self.take_commands(&delivered, deadline).boxed_local().await,
        }
    }

    /// Has somebody go on with the jobs that nobody has in hand.
    async fn rescue(&self, deadline: Deadline) -> Result<Value, InvocationError> {
        let world = self.connections.until(deadline);
        let mut stranded = 0;
        for job_id in world.due_jobs().await? {
            if drain::rescue(&world, &job_id).await? {
                info!(jobId = job_id, "nobody is at this job: somebody is to go on with it");
                self.have_continued(&job_id).await?;
                stranded += 1;
            }
        }
        Ok(json!({ "stranded": stranded }))
    }

    async fn take_commands(&self, delivered: &[Delivery], deadline: Deadline) -> Result<Value, InvocationError> {
        let sorted = Sorted::of(delivered, &self.operators, understand);
        let mut failed = deliveries::bury(&self.dead_letters, sorted.malformed).await;
        // Side by side: a cancellation that has to be tried again keeps no other waiting. Drains come one by one.
        let carried_out = sorted.understood.into_iter().map(async |(index, (event_id, asked))| {
            let holder = delivered[index].message_id.as_deref().unwrap_or(&event_id);
            (index, self.carry_out(&event_id, asked, holder, deadline).boxed_local().await)
        });
        for (index, carried_out) in join_all(carried_out).await {
            if let Err(error) = carried_out {
                warn!(%error, "a command could not be carried out; it will be delivered again");
                failed.insert(index);
            }
        }
        Ok(deliveries::answer(delivered, &failed)?)
    }

    async fn carry_out(
        &self,
        event_id: &str,
        asked: Result<Command, Refusal>,
        holder: &str,
        deadline: Deadline,
    ) -> Result<(), InvocationError> {
        let world = self.connections.until(deadline);
        let until = deadline.earlier_by(FINISHING_TIME).remaining();
        let until = job::after(Timestamp::now(), SignedDuration::try_from(until).unwrap_or_default());
        let job_id = match asked {
            Err(refusal) => return refuse(&world, event_id, &refusal).await,
            Ok(Command::Cancel { job_id, requested_by }) => {
                info!(jobId = job_id, "the job is to stop");
                return Ok(drain::cancel(&world, &job_id, &requested_by, until).await?);
            }
            Ok(Command::Continue { job_id }) => job_id,
            Ok(Command::Drain { request, asked_at }) => {
                if let Some(reason) = self.opened(&world, &request, asked_at).await? {
                    let refusal = Refusal { job_id: Some(request.job_id.clone()), reason: reason.to_owned() };
                    return refuse(&world, event_id, &refusal).await;
                }
                request.job_id
            }
        };
        let run = Run { job_id: &job_id, holder, until };
        let ending = drain::run(&world, run).boxed_local().await?;
        info!(jobId = job_id, ?ending, "the run is over");
        if ending == Ending::Continues {
            self.have_continued(&job_id).await?;
        }
        Ok(())
    }

    /// Notes the job. Tells why not, if it is refused.
    async fn opened(
        &self,
        world: &World<'_>,
        request: &DrainRequest,
        asked_at: Option<Timestamp>,
    ) -> Result<Option<&'static str>, PortError> {
        if !request.dry_run && !world.is_on().await? {
            return Ok(Some(IS_OFF));
        }
        info!(jobId = request.job_id, queueId = request.queue_id, dryRun = request.dry_run, "a queue is to be drained");
        drain::open(world, request, asked_at).await
    }

    /// Sends a message to ourselves. Should it come twice, two find the job and one has it.
    async fn have_continued(&self, job_id: &str) -> Result<(), MessageError> {
        let message = json!({ "source": SOURCE_PREFIX, "detail-type": CONTINUED, "detail": { "jobId": job_id } });
        self.continuations.send(message.to_string(), Duration::ZERO).await
    }
}

async fn refuse(world: &World<'_>, event_id: &str, refusal: &Refusal) -> Result<(), InvocationError> {
    info!(jobId = refusal.job_id, reason = refusal.reason, "refused");
    Ok(world.put_outcomes(vec![announce::of_refusal(event_id, refusal)]).await?)
}

/// What an event asks for; `None` if it is no command of ours.
fn understand(event: &EventBridgeEvent) -> Result<Option<Asked>, String> {
    let detail: Value = serde_json::from_str(event.detail.get()).map_err(|_| "the event's detail is not JSON")?;
    let event_id = event.id.clone().unwrap_or_else(|| "unknown".to_owned());
    Ok(match Command::read(&event.detail_type, event.time.as_deref(), &detail) {
        Ok(None) => None,
        Ok(Some(command)) => Some((event_id, Ok(command))),
        Err(refusal) => Some((event_id, Err(refusal))),
    })
}
