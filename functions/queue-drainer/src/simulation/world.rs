//! The world in memory, and the scripts that say what goes wrong in it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use genesys_cloud::api::Order;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::outcomes::Outcome;
use serde_json::{Value, json};

use crate::drain::FRESH;
use crate::job::{Job, StoredJob};
use crate::note::{Note, State, StoredNote};
use crate::ports::{
    Activity, Answer, Clock, NoAnswer, Outcomes, Page, Platform, PortError, Question, Store, Switch, Waiting,
};
use crate::testing::{QUEUE, minute, participant, row};

/// How long a request takes, in ms.
pub(super) const REQUEST_MS: i64 = 200;
/// When whoever has left a conversation did so.
pub(super) const GONE: &str = "2026-03-02T09:30:00.000Z";
pub(super) const OTHER_QUEUE: &str = "queue-2";

/// What the world does to the drain.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// The conversations of the queue.
    pub(super) conversations: Vec<Fate>,
    /// How far analytics lags behind, in ms.
    pub(super) lag_ms: i64,
    pub(super) views: Views,
    /// What is wrong with the first lane, if there are several.
    pub(super) bad_lane: Option<BadLane>,
    /// Every so-manieth question fails; 0: none.
    pub(super) fails_every: u32,
    /// Every question fails with this status, from one time to another, in ms.
    pub(super) outage: Option<(i64, i64, u16)>,
    /// Rows in a page of analytics at most, however many are asked for.
    pub(super) largest_page: u32,
    /// A run dies after so many steps; the next takes its place.
    pub(super) deaths: Vec<u32>,
    /// The message of a run is delivered once more after so many steps, and two are at it.
    pub(super) doubles: Vec<u32>,
    /// A run's time, in seconds.
    pub(super) run_seconds: i64,
    /// Conversations to disconnect at most.
    pub(super) limit: Option<u64>,
    pub(super) lanes: usize,
}

/// What the real-time views do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Views {
    /// They tell the truth.
    Tell,
    /// They tell of every third question nothing at all, as if that were complete.
    SometimesEmpty,
    /// They count none of these, as they do not count legs that are left over.
    Empty,
    /// They cannot be asked.
    Refuse,
}

/// What is wrong with a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadLane {
    /// Its client cannot log in, for now.
    Down,
    /// Its client cannot log in at all.
    Refused,
    /// Its client is not allowed to disconnect.
    NotAllowed,
}

/// What happens to a conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate {
    /// It leaves the queue after so long, if it still waits.
    pub(super) leaves: Option<(i64, Leaves)>,
    /// What becomes of its first disconnect requests.
    pub(super) answers: Luck,
}

/// How a conversation leaves the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// An agent accepts it.
    Accepted,
    /// An agent accepts and answers it, and is in after-call work.
    Answered,
    /// It goes on to another queue.
    Transferred,
    /// It goes on to another queue, and its leg here is left over.
    Orphaned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Luck {
    /// It is taken and takes effect.
    Good,
    /// It takes effect, and the answer is lost.
    AnswerLost,
    /// It is lost itself.
    Lost,
    /// 429, so often.
    Limited(u32),
    /// It is taken, and never takes effect.
    Ignored,
    /// Every one is lost.
    AlwaysLost,
    /// None is taken: there is no such conversation, it says; nor can it be looked at.
    NotFound,
}

