//! How events and schedules reach their targets.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::activity::Activity;
use crate::functions::{Function, Functions, InvocationError};
use crate::queues::{Queues, Timings};
use crate::template::Target;

/// Sends payloads to queues, and to functions asynchronously.
#[derive(Clone)]
pub struct Delivery {
    pub(crate) queues: Arc<Queues>,
    pub(crate) functions: Arc<Functions>,
    pub(crate) activity: Activity,
    pub(crate) timings: Timings,
}

impl Delivery {
    /// Sends one payload. What comes back ends once an invoked function is done, retries included;
    /// a queue is done at once.
    pub(crate) fn send(&self, target: &Target, payload: String) -> Option<JoinHandle<()>> {
        let sent = match target {
            Target::Queue(name) => self.queues.get(name).map(|queue| {
                queue.send(payload, None);
                None
            }),
            Target::Function(name) => {
                let function = self.functions.get(name);
                function.map(|function| Some(self.invoke(function.clone(), payload)))
            }
        };
        if sent.is_none() {
            tracing::warn!(?target, "is not part of the template");
        }
        sent.flatten()
    }

    /// An asynchronous invocation: repeated if it fails, then put on the function's own
    /// dead-letter queue.
    fn invoke(&self, function: Arc<Function>, payload: String) -> JoinHandle<()> {
        let busy = self.activity.begin();
        let delivery = self.clone();
        tokio::spawn(async move {
            let payload = Bytes::from(payload);
            let retries = function.template().asynchronous_retries;
            let mut attempt = 0;
            let error = loop {
                let Err(error) = function.invoke(payload.clone()).await else { break None };
                if attempt == retries {
                    break Some(error);
                }
                attempt += 1;
                tokio::time::sleep(delivery.timings.retry_delay * attempt).await;
            };
            if let Some(error) = error {
                delivery.give_up(&function, &payload, &error, attempt + 1);
            }
            drop(busy);
        })
    }

    fn give_up(&self, function: &Function, payload: &[u8], error: &InvocationError, attempts: u32) {
        let name = function.template().on_failure_queue.as_deref();
        let Some(queue) = name.and_then(|name| self.queues.get(name)) else {
            tracing::error!(function = function.name(), %error, "an invocation is lost");
            return;
        };
        let record = json!({
            "version": "1.0",
            "requestContext": {
                "functionArn": function.name(),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": serde_json::from_slice::<serde_json::Value>(payload).ok(),
            "responsePayload": { "errorMessage": error.to_string() },
        });
        queue.send(record.to_string(), None);
    }
}
