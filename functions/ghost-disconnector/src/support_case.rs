//! What Genesys Customer Care asks for, ready to be pasted into a support case.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::case::{Case, LegEvidence};
use crate::sighting::{Sighting, What};

/// What is wrong with a conversation, as far as the platform is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint {
    /// Disconnecting does not end it, or cannot be brought to.
    CannotBeDisconnected,
    /// It cannot be looked at.
    CannotBeRead,
    /// It has ended, but analytics goes on counting it.
    StillCounted,
}

impl Complaint {
    const fn in_words(self) -> &'static str {
        match self {
            Self::CannotBeDisconnected => "cannot be disconnected",
            Self::CannotBeRead => "cannot be read",
            Self::StillCounted => "has ended, and analytics still counts it",
        }
    }
}

/// The text of a support case for a conversation, by the last look at it if there was one.
pub fn text(case: &Case, complaint: Complaint, sighting: Option<&Sighting>) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, case, complaint, sighting);
    text
}

fn write(text: &mut String, case: &Case, complaint: Complaint, sighting: Option<&Sighting>) -> std::fmt::Result {
    writeln!(text, "Subject: conversation {} {}", case.conversation_id, complaint.in_words())?;
    writeln!(text)?;
    writeln!(text, "Conversation id: {}", case.conversation_id)?;
    if let Some(last) = case.moves.last() {
        writeln!(text, "What happened: {}", last.reason)?;
    }
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
    if !case.attempts.is_empty() {
        writeln!(text, "\nPOST /api/v2/conversations/{}/disconnect:", case.conversation_id)?;
    }
    for attempt in &case.attempts {
        let words = attempt.words.as_deref().unwrap_or("no answer was noted");
        writeln!(text, "{}. {}: {words}{}", attempt.number, attempt.at, correlated(attempt.correlation_id.as_deref()))?;
    }
    if let Some(sighting) = sighting {
        write_look(text, sighting)?;
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

fn write_look(text: &mut String, sighting: &Sighting) -> std::fmt::Result {
    let correlated = correlated(sighting.correlation_id.as_deref());
    match &sighting.what {
        What::On(..) => writeln!(text, "\nStill there at {}{correlated}:", sighting.asked_at)?,
        What::Over { why, .. } => writeln!(text, "\nAt {}{correlated}: {why}", sighting.asked_at)?,
    }
    sighting.what.legs().iter().try_for_each(|leg| write_leg(text, leg))
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
