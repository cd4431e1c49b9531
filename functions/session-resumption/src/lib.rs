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
//!
//! # The way of a customer who comes back
//!
//! 1. API Gateway checks origin, rate and, where a parameter asks for it, the token. `request` checks size, shape and ids; what is wrong is a
//!    `problem` (RFC 9457).
//! 2. All requests of a customer for a conversation within a minute are one **handshake** (`handshake`): a record that changes by conditional
//!    writes. Who claims it owns it for a lease of 8 s; the others read it again until its answer is there. An owner that dies is succeeded when
//!    its lease ends, if that is within the minute: later what it decided is no answer any more, and only its count is kept. An answer
//!    stands until the minute is over, whoever gave it and when; the record says so, since DynamoDB's TTL deletes late.
//! 3. The owner looks, decides (`decision`), and notes the decision with the attributes' new **values** before it writes anything to Genesys
//!    Cloud. So whoever takes over writes the same, and a lost answer counts nothing twice. Attributes and outcome, then the answer. Nobody
//!    waits longer than 2 s for these: what could not be written, the next request within the minute writes, the same again. A greeting is
//!    sent at most once, and only to a customer who is with an agent and nothing else (`greeting`): a bot would take it for theirs.
//! 4. An `Idempotency-Key` is a record of its own (`replay`): which handshake it was for, and the answer. For another one: 422.

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
