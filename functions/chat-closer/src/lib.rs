//! Chats that their last agent has left: the customer is disconnected or told, once, and nobody who is talked to ever is.
//!
//! What decides, without I/O and without a clock: [`policy`], people's rules; [`judgement`], from one look at a conversation to
//! what is to be done, or why nothing; [`closing`], what is known of it, so that it is done once; [`intake`], from events to
//! departures.
//!
//! What does it: [`run`], over the world as [`ports`] describe it. [`announce`]: what the rest of the company is told. What
//! connects it: [`world`] is that world as it is, [`handler`] the function, [`settings`] its environment.

pub mod announce;
pub mod closing;
pub mod handler;
pub mod intake;
pub mod judgement;
pub mod policy;
pub mod ports;
pub mod run;
pub mod settings;
pub mod world;
