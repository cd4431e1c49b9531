//! What every function's `main` needs to live in AWS Lambda, and nothing of what it does there.
//!
//! In the order in which a function meets them:
//!
//! 1. [`settings`]: the environment, read once; a wrong setting is one readable line. [`duration`]
//!    is its friendly notation.
//! 2. [`logs`] and [`metrics`]: one JSON line per log event, one embedded-metric document per
//!    invocation, both on stdout.
//! 3. [`aws`]: the one TLS stack and the clients' time limits. [`secrets`] come through it.
//!    [`documents`], such as a policy or the [`switch`] for everything destructive, are read again while the function runs.
//! 4. [`runtime`]: takes invocations, gives the handler what [`events`] decoded and the time it
//!    has.
//!    [`deliveries`] sorts a batch and answers for it; [`http`] is what a function behind an HTTP API takes and gives.
//!    [`delayed`] puts off what is to be done a little later.
//! 5. [`outcomes`] and [`dead_letters`]: where a handler puts what it decided, and what it could
//!    not understand. [`messages`]: how it goes on with what is longer than its own life.

pub mod aws;
mod batching;
pub mod dead_letters;
pub mod delayed;
pub mod deliveries;
pub mod documents;
pub mod duration;
pub mod events;
pub mod http;
mod json_error;
pub mod logs;
pub mod messages;
pub mod metrics;
pub mod outcomes;
pub mod runtime;
pub mod secrets;
pub mod settings;
pub mod switch;
