//! A fake of the part of Salesforce that we use: tokens, upserts by external id, limits. It answers as
//! reference/salesforce.md §1 and §2 say, and it can be told to fail. It knows nothing of our client.
//!
//! - [`FakeSalesforce`]: start it, tell it things, ask it things. The same over HTTP: see `routes::control`.
//! - [`options`]: what it knows and accepts; [`keys`]: an RSA key pair for tests.
//! - [`faults`]: how it can fail; [`request_log`]: what it was asked.
//! - `token`: who gets in; `upsert`, `references`, `store`: what becomes of a row; `routes`: how it looks over HTTP.

mod answers;
mod connection;
pub mod faults;
pub mod keys;
pub mod options;
mod record_ids;
mod references;
pub mod request_log;
mod routes;
mod server;
mod state;
mod store;
mod token;
mod upsert;

pub use faults::{Effect, Fault, Surface};
pub use options::{LookUpSchema, ObjectSchema, Options, Parent, TokenPolicy};
pub use request_log::{Call, CallKind};
pub use server::FakeSalesforce;
