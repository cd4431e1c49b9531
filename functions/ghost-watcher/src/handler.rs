//! The function itself: events in, facts and due times stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use futures::stream::{self, StreamExt};
use genesys_cloud::detail_event::{Detail, Topic};
use jiff::Timestamp;
use lambda_kit::dead_letters::DeadLetters;
use lambda_kit::deliveries::{self, Index, NotStored, Sorted};
use lambda_kit::documents::Document;
use lambda_kit::events::{Delivery, EventBridgeEvent, Invocation, SourcePrefix};
use lambda_kit::runtime::Deadline;
use ledger::Watch;
use serde_json::{Value, json};
use tokio::time::timeout_at;
use tracing::{error, info};

use crate::due::DuePolicy;
use crate::facts::{ConversationFacts, EpochMs};
use crate::intake::{Intake, intake};
use crate::observation::{Observed, observe};
use crate::settings::Settings;

/// Conversations that are stored at once.
const CONCURRENCY: usize = 16;
/// Kept for storing when the policy does not come.
const STORING_TIME: Duration = Duration::from_secs(20);
/// Kept at the end of an invocation to answer for the batch.
const ANSWERING_TIME: Duration = Duration::from_secs(2);

/// The function, ready to take invocations.
pub struct GhostWatcher {
    source_prefix: SourcePrefix,
    watch: Watch,
    policy: Document<DuePolicy>,
    dead_letters: DeadLetters,
}

/// What a batch says of a conversation, and the deliveries that brought it.
#[derive(Default)]
struct News {
    facts: ConversationFacts,
    deliveries: BTreeSet<Index>,
}

impl GhostWatcher {
    /// Wires the function. Nothing is asked over the network yet.
    pub fn new(settings: Settings, config: &SdkConfig) -> Self {
        Self {
            source_prefix: settings.source_prefix,
            watch: Watch::new(Client::new(config), settings.table),
            policy: Document::new(config, settings.policy, DuePolicy::parse),
            dead_letters: DeadLetters::new(config, settings.dead_letter_queue_url),
        }
    }

    /// Takes an invocation. An event is acknowledged once all that it says is stored.
    pub async fn handle(&self, invocation: Invocation, deadline: Deadline) -> Result<Value, NotStored> {
        match invocation {
            // No schedule is this function's: nothing is pending here.
            Invocation::Tick => Ok(json!({})),
            // Boxed: the futures within are large.
            Invocation::Events(delivered) => {
                Box::pin(self.take_in(&delivered, deadline.earlier_by(ANSWERING_TIME))).await
            }
        }
    }

    async fn take_in(&self, delivered: &[Delivery], deadline: Deadline) -> Result<Value, NotStored> {
        let now = Timestamp::now().as_millisecond();
        let sorted = Sorted::of(delivered, &self.source_prefix, |event| understand(event, now));
        let mut failed = deliveries::bury(&self.dead_letters, sorted.malformed).await;
        let mut conversations: BTreeMap<String, News> = BTreeMap::new();
        for (index, intake) in sorted.understood {
            let news = conversations.entry(intake.conversation_id).or_default();
            news.facts.join(&intake.facts);
            news.deliveries.insert(index);
        }
        if !conversations.is_empty() {
            failed.extend(self.store(conversations, now, deadline).await);
        }
        deliveries::answer(delivered, &failed)
    }

    /// The policy in force. Without one, events are stored all the same: they don't come again.
    async fn policy(&self, deadline: Deadline) -> Option<Arc<DuePolicy>> {
        let reason = match timeout_at(deadline.instant(), self.policy.get()).await {
            Ok(Ok(policy)) => return Some(policy),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it could not be read in time".to_owned(),
        };
        error!(reason, "there is no policy: every conversation that goes on is due at once");
        None
    }

    /// Stores what is new of each conversation. Gives the deliveries of those that could not be stored.
    async fn store(&self, conversations: BTreeMap<String, News>, now: EpochMs, deadline: Deadline) -> BTreeSet<Index> {
        let policy = self.policy(deadline.earlier_by(STORING_TIME)).await;
        let policy = policy.as_deref();
        let mut stored = stream::iter(conversations)
            .map(|(conversation_id, news)| async move {
                let observing = observe(&self.watch, &conversation_id, &news.facts, policy, now);
                let observed = match timeout_at(deadline.instant(), observing).await {
                    Ok(observed) => observed.map_err(|error| error.to_string()),
                    Err(_) => Err("the time of the invocation is over".to_owned()),
                };
                (conversation_id, news.deliveries, observed)
            })
            .buffer_unordered(CONCURRENCY);
        let mut failed = BTreeSet::new();
        while let Some((conversation_id, deliveries, observed)) = stored.next().await {
            match observed {
                Ok(Observed::Stored) => metrics::counter!("ConversationsStored").increment(1),
                Ok(Observed::Known) => metrics::counter!("ConversationsKnown").increment(1),
                Err(error) => {
                    metrics::counter!("ConversationsFailed").increment(1);
                    error!(conversationId = conversation_id, error, "events not stored; they will be delivered again");
                    failed.extend(deliveries);
                }
            }
        }
        failed
    }
}

/// What an event says; `None` if it is of a topic that this function does not use.
fn understand(event: &EventBridgeEvent, now: EpochMs) -> Result<Option<Intake>, String> {
    let Some(topic) = Topic::from_detail_type(&event.detail_type) else { return Ok(None) };
    let detail = Detail::parse(topic, event.detail.get()).map_err(|error| error.to_string())?;
    let Some(intake) = intake(&detail.event).map_err(|error| error.to_string())? else { return Ok(None) };
    metrics::counter!("EventsUsed").increment(1);
    info!(
        conversationId = intake.conversation_id,
        correlationId = detail.correlation_id,
        eventId = event.id,
        %topic,
        lateMs = now - detail.event.context().event_time_ms,
        "event"
    );
    Ok(Some(intake))
}
