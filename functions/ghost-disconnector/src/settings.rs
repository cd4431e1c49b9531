//! What the environment says (DESIGN §4.2).

use genesys_login::GenesysCloudSettings;
use lambda_kit::documents::{self, Location};
use lambda_kit::settings::{Environment, SettingError};
use lambda_kit::switch::SwitchSetting;

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
    pub disconnects_enabled: SwitchSetting,
    /// Where Genesys Cloud is.
    pub genesys_cloud: GenesysCloudSettings,
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
            disconnects_enabled: SwitchSetting::read(environment)?,
            genesys_cloud: GenesysCloudSettings::read(environment)?,
        })
    }
}

fn policy(environment: &Environment) -> Result<Location, SettingError> {
    let location = environment.required("GHOST_POLICY", documents::EXPECTED)?;
    Location::parse(&location).ok_or_else(|| SettingError::invalid("GHOST_POLICY", &location, documents::EXPECTED))
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
    fn what_is_not_set_has_its_default() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.policy, Location::Parameter("/ghosts/policy".to_owned()));
        assert_eq!(settings.disconnects_enabled, SwitchSetting::Fixed(true));
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
        for (name, value) in
            [("GHOST_POLICY", "policy.yaml"), ("DISCONNECTS_ENABLED", "perhaps"), ("GENESYS_CLOUD_REGION", "eu-west-1")]
        {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(name) && error.contains(value) && !error.contains('\n'), "{error}");
        }
    }
}
