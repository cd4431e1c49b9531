//! Disconnects, in all lanes side by side. Each is noted when its turn has come and before it is sent, and its answer after.

use futures::future::join_all;
use tokio::sync::{Mutex, mpsc};

use super::verify::Candidate;
use super::{Drain, FRESH, SETTLED_AFTER, Stop};
use crate::job;
use crate::note::{Note, State};
use crate::ports::{Answer, Ports, Sent};

/// Requests that a lane has under way: as many as are sent in a second, which is about as long as an answer may take.
const FEWEST_WORKERS: u32 = 4;
const MOST_WORKERS: u32 = 32;
/// So many refusals in a row are about the job, not about conversations.
const MOST_REFUSALS: u32 = 20;

type Queue = Mutex<mpsc::Receiver<Candidate>>;

/// Sends candidates until there are no more, or throws them away once the run is stopped.
pub(super) async fn in_all_lanes<P: Ports>(drain: &Drain<'_, P>, candidates: mpsc::Receiver<Candidate>) {
    let lanes = drain.ports.lanes();
    let per_lane = drain.ports.requests_per_minute() / 60 / u32::try_from(lanes).unwrap_or(1).max(1);
    let workers = usize::try_from(per_lane.clamp(FEWEST_WORKERS, MOST_WORKERS)).unwrap_or(1);
    let candidates = Queue::new(candidates);
    let candidates = &candidates;
    join_all((0..lanes * workers).map(|worker| async move {
        loop {
            // One statement, so that the queue is free again while this one is sent.
            let next = candidates.lock().await.recv().await;
            match next {
                Some(candidate) if drain.goes_on() => drain.send(worker % lanes, &candidate).await,
                Some(_) => {}
                None => break,
            }
        }
    }))
    .await;
}

impl<P: Ports> Drain<'_, P> {
    /// Whether all that the request allows is done, or may be.
    pub(super) fn limit_is_reached(&self) -> bool {
        let tally = self.tally.borrow();
        let taken = tally.done + tally.under_way + tally.unsettled.len() as u64;
        self.request.limit.is_some_and(|limit| taken >= limit)
    }

    async fn send(&self, lane: usize, candidate: &Candidate) {
        let Some(verified_at) = candidate.verified_at else { return };
        if self.limit_is_reached() {
            return;
        }
        self.tally.borrow_mut().under_way += 1;
        let send_by = job::after(verified_at, FRESH);
        let note = async || self.goes_on() && self.note_sending(candidate).await;
        let sent = self.ports.disconnect(lane, &candidate.id, send_by, note).await;
        match sent {
            Sent::Answered(answer) => {
                self.tally.borrow_mut().last_sent_at = Some(self.ports.now());
                self.note_answer(candidate, answer).await;
            }
            Sent::NoLane(why) => self.stop(Stop::Hopeless(why)),
            // It is found again, and verified again.
            Sent::NoTurn | Sent::Withheld => {}
        }
        self.tally.borrow_mut().under_way -= 1;
    }

    /// Whether it is ours to send, and noted.
    async fn note_sending(&self, candidate: &Candidate) -> bool {
        let attempts = candidate.attempts + 1;
        let note = Note { state: State::Sending, attempts, at: self.ports.now(), words: None };
        match self.write(&candidate.id, candidate.version, &note).await {
            Ok(ours) => ours,
            Err(error) => {
                self.stop(Stop::Outage(error));
                false
            }
        }
    }

    async fn note_answer(&self, candidate: &Candidate, answer: Answer) {
        let refused = matches!(answer, Answer::Refused(_));
        self.refusals_in_a_row.set(if refused { self.refusals_in_a_row.get() + 1 } else { 0 });
        let sent = candidate.attempts + 1;
        let (state, attempts, words) = match answer {
            Answer::Accepted => (State::Sent, sent, None),
            Answer::NotDone(why) => (State::NotDone, candidate.attempts, Some(why)),
            Answer::Unknown(why) => {
                tracing::warn!(conversationId = candidate.id, why, "nobody knows what became of it: a look will tell");
                self.look_later(&candidate.id);
                (State::Sending, sent, Some(why))
            }
            Answer::NotFound => {
                (State::Failed, sent, Some("there is no such conversation, or none that we may see".to_owned()))
            }
            Answer::Refused(why) => {
                if self.refusals_in_a_row.get() >= MOST_REFUSALS {
                    self.stop(Stop::Hopeless(why.clone()));
                }
                (State::Failed, sent, Some(why))
            }
        };
        let note = Note { state, attempts, at: self.ports.now(), words: words.clone() };
        match self.write(&candidate.id, candidate.version + 1, &note).await {
            Ok(_) => {}
            Err(error) => {
                // It stays noted as being sent: a look will tell, now or in a later run.
                tracing::warn!(conversationId = candidate.id, %error, "an answer could not be noted");
                self.look_later(&candidate.id);
                return;
            }
        }
        match state {
            State::Sent => {
                self.tally.borrow_mut().done += 1;
                metrics::counter!("ConversationsDisconnected").increment(1);
                self.progressed();
            }
            State::Failed => self.tally.borrow_mut().fail(candidate.id.clone(), words.unwrap_or_default()),
            State::Sending | State::NotDone | State::Ended => {}
        }
    }

    /// A look will tell what became of it.
    pub(super) fn look_later(&self, id: &str) {
        let look_at = job::after(self.ports.now(), SETTLED_AFTER);
        self.tally.borrow_mut().unsettled(id.to_owned(), look_at);
    }

    pub(super) async fn write(&self, id: &str, version: u64, note: &Note) -> Result<bool, crate::ports::PortError> {
        self.ports.write_note(&self.request.queue_id, &self.request.job_id, id, version, note).await
    }
}
