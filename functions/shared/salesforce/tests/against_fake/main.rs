//! The client against a fake Salesforce, over real HTTP.

mod outages;
mod sessions;
mod support;
mod upserts;
