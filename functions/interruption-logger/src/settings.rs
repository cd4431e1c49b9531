//! What the environment says (DESIGN §4.2).

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use genesys_cloud::detail_event::MediaType;
use lambda_kit::duration::parse_duration;
use lambda_kit::events::SourcePrefix;
use lambda_kit::settings::{Environment, SettingError};
use salesforce::credentials::SecretFields;
use salesforce::{ApiVersion, Credentials, LoginUrl};

use crate::rows::LookUpKeys;
use crate::timeline::{MaxSession, Rules};

const EXPECTED_MEDIA: &str = "a comma-separated list of media types, such as EMAIL,MESSAGE";

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The table of the ledger.
    pub table: String,
    /// The bus for outcomes.
    pub outcome_bus: String,
    /// The dead-letter queue.
    pub dead_letter_queue_url: String,
    /// Whose events count.
    pub source_prefix: SourcePrefix,
    /// What counts as an interruption.
    pub rules: Rules,
    /// How rows name Cases and Users.
    pub look_up_keys: LookUpKeys,
    /// Where Salesforce is.
    pub salesforce: SalesforceSettings,
}

/// Where Salesforce is and who we are there.
#[derive(Debug)]
pub struct SalesforceSettings {
    /// Where tokens come from.
    pub login_url: LoginUrl,
    /// Which version of its API is used.
    pub api_version: ApiVersion,
    /// Who we are.
    pub credentials: CredentialsFrom,
}

/// Where the credentials for Salesforce come from.
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
            table: environment
                .required("AGENT_SESSIONS_TABLE", "the name of the DynamoDB table of agents' sessions")?,
            outcome_bus: environment.required("OUTCOME_BUS", "the name or ARN of the event bus for outcomes")?,
            dead_letter_queue_url: environment
                .required("DEAD_LETTER_QUEUE_URL", "the URL of the SQS queue for what cannot be processed")?,
            source_prefix: SourcePrefix::from_environment(environment),
            rules: rules(environment)?,
            look_up_keys: LookUpKeys {
                case: environment.parsed(
                    "CASE_KEY",
                    "Id",
                    "Id, CaseNumber or the API name of an external id",
                    api_name,
                )?,
                agent: match environment.optional("AGENT_KEY") {
                    None => None,
                    Some(_) => Some(environment.parsed(
                        "AGENT_KEY",
                        "",
                        "the API name of an external id of User",
                        user_field,
                    )?),
                },
            },
            salesforce: salesforce(environment)?,
        })
    }
}

fn rules(environment: &Environment) -> Result<Rules, SettingError> {
    Ok(Rules {
        interruptible: environment.parsed("INTERRUPTIBLE_MEDIA", "EMAIL", EXPECTED_MEDIA, names)?,
        interrupting: environment.parsed("INTERRUPTING_MEDIA", "VOICE", EXPECTED_MEDIA, names)?,
        directions: environment.parsed("INTERRUPTING_DIRECTIONS", "INBOUND", "INBOUND, OUTBOUND or both", names)?,
        min_interruption_ms: milliseconds(environment.duration("MIN_INTERRUPTION", "1s")?),
        include_after_call_work: environment.boolean("INCLUDE_AFTER_CALL_WORK", false)?,
        max_session: environment.parsed(
            "MAX_SESSION",
            "",
            "durations by media type, such as VOICE=12h,EMAIL=30d, and one without a media type for the rest",
            max_session,
        )?,
        case_attributes: environment
            .list("CASE_ATTRIBUTES", "SF_URLPop")
            .iter()
            .map(|name| name.to_lowercase())
            .collect(),
    })
}

fn salesforce(environment: &Environment) -> Result<SalesforceSettings, SettingError> {
    const EXPECTED_URL: &str = "an https URL such as https://login.salesforce.com or that of a My Domain";
    let login_url = environment.required("SALESFORCE_LOGIN_URL", EXPECTED_URL)?;
    Ok(SalesforceSettings {
        login_url: LoginUrl::parse(&login_url)
            .ok_or_else(|| SettingError::invalid("SALESFORCE_LOGIN_URL", &login_url, EXPECTED_URL))?,
        api_version: environment.parsed("SALESFORCE_API_VERSION", "v66.0", "v46.0 or newer", ApiVersion::parse)?,
        credentials: match environment.optional("SALESFORCE_SECRET_ARN") {
            Some(arn) => CredentialsFrom::Arn(arn),
            None => CredentialsFrom::Environment(credentials(environment)?),
        },
    })
}

fn credentials(environment: &Environment) -> Result<Credentials, SettingError> {
    const EXPECTED: &str = "the ARN of a secret (or SALESFORCE_CLIENT_ID with SALESFORCE_CLIENT_SECRET, or with \
                            SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY, for local runs)";
    let fields = SecretFields {
        client_id: environment.optional("SALESFORCE_CLIENT_ID"),
        client_secret: environment.secret("SALESFORCE_CLIENT_SECRET"),
        username: environment.optional("SALESFORCE_USERNAME"),
        private_key: environment.secret("SALESFORCE_PRIVATE_KEY"),
    };
    if fields.username.is_some() && fields.private_key.is_some() && fields.client_id.is_some() {
        let expected = "an unencrypted RSA key in PEM";
        return Credentials::try_from(fields)
            .map_err(|_| SettingError::invalid_secret("SALESFORCE_PRIVATE_KEY", expected));
    }
    Credentials::try_from(fields)
        .map_err(|_| SettingError::Missing { name: "SALESFORCE_SECRET_ARN", expected: EXPECTED })
}

