//! Interruption timing, from events on the bus to rows in Salesforce, through the real function.

#![allow(missing_docs, reason = "tests say what they show by their names")]

mod bad_input;
mod convergence;
mod crashes;
mod outages;
mod what_salesforce_sees;
