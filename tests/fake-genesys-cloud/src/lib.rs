//! A fake of the Genesys Cloud API, login included, for tests and the local stack.
//!
//! It answers as reference/genesys-cloud.md §2–§4 describes, on 127.0.0.1, and can be told to fail. A tour:
//!
//! - [`FakeGenesysCloud`]: starts the server, stops it on drop, and is the handle that tests use.
//! - [`Options`] and [`Clock`]: credentials, token life, rate limit; and the time that the fake believes it is.
//! - [`conversations`]: the conversations, set as JSON or built from the same detail events that the functions get.
//! - [`crowds`]: queues in which tens of thousands wait.
//! - [`scenarios`]: conversations as real organizations have them: ghosts, and what looks like one.
//! - [`analytics`]: the same conversations as analytics shows them, late if told so.
//! - [`tokens`] and [`rate_limit`]: who may call, and how often.
//! - [`faults`]: what goes wrong next.
//! - [`requests`] and [`messages`]: what was asked and what was sent, to assert on.
//! - `routes`: the API itself, and `/_fake/…`, through which a person can do with curl what a test does with the handle:
//!
//! | request | does |
//! |---|---|
//! | `POST /_fake/events` | observes one detail event or an array of them |
//! | `GET /_fake/conversations` | all conversations |
//! | `POST /_fake/conversations` | sets a conversation or an array of them |
//! | `PUT /_fake/conversations/{id}` | sets a conversation |
//! | `PUT /_fake/conversations/{id}/disconnect-behavior` | `"atOnce"`, `"never"`, `"conflict"`, `{"afterReads": 2}` or `{"afterMs": 30000}` |
//! | `PUT /_fake/conversations/{id}/changes` | `[{"afterReads": 1, "conversation": {…}}]`: becomes this when read so often more |
//! | `POST /_fake/crowds` | has a [`Crowd`](crowds::Crowd), or an array of them, wait in its queue |
//! | `GET /_fake/crowds` | what became of them: how many wait, were disconnected, were asked to end twice |
//! | `PUT /_fake/crowds/{id}/accepted` | an agent takes a conversation of a crowd |
//! | `PUT /_fake/crowds/{id}/answered` | an agent takes and answers it, and is in after-call work |
//! | `PUT /_fake/crowds/{id}/queue` | it goes on to another queue: `{"queueId": "other"}` |
//! | `POST /_fake/analytics/rows` | shows a row of the details query, or an array of them, whatever becomes of the conversation |
//! | `PUT /_fake/analytics/lag` | `{"ms": 60000}`: how far the details query lags behind |
//! | `PUT /_fake/analytics/depth` | `{"rows": 8000}`: beyond them the details query answers 502 |
//! | `POST /_fake/faults` | adds one [`Fault`](faults::Fault) or an array of them |
//! | `GET`, `DELETE /_fake/faults` | the faults still to come; none any more |
//! | `POST /_fake/tokens/expire` | expires all tokens now |
//! | `PUT /_fake/rate-limit` | `{"allowed": 300}` requests a minute for each token |
//! | `POST /_fake/clock` | `{"advanceMs": 60000}` |
//! | `GET /_fake/messages` | the messages that were sent without an agent |
//! | `GET`, `DELETE /_fake/requests` | the log of requests; empties it |

pub mod analytics;
mod clock;
mod connection;
pub mod conversations;
pub mod crowds;
mod error_body;
pub mod faults;
pub mod messages;
mod options;
pub mod rate_limit;
pub mod requests;
mod routes;
pub mod scenarios;
mod server;
mod state;
pub mod tokens;

pub use clock::Clock;
pub use options::Options;
pub use server::{FakeGenesysCloud, StartError};
