//! In whose hands a job is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::tally::Tally;
use super::{Drain, Ending, FIRST_PAUSE, ON_REQUEST, SETTLED_AFTER, SWITCHED_OFF, Stop};
use crate::announce::{self, Progress};
use crate::job::{self, Job, LEASE, StoredJob, TakenUp};
use crate::note;
use crate::ports::{Clock, PortError, Ports, Store};
use crate::request::DrainRequest;

/// How often the holder says that it is alive, and finds out whether it is still wanted.
const HEARTBEAT: SignedDuration = SignedDuration::from_secs(2);
/// How often people are told how far it is.
const PROGRESS_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// Others may write a job at the same moment, but not for ever.
const TRIES: u32 = 10;
/// A cancellation that fails is tried again soon: what it is to stop goes on meanwhile.
const LONGEST_CANCEL_PAUSE: Duration = Duration::from_secs(5);

/// A job that was taken up.
pub(super) struct Held {
    pub(super) job: Job,
    /// Until when another run may still be at it: one of the same message.
    pub(super) shared_until: Option<Timestamp>,
}

/// Notes a job that was asked for then, or now if that is not known. Tells why not, if it cannot be.
///
/// # Errors
/// If the job could not be written. Asking again is safe.
pub async fn open<P: Ports>(
    ports: &P,
    request: &DrainRequest,
    asked_at: Option<Timestamp>,
) -> Result<Option<&'static str>, PortError> {
    for _ in 0..TRIES {
        let stored = ports.job(&request.job_id).await?;
        let now = ports.now();
        let fresh = Job::new(request.clone(), asked_at.unwrap_or(now), now);
        let (version, job) = match stored {
            None => (0, fresh),
            Some(StoredJob { version, job }) => match &job.request {
                // Cancelled before it came.
                None => (version, Job { cancelled_by: job.cancelled_by, ..fresh }),
                Some(known) if is_same(known, request, job.state) => return Ok(None),
                Some(_) => {
                    return Ok(Some(
                        "there is a job of this jobId with another request; each needs a jobId of its own",
                    ));
                }
            },
        };
        if ports.write_job(&request.job_id, version, &job).await? {
            return Ok(None);
        }
    }
    Err(contended("opening a job"))
}

/// Whether the same is asked for again: a job that is over has forgotten the senders.
fn is_same(known: &DrainRequest, request: &DrainRequest, state: job::State) -> bool {
    let is_over = state != job::State::Running;
    let from = if is_over { &known.from } else { &request.from };
    *known == DrainRequest { from: from.clone(), ..request.clone() }
}

/// Notes that somebody is to be told to go on with a job. Tells whether that is so: not if somebody has it, or was told a moment
/// ago.
///
/// # Errors
/// If that could not be written. The next tick tries again.
pub async fn rescue<P: Clock + Store>(ports: &P, job_id: &str) -> Result<bool, PortError> {
    let Some(StoredJob { version, job }) = ports.job(job_id).await? else { return Ok(false) };
    let Some(rescued) = job.rescued(ports.now()) else { return Ok(false) };
    ports.write_job(job_id, version, &rescued).await
}

/// Notes that a job is to stop. Whoever works on it finds out within seconds. Tried again until then: the message comes again much
/// later.
///
/// # Errors
/// If that could not be written. Asking again is safe.
pub async fn cancel<P: Clock + Store>(
    ports: &P,
    job_id: &str,
    requested_by: &str,
    until: Timestamp,
) -> Result<(), PortError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let Err(error) = note_cancellation(ports, job_id, requested_by).await else { return Ok(()) };
        let next = job::after(ports.now(), SignedDuration::try_from(pause).unwrap_or_default());
        if next >= until {
            return Err(error);
        }
        tracing::warn!(jobId = job_id, %error, "a cancellation could not be noted; it is tried again");
        ports.sleep_until(next).await;
        pause = (pause * 2).min(LONGEST_CANCEL_PAUSE);
    }
}

async fn note_cancellation<P: Clock + Store>(ports: &P, job_id: &str, requested_by: &str) -> Result<(), PortError> {
    for _ in 0..TRIES {
        let (version, job) = match ports.job(job_id).await? {
            None => (0, Job::cancelled_before(None, ports.now())),
            Some(StoredJob { version, job }) => (version, job),
        };
        if job.state != job::State::Running || job.cancelled_by.is_some() {
            return Ok(());
        }
        let cancelled = Job { cancelled_by: Some(requested_by.to_owned()), ..job };
        if ports.write_job(job_id, version, &cancelled).await? {
            return Ok(());
        }
    }
    Err(contended("cancelling a job"))
}

/// Takes a job up, or tells why that is not to be.
pub(super) async fn take_up<P: Ports>(
    ports: &P,
    job_id: &str,
    holder: &str,
) -> Result<Result<Held, Ending>, PortError> {
    for _ in 0..TRIES {
        let Some(StoredJob { version, job }) = ports.job(job_id).await? else { return Ok(Err(Ending::Unknown)) };
        let now = ports.now();
        let shared_until = job.lease.as_ref().map(|lease| lease.until).filter(|until| *until > now);
        let job = match job.take_up(holder, now) {
            TakenUp::Ours(job) => *job,
            TakenUp::Over => return Ok(Err(Ending::Over)),
            TakenUp::InOtherHands => return Ok(Err(Ending::InOtherHands)),
        };
        if ports.write_job(job_id, version, &job).await? {
            return Ok(Ok(Held { job, shared_until }));
        }
    }
    Err(contended("taking up a job"))
}

