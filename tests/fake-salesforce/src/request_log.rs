//! What the fake was asked, in order.

use serde::Serialize;

/// The kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CallKind {
    /// A token was asked for.
    Token,
    /// A collections upsert.
    CollectionsUpsert,
    /// An upsert of one record.
    SingleUpsert,
    /// The org's limits were read.
    Limits,
    /// Anything else under `/services/data`.
    Other,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Its kind.
    pub kind: CallKind,
    /// The object written to.
    pub object: Option<String>,
    /// How many rows it held.
    pub rows: usize,
    /// The status answered; `None` if the connection was dropped.
    pub status: Option<u16>,
}
