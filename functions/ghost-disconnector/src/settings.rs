//! What the environment says (DESIGN §4.2).

use genesys_cloud::api::{BaseUrl, Credentials, Region};
use lambda_kit::documents::{self, Location};
use lambda_kit::settings::{Environment, SettingError};

const EXPECTED_REGION: &str = "the domain of the organization's region, such as mypurecloud.ie";
const EXPECTED_URL: &str = "an https URL without a query, such as https://api.mypurecloud.ie";

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The table of cases.
    pub cases_table: String,
    /// The table of watched conversations, which `ghost-watcher` fills.
    pub conversations_table: String,
    /// The bus for outcomes.
    pub outcome_bus: String,
    /// The dead-letter queue.
    pub dead_letter_queue_url: String,
    /// Where the policy is.
    pub policy: Location,
    /// Whether anything may be disconnected at all, whatever the policy and the operator say.
    pub disconnects_enabled: bool,
    /// Where Genesys Cloud is.
    pub genesys_cloud: GenesysCloudSettings,
}

/// Where Genesys Cloud is and who we are there.
#[derive(Debug)]
pub struct GenesysCloudSettings {
    /// Where tokens come from.
    pub login_url: BaseUrl,
    /// Where everything else is.
    pub api_url: BaseUrl,
    /// Who we are.
    pub credentials: CredentialsFrom,
}

/// Where the credentials for Genesys Cloud come from.
#[derive(Debug)]
pub enum CredentialsFrom {
    /// Secrets Manager.
    Arn(String),
    /// The environment, for local runs.
    Environment(Credentials),
}

impl Settings {
    /// Reads the environment. The error names the variable, what it holds and what it should.
    pub fn read(environment: &Environment) -> Result<Self, SettingError> {
        Ok(Self {
            cases_table: environment.required("GHOST_CASES_TABLE", "the name of the DynamoDB table of ghost cases")?,
            conversations_table: environment
                .required("CONVERSATIONS_TABLE", "the name of the DynamoDB table of watched conversations")?,
            outcome_bus: environment.required("OUTCOME_BUS", "the name or ARN of the event bus for outcomes")?,
            dead_letter_queue_url: environment
                .required("DEAD_LETTER_QUEUE_URL", "the URL of the SQS queue for what cannot be processed")?,
            policy: policy(environment)?,
            disconnects_enabled: environment.boolean("DISCONNECTS_ENABLED", true)?,
            genesys_cloud: genesys_cloud(environment)?,
        })
    }
}

fn policy(environment: &Environment) -> Result<Location, SettingError> {
    let location = environment.required("GHOST_POLICY", documents::EXPECTED)?;
    Location::parse(&location).ok_or_else(|| SettingError::invalid("GHOST_POLICY", &location, documents::EXPECTED))
}

fn genesys_cloud(environment: &Environment) -> Result<GenesysCloudSettings, SettingError> {
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
    Ok(GenesysCloudSettings { login_url, api_url, credentials })
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

    const COMPLETE: [(&str, &str); 8] = [
        ("GHOST_CASES_TABLE", "cases"),
        ("CONVERSATIONS_TABLE", "conversations"),
        ("OUTCOME_BUS", "outcomes"),
        ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1/dead-letters"),
        ("GHOST_POLICY", "ssm:/ghosts/policy"),
        ("GENESYS_CLOUD_REGION", "mypurecloud.ie"),
        ("GENESYS_CLOUD_CLIENT_ID", "client"),
        ("GENESYS_CLOUD_CLIENT_SECRET", "s3cret"),
    ];

    /// The complete settings with these in place of their own; an empty value takes one away.
    fn read(changes: &[(&str, &str)]) -> Result<Settings, String> {
        let pairs = COMPLETE.iter().chain(changes).map(|(name, value)| (*name, *value));
        Settings::read(&Environment::from_pairs(last_of_each(pairs))).map_err(|error| error.to_string())
    }

    fn last_of_each<'a>(
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> std::collections::HashMap<&'a str, &'a str> {
        pairs.collect()
    }

    #[test]
    fn the_region_says_where_genesys_cloud_is() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.genesys_cloud.login_url.to_string(), "https://login.mypurecloud.ie");
        assert_eq!(settings.genesys_cloud.api_url.to_string(), "https://api.mypurecloud.ie");
        assert_eq!(settings.policy, Location::Parameter("/ghosts/policy".to_owned()));
        assert!(settings.disconnects_enabled);
    }

    #[test]
    fn urls_are_stronger_than_the_region_one_by_one() {
        let settings = read(&[("GENESYS_CLOUD_API_URL", "http://127.0.0.1:9001/")]).unwrap();
        assert_eq!(settings.genesys_cloud.login_url.to_string(), "https://login.mypurecloud.ie");
        assert_eq!(settings.genesys_cloud.api_url.to_string(), "http://127.0.0.1:9001");

        let both = [("GENESYS_CLOUD_LOGIN_URL", "http://127.0.0.1:1"), ("GENESYS_CLOUD_API_URL", "http://127.0.0.1:2")];
        let settings = read(&[both[0], both[1], ("GENESYS_CLOUD_REGION", "")]).unwrap();
        assert_eq!(settings.genesys_cloud.login_url.to_string(), "http://127.0.0.1:1");
    }

    #[test]
    fn a_missing_setting_is_named() {
        for (name, _) in COMPLETE.iter().filter(|(name, _)| !name.starts_with("GENESYS_CLOUD_CLIENT")) {
            let error = read(&[(name, "")]).unwrap_err();
            assert!(error.starts_with(&format!("{name} is not set")), "{error}");
        }
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_it_holds_and_should() {
        for (name, value) in [
            ("GHOST_POLICY", "policy.yaml"),
            ("DISCONNECTS_ENABLED", "perhaps"),
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
        assert!(matches!(settings.genesys_cloud.credentials, CredentialsFrom::Arn(_)));
        assert!(!format!("{:?}", read(&[]).unwrap()).contains("s3cret"));
    }
}
