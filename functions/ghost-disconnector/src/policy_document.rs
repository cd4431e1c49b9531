//! The policy as it is in force.

use aws_config::SdkConfig;
use ghost_policy::Policy;
use ghost_policy::policy::Mode;
use lambda_kit::documents::{Document, DocumentError, Location};
use lambda_kit::switch::{Switch, SwitchSetting};
use tracing::warn;

/// Where the policy is written, and whether the deployment lets it disconnect.
pub struct PolicyDocument {
    document: Document<Policy>,
    switch: Switch,
}

impl PolicyDocument {
    /// The policy at `location`; where the deployment switches disconnecting off, it only observes. Nothing is read yet.
    pub fn new(config: &SdkConfig, location: Location, switch: &SwitchSetting) -> Self {
        Self { document: Document::new(config, location, parse), switch: Switch::new(config, switch) }
    }

    /// Whether the deployment lets anything be disconnected.
    ///
    /// # Errors
    /// That could not be read yet.
    pub async fn disconnects_enabled(&self) -> Result<bool, DocumentError> {
        self.switch.is_on().await
    }

    /// The policy, and the switch, no older than a document may be.
    ///
    /// # Errors
    /// There is none that could be used.
    pub async fn in_force(&self) -> Result<Policy, DocumentError> {
        let policy = Policy::clone(self.document.get().await?.as_ref());
        let mode = if self.disconnects_enabled().await? { policy.mode } else { Mode::Observe };
        Ok(Policy { mode, ..policy })
    }
}

fn parse(text: &str) -> Result<Policy, String> {
    let (policy, warnings) = Policy::parse(text).map_err(|error| error.to_string())?;
    for warning in warnings {
        warn!(%warning, "something in the policy is unusual");
    }
    Ok(policy)
}
