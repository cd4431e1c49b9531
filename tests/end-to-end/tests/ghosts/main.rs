//! Ghost interactions, from Genesys Cloud's answers and events on the bus to disconnects, cases and outcomes, through the real
//! functions.

#![allow(missing_docs, reason = "tests say what they show by their names")]

mod answers;
mod breaker;
mod commands;
mod crashes;
mod enforce;
mod look_alikes;
mod policies;
mod watcher;
