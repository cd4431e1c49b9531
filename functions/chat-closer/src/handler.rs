//! The function itself: departures noted, and dealt with when their grace is over.

use std::time::Duration;

use aws_config::SdkConfig;
use lambda_kit::dead_letters::DeadLetters;
use lambda_kit::deliveries::{self, NotStored, Sorted};
use lambda_kit::documents::{Document, DocumentError};
use lambda_kit::events::{Delivery, Invocation, SourcePrefix};
use lambda_kit::runtime::Deadline;
use lambda_kit::switch::Switch;
use serde_json::{Value, json};
use tokio::time::timeout_at;
use tracing::error;

use crate::intake::{Departure, Intake, SOURCE, intake};
use crate::policy::Policy;
use crate::ports::PortError;
use crate::run::{self, Rules};
use crate::settings::Settings;
use crate::world::World;

/// Kept at the end of an invocation to answer for the batch.
const ANSWERING_TIME: Duration = Duration::from_secs(2);

/// The function, ready to take invocations.
pub struct ChatCloser {
    genesys: SourcePrefix,
    dead_letters: DeadLetters,
    policy: Document<Policy>,
    switch: Switch,
    grace: Duration,
    world: World,
}

impl ChatCloser {
    /// Wires the function. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        Ok(Self {
            genesys: settings.source_prefix.clone(),
            dead_letters: DeadLetters::new(config, &settings.dead_letter_queue_url),
            policy: Document::new(config, settings.policy.clone(), Policy::parse),
            switch: Switch::new(config, &settings.disconnects_enabled),
            grace: settings.grace,
            world: World::new(settings, config)?,
        })
    }

    /// Takes an invocation. An event is acknowledged once a departure is stored and put off; one that is due, once it is dealt
    /// with.
    ///
    /// # Errors
    /// An event that came alone could not be stored.
    pub async fn handle(&self, invocation: Invocation, deadline: Deadline) -> Result<Value, NotStored> {
        match invocation {
            // No schedule is this function's.
            Invocation::Tick => Ok(json!({})),
            // Boxed: the futures within are large.
            Invocation::Events(delivered) => {
                Box::pin(self.take_in(&delivered, deadline.earlier_by(ANSWERING_TIME))).await
            }
        }
    }

    async fn take_in(&self, delivered: &[Delivery], deadline: Deadline) -> Result<Value, NotStored> {
        // Events are Genesys Cloud's or our own; nobody else's can be told apart here.
        let sorted = Sorted::of(delivered, &SourcePrefix::new(""), |event| {
            let counts = event.source == SOURCE || self.genesys.matches(&event.source);
            if counts { intake(event) } else { Ok(None) }
        });
        let mut failed = deliveries::bury(&self.dead_letters, sorted.malformed).await;
        for (index, intake) in sorted.understood {
            let message_id = delivered[index].message_id.as_deref();
            let result = match timeout_at(deadline.instant(), self.carry_out(&intake, message_id)).await {
                Ok(result) => result.map_err(|error| error.to_string()),
                Err(_) => Err("the time of the invocation is over".to_owned()),
            };
            if let Err(error) = result {
                metrics::counter!("DeparturesFailed").increment(1);
                let (Intake::Left(departure) | Intake::Due(departure)) = &intake;
                error!(conversationId = departure.conversation_id, error, "not dealt with; it will be delivered again");
                failed.insert(index);
            }
        }
        self.world.tell_rate_limit_use();
        deliveries::answer(delivered, &failed)
    }

    async fn carry_out(&self, intake: &Intake, message_id: Option<&str>) -> Result<(), PortError> {
        match intake {
            Intake::Left(departure) => run::depart(&self.world, departure).await,
            Intake::Due(departure) => self.close(departure, message_id).await,
        }
    }

    async fn close(&self, departure: &Departure, message_id: Option<&str>) -> Result<(), PortError> {
        let unread =
            |error: DocumentError| PortError { operation: "reading what may be done", reason: error.to_string() };
        let is_on = self.switch.is_on().await.map_err(unread)?;
        let policy = if is_on { Some(self.policy.get().await.map_err(unread)?) } else { None };
        let rules = Rules { policy: policy.as_deref(), grace: self.grace };
        run::close_if_due(&self.world, rules, departure, message_id).await
    }
}
