//! One run of a job: taken up, worked on before its time is up, and ended or left to the next run.

mod count;
mod end;
mod hold;
mod lanes;
mod list;
mod send;
mod settle;
mod tally;
mod verify;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use hold::{cancel, open, rescue};

use crate::job::{self, Job, State};
use crate::ports::{NoAnswer, PortError, Ports};
use crate::request::DrainRequest;
use hold::Held;
use lanes::Lane;
use tally::Tally;

/// A disconnect is requested only on the strength of data no older than this.
pub const FRESH: SignedDuration = SignedDuration::from_secs(15);

/// What became of a request is told by a look no sooner than this: a teardown takes a moment.
pub const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(20);

/// A job that gets nowhere for so long has failed.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// The pauses between tries of what fails for now, on top of the client's own: they double.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pause after a pass that found candidates, and in which nothing was done.
const NOTHING_DONE_PAUSE: Duration = Duration::from_secs(5);

/// Rows that analytics serves, to begin with: its depth is documented nowhere, and was seen to be some 8,000
/// (reference/practice.md §1.1).
const SAFE_DEPTH: u32 = 5_000;

/// Why a job is cancelled.
const ON_REQUEST: &str = "cancelled on request";
const SWITCHED_OFF: &str = "cancelled: disconnecting is switched off by the deployment (DISCONNECTS_ENABLED)";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The job is over, by this run or before.
    Over,
    /// Its time was up: somebody must go on.
    Continues,
    /// Another run has the job.
    InOtherHands,
    /// There is no such job.
    Unknown,
}

/// A run of a job.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The job.
    pub job_id: &'a str,
    /// The message that it is done for.
    pub holder: &'a str,
    /// Nothing is begun later than this.
    pub until: Timestamp,
}

/// Why a run begins nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stop {
    /// Its time is up.
    TimeIsUp,
    /// An operator, or the deployment, wants it to.
    Cancelled(&'static str),
    /// Another run has taken the job.
    Lost,
    /// The job cannot go on.
    Hopeless(String),
    /// The store is out: nothing is sent that cannot be noted.
    Outage(PortError),
}

/// What a run knows.
struct Drain<'a, P> {
    ports: &'a P,
    request: &'a DrainRequest,
    requested_at: Timestamp,
    run: u32,
    began: Timestamp,
    /// Nothing is begun later than this.
    until: Timestamp,
    tally: RefCell<Tally>,
    stop: RefCell<Option<Stop>>,
    progressed_at: Cell<Timestamp>,
    lanes: RefCell<Vec<Lane>>,
    /// Why the real-time views cannot be asked, once that is known: then every candidate is looked at.
    no_activity: RefCell<Option<String>>,
    /// Analytics serves no rows beyond this, as far as is known.
    deepest_row: Cell<u32>,
}

/// Works on a job until it is over or the time is up.
///
/// # Errors
/// If the store or the bus is out. Whatever was begun is safe with the next run.
pub async fn run<P: Ports>(ports: &P, run: Run<'_>) -> Result<Ending, PortError> {
    let Held { job, shared_until } = match hold::take_up(ports, run.job_id, run.holder).await? {
        Ok(held) => held,
        Err(ending) => return Ok(ending),
    };
    let Some(request) = &job.request else {
        // Cancelled before it was requested: it waits for its request, and expires without one.
        return Ok(Ending::Over);
    };
    let drain = Drain::new(ports, request, &job, run.until);
    drain.stop_if_unwanted(&job).await?;
    let done = tokio::select! {
        done = drain.work(shared_until) => done?,
        () = drain.hold_on() => false,
    };
    let stop = drain.stop.borrow().clone();
    match (done, stop) {
        (_, Some(Stop::Lost)) => Ok(Ending::InOtherHands),
        (_, Some(Stop::Cancelled(why))) => drain.end(State::Cancelled, Some(why.to_owned())).await,
        (_, Some(Stop::Hopeless(reason))) => drain.end(State::Failed, Some(reason)).await,
        (_, Some(Stop::Outage(error))) => Err(error),
        (true, _) => drain.end(State::Completed, None).await,
        (false, _) => drain.let_go().await,
    }
}

