//! Root-cause hints: what in a ghost may tell how it came to be. Hints, not findings.

use std::collections::{BTreeMap, BTreeSet};

use ghost_policy::Conversation;
use ghost_policy::conversation::{Leg, Media};

/// Ended by these, a leg did not end as legs should (reference/genesys-cloud.md §1.4).
const SUSPICIOUS_ENDS: [&str; 5] = ["error", "transport.failure", "timeout", "system", "session.expired"];

/// Providers of Genesys Cloud itself begin so; any other email or message was routed from outside
/// (reference/genesys-cloud.md §6).
const NATIVE_PROVIDER: &str = "purecloud";

/// Everything that the conversation itself tells.
pub fn hints(conversation: &Conversation) -> Vec<String> {
    let mut hints = Vec::new();
    hints.extend(errors(conversation));
    hints.extend(ends(conversation));
    hints.extend(edge(conversation));
    hints.extend(web_rtc(conversation));
    hints.extend(merge(conversation));
    hints.extend(routed_from_outside(conversation));
    hints
}

/// How many others became ghosts at about the same time.
pub(crate) fn others_at_that_time(others: usize, of_its_provider: usize) -> Option<String> {
    (others > 0).then(|| {
        format!(
            "{others} other ghost(s) came to be at about the same time, {of_its_provider} of the same provider: a common \
             cause is likely"
        )
    })
}

fn errors(conversation: &Conversation) -> Vec<String> {
    let errors = conversation.legs().filter_map(|leg| {
        let error = leg.communication.error.as_ref()?;
        let code = error.code.as_deref().unwrap_or("without a code");
        let context = error.context_id.as_deref().map(|id| format!(", context id {id}")).unwrap_or_default();
        Some(format!("error {code} on the {} leg{context}", leg.participant.purpose.as_str()))
    });
    errors.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What disconnected the legs, counted.
fn ends(conversation: &Conversation) -> Vec<String> {
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for leg in conversation.legs() {
        if let Some(end) = leg.communication.disconnect_type.as_deref() {
            *ends.entry(end).or_default() += 1;
        }
    }
    let described = ends.iter().map(|(end, count)| {
        let suspicious = if SUSPICIOUS_ENDS.contains(end) { ", which no person did" } else { "" };
        format!("{count} leg(s) disconnected by {end}{suspicious}")
    });
    let codes: BTreeSet<_> = conversation.legs().flat_map(|leg| leg.communication.disconnect_codes.iter()).collect();
    described.chain(codes.into_iter().map(|code| format!("disconnect code {code}"))).collect()
}

fn edge(conversation: &Conversation) -> Option<String> {
    let by_edge = |leg: &Leg<'_>| {
        let code = leg.communication.error.as_ref().and_then(|error| error.code.as_deref());
        code.is_some_and(|code| code.contains("edge") || code.contains("session.inactive"))
    };
    let found = conversation.legs().any(|leg| by_edge(&leg));
    found.then(|| "the Edge had lost the session: look at the Edge's or the trunk's health at that time".to_owned())
}

fn web_rtc(conversation: &Conversation) -> Option<String> {
    let sign = conversation.legs().find_map(|leg| {
        let communication = leg.communication;
        if communication.disconnect_type.as_deref() == Some("transport.failure") {
            return Some("a leg ended by a transport failure (ICE)");
        }
        let provider = communication.provider.as_deref().unwrap_or_default();
        let web = provider.to_ascii_lowercase().contains("webrtc");
        match (web, communication.held && leg.is_open()) {
            (true, true) => Some("a WebRTC leg is still on hold: a persistent connection may have been lost"),
            (true, false) => Some("WebRTC was used: look at the agent's network and browser"),
            (false, _) => None,
        }
    });
    sign.map(str::to_owned)
}

fn merge(conversation: &Conversation) -> Option<String> {
    let consulted = conversation.participants.iter().any(|one| one.consult_participant_id.is_some());
    let merged = consulted || !conversation.consultations.is_empty();
    if merged {
        return Some("there was a consult or a conference: a leg may have been left behind by the merge".to_owned());
    }
    (!conversation.transfers.is_empty()).then(|| "it was transferred".to_owned())
}

fn routed_from_outside(conversation: &Conversation) -> Option<String> {
    let provider = conversation.legs().find_map(|leg| {
        let digital = leg.is(Media::Email) || leg.is(Media::Message);
        let provider = leg.communication.provider.as_deref()?;
        (digital && !provider.to_ascii_lowercase().starts_with(NATIVE_PROVIDER)).then_some(provider)
    })?;
    Some(format!(
        "it was routed from outside, by {provider}: the record there (a Salesforce Case, routing request or work item) may \
         still be open, and holds this conversation's id; the link lives in the agent's browser, which may have been closed"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::hints;
    use crate::testing::{half_torn_down, minute, read};

    fn digital(field: &str, provider: &str) -> Value {
        let leg =
            json!({ "id": "l", "state": "connected", "connectedTime": minute(0).to_string(), "provider": provider });
        json!({ "id": "c-1", "participants": [{ "id": "p", "purpose": "agent", field: [leg] }] })
    }

    #[test]
    fn errors_and_ends_are_told() {
        let hints = hints(&read(&half_torn_down(1))).join("\n");
        for part in ["error.ininedgecontrol.session.inactive", "2 leg(s) disconnected by error", "the Edge had lost"] {
            assert!(hints.contains(part), "{part} is not in {hints}");
        }
    }

    #[test]
    fn what_was_routed_from_outside_may_still_be_open_there() {
        let outside = |field, provider| {
            let hints = hints(&read(&digital(field, provider)));
            hints.iter().any(|hint| hint.contains("Salesforce Case") && hint.contains(provider))
        };
        assert!(outside("emails", "Salesforce") && outside("messages", "Open"));
        assert!(!outside("emails", "PureCloud Email") && !outside("calls", "Salesforce"));
    }
}
