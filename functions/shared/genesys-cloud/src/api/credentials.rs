//! Who we are to Genesys Cloud, as the secret says it. Nothing here ever shows a secret.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Deserialize;

/// An OAuth client of the client-credentials grant. In JSON: `{"clientId","clientSecret"}`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SecretFields")]
pub struct Credentials {
    client_id: String,
    client_secret: String,
}

/// Credentials that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredentials {
    /// No client id.
    #[error("the Genesys Cloud credentials have no clientId")]
    NoClientId,
    /// No client secret.
    #[error("the Genesys Cloud credentials have no clientSecret")]
    NoClientSecret,
}

/// The fields of the secret, before they are understood.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SecretFields {
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Credentials {
    /// Credentials from their parts, of which none may be empty.
    pub fn new(client_id: &str, client_secret: &str) -> Result<Self, InvalidCredentials> {
        let present = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        Ok(Self {
            client_id: present(client_id).ok_or(InvalidCredentials::NoClientId)?,
            client_secret: present(client_secret).ok_or(InvalidCredentials::NoClientSecret)?,
        })
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn client_secret(&self) -> &str {
        &self.client_secret
    }
}

impl TryFrom<SecretFields> for Credentials {
    type Error = InvalidCredentials;

    fn try_from(fields: SecretFields) -> Result<Self, InvalidCredentials> {
        Self::new(&fields.client_id.unwrap_or_default(), &fields.client_secret.unwrap_or_default())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Where the credentials come from. They may be rotated while we run.
pub trait CredentialSource: Send + Sync {
    /// The credentials as last known.
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>>;

    /// The credentials fetched anew, because Genesys Cloud refused the current ones.
    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>>;
}

/// Credentials that never change.
impl CredentialSource for Arc<Credentials> {
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(std::future::ready(Ok(Self::clone(self))))
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        self.current()
    }
}

/// The credentials could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The store of secrets did not answer: later it may.
    #[error("the Genesys Cloud credentials could not be fetched")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What the store holds cannot be used.
    #[error("the Genesys Cloud credentials are not usable")]
    Invalid(#[source] Box<dyn Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Credentials, InvalidCredentials};

    fn read(secret: Value) -> Result<Credentials, String> {
        serde_json::from_value(secret).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_missing_is_named_and_the_secret_never_shown() {
        let credentials = read(json!({ "clientId": "c", "clientSecret": "hush", "unknown": 1 })).unwrap();
        assert!(!format!("{credentials:?}").contains("hush"));
        for (secret, expected) in [
            (json!({ "clientSecret": "hush" }), InvalidCredentials::NoClientId),
            (json!({ "clientId": "c" }), InvalidCredentials::NoClientSecret),
            (json!({ "clientId": "c", "clientSecret": " " }), InvalidCredentials::NoClientSecret),
        ] {
            assert_eq!(read(secret), Err(expected.to_string()));
        }
    }
}
