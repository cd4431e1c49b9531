//! The access token: one for the process, asked for when first needed, renewed a little before it expires
//! (reference/genesys-cloud.md §4). The rate limit is per token, so many tokens would only hide the limit (§3).

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::credentials::{CredentialError, CredentialSource, Credentials};
use super::deadline::Deadline;
use super::errors::{ApiError, PermanentError, RetryableError};
use super::operation::ASK_FOR_TOKEN;
use super::retry::retried;
use super::settings::Settings;
use super::transport::{self, Answer, NoAnswer};

const LONGEST_MARGIN: Duration = Duration::from_mins(1);

pub(crate) struct Token {
    pub(crate) access_token: String,
    renew_at: Instant,
}

pub(crate) struct Tokens {
    http: reqwest::Client,
    settings: Settings,
    credentials: Box<dyn CredentialSource>,
    current: Mutex<Option<Arc<Token>>>,
}

enum Asked {
    Token(Token),
    /// Rotated credentials would explain it.
    CredentialsRefused(PermanentError),
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: u64,
}

/// The login's errors are not the platform's `ErrorBody`.
#[derive(Deserialize)]
struct OAuthError {
    error: String,
}

impl Tokens {
    pub(crate) fn new(http: reqwest::Client, settings: Settings, credentials: Box<dyn CredentialSource>) -> Self {
        Self { http, settings, credentials, current: Mutex::new(None) }
    }

    /// The token. Whoever comes while it is asked for waits for it.
    pub(crate) async fn current(&self, deadline: Deadline) -> Result<Arc<Token>, ApiError> {
        self.other_than(None, deadline).await
    }

    /// A token that is not the refused one: another task may have renewed it already.
    pub(crate) async fn renewed(&self, refused: &Arc<Token>, deadline: Deadline) -> Result<Arc<Token>, ApiError> {
        self.other_than(Some(refused), deadline).await
    }

    async fn other_than(&self, refused: Option<&Arc<Token>>, deadline: Deadline) -> Result<Arc<Token>, ApiError> {
        let mut current = deadline.limit(self.current.lock()).await.ok_or_else(deadline_passed)?;
        let is_good = |token: &&Arc<Token>| {
            Instant::now() < token.renew_at && !refused.is_some_and(|old| Arc::ptr_eq(old, token))
        };
        if let Some(token) = current.as_ref().filter(is_good) {
            return Ok(Arc::clone(token));
        }
        // What is at hand is dropped first: a failure must not leave a refused token behind.
        *current = None;
        let token = Arc::new(self.log_in(deadline).await?);
        *current = Some(Arc::clone(&token));
        Ok(token)
    }

    async fn log_in(&self, deadline: Deadline) -> Result<Token, ApiError> {
        let credentials = fetched(self.credentials.current(), deadline).await?;
        if let Asked::Token(token) = self.ask(&credentials, deadline).await? {
            return Ok(token);
        }
        let credentials = fetched(self.credentials.refreshed(), deadline).await?;
        match self.ask(&credentials, deadline).await? {
            Asked::Token(token) => Ok(token),
            Asked::CredentialsRefused(error) => Err(error.into()),
        }
    }

    async fn ask(&self, credentials: &Credentials, deadline: Deadline) -> Result<Asked, ApiError> {
        retried(self.settings.retry_pause, deadline, || async {
            let asked_at = Instant::now();
            let request = self
                .http
                .post(self.settings.login_url.join("/oauth/token"))
                .basic_auth(credentials.client_id(), Some(credentials.client_secret()))
                .form(&[("grant_type", "client_credentials")]);
            let answer = transport::exchange(request, deadline, self.settings.request_limit).await;
            understand(&answer.map_err(unanswered)?, asked_at)
        })
        .await
    }
}

async fn fetched(
    credentials: BoxFuture<'_, Result<Arc<Credentials>, CredentialError>>,
    deadline: Deadline,
) -> Result<Arc<Credentials>, ApiError> {
    deadline.limit(credentials).await.ok_or_else(deadline_passed)?.map_err(|error| match error {
        CredentialError::Unavailable(source) => {
            RetryableError::CredentialsUnavailable { reason: source.to_string() }.into()
        }
        CredentialError::Invalid(source) => configuration(&source.to_string()),
    })
}

fn understand(answer: &Answer, asked_at: Instant) -> Result<Asked, ApiError> {
    let correlation_id = answer.correlation_id.clone();
    let unreadable = || RetryableError::UnreadableAnswer { operation: ASK_FOR_TOKEN, correlation_id };
    let body = answer.body.as_deref().unwrap_or_default();
    if answer.is_success() {
        let TokenAnswer { access_token, expires_in } = serde_json::from_str(body).map_err(|_| unreadable())?;
        return Ok(Asked::Token(Token { access_token, renew_at: asked_at + good_for(expires_in) }));
    }
    let (operation, retry_after, error) = (ASK_FOR_TOKEN, answer.retry_after, Box::new(answer.error()));
    match (answer.status, serde_json::from_str(body)) {
        (429, _) => Err(RetryableError::RateLimited { operation, retry_after, answer: error }.into()),
        (408 | 500.., _) => Err(RetryableError::ServerError { operation, retry_after, answer: error }.into()),
        (status, Ok(OAuthError { error })) if error == "invalid_client" => {
            let what = format!("{ASK_FOR_TOKEN} was refused with {status} invalid_client: wrong id or secret");
            Ok(Asked::CredentialsRefused(PermanentError::Configuration { what }))
        }
        _ => Err(configuration(&format!("{ASK_FOR_TOKEN} was refused: {error}"))),
    }
}

/// How long to use a token that expires in so many seconds: until a minute before, or until nine tenths of a short life.
fn good_for(expires_in: u64) -> Duration {
    // No token lives longer (reference/genesys-cloud.md §4), and any clock can add this.
    let life = Duration::from_secs(expires_in).min(Duration::from_hours(48));
    life.saturating_sub(LONGEST_MARGIN.min(life / 10))
}

fn unanswered(no_answer: NoAnswer) -> ApiError {
    match no_answer {
        NoAnswer::NoConnection => RetryableError::NoConnection { operation: ASK_FOR_TOKEN }.into(),
        NoAnswer::TooLate => deadline_passed(),
        NoAnswer::Lost { how } => RetryableError::NoAnswer { operation: ASK_FOR_TOKEN, how }.into(),
        NoAnswer::Unsendable => configuration(&format!("{ASK_FOR_TOKEN} could not be sent")),
    }
}

fn deadline_passed() -> ApiError {
    RetryableError::DeadlinePassed { operation: ASK_FOR_TOKEN }.into()
}

fn configuration(what: &str) -> ApiError {
    PermanentError::Configuration { what: what.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::good_for;

    #[test]
    fn a_token_is_renewed_a_little_before_it_expires() {
        assert_eq!(good_for(86_400), Duration::from_mins(1_439));
        assert_eq!(good_for(300), Duration::from_secs(270));
        assert_eq!(good_for(0), Duration::ZERO);
        assert!(good_for(u64::MAX) < Duration::from_hours(48));
    }
}
