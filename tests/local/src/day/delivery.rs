//! How events arrive: within half a second, but some late and some twice. Genesys Cloud promises neither order nor
//! single delivery (`reference/genesys-cloud.md` §1.2).

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::envelope::{Fact, envelope};
use super::{DayEvent, DayOptions, identity};

/// From the event to its publication, in milliseconds, as measured (`reference/genesys-cloud.md` §1.1).
const PUBLICATION_MS: std::ops::RangeInclusive<i64> = 262..=378;
/// From publication to arrival, in milliseconds.
const TRANSPORT_MS: std::ops::RangeInclusive<i64> = 40..=220;
/// How late a late event is, in milliseconds: half a minute to an hour and a half.
const LATE_MS: std::ops::RangeInclusive<i64> = 30_000..=5_400_000;
/// How long after the first the second arrives, in milliseconds: up to twenty minutes.
const DUPLICATE_MS: std::ops::RangeInclusive<i64> = 500..=1_200_000;
/// Sets the chances of delivery apart from those of the plan: the same day can be had punctual and late.
const STREAM: u64 = 0xDE11_7E21;

/// The events of these facts in the order of their arrival, none before `recording_start_ms`.
pub(super) fn deliver(facts: Vec<Fact>, options: &DayOptions, recording_start_ms: i64) -> Vec<DayEvent> {
    let mut random = StdRng::seed_from_u64(options.seed ^ STREAM);
    let mut events = Vec::with_capacity(facts.len());
    for fact in facts {
        let published_ms = fact.time_ms + random.random_range(PUBLICATION_MS);
        let correlation_id = identity::uuid(&mut random);
        let mut at_ms = (published_ms + random.random_range(TRANSPORT_MS)).max(recording_start_ms);
        if random.random_bool(options.late_share) {
            at_ms += random.random_range(LATE_MS);
        }
        let event_id = identity::uuid(&mut random);
        events.push(DayEvent { at_ms, envelope: envelope(&fact, &event_id, &correlation_id, published_ms) });
        if random.random_bool(options.duplicate_share) {
            // Sent again, an event has another id of AWS.
            let event_id = identity::uuid(&mut random);
            let at_ms = at_ms + random.random_range(DUPLICATE_MS);
            events.push(DayEvent { at_ms, envelope: envelope(&fact, &event_id, &correlation_id, published_ms) });
        }
    }
    // Stable: what arrives in the same millisecond stays in the order in which it happened.
    events.sort_by_key(|event| event.at_ms);
    events
}