impl<'a, P: Ports> Drain<'a, P> {
    fn new(ports: &'a P, request: &'a DrainRequest, job: &Job, until: Timestamp) -> Self {
        Self {
            ports,
            request,
            requested_at: job.requested_at,
            run: job.runs,
            began: ports.now(),
            until,
            tally: RefCell::default(),
            stop: RefCell::new(None),
            progressed_at: Cell::new(job.progressed_at),
            lanes: RefCell::new(vec![Lane::default(); ports.lanes()]),
            no_activity: RefCell::default(),
            deepest_row: Cell::new(SAFE_DEPTH),
        }
    }

    /// Does all that there is to do. Tells whether the job is done; if not, the run was stopped.
    async fn work(&self, shared_until: Option<Timestamp>) -> Result<bool, PortError> {
        if let Some(until) = shared_until.filter(|_| self.request.limit.is_some()) {
            // What another run may still be sending counts towards the limit.
            self.pause(job::until(self.ports.now(), until)).await;
        }
        self.recall().await?;
        if self.request.dry_run {
            return self.count().await;
        }
        let mut spans = self.spans();
        while self.goes_on() {
            self.settle(false).await?;
            if self.request.limit.is_some() {
                self.recount().await?;
            }
            let (pass_began, deepest_row) = (self.ports.now(), self.deepest_row.get());
            let pass = self.pass(&mut spans).await?;
            if !self.goes_on() {
                break;
            }
            let is_limited = self.limit_is_reached();
            if is_limited {
                self.settle(true).await?;
                if !self.limit_is_reached() {
                    continue;
                }
                self.recall_sent().await?;
            } else if pass.found > 0 || self.settle(true).await? > 0 {
                if self.progressed_at.get() < pass_began {
                    self.pause(NOTHING_DONE_PAUSE).await;
                    let last = self.tally.borrow().last_not_done.clone().unwrap_or_default();
                    self.give_up_in_time(&format!("requests to disconnect are not carried out. {last}"));
                }
                continue;
            } else if self.deepest_row.get() < deepest_row {
                continue;
            } else if !pass.is_complete {
                // What analytics still lists hides the rest.
                self.pause(LONGEST_PAUSE).await;
                self.give_up_in_time("analytics does not show what is left");
                continue;
            }
            if !(self.goes_on() && self.check_sent().await? && self.goes_on()) {
                continue;
            }
            self.recount().await?;
            // What turns out not to have been disconnected makes room for others, and another run may have left something.
            if is_limited == self.limit_is_reached() && self.tally.borrow().unsettled.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether something more may be begun.
    fn goes_on(&self) -> bool {
        if self.ports.now() >= self.until {
            self.stop(Stop::TimeIsUp);
        }
        self.stop.borrow().is_none()
    }

    /// Begins nothing more, for the first reason that there is.
    fn stop(&self, why: Stop) {
        self.stop.borrow_mut().get_or_insert(why);
    }

    /// Waits, but not beyond the end of the run, nor after it was stopped.
    async fn pause(&self, pause: Duration) {
        const STEP: SignedDuration = SignedDuration::from_secs(1);
        let end = job::after(self.ports.now(), SignedDuration::try_from(pause).unwrap_or_default()).min(self.until);
        while self.goes_on() && self.ports.now() < end {
            self.ports.sleep_until(job::after(self.ports.now(), STEP).min(end)).await;
        }
    }

    fn progressed(&self) {
        self.progressed_at.set(self.ports.now());
    }

    fn give_up_in_time(&self, why: &str) {
        if self.ports.now().duration_since(self.progressed_at.get()) > GIVEN_UP_AFTER {
            self.stop(Stop::Hopeless(format!("it got nowhere for an hour: {why}")));
        }
    }

    /// Asks until there is an answer; none if the run is stopped, or the job fails for want of one. A failed question is
    /// asked again, never left out.
    async fn answered<T>(&self, ask: impl AsyncFn() -> Result<T, NoAnswer>) -> Option<T> {
        let mut pause = FIRST_PAUSE;
        while self.goes_on() {
            match ask().await {
                Ok(answer) => return Some(answer),
                Err(NoAnswer::ForGood(why)) => self.stop(Stop::Hopeless(why)),
                Err(NoAnswer::ForNow { why, .. }) => {
                    tracing::warn!(jobId = self.request.job_id, why, "no answer; it is asked again");
                    self.give_up_in_time(&why);
                    self.pause(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        None
    }
}
