//! Interruption timing: where a voice call interrupted an agent's email (or other digital) work, on the Salesforce Case.
//!
//! The way of an event through the modules:
//!
//! 1. [`batch`] and [`intake`]: what an event says of which agent and conversation.
//! 2. [`references`]: which Case the conversation belongs to, brought to every agent who worked on it.
//! 3. [`facts`]: all that is known of an agent, a set that only grows, appended to the agent's journal in the ledger.
//! 4. [`timeline`]: from facts to interruptions and work sessions. Pure, the heart of it all.
//! 5. [`draft`]: from a journal to the rows that must be written, whatever others wrote or left undone.
//! 6. [`rows`] and [`writer`]: the rows as Salesforce gets them, and getting them there.
//! 7. [`debts`] and [`settlement`]: what is still owed, what stays at hand, what leaves for the archive ([`state`]).
//!
//! [`converge`] does 5 to 7 for events and for the flush; [`handler`] is the function; [`settings`] is its environment.

pub mod batch;
pub mod converge;
pub mod debts;
pub mod draft;
pub mod facts;
pub mod handler;
pub mod intake;
pub mod references;
pub mod rows;
pub mod settings;
pub mod settlement;
#[cfg(test)]
mod simulation;
pub mod state;
#[cfg(test)]
mod testing;
pub mod timeline;
pub mod writer;
