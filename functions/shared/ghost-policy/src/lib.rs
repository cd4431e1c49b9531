//! The staleness policy: what a ghost interaction is, decided without I/O and without a clock.
//!
//! - [`policy`] holds the policy as types, read from YAML by [`Policy::parse`], which refuses what is wrong with its line and
//!   column, and warns of what is merely unusual. [`duration`] is how people write lengths of time in it.
//! - [`conversation`] holds the facts of a live conversation, read from the answer of `GET /api/v2/conversations/{id}`:
//!   tolerant of anything new, and free of personal data.
//! - [`mod@evaluate`] applies the one to the other at a given moment. It collects what speaks for life, whatever the rules say,
//!   and the earliest moment at which a test of the deciding rule could call the conversation a ghost.
//! - [`verdict`] is the answer, its reasons and its evidence, as types and in plain words.
//!
//! Anything unknown, unreadable or missing counts as life. A verdict of ghost stays one for as long as the facts stay the
//! same, and a verdict of alive says when to look again.
//!
//! The contract is `DESIGN.md` §4.4; the platform's facts are in `reference/genesys-cloud.md` §1.5, §2.2 and §5.

pub mod conversation;
pub mod duration;
pub mod evaluate;
pub mod policy;
pub mod verdict;

pub use conversation::{Conversation, ConversationError};
pub use evaluate::{evaluate, evaluate_forced, may_be_ghost, nobody_is_left};
pub use policy::{Policy, PolicyError, Warning};
pub use verdict::{AliveReason, Verdict};
