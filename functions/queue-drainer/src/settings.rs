//! What the environment says (DESIGN §4.2).

use genesys_login::GenesysCloudSettings;
use lambda_kit::settings::{Environment, SettingError};
use lambda_kit::switch::SwitchSetting;

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The table of jobs and notes.
    pub jobs_table: String,
    /// The bus for outcomes.
    pub outcome_bus: String,
    /// The dead-letter queue.
    pub dead_letter_queue_url: String,
    /// The function's own queue, through which it goes on.
    pub continuation_queue_url: String,
    /// Where Genesys Cloud is, and who we are there: one for each OAuth client.
    pub genesys_cloud: Vec<GenesysCloudSettings>,
    /// Whether anything may be disconnected at all, whatever operators ask for.
    pub disconnects_enabled: SwitchSetting,
}

impl Settings {
    /// Reads the environment. The error names the variable, what it holds and what it should.
    pub fn read(environment: &Environment) -> Result<Self, SettingError> {
        Ok(Self {
            jobs_table: environment.required("DRAIN_JOBS_TABLE", "the name of the DynamoDB table of drain jobs")?,
            outcome_bus: environment.required("OUTCOME_BUS", "the name or ARN of the event bus for outcomes")?,
            dead_letter_queue_url: environment
                .required("DEAD_LETTER_QUEUE_URL", "the URL of the SQS queue for what cannot be processed")?,
            continuation_queue_url: environment
                .required("CONTINUATION_QUEUE_URL", "the URL of the SQS queue that this function reads")?,
            genesys_cloud: GenesysCloudSettings::read_each(environment)?,
            disconnects_enabled: SwitchSetting::read(environment)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use lambda_kit::settings::Environment;

    use super::Settings;

    const COMPLETE: [(&str, &str); 6] = [
        ("DRAIN_JOBS_TABLE", "jobs"),
        ("OUTCOME_BUS", "outcomes"),
        ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1/dead"),
        ("CONTINUATION_QUEUE_URL", "http://127.0.0.1/own"),
        ("GENESYS_CLOUD_REGION", "mypurecloud.ie"),
        ("GENESYS_CLOUD_SECRET_ARN", "arn:one,arn:two"),
    ];

    #[test]
    fn each_setting_is_needed_and_each_client_has_a_lane() {
        assert_eq!(Settings::read(&Environment::from_pairs(COMPLETE)).unwrap().genesys_cloud.len(), 2);
        for (name, _) in COMPLETE {
            let without = COMPLETE.into_iter().filter(|(other, _)| *other != name);
            let error = Settings::read(&Environment::from_pairs(without)).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }
}
