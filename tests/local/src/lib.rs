//! The whole deployment of `template.yaml` on one machine, with the real function binaries.
//!
//! [`stack::Stack`] starts and stops it; everything else is a part of it:
//!
//! - [`template`] reads what there is to run; [`build`] builds the functions.
//! - [`functions`] is Lambda: processes, the Runtime API, time-outs, concurrency.
//! - [`queues`] is SQS; `event_sources` invokes functions with what lies there.
//! - [`bus`] and [`pattern`] are `EventBridge`, [`schedules`] its Scheduler; [`delivery`] brings what
//!   they send to its target.
//! - `http_api` is API Gateway: its HTTP APIs, on the stack's own port.
//! - [`database`] is `DynamoDB`; [`aws_front`] the one endpoint that functions know as AWS.
//! - `settings` is what functions are told: where everything is, and how to log in; `fakes` starts
//!   Salesforce and Genesys Cloud.
//! - [`activity`] knows whether anything is still going on.
//!
//! For people: [`cli`], the HTTP API (`server`), and the [`demo`], which plays a made-up [`day`] and
//! shows it in a [`report`].

pub mod activity;
pub mod aws_front;
pub mod build;
pub mod bus;
pub mod cli;
pub mod database;
pub mod day;
pub mod delivery;
pub mod demo;
mod drain;
mod event_sources;
mod fakes;
pub mod functions;
mod http_api;
mod logs;
pub mod pattern;
pub mod queues;
pub mod report;
pub mod schedules;
mod server;
mod settings;
pub mod stack;
pub mod template;
