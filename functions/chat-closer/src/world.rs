//! The world as it is: Genesys Cloud, DynamoDB, SQS and EventBridge, behind the [ports](crate::ports).

use std::fmt::Display;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use genesys_cloud::api::{
    AgentlessMessage, ApiError, Deadline, Delivery, DisconnectAnswer, DisconnectMessageRequest, GenesysCloud,
    PermanentError,
};
use ghost_policy::Conversation;
use jiff::Timestamp;
use lambda_kit::delayed::Delayed;
use lambda_kit::outcomes::{Outcome, Outcomes};
use ledger::records::{Records, Written};
use serde_json::json;

use crate::closing::Closing;
use crate::intake::{DUE, Departure, SOURCE};
use crate::judgement::Step;
use crate::ports::{Look, PortError, Ports, Taken};
use crate::settings::Settings;

/// How long a record is kept after it was last written, in seconds: the longest that Genesys Cloud is late (reference/genesys-cloud.md
/// §1.2), and that a thread can be reopened for (§5.3), and some.
const KEPT_FOR_SECS: i64 = 14 * 86_400;
/// The longest that a look may take, tries and pauses included.
const LOOK_LIMIT: Duration = Duration::from_secs(20);
/// How long the answer to a step may take after the last moment at which it may be sent.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The world.
pub struct World {
    genesys_cloud: GenesysCloud,
    records: Records,
    outcomes: Outcomes,
    delayed: Delayed,
    grace: Duration,
}

impl World {
    /// Prepares everything. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        Ok(Self {
            genesys_cloud: settings.genesys_cloud.connect(config)?,
            records: Records::new(Client::new(config), settings.table),
            outcomes: Outcomes::new(config, settings.outcome_bus),
            delayed: Delayed::new(config, settings.grace_queue_url),
            grace: settings.grace,
        })
    }

    /// Tells how much of the rate limit of Genesys Cloud is used.
    pub fn tell_rate_limit_use(&self) {
        genesys_login::tell_rate_limit_use(&self.genesys_cloud);
    }
}

impl Ports for World {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn put_off(&self, departure: &Departure) -> Result<(), PortError> {
        let put = self.delayed.put(SOURCE, DUE, &json!(departure), self.grace).await;
        put.map_err(|error| failed("putting off a departure", &error))
    }

    async fn read(&self, conversation_id: &str) -> Result<Option<(u64, Closing)>, PortError> {
        const OPERATION: &str = "reading what is known of a closing";
        let stored = self.records.read(conversation_id).await.map_err(|error| failed(OPERATION, &error))?;
        let Some(stored) = stored else { return Ok(None) };
        let closing = serde_json::from_str(&stored.content).map_err(|error| failed(OPERATION, &error))?;
        Ok(Some((stored.revision, closing)))
    }

    async fn write(&self, conversation_id: &str, seen: Option<u64>, closing: &Closing) -> Result<bool, PortError> {
        const OPERATION: &str = "writing what is known of a closing";
        let content = serde_json::to_string(closing).map_err(|error| failed(OPERATION, &error))?;
        let expires_at = Timestamp::now().as_second() + KEPT_FOR_SECS;
        let written = self.records.write(conversation_id, seen, content, expires_at).await;
        written.map(|written| written == Written::Done).map_err(|error| failed(OPERATION, &error))
    }

    async fn look(&self, conversation_id: &str) -> Result<Option<Look>, PortError> {
        const OPERATION: &str = "looking at a conversation";
        match self.genesys_cloud.conversation(conversation_id, Deadline::after(LOOK_LIMIT)).await {
            Ok(body) => {
                let conversation = Conversation::from_json(body.json.get().as_bytes());
                let conversation = conversation.map_err(|error| failed(OPERATION, &error))?;
                Ok(Some(Look { asked_at: body.as_of, conversation, messengers: body.messengers() }))
            }
            Err(ApiError::Permanent(PermanentError::NotFound { .. })) => Ok(None),
            Err(error) => Err(failed(OPERATION, &error)),
        }
    }

    async fn take(&self, conversation_id: &str, step: &Step, send_by: Timestamp) -> Taken {
        let left = Duration::try_from(send_by.duration_since(Timestamp::now())).unwrap_or_default();
        let (send_by, answer_by) = (Deadline::after(left), Deadline::after(left + ANSWER_LIMIT));
        match step {
            Step::Disconnect { participant_id, communication_id } => {
                let request =
                    DisconnectMessageRequest { conversation_id, participant_id, communication_id, send_by, answer_by };
                disconnected(self.genesys_cloud.disconnect_message(request).await.answer)
            }
            Step::Notify { recipient, text } => {
                // The customer may have written since the look, here or in another conversation: Genesys Cloud is to refuse then.
                let message = AgentlessMessage { recipient, text, barges_in: false, send_by, answer_by };
                delivered(self.genesys_cloud.send_agentless(message).await)
            }
        }
    }

    async fn announce(&self, outcome: Outcome) -> Result<(), PortError> {
        self.outcomes.put(vec![outcome]).await.map_err(|error| failed("putting the outcome on the bus", &error))
    }
}

fn disconnected(answer: DisconnectAnswer) -> Taken {
    match answer {
        DisconnectAnswer::Accepted => Taken::Done,
        DisconnectAnswer::NotFound(answer) | DisconnectAnswer::Conflict(answer) => Taken::NotTaken(answer.to_string()),
        DisconnectAnswer::RateLimited { answer, .. } => Taken::NotSent(answer.to_string()),
        DisconnectAnswer::Refused(error) | DisconnectAnswer::NotSent(error) => Taken::NotSent(error.to_string()),
        DisconnectAnswer::ServerError(answer) => Taken::Unknown(answer.to_string()),
        DisconnectAnswer::Unknown { how } => Taken::Unknown(how.to_owned()),
    }
}

fn delivered(delivery: Delivery) -> Taken {
    match delivery {
        Delivery::Sent => Taken::Done,
        Delivery::NotTaken(answer) => Taken::NotTaken(answer.to_string()),
        Delivery::Refused(error) => Taken::NotSent(error.to_string()),
        Delivery::NotSent(error) => Taken::NotSent(error.to_string()),
        Delivery::Unknown { how } => Taken::Unknown(how),
    }
}

fn failed(operation: &'static str, error: &dyn Display) -> PortError {
    PortError { operation, reason: error.to_string() }
}
