//! Interruption timing: where a voice call interrupted an agent's email (or other digital) work, on the Salesforce Case.
//!
//! The way of an event through the modules:
//!
//! 1. [`batch`] and [`intake`]: what an event says of which agent and conversation.
//! 2. [`references`]: which Case the conversation belongs to, brought to every agent who worked on it.
//! 3. [`facts`]: all that is known of an agent, a set that only grows, appended to the agent's journal in the ledger.
//! 4. [`timeline`]: from facts to interruptions and work sessions. Pure, the heart of it all.
//! 5. [`draft`]: from a journal to the rows that must be written, whatever others wrote or left undone.
//! 6. [`rows`] and [`writer`]: the rows as Salesforce gets them, and getting them there.
//! 7. [`debts`] and [`settlement`]: what is still owed, what stays at hand, what leaves for the archive ([`state`]).
//!
//! [`converge`] does 5 to 7 for events and for the flush; [`handler`] is the function; [`settings`] is its environment.
//!
//! # What each step makes sure of
//!
//! 1. A rule on the partner bus puts it on the function's queue. A batch reaches the function; each event is decoded on its own
//!    (`lambda_kit::events`), understood (`genesys_cloud::detail_event`, `intake`), or put on the dead-letter queue with the reason.
//! 2. Who worked on which conversation, and which Case it belongs to, meet in grow-only sets of the conversation (`references`):
//!    whoever comes second makes the Case a fact of the agent.
//! 3. All facts of an agent are one entry appended to the agent's **journal**: one request that stores them, notes that something is
//!    pending, and gives back everything that is known. Now the event is acknowledged, whatever becomes of Salesforce.
//! 4. `draft` folds the journal: its settled state, then one entry after the other, as any other copy of the function may have done
//!    before it died. Every row that differs between two of these foldings is written; what the last one no longer has becomes `Void`.
//! 5. Rows of all agents in the batch go out in one upsert for each object (`writer`). What cannot be taken now is owed (`debts`).
//! 6. The journal is **settled** (`settlement`): the second request, conditional on nobody having touched it since. If somebody has,
//!    they write and settle what we both know. Old conversations leave for the archive in the same transaction.
//! 7. Every minute a flush converges whatever is pending, found through a sparse index. It is also what finds out that Salesforce is back.
//!
//! A third request for an agent is made only where work reaches back beyond the few hours of facts at hand: the archive is then read
//! from the moment on that matters. `cargo run -p bench` shows requests and bytes at 1×, 10× and 100× history.

pub mod batch;
pub mod converge;
pub mod debts;
pub mod draft;
pub mod facts;
pub mod handler;
pub mod intake;
pub mod references;
pub mod rows;
pub mod settings;
pub mod settlement;
#[cfg(test)]
mod simulation;
pub mod state;
#[cfg(test)]
mod testing;
pub mod timeline;
pub mod writer;
