//! What the end-to-end tests have in common: [`story`] tells what happened in the contact centre, [`world`] is the running
//! stack and what a user of Salesforce sees; [`ghosts`] is a contact centre with ghosts in it, [`sessions`] one whose customers write messages.

pub mod drains;
pub mod ghosts;
pub mod sessions;
pub mod story;
pub mod world;
