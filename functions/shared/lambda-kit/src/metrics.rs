//! Metrics through the `metrics` facade (`metrics::counter!("eventsProcessed").increment(1)`), written in the embedded
//! metric format of `CloudWatch`: a JSON line on stdout, which `CloudWatch` turns into metrics, so that no call is made
//! for them.
//!
//! One document per set of labels and flush; labels become dimensions beside `function`. A counter is its increase
//! since the last flush, a gauge its last value, a histogram the values since then: at most a hundred between two
//! flushes (the format's limit, what is above is dropped), so record one for an invocation or a request, not for an
//! event.

use std::io::{self, Write};

use metrics_cloudwatch_embedded::{Builder, Collector};
use thiserror::Error;

/// The `CloudWatch` namespace of every metric.
pub const NAMESPACE: &str = "GenesysEventProcessor";

/// The process has another recorder of metrics already.
#[derive(Debug, Error)]
#[error("could not start metrics: {reason}")]
pub struct MetricsError {
    reason: String,
}

/// The metrics of this process, to be flushed at the end of each invocation: afterwards Lambda may freeze the process,
/// or end it.
#[derive(Clone, Copy)]
pub struct Metrics {
    collector: &'static Collector,
}

impl Metrics {
    /// Starts collecting, with the dimension `function`. Once per process.
    pub fn install(function_name: &str) -> Result<Self, MetricsError> {
        let collector = Builder::new()
            .cloudwatch_namespace(NAMESPACE)
            .with_dimension("function", function_name.to_owned())
            .init()
            .map_err(|error| MetricsError { reason: error.to_string() })?;
        Ok(Self { collector })
    }

    /// Writes what was collected since the last flush to stdout.
    pub fn flush(self) -> io::Result<()> {
        // Whole lines at once, so that no log line gets in between.
        let mut lines = Vec::new();
        self.collector.flush(&mut lines)?;
        io::stdout().lock().write_all(&lines)
    }
}
