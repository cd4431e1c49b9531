//! The world as it is: Genesys Cloud, DynamoDB, EventBridge and the clock, behind the [ports](crate::ports).

mod cases;
mod genesys_cloud;
mod watch;

use std::fmt::Display;
use std::time::Duration;

use ::genesys_cloud::api::GenesysCloud;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use ghost_policy::Policy;
use jiff::Timestamp;
use lambda_kit::outcomes::{Outcome, Outcomes as OutcomeBus};
use lambda_kit::runtime::Deadline;
use ledger::cases::Cases as CaseStore;
use ledger::watch::Watch as Watched;

use crate::policy_document::PolicyDocument;
use crate::ports::{Clock, Outcomes, PolicyInForce, PortError};
use crate::settings::Settings;

/// What all invocations share: clients with their connections, the token and the pace of requests.
pub struct Connections {
    genesys_cloud: GenesysCloud,
    cases: CaseStore,
    watched: Watched,
    outcomes: OutcomeBus,
}

/// The world during one invocation: nothing in it waits beyond the deadline.
#[derive(Clone, Copy)]
pub struct World<'a> {
    connections: &'a Connections,
    policy: &'a PolicyDocument,
    begun_with: Option<&'a Policy>,
    deadline: Deadline,
}

impl Connections {
    /// Prepares everything. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        let dynamodb = Client::new(config);
        Ok(Self {
            genesys_cloud: settings.genesys_cloud.connect(config)?,
            cases: CaseStore::new(dynamodb.clone(), settings.cases_table),
            watched: Watched::new(dynamodb, settings.conversations_table),
            outcomes: OutcomeBus::new(config, settings.outcome_bus),
        })
    }

    /// Tells how much of the rate limit of Genesys Cloud is used.
    pub fn tell_rate_limit_use(&self) {
        genesys_login::tell_rate_limit_use(&self.genesys_cloud);
    }

    /// The world until then, to a run that goes by this policy.
    pub fn until<'a>(
        &'a self,
        deadline: Deadline,
        policy: &'a PolicyDocument,
        begun_with: Option<&'a Policy>,
    ) -> World<'a> {
        World { connections: self, policy, begun_with, deadline }
    }
}

impl PolicyInForce for World<'_> {
    async fn policy_stands(&self) -> bool {
        let now = self.policy.in_force().await;
        now.is_ok_and(|now| self.begun_with == Some(&now))
    }
}

impl Clock for World<'_> {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let wait = Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default();
        tokio::time::sleep(wait.min(self.deadline.remaining())).await;
    }
}

impl Outcomes for World<'_> {
    async fn put_outcomes(&self, outcomes: Vec<Outcome>) -> Result<(), PortError> {
        let put = self.connections.outcomes.put(outcomes).await;
        put.map_err(|error| failed("putting outcomes on the bus", &error))
    }
}

fn failed(operation: &'static str, error: &dyn Display) -> PortError {
    PortError::new(operation, error.to_string())
}
