//! The session with Salesforce: minted when first needed, replaced when Salesforce says that it is no longer valid, and
//! forgotten when it may lack rights or point at a server that is gone. Answers carry no lifetime (reference/salesforce.md §1.3).

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{
    assertion,
    credentials::{CredentialError, CredentialSource, Credentials, Grant},
    errors::short_message,
    results::Unavailable,
    retry::{Deadline, retry_outage_once},
    settings::LoginUrl,
    transport::{self, Answer},
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A token and the server it is for. The server may change with each token.
#[derive(Deserialize)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) instance_url: String,
}

pub(crate) struct Sessions {
    http: reqwest::Client,
    login_url: LoginUrl,
    credentials: Box<dyn CredentialSource>,
    current: Mutex<Option<Arc<Session>>>,
}

enum Minted {
    Session(Session),
    /// The credentials were refused in a way that a rotated secret, or an assertion that came too late, explains.
    CredentialsRefused {
        what: String,
    },
}

#[derive(Deserialize)]
struct OAuthError {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Sessions {
    pub(crate) fn new(http: reqwest::Client, login_url: LoginUrl, credentials: Box<dyn CredentialSource>) -> Self {
        Self { http, login_url, credentials, current: Mutex::new(None) }
    }

    /// The session, minted if there is none. Whoever comes while it is minted waits for it.
    pub(crate) async fn current(&self, deadline: Deadline) -> Result<Arc<Session>, Unavailable> {
        self.other_than(None, deadline).await
    }

    /// A session that is not the expired one: another task may have replaced it already.
    pub(crate) async fn renewed(
        &self,
        expired: &Arc<Session>,
        deadline: Deadline,
    ) -> Result<Arc<Session>, Unavailable> {
        self.other_than(Some(expired), deadline).await
    }

    /// Lets the next upsert ask for a new session, unless another task has done so already.
    pub(crate) async fn forget(&self, session: &Arc<Session>, deadline: Deadline) -> Result<(), Unavailable> {
        drop_if_same(&mut *deadline.limit(self.current.lock()).await?, session);
        Ok(())
    }

    async fn other_than(
        &self,
        expired: Option<&Arc<Session>>,
        deadline: Deadline,
    ) -> Result<Arc<Session>, Unavailable> {
        let mut current = deadline.limit(self.current.lock()).await?;
        if let Some(expired) = expired {
            drop_if_same(&mut current, expired);
        }
        if let Some(session) = &*current {
            return Ok(Arc::clone(session));
        }
        let session = Arc::new(self.mint(deadline).await?);
        *current = Some(Arc::clone(&session));
        Ok(session)
    }

    async fn mint(&self, deadline: Deadline) -> Result<Session, Unavailable> {
        let credentials = fetch(self.credentials.current(), deadline).await?;
        if let Minted::Session(session) = self.ask(&credentials, deadline).await? {
            return Ok(session);
        }
        let credentials = fetch(self.credentials.refreshed(), deadline).await?;
        match self.ask(&credentials, deadline).await? {
            Minted::Session(session) => Ok(session),
            Minted::CredentialsRefused { what } => Err(Unavailable::Configuration { what }),
        }
    }

    async fn ask(&self, credentials: &Credentials, deadline: Deadline) -> Result<Minted, Unavailable> {
        let form = self.form(credentials)?;
        let attempt = || async {
            let request = self.http.post(self.login_url.token_endpoint()).form(&form);
            understand(&transport::exchange("asking for a token", request, deadline).await?)
        };
        retry_outage_once(deadline, attempt).await
    }

    fn form(&self, credentials: &Credentials) -> Result<Vec<(&'static str, String)>, Unavailable> {
        let client_id = &credentials.client_id;
        match &credentials.grant {
            Grant::JwtBearer { username, private_key } => {
                let assertion = assertion::sign(client_id, username, &self.login_url.audience(), private_key)
                    .map_err(|_| Unavailable::Configuration { what: "the private key cannot sign".to_owned() })?;
                Ok(vec![("grant_type", JWT_BEARER.to_owned()), ("assertion", assertion)])
            }
            Grant::ClientCredentials { client_secret } => Ok(vec![
                ("grant_type", "client_credentials".to_owned()),
                ("client_id", client_id.clone()),
                ("client_secret", client_secret.clone()),
            ]),
        }
    }
}

fn drop_if_same(current: &mut Option<Arc<Session>>, other: &Arc<Session>) {
    if current.as_ref().is_some_and(|session| Arc::ptr_eq(session, other)) {
        *current = None;
    }
}

async fn fetch(
    credentials: BoxFuture<'_, Result<Arc<Credentials>, CredentialError>>,
    deadline: Deadline,
) -> Result<Arc<Credentials>, Unavailable> {
    deadline.limit(credentials).await?.map_err(|error| match error {
        CredentialError::Unavailable(_) => Unavailable::Outage { what: error.to_string(), retry_after: None },
        CredentialError::Invalid(_) => Unavailable::Configuration { what: error.to_string() },
    })
}

fn understand(answer: &Answer) -> Result<Minted, Unavailable> {
    let outage = |how: &str| Unavailable::Outage {
        what: format!("asking for a token answered {} {how}", answer.status),
        retry_after: answer.retry_after,
    };
    if answer.is_success() {
        let session = serde_json::from_str::<Session>(&answer.body).map_err(|_| outage("without a token"))?;
        let instance_url = session.instance_url.trim_end_matches('/').to_owned();
        return Ok(Minted::Session(Session { instance_url, ..session }));
    }
    if matches!(answer.status, 408 | 420 | 429 | 500..) {
        return Err(outage(""));
    }
    let Ok(OAuthError { error, error_description }) = serde_json::from_str(&answer.body) else {
        return Err(refused(&format!("with status {}", answer.status)));
    };
    let what = short_message(&format!("{error}: {error_description}"), None);
    if error.starts_with("invalid_client") || error == "invalid_grant" {
        return Ok(Minted::CredentialsRefused { what: format!("asking for a token was refused: {what}") });
    }
    Err(refused(&what))
}

fn refused(why: &str) -> Unavailable {
    Unavailable::Configuration { what: format!("asking for a token was refused: {why}") }
}
