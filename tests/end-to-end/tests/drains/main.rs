//! Queues drained, from an operator's command to disconnects and outcomes, through the real function.

#![allow(missing_docs, reason = "tests say what they show by their names")]

mod commands;
mod crashes;
mod outages;
mod whole_queues;