impl Fate {
    /// Whether no request ever takes effect.
    pub(super) fn is_hopeless(self) -> bool {
        matches!(self.answers, Luck::Ignored | Luck::AlwaysLost | Luck::NotFound)
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    /// When it left the queue, and how.
    pub(super) left: Option<(i64, Leaves)>,
    pub(super) ended_ms: Option<i64>,
    /// When it was asked to end by a request that arrived.
    pub(super) asked_ms: Vec<i64>,
    pub(super) requests: u32,
    /// It had left the queue for longer than data may be old when a request was sent that arrived.
    pub(super) harmed: bool,
}

pub(super) struct World {
    pub(super) script: Script,
    pub(super) now_ms: Cell<i64>,
    pub(super) conversations: RefCell<Vec<Conversation>>,
    pub(super) jobs: RefCell<BTreeMap<String, StoredJob>>,
    pub(super) notes: RefCell<BTreeMap<String, StoredNote>>,
    pub(super) outcomes: RefCell<Vec<Outcome>>,
    pub(super) steps: Cell<u32>,
    pub(super) questions: Cell<u32>,
    pub(super) unnoted: Cell<bool>,
    /// Whether anybody did anything but wait, since all that goes on side by side had its last turn; and when the first who waits
    /// goes on.
    pub(super) is_busy: Cell<bool>,
    pub(super) next_ms: Cell<Option<i64>>,
    /// The store fails so often from now on.
    pub(super) store_fails: Cell<u32>,
    pub(super) bus_hangs: Cell<bool>,
    /// When disconnecting is switched off.
    pub(super) off_from_ms: Cell<i64>,
}

pub(super) fn start() -> Timestamp {
    minute(60)
}

pub(super) fn name(index: usize) -> String {
    format!("conversation-{index:04}")
}

pub(super) fn index(name: &str) -> usize {
    name.rsplit('-').next().unwrap().parse().unwrap()
}

/// Gives way once, so that a run can be stopped here for ever.
pub(super) struct Step(bool);

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl World {
    pub(super) fn new(script: Script) -> Self {
        let conversations = vec![Conversation::default(); script.conversations.len()];
        Self {
            script,
            now_ms: Cell::new(0),
            conversations: RefCell::new(conversations),
            jobs: RefCell::default(),
            notes: RefCell::default(),
            outcomes: RefCell::default(),
            steps: Cell::new(0),
            questions: Cell::new(0),
            unnoted: Cell::new(false),
            is_busy: Cell::new(false),
            next_ms: Cell::new(None),
            store_fails: Cell::new(0),
            bus_hangs: Cell::new(false),
            off_from_ms: Cell::new(i64::MAX),
        }
    }

    async fn step(&self) {
        self.is_busy.set(true);
        self.wait().await;
        self.is_busy.set(true);
    }

    async fn wait(&self) {
        self.steps.set(self.steps.get() + 1);
        Step(false).await;
    }

    /// After everybody had a turn: if all wait, time passes until the first of them goes on.
    pub(super) fn let_time_pass(&self) {
        let next_ms = self.next_ms.take();
        if !self.is_busy.replace(false)
            && let Some(next_ms) = next_ms
        {
            self.now_ms.set(next_ms);
            self.let_some_leave();
        }
    }

    /// A request is on its way: time passes, and agents accept meanwhile.
    async fn travel(&self) {
        self.step().await;
        self.now_ms.set(self.now_ms.get() + REQUEST_MS);
        self.let_some_leave();
        self.step().await;
    }

    fn let_some_leave(&self) {
        let now_ms = self.now_ms.get();
        for (conversation, fate) in self.conversations.borrow_mut().iter_mut().zip(&self.script.conversations) {
            if conversation.ended_ms.is_none() && conversation.left.is_none() {
                conversation.left = fate.leaves.filter(|(at, _)| *at <= now_ms);
            }
        }
    }

    async fn ask(&self) -> Result<(), NoAnswer> {
        self.travel().await;
        self.questions.set(self.questions.get() + 1);
        let fails = self.script.fails_every > 0 && self.questions.get().is_multiple_of(self.script.fails_every);
        let is_on = |(from, until, _): &(i64, i64, u16)| (*from..*until).contains(&self.now_ms.get());
        let outage = self.script.outage.filter(is_on).map(|(_, _, status)| status);
        outage.or(fails.then_some(503)).map_or(Ok(()), |status| Err(failed_for_now(status)))
    }

    fn participants(conversation: &Conversation, as_of_ms: i64) -> Vec<Value> {
        let left = conversation.left.filter(|(at, _)| *at <= as_of_ms).map(|(_, how)| how);
        let customer_left = left.filter(|how| *how == Leaves::Answered).map(|_| GONE);
        let mut participants = vec![participant("customer", "interact", customer_left)];
        participants.push(participant("acd", "interact", left.filter(|how| *how != Leaves::Orphaned).map(|_| GONE)));
        match left {
            None => {}
            Some(Leaves::Accepted) => participants.push(participant("agent", "interact", None)),
            Some(Leaves::Answered) => participants.push(participant("agent", "wrapup", None)),
            Some(Leaves::Transferred | Leaves::Orphaned) => {
                let mut other = participant("acd", "interact", None);
                other["sessions"][0]["segments"][0]["queueId"] = json!(OTHER_QUEUE);
                participants.push(other);
            }
        }
        participants
    }

    fn handle(&self, lane: usize, id: &str, sent_ms: i64) -> Answer {
        if lane == 0 && self.script.lanes > 1 && self.script.bad_lane == Some(BadLane::NotAllowed) {
            return Answer::NotAllowed("403".to_owned());
        }
        let place = index(id);
        let mut conversations = self.conversations.borrow_mut();
        let conversation = &mut conversations[place];
        let now_ms = self.now_ms.get();
        conversation.requests += 1;
        let first = conversation.requests == 1;
        let answer = match self.script.conversations[place].answers {
            Luck::Lost if first => return Answer::Unknown("lost".to_owned()),
            Luck::AlwaysLost => return Answer::Unknown("lost".to_owned()),
            Luck::NotFound => return Answer::Unknown("404".to_owned()),
            Luck::Limited(times) if conversation.requests <= times => return Answer::NotDone("429".to_owned()),
            Luck::AnswerLost if first => Answer::Unknown("no answer".to_owned()),
            _ => Answer::Accepted,
        };
        conversation.asked_ms.push(now_ms);
        let fresh_ms = i64::try_from(FRESH.as_millis()).unwrap() + 2 * REQUEST_MS;
        conversation.harmed |= conversation.left.is_some_and(|(at, _)| at + fresh_ms < sent_ms);
        if self.script.conversations[place].answers != Luck::Ignored {
            conversation.ended_ms.get_or_insert(now_ms);
        }
        answer
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        start() + SignedDuration::from_millis(self.now_ms.get())
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.step().await;
        let at_ms = i64::try_from(at.duration_since(start()).as_millis()).unwrap();
        while self.now_ms.get() < at_ms {
            self.next_ms.set(Some(self.next_ms.get().map_or(at_ms, |next_ms| next_ms.min(at_ms))));
            self.wait().await;
        }
    }
}

impl Platform for World {
    type Turn = usize;

