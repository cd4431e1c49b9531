//! One HTTP exchange.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};

use super::deadline::Deadline;
use super::errors::ErrorAnswer;
use super::pacer::RateLimitHeaders;

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// None if the connection was lost after the head: the status stands all the same.
    pub(crate) body: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) rate_limit: Option<RateLimitHeaders>,
    pub(crate) correlation_id: Option<String>,
    /// When the request was sent, or a little before.
    pub(crate) asked_at: Timestamp,
}

/// Nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// There was no connection, so nothing was sent.
    NoConnection,
    /// The deadline had passed, so nothing was sent.
    TooLate,
    /// It may have been sent, and handled too.
    Lost { how: &'static str },
    /// The request cannot be built: a setting is to blame.
    Unsendable,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn error(&self) -> ErrorAnswer {
        ErrorAnswer::read(self.status, self.body.as_deref().unwrap_or_default(), self.correlation_id.clone())
    }
}

/// Sends the request and reads the whole answer, before the deadline and in no longer than the limit.
pub(crate) async fn exchange(request: RequestBuilder, deadline: Deadline, limit: Duration) -> Result<Answer, NoAnswer> {
    let left = deadline.remaining().ok_or(NoAnswer::TooLate)?;
    let asked_at = Timestamp::now();
    match request.timeout(left.min(limit)).send().await {
        Ok(response) => Ok(read(response, asked_at).await),
        Err(error) if error.is_builder() => Err(NoAnswer::Unsendable),
        Err(error) if error.is_connect() => Err(NoAnswer::NoConnection),
        Err(error) if error.is_timeout() => Err(NoAnswer::Lost { how: "the time was up" }),
        Err(_) => Err(NoAnswer::Lost { how: "the connection was lost" }),
    }
}

async fn read(response: Response, asked_at: Timestamp) -> Answer {
    let headers = response.headers();
    let status = response.status().as_u16();
    let retry_after = number(headers, RETRY_AFTER.as_str()).map(|seconds| Duration::from_secs(seconds.into()));
    let rate_limit = rate_limit(headers);
    let correlation_id = text(headers, "ININ-Correlation-Id").map(str::to_owned);
    let body = response.text().await.ok();
    Answer { status, body, retry_after, rate_limit, correlation_id, asked_at }
}

fn rate_limit(headers: &HeaderMap) -> Option<RateLimitHeaders> {
    Some(RateLimitHeaders {
        count: number(headers, "inin-ratelimit-count")?,
        allowed: number(headers, "inin-ratelimit-allowed")?,
        reset: Duration::from_secs(number(headers, "inin-ratelimit-reset")?.into()),
    })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    text(headers, name)?.trim().parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
