//! Chats that their last agent has left: the customer is disconnected or told, once, and nobody who is talked to ever is.
//!
//! What decides, without I/O and without a clock: [`policy`], people's rules; [`judgement`], from one look at a conversation to
//! what is to be done, or why nothing; [`closing`], what is known of it, so that it is done once; [`intake`], from events to
//! departures.
//!
//! What does it: [`run`], over the world as [`ports`] describe it. [`announce`]: what the rest of the company is told. What
//! connects it: [`world`] is that world as it is, [`handler`] the function, [`settings`] its environment.
//!
//! # The way of a chat that is left
//!
//! 1. An agent's `user.end` is a **departure**: its time is stored (the latest one counts) and it is put off, by an SQS delay, for the grace.
//!    Twice is as good as once.
//! 2. When it is due: a look, put to `judgement`. Only where nobody and nothing but the customer may be on it, and has not been for the grace
//!    and at most an hour, does a rule decide. Where an agent whose event is not here yet left within the grace, it is put off again.
//! 3. The step is noted by a conditional write and then taken, within 5 s of the look. Of many duplicates one goes on. The message that noted it
//!    finishes it, or any that comes once that one is late (a dead letter, sent again): if the first try died, a notice counts as sent, and a
//!    disconnect is looked at and tried again, three times at most; so is one that Genesys Cloud does not take, which may be over or not. What
//!    is known not to have been sent, for want of a permission say, is as if never noted: the message comes again, and ends as a dead letter.
//! 4. A notice goes to a person and not to a conversation, and no look can see what begins after it. So it never barges in: Genesys Cloud
//!    itself refuses it for a customer who is connected to an agent, a queue, a flow or a bot, and refused is left alone.
//! 5. A customer who was told is told again only after coming back.
//! 6. What was done, or may have been, is announced: before a later departure takes its place, and also where the next look shows somebody, or
//!    everything is switched off meanwhile.

pub mod announce;
pub mod closing;
pub mod handler;
pub mod intake;
pub mod judgement;
pub mod policy;
pub mod ports;
pub mod run;
pub mod settings;
pub mod world;
