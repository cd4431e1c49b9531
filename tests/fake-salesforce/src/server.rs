//! The fake itself: started, told, asked, stopped.

use std::io;

use serde_json::{Map, Value};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    connection::{Connections, Cut},
    faults::Fault,
    options::{Options, Parent, TokenPolicy},
    request_log::{Call, CallKind},
    routes,
    state::Shared,
};

/// A running fake on 127.0.0.1. Stops when it is dropped.
pub struct FakeSalesforce {
    shared: Shared,
    server: JoinHandle<io::Result<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl FakeSalesforce {
    /// Starts a fake on the current tokio runtime. Fails if the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Shared::new(options, &url);
        let app = routes::router(shared.clone()).into_make_service_with_connect_info::<Cut>();
        let (stop, stopped) = oneshot::channel::<()>();
        let signal = async {
            let _ = stopped.await;
        };
        let serve = axum::serve(Connections(listener), app).with_graceful_shutdown(signal);
        let server = tokio::spawn(async move { serve.await });
        Ok(Self { shared, server, stop: Some(stop) })
    }

    /// Where it is: the login URL, and the instance URL that its tokens name.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// All rows of an object, in the order of their keys.
    pub fn rows(&self, object: &str) -> Vec<Map<String, Value>> {
        self.shared.lock().store.rows(object)
    }

    /// Deletes all rows.
    pub fn clear_rows(&self) {
        self.shared.lock().store.clear();
    }

    /// From now on, fails so. Of several faults, the first that applies does.
    pub fn inject(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Works again.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// All tokens given out so far are no longer valid.
    pub fn expire_tokens(&self) {
        self.shared.lock().tokens.clear();
    }

    /// From now on, gives tokens to these. Tokens given out stay valid.
    pub fn set_token_policy(&self, policy: TokenPolicy) {
        self.shared.lock().token_policy = policy;
    }

    /// A Case or User comes to be.
    pub fn add_parent(&self, parent: Parent) {
        self.shared.lock().parents.add(parent);
    }

    /// Whether look-ups to unknown records are accepted from now on.
    pub fn accept_any_parent(&self, accept: bool) {
        self.shared.lock().parents.accept_any = accept;
    }

    /// What it was asked so far.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How many calls of a kind there were.
    pub fn count(&self, kind: CallKind) -> usize {
        self.shared.lock().calls.iter().filter(|call| call.kind == kind).count()
    }

    /// Forgets what it was asked.
    pub fn clear_calls(&self) {
        self.shared.lock().calls.clear();
    }

    /// Stops and waits until open requests are answered and the port is free.
    pub async fn stop(mut self) {
        self.stop.take();
        let _ = (&mut self.server).await;
    }
}

impl Drop for FakeSalesforce {
    fn drop(&mut self) {
        // Idle connections are closed with the server, and it takes no new ones.
        self.stop.take();
    }
}
