//! The world as it is: Genesys Cloud, DynamoDB, EventBridge and the clock, behind the [ports](crate::ports).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use genesys_cloud::api::{
    AgentlessMessage, ApiError, Deadline, Delivery, GenesysCloud, Messenger, PermanentError, Recipient,
};
use ghost_policy::Conversation;
use jiff::Timestamp;
use lambda_kit::outcomes::{Outcome, Outcomes};
use ledger::records::{Records, Written};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{info, warn};

use crate::handshake::Mark;
use crate::ports::{Look, PortError, Ports, Stored};
use crate::request::Customer;
use crate::settings::Settings;

/// The participant attribute that says how often the customer has come back.
pub const COUNT_ATTRIBUTE: &str = "resumptionCount";
/// The participant attribute that says when the customer last came back, ISO 8601.
pub const TIME_ATTRIBUTE: &str = "lastResumptionTimestamp";

/// How long records are kept, in seconds: long enough for their count to outlive the attribute's way through Genesys Cloud. When
/// they cease to count is up to their content.
const KEPT_FOR_SECS: i64 = 60;

/// The world.
pub struct World {
    genesys_cloud: GenesysCloud,
    records: Records,
    outcomes: Outcomes,
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

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn read<T: DeserializeOwned>(&self, id: &str) -> Result<Option<Stored<T>>, PortError> {
        let stored = self.records.read(id).await.map_err(|error| failed("reading a record", &error))?;
        Ok(stored.map(|stored| Stored {
            revision: stored.revision,
            content: serde_json::from_str(&stored.content)
                .inspect_err(|error| warn!(recordId = id, %error, "a record can't be read and counts as expired"))
                .ok(),
        }))
    }

    async fn write<T: Serialize>(&self, id: &str, seen: Option<u64>, content: &T) -> Result<bool, PortError> {
        const OPERATION: &str = "writing a record";
        let content = serde_json::to_string(content).map_err(|error| failed(OPERATION, &error))?;
        let expires_at = Timestamp::now().as_second() + KEPT_FOR_SECS;
        let written = self.records.write(id, seen, content, expires_at).await;
        written.map(|written| written == Written::Done).map_err(|error| failed(OPERATION, &error))
    }

    async fn look(&self, customer: &Customer, limit: Duration) -> Result<Option<Look>, PortError> {
        const OPERATION: &str = "looking at the conversation";
        match self.genesys_cloud.conversation(&customer.conversation_id, Deadline::after(limit)).await {
            Ok(body) => {
                let conversation = Conversation::from_json(body.json.get().as_bytes());
                let conversation = conversation.map_err(|error| failed(OPERATION, &error))?;
                let messengers = body.messengers();
                Ok(Some(Look { conversation, counted: counted(&messengers, customer), messengers }))
            }
            Err(ApiError::Permanent(PermanentError::NotFound { .. })) => Ok(None),
            Err(error) => Err(failed(OPERATION, &error)),
        }
    }

    async fn mark(&self, customer: &Customer, mark: Mark, limit: Duration) -> Result<(), PortError> {
        let attributes =
            BTreeMap::from([(COUNT_ATTRIBUTE, mark.count.to_string()), (TIME_ATTRIBUTE, format!("{:.3}", mark.at))]);
        let Customer { conversation_id, participant_id } = customer;
        let deadline = Deadline::after(limit);
        let set =
            self.genesys_cloud.set_participant_attributes(conversation_id, participant_id, &attributes, deadline).await;
        set.map(drop).map_err(|error| failed("setting the customer's attributes", &error))
    }

    async fn greet(&self, recipient: &Recipient, text: &str, limit: Duration) -> Result<(), PortError> {
        let (send_by, answer_by) = (Deadline::after(limit), Deadline::after(limit));
        let refused = |error: &dyn Display| Err(failed("sending the message", error));
        // The customer is connected to an agent: without barging in there would be none.
        let message = AgentlessMessage { recipient, text, barges_in: true, send_by, answer_by };
        match self.genesys_cloud.send_agentless(message).await {
            Delivery::Sent => Ok(()),
            Delivery::NotTaken(answer) => {
                info!(%answer, "the conversation takes no message now");
                Ok(())
            }
            Delivery::Refused(error) => refused(&error),
            Delivery::NotSent(error) => refused(&error),
            Delivery::Unknown { how } => refused(&how),
        }
    }

    async fn announce(&self, outcome: Outcome, limit: Duration) -> Result<(), PortError> {
        const OPERATION: &str = "putting the outcome on the bus";
        let put = tokio::time::timeout(limit, self.outcomes.put(vec![outcome])).await;
        put.map_err(|_| failed(OPERATION, &"the time was up"))?.map_err(|error| failed(OPERATION, &error))
    }
}

/// How often the customer has come back.
fn counted(messengers: &[Messenger], customer: &Customer) -> u64 {
    let own = messengers.iter().find(|one| one.participant_id == customer.participant_id);
    let count = own.and_then(|own| own.attribute(COUNT_ATTRIBUTE)?.trim().parse().ok());
    count.unwrap_or_default()
}

fn failed(operation: &'static str, error: &dyn Display) -> PortError {
    PortError { operation, reason: error.to_string() }
}
