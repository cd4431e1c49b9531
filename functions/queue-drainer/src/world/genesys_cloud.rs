//! Genesys Cloud, through its REST client: one for each OAuth client, each with its own token and pace.

use std::time::Duration;

use genesys_cloud::api::{
    ApiError, Deadline, DetailsQuery, DisconnectAnswer, DisconnectRequest, GenesysCloud, Observation, PermanentError,
    Predicate,
};
use ghost_policy::Conversation;
use jiff::Timestamp;

use super::World;
use crate::job;
use crate::ports::{Activity, Answer, NoAnswer, Page, Platform, Question, Seen, Sent};

/// The longest that a question may take, tries and pauses included.
const QUESTION_LIMIT: Duration = Duration::from_mins(1);
/// How long the answer to a disconnect may take after the last moment at which it may be sent.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

impl World<'_> {
    /// So long from now, but not beyond the end of the invocation.
    fn within(&self, limit: Duration) -> Deadline {
        Deadline::after(limit.min(self.deadline.remaining()))
    }

    /// The lanes read in turn.
    fn reader(&self) -> &GenesysCloud {
        let lanes = &self.connections.lanes;
        let turn = self.connections.next_reader.get();
        self.connections.next_reader.set(turn.wrapping_add(1));
        &lanes[turn % lanes.len()]
    }
}

impl Platform for World<'_> {
    fn lanes(&self) -> usize {
        self.connections.lanes.len()
    }

    fn requests_per_minute(&self) -> u32 {
        self.connections.lanes.iter().map(GenesysCloud::requests_per_minute).fold(0, u32::saturating_add)
    }

    async fn page(&self, question: Question<'_>) -> Result<Page, NoAnswer> {
        let query = DetailsQuery::new(question.interval).without_end().ordered(question.order);
        let query = query.of_segment(Predicate::matches("queueId", question.queue_id)).in_pages_of(question.page_size);
        let deadline = self.within(QUESTION_LIMIT);
        let page = self.reader().query_conversation_details(&query, question.page, deadline).await;
        let page = page.map_err(no_answer)?;
        Ok(Page { rows: page.rows, is_full: page.is_full, total: page.total_hits })
    }

    async fn activity(&self, ids: &[&str]) -> Result<Activity, NoAnswer> {
        let counted = self.reader().activity_of_conversations(ids, self.within(QUESTION_LIMIT)).await;
        let counted = counted.map_err(no_answer)?;
        let mut activity = Activity { is_complete: counted.is_complete, ..Activity::default() };
        for Observation { conversation_id, metric, user_id, .. } in counted.observations {
            // What cannot be told apart counts against all.
            let Some(id) = conversation_id else {
                activity.is_complete = false;
                continue;
            };
            let waits = metric == "oWaiting" && user_id.is_none();
            if waits { activity.waiting.push(id) } else { activity.with_agent.push(id) }
        }
        Ok(activity)
    }

    async fn look(&self, id: &str) -> Result<Seen, NoAnswer> {
        match self.reader().conversation(id, self.within(QUESTION_LIMIT)).await {
            Ok(body) => {
                let conversation = Conversation::from_json(body.json.get().as_bytes());
                let conversation = conversation.map_err(|error| NoAnswer::ForGood(error.to_string()))?;
                Ok(Seen::Conversation(Box::new(conversation)))
            }
            Err(ApiError::Permanent(PermanentError::NotFound { .. })) => Ok(Seen::Nothing),
            Err(error) => Err(no_answer(error)),
        }
    }

    async fn disconnect(&self, lane: usize, id: &str, send_by: Timestamp, note: impl AsyncFnOnce() -> bool) -> Sent {
        let client = &self.connections.lanes[lane];
        let left = job::until(Timestamp::now(), send_by);
        let (send_by, answer_by) = (self.within(left), self.within(left + ANSWER_LIMIT));
        let turn = match client.turn(send_by).await {
            Ok(turn) => turn,
            Err(ApiError::Retryable(_)) => return Sent::NoTurn,
            Err(ApiError::Permanent(error)) => return Sent::NoLane(error.to_string()),
        };
        if !note().await {
            return Sent::Withheld;
        }
        let request = DisconnectRequest { conversation_id: id, send_by, answer_by };
        Sent::Answered(in_our_words(client.disconnect_by(turn, request).await.answer))
    }
}

fn no_answer(error: ApiError) -> NoAnswer {
    match error {
        ApiError::Retryable(error) => NoAnswer::ForNow(error.to_string()),
        ApiError::Permanent(error) => NoAnswer::ForGood(error.to_string()),
    }
}

fn in_our_words(answer: DisconnectAnswer) -> Answer {
    match answer {
        DisconnectAnswer::Accepted => Answer::Accepted,
        DisconnectAnswer::NotFound(_) => Answer::NotFound,
        DisconnectAnswer::Conflict(said) | DisconnectAnswer::ServerError(said) => Answer::Unknown(said.to_string()),
        DisconnectAnswer::Unknown { how } => Answer::Unknown(format!("no answer: {how}")),
        DisconnectAnswer::RateLimited { answer, .. } => Answer::NotDone(answer.to_string()),
        DisconnectAnswer::NotSent(ApiError::Retryable(error)) => Answer::NotDone(format!("not sent: {error}")),
        DisconnectAnswer::NotSent(ApiError::Permanent(error)) => Answer::Refused(error.to_string()),
        DisconnectAnswer::Refused(error) => Answer::Refused(error.to_string()),
    }
}
