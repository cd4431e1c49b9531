//! One HTTP exchange.

use std::time::Duration;

use reqwest::{
    RequestBuilder, Response,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::{api_usage::ApiUsage, results::Unavailable, retry::Deadline};

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) api_usage: Option<ApiUsage>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends the request and reads the whole answer before the deadline. `operation` names it in errors.
pub(crate) async fn exchange(
    operation: &str,
    request: RequestBuilder,
    deadline: Deadline,
) -> Result<Answer, Unavailable> {
    let request = request.timeout(deadline.remaining()?);
    let answer = async { read(request.send().await?).await };
    answer.await.map_err(|error| describe(operation, &error))
}

async fn read(response: Response) -> Result<Answer, reqwest::Error> {
    let status = response.status().as_u16();
    let retry_after = header(response.headers(), RETRY_AFTER.as_str()).and_then(|text| text.parse().ok());
    let api_usage = header(response.headers(), "Sforce-Limit-Info").and_then(ApiUsage::parse);
    let body = response.text().await?;
    Ok(Answer { status, body, retry_after: retry_after.map(Duration::from_secs), api_usage })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn describe(operation: &str, error: &reqwest::Error) -> Unavailable {
    if error.is_builder() {
        return Unavailable::Configuration { what: format!("{operation} could not be sent: not a usable URL") };
    }
    let how = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "could not connect"
    } else {
        "lost its connection"
    };
    Unavailable::Outage { what: format!("{operation} {how}"), retry_after: None }
}
