//! What can be asked of the API, with the permission that each needs (reference/genesys-cloud.md §2).

/// Names an operation in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// Any one of these will do. What the API names, when it refuses, is preferred.
    pub(crate) permission: &'static str,
}

pub(crate) const READ_CONVERSATION: Operation =
    Operation { name: "reading a conversation", permission: "conversation:communication:view" };
pub(crate) const DISCONNECT: Operation =
    Operation { name: "disconnecting a conversation", permission: "conversation:communication:disconnect" };
pub(crate) const SET_EXTERNAL_TAG: Operation =
    Operation { name: "setting an external tag", permission: "conversation:externalTag:edit" };
pub(crate) const SET_ATTRIBUTES: Operation =
    Operation { name: "setting a participant's attributes", permission: UNDOCUMENTED };
pub(crate) const DISCONNECT_MESSAGE: Operation = Operation {
    name: "disconnecting a participant's message communication",
    permission: "conversation:communication:disconnect",
};
pub(crate) const SEND_MESSAGE: Operation =
    Operation { name: "sending an agentless message", permission: "conversation:message:create" };
pub(crate) const QUERY_DETAILS: Operation =
    Operation { name: "querying conversation details", permission: "analytics:conversationDetail:view" };
pub(crate) const QUERY_ACTIVITY: Operation =
    Operation { name: "querying conversation activity", permission: "analytics:queueObservation:view" };

/// The documentation names no permission (reference/genesys-cloud.md §2.3).
const UNDOCUMENTED: &str = "that the documentation does not name";

/// Needs no permission: a refusal is about the credentials.
pub(crate) const ASK_FOR_TOKEN: &str = "asking for a token";
