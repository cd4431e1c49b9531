//! The platform API, as far as conversations need it. Knows nothing of ghosts. Facts: reference/genesys-cloud.md §2–§4.
//!
//! - [`settings`]: where the login and the API are, and how fast we may ask; [`credentials`]: who we are.
//! - [`client`]: [`GenesysCloud`], the only thing that talks. Every call has a [`Deadline`]. `token` keeps its token, `pacing`
//!   gives out permits by the rules of `pacer`, `transport` does one HTTP exchange, [`connecting`] bounds its beginning, `retry` repeats what is safe to repeat.
//! - What can be asked: [`conversation`] (one, as it is now; its external tag), [`details`] (analytics rows of many, built by
//!   [`details_query`]), [`activity`] (whether Genesys Cloud still counts one as waiting or interacting).
//! - What can be done: [`disconnect`] and [`agentless`] messages (to the [`messaging`] addresses of a conversation), which are
//!   never repeated by themselves; attributes of a [`participant`].
//! - [`errors`]: what time may heal and what it will not, as two types; both keep the correlation id for a support case.

pub mod activity;
pub mod agentless;
pub mod client;
pub mod connecting;
pub mod conversation;
pub mod credentials;
pub mod deadline;
pub mod details;
pub mod details_query;
pub mod disconnect;
pub mod errors;
pub mod messaging;
mod operation;
mod pacer;
mod pacing;
pub mod participant;
mod raw_json;
mod retry;
pub mod settings;
mod token;
mod transport;

pub use activity::{ConversationActivity, Observation};
pub use agentless::{AgentlessMessage, Delivery};
pub use client::{GenesysCloud, Turn};
pub use connecting::ConnectInTime;
pub use conversation::{ConversationBody, Receipt};
pub use credentials::{CredentialError, CredentialSource, Credentials, InvalidCredentials};
pub use deadline::Deadline;
pub use details::{Completeness, DEEPEST_ROW, DetailsPage, DetailsRow, PageExtent, PagedDetails};
pub use details_query::{DetailsQuery, Interval, InvalidInterval, Order, Predicate};
pub use disconnect::{DisconnectAnswer, DisconnectMessageRequest, DisconnectRequest, Disconnection};
pub use errors::{ApiError, ErrorAnswer, Limit, PermanentError, RetryableError};
pub use messaging::{MessageLeg, Messenger, Recipient};
pub use pacer::RateLimitUse;
pub use raw_json::RawJson;
pub use settings::{BaseUrl, Pace, Region, Settings};
