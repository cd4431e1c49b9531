//! What the environment says (DESIGN §4.2).

use lambda_kit::documents::{self, Location};
use lambda_kit::events::SourcePrefix;
use lambda_kit::settings::{Environment, SettingError};

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The table of watched conversations.
    pub table: String,
    /// The dead-letter queue.
    pub dead_letter_queue_url: String,
    /// Whose events count.
    pub source_prefix: SourcePrefix,
    /// Where the staleness policy is.
    pub policy: Location,
}

impl Settings {
    /// Reads the environment. The error names the variable, what it holds and what it should.
    pub fn read(environment: &Environment) -> Result<Self, SettingError> {
        environment.required("GHOST_POLICY", documents::EXPECTED)?;
        Ok(Self {
            table: environment
                .required("CONVERSATIONS_TABLE", "the name of the DynamoDB table of watched conversations")?,
            dead_letter_queue_url: environment
                .required("DEAD_LETTER_QUEUE_URL", "the URL of the SQS queue for what cannot be processed")?,
            source_prefix: SourcePrefix::from_environment(environment),
            policy: environment.parsed("GHOST_POLICY", "", documents::EXPECTED, Location::parse)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(policy: &str) -> Result<Settings, String> {
        let environment = Environment::from_pairs([
            ("CONVERSATIONS_TABLE", "conversations"),
            ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1/dead-letters"),
            ("GHOST_POLICY", policy),
        ]);
        Settings::read(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn the_policy_is_a_parameter_or_a_file() {
        assert_eq!(read("ssm:/ghosts/policy").unwrap().policy, Location::Parameter("/ghosts/policy".to_owned()));
        assert_eq!(read("file:policy.yaml").unwrap().policy, Location::File("policy.yaml".into()));
    }

    #[test]
    fn a_missing_or_wrong_policy_is_named() {
        assert!(read("").unwrap_err().starts_with("GHOST_POLICY is not set"));
        assert!(read("policy.yaml").unwrap_err().starts_with("GHOST_POLICY is \"policy.yaml\""));
    }
}
