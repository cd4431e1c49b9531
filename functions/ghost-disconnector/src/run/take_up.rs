//! A conversation that somebody wants looked at: the watcher, or discovery.

use jiff::Timestamp;
use lambda_kit::outcomes::Outcome;

use super::Run;
use crate::announce;
use crate::case::{Case, Force, State};
use crate::life::{self, Next};
use crate::ports::{DueWatch, PortError, Ports, StoredCase};
use crate::sighting::{Judgement, Sighting, What};

/// After a look that failed, the watcher's conversation is looked at again.
const PAUSE: std::time::Duration = std::time::Duration::from_mins(2);

/// The same for one that cannot be read though its case is closed.
const LONG_PAUSE: std::time::Duration = std::time::Duration::from_hours(1);

/// Who wants a conversation looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// The watcher, which is told when to look again.
    Watcher,
    /// Analytics, which lists it without an end. What is alive is noted in a case: there is nobody else to remember it.
    Analytics,
}

/// What became of a conversation.
pub(super) enum TakenUp {
    /// A case has it in hand, or knows when to.
    ByCase(Box<StoredCase>),
    /// It is alive, and may be a ghost then.
    Until(Timestamp),
    /// Nothing is to be done about it.
    Done,
}

impl TakenUp {
    fn by_case(stored: StoredCase) -> Self {
        Self::ByCase(Box::new(stored))
    }
}

impl<P: Ports> Run<'_, P> {
    /// Looks at a conversation that the watcher says is due.
    pub(super) async fn take_up_watch(&self, seen: &DueWatch) -> Result<TakenUp, PortError> {
        let id = &seen.conversation_id;
        let latest = self.ports.latest_case(id).await?;
        let taken_up = match self.take_up(id, latest.clone(), FoundBy::Watcher).await {
            Ok(taken_up) => taken_up,
            Err(error) if error.only_this => {
                if self.unreadable(id, latest, true, &error).await? {
                    self.ports.leave(seen).await?;
                } else {
                    self.ports.look_again(seen, life::after(self.ports.now(), LONG_PAUSE)).await?;
                }
                return Err(error);
            }
            Err(error) => {
                self.ports.look_again(seen, life::after(self.ports.now(), PAUSE)).await?;
                return Err(error);
            }
        };
        match &taken_up {
            TakenUp::Until(at) => self.ports.look_again(seen, *at).await?,
            TakenUp::ByCase(_) | TakenUp::Done => self.ports.leave(seen).await?,
        }
        Ok(taken_up)
    }

    /// Looks at a conversation, and opens a case for it if it is a ghost; or, if analytics lists it, in any case.
    pub(super) async fn take_up(
        &self,
        conversation_id: &str,
        latest: Option<StoredCase>,
        found_by: FoundBy,
    ) -> Result<TakenUp, PortError> {
        self.count(|counts| counts.looks += 1);
        let look = self.ports.look(conversation_id).await?;
        let sighting = Sighting::of(self.policy, &look, Force::No);
        if found_by == FoundBy::Analytics {
            let known = latest.as_ref().map(|stored| &stored.case);
            if let Some(mut case) = life::still_counted(self.policy, conversation_id, known, &sighting) {
                if self.may_be_told(&case, self.ports.now()).await? {
                    life::tell_still_counted(self.policy, &mut case, &sighting);
                }
                return self.keep(latest, case).await;
            }
        }
        let latest = latest.filter(|stored| !sighting.is_of_another_case(&stored.case));
        if let Some(stored) = latest {
            return self.come_across(stored, &sighting, found_by).await;
        }
        let case = life::open(self.policy, conversation_id, &sighting, None);
        if case.state() == State::Suspected || found_by == FoundBy::Analytics {
            let Some(stored) = self.ports.create_case(case).await? else { return Ok(until(&sighting)) };
            let stored = self.announced(stored).await?;
            return Ok(stored.map_or(TakenUp::Done, TakenUp::by_case));
        }
        // No case is kept of what is alive, but the world is told why it is let alone.
        let outcomes = announce::of_case(&case);
        if !outcomes.is_empty() {
            // Each look is another outcome, and there is no case to count them.
            let told =
                |one: Outcome| Outcome { id: format!("{}_{}", one.id, sighting.asked_at.as_millisecond()), ..one };
            self.ports.put_outcomes(outcomes.into_iter().map(told).collect()).await?;
        }
        Ok(until(&sighting))
    }

    /// Stores a case, in place of the latest if that is the same, and tells the world.
    async fn keep(&self, latest: Option<StoredCase>, case: Case) -> Result<TakenUp, PortError> {
        let stored = match latest.filter(|latest| latest.case.case_id == case.case_id) {
            Some(latest) => self.ports.advance_case(latest.version, case).await?,
            None => self.ports.create_case(case).await?,
        };
        let Some(stored) = stored else { return Ok(TakenUp::Done) };
        Ok(self.announced(stored).await?.map_or(TakenUp::Done, TakenUp::by_case))
    }

    /// Notes that a conversation cannot be read, so that it is left alone for ever longer. Tells whether a case sees to it now.
    pub(super) async fn unreadable(
        &self,
        conversation_id: &str,
        latest: Option<StoredCase>,
        look_then: bool,
        error: &PortError,
    ) -> Result<bool, PortError> {
        let now = self.ports.now();
        let noted = match latest {
            None => {
                self.ports.create_case(Case::unreadable(conversation_id, self.policy, now, look_then, error)).await?
            }
            Some(stored) if stored.case.state().is_in_progress() => Some(stored),
            Some(StoredCase { mut case, version }) => {
                if !case.still_unreadable(self.policy, now, look_then, error) {
                    return Ok(false);
                }
                self.ports.advance_case(version, case).await?
            }
        };
        Ok(noted.is_some())
    }

    /// There is a case already.
    async fn come_across(
        &self,
        stored: StoredCase,
        sighting: &Sighting,
        found_by: FoundBy,
    ) -> Result<TakenUp, PortError> {
        let is_ghost = matches!(&sighting.what, What::On(_, Judgement::Ghost { .. }));
        if !is_ghost && found_by == FoundBy::Watcher && !stored.case.state().is_in_progress() {
            return Ok(until(sighting));
        }
        match life::come_across(self.policy, &stored.case, sighting) {
            Next::Store(case) => {
                let stored = self.ports.advance_case(stored.version, *case).await?;
                Ok(stored.map_or(TakenUp::Done, TakenUp::by_case))
            }
            Next::Nothing | Next::Disconnect(_) => Ok(TakenUp::by_case(stored)),
        }
    }
}

/// When a conversation without a case in hand is to be looked at again.
fn until(sighting: &Sighting) -> TakenUp {
    match &sighting.what {
        What::On(_, Judgement::Alive { look_again_at: Some(at), .. }) => TakenUp::Until(*at),
        What::On(..) | What::Over { .. } => TakenUp::Done,
    }
}

impl Sighting {
    /// Whether the conversation has another form than the one that the case is about.
    pub(super) fn is_of_another_case(&self, case: &Case) -> bool {
        matches!(&self.what, What::On(facts, _) if facts.case_id != case.case_id)
    }
}
