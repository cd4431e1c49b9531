//! Sessions of customers who write messages, from Genesys Cloud's answers and events to decisions, messages and disconnects,
//! through the real functions.

#![allow(missing_docs, reason = "tests say what they show by their names")]

mod closing;
mod resumption;
