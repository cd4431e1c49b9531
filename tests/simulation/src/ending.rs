//! How a day must end for a conversation.

use std::collections::BTreeMap;

use ghost_disconnector::case::{Case, Force, State as CaseState};
use ghost_policy::conversation::Media;
use ghost_policy::policy::Mode;
use jiff::{SignedDuration, Timestamp};

use crate::conversation::{Curse, Simulated};
use crate::invariant::Invariant;
use crate::state::State;

/// Looks that fail one after the other at most: those of three days, and then one a day.
const MOST_FAILED_LOOKS: u32 = 84;

/// Analytics that lists a conversation so long after its end must have been noticed, and two more days must have gone by.
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 5);

impl State {
    /// What does not hold of a conversation in the end. What was a ghost by `settled` must have been dealt with.
    pub fn check_end_of(&self, id: &str, conversation: &Simulated, settled: Timestamp) -> Vec<(Invariant, String)> {
        let broken = [
            (Invariant::EveryGhostDealtWith, self.ghost_left(id, conversation, settled)),
            (
                Invariant::LookAlikesUntouched,
                self.is_suspected_look_alike(id, conversation).then(|| "was suspected".into()),
            ),
            (Invariant::LooksAreGivenUp, self.looks_in_vain(id)),
            (Invariant::OutOfStepIsTold, self.is_silently_listed(id, conversation).then(|| "is still listed".into())),
        ];
        let broken = broken.into_iter().filter_map(|(invariant, what)| Some((invariant, what?)));
        broken.map(|(invariant, what)| (invariant, format!("{id} ({}) {what}", conversation.kind))).collect()
    }

    fn ghost_left(&self, id: &str, conversation: &Simulated, settled: Timestamp) -> Option<String> {
        conversation.life.ripe_at().filter(|ripe| *ripe <= settled)?;
        let wanted = if self.policy.mode == Mode::Enforce { CaseState::Escalated } else { CaseState::Observed };
        let case_id = Case::id_for(&conversation.now);
        let state = self.cases_of(id).find(|case| case.case_id == case_id).map(Case::state);
        let is_given_up = |case: &Case| case.failed_looks > 0 || case.state() == CaseState::Escalated;
        let cannot_be_read = conversation.has(Curse::LooksFail) || conversation.has(Curse::LooksTimeOut);
        let is_unreadable = cannot_be_read && self.cases_of(id).any(is_given_up);
        let is_dealt_with = conversation.now.end.is_some() || state == Some(wanted) || is_unreadable;
        (!is_dealt_with).then(|| format!("is {}", state.map_or("without a case", CaseState::as_str)))
    }

    fn is_suspected_look_alike(&self, id: &str, conversation: &Simulated) -> bool {
        let was_suspected = |case: &Case| case.moves.iter().any(|one| one.to == CaseState::Suspected);
        !conversation.was_dead && conversation.force != Force::Live && self.cases_of(id).any(was_suspected)
    }

    fn looks_in_vain(&self, id: &str) -> Option<String> {
        let most = self.cases_of(id).map(|case| case.failed_looks).max()?;
        (most > MOST_FAILED_LOOKS).then(|| format!("was looked at in vain {most} times in a row"))
    }

    fn is_silently_listed(&self, id: &str, conversation: &Simulated) -> bool {
        // An email or message may not even be worth a look by its row.
        let may_rest = conversation.now.legs().any(|leg| leg.communication.media.is_some_and(Media::may_rest));
        let ended_long_ago = conversation.now.end.is_some_and(|end| end + LONG_AGO < self.now);
        let is_listed = conversation.has(Curse::OutOfStep) && ended_long_ago && !may_rest;
        let is_told =
            |case: &Case| matches!(case.state(), CaseState::Escalated | CaseState::Observed | CaseState::Resolved);
        let many_are_told = self.outcomes.keys().any(|id| id.starts_with("systemic-ghosting_out-of-step"));
        is_listed && !many_are_told && !self.cases_of(id).any(is_told)
    }

    fn cases_of(&self, id: &str) -> impl Iterator<Item = &Case> {
        self.cases.get(id).into_iter().flat_map(BTreeMap::values).map(|stored| &stored.case)
    }
}
