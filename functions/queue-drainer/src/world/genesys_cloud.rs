//! Genesys Cloud, through its REST client: one for each OAuth client, each with its own token and pace.

use std::time::Duration;

use genesys_cloud::api::{
    ApiError, Deadline, DetailsQuery, DisconnectAnswer, DisconnectRequest, GenesysCloud, Observation, PermanentError,
    Predicate, RetryableError, Turn,
};
use ghost_policy::Conversation;
use jiff::Timestamp;

use super::World;
use crate::job;
use crate::ports::{Activity, Answer, NoAnswer, Page, Platform, Question, Waiting};

/// The longest that a question may take, tries and pauses included.
const QUESTION_LIMIT: Duration = Duration::from_mins(1);
/// The longest that a turn is waited for: a run that is stopped ends soon.
const TURN_LIMIT: Duration = Duration::from_secs(5);
/// How long the answer to a disconnect may take after the last moment at which it may be sent.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

impl World<'_> {
    /// So long from now, but not beyond the end of the invocation.
    fn within(&self, limit: Duration) -> Deadline {
        Deadline::after(limit.min(self.deadline.remaining()))
    }

    /// The lanes read in turn. One that is not allowed to leaves that to the others.
    async fn read<T>(&self, ask: impl AsyncFn(&GenesysCloud, Deadline) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let lanes = &self.connections.lanes;
        loop {
            let turn = self.connections.next_reader.get();
            self.connections.next_reader.set(turn.wrapping_add(1));
            let lane = turn % lanes.len();
            if self.barred.borrow().contains(&lane) {
                continue;
            }
            let answer = ask(&lanes[lane], self.within(QUESTION_LIMIT)).await;
            match &answer {
                Err(ApiError::Permanent(error)) if is_about_the_client(error) => {}
                Err(ApiError::Retryable(RetryableError::CredentialsUnavailable { .. })) => {}
                _ => return answer,
            }
            let mut barred = self.barred.borrow_mut();
            // The last one stays.
            if (0..lanes.len()).all(|other| other == lane || barred.contains(&other)) {
                return answer;
            }
            barred.insert(lane);
        }
    }
}

impl<'a> Platform for World<'a> {
    type Turn = (&'a GenesysCloud, Turn<'a>);

    fn lanes(&self) -> usize {
        self.connections.lanes.len()
    }

    fn requests_per_minute(&self) -> u32 {
        self.connections.lanes.iter().map(GenesysCloud::requests_per_minute).fold(0, u32::saturating_add)
    }

    async fn page(&self, question: Question<'_>) -> Result<Page, NoAnswer> {
        let query = DetailsQuery::new(question.interval).without_end().ordered(question.order);
        let query = query.of_segment(Predicate::matches("queueId", question.queue_id)).in_pages_of(question.page_size);
        let ask = async |client: &GenesysCloud, deadline| {
            client.query_conversation_details(&query, question.page, deadline).await
        };
        let page = self.read(ask).await.map_err(no_answer)?;
        // Without it nobody knows whether all rows were seen. An empty answer need not tell.
        let total = page.total_hits.or((page.rows_served == 0).then_some(0)).ok_or_else(|| NoAnswer::ForNow {
            status: None,
            why: "analytics does not tell how many rows there are".to_owned(),
        })?;
        Ok(Page { rows: page.rows, rows_served: page.rows_served, total })
    }

    async fn activity(&self, ids: &[&str]) -> Result<Activity, NoAnswer> {
        let ask = async |client: &GenesysCloud, deadline| client.activity_of_conversations(ids, deadline).await;
        let counted = self.read(ask).await.map_err(no_answer)?;
        let mut activity = Activity { is_complete: counted.is_complete, ..Activity::default() };
        for Observation { conversation_id, metric, user_id, queue_id, .. } in counted.observations {
            // What cannot be told apart counts against all.
            let Some(id) = conversation_id else {
                activity.is_complete = false;
                continue;
            };
            let waits = metric == "oWaiting" && user_id.is_none();
            if waits {
                activity.waiting.push(Waiting { conversation_id: id, queue_id });
            } else {
                activity.with_agent.push(id);
            }
        }
        Ok(activity)
    }

    async fn look(&self, id: &str) -> Result<Conversation, NoAnswer> {
        let ask = async |client: &GenesysCloud, deadline| client.conversation(id, deadline).await;
        let body = self.read(ask).await.map_err(no_answer)?;
        Conversation::from_json(body.json.get().as_bytes()).map_err(|error| NoAnswer::ForGood(error.to_string()))
    }

    async fn turn(&self, lane: usize) -> Result<Self::Turn, NoAnswer> {
        let client = &self.connections.lanes[lane];
        let turn = client.turn(self.within(TURN_LIMIT)).await.map_err(no_answer)?;
        Ok((client, turn))
    }

    async fn disconnect(&self, (client, turn): Self::Turn, id: &str, send_by: Timestamp) -> Answer {
        let left = job::until(Timestamp::now(), send_by);
        let (send_by, answer_by) = (self.within(left), self.within(left + ANSWER_LIMIT));
        let request = DisconnectRequest { conversation_id: id, send_by, answer_by };
        in_our_words(client.disconnect_by(turn, request).await.answer)
    }
}

fn no_answer(error: ApiError) -> NoAnswer {
    let status = error.answer().map(|answer| answer.status);
    match error {
        ApiError::Retryable(error) => NoAnswer::ForNow { status, why: error.to_string() },
        ApiError::Permanent(error) => NoAnswer::ForGood(error.to_string()),
    }
}

fn in_our_words(answer: DisconnectAnswer) -> Answer {
    match answer {
        DisconnectAnswer::Accepted => Answer::Accepted,
        DisconnectAnswer::NotFound(said) | DisconnectAnswer::Conflict(said) | DisconnectAnswer::ServerError(said) => {
            Answer::Unknown(said.to_string())
        }
        DisconnectAnswer::Unknown { how } => Answer::Unknown(format!("no answer: {how}")),
        DisconnectAnswer::RateLimited { answer, .. } => Answer::NotDone(answer.to_string()),
        DisconnectAnswer::NotSent(ApiError::Retryable(error)) => Answer::NotDone(format!("not sent: {error}")),
        DisconnectAnswer::NotSent(ApiError::Permanent(error))
        | DisconnectAnswer::Refused(ApiError::Permanent(error))
            if is_about_the_client(&error) =>
        {
            Answer::NotAllowed(error.to_string())
        }
        DisconnectAnswer::NotSent(error) | DisconnectAnswer::Refused(error) => Answer::Refused(error.to_string()),
    }
}

/// Whether another client may fare better.
fn is_about_the_client(error: &PermanentError) -> bool {
    matches!(error, PermanentError::MissingPermission { .. } | PermanentError::Configuration { .. })
}
