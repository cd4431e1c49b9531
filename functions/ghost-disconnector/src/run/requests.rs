//! What operators ask for: the same checks, and an answer in words for what is refused.

use ghost_policy::Policy;
use ghost_policy::policy::Mode;
use jiff::Timestamp;

use super::tick::{InHand, Report};
use super::{Run, refusals, register};
use crate::breaker::Breaker;
use crate::case::{Force, Request};
use crate::life::{self, LIVE_LASTS};
use crate::ports::{PortError, Ports, Register, StoredCase};
use crate::sighting::{Judgement, Sighting, What};

/// Takes up `Disconnect Interaction Requested`: a case for each conversation that may be disconnected, a refusal for each other.
///
/// # Errors
/// If not all could be taken up. Asking again is safe: each is taken up once.
pub async fn disconnect<P: Ports>(
    ports: &P,
    policy: &Policy,
    conversation_ids: &[String],
    request: &Request,
    until: Timestamp,
) -> Result<Report, PortError> {
    let run = Run::new(ports, policy, until);
    if request.force == Force::Live {
        tracing::warn!(
            requested_by = request.requested_by,
            reason = request.reason,
            ?conversation_ids,
            "asked to disconnect whoever is there"
        );
    }
    // By another clock it may have been asked for in the future.
    let asked_at = request.asked_at.map(|at| at.min(ports.now()));
    let request = Request { asked_at, ..request.clone() };
    let mut hand = InHand::default();
    let mut failed = None;
    for conversation_id in conversation_ids {
        if !run.goes_on() {
            let reason = "the time was up, or too much failed; the rest is taken up when it is delivered again";
            failed.get_or_insert_with(|| PortError::new("taking up a disconnect request", reason));
            break;
        }
        let taken_up = Box::pin(run.request(conversation_id, &request)).await;
        // One that fails must not keep the others waiting.
        if let Err(error) = &taken_up {
            failed.get_or_insert_with(|| error.clone());
        }
        if let Some(Some(stored)) = run.noted(conversation_id, taken_up) {
            hand.take_case(stored);
        }
    }
    run.what_becomes_due(&mut hand).await;
    failed.map_or_else(|| Ok(run.counts.get()), Err)
}

/// Takes up `Breaker Reset Requested`.
///
/// # Errors
/// If the breaker could not be reset. Asking again is safe.
pub async fn reset_breaker<P: Ports>(
    ports: &P,
    event_id: &str,
    requested_by: &str,
    reason: &str,
) -> Result<(), PortError> {
    register::change(ports, Register::Breaker, |breaker: &mut Breaker| {
        breaker.reset(event_id);
    })
    .await?;
    tracing::warn!(requested_by, reason, "the breaker is reset");
    Ok(())
}

impl<P: Ports> Run<'_, P> {
    async fn request(&self, conversation_id: &str, request: &Request) -> Result<Option<StoredCase>, PortError> {
        let latest = self.ports.latest_case(conversation_id).await?;
        let known = latest.as_ref().and_then(|stored| stored.case.request.as_ref());
        if known.is_some_and(|known| known.event_id == request.event_id) {
            // Delivered again, or a run died on the way: the case goes on by itself.
            return match latest {
                Some(stored) => self.announced(stored).await,
                None => Ok(None),
            };
        }
        if request.force == Force::Live && request.force_at(self.ports.now()) != Force::Live {
            return self.refuse(conversation_id, request, &too_old(request)).await;
        }
        if self.policy.mode == Mode::Observe {
            return self
                .refuse(conversation_id, request, "the policy's mode is observe: nothing is disconnected")
                .await;
        }
        self.count(|counts| counts.looks += 1);
        let look = match self.ports.look(conversation_id).await {
            Ok(look) => look,
            // Our own shortage, or an outage, is no answer to whoever asked: it is delivered again.
            Err(error) if !error.only_this => return Err(error),
            Err(error) => {
                let reason = format!("it could not be looked at, so nothing is known of it: {error}");
                return self.refuse(conversation_id, request, &reason).await;
            }
        };
        let sighting = Sighting::of(self.policy, &look, request.force_at(look.asked_at));
        match &sighting.what {
            What::Over { why, .. } | What::On(_, Judgement::Alive { why, .. }) => {
                return self.refuse(conversation_id, request, why).await;
            }
            What::On(_, Judgement::Ghost { .. }) => {}
        }
        if request.force == Force::Live && refusals::was_refused(self.ports, conversation_id, request).await? {
            let reason = "it was refused before, and has only been delivered again: nothing is done";
            return self.refuse(conversation_id, request, reason).await;
        }
        let stored = match latest.filter(|stored| !sighting.is_of_another_case(&stored.case)) {
            None => {
                let case = life::open(self.policy, conversation_id, &sighting, Some(request.clone()));
                self.ports.create_case(case).await?
            }
            Some(stored) => match life::requested(self.policy, &stored.case, &sighting, request.clone()) {
                Ok(case) => self.ports.advance_case(stored.version, case).await?,
                Err(reason) => return self.refuse(conversation_id, request, &reason).await,
            },
        };
        // Another run has just written this case: delivered again, the request meets it as it is then.
        let lost = || PortError::new("taking up a disconnect request", "another run has it").only_this();
        self.announced(stored.ok_or_else(lost)?).await
    }

    async fn refuse<T>(&self, conversation_id: &str, request: &Request, reason: &str) -> Result<Option<T>, PortError> {
        refusals::refuse(self.ports, &[conversation_id.to_owned()], request, reason).await?;
        Ok(None)
    }
}

fn too_old(request: &Request) -> String {
    let asked = request.asked_at.map_or_else(
        || "nothing tells when it was asked for".to_owned(),
        |at| format!("it was asked for at {at}, and reached us too late"),
    );
    let minutes = LIVE_LASTS.as_secs() / 60;
    format!(
        "{asked}: whoever answers for somebody who may be there does so for {minutes} minutes. Ask again if it still holds"
    )
}
