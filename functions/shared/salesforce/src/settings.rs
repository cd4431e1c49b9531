//! Where Salesforce is and how we talk to it.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// How the client is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where tokens are asked for.
    pub login_url: LoginUrl,
    /// The version of the REST API.
    pub api_version: ApiVersion,
    /// The name our calls carry in the org's event logs (`Sforce-Call-Options`).
    pub client_name: String,
}

impl Settings {
    /// Settings for calls that carry this name.
    pub fn new(login_url: LoginUrl, api_version: ApiVersion, client_name: impl Into<String>) -> Self {
        Self { login_url, api_version, client_name: client_name.into() }
    }
}

/// A version of the REST API, `v46.0` or newer: older ones answer updates in another way (reference/salesforce.md §2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion(u16);

impl ApiVersion {
    const OLDEST: u16 = 46;

    /// Reads `v66.0`.
    pub fn parse(text: &str) -> Option<Self> {
        let major = text.strip_prefix('v')?.strip_suffix(".0")?;
        let all_digits = major.bytes().all(|byte| byte.is_ascii_digit());
        let major = major.parse().ok().filter(|major| all_digits && *major >= Self::OLDEST)?;
        Some(Self(major))
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "v{}.0", self.0)
    }
}

/// The URL under which `/services/oauth2/token` lives: `login.salesforce.com`, `test.salesforce.com`, a My Domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginUrl(Url);

impl LoginUrl {
    /// Reads an `https` (or, for servers on this machine, `http`) URL with a host and without query or user.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let private = url.scheme() == "https" || url.scheme() == "http" && is_this_machine(url.host_str()?);
        (plain && private && url.has_host()).then_some(Self(url))
    }

    pub(crate) fn token_endpoint(&self) -> String {
        format!("{}/services/oauth2/token", self.text())
    }

    /// The audience of a JWT bearer assertion sent there: the login host of the org's kind even if the request goes to its
    /// My Domain, and an Experience Cloud site's own URL (reference/salesforce.md §1.1).
    pub(crate) fn audience(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        if host.ends_with(".my.site.com") || host.ends_with(".force.com") {
            return self.text().to_owned();
        }
        let is_test_org = host == "test.salesforce.com"
            || host.ends_with(".my.salesforce.com")
                && (host.contains("--") || host.contains(".sandbox.") || host.contains(".scratch."));
        if is_test_org { "https://test.salesforce.com" } else { "https://login.salesforce.com" }.to_owned()
    }

    fn text(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Display for LoginUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

/// Credentials go nowhere else in clear.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_46_on_are_read() {
        assert_eq!(ApiVersion::parse("v66.0").unwrap().to_string(), "v66.0");
        for text in ["", "66.0", "v66", "v66.1", "v45.0", "v+66.0", "v99999999.0"] {
            assert_eq!(ApiVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn login_urls_are_read_with_and_without_a_slash() {
        for text in ["https://login.salesforce.com", "https://login.salesforce.com/"] {
            let endpoint = LoginUrl::parse(text).unwrap().token_endpoint();
            assert_eq!(endpoint, "https://login.salesforce.com/services/oauth2/token");
        }
        for text in ["", "login.salesforce.com", "ftp://login.salesforce.com", "https://u@x.com", "https://x.com/?a=b"]
        {
            assert_eq!(LoginUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_audience_follows_the_kind_of_org() {
        for (url, audience) in [
            ("https://login.salesforce.com", "https://login.salesforce.com"),
            ("https://test.salesforce.com", "https://test.salesforce.com"),
            ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
            ("https://acme.develop.my.salesforce.com", "https://login.salesforce.com"),
            ("https://acme--uat.my.salesforce.com", "https://test.salesforce.com"),
            ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
            ("https://acme.my.site.com/agents", "https://acme.my.site.com/agents"),
            ("http://127.0.0.1:9000", "https://login.salesforce.com"),
        ] {
            assert_eq!(LoginUrl::parse(url).unwrap().audience(), audience, "{url}");
        }
    }
}
