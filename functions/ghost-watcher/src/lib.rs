//! Ghost watching: what is known of each conversation from its events, and the moment at which it should be looked at.
//!
//! Nothing is decided here, and Genesys Cloud is never asked: the function has no credentials for it. It says when a
//! conversation could be a ghost at the earliest if nothing more happened; whoever looks then finds out what it is.
//!
//! The way of an event through the modules:
//!
//! 1. [`intake`]: what an event says of which session.
//! 2. [`facts`]: all that is known of a conversation, a set that only grows.
//! 3. [`picture`]: the conversation as the API would show it, as far as events can tell.
//! 4. [`due`]: when the policy could call that a ghost, whatever events cannot tell.
//! 5. [`observation`]: what is stored, in one write for all that a batch says of a conversation.
//!
//! [`handler`] is the function; [`settings`] is its environment.

pub mod due;
pub mod facts;
pub mod handler;
pub mod intake;
pub mod observation;
pub mod picture;
pub mod settings;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod testing;
