//! Who we are to Salesforce, as the secret says it. Nothing here ever shows a secret.

use std::{error::Error, fmt, sync::Arc};

use futures::future::BoxFuture;
use jsonwebtoken::EncodingKey;
use serde::Deserialize;

/// Credentials of an External Client App. In JSON: `{"clientId","username","privateKey"}` (JWT bearer) or
/// `{"clientId","clientSecret"}` (client credentials).
#[derive(Clone, Deserialize)]
#[serde(try_from = "SecretFields")]
pub struct Credentials {
    /// The consumer key of the app.
    pub client_id: String,
    /// How a token is asked for.
    pub grant: Grant,
}

/// The OAuth grants that need no person (reference/salesforce.md §1).
#[derive(Clone)]
#[non_exhaustive]
pub enum Grant {
    /// An assertion signed with the private key of the app's certificate.
    JwtBearer {
        /// The integration user's Salesforce username.
        username: String,
        /// RSA, from PEM.
        private_key: EncodingKey,
    },
    /// The app's secret. Works at a My Domain only, not at `login.salesforce.com`.
    ClientCredentials {
        /// The consumer secret of the app.
        client_secret: String,
    },
}

/// Credentials that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredentials {
    /// No client id.
    #[error("the Salesforce credentials have no clientId")]
    NoClientId,
    /// Neither grant is complete.
    #[error("the Salesforce credentials have neither username and privateKey nor clientSecret")]
    NoGrant,
    /// The private key is not PEM, not RSA, or encrypted.
    #[error("the privateKey of the Salesforce credentials is not an unencrypted RSA key in PEM (PKCS#8 or PKCS#1)")]
    UnreadablePrivateKey,
}

/// The fields of the secret, before they are understood. An empty one counts as absent.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretFields {
    /// `clientId`
    pub client_id: Option<String>,
    /// `clientSecret`
    pub client_secret: Option<String>,
    /// `username`
    pub username: Option<String>,
    /// `privateKey`: PEM; newlines may be written as `\n`, as they are in environment variables.
    pub private_key: Option<String>,
}

impl TryFrom<SecretFields> for Credentials {
    type Error = InvalidCredentials;

    /// A complete JWT bearer grant is preferred to client credentials.
    fn try_from(fields: SecretFields) -> Result<Self, InvalidCredentials> {
        let present = |field: Option<String>| field.filter(|text| !text.trim().is_empty());
        let client_id = present(fields.client_id).ok_or(InvalidCredentials::NoClientId)?;
        let grant = match (present(fields.username), present(fields.private_key), present(fields.client_secret)) {
            (Some(username), Some(pem), _) => Grant::JwtBearer { username, private_key: read_private_key(&pem)? },
            (_, _, Some(client_secret)) => Grant::ClientCredentials { client_secret },
            _ => return Err(InvalidCredentials::NoGrant),
        };
        Ok(Self { client_id, grant })
    }
}

fn read_private_key(pem: &str) -> Result<EncodingKey, InvalidCredentials> {
    let pem = pem.replace("\\n", "\n");
    EncodingKey::from_rsa_pem(pem.trim().as_bytes()).map_err(|_| InvalidCredentials::UnreadablePrivateKey)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("client_id", &self.client_id).field("grant", &self.grant).finish()
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::JwtBearer { .. } => "JwtBearer(hidden)",
            Self::ClientCredentials { .. } => "ClientCredentials(hidden)",
        })
    }
}

/// Where the credentials come from. They may be rotated while we run.
pub trait CredentialSource: Send + Sync {
    /// The credentials as last known.
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>>;

    /// The credentials fetched anew, because Salesforce refused the current ones.
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
    #[error("the Salesforce credentials could not be fetched")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What the store holds cannot be used.
    #[error("the Salesforce credentials are not usable")]
    Invalid(#[source] Box<dyn Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use fake_salesforce::keys;
    use serde_json::{Value, json};

    use super::*;

    fn read(secret: Value) -> Result<Credentials, String> {
        serde_json::from_value(secret).map_err(|error| error.to_string())
    }

    #[test]
    fn both_grants_are_read() {
        let jwt = read(json!({ "clientId": "c", "username": "u", "privateKey": keys::PRIVATE_KEY })).unwrap();
        assert!(matches!(jwt.grant, Grant::JwtBearer { .. }));
        let secret = read(json!({ "clientId": "c", "clientSecret": "s", "unknown": 1 })).unwrap();
        assert!(matches!(secret.grant, Grant::ClientCredentials { .. }));
    }

    #[test]
    fn keys_in_pkcs1_and_with_escaped_newlines_are_read() {
        for pem in [keys::PRIVATE_KEY_PKCS1.to_owned(), keys::PRIVATE_KEY.replace('\n', "\\n")] {
            assert!(read(json!({ "clientId": "c", "username": "u", "privateKey": pem })).is_ok());
        }
    }

    #[test]
    fn what_is_missing_or_unreadable_is_named_without_being_shown() {
        for (secret, expected) in [
            (json!({}), InvalidCredentials::NoClientId),
            (json!({ "clientId": "c", "username": "u" }), InvalidCredentials::NoGrant),
            (json!({ "clientId": "c", "clientSecret": "" }), InvalidCredentials::NoGrant),
            (
                json!({ "clientId": "c", "username": "u", "privateKey": "hush" }),
                InvalidCredentials::UnreadablePrivateKey,
            ),
        ] {
            let error = read(secret).unwrap_err();
            assert_eq!(error, expected.to_string());
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", read(json!({ "clientId": "c", "clientSecret": "hush" })).unwrap());
        assert!(!shown.contains("hush"), "{shown}");
    }
}
