//! Refusals of requests that would have gone past whoever is there. What was told stays: should such a request be delivered again,
//! it is refused again, though a look might succeed by then. Pure, and kept by all runs in one place.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::life::{self, LIVE_LASTS};

/// What was told, by the id of the event that asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LiveRefusals(BTreeMap<String, Told>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    at: Timestamp,
    conversation_ids: BTreeSet<String>,
}

impl LiveRefusals {
    /// Whether this was refused.
    pub fn has(&self, event_id: &str, conversation_id: &str) -> bool {
        self.0.get(event_id).is_some_and(|told| told.conversation_ids.contains(conversation_id))
    }

    /// Notes that these are refused now. Forgets what is so old that it would be refused for its age; twice that, for no two clocks
    /// agree.
    pub fn note(&mut self, event_id: &str, conversation_ids: &[String], now: Timestamp) {
        self.0.retain(|_, told| now < life::after(told.at, LIVE_LASTS * 2));
        let told = self.0.entry(event_id.to_owned()).or_insert(Told { at: now, conversation_ids: BTreeSet::new() });
        told.at = now;
        told.conversation_ids.extend(conversation_ids.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::LiveRefusals;
    use crate::testing::minute;

    #[test]
    fn what_was_refused_is_known_until_it_would_be_refused_for_its_age() {
        let mut refusals = LiveRefusals::default();
        refusals.note("e-1", &["a".to_owned()], minute(0));
        refusals.note("e-1", &["b".to_owned()], minute(1));
        assert!(refusals.has("e-1", "a") && refusals.has("e-1", "b"));
        assert!(!refusals.has("e-2", "a") && !refusals.has("e-1", "c"));
        refusals.note("e-2", &[], minute(16));
        assert!(refusals.has("e-1", "a"));
        refusals.note("e-2", &[], minute(31));
        assert!(!refusals.has("e-1", "a"), "it does not grow for ever");
    }
}
