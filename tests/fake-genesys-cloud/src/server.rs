//! The running fake, and the handle on it.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::analytics::Analytics;
use crate::connection::{SeverableListener, Severance};
use crate::conversations::Conversations;
use crate::crowds::Crowds;
use crate::faults::FaultPlan;
use crate::messages::MessageLog;
use crate::rate_limit::RateLimit;
use crate::requests::RequestLog;
use crate::state::State;
use crate::tokens::Tokens;
use crate::{Clock, Options, routes};

/// The fake could not be started: its port is taken, most likely.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on 127.0.0.1:{port} for the fake Genesys Cloud")]
pub struct StartError {
    port: u16,
    #[source]
    source: std::io::Error,
}

/// A running fake Genesys Cloud. It stops when this is dropped.
pub struct FakeGenesysCloud {
    address: SocketAddr,
    state: Arc<State>,
    /// The server stops when the other end of this is gone.
    _running: oneshot::Sender<()>,
}

impl FakeGenesysCloud {
    /// Starts the fake on 127.0.0.1. Needs a Tokio runtime, and serves as long as that runs.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let port = options.port;
        let failed = |source| StartError { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = Arc::new(State::new(options));
        let (running, stopped) = oneshot::channel();

        let service = routes::router(Arc::clone(&state)).into_make_service_with_connect_info::<Severance>();
        let server = axum::serve(SeverableListener(listener), service).with_graceful_shutdown(async {
            // The only thing that this channel ever says is that the handle is gone.
            let _handle_is_gone = stopped.await;
        });
        tokio::spawn(server.into_future());
        Ok(Self { address, state, _running: running })
    }

    /// Where it listens, for the login and for the API: `http://127.0.0.1:{port}`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The fake's time.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// The conversations.
    pub fn conversations(&self) -> &Conversations {
        &self.state.conversations
    }

    /// The conversations that wait by the thousand.
    pub fn crowds(&self) -> &Crowds {
        &self.state.crowds
    }

    /// What analytics shows of the conversations.
    pub fn analytics(&self) -> &Analytics {
        &self.state.analytics
    }

    /// What goes wrong next.
    pub fn faults(&self) -> &FaultPlan {
        &self.state.faults
    }

    /// The access tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.state.tokens
    }

    /// The rate limit.
    pub fn rate_limit(&self) -> &RateLimit {
        &self.state.rate_limit
    }

    /// The messages that were sent without an agent.
    pub fn messages(&self) -> &MessageLog {
        &self.state.messages
    }

    /// The log of requests.
    pub fn requests(&self) -> &RequestLog {
        &self.state.requests
    }
}

impl fmt::Debug for FakeGenesysCloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FakeGenesysCloud").field("address", &self.address).finish_non_exhaustive()
    }
}