fn contended(operation: &'static str) -> PortError {
    PortError { operation, reason: "others kept writing it".to_owned() }
}

impl<P: Ports> Drain<'_, P> {
    /// Recalls what the runs before this one did.
    pub(super) async fn recall(&self) -> Result<(), PortError> {
        *self.tally.borrow_mut() = self.recalled().await?;
        Ok(())
    }

    /// Counts anew, by the notes. Another run of the same message may have been at it too, for as long as it took it to notice.
    /// Only where nothing is under way.
    pub(super) async fn recount(&self) -> Result<(), PortError> {
        let recalled = self.recalled().await?;
        self.tally.borrow_mut().recount(recalled);
        Ok(())
    }

    async fn recalled(&self) -> Result<Tally, PortError> {
        let mut recalled = Tally::default();
        let show = |stored: note::StoredNote| {
            let look_at = job::after(stored.note.at, SETTLED_AFTER);
            recalled.recall(stored, look_at);
        };
        self.ports.each_note(&self.request.queue_id, &self.request.job_id, show).await?;
        Ok(recalled)
    }

    /// Recalls what was sent, as if it were listed: no pass lists all once the limit is reached.
    pub(super) async fn recall_sent(&self) -> Result<(), PortError> {
        let show = |stored: note::StoredNote| {
            if stored.note.state == note::State::Sent {
                self.tally.borrow_mut().listed_again(&stored.conversation_id);
            }
        };
        self.ports.each_note(&self.request.queue_id, &self.request.job_id, show).await
    }

    /// Holds on to the job, and tells people how far it is, until the work ends. Side by side: whether it is still wanted must be
    /// noticed though nobody can be told.
    pub(super) async fn hold_on(&self) {
        tokio::join!(self.keep_renewing(), self.keep_telling());
    }

    async fn keep_telling(&self) {
        let mut pause = HEARTBEAT;
        loop {
            self.ports.sleep_until(job::after(self.ports.now(), pause)).await;
            self.tell_progress().await;
            pause = PROGRESS_EVERY;
        }
    }

    async fn keep_renewing(&self) {
        let mut held_until = job::after(self.ports.now(), LEASE);
        loop {
            self.ports.sleep_until(job::after(self.ports.now(), HEARTBEAT)).await;
            let now = self.ports.now();
            match self.renew().await {
                Ok(true) => held_until = job::after(now, LEASE),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the lease could not be renewed"),
            }
            if self.ports.now() >= held_until {
                self.stop(Stop::Lost);
            }
        }
    }

    /// Renews the lease; not if somebody else wrote first.
    async fn renew(&self) -> Result<bool, PortError> {
        let Some(StoredJob { version, job }) = self.held().await? else { return Ok(false) };
        let job = Job { progressed_at: self.progressed_at.get(), ..job.renewed(self.ports.now()) };
        self.ports.write_job(&self.request.job_id, version, &job).await
    }

    /// The job as it is now, if this run still holds it; stops where it is no longer wanted.
    pub(super) async fn held(&self) -> Result<Option<StoredJob>, PortError> {
        let stored = self.ports.job(&self.request.job_id).await?;
        let held = stored.filter(|stored| stored.job.is_held_by_run(self.run));
        match &held {
            None => self.stop(Stop::Lost),
            Some(stored) => self.stop_if_unwanted(&stored.job).await?,
        }
        Ok(held)
    }

    /// Stops where an operator, or the deployment, wants it to. Counting harms nobody.
    pub(super) async fn stop_if_unwanted(&self, job: &Job) -> Result<(), PortError> {
        if job.cancelled_by.is_some() {
            self.stop(Stop::Cancelled(ON_REQUEST));
        } else if !self.request.dry_run && !self.ports.is_on().await? {
            self.stop(Stop::Cancelled(SWITCHED_OFF));
        }
        Ok(())
    }

    /// Gives the job back, for another run to go on.
    pub(super) async fn let_go(&self) -> Result<Ending, PortError> {
        self.tell_progress().await;
        for _ in 0..TRIES {
            let Some(StoredJob { version, job }) = self.held().await? else { return Ok(Ending::InOtherHands) };
            let free = Job { progressed_at: self.progressed_at.get(), ..job.let_go(self.ports.now()) };
            if self.ports.write_job(&self.request.job_id, version, &free).await? {
                return Ok(Ending::Continues);
            }
        }
        Err(contended("letting go of a job"))
    }

    /// Tells people how far it is. That they could not be told is no reason to stop.
    pub(super) async fn tell_progress(&self) {
        let progress = self.progress(self.ports.now());
        let outcome = announce::of_progress(self.request, self.run, &progress);
        if let Err(error) = self.ports.put_outcomes(vec![outcome]).await {
            tracing::warn!(%error, "progress could not be announced");
        }
    }

    fn progress(&self, now: Timestamp) -> Progress {
        let tally = self.tally.borrow();
        let seconds = u64::try_from(now.duration_since(self.began).as_secs()).unwrap_or_default().max(1);
        let left = self.request.limit.map_or(tally.left(), |limit| tally.left().min(limit.saturating_sub(tally.done)));
        let per_minute = tally.done.saturating_sub(tally.done_before) * 60 / seconds;
        Progress { done: tally.done, failed: tally.failed, left, per_minute, remarks: self.remarks() }
    }
}
