//! The client.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::connecting::connecting_by;
use super::credentials::CredentialSource;
use super::deadline::Deadline;
use super::errors::{ApiError, PermanentError, RetryableError};
use super::operation::Operation;
use super::pacer::{Pacer, RateLimitUse};
use super::pacing::{Pacing, Permit};
use super::retry::retried;
use super::settings::Settings;
use super::token::{Token, Tokens};
use super::transport::{self, Answer, NoAnswer};

/// A connection to one organization. Make one for the process and share it: it keeps the token and the pace, which are one for
/// all that use the token.
pub struct GenesysCloud {
    http: reqwest::Client,
    settings: Settings,
    tokens: Tokens,
    pacing: Pacing,
}

/// Leave to send one request at once. Whoever notes a request before sending it takes its turn first, so that nothing noted
/// has to wait. One that is dropped still counts as a request.
#[must_use]
pub struct Turn<'a>(Permit<'a>);

/// A request, before it has a token.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// JSON.
    pub(crate) body: Option<String>,
}

/// Why there is no answer to a call.
pub(crate) enum Unsent {
    /// Nothing was done: it did not reach the API, or was turned away at its door.
    NotDone(ApiError),
    /// It may have been done.
    Unknown { how: &'static str },
}

impl GenesysCloud {
    /// A client that logs in with its first call. `http` must not follow redirects, and must have [`ConnectInTime`] as a connector
    /// layer; its own time limits do not matter, but that for connecting.
    ///
    /// [`ConnectInTime`]: super::connecting::ConnectInTime
    pub fn new(http: reqwest::Client, settings: Settings, credentials: impl CredentialSource + 'static) -> Self {
        let tokens = Tokens::new(http.clone(), settings.clone(), Box::new(credentials));
        let pacing = Pacing::new(Pacer::new(settings.requests_per_minute, settings.reserve_percent, settings.pace));
        Self { http, settings, tokens, pacing }
    }

    /// How many requests the rate limit leaves room for at once. A look that is to justify a disconnect needs room for two: with
    /// room for one, the look would be too old by the time the disconnect may go.
    pub fn room(&self) -> u32 {
        self.pacing.room()
    }

    /// How much of the rate limit is used in the current minute; none if no answer has said so.
    pub fn rate_limit_use(&self) -> Option<RateLimitUse> {
        self.pacing.used()
    }

    /// How many requests of each minute are ours, as far as is known.
    pub fn requests_per_minute(&self) -> u32 {
        self.pacing.budget()
    }

    /// Waits for the turn to send a request, logged in; an error if it does not come before the deadline.
    pub async fn turn(&self, deadline: Deadline) -> Result<Turn<'_>, ApiError> {
        const TAKING_A_TURN: &str = "waiting for a turn";
        self.tokens.current(deadline).await?;
        let permit = self.pacing.permit(deadline).await;
        let no_room = |opens_in| RetryableError::NoRoom { operation: TAKING_A_TURN, opens_in };
        Ok(Turn(permit.map_err(|refused| no_room(refused.opens_in))?))
    }

    /// Asks until there is a success, a failure for good, or no time. Only for calls that may be repeated.
    pub(crate) async fn ask(&self, call: &Call, deadline: Deadline) -> Result<Answer, ApiError> {
        self.ask_for(call, deadline, Ok).await
    }

    /// The same, where a success is only one if it can be read.
    pub(crate) async fn ask_for<T>(
        &self,
        call: &Call,
        deadline: Deadline,
        read: impl Fn(Answer) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let name = call.operation.name;
        retried(self.settings.retry_pause, deadline, || async {
            let answer = self.send(call, None, deadline, deadline).await.map_err(|unsent| match unsent {
                Unsent::NotDone(error) => error,
                Unsent::Unknown { how } => RetryableError::NoAnswer { operation: name, how }.into(),
            })?;
            if !answer.is_success() {
                return Err(ApiError::of(call.operation, answer.error(), answer.retry_after));
            }
            read(answer)
        })
        .await
    }

    /// Sends the call once. A refused token is renewed, and the call, which nobody has handled, sent with the new one.
    pub(crate) async fn send(
        &self,
        call: &Call,
        turn: Option<Turn<'_>>,
        send_by: Deadline,
        answer_by: Deadline,
    ) -> Result<Answer, Unsent> {
        let token = self.tokens.current(send_by).await.map_err(Unsent::NotDone)?;
        let answer = self.send_with(&token, call, turn, send_by, answer_by).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let token = self.tokens.renewed(&token, send_by).await.map_err(Unsent::NotDone)?;
        let answer = self.send_with(&token, call, None, send_by, answer_by).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let what = format!("{} was refused with a new token too: {}", call.operation.name, answer.error());
        Err(Unsent::NotDone(PermanentError::Configuration { what }.into()))
    }

    async fn send_with(
        &self,
        token: &Arc<Token>,
        call: &Call,
        turn: Option<Turn<'_>>,
        send_by: Deadline,
        answer_by: Deadline,
    ) -> Result<Answer, Unsent> {
        let operation = call.operation.name;
        let not_done = |error: RetryableError| Unsent::NotDone(error.into());
        let permit = match turn {
            Some(Turn(permit)) => Ok(permit),
            None => self.pacing.permit(send_by).await,
        };
        let _under_way =
            permit.map_err(|refused| not_done(RetryableError::NoRoom { operation, opens_in: refused.opens_in }))?;
        if send_by.remaining().is_none() {
            return Err(not_done(RetryableError::DeadlinePassed { operation }));
        }

        let url = self.settings.api_url.join(&call.path);
        let mut request = self.http.request(call.method.clone(), url).bearer_auth(&token.access_token);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let exchange = transport::exchange(request, answer_by, self.settings.request_limit);
        // Boxed: it is large, and so would be everything that asks.
        let answer = connecting_by(send_by, Box::pin(exchange)).await;
        let answer = answer.map_err(|no_answer| match no_answer {
            NoAnswer::NoConnection => not_done(RetryableError::NoConnection { operation }),
            NoAnswer::TooLate => not_done(RetryableError::DeadlinePassed { operation }),
            NoAnswer::Lost { how } => Unsent::Unknown { how },
            NoAnswer::Unsendable => {
                let what = format!("{operation} could not be sent: not a usable URL");
                Unsent::NotDone(PermanentError::Configuration { what }.into())
            }
        })?;
        self.pacing.learn(&answer);
        Ok(answer)
    }
}
