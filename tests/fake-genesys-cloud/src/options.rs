//! How the fake starts.

use std::time::Duration;

use crate::Clock;

/// How the fake starts. The defaults are the platform's, where it has any.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The OAuth client's id.
    pub client_id: String,
    /// The OAuth client's secret.
    pub client_secret: String,
    /// How long a token is good: 24 hours unless the client says otherwise (reference/genesys-cloud.md §4).
    pub token_life: Duration,
    /// Requests a minute for each token: 300 unless raised by Genesys (reference/genesys-cloud.md §3).
    pub requests_per_minute: u32,
    /// The fake's time.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            client_id: "fake-client-id".to_owned(),
            client_secret: "fake-client-secret".to_owned(),
            token_life: Duration::from_hours(24),
            requests_per_minute: 300,
            clock: Clock::system(),
        }
    }
}
