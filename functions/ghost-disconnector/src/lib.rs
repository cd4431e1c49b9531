//! Ghost interactions: looked at, made sure of, disconnected, verified, documented, escalated.
//!
//! What decides, without I/O and without a clock:
//!
//! - [`case`]: a case as a record, from the first suspicion to the end.
//! - [`sighting`]: what a look means by the policy. [`life`]: what a case makes of it. [`breaker`]: whether one more disconnect
//!   is not one too many. [`candidate`]: whether a row of analytics is worth a look; [`discovery`]: which rows come next.
//! - [`hints`], [`support_case`] and [`announce`]: what people are told. [`command`]: what they ask for.
//!
//! What does it: [`run`], over the world as [`ports`] describe it.
//!
//! What connects it: [`world`] is that world as it is, [`policy_document`] the policy in force, [`handler`] the function, [`settings`]
//! its environment.

pub mod announce;
pub mod breaker;
pub mod candidate;
pub mod case;
pub mod command;
pub mod discovery;
pub mod handler;
pub mod hints;
pub mod life;
pub mod policy_document;
pub mod ports;
pub mod run;
pub mod settings;
pub mod sighting;
pub mod support_case;
#[cfg(test)]
mod testing;
pub mod world;
