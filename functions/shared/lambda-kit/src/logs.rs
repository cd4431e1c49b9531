//! Structured logs: one JSON object per line on stdout, where Lambda picks them up.
//!
//! The convention, so that one query finds everything about one conversation:
//!
//! | field | where | holds |
//! |---|---|---|
//! | `conversationId` | event field | the Genesys Cloud conversation |
//! | `correlationId` | event field | `detail.metadata.CorrelationId` of the Genesys Cloud event |
//! | `eventId` | event field | the id of the `EventBridge` event |
//! | `requestId`, `function`, `version` | `span` | the invocation; set by [`crate::runtime::run`] |
//!
//! ```
//! tracing::info!(conversationId = "c-1", correlationId = "k-1", eventId = "e-1", "fact stored");
//! ```
//!
//! Event fields are at the top of the object. Personal data and secrets are never logged: no `ani`, `dnis`, addresses,
//! subjects or attribute values, and no libraries below `warn`, since they may show requests.

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{Environment, SettingError};

const EXPECTED: &str = "one of trace, debug, info, warn, error, off";

/// Targets, by prefix, of libraries that tell more than is wanted, or may tell what must not be.
const QUIET_LIBRARIES: [&str; 7] = ["aws_", "h2", "hyper", "lambda_runtime", "reqwest", "rustls", "tower"];

/// Starts logging at the level in `LOG_LEVEL`, else in `AWS_LAMBDA_LOG_LEVEL` (Lambda's own setting), else `info`.
///
/// Where the process logs already (several functions in one test), that stays as it is.
pub fn init(environment: &Environment) -> Result<(), SettingError> {
    let level = level(environment)?;
    // An error says that there is a subscriber already.
    let _ = subscriber(level, std::io::stdout).try_init();
    Ok(())
}

fn level(environment: &Environment) -> Result<LevelFilter, SettingError> {
    let name = if environment.optional("LOG_LEVEL").is_some() { "LOG_LEVEL" } else { "AWS_LAMBDA_LOG_LEVEL" };
    environment.parsed(name, "info", EXPECTED, |text| match text.trim() {
        // Lambda knows one level more.
        fatal if fatal.eq_ignore_ascii_case("fatal") => Some(LevelFilter::ERROR),
        other => other.parse().ok(),
    })
}

fn subscriber<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let quiet = QUIET_LIBRARIES.map(|library| (library, level.min(LevelFilter::WARN)));
    // The runtime's report of a failed invocation repeats ours.
    let targets = Targets::new()
        .with_default(level)
        .with_targets(quiet)
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(targets))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(level: LevelFilter, log: impl FnOnce()) -> Vec<Value> {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        with_default(subscriber(level, move || writer.clone()), log);
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_has_the_fields_at_the_top_and_the_invocation_in_its_span() {
        let lines = lines(LevelFilter::INFO, || {
            let invocation = tracing::info_span!("invocation", requestId = "r-1");
            invocation.in_scope(|| tracing::info!(conversationId = "c-1", "fact\nstored"));
            tracing::debug!("not shown");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["message"], "fact\nstored");
        assert_eq!(lines[0]["conversationId"], "c-1");
        assert_eq!(lines[0]["span"]["requestId"], "r-1");
        assert!(lines[0]["timestamp"].is_string());
    }

    #[test]
    fn libraries_stay_quiet_at_any_level() {
        let lines = lines(LevelFilter::TRACE, || {
            tracing::debug!(target: "aws_smithy_runtime::client", "a request");
            tracing::info!(target: "hyper_util", "a connection");
            tracing::warn!(target: "aws_config", "a warning");
            tracing::trace!("ours");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["a warning", "ours"]);
    }

    #[test]
    fn the_level_comes_from_our_setting_then_from_lambdas() {
        let level_of = |pairs: &[(&'static str, &'static str)]| level(&Environment::from_pairs(pairs.iter().copied()));
        assert_eq!(level_of(&[]), Ok(LevelFilter::INFO));
        assert_eq!(level_of(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]), Ok(LevelFilter::ERROR));
        assert_eq!(level_of(&[("LOG_LEVEL", "debug"), ("AWS_LAMBDA_LOG_LEVEL", "WARN")]), Ok(LevelFilter::DEBUG));
        let error = level_of(&[("LOG_LEVEL", "loud")]).unwrap_err().to_string();
        assert_eq!(error, format!("LOG_LEVEL is \"loud\"; it should hold {EXPECTED}"));
    }
}
