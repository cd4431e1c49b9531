//! The policy as it is in force.

use aws_config::SdkConfig;
use ghost_policy::Policy;
use ghost_policy::policy::Mode;
use lambda_kit::documents::{Document, DocumentError, Location};
use tracing::warn;

/// Where the policy is written, and whether the deployment lets it disconnect.
pub struct PolicyDocument {
    document: Document<Policy>,
    disconnects_enabled: bool,
}

impl PolicyDocument {
    /// The policy at `location`; where the deployment switches disconnecting off, it only observes. Nothing is read yet.
    pub fn new(config: &SdkConfig, location: Location, disconnects_enabled: bool) -> Self {
        Self { document: Document::new(config, location, parse), disconnects_enabled }
    }

    /// Whether the deployment lets anything be disconnected.
    pub const fn disconnects_enabled(&self) -> bool {
        self.disconnects_enabled
    }

    /// The policy, no older than the document may be.
    ///
    /// # Errors
    /// There is none that could be used.
    pub async fn in_force(&self) -> Result<Policy, DocumentError> {
        let policy = Policy::clone(self.document.get().await?.as_ref());
        let mode = if self.disconnects_enabled { policy.mode } else { Mode::Observe };
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