    fn lanes(&self) -> usize {
        self.script.lanes
    }

    fn requests_per_minute(&self) -> u32 {
        300
    }

    async fn page(&self, question: Question<'_>) -> Result<Page, NoAnswer> {
        self.ask().await?;
        let as_of_ms = self.now_ms.get() - self.script.lag_ms;
        let conversations = self.conversations.borrow();
        let open = conversations.iter().enumerate();
        let open = open.filter(|(_, one)| one.ended_ms.is_none_or(|ended| ended > as_of_ms));
        let is_recent = question.interval.to_string().contains("2026-03-02T09");
        let mut open: Vec<_> = open.filter(|_| is_recent).collect();
        if question.order == Order::Descending {
            open.reverse();
        }
        let (total, size) = (open.len(), question.page_size.min(self.script.largest_page) as usize);
        let page = open.into_iter().skip((question.page as usize - 1) * size).take(size);
        let rows: Vec<_> = page.map(|(place, one)| row(&name(place), 0, &Self::participants(one, as_of_ms))).collect();
        Ok(Page { rows_served: rows.len() as u64, rows, total: total as u64 })
    }

    async fn activity(&self, ids: &[&str]) -> Result<Activity, NoAnswer> {
        self.ask().await?;
        let mut activity = Activity { is_complete: true, ..Activity::default() };
        match self.script.views {
            Views::Refuse => return Err(NoAnswer::ForGood("404".to_owned())),
            Views::Empty => return Ok(activity),
            Views::SometimesEmpty if self.questions.get().is_multiple_of(3) => return Ok(activity),
            Views::SometimesEmpty | Views::Tell => {}
        }
        let conversations = self.conversations.borrow();
        for id in ids {
            let conversation = &conversations[index(id)];
            let waiting = |queue: &str| Waiting { conversation_id: (*id).to_owned(), queue_id: Some(queue.to_owned()) };
            match (conversation.ended_ms, conversation.left) {
                (Some(_), _) | (None, Some((_, Leaves::Answered))) => {}
                (None, Some((_, Leaves::Accepted))) => activity.with_agent.push((*id).to_owned()),
                (None, Some((_, Leaves::Transferred | Leaves::Orphaned))) => {
                    activity.waiting.push(waiting(OTHER_QUEUE));
                }
                (None, None) => activity.waiting.push(waiting(QUEUE)),
            }
        }
        Ok(activity)
    }

    async fn look(&self, id: &str) -> Result<ghost_policy::Conversation, NoAnswer> {
        self.ask().await?;
        if self.script.conversations[index(id)].answers == Luck::NotFound {
            return Err(NoAnswer::ForGood("404".to_owned()));
        }
        let conversations = self.conversations.borrow();
        let conversation = &conversations[index(id)];
        let leg = |purpose: &str, gone: bool| {
            let gone = gone.then_some(GONE);
            let leg = json!({ "id": purpose, "state": "connected", "connectedTime": "2026-03-02T08:00:00.000Z", "disconnectedTime": gone });
            json!({ "id": purpose, "purpose": purpose, "queueId": QUEUE, "emails": [leg] })
        };
        let left = conversation.left.map(|(_, how)| how);
        let has_left = left.is_some_and(|how| how != Leaves::Orphaned);
        let mut participants = vec![leg("customer", left == Some(Leaves::Answered)), leg("acd", has_left)];
        match left {
            None => {}
            Some(Leaves::Accepted) => participants.push(leg("agent", false)),
            Some(Leaves::Answered) => {
                let mut agent = leg("agent", true);
                agent["emails"][0]["afterCallWork"] = json!({ "state": "pending", "startTime": GONE });
                participants.push(agent);
            }
            Some(Leaves::Transferred | Leaves::Orphaned) => {
                let mut other = leg("acd", false);
                other["queueId"] = json!(OTHER_QUEUE);
                participants.push(other);
            }
        }
        let ended = conversation.ended_ms.map(|_| GONE);
        let body = json!({ "id": id, "participants": participants, "endTime": ended });
        Ok(ghost_policy::Conversation::from_json(body.to_string().as_bytes()).unwrap())
    }