/// A comma-separated list with at least one name, all of them known.
fn names<T: FromStr, C: FromIterator<T>>(text: &str) -> Option<C> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let known: Vec<T> = names.map(|name| name.to_uppercase().parse().ok()).collect::<Option<_>>()?;
    (!known.is_empty()).then(|| known.into_iter().collect())
}

/// What is not named stays as it is by default, unless there is a duration for the rest.
fn max_session(text: &str) -> Option<MaxSession> {
    let mut named = BTreeMap::new();
    let mut rest_ms = None;
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (media, duration) = entry.split_once('=').map_or((None, entry), |(media, rest)| (Some(media), rest));
        let duration_ms = parse_duration(duration.trim()).map(milliseconds).filter(|duration_ms| *duration_ms > 0)?;
        match media {
            Some(media) => named.insert(media.trim().to_uppercase().parse().ok()?, duration_ms),
            None => rest_ms.replace(duration_ms),
        };
    }
    if let Some(otherwise_ms) = rest_ms {
        return Some(MaxSession { by_media: named, otherwise_ms });
    }
    let mut by_media = BTreeMap::from([(MediaType::Voice, 12 * HOUR_MS)]);
    by_media.append(&mut named);
    Some(MaxSession { by_media, otherwise_ms: 30 * 24 * HOUR_MS })
}

const HOUR_MS: i64 = 3_600_000;

/// The API name of a field: letters, digits and underscores.
fn api_name(text: &str) -> Option<String> {
    let name = text.trim();
    let plausible = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    plausible.then(|| name.to_owned())
}

/// The id is Salesforce's own: no Genesys Cloud user has it.
fn user_field(text: &str) -> Option<String> {
    api_name(text).filter(|name| name != "Id")
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// The rules of an environment in which nothing is set.
#[cfg(test)]
pub(crate) fn tests_rules() -> Rules {
    rules(&Environment::from_pairs([("", "")])).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [(&str, &str); 6] = [
        ("AGENT_SESSIONS_TABLE", "sessions"),
        ("OUTCOME_BUS", "outcomes"),
        ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1/dead-letters"),
        ("SALESFORCE_LOGIN_URL", "https://login.salesforce.com"),
        ("SALESFORCE_CLIENT_ID", "client"),
        ("SALESFORCE_CLIENT_SECRET", "s3cret"),
    ];

    fn read(more: &[(&str, &str)]) -> Result<Settings, String> {
        let pairs = REQUIRED.iter().chain(more).map(|(name, value)| (*name, *value));
        Settings::read(&Environment::from_pairs(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let settings = read(&[]).unwrap();
        let rules = settings.rules;
        assert!(rules.is_interruptible(MediaType::Email) && !rules.is_interruptible(MediaType::Message));
        assert_eq!(rules.min_interruption_ms, 1000);
        assert_eq!(rules.max_session.of(MediaType::Voice), 12 * 3_600_000);
        assert_eq!(rules.max_session.of(MediaType::Email), 30 * 86_400_000);
        assert_eq!(rules.case_attributes, ["sf_urlpop"]);
        assert!(!rules.include_after_call_work);
        assert_eq!(settings.look_up_keys, LookUpKeys { case: "Id".to_owned(), agent: None });
    }

    #[test]
    fn one_duration_is_for_all_media() {
        let rules = read(&[("MAX_SESSION", "2h")]).unwrap().rules;
        assert_eq!(rules.max_session.of(MediaType::Voice), 7_200_000);
        assert_eq!(rules.max_session.of(MediaType::Email), 7_200_000);
    }

    #[test]
    fn a_duration_for_one_media_type_leaves_the_others_as_they_are() {
        let rules = read(&[("MAX_SESSION", "EMAIL=10d")]).unwrap().rules;
        assert_eq!(rules.max_session.of(MediaType::Voice), 12 * HOUR_MS);
        assert_eq!(rules.max_session.of(MediaType::Email), 10 * 24 * HOUR_MS);
        assert_eq!(rules.max_session.of(MediaType::Message), 30 * 24 * HOUR_MS);
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_it_holds_and_should() {
        for (name, value) in [
            ("INTERRUPTIBLE_MEDIA", "EMAILS"),
            ("INTERRUPTING_DIRECTIONS", "sideways"),
            ("MIN_INTERRUPTION", "soon"),
            ("INCLUDE_AFTER_CALL_WORK", "perhaps"),
            ("MAX_SESSION", "VOICE=never"),
            ("CASE_KEY", "Case Number"),
            ("AGENT_KEY", "Id"),
            ("SALESFORCE_API_VERSION", "66"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(name) && error.contains(value) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        let error = read(&[("SALESFORCE_USERNAME", "user"), ("SALESFORCE_PRIVATE_KEY", "not-a-key")]).unwrap_err();
        assert!(error.starts_with("SALESFORCE_PRIVATE_KEY") && !error.contains("not-a-key"), "{error}");
    }

    #[test]
    fn without_credentials_the_secret_is_asked_for() {
        let pairs = REQUIRED.iter().filter(|(name, _)| *name != "SALESFORCE_CLIENT_SECRET").copied();
        let error = Settings::read(&Environment::from_pairs(pairs)).unwrap_err().to_string();
        assert!(error.starts_with("SALESFORCE_SECRET_ARN is not set"), "{error}");
    }
}
