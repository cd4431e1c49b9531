//! The AWS SDK's configuration and the HTTP client, both on the one TLS stack that ships: rustls on ring.
//!
//! Nothing here touches the network: region and credentials come from the variables that Lambda sets, never from the
//! instance metadata service, and connections open with the first request. Trust is the system's store, which AWS keeps
//! current, rather than certificates that age inside a binary; reading it is most of a function's start-up time
//! (`reference/practice.md` §6).

use std::error::Error;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

const SDK_CONNECT_LIMIT: Duration = Duration::from_secs(2);
const SDK_ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
const SDK_OPERATION_LIMIT: Duration = Duration::from_secs(10);
const SDK_ATTEMPTS: u32 = 3;

const HTTP_CONNECT_LIMIT: Duration = Duration::from_secs(3);
const HTTP_REQUEST_LIMIT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = "genesys-event-processor";

/// What every AWS client of a function is built from: connects within 2 s, gives an attempt 5 s and an operation, with
/// at most three attempts, 10 s. `AWS_REGION`, the credentials and `AWS_ENDPOINT_URL` are read from the environment.
pub async fn sdk_config() -> SdkConfig {
    let time_limits = TimeoutConfig::builder()
        .connect_timeout(SDK_CONNECT_LIMIT)
        .operation_attempt_timeout(SDK_ATTEMPT_LIMIT)
        .operation_timeout(SDK_OPERATION_LIMIT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .retry_config(RetryConfig::standard().with_max_attempts(SDK_ATTEMPTS))
        .timeout_config(time_limits)
        .load()
        .await
}

/// The client for everything that is not AWS: connects within 3 s, gives a request 10 s, follows no redirects.
///
/// # Errors
/// The trust store of the system can not be used.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    http_client_builder().build()
}

/// The same, to be told more before it is built.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    // An error says that the process has a provider already, which is then this one too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(HTTP_CONNECT_LIMIT)
        .timeout(HTTP_REQUEST_LIMIT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(USER_AGENT)
}

/// The error of an AWS call in one line: the service's code and message, or what kept the call from it.
pub(crate) fn summary<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(service_error) = error.as_service_error() {
        let code = service_error.code().unwrap_or("unknown error");
        return format!("{code}: {}", service_error.message().unwrap_or("no message"));
    }
    let mut causes = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        causes = format!("{causes}: {cause}");
        source = cause.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_aws_call_has_time_limits_and_three_attempts() {
        let config = sdk_config().await;
        let limits = config.timeout_config().unwrap();
        assert_eq!(limits.connect_timeout(), Some(SDK_CONNECT_LIMIT));
        assert_eq!(limits.operation_attempt_timeout(), Some(SDK_ATTEMPT_LIMIT));
        assert_eq!(limits.operation_timeout(), Some(SDK_OPERATION_LIMIT));
        assert_eq!(config.retry_config().unwrap().max_attempts(), SDK_ATTEMPTS);
    }

    #[test]
    fn the_http_client_finds_its_tls_provider_however_often_it_is_built() {
        assert!(http_client().is_ok());
        assert!(http_client().is_ok());
    }
}
