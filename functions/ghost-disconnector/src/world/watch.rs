//! The watcher's index of conversations to be looked at.

use jiff::Timestamp;

use super::{World, failed};
use crate::ports::{DueWatch, PortError, Watch};

impl Watch for World<'_> {
    async fn due_watches(&self, now: Timestamp, limit: usize) -> Result<Vec<DueWatch>, PortError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let found = self.connections.watched.due(now.as_millisecond(), None, limit).await;
        let found = found.map_err(|error| failed("finding the conversations that are due", &error))?;
        let due = found.conversations.into_iter().filter_map(|due| {
            let due_at = Timestamp::from_millisecond(due.due_at).ok()?;
            Some(DueWatch { conversation_id: due.conversation_id, due_at })
        });
        Ok(due.collect())
    }

    async fn look_again(&self, seen: &DueWatch, at: Timestamp) -> Result<(), PortError> {
        let (seen_at, at) = (seen.due_at.as_millisecond(), at.as_millisecond());
        let written = self.connections.watched.look_again(&seen.conversation_id, seen_at, at).await;
        written.map(drop).map_err(|error| failed("putting off the next look at a conversation", &error))
    }

    async fn leave(&self, seen: &DueWatch) -> Result<(), PortError> {
        let written = self.connections.watched.leave(&seen.conversation_id, seen.due_at.as_millisecond()).await;
        written.map(drop).map_err(|error| failed("taking a conversation out of the index", &error))
    }
}
