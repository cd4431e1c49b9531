//! The ledger: what must not be lost, in DynamoDB.
//!
//! - [`journal`]: one small item an owner (an agent) that facts are appended to and settled in. Appending gives back
//!   everything known, so that storing and reading is one request; settling is conditional, so that it is also the
//!   read that tells whether somebody appended meanwhile. What is pending is found through a sparse index.
//! - [`archive`]: what has left the small item, kept in order of time for what comes late.
//! - [`sets`]: sets that only ever grow, shared by writers who never wait for each other.
//! - [`watch`]: what is known of each conversation, and when it should be looked at. In a table of its own.
//! - [`cases`]: cases that move by one conditional write at a time, and when to go on with them. In a table of its own.
//! - [`records`]: records that change by one conditional write at a time, each by itself. In tables of their own.
//! - [`drains`]: the jobs of draining queues, and a note of every conversation that they disconnect. In a table of its own.
//! - `model` (with the feature of that name): all of it in memory, for simulations; held to DynamoDB by the same tests.
//!
//! Journals, archives and sets live in one table: partition key `owner`, sort key `item` (both strings), time to live
//! `expires_at` (epoch seconds), and the sparse index `pending` (`pending_shard`, `due_at` in epoch milliseconds).
//! The ledger does not look into what it keeps: entries are strings to it.

pub mod archive;
mod attributes;
pub mod cases;
pub mod drains;
mod error;
mod held;
pub mod journal;
#[cfg(feature = "model")]
pub mod model;
pub mod records;
pub mod sets;
mod shards;
mod versioned;
pub mod watch;

pub use archive::ArchiveItem;
pub use error::LedgerError;
pub use journal::{Head, Journal, Settled, Settlement};
pub use records::Records;
pub use sets::GrowOnlySets;
pub use watch::Watch;
