//! Salesforce's error codes and what each means for us: the table of reference/salesforce.md §2.4 as data.
//!
//! [`row`] judges the errors of one row, [`call`] an answer that refuses the request as a whole; [`message`] makes texts
//! fit to be logged.

pub(crate) mod call;
mod look_ups;
mod message;
pub(crate) mod row;

use serde::Deserialize;

pub(crate) use message::short_message;

/// One error, as in the body of a refused request (`errorCode`) and in the result of one row (`statusCode`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ApiError {
    #[serde(rename = "errorCode", alias = "statusCode", default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) fields: Option<Vec<String>>,
}

impl ApiError {
    pub(crate) fn fields(&self) -> &[String] {
        self.fields.as_deref().unwrap_or_default()
    }
}
