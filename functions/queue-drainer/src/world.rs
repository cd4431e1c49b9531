//! The world as it is: Genesys Cloud through one client or several, the ledger, the outcome bus, the system's clock.

mod genesys_cloud;
mod store;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Display;

use ::genesys_cloud::api::{GenesysCloud, Pace};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lambda_kit::outcomes::{Outcome, Outcomes as OutcomeBus};
use lambda_kit::runtime::Deadline;
use lambda_kit::switch::Switch;
use ledger::drains::Drains;

use crate::job;
use crate::ports::{self, Clock, Outcomes, PortError};
use crate::settings::Settings;

/// What all invocations share: clients with their connections, tokens and paces.
pub struct Connections {
    lanes: Vec<GenesysCloud>,
    drains: Drains,
    outcomes: OutcomeBus,
    switch: Switch,
    /// Whose turn it is to read.
    next_reader: Cell<usize>,
}

/// The world during one invocation: nothing in it waits beyond the deadline.
pub struct World<'a> {
    connections: &'a Connections,
    deadline: Deadline,
    /// Clients that were not allowed to read: the others read for them.
    barred: RefCell<BTreeSet<usize>>,
}

impl Connections {
    /// Prepares everything. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn new(settings: Settings, config: &SdkConfig) -> Result<Self, reqwest::Error> {
        let switch = Switch::new(config, &settings.disconnects_enabled);
        let clients = settings.genesys_cloud.into_iter();
        Ok(Self {
            lanes: clients.map(|client| client.connect_at(Pace::Even, config)).collect::<Result<_, _>>()?,
            drains: Drains::new(Client::new(config), settings.jobs_table),
            outcomes: OutcomeBus::new(config, settings.outcome_bus),
            switch,
            next_reader: Cell::new(0),
        })
    }

    /// The world until then.
    pub fn until(&self, deadline: Deadline) -> World<'_> {
        World { connections: self, deadline, barred: RefCell::default() }
    }
}

impl Clock for World<'_> {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        tokio::time::sleep(job::until(Timestamp::now(), at).min(self.deadline.remaining())).await;
    }
}

impl Outcomes for World<'_> {
    async fn put_outcomes(&self, outcomes: Vec<Outcome>) -> Result<(), PortError> {
        let put = self.connections.outcomes.put(outcomes).await;
        put.map_err(|error| failed("putting outcomes on the bus", &error))
    }
}

impl ports::Switch for World<'_> {
    async fn is_on(&self) -> Result<bool, PortError> {
        self.connections.switch.is_on().await.map_err(|error| failed("reading the switch", &error))
    }
}

fn failed(operation: &'static str, error: &dyn Display) -> PortError {
    PortError { operation, reason: error.to_string() }
}
