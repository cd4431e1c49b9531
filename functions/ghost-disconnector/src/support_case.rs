//! What Genesys Customer Care asks for, ready to be pasted into a support case.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::case::{Case, LegEvidence};
use crate::sighting::{Sighting, What};

/// The text of a support case for a conversation that disconnecting does not end.
pub fn text(case: &Case, sighting: &Sighting) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, case, sighting);
    text
}

fn write(text: &mut String, case: &Case, sighting: &Sighting) -> std::fmt::Result {
    writeln!(text, "Subject: conversation {} cannot be disconnected", case.conversation_id)?;
    writeln!(text)?;
    writeln!(text, "Conversation id: {}", case.conversation_id)?;
    let subject =
        [("Media", &case.subject.media), ("Queue", &case.subject.queue_id), ("Provider", &case.subject.provider)];
    for (what, value) in subject {
        if let Some(value) = value {
            writeln!(text, "{what}: {value}")?;
        }
    }
    if let Some(opened) = case.newest_leg_opened {
        writeln!(text, "Newest leg opened: {opened}")?;
    }
    if let Some(finding) = &case.finding {
        writeln!(text, "Nobody on it since: {}", finding.since)?;
        writeln!(text, "Why it is stuck: {}", finding.reason)?;
    }
    writeln!(text, "\nPOST /api/v2/conversations/{}/disconnect:", case.conversation_id)?;
    for attempt in &case.attempts {
        let words = attempt.words.as_deref().unwrap_or("no answer was noted");
        writeln!(text, "{}. {}: {words}{}", attempt.number, attempt.at, correlated(attempt.correlation_id.as_deref()))?;
    }
    writeln!(text, "\nStill there at {}{}:", sighting.asked_at, correlated(sighting.correlation_id.as_deref()))?;
    if let What::On(facts, _) = &sighting.what {
        for leg in &facts.legs {
            write_leg(text, leg)?;
        }
    }
    writeln!(text, "\nWhat may have caused it:")?;
    for hint in &case.hints {
        writeln!(text, "- {hint}")?;
    }
    if case.hints.is_empty() {
        writeln!(text, "- nothing in the conversation tells")?;
    }
    let looks = case.moves.iter().filter_map(|one| one.correlation_id.as_deref());
    let ids: BTreeSet<_> = looks.chain(case.attempts.iter().filter_map(|one| one.correlation_id.as_deref())).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    writeln!(text, "\nCorrelation ids: {}", if ids.is_empty() { "none".to_owned() } else { ids.join(", ") })
}

fn write_leg(text: &mut String, leg: &LegEvidence) -> std::fmt::Result {
    write!(text, "- {} {} {}: {}", leg.purpose, leg.media, leg.communication_id, leg.state)?;
    for (what, at) in [("opened", leg.opened), ("closed", leg.closed)] {
        if let Some(at) = at {
            write!(text, ", {what} {at}")?;
        }
    }
    for (what, value) in [("by", &leg.disconnect_type), ("error", &leg.error_code), ("provider", &leg.provider)] {
        if let Some(value) = value {
            write!(text, ", {what} {value}")?;
        }
    }
    writeln!(text)
}

fn correlated(id: Option<&str>) -> String {
    id.map(|id| format!(" (correlation id {id})")).unwrap_or_default()
}
