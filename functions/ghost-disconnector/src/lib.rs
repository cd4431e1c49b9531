//! Ghost interactions: looked at, made sure of, disconnected, verified, documented, escalated.
//!
//! What decides, without I/O and without a clock:
//!
//! - [`case`]: a case as a record, from the first suspicion to the end.
//! - [`sighting`]: what a look means by the policy. [`life`]: what a case makes of it. [`breaker`]: whether one more disconnect
//!   is not one too many. [`candidate`]: whether a row of analytics is worth a look; [`discovery`]: which rows come next.
//! - [`hints`], [`support_case`] and [`announce`]: what people are told. [`command`]: what they ask for; [`refusals`]: what of it was refused.
//!
//! What does it: [`run`], over the world as [`ports`] describe it.
//!
//! What connects it: [`world`] is that world as it is, [`policy_document`] the policy in force, [`handler`] the function, [`settings`]
//! its environment.
//!
//! # The way of a ghost
//!
//! 1. `ghost-watcher` folds a conversation's events into facts and writes them with the earliest moment at which the policy could call it a
//!    ghost: one conditional write. A sparse index holds what is to be looked at.
//! 2. Every minute `ghost-disconnector` takes up the cases that are due, then what the watcher noted, then, when it is time, a few pages of
//!    what analytics shows without an end. A row of analytics is put to the policy first: only what may be a ghost costs a look.
//! 3. A look (`sighting`) is a conversation put to the policy. A ghost opens a **case** (`case`, `life`): `suspected`, and after more looks at
//!    the very same form `confirmed`. Whoever is alive is dismissed with the reason; whoever joins later makes a new case.
//! 4. To disconnect: leave from the breaker, the attempt written down, and only then `POST …/disconnect`, within 5 s of the look. Each is a
//!    conditional write, so of two runs one goes on. The client never repeats it; what became of it only the next look tells.
//! 5. `resolved`, or after the policy's attempts `escalated`, once, with the support case. So is what comes to nothing: two dozen looks that
//!    failed for good or came too late, or requests that did not leave; three days of looks that failed in a way that may pass; or a day in
//!    hand, in which time that was not the case's own does not count. What was escalated without a request an operator may still ask for.
//!    What was never read is let alone, and told of. What ended two days ago and analytics still lists is escalated without a request,
//!    which nobody is there for; too many of those are told of as a whole. An operator's request for them is refused, as they have
//!    ended. Every move is announced from the stored case, and told again if the run died before it noted that.
//!
//! What is due within 5 s is waited for; everything else is left to the next run. A run ends before its Lambda does.

pub mod announce;
pub mod breaker;
pub mod candidate;
pub mod case;
pub mod command;
pub mod discovery;
pub mod handler;
pub mod hints;
pub mod life;
pub mod policy_document;
pub mod ports;
pub mod refusals;
pub mod run;
pub mod settings;
pub mod sighting;
pub mod support_case;
#[cfg(test)]
mod testing;
pub mod world;
