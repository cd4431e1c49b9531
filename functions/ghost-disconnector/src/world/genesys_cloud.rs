//! Genesys Cloud, through its REST client.

use std::time::Duration;

use genesys_cloud::api::{
    ApiError, Deadline, DetailsQuery, DetailsRow, DisconnectAnswer, DisconnectRequest, Interval, PermanentError,
    RetryableError,
};
use ghost_policy::Conversation;
use jiff::Timestamp;

use super::{World, failed};
use crate::ports::{Answer, Candidate, CandidatePage, Conversations, Disconnection, Look, PortError, Seen};

/// The longest that a look may take, tries and pauses included: one conversation must not use up the time of all.
const LOOK_LIMIT: Duration = Duration::from_secs(30);
/// The longest that a page of analytics may take.
const PAGE_LIMIT: Duration = Duration::from_mins(1);
/// How long the answer to a disconnect may take after the last moment at which it may be sent.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

impl World<'_> {
    /// So long from now, but not beyond the end of the invocation.
    fn within(&self, limit: Duration) -> Deadline {
        Deadline::after(limit.min(self.deadline.remaining()))
    }
}

impl Conversations for World<'_> {
    async fn look(&self, conversation_id: &str) -> Result<Look, PortError> {
        const OPERATION: &str = "looking at a conversation";
        let begun = Timestamp::now();
        let body = self.connections.genesys_cloud.conversation(conversation_id, self.within(LOOK_LIMIT)).await;
        match body {
            Ok(body) => {
                let conversation = Conversation::from_json(body.json.get().as_bytes())
                    .map_err(|error| failed(OPERATION, &error).for_good())?;
                let seen = Seen::Conversation(Box::new(conversation));
                Ok(Look { asked_at: body.as_of, seen, correlation_id: body.correlation_id })
            }
            Err(ApiError::Permanent(PermanentError::NotFound { answer, .. })) => {
                Ok(Look { asked_at: begun, seen: Seen::Nothing, correlation_id: answer.correlation_id })
            }
            Err(error) => Err(of_call(OPERATION, &error)),
        }
    }

    async fn disconnect(&self, conversation_id: &str, send_by: Timestamp) -> Disconnection {
        let left = Duration::try_from(send_by.duration_since(Timestamp::now())).unwrap_or_default();
        let request = DisconnectRequest {
            conversation_id,
            send_by: self.within(left),
            answer_by: self.within(left + ANSWER_LIMIT),
        };
        let disconnection = self.connections.genesys_cloud.disconnect(request).await;
        let (answer, words) = in_our_words(disconnection.answer);
        Disconnection { at: disconnection.at, answer, words, correlation_id: disconnection.correlation_id }
    }

    async fn candidates(&self, interval: Interval, page: u32) -> Result<CandidatePage, PortError> {
        let query = DetailsQuery::new(interval).without_end();
        let found =
            self.connections.genesys_cloud.query_conversation_details(&query, page, self.within(PAGE_LIMIT)).await;
        let found = found.map_err(|error| of_call("asking analytics for conversations without an end", &error))?;
        let extent = found.extent();
        let candidates = found.rows.into_iter().map(|row| {
            let DetailsRow { conversation_id, details, .. } = row;
            Candidate { conversation_id, details }
        });
        Ok(CandidatePage { candidates: candidates.collect(), extent })
    }
}

/// A call that failed. Where it may be due to what was asked for, others may get a better answer: also if no answer came in time,
/// for some conversations and pages take too long however often they are asked for.
fn of_call(operation: &'static str, error: &ApiError) -> PortError {
    let failed = failed(operation, error);
    match error {
        ApiError::Retryable(
            RetryableError::ServerError { .. }
            | RetryableError::UnreadableAnswer { .. }
            | RetryableError::NoAnswer { .. },
        ) => failed.only_this(),
        ApiError::Permanent(
            PermanentError::MissingPermission { .. } | PermanentError::Rejected { .. } | PermanentError::NotAnId { .. },
        ) => failed.for_good(),
        ApiError::Retryable(_) | ApiError::Permanent(_) => failed,
    }
}

/// What is known of a disconnect, and the same for people.
fn in_our_words(answer: DisconnectAnswer) -> (Answer, String) {
    match answer {
        DisconnectAnswer::Accepted => (Answer::Accepted, "accepted".to_owned()),
        DisconnectAnswer::NotFound(said) => (Answer::NotFound, said.to_string()),
        DisconnectAnswer::Conflict(said) => (Answer::Conflict, said.to_string()),
        DisconnectAnswer::RateLimited { retry_after, answer } => {
            (Answer::RateLimited { retry_after }, answer.to_string())
        }
        DisconnectAnswer::ServerError(said) => (Answer::ServerError, said.to_string()),
        DisconnectAnswer::Refused(error) => (Answer::Refused, error.to_string()),
        DisconnectAnswer::Unknown { how } => (Answer::Unknown, format!("no answer: {how}")),
        DisconnectAnswer::NotSent(error) => (Answer::NotSent, format!("not sent: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use genesys_cloud::api::{ApiError, RetryableError};

    use super::of_call;

    /// A page, or a conversation, that takes longer than a request may: others are asked for meanwhile.
    #[test]
    fn no_answer_in_time_is_about_what_was_asked_for_and_our_own_shortage_is_not() {
        let operation = "asking";
        let late = RetryableError::NoAnswer { operation, how: "the time was up" };
        let no_room = RetryableError::NoRoom { operation, opens_in: None };
        let of = |error: RetryableError| of_call("asking", &ApiError::from(error));
        assert!(of(late.clone()).only_this && of(late).may_pass);
        assert!(!of(no_room).only_this);
    }
}
