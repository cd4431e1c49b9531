//! A queue, drained: tens of thousands of waiting conversations disconnected as fast as Genesys Cloud allows, none twice.
//!
//! What decides, without I/O and without a clock:
//!
//! - [`request`]: what an operator asks for, or why that is refused. [`filter`]: whether a row of analytics is part of it.
//! - [`standing`]: whether a conversation waits, or somebody has it.
//! - [`note`]: what is remembered of a conversation, and whether it may be disconnected. [`job`]: in whose hands a job is.
//! - [`announce`]: what people are told.
//!
//! What does it: [`drain`], over the world as [`ports`] describe it: lists, verifies, notes, sends, and makes sure.
//!
//! What connects it: [`world`] is that world as it is, [`handler`] the function, [`settings`] its environment.
//!
//! # The way of a drained queue
//!
//! 1. A request becomes a **job**. A run takes it up for a message and holds it by a lease, renewed every 2 s, which is also when it finds out
//!    that it was cancelled, or the switch thrown; telling of progress goes on beside that. A message that comes again means that its run has died, as a rule: if
//!    not, the notes keep the two apart, and where there is a limit the second waits until the first has noticed. A stranded job is found by
//!    the schedule. What began after the request was made, however late it is picked up, is not part of it.
//! 2. Analytics lists what is open in the queue, page by page from the last to the first: rows only move to earlier pages, so none is passed
//!    over, and as large as they come: a server may make them smaller. An interval with more rows than it serves (5,000, and less where deep
//!    pages fail while the first is served) is parted between days, which it lists as a whole. What it still lists though it is done, the
//!    notes tell.
//! 3. Before candidates are sent, forty at a time, one question to the real-time views tells which of them wait in this queue, and in no
//!    other: that speaks for them. Those that an agent has are left alone. All others (transferred, in after-call work, hidden from us) are looked at, and all
//!    where the views cannot be asked.
//! 4. Each of the OAuth clients sends at an even pace, up to the limit that the API announces; one that cannot be used, or may not
//!    disconnect, leaves its share to the others and is named. When a turn has come, the conversation is
//!    **noted**, one conditional write that only one run can make, and then the request is sent, within 15 s of the data that speaks for it.
//! 5. A request whose fate is unknown, because there was no answer or one such as 404, counts as sent: after 20 s a look tells whether it came
//!    to nothing and may be made again. What no look can tell is named and not counted. What was taken and is still listed at the end is made
//!    sure of: all that the real-time views count, and the first fifty that they cannot tell of, because a look spoke for them or
//!    they are listed for minutes.
//! 6. Before its time is up a run lets go and sends itself a message. The counts are recounted from the notes, also before the limit or the
//!    end. Cancellations come through a queue of their own, and are tried again by the same invocation: they must not wait.

pub mod announce;
pub mod drain;
pub mod filter;
pub mod handler;
pub mod job;
pub mod note;
pub mod ports;
pub mod request;
pub mod settings;
#[cfg(test)]
mod simulation;
pub mod standing;
#[cfg(test)]
mod testing;
pub mod world;
