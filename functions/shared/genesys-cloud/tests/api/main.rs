//! The REST client against a fake Genesys Cloud, over real HTTP.

mod analytics;
mod disconnects;
mod messages;
mod outages;
mod pace;
mod support;
mod tokens;
