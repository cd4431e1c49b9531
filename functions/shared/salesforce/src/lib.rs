//! Salesforce, as a client that only writes: rows go out through sObject collections upsert, and each comes back with a
//! verdict that says what to do with it. Knows nothing of interruptions. Facts: reference/salesforce.md.
//!
//! - [`settings`]: where to log in, which API version; [`credentials`]: who we are (JWT bearer or client credentials).
//! - [`client`]: [`Salesforce`], the only thing that talks; `token` keeps its session, `transport` does one HTTP
//!   exchange, `upsert` turns rows into calls and answers into results.
//! - [`row`]: what is written: [`Row`]s with typed look-ups; [`record_id`] and [`mod@date_time`]: values in Salesforce's form.
//! - [`results`]: what came of it: a [`RowResult`] for each row, and [`Unavailable`] when Salesforce as a whole refused.
//! - `errors`: the table of error codes behind these verdicts.
//! - [`api_usage`]: how much of the daily API allowance is used.

pub mod api_usage;
mod assertion;
pub mod client;
pub mod credentials;
pub mod date_time;
mod errors;
pub mod record_id;
pub mod results;
mod retry;
pub mod row;
pub mod settings;
mod token;
mod transport;
mod upsert;

pub use api_usage::ApiUsage;
pub use client::Salesforce;
pub use credentials::{CredentialError, CredentialSource, Credentials, Grant, InvalidCredentials, SecretFields};
pub use date_time::date_time;
pub use record_id::{Entity, RecordId};
pub use results::{Deferral, Rejection, RowResult, Transient, Unavailable, UpsertReport};
pub use retry::Patience;
pub use row::{LookUp, Reference, Row, UpsertTarget};
pub use settings::{ApiVersion, LoginUrl, Settings};
