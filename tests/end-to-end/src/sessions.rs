//! A contact centre whose customers write messages: what they ask, and what Genesys Cloud is asked for them.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use fake_genesys_cloud::FakeGenesysCloud;
use fake_genesys_cloud::scenarios::Messaging;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::story::id;
use crate::world::World;

/// A stack, and a customer's browser.
pub struct SessionWorld {
    /// The stack.
    pub world: World,
    browser: Client,
    ids: AtomicU32,
}

impl SessionWorld {
    /// Starts it with these settings of the functions.
    pub async fn with(settings: &[(&str, &str)]) -> Result<Self> {
        Self::of(World::with(settings).await?)
    }

    /// Starts it with these parameters of the template.
    pub async fn with_parameters(parameters: &[(&str, &str)]) -> Result<Self> {
        Self::of(World::with_parameters(parameters).await?)
    }

    fn of(world: World) -> Result<Self> {
        Ok(Self { world, browser: Client::builder().no_proxy().build()?, ids: AtomicU32::new(0) })
    }

    /// Starts it as the template says.
    pub async fn new() -> Result<Self> {
        Self::with(&[]).await
    }

    /// Its Genesys Cloud.
    pub fn genesys(&self) -> Result<&FakeGenesysCloud> {
        self.world.stack.genesys().context("another Genesys Cloud is used")
    }

    /// An id that no conversation has yet.
    pub fn new_id(&self) -> String {
        id(60, self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Has Genesys Cloud show this conversation.
    pub fn show(&self, messaging: &Messaging) -> Result<()> {
        Ok(self.genesys()?.conversations().set(messaging.json())?)
    }

    /// Sends a request to the HTTP API.
    pub async fn send(&self, method: Method, headers: &[(&str, &str)], body: String) -> Result<Response> {
        let mut request = self.browser.request(method, format!("{}/resumptions", self.world.stack.urls().api));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(request.body(body).send().await?)
    }

    /// Asks whether a session can be resumed; the status and the body.
    pub async fn ask(&self, conversation: &str, participant: &str, headers: &[(&str, &str)]) -> Result<(u16, Value)> {
        let body = json!({ "conversationId": conversation, "participantId": participant }).to_string();
        let headers = [&[("content-type", "application/json")], headers].concat();
        let response = self.send(Method::POST, &headers, body).await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// How often Genesys Cloud was asked something of which the path ends so.
    pub fn requests(&self, method: &str, path_end: &str) -> Result<usize> {
        let requests = self.genesys()?.requests().all();
        Ok(requests.iter().filter(|request| request.method == method && request.path.ends_with(path_end)).count())
    }

    /// The details of the outcomes of this kind about a conversation, repeated ones too.
    pub fn outcomes(&self, detail_type: &str, id: &str) -> Vec<Value> {
        let outcomes = self.world.stack.outcomes().into_iter();
        let about = outcomes.filter(|one| one["detail-type"] == detail_type && one["detail"]["conversationId"] == id);
        about.map(|mut one| one["detail"].take()).collect()
    }
}

/// So many seconds ago.
pub fn ago(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}
