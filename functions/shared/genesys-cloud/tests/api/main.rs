//! The REST client against a fake Genesys Cloud, over real HTTP.

mod analytics;
mod disconnects;
mod outages;
mod pace;
mod support;
mod tokens;
