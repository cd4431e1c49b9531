//! Genesys Cloud, as the functions see it.
//!
//! [`detail_event`] holds the sixteen conversation detail events that Genesys Cloud puts on `EventBridge`, as types:
//! [`Topic`](detail_event::Topic) says which one an `EventBridge` `detail-type` announces, and
//! [`Detail::parse`](detail_event::Detail::parse) reads the `detail` of that event.
//!
//! [`api`] is the REST client: [`GenesysCloud`](api::GenesysCloud) keeps one token and one pace for all that a process asks.
//!
//! The platform's facts behind this crate, with their sources, are in `reference/genesys-cloud.md`.

pub mod api;
pub mod detail_event;
