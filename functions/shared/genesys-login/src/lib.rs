//! Where Genesys Cloud is and who we are there, from a function's environment to a client that is ready to ask (DESIGN §4.2).

use std::sync::Arc;

use aws_config::SdkConfig;
use futures::future::BoxFuture;
use genesys_cloud::api::{
    BaseUrl, ConnectInTime, CredentialError, CredentialSource, Credentials, GenesysCloud, Pace, Region,
    Settings as ApiSettings,
};
use lambda_kit::aws;
use lambda_kit::secrets::Secret;
use lambda_kit::settings::{Environment, SettingError};

const EXPECTED_REGION: &str = "the domain of the organization's region, such as mypurecloud.ie";
const EXPECTED_URL: &str = "an https URL without a query, such as https://api.mypurecloud.ie";

/// Where Genesys Cloud is and who we are there.
#[derive(Debug, Clone)]
pub struct GenesysCloudSettings {
    /// Where tokens come from.
    pub login_url: BaseUrl,
    /// Where everything else is.
    pub api_url: BaseUrl,
    /// Who we are.
    pub credentials: CredentialsFrom,
}

/// Where the credentials for Genesys Cloud come from.
#[derive(Debug, Clone)]
pub enum CredentialsFrom {
    /// Secrets Manager.
    Arn(String),
    /// The environment, for local runs.
    Environment(Credentials),
}

impl GenesysCloudSettings {
    /// Reads the environment. The error names the variable, what it holds and what it should.
    pub fn read(environment: &Environment) -> Result<Self, SettingError> {
        let login_url = url(environment, "GENESYS_CLOUD_LOGIN_URL")?;
        let api_url = url(environment, "GENESYS_CLOUD_API_URL")?;
        let (login_url, api_url) = match (login_url, api_url) {
            (Some(login_url), Some(api_url)) => (login_url, api_url),
            (login_url, api_url) => {
                let region = region(environment)?;
                (login_url.unwrap_or_else(|| region.login_url()), api_url.unwrap_or_else(|| region.api_url()))
            }
        };
        let credentials = match environment.optional("GENESYS_CLOUD_SECRET_ARN") {
            Some(arn) => CredentialsFrom::Arn(arn),
            None => CredentialsFrom::Environment(credentials(environment)?),
        };
        Ok(Self { login_url, api_url, credentials })
    }

    /// The same for each of several OAuth clients: `GENESYS_CLOUD_SECRET_ARN` may be a list, separated by commas. Each client
    /// has a rate limit of its own (reference/genesys-cloud.md §3).
    pub fn read_each(environment: &Environment) -> Result<Vec<Self>, SettingError> {
        let one = Self::read(environment)?;
        let arns = environment.list("GENESYS_CLOUD_SECRET_ARN", "");
        if arns.is_empty() {
            return Ok(vec![one]);
        }
        Ok(arns.into_iter().map(|arn| Self { credentials: CredentialsFrom::Arn(arn), ..one.clone() }).collect())
    }

    /// A client that has not asked for anything yet.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn connect(self, config: &SdkConfig) -> Result<GenesysCloud, reqwest::Error> {
        self.connect_at(Pace::AsTheyCome, config)
    }

    /// The same, for requests at this pace.
    ///
    /// # Errors
    /// The trust store of the system can not be used.
    pub fn connect_at(self, pace: Pace, config: &SdkConfig) -> Result<GenesysCloud, reqwest::Error> {
        let secret = match self.credentials {
            CredentialsFrom::Arn(arn) => Secret::from_arn(config, arn),
            CredentialsFrom::Environment(credentials) => Secret::fixed(credentials),
        };
        let api = ApiSettings { pace, ..ApiSettings::new(self.login_url, self.api_url) };
        let http = aws::http_client_builder().connector_layer(ConnectInTime).build()?;
        Ok(GenesysCloud::new(http, api, GenesysCloudSecret(secret)))
    }
}

/// Tells, for the dashboard and an alarm, how many of the requests that the rate limit allows in this minute are used, by whoever
/// shares the OAuth client. Nothing, before an answer has said so.
pub fn tell_rate_limit_use(client: &GenesysCloud) {
    if let Some(rate_limit) = client.rate_limit_use() {
        metrics::gauge!("GenesysCloudApiUsed").set(f64::from(rate_limit.used));
        metrics::gauge!("GenesysCloudApiAllowed").set(f64::from(rate_limit.allowed));
    }
}

/// Our secret as Genesys Cloud's client asks for it.
struct GenesysCloudSecret(Secret<Credentials>);

impl CredentialSource for GenesysCloudSecret {
    fn current(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { self.0.get().await.map_err(|error| CredentialError::Unavailable(error.into())) })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<Arc<Credentials>, CredentialError>> {
        Box::pin(async { self.0.refresh().await.map_err(|error| CredentialError::Unavailable(error.into())) })
    }
}

