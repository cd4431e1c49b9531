//! How long connecting may take: until the request that it is for may not be sent any more.
//!
//! A request that is sent by a deadline may have to wait for a new connection first. Its own time limit would not do: that is for the
//! answer too, and whoever gives up waiting for that does not know whether it was sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, timeout_at};
use tower_layer::Layer;
use tower_service::Service;

use super::deadline::Deadline;

type Error = Box<dyn std::error::Error + Send + Sync>;

tokio::task_local! {
    static CONNECT_BY: Instant;
}

/// Makes connections for a request only until it may not be sent any more. To be given to the HTTP client as a connector layer.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnectInTime;

/// Sends a request: if it takes a new connection, then one that is made by the deadline.
pub(crate) async fn connecting_by<T>(deadline: Deadline, request: impl Future<Output = T>) -> T {
    CONNECT_BY.scope(deadline.instant(), request).await
}

impl<S> Layer<S> for ConnectInTime {
    type Service = InTime<S>;

    fn layer(&self, connector: S) -> InTime<S> {
        InTime(connector)
    }
}

/// A connector that gives up in time.
#[derive(Debug, Clone)]
pub struct InTime<S>(S);

impl<S, Destination> Service<Destination> for InTime<S>
where
    S: Service<Destination>,
    S::Future: Send + 'static,
    S::Error: Into<Error>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, destination: Destination) -> Self::Future {
        let connecting = self.0.call(destination);
        // Who asks for a connection is who waits for it.
        let by = CONNECT_BY.try_with(|by| *by).ok();
        Box::pin(async move {
            match by {
                Some(by) => timeout_at(by, connecting).await?.map_err(Into::into),
                None => connecting.await.map_err(Into::into),
            }
        })
    }
}
