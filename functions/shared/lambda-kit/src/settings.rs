//! Settings from environment variables, with errors that say in one line what to correct.

use std::collections::HashMap;
use std::env;
use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::duration;

/// The longest piece of a wrong value that an error shows.
const MAX_SHOWN_CHARACTERS: usize = 80;

/// The environment variables of a process, read once. An empty value counts as absent.
#[derive(Clone)]
pub struct Environment {
    variables: HashMap<String, String>,
}

impl Environment {
    /// The variables of this process. Those that are not Unicode are left out.
    pub fn from_process() -> Self {
        let unicode =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_pairs(unicode)
    }

    /// The given variables and no others.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value): &(String, String)| !value.trim().is_empty())
            .collect();
        Self { variables }
    }

    /// The value of a setting that may be absent.
    pub fn optional(&self, name: &'static str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// The value of a setting that must be there; `expected` says what it should hold.
    pub fn required(&self, name: &'static str, expected: &'static str) -> Result<String, SettingError> {
        self.optional(name).ok_or(SettingError::Missing { name, expected })
    }

    /// The value of a setting that holds a secret. Complain about it with [`SettingError::invalid_secret`], which never
    /// shows it.
    pub fn secret(&self, name: &'static str) -> Option<String> {
        self.optional(name)
    }

    /// The setting, or `default` where it is absent, as `parse` understands it.
    pub fn parsed<T>(
        &self,
        name: &'static str,
        default: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, SettingError> {
        let text = self.variables.get(name).map_or(default, String::as_str);
        parse(text).ok_or_else(|| SettingError::invalid(name, text, expected))
    }

    /// A duration such as `90s`; see [`duration::parse_duration`].
    pub fn duration(&self, name: &'static str, default: &str) -> Result<Duration, SettingError> {
        self.parsed(name, default, duration::EXPECTED, duration::parse_duration)
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &'static str, default: bool) -> Result<bool, SettingError> {
        let default = if default { "true" } else { "false" };
        self.parsed(name, default, "true or false", |text| text.trim().parse().ok())
    }

    /// The entries of a comma-separated list, trimmed, without empty ones.
    pub fn list(&self, name: &'static str, default: &str) -> Vec<String> {
        let text = self.variables.get(name).map_or(default, String::as_str);
        text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }
}

/// Shows the names only: any value may be a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.variables.keys().collect();
        names.sort();
        formatter.debug_tuple("Environment").field(&names).finish()
    }
}

/// A setting that is missing or wrong. Its `Display` is one line: the variable, what it holds and what it should hold.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SettingError {
    /// The variable is absent or empty.
    #[error("{name} is not set; it should hold {expected}")]
    Missing {
        /// The environment variable.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// The variable holds something else than it should.
    #[error("{name} is {shown}; it should hold {expected}")]
    Invalid {
        /// The environment variable.
        name: &'static str,
        /// What it holds, quoted and cut short.
        shown: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The variable holds a secret, which is not shown, that is not what it should be.
    #[error("{name} is (hidden); it should hold {expected}")]
    InvalidSecret {
        /// The environment variable.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
}

impl SettingError {
    /// `name` holds `value`, which is not `expected`. For secrets use [`SettingError::invalid_secret`].
    pub fn invalid(name: &'static str, value: &str, expected: &'static str) -> Self {
        let cut: String = value.chars().take(MAX_SHOWN_CHARACTERS).collect();
        let ellipsis = if cut.len() < value.len() { "…" } else { "" };
        // The debug form quotes, and keeps a value with line breaks on one line.
        Self::Invalid { name, shown: format!("{cut:?}{ellipsis}"), expected }
    }

    /// `name` holds a secret that is not `expected`.
    pub fn invalid_secret(name: &'static str, expected: &'static str) -> Self {
        Self::InvalidSecret { name, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&'static str, &'static str)]) -> Environment {
        Environment::from_pairs(pairs.iter().copied())
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let environment = environment(&[("TABLE", ""), ("QUEUE", "  ")]);
        assert_eq!(environment.optional("TABLE"), None);
        assert_eq!(environment.optional("QUEUE"), None);
    }

    #[test]
    fn a_missing_setting_is_named_with_what_it_should_hold() {
        let error = environment(&[]).required("AGENT_SESSIONS_TABLE", "the name of a DynamoDB table").unwrap_err();
        assert_eq!(error.to_string(), "AGENT_SESSIONS_TABLE is not set; it should hold the name of a DynamoDB table");
    }

    #[test]
    fn a_wrong_setting_is_shown_on_one_line_and_cut_short() {
        let error = environment(&[("MIN_INTERRUPTION", "a\nb")]).duration("MIN_INTERRUPTION", "1s").unwrap_err();
        assert_eq!(error.to_string(), format!("MIN_INTERRUPTION is \"a\\nb\"; it should hold {}", duration::EXPECTED));

        let long = SettingError::invalid("NAME", &"é".repeat(500), "less").to_string();
        assert!(long.chars().count() < 130, "{long}");
    }

    #[test]
    fn a_secret_is_never_shown() {
        let environment = environment(&[("SALESFORCE_PRIVATE_KEY", "hunter2")]);
        assert_eq!(environment.secret("SALESFORCE_PRIVATE_KEY").as_deref(), Some("hunter2"));
        let error = SettingError::invalid_secret("SALESFORCE_PRIVATE_KEY", "an RSA private key in PEM");
        assert_eq!(error.to_string(), "SALESFORCE_PRIVATE_KEY is (hidden); it should hold an RSA private key in PEM");
        assert!(!format!("{environment:?}").contains("hunter2"));
    }

    #[test]
    fn defaults_stand_in_for_absent_settings() {
        let environment =
            environment(&[("INCLUDE_AFTER_CALL_WORK", "true"), ("INTERRUPTIBLE_MEDIA", " EMAIL, ,MESSAGE,")]);
        assert_eq!(environment.duration("MIN_INTERRUPTION", "1s"), Ok(Duration::from_secs(1)));
        assert_eq!(environment.boolean("INCLUDE_AFTER_CALL_WORK", false), Ok(true));
        assert_eq!(environment.boolean("ABSENT", false), Ok(false));
        assert_eq!(environment.list("INTERRUPTIBLE_MEDIA", "EMAIL"), ["EMAIL", "MESSAGE"]);
        assert_eq!(environment.list("INTERRUPTING_MEDIA", "VOICE"), ["VOICE"]);
    }
}
