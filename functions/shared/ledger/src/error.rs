//! What can go wrong: always retryable or always not.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// An operation on the ledger that did not succeed. Nothing was changed, or, where the answer was lost, the change is
/// one that may be made again.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// DynamoDB did not take the request: throttled, unreachable, or refused.
    #[error("could not {operation} {owner} in table {table}: {cause}")]
    Request {
        /// What was being done, as a verb.
        operation: &'static str,
        /// The partition key.
        owner: String,
        /// The table.
        table: String,
        /// DynamoDB's own words.
        cause: String,
    },
    /// An item lacks an attribute or holds another type than the ledger writes.
    #[error("item {owner} of table {table} is not one of the ledger's: {attribute} should be {expected}")]
    Corrupt {
        /// The partition key.
        owner: String,
        /// The table.
        table: String,
        /// The attribute.
        attribute: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
}

impl LedgerError {
    pub(crate) fn corrupt(owner: &str, table: &str, attribute: &'static str, expected: &'static str) -> Self {
        Self::Corrupt { owner: owner.to_owned(), table: table.to_owned(), attribute, expected }
    }

    pub(crate) fn request<E, R>(operation: &'static str, owner: &str, table: &str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        let cause = match (error.code(), error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            _ => DisplayErrorContext(error).to_string(),
        };
        Self::Request { operation, owner: owner.to_owned(), table: table.to_owned(), cause }
    }
}
