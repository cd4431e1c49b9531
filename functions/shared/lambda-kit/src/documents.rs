//! A text that people change while the function runs, such as a policy: read again every few seconds, and where it can't be used,
//! its last good version stays in force.
//!
//! `ssm:/name` is a parameter of AWS Systems Manager; `file:/path` is a file, for local runs.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::aws;

/// How old a document may be before it is read again: so long, at most, until a change is in force. A hundred copies of a
/// function then ask for it ten times a second, a quarter of what AWS Systems Manager allows.
pub const REFRESH_INTERVAL: Duration = Duration::from_secs(10);

/// What a setting that says where a document is should hold.
pub const EXPECTED: &str = "ssm: with the name of a parameter, such as ssm:/ghosts/policy, or file: with a path";

/// How far a function that starts with an unusable version goes back for one that can be used.
const EARLIER_VERSIONS_MAX: usize = 10;

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the parameter of AWS Systems Manager with this name or ARN.
    Parameter(String),
    /// In this file.
    File(PathBuf),
}

impl Location {
    /// Reads `ssm:/name` or `file:/path`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.trim().split_once(':').filter(|(_, rest)| !rest.is_empty())?;
        match kind {
            "ssm" => Some(Self::Parameter(rest.to_owned())),
            "file" => Some(Self::File(PathBuf::from(rest))),
            _ => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(formatter, "ssm:{name}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}

/// There is no version of a document that could be used, neither now nor before.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{location} can't be used: {reason}")]
pub struct DocumentError {
    /// Where the document is.
    pub location: Location,
    /// Why it can't be used.
    pub reason: String,
}

/// A document that says a `T`.
pub struct Document<T> {
    location: Location,
    client: Client,
    parse: Parse<T>,
    state: Mutex<State<T>>,
}

/// Reads the text of a document, or says in one line why it can't be used. Called once for each version.
type Parse<T> = fn(&str) -> Result<T, String>;

struct State<T> {
    /// The last version that could be used.
    good: Option<Arc<T>>,
    /// The text that was read last, and why it can't be used if so.
    last: Option<(String, Result<(), String>)>,
    /// What kept the last attempt from a version that could be used.
    reason: String,
    read_at: Option<Instant>,
}

/// A text, and which version of the parameter it is.
struct Version {
    text: String,
    number: i64,
}

impl<T> Document<T> {
    /// The document at `location`. Nothing is read yet.
    pub fn new(config: &SdkConfig, location: Location, parse: Parse<T>) -> Self {
        let reason = "it was not read in time".to_owned();
        let state = Mutex::new(State { good: None, last: None, reason, read_at: None });
        Self { location, client: Client::new(config), parse, state }
    }

    /// What the document says: read again if that was last done [`REFRESH_INTERVAL`] ago. If that fails, or what is there now
    /// can't be used, the last good version stays in force, and the log says why.
    ///
    /// # Errors
    /// [`DocumentError`] if there is no good version at hand, nor among the last ten of the parameter.
    pub async fn get(&self) -> Result<Arc<T>, DocumentError> {
        // Held while reading: whoever comes meanwhile waits, at most for a few SDK operations, and finds it fresh.
        let mut state = self.state.lock().await;
        if state.read_at.is_none_or(|read_at| read_at.elapsed() >= REFRESH_INTERVAL) {
            state.read_at = Some(Instant::now());
            if let Err(reason) = self.refresh(&mut state).await {
                metrics::counter!("DocumentsRefused").increment(1);
                error!(document = %self.location, reason, inForce = state.good.is_some(), "the document can't be used");
                state.reason = reason;
            }
        }
        let error = || DocumentError { location: self.location.clone(), reason: state.reason.clone() };
        state.good.clone().ok_or_else(error)
    }

    /// Takes what is there now for the good version, or says why it can't be used.
    async fn refresh(&self, state: &mut State<T>) -> Result<(), String> {
        let current = self.current().await?;
        if let Some((text, verdict)) = &state.last
            && *text == current.text
        {
            return verdict.clone();
        }
        let verdict = match (self.parse)(&current.text) {
            Ok(good) => {
                info!(document = %self.location, version = current.number, "the document is in force");
                state.good = Some(Arc::new(good));
                Ok(())
            }
            Err(reason) => {
                if state.good.is_none() {
                    state.good = self.last_good_before(current.number).await;
                }
                Err(reason)
            }
        };
        // With nothing in force, everything is tried again.
        state.last = state.good.is_some().then(|| (current.text, verdict.clone()));
        verdict
    }

    /// The newest usable version before this one: what was in force when the function last ran.
    async fn last_good_before(&self, number: i64) -> Option<Arc<T>> {
        let Location::Parameter(name) = &self.location else { return None };
        for earlier in (1..number).rev().take(EARLIER_VERSIONS_MAX) {
            let text = match self.parameter(&format!("{name}:{earlier}")).await {
                Ok(version) => version.text,
                Err(reason) => {
                    warn!(document = %self.location, version = earlier, reason, "no earlier version");
                    return None;
                }
            };
            if let Ok(good) = (self.parse)(&text) {
                warn!(document = %self.location, version = earlier, "an earlier version stays in force");
                return Some(Arc::new(good));
            }
        }
        None
    }

    async fn current(&self) -> Result<Version, String> {
        match &self.location {
            Location::Parameter(name) => self.parameter(name).await,
            // Reading a local file takes no time that would matter.
            Location::File(path) => std::fs::read_to_string(path)
                .map(|text| Version { text, number: 0 })
                .map_err(|error| format!("it could not be read: {error}")),
        }
    }

    /// The parameter of this name; `name:3` is its third version.
    async fn parameter(&self, name: &str) -> Result<Version, String> {
        let answer = self.client.get_parameter().name(name).send().await;
        let answer = answer.map_err(|error| format!("it could not be read: {}", aws::summary(&error)))?;
        let parameter = answer.parameter.ok_or("Systems Manager answered without a parameter")?;
        let text = parameter.value.ok_or("the parameter has no value")?;
        Ok(Version { text, number: parameter.version })
    }
}

impl<T> fmt::Debug for Document<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Document({})", self.location)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_reads_as_it_is_written() {
        for text in
            ["ssm:/ghosts/policy", "file:/etc/policy.yaml", "ssm:arn:aws:ssm:eu-west-1:000000000000:parameter/p"]
        {
            assert_eq!(Location::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "policy.yaml", "ssm:", "file:", "https://policy"] {
            assert_eq!(Location::parse(wrong), None, "{wrong}");
        }
    }
}
