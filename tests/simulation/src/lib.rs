//! A simulator of contact centres for the ghost disconnector: random days on virtual time, from one seed each, without
//! processes, sockets or threads.
//!
//! - [`invariant`]: what must hold, whatever happens. Start here.
//! - [`conversation`] and [`script`]: conversations as Genesys Cloud has them, with the truth of whether anybody is there.
//!   [`analytics`]: the same as analytics shows them.
//! - [`watcher`]: the watcher's real code, which is told of them.
//! - [`state`]: everything there is, and the checks. [`ports`]: the same as the function sees it, slow and failing.
//! - [`day`]: a day: what happens when, and runs that are interleaved and killed at any await. [`ending`]: how it must end.
//!
//! The function's code is the real one; only what lies behind its ports is simulated.

pub mod analytics;
pub mod conversation;
pub mod day;
pub mod ending;
pub mod invariant;
pub mod policies;
pub mod ports;
pub mod script;
pub mod state;
pub mod watcher;

pub use day::{Failed, play};
pub use invariant::{Invariant, Violation};
