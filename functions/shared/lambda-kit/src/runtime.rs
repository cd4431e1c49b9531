//! The life of a function: starts, takes one invocation after the other from Lambda, or fails to start and says why.

use std::fmt::Display;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::time::Instant;
use tracing::{Instrument, error, info_span, warn};

use crate::events::{self, Invocation};
use crate::http::{self, HttpRequest, HttpResponse};
use crate::metrics::{Metrics, MetricsError};
use crate::settings::{Environment, SettingError};

/// When Lambda will end the invocation. Whoever waits, waits no longer; what is unfinished by then is left for
/// redelivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// `duration` from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The moment itself, for `tokio::time::timeout_at`.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// The time left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Earlier by `reserve`, which is kept for what has to come last.
    #[must_use]
    pub fn earlier_by(self, reserve: Duration) -> Self {
        Self(self.0.checked_sub(reserve).unwrap_or(self.0))
    }

    fn at(time: SystemTime) -> Self {
        Self::after(time.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// The function can not take invocations.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// A variable that Lambda sets is missing: this is not Lambda, nor its like.
    #[error("not started by AWS Lambda or the local stack: {0}")]
    NotInLambda(#[from] SettingError),
    /// See [`MetricsError`].
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The Runtime API could not be reached, or answered what it should not.
    #[error("the Lambda Runtime API failed: {0}")]
    RuntimeApi(lambda_runtime::Error),
}

/// Takes invocations until Lambda ends the process.
///
/// The handler gets what was decoded and the deadline; its JSON is the answer (for an SQS batch:
/// [`events::batch_response`]), its error makes the invocation fail, so that Lambda delivers it again. Metrics are
/// flushed at the end of each. Logs carry the invocation's request id.
pub async fn run<H, F, E>(handler: H) -> Result<(), RuntimeError>
where
    H: Fn(Invocation, Deadline) -> F,
    F: Future<Output = Result<Value, E>>,
    E: Display,
{
    run_decoded(events::decode, handler).await
}

/// The same for a function behind an HTTP API. The handler answers every request; what is no request fails its invocation.
pub async fn run_http<H, F>(handler: H) -> Result<(), RuntimeError>
where
    H: Fn(HttpRequest, Deadline) -> F,
    F: Future<Output = HttpResponse>,
{
    run_decoded(http::decode, |request, deadline| {
        let answer = request.map(|request| handler(request, deadline));
        async move { Ok::<_, http::NotARequest>(answer?.await.into_payload()) }
    })
    .await
}

async fn run_decoded<T, D, H, F, E>(decode: D, handler: H) -> Result<(), RuntimeError>
where
    D: Fn(&RawValue) -> T,
    H: Fn(T, Deadline) -> F,
    F: Future<Output = Result<Value, E>>,
    E: Display,
{
    let function = LambdaFunction::from_environment(&Environment::from_process())?;
    let metrics = Metrics::install(&function.name)?;
    let service = service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let span = info_span!(
            "invocation",
            requestId = event.context.request_id,
            function = function.name,
            version = function.version
        );
        let invocation = span.in_scope(|| decode(&event.payload));
        let answer = handler(invocation, Deadline::at(event.context.deadline()));
        async move {
            let result = answer.await;
            if let Err(error) = metrics.flush() {
                warn!(%error, "metrics not written");
            }
            result.map_err(|error| failure(&error))
        }
        .instrument(span)
    });
    lambda_runtime::run(service).await.map_err(RuntimeError::RuntimeApi)
}

/// Ends a start that failed: one line on stderr, for the function's log, and the exit code of `main`.
pub fn fail_start(error: &dyn Display) -> ExitCode {
    let line = error.to_string().replace(['\r', '\n'], " ");
    eprintln!("could not start: {line}");
    ExitCode::FAILURE
}

fn failure(error: &dyn Display) -> Diagnostic {
    error!(%error, "invocation failed");
    Diagnostic { error_type: "InvocationFailed".to_owned(), error_message: error.to_string() }
}

/// What Lambda says about the function; `lambda_runtime` panics where one of these is missing.
struct LambdaFunction {
    name: String,
    version: String,
}

impl LambdaFunction {
    fn from_environment(environment: &Environment) -> Result<Self, SettingError> {
        environment.required("AWS_LAMBDA_RUNTIME_API", "the host and port of the Lambda Runtime API")?;
        let memory = environment.required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "the function's memory in MB")?;
        if memory.parse::<i32>().is_err() {
            let expected = "the function's memory in MB";
            return Err(SettingError::invalid("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory, expected));
        }
        Ok(Self {
            name: environment.required("AWS_LAMBDA_FUNCTION_NAME", "the function's name")?,
            version: environment.required("AWS_LAMBDA_FUNCTION_VERSION", "the function's version")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_counts_down_to_zero_and_not_below() {
        let deadline = Deadline::after(Duration::from_secs(10));
        assert_eq!(deadline.remaining(), Duration::from_secs(10));
        assert_eq!(deadline.earlier_by(Duration::from_secs(3)).remaining(), Duration::from_secs(7));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(deadline.remaining(), Duration::ZERO);
        assert_eq!(Deadline::at(SystemTime::UNIX_EPOCH).remaining(), Duration::ZERO);
    }

    #[test]
    fn names_the_variable_that_lambda_did_not_set() {
        let environment = Environment::from_pairs([("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")]);
        let error = LambdaFunction::from_environment(&environment).map(|function| function.name).unwrap_err();
        assert!(error.to_string().starts_with("AWS_LAMBDA_FUNCTION_MEMORY_SIZE is not set"), "{error}");
    }
}
