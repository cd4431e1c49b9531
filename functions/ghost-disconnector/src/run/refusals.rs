//! Refusals, noted before they are told where somebody may be there.

use super::register;
use crate::announce;
use crate::case::{Force, Request};
use crate::ports::{PortError, Ports, Register};
use crate::refusals::LiveRefusals;

/// Refuses a disconnect request for all its conversations: there is no policy in force, say.
pub async fn refuse<P: Ports>(
    ports: &P,
    conversation_ids: &[String],
    request: &Request,
    reason: &str,
) -> Result<(), PortError> {
    note(ports, conversation_ids, request).await?;
    let Request { event_id, requested_by, force, .. } = request;
    let refusals = conversation_ids.iter().map(|id| announce::of_refusal(id, event_id, requested_by, *force, reason));
    ports.put_outcomes(refusals.collect()).await
}

/// Notes that a request is refused, if it would have gone past whoever is there.
pub(super) async fn note<P: Ports>(ports: &P, conversation_ids: &[String], request: &Request) -> Result<(), PortError> {
    if request.force != Force::Live {
        return Ok(());
    }
    let now = ports.now();
    register::change(ports, Register::LiveRefusals, |refusals: &mut LiveRefusals| {
        refusals.note(&request.event_id, conversation_ids, now);
    })
    .await
}

/// Whether this was refused before.
pub(super) async fn was_refused<P: Ports>(
    ports: &P,
    conversation_id: &str,
    request: &Request,
) -> Result<bool, PortError> {
    let (refusals, _) = register::read::<_, LiveRefusals>(ports, Register::LiveRefusals).await?;
    Ok(refusals.has(&request.event_id, conversation_id))
}
