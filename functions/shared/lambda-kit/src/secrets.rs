//! Secrets from AWS Secrets Manager: fetched when first needed, kept, and fetched again when a service rejects them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::{aws, json_error};

/// A rejected secret is fetched again no more often than this: rotation takes minutes, a wrong secret rejects every
/// call.
const REFRESH_INTERVAL: Duration = Duration::from_mins(1);

/// A secret could not be had. Never shows what it holds.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    /// Secrets Manager refused or did not answer.
    #[error("could not read secret {arn}: {reason}")]
    Unreadable {
        /// The secret.
        arn: String,
        /// What Secrets Manager said.
        reason: String,
    },
    /// The secret is there and holds something else than it should.
    #[error("secret {arn} does not hold the expected JSON: {reason}")]
    Malformed {
        /// The secret.
        arn: String,
        /// What is wrong with it, without its values.
        reason: String,
    },
}

/// A secret of type `T`, e.g. a client id with its client secret. One fetch serves all who wait for it.
pub struct Secret<T> {
    origin: Origin<T>,
}

enum Origin<T> {
    Fixed(Arc<T>),
    SecretsManager { client: Client, arn: String, state: Mutex<State<T>> },
}

struct State<T> {
    value: Option<Arc<T>>,
    last_fetch: Option<Instant>,
}

impl<T> Secret<T> {
    /// A secret from the environment: always the same.
    pub fn fixed(value: T) -> Self {
        Self { origin: Origin::Fixed(Arc::new(value)) }
    }
}

impl<T: DeserializeOwned> Secret<T> {
    /// The JSON secret in Secrets Manager with this ARN or name. Nothing is fetched yet.
    pub fn from_arn(config: &SdkConfig, arn: impl Into<String>) -> Self {
        let state = Mutex::new(State { value: None, last_fetch: None });
        let origin = Origin::SecretsManager { client: Client::new(config), arn: arn.into(), state };
        Self { origin }
    }

    /// The secret, fetched if it has not been.
    pub async fn get(&self) -> Result<Arc<T>, SecretError> {
        self.value(|_| true).await
    }

    /// The secret after a service has rejected the one at hand: fetched again, unless the last fetch is less than a
    /// minute old. If fetching fails, the one at hand is kept for the next [`Secret::get`].
    pub async fn refresh(&self) -> Result<Arc<T>, SecretError> {
        self.value(|age| age < REFRESH_INTERVAL).await
    }

    async fn value(&self, is_fresh: impl FnOnce(Duration) -> bool) -> Result<Arc<T>, SecretError> {
        let (client, arn, state) = match &self.origin {
            Origin::Fixed(value) => return Ok(Arc::clone(value)),
            Origin::SecretsManager { client, arn, state } => (client, arn, state),
        };
        // Held while fetching: whoever comes meanwhile waits, at most as long as an SDK operation may take, and finds
        // it fresh.
        let mut state = state.lock().await;
        if let (Some(value), Some(last_fetch)) = (&state.value, state.last_fetch)
            && is_fresh(last_fetch.elapsed())
        {
            return Ok(Arc::clone(value));
        }
        state.last_fetch = Some(Instant::now());
        let value = Arc::new(fetch(client, arn).await?);
        state.value = Some(Arc::clone(&value));
        Ok(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.origin {
            Origin::Fixed(_) => "Secret(fixed, hidden)",
            Origin::SecretsManager { .. } => "Secret(Secrets Manager, hidden)",
        })
    }
}

async fn fetch<T: DeserializeOwned>(client: &Client, arn: &str) -> Result<T, SecretError> {
    let answer = client
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .map_err(|error| SecretError::Unreadable { arn: arn.to_owned(), reason: aws::summary(&error) })?;
    let malformed = |reason: String| SecretError::Malformed { arn: arn.to_owned(), reason };
    let text = answer.secret_string().ok_or_else(|| malformed("it is binary".to_owned()))?;
    serde_json::from_str(text).map_err(|error| malformed(json_error::describe(&error)))
}
