//! The switch for everything destructive: whoever ends conversations asks it before each one.
//!
//! In the setting itself, or, so that it can be thrown while functions run, in a document that the setting names.

use aws_config::SdkConfig;
use tracing::warn;

use crate::documents::{Document, DocumentError, Location};
use crate::settings::{Environment, SettingError};

/// The setting.
const NAME: &str = "DISCONNECTS_ENABLED";
/// What it should hold.
const EXPECTED: &str = "true, false, ssm: with the name of a parameter that says so, or file: with a path";

/// Why nothing is disconnected while it is off.
pub const IS_OFF: &str = "disconnecting is switched off by the deployment (DISCONNECTS_ENABLED)";

/// What the setting says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchSetting {
    /// On or off for as long as the function runs.
    Fixed(bool),
    /// It is written there.
    At(Location),
}

impl SwitchSetting {
    /// Reads `DISCONNECTS_ENABLED`: on, where it is absent.
    ///
    /// # Errors
    /// It holds something else.
    pub fn read(environment: &Environment) -> Result<Self, SettingError> {
        environment.parsed(NAME, "true", EXPECTED, |text| match text.trim() {
            "true" => Some(Self::Fixed(true)),
            "false" => Some(Self::Fixed(false)),
            location => Location::parse(location).map(Self::At),
        })
    }
}

/// The switch.
#[derive(Debug)]
pub struct Switch(Kind);

#[derive(Debug)]
enum Kind {
    Fixed(bool),
    Written(Document<bool>),
}

impl Switch {
    /// The switch that the setting tells of. Nothing is read yet.
    pub fn new(config: &SdkConfig, setting: &SwitchSetting) -> Self {
        Self(match setting {
            SwitchSetting::Fixed(on) => Kind::Fixed(*on),
            SwitchSetting::At(location) => {
                Kind::Written(Document::new(config, location.clone(), |text| Ok(says_on(text))))
            }
        })
    }

    /// Whether anything may be disconnected, as it was within [`crate::documents::REFRESH_INTERVAL`]; while that cannot be read,
    /// as it was read last.
    ///
    /// # Errors
    /// It could not be read yet: nothing may be.
    pub async fn is_on(&self) -> Result<bool, DocumentError> {
        match &self.0 {
            Kind::Fixed(on) => Ok(*on),
            Kind::Written(document) => document.get().await.map(|on| *on),
        }
    }
}

/// Whatever is not understood means that nothing is disconnected.
fn says_on(text: &str) -> bool {
    let text = text.trim();
    if !["true", "false"].contains(&text) {
        warn!(text, "the switch says neither true nor false, so nothing is disconnected");
    }
    text == "true"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SwitchSetting, String> {
        SwitchSetting::read(&Environment::from_pairs([(NAME, text)])).map_err(|error| error.to_string())
    }

    #[test]
    fn it_is_fixed_or_written_somewhere() {
        assert_eq!(read(""), Ok(SwitchSetting::Fixed(true)));
        assert_eq!(read("false"), Ok(SwitchSetting::Fixed(false)));
        assert_eq!(read("ssm:/a/switch"), Ok(SwitchSetting::At(Location::Parameter("/a/switch".to_owned()))));
        let error = read("perhaps").unwrap_err();
        assert!(
            error.contains("DISCONNECTS_ENABLED") && error.contains("perhaps") && error.contains("true"),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_understood_is_off() {
        assert!(says_on(" true\n"));
        for text in ["false", "True", "on", "", "version: 1"] {
            assert!(!says_on(text), "{text}");
        }
    }

    #[tokio::test]
    async fn it_is_thrown_while_the_function_runs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("switch");
        std::fs::write(&path, "true").unwrap();
        let config = SdkConfig::builder().behavior_version(aws_config::BehaviorVersion::latest()).build();
        let setting = SwitchSetting::At(Location::File(path.clone()));
        tokio::time::pause();
        let switch = Switch::new(&config, &setting);
        assert_eq!(switch.is_on().await, Ok(true));
        std::fs::write(&path, "false").unwrap();
        tokio::time::advance(crate::documents::REFRESH_INTERVAL).await;
        assert_eq!(switch.is_on().await, Ok(false));
        std::fs::remove_file(&path).unwrap();
        tokio::time::advance(crate::documents::REFRESH_INTERVAL).await;
        assert_eq!(switch.is_on().await, Ok(false), "as it was read last");
        let unread = Switch::new(&config, &SwitchSetting::At(Location::File(path)));
        assert!(unread.is_on().await.is_err());
    }
}
