//! A queue, drained: tens of thousands of waiting conversations disconnected as fast as Genesys Cloud allows, none twice.
//!
//! What decides, without I/O and without a clock:
//!
//! - [`request`]: what an operator asks for, or why that is refused. [`filter`]: whether a row of analytics is part of it.
//! - [`standing`]: whether a conversation waits, or somebody has it.
//! - [`note`]: what is remembered of a conversation, and whether it may be disconnected. [`job`]: in whose hands a job is.
//! - [`announce`]: what people are told.
//!
//! What does it: [`drain`], over the world as [`ports`] describe it: lists, verifies, notes, sends, and makes sure.
//!
//! What connects it: [`world`] is that world as it is, [`handler`] the function, [`settings`] its environment.

pub mod announce;
pub mod drain;
pub mod filter;
pub mod handler;
pub mod job;
pub mod note;
pub mod ports;
pub mod request;
pub mod settings;
#[cfg(test)]
mod simulation;
pub mod standing;
#[cfg(test)]
mod testing;
pub mod world;