fn region(environment: &Environment) -> Result<Region, SettingError> {
    let domain = environment.required("GENESYS_CLOUD_REGION", EXPECTED_REGION)?;
    Region::parse(&domain).ok_or_else(|| SettingError::invalid("GENESYS_CLOUD_REGION", &domain, EXPECTED_REGION))
}

fn url(environment: &Environment, name: &'static str) -> Result<Option<BaseUrl>, SettingError> {
    let Some(text) = environment.optional(name) else { return Ok(None) };
    BaseUrl::parse(&text).map(Some).ok_or_else(|| SettingError::invalid(name, &text, EXPECTED_URL))
}

fn credentials(environment: &Environment) -> Result<Credentials, SettingError> {
    const EXPECTED: &str = "the ARN of a secret (or GENESYS_CLOUD_CLIENT_ID with GENESYS_CLOUD_CLIENT_SECRET, for \
                            local runs)";
    let client_id = environment.optional("GENESYS_CLOUD_CLIENT_ID");
    let client_secret = environment.secret("GENESYS_CLOUD_CLIENT_SECRET");
    let missing = SettingError::Missing { name: "GENESYS_CLOUD_SECRET_ARN", expected: EXPECTED };
    let (Some(client_id), Some(client_secret)) = (client_id, client_secret) else { return Err(missing) };
    Credentials::new(&client_id, &client_secret).map_err(|_| missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 3] = [
        ("GENESYS_CLOUD_REGION", "mypurecloud.ie"),
        ("GENESYS_CLOUD_CLIENT_ID", "client"),
        ("GENESYS_CLOUD_CLIENT_SECRET", "s3cret"),
    ];

    /// The complete settings with these in place of their own; an empty value takes one away.
    fn read(changes: &[(&str, &str)]) -> Result<GenesysCloudSettings, String> {
        let pairs: std::collections::HashMap<_, _> = COMPLETE.iter().chain(changes).copied().collect();
        GenesysCloudSettings::read(&Environment::from_pairs(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_region_says_where_genesys_cloud_is() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.login_url.to_string(), "https://login.mypurecloud.ie");
        assert_eq!(settings.api_url.to_string(), "https://api.mypurecloud.ie");
        assert!(read(&[("GENESYS_CLOUD_REGION", "")]).unwrap_err().starts_with("GENESYS_CLOUD_REGION is not set"));
    }

    #[test]
    fn urls_are_stronger_than_the_region_one_by_one() {
        let settings = read(&[("GENESYS_CLOUD_API_URL", "http://127.0.0.1:9001/")]).unwrap();
        assert_eq!(settings.login_url.to_string(), "https://login.mypurecloud.ie");
        assert_eq!(settings.api_url.to_string(), "http://127.0.0.1:9001");

        let both = [("GENESYS_CLOUD_LOGIN_URL", "http://127.0.0.1:1"), ("GENESYS_CLOUD_API_URL", "http://127.0.0.1:2")];
        let settings = read(&[both[0], both[1], ("GENESYS_CLOUD_REGION", "")]).unwrap();
        assert_eq!(settings.login_url.to_string(), "http://127.0.0.1:1");
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_it_holds_and_should() {
        for (name, value) in [
            ("GENESYS_CLOUD_REGION", "eu-west-1"),
            ("GENESYS_CLOUD_LOGIN_URL", "login"),
            ("GENESYS_CLOUD_API_URL", "ftp://127.0.0.1"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(name) && error.contains(value) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn the_secret_is_asked_for_where_there_are_no_credentials_and_never_shown() {
        for name in ["GENESYS_CLOUD_CLIENT_ID", "GENESYS_CLOUD_CLIENT_SECRET"] {
            let error = read(&[(name, "")]).unwrap_err();
            assert!(error.starts_with("GENESYS_CLOUD_SECRET_ARN is not set"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        let settings = read(&[("GENESYS_CLOUD_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:g")]).unwrap();
        assert!(matches!(settings.credentials, CredentialsFrom::Arn(_)));
        let pairs = COMPLETE.iter().chain(&[("GENESYS_CLOUD_SECRET_ARN", "arn:1, arn:2")]).copied();
        let each = GenesysCloudSettings::read_each(&Environment::from_pairs(pairs)).unwrap();
        assert!(matches!(&each[..], [one, two] if matches!((&one.credentials, &two.credentials),
            (CredentialsFrom::Arn(one), CredentialsFrom::Arn(two)) if one == "arn:1" && two == "arn:2")));
        assert!(!format!("{:?}", read(&[]).unwrap()).contains("s3cret"));
    }
}
