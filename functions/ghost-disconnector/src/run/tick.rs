//! The schedule's run: cases that are due, then conversations that are due, then discovery; and what becomes due meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use ghost_policy::Policy;
use jiff::Timestamp;

use super::Run;
use super::take_up::TakenUp;
use crate::case::State;
use crate::ports::{DueWatch, PortError, Ports, StoredCase};

/// How many are fetched at once.
const BATCH: usize = 50;

/// How often more are fetched; what is left then is the next run's.
const BATCHES: usize = 20;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Conversations looked at.
    pub looks: u32,
    /// Disconnect requests that were sent.
    pub requests: u32,
    /// Rows of analytics judged.
    pub rows: usize,
    /// Moves to suspected.
    pub suspected: u32,
    /// Moves to observed.
    pub observed: u32,
    /// Moves to resolved.
    pub resolved: u32,
    /// Moves to escalated.
    pub escalated: u32,
    /// Moves to dismissed.
    pub dismissed: u32,
    /// What failed and was left alone.
    pub failures: u32,
    /// How long the oldest of those that became suspected has been a ghost.
    pub oldest_ghost: Option<Duration>,
    /// How long the oldest of those that were attended to has been suspected without coming to an end.
    pub oldest_in_hand: Option<Duration>,
    /// Whether the breaker keeps everything from being disconnected.
    pub breaker_tripped: bool,
}

impl Report {
    pub(super) fn moved(&mut self, to: State) {
        match to {
            State::Suspected => self.suspected += 1,
            State::Observed => self.observed += 1,
            State::Resolved => self.resolved += 1,
            State::Escalated => self.escalated += 1,
            State::Dismissed => self.dismissed += 1,
            State::Confirmed | State::Disconnecting => {}
        }
    }

    pub(super) fn in_hand_for(&mut self, age: Duration) {
        self.oldest_in_hand = self.oldest_in_hand.max(Some(age));
    }

    pub(super) fn aged(&mut self, age: Duration) {
        self.oldest_ghost = self.oldest_ghost.max(Some(age));
    }
}

/// What a run has in hand, by when it is due and its id.
#[derive(Default)]
pub(super) struct InHand(BTreeMap<(Timestamp, String), Item>);

enum Item {
    Case(Box<StoredCase>),
    Watch(DueWatch),
}

impl InHand {
    pub(super) fn take_case(&mut self, stored: StoredCase) {
        if let Some(due) = stored.case.due_at() {
            self.0.insert((due, stored.case.case_id.clone()), Item::Case(Box::new(stored)));
        }
    }

    fn take_watch(&mut self, watch: DueWatch) {
        self.0.insert((watch.due_at, watch.conversation_id.clone()), Item::Watch(watch));
    }
}

/// Does all that is due, before `until`.
///
/// # Errors
/// If something that everything depends on failed, so that nothing more was tried. Whatever was begun is safe with the next run.
pub async fn tick<P: Ports>(ports: &P, policy: &Policy, until: Timestamp) -> Result<Report, PortError> {
    let run = Run::new(ports, policy, until);
    let tripped = run.is_tripped().await?;
    run.count(|counts| counts.breaker_tripped = tripped);
    let mut hand = InHand::default();
    run.what_is_due(&mut hand).await?;
    let discovered = Box::pin(run.discover()).await;
    match discovered {
        Ok(opened) => opened.into_iter().for_each(|stored| hand.take_case(stored)),
        // Analytics being out must not keep what is in hand waiting.
        Err(error) => tracing::warn!(%error, "discovery stops here and goes on with the next run"),
    }
    run.what_becomes_due(&mut hand).await;
    Ok(run.counts.get())
}

impl<P: Ports> Run<'_, P> {
    /// Cases first: their time has been fixed longest.
    async fn what_is_due(&self, hand: &mut InHand) -> Result<(), PortError> {
        for _ in 0..BATCHES {
            if !self.goes_on() {
                return Ok(());
            }
            let cases = self.ports.due_cases(self.ports.now(), BATCH).await?;
            let watches = self.ports.due_watches(self.ports.now(), BATCH).await?;
            let all = cases.len() < BATCH && watches.len() < BATCH;
            for stored in cases {
                self.attend_in_time(stored, hand).await;
            }
            for watch in watches {
                self.take_up_in_time(watch, hand).await;
            }
            if all {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What is due within seconds is waited for.
    pub(super) async fn what_becomes_due(&self, hand: &mut InHand) {
        while let Some(((due, _), item)) = hand.0.pop_first() {
            if !self.goes_on() || !self.wait_for(due).await {
                return;
            }
            match item {
                Item::Case(stored) => self.attend_in_time(*stored, hand).await,
                Item::Watch(watch) => self.take_up_in_time(watch, hand).await,
            }
        }
    }

    async fn attend_in_time(&self, stored: StoredCase, hand: &mut InHand) {
        if !self.goes_on() {
            return;
        }
        let conversation_id = stored.case.conversation_id.clone();
        // Boxed, since what is within is deep.
        let attended = Box::pin(self.attend(stored)).await;
        if let Some(Some(stored)) = self.noted(&conversation_id, attended) {
            hand.take_case(stored);
        }
    }

    async fn take_up_in_time(&self, watch: DueWatch, hand: &mut InHand) {
        if !self.goes_on() {
            return;
        }
        let taken_up = Box::pin(self.take_up_watch(&watch)).await;
        match self.noted(&watch.conversation_id, taken_up) {
            Some(TakenUp::ByCase(stored)) => hand.take_case(*stored),
            Some(TakenUp::Until(due_at)) => hand.take_watch(DueWatch { due_at, ..watch }),
            Some(TakenUp::Done) | None => {}
        }
    }
}
