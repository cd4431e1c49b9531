//! The ledger against an embedded DynamoDB server, through the SDK's own client.

mod archive;
mod cases;
mod concurrency;
mod drains;
mod failures;
mod journal;
mod model;
mod pending;
mod records;
mod sets;
mod support;
mod watch;
