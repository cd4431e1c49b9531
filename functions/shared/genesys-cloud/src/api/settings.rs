//! Where Genesys Cloud is and how we talk to it.

use std::fmt;
use std::time::Duration;

use reqwest::Url;

/// How the client is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where tokens are asked for: `https://login.{domain}`.
    pub login_url: BaseUrl,
    /// Where everything else is asked for: `https://api.{domain}`.
    pub api_url: BaseUrl,
    /// Never more requests a minute than this, whatever the API allows: 300 is what a client-credentials token has unless Genesys
    /// raised it (reference/genesys-cloud.md §3). What the API's headers allow, if less, holds.
    pub requests_per_minute: u32,
    /// How requests are spread over the minute.
    pub pace: Pace,
    /// The share of the allowed requests, in percent, that is left to others. At least one request a minute is ours.
    pub reserve_percent: u8,
    /// The longest that one request waits for its answer.
    pub request_limit: Duration,
    /// The base of the pauses between tries of a read: they double, and are cut at random.
    pub retry_pause: Duration,
}

/// How requests are spread over the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At once, as long as there is room: for a few, which should not wait.
    AsTheyCome,
    /// Evenly, and as fast as the API announces, which may be more than [`Settings::requests_per_minute`]: that holds only
    /// until the first answer. For thousands that each rest on data that must be young when their turn comes.
    Even,
}

impl Settings {
    /// Settings with the defaults: 300 requests a minute, no reserve, 10 s for a request, pauses from 250 ms.
    pub fn new(login_url: BaseUrl, api_url: BaseUrl) -> Self {
        Self {
            login_url,
            api_url,
            requests_per_minute: 300,
            pace: Pace::AsTheyCome,
            reserve_percent: 0,
            request_limit: Duration::from_secs(10),
            retry_pause: Duration::from_millis(250),
        }
    }
}

/// A region of Genesys Cloud by its domain, e.g. `mypurecloud.ie` (reference/genesys-cloud.md §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    login_url: BaseUrl,
    api_url: BaseUrl,
}

impl Region {
    /// Reads a domain. New regions come, so any domain will do.
    pub fn parse(domain: &str) -> Option<Self> {
        let is_domain = domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        let at = |host: &str| is_domain.then(|| BaseUrl::parse(&format!("https://{host}.{domain}"))).flatten();
        Some(Self { login_url: at("login")?, api_url: at("api")? })
    }

    /// `https://login.{domain}`
    pub fn login_url(&self) -> BaseUrl {
        self.login_url.clone()
    }

    /// `https://api.{domain}`
    pub fn api_url(&self) -> BaseUrl {
        self.api_url.clone()
    }
}

/// The URL that paths are put after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Reads an `https` (or, for local servers, `http`) URL with a host and without query or user.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let usable = plain && url.has_host() && matches!(url.scheme(), "https" | "http");
        usable.then(|| Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseUrl, Region};

    #[test]
    fn a_region_is_two_hosts_of_a_domain() {
        for domain in ["mypurecloud.ie", "euw2.pure.cloud", "use2.us-gov-pure.cloud"] {
            let region = Region::parse(domain).unwrap();
            assert_eq!(region.login_url().to_string(), format!("https://login.{domain}"));
            assert_eq!(region.api_url().join("/api/v2"), format!("https://api.{domain}/api/v2"));
        }
        for wrong in
            ["", "eu-west-1", "https://mypurecloud.ie", "mypurecloud..ie", "mypurecloud.ie/x", "a b.c", "u@x.y"]
        {
            assert_eq!(Region::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn base_urls_are_read_with_and_without_a_slash() {
        for text in ["http://127.0.0.1:9001", " http://127.0.0.1:9001/ "] {
            assert_eq!(BaseUrl::parse(text).unwrap().to_string(), "http://127.0.0.1:9001");
        }
        for wrong in ["", "127.0.0.1", "ftp://127.0.0.1", "http://user@127.0.0.1", "http://127.0.0.1/?a=b"] {
            assert_eq!(BaseUrl::parse(wrong), None, "{wrong}");
        }
    }
}
