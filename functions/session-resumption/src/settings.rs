//! What the environment says (DESIGN §4.2).

use std::time::Duration;

use genesys_cloud::api::agentless::LONGEST_TEXT;
use genesys_login::GenesysCloudSettings;
use lambda_kit::duration::parse_duration;
use lambda_kit::settings::{Environment, SettingError};

use crate::run::Rules;

/// With what comes after it, an answer must be there before API Gateway gives up, after 30 s.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The table of handshakes and keys.
    pub table: String,
    /// The bus for outcomes.
    pub outcome_bus: String,
    /// By what is decided.
    pub rules: Rules,
    /// Where Genesys Cloud is.
    pub genesys_cloud: GenesysCloudSettings,
}

impl Settings {
    /// Reads the environment. The error names the variable, what it holds and what it should.
    pub fn read(environment: &Environment) -> Result<Self, SettingError> {
        Ok(Self {
            table: environment.required("RESUMPTIONS_TABLE", "the name of the DynamoDB table of resumptions")?,
            outcome_bus: environment.required("OUTCOME_BUS", "the name or ARN of the event bus for outcomes")?,
            rules: Rules {
                window: environment.duration("RESUMPTION_WINDOW", "300s")?,
                look_limit: environment.parsed(
                    "RESUMPTION_LOOK_LIMIT",
                    "5s",
                    "a duration of 100ms to 10s",
                    |text| {
                        parse_duration(text).filter(|limit| (Duration::from_millis(100)..=LONGEST_LOOK).contains(limit))
                    },
                )?,
                greeting: greeting(environment)?,
            },
            genesys_cloud: GenesysCloudSettings::read(environment)?,
        })
    }
}

fn greeting(environment: &Environment) -> Result<Option<String>, SettingError> {
    const NAME: &str = "RESUMPTION_MESSAGE";
    let Some(text) = environment.optional(NAME) else { return Ok(None) };
    let fits = text.chars().count() <= LONGEST_TEXT;
    fits.then_some(Some(text.clone())).ok_or_else(|| SettingError::invalid(NAME, &text, "at most 765 characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 5] = [
        ("RESUMPTIONS_TABLE", "resumptions"),
        ("OUTCOME_BUS", "outcomes"),
        ("GENESYS_CLOUD_REGION", "mypurecloud.ie"),
        ("GENESYS_CLOUD_CLIENT_ID", "client"),
        ("GENESYS_CLOUD_CLIENT_SECRET", "s3cret"),
    ];

    /// The complete settings with these in place of their own; an empty value takes one away.
    fn read(changes: &[(&str, &str)]) -> Result<Settings, String> {
        let pairs: std::collections::HashMap<_, _> = COMPLETE.iter().chain(changes).copied().collect();
        Settings::read(&Environment::from_pairs(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let expected = Rules { window: Duration::from_mins(5), look_limit: Duration::from_secs(5), greeting: None };
        assert_eq!(read(&[]).unwrap().rules, expected);
        let set = read(&[("RESUMPTION_WINDOW", "15m"), ("RESUMPTION_MESSAGE", "Welcome back")]).unwrap();
        assert_eq!(set.rules.window, Duration::from_mins(15));
        assert_eq!(set.rules.greeting.as_deref(), Some("Welcome back"));
    }

    #[test]
    fn a_missing_or_wrong_one_is_named() {
        for name in ["RESUMPTIONS_TABLE", "OUTCOME_BUS", "GENESYS_CLOUD_REGION"] {
            assert!(read(&[(name, "")]).unwrap_err().starts_with(&format!("{name} is not set")));
        }
        let long = "x".repeat(LONGEST_TEXT + 1);
        for (name, value) in
            [("RESUMPTION_WINDOW", "5"), ("RESUMPTION_LOOK_LIMIT", "11s"), ("RESUMPTION_MESSAGE", long.as_str())]
        {
            assert!(read(&[(name, value)]).unwrap_err().starts_with(&format!("{name} is ")), "{name}");
        }
    }
}
