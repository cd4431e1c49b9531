//! Disconnects, in all lanes side by side. Each is noted when its turn has come and before it is sent, and its answer after.

use futures::future::join_all;
use tokio::sync::{Mutex, mpsc};

use super::verify::{Candidate, Verified};
use super::{Drain, FRESH, SETTLED_AFTER, Stop};
use crate::job;
use crate::note::{MOST_ATTEMPTS, Note, State};
use crate::ports::{Answer, PortError, Ports};

/// Requests that a lane has under way: as many as are sent in a second, which is about as long as an answer may take.
const FEWEST_WORKERS: u32 = 4;
const MOST_WORKERS: u32 = 32;
type Queue = Mutex<mpsc::Receiver<Verified>>;

/// Sends candidates until there are no more, or the run is stopped.
pub(super) async fn in_all_lanes<P: Ports>(drain: &Drain<'_, P>, candidates: mpsc::Receiver<Verified>) {
    let lanes = drain.ports.lanes();
    let per_lane = drain.ports.requests_per_minute() / 60 / u32::try_from(lanes).unwrap_or(1).max(1);
    let workers = usize::try_from(per_lane.clamp(FEWEST_WORKERS, MOST_WORKERS)).unwrap_or(1);
    let candidates = Queue::new(candidates);
    join_all((0..lanes).map(|lane| in_lane(drain, lane, workers, &candidates))).await;
}

/// The turn comes first and the candidate after it: a lane that has none leaves the candidates to the others.
async fn in_lane<P: Ports>(drain: &Drain<'_, P>, lane: usize, workers: usize, candidates: &Queue) {
    let there_may_be_more = || candidates.try_lock().map_or(true, |queue| !queue.is_closed() || !queue.is_empty());
    // One worker takes a turn at a time, so that no more than one turn waits for a candidate.
    let next = Mutex::new(());
    join_all((0..workers).map(|_| async {
        loop {
            let (turn, candidate) = {
                let _next = next.lock().await;
                let Some(turn) = drain.turn(lane, there_may_be_more).await else { break };
                let Some(candidate) = candidates.lock().await.recv().await else { break };
                (turn, candidate)
            };
            drain.send(lane, turn, &candidate).await;
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

    /// Sends it, unless what speaks for it is too old by now: then it is found again.
    async fn send(&self, lane: usize, turn: P::Turn, verified: &Verified) {
        let send_by = job::after(verified.at, FRESH);
        if self.limit_is_reached() || !self.goes_on() || self.ports.now() >= send_by {
            return;
        }
        let candidate = &verified.candidate;
        self.tally.borrow_mut().under_way += 1;
        if self.note_sending(candidate).await {
            let answer = self.ports.disconnect(turn, &candidate.id, send_by).await;
            self.note_answer(lane, candidate, answer).await;
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

    async fn note_answer(&self, lane: usize, candidate: &Candidate, answer: Answer) {
        let sent = candidate.attempts + 1;
        let (state, attempts, words) = match answer {
            Answer::Accepted => {
                self.lane_works(lane);
                (State::Sent, sent, None)
            }
            Answer::NotDone(why) => (State::NotDone, candidate.attempts, Some(why)),
            Answer::NotAllowed(why) => match self.lane_is_refused(lane, &why) {
                true if sent >= MOST_ATTEMPTS => (State::Failed, sent, Some(why)),
                true => (State::NotDone, sent, Some(why)),
                false => (State::NotDone, candidate.attempts, Some(why)),
            },
            Answer::Unknown(why) => {
                tracing::warn!(conversationId = candidate.id, why, "nobody knows what became of it: a look will tell");
                self.look_later(&candidate.id);
                (State::Sending, sent, Some(why))
            }
            Answer::Refused(why) => {
                self.lane_is_refused(lane, &why);
                (State::Failed, sent, Some(why))
            }
        };
        let note = Note { state, attempts, at: self.ports.now(), words: words.clone() };
        match self.write(&candidate.id, candidate.version + 1, &note).await {
            Ok(true) => {}
            // Another run has looked after it meanwhile.
            Ok(false) => return,
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
            State::Failed => {
                self.tally.borrow_mut().fail(candidate.id.clone(), words.unwrap_or_default());
                self.progressed();
            }
            State::NotDone => self.tally.borrow_mut().last_not_done = words,
            State::Sending | State::Ended => {}
        }
    }

    /// A look will tell what became of it.
    pub(super) fn look_later(&self, id: &str) {
        let look_at = job::after(self.ports.now(), SETTLED_AFTER);
        self.tally.borrow_mut().unsettled(id.to_owned(), look_at);
    }

    pub(super) async fn write(&self, id: &str, version: u64, note: &Note) -> Result<bool, PortError> {
        self.ports.write_note(&self.request.queue_id, &self.request.job_id, id, version, note).await
    }
}
