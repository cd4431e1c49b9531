//! The fake, as its callers see it.

mod analytics;
mod api;
mod faults;
mod observation;
mod support;