    async fn turn(&self, lane: usize) -> Result<usize, NoAnswer> {
        self.step().await;
        match self.script.bad_lane {
            Some(BadLane::Down) if lane == 0 && self.script.lanes > 1 => Err(failed_for_now(503)),
            Some(BadLane::Refused) if lane == 0 && self.script.lanes > 1 => Err(NoAnswer::ForGood("401".to_owned())),
            _ => Ok(lane),
        }
    }

    async fn disconnect(&self, lane: usize, id: &str, send_by: Timestamp) -> Answer {
        assert!(lane < self.script.lanes);
        if self.now() >= send_by {
            return Answer::NotDone("too late".to_owned());
        }
        let sent_ms = self.now_ms.get();
        // What is not noted by now would be forgotten if we died here.
        let noted = self.notes.borrow().get(id).is_some_and(|stored| stored.note.state == State::Sending);
        self.unnoted.set(self.unnoted.get() || !noted);
        let answer = self.handle(lane, id, sent_ms);
        self.travel().await;
        answer
    }
}

impl Store for World {
    async fn job(&self, job_id: &str) -> Result<Option<StoredJob>, PortError> {
        self.step().await;
        if self.store_fails.get() > 0 {
            self.store_fails.set(self.store_fails.get() - 1);
            return Err(PortError { operation: "reading a job", reason: "503".to_owned() });
        }
        Ok(self.jobs.borrow().get(job_id).cloned())
    }

    async fn write_job(&self, job_id: &str, version: u64, job: &Job) -> Result<bool, PortError> {
        self.step().await;
        let is_ours = {
            let mut jobs = self.jobs.borrow_mut();
            let is_ours = jobs.get(job_id).map_or(0, |stored| stored.version) == version;
            if is_ours {
                jobs.insert(job_id.to_owned(), StoredJob { version: version + 1, job: job.clone() });
            }
            is_ours
        };
        self.step().await;
        Ok(is_ours)
    }

    async fn due_jobs(&self) -> Result<Vec<String>, PortError> {
        Ok(Vec::new())
    }

    async fn notes(&self, _: &str, ids: &[&str]) -> Result<Vec<StoredNote>, PortError> {
        self.step().await;
        Ok(ids.iter().filter_map(|id| self.notes.borrow().get(*id).cloned()).collect())
    }

    async fn write_note(
        &self,
        _: &str,
        job_id: &str,
        conversation_id: &str,
        version: u64,
        note: &Note,
    ) -> Result<bool, PortError> {
        self.step().await;
        let is_ours = {
            let mut notes = self.notes.borrow_mut();
            let is_ours = notes.get(conversation_id).map_or(0, |stored| stored.version) == version;
            if is_ours {
                let (conversation_id, job_id) = (conversation_id.to_owned(), job_id.to_owned());
                let stored = StoredNote { conversation_id, job_id, version: version + 1, note: note.clone() };
                notes.insert(stored.conversation_id.clone(), stored);
            }
            is_ours
        };
        self.step().await;
        Ok(is_ours)
    }

    async fn each_note(&self, _: &str, job_id: &str, mut show: impl FnMut(StoredNote)) -> Result<(), PortError> {
        self.step().await;
        let notes: Vec<StoredNote> = self.notes.borrow().values().cloned().collect();
        notes.into_iter().filter(|note| note.job_id == job_id).for_each(&mut show);
        Ok(())
    }
}

impl Switch for World {
    async fn is_on(&self) -> Result<bool, PortError> {
        Ok(self.now_ms.get() < self.off_from_ms.get())
    }
}

impl Outcomes for World {
    async fn put_outcomes(&self, outcomes: Vec<Outcome>) -> Result<(), PortError> {
        self.step().await;
        while self.bus_hangs.get() {
            self.wait().await;
        }
        self.outcomes.borrow_mut().extend(outcomes);
        Ok(())
    }
}

pub(super) fn failed_for_now(status: u16) -> NoAnswer {
    NoAnswer::ForNow { status: Some(status), why: status.to_string() }
}
