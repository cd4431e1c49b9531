//! A case that is due: the world told, a look, and what follows from it.

use jiff::Timestamp;

use super::{Run, refusals};
use crate::breaker::Decision;
use crate::case::{Case, Force, Stage, State};
use crate::life::{self, FRESH, Next};
use crate::ports::{Answer, Disconnection, Look, PortError, Ports, StoredCase};
use crate::sighting::Sighting;
use crate::{announce, hints};

impl<P: Ports> Run<'_, P> {
    /// Does what is due about a case. Gives it as it is then, or nothing if another run has it in hand.
    pub(super) async fn attend(&self, stored: StoredCase) -> Result<Option<StoredCase>, PortError> {
        let Some(mut stored) = self.announced(stored).await? else { return Ok(None) };
        let now = self.ports.now();
        if let Some(since) = stored.case.suspected_since() {
            self.count(|counts| counts.in_hand_for(now.duration_since(since).unsigned_abs()));
        }
        if stored.case.stage.next_look_at().is_none_or(|due| due > now) {
            return Ok(Some(stored));
        }
        if matches!(stored.case.stage, Stage::Confirmed { .. }) && self.is_tripped().await? {
            return self.changed(stored, |case| case.wait_for_breaker(self.policy, now)).await;
        }
        stored.case.taken_up(now);
        self.count(|counts| counts.looks += 1);
        let look = match self.ports.look(&stored.case.conversation_id).await {
            Ok(look) => look,
            Err(error) => {
                // Noted before it is told: the same look must not fail again and again at the head of the line.
                let now = self.ports.now();
                let StoredCase { mut case, version } = stored;
                case.look_failed(self.policy, now, &error);
                self.store(version, case).await?;
                return Err(error);
            }
        };
        self.follow(stored, &look).await
    }

    /// Does what a look calls for.
    async fn follow(&self, stored: StoredCase, look: &Look) -> Result<Option<StoredCase>, PortError> {
        let sighting = Sighting::of_case(self.policy, look, &stored.case);
        // The new case is made first, so that nothing is forgotten if this run ends in between.
        if sighting.is_of_another_case(&stored.case) {
            self.open_if_it_matters(&stored.case.conversation_id, look).await?;
        }
        let case = match life::step(self.policy, &stored.case, &sighting) {
            Next::Nothing => return Ok(Some(stored)),
            Next::Store(case) => return self.store(stored.version, *case).await,
            Next::Disconnect(None) => Some(stored),
            Next::Disconnect(Some(case)) => self.ports.advance_case(stored.version, *case).await?,
        };
        match case {
            Some(stored) => self.disconnect(stored, &sighting).await,
            None => Ok(None),
        }
    }

    /// Requests a disconnect: leave from the breaker, the attempt written down, the look still fresh; and only then sent.
    async fn disconnect(&self, stored: StoredCase, sighting: &Sighting) -> Result<Option<StoredCase>, PortError> {
        let send_by = life::after(sighting.asked_at, FRESH);
        if self.ports.now() >= send_by {
            // Too old already: a conversation that answers slowly must not keep the others waiting.
            let now = self.ports.now();
            let StoredCase { mut case, version } = stored;
            case.look_came_too_late(sighting, now);
            return self.store(version, case).await;
        }
        if !self.ports.policy_stands().await {
            tracing::warn!("the policy has changed: nothing more is disconnected by the old one, and this run ends");
            self.is_over.set(true);
            return Ok(Some(stored));
        }
        let now = self.ports.now();
        let Decision::Granted { others, of_its_provider } = self.permit(&stored.case, now).await? else {
            return self.changed(stored, |case| case.wait_for_breaker(self.policy, now)).await;
        };
        let mut case = stored.case;
        if let Some(hint) = hints::others_at_that_time(others, of_its_provider) {
            case.hint(hint);
        }
        case.begin_attempt(self.policy, sighting, now);
        // Only the run whose write this is may send the request.
        let permit = case.permit(now);
        let Some(stored) = self.ports.advance_case(stored.version, case).await? else {
            self.give_back(&permit).await?;
            return Ok(None);
        };
        let disconnection = self.send(&stored.case.conversation_id, send_by).await;
        let was_sent = disconnection.answer != Answer::NotSent;
        self.count(|counts| counts.requests += u32::from(was_sent));
        tracing::info!(
            conversation_id = stored.case.conversation_id,
            case_id = stored.case.case_id,
            answer = disconnection.words,
            "disconnect requested"
        );
        let StoredCase { mut case, version } = stored;
        case.note_answer(self.policy, sighting, disconnection);
        let stored = self.store(version, case).await?;
        if !was_sent {
            self.give_back(&permit).await?;
        }
        Ok(stored)
    }

    async fn send(&self, conversation_id: &str, send_by: Timestamp) -> Disconnection {
        let at = self.ports.now();
        if at < send_by {
            return self.ports.disconnect(conversation_id, send_by).await;
        }
        let words = "not sent: the look was too old by then".to_owned();
        Disconnection { at, answer: Answer::NotSent, words, correlation_id: None }
    }

    /// Stores a change that is no move.
    async fn changed(
        &self,
        stored: StoredCase,
        change: impl FnOnce(&mut Case),
    ) -> Result<Option<StoredCase>, PortError> {
        let StoredCase { mut case, version } = stored;
        change(&mut case);
        self.ports.advance_case(version, case).await
    }

    /// Stores a case and tells the world of its moves.
    pub(super) async fn store(&self, seen_version: u64, case: Case) -> Result<Option<StoredCase>, PortError> {
        if let Some(request) = announce::live_refusal(&case) {
            let id = std::slice::from_ref(&case.conversation_id);
            refusals::note(self.ports, id, request).await?;
        }
        match self.ports.advance_case(seen_version, case).await? {
            Some(stored) => self.announced(stored).await,
            None => Ok(None),
        }
    }

    /// Tells the world of moves that it does not know of, then notes that it does. A run that dies in between leaves the
    /// case due, so that another tells it again.
    pub(super) async fn announced(&self, stored: StoredCase) -> Result<Option<StoredCase>, PortError> {
        let outcomes = announce::of_case(&stored.case);
        if outcomes.is_empty() {
            return Ok(Some(stored));
        }
        for one in stored.case.moves.iter().filter(|one| one.unannounced) {
            let StoredCase { case, .. } = &stored;
            self.count(|counts| counts.moved(one.to));
            if let (State::Suspected, Some(finding)) = (one.to, &case.finding) {
                let age = one.at.duration_since(finding.since).unsigned_abs();
                self.count(|counts| counts.aged(age));
            }
            let (conversation_id, case_id, to) = (&case.conversation_id, &case.case_id, one.to.as_str());
            tracing::info!(conversation_id, case_id, to, reason = one.reason, "case moved");
        }
        self.ports.put_outcomes(outcomes).await?;
        self.changed(stored, |case| case.moves.iter_mut().for_each(|one| one.unannounced = false)).await
    }

    /// A case for a form that has none yet, if it is a ghost or may become one: the watcher may have left it to the old case.
    async fn open_if_it_matters(&self, conversation_id: &str, look: &Look) -> Result<(), PortError> {
        let sighting = Sighting::of(self.policy, look, Force::No);
        let case = life::open(self.policy, conversation_id, &sighting, None);
        if case.stage.next_look_at().is_some()
            && let Some(stored) = self.ports.create_case(case).await?
        {
            self.announced(stored).await?;
        }
        Ok(())
    }
}
