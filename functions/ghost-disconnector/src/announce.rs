//! What the company is told (DESIGN §4.5): outcomes with ids that repeat if they do.

use lambda_kit::outcomes::Outcome;
use serde_json::{Map, Value, json};

use crate::breaker::Trip;
use crate::case::{Case, Force, Move, Request, State};

/// The outcomes of all moves that the world does not know of.
pub fn of_case(case: &Case) -> Vec<Outcome> {
    let unannounced = case.moves.iter().filter(|one| one.unannounced);
    unannounced.flat_map(|one| [of_move(case, one), refusal_of_move(case, one)]).flatten().collect()
}

/// The request that moves which the world does not know of refuse, if it would have gone past whoever is there.
pub fn live_refusal(case: &Case) -> Option<&Request> {
    let refuses = case.moves.iter().any(|one| one.unannounced && refuses(one));
    case.request.as_ref().filter(|request| refuses && request.force == Force::Live)
}

/// That the breaker tripped.
pub fn of_trip(trip: &Trip) -> Outcome {
    let detail = json!({
        "conversationId": trip.conversation_id,
        "trippedAt": trip.at,
        "requests": trip.requests,
        "per": trip.per,
        "byMedia": trip.by_media,
        "byQueue": trip.by_queue,
        "byProvider": trip.by_provider,
        "reason": format!(
            "{} disconnect requests within {}: too many ghosts at once point to a common cause. Nothing more is disconnected \
             until the breaker is reset.",
            trip.requests, trip.per,
        ),
    });
    outcome("Systemic Ghosting Suspected", format!("systemic-ghosting_{}", trip.at), detail)
}

/// That so many have ended and are still listed that they are not told of one by one any more.
pub fn of_many_out_of_step(trip: &Trip) -> Outcome {
    let detail = json!({
        "conversationId": trip.conversation_id,
        "trippedAt": trip.at,
        "conversations": trip.requests,
        "per": trip.per,
        "byMedia": trip.by_media,
        "byQueue": trip.by_queue,
        "byProvider": trip.by_provider,
        "reason": format!(
            "{} conversations within {} have ended long ago, and analytics still lists them without an end: too many at once point \
             to a common cause. Nothing of them is disconnected, and the others are not told of one by one.",
            trip.requests, trip.per,
        ),
    });
    outcome("Systemic Ghosting Suspected", format!("systemic-ghosting_out-of-step_{}", trip.at), detail)
}

/// That a manual disconnect is refused.
pub fn of_refusal(conversation_id: &str, event_id: &str, requested_by: &str, force: Force, reason: &str) -> Outcome {
    let detail = json!({
        "conversationId": conversation_id,
        "requestedBy": requested_by,
        "force": force,
        "reason": reason,
    });
    outcome("Disconnect Interaction Refused", format!("{event_id}_{conversation_id}_refused"), detail)
}

fn of_move(case: &Case, one: &Move) -> Option<Outcome> {
    let detail_type = match one.to {
        State::Suspected => "Ghost Interaction Suspected",
        State::Observed => "Ghost Interaction Observed",
        State::Resolved => "Ghost Interaction Disconnected",
        State::Escalated => "Ghost Interaction Escalated",
        State::Dismissed => "Ghost Interaction Dismissed",
        State::Confirmed | State::Disconnecting => return None,
    };
    let mut detail = json!({
        "conversationId": case.conversation_id,
        "caseId": case.case_id,
        "state": one.to,
        "at": one.at,
        "reason": one.reason,
        "evidence": one.evidence,
        "subject": case.subject,
        "attempts": case.attempts,
        "hints": case.hints,
    });
    if let Some(finding) = &case.finding {
        detail["rule"] = json!(finding.rule);
        detail["test"] = json!(finding.test);
        detail["since"] = json!(finding.since);
    }
    if let Some(request) = &case.request {
        detail["request"] = json!(request);
    }
    if let Some(text) = case.support_case.as_ref().filter(|_| one.to == State::Escalated) {
        detail["supportCase"] = json!(text);
    }
    Some(outcome(detail_type, format!("{}_{}_{}", case.case_id, one.number, one.to.as_str()), detail))
}

/// Whoever asked for a disconnect is told that it does not come.
fn refusal_of_move(case: &Case, one: &Move) -> Option<Outcome> {
    let request = case.request.as_ref().filter(|_| refuses(one))?;
    Some(of_refusal(&case.conversation_id, &request.event_id, &request.requested_by, request.force, &one.reason))
}

const fn refuses(one: &Move) -> bool {
    matches!(one.to, State::Dismissed | State::Observed)
}

fn outcome(detail_type: &'static str, id: String, detail: Value) -> Outcome {
    let detail = match detail {
        Value::Object(detail) => detail,
        _ => Map::new(),
    };
    Outcome { detail_type, id, detail }
}
