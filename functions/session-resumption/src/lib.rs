//! Whether a customer whose web-messaging session dropped can go back to it: asked over HTTP, answered once for all tabs.
//!
//! What decides, without I/O and without a clock: [`decision`], from a conversation to resume or to route anew. [`handshake`]: who
//! of many that ask at once does it, and what the others are told. [`replay`]: what an `Idempotency-Key` stands for.
//! [`greeting`]: whether a customer who comes back can be told so.
//!
//! What is asked and answered: [`request`], [`problem`]; `openapi.yaml` beside this folder describes it. [`announce`]: what the
//! rest of the company is told.
//!
//! What does it: [`run`], over the world as [`ports`] describe it. What connects it: [`world`] is that world as it is, [`handler`]
//! the function, [`settings`] its environment.

pub mod announce;
pub mod decision;
pub mod greeting;
pub mod handler;
pub mod handshake;
pub mod ports;
pub mod problem;
pub mod replay;
pub mod request;
pub mod run;
pub mod settings;
pub mod world;
