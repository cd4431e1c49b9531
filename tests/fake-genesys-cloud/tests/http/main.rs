//! The fake, as its callers see it.

mod analytics;
mod api;
mod crowds;
mod faults;
mod observation;
mod support;
