//! What the environment says (DESIGN §4.2).

use std::time::Duration;

use genesys_login::GenesysCloudSettings;
use lambda_kit::delayed::LONGEST_DELAY;
use lambda_kit::documents::{self, Location};
use lambda_kit::duration::parse_duration;
use lambda_kit::events::SourcePrefix;
use lambda_kit::settings::{Environment, SettingError};
use lambda_kit::switch::SwitchSetting;

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The table of closings.
    pub table: String,
    /// The queue of departures whose grace is not over.
    pub grace_queue_url: String,
    /// How long an agent may be gone before it counts.
    pub grace: Duration,
    /// The bus for outcomes.
    pub outcome_bus: String,
    /// The dead-letter queue.
    pub dead_letter_queue_url: String,
    /// Whose events count.
    pub source_prefix: SourcePrefix,
    /// Where the rules are.
    pub policy: Location,
    /// Whether anybody may be disconnected, whatever the rules say.
    pub disconnects_enabled: SwitchSetting,
    /// Where Genesys Cloud is.
    pub genesys_cloud: GenesysCloudSettings,
}

impl Settings {
    /// Reads the environment. The error names the variable, what it holds and what it should.
    pub fn read(environment: &Environment) -> Result<Self, SettingError> {
        environment.required("CHAT_CLOSING_POLICY", documents::EXPECTED)?;
        Ok(Self {
            table: environment.required("CHAT_CLOSINGS_TABLE", "the name of the DynamoDB table of chat closings")?,
            grace_queue_url: environment
                .required("CHAT_CLOSING_GRACE_QUEUE_URL", "the URL of the SQS queue of departures to wait for")?,
            grace: environment.parsed("CHAT_CLOSING_GRACE", "20s", "a duration of at most 15m", |text| {
                parse_duration(text).filter(|grace| *grace <= LONGEST_DELAY)
            })?,
            outcome_bus: environment.required("OUTCOME_BUS", "the name or ARN of the event bus for outcomes")?,
            dead_letter_queue_url: environment
                .required("DEAD_LETTER_QUEUE_URL", "the URL of the SQS queue for what cannot be processed")?,
            source_prefix: SourcePrefix::from_environment(environment),
            policy: environment.parsed("CHAT_CLOSING_POLICY", "", documents::EXPECTED, Location::parse)?,
            disconnects_enabled: SwitchSetting::read(environment)?,
            genesys_cloud: GenesysCloudSettings::read(environment)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 8] = [
        ("CHAT_CLOSINGS_TABLE", "closings"),
        ("CHAT_CLOSING_GRACE_QUEUE_URL", "http://127.0.0.1/grace"),
        ("CHAT_CLOSING_POLICY", "ssm:/chats/policy"),
        ("OUTCOME_BUS", "outcomes"),
        ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1/dead-letters"),
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
        let settings = read(&[]).unwrap();
        assert_eq!(
            (settings.grace, settings.disconnects_enabled),
            (Duration::from_secs(20), SwitchSetting::Fixed(true))
        );
    }

    #[test]
    fn a_missing_or_wrong_one_is_named() {
        for (name, _) in COMPLETE.iter().take(6) {
            assert!(read(&[(name, "")]).unwrap_err().starts_with(&format!("{name} is not set")));
        }
        for (name, value) in [("CHAT_CLOSING_GRACE", "16m"), ("CHAT_CLOSING_POLICY", "rules.yaml")] {
            assert!(read(&[(name, value)]).unwrap_err().starts_with(&format!("{name} is \"{value}\"")));
        }
    }
}
