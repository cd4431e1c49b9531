//! A batch of deliveries: what of it is used, what goes to the dead-letter queue, and which deliveries are to be made again.
//!
//! Whoever works on a batch keeps the index of the delivery beside what it brought: an event is acknowledged once all that
//! it says is stored, and no other event suffers when that fails (DESIGN §4.1).

use std::collections::BTreeSet;

use serde_json::Value;
use thiserror::Error;
use tracing::warn;

use crate::dead_letters::{DeadLetter, DeadLetters};
use crate::events::{Delivery, EventBridgeEvent, SourcePrefix, batch_response};

/// The place of a delivery in its batch.
pub type Index = usize;

/// A batch, sorted.
#[derive(Debug)]
pub struct Sorted<T> {
    /// What was understood, in the order of delivery.
    pub understood: Vec<(Index, T)>,
    /// What should have been understood and was not.
    pub malformed: Vec<(Index, DeadLetter)>,
}

impl<T> Sorted<T> {
    /// Has each delivered event of the senders that count understood. `understand` gives `None` for an event of a kind that
    /// the function does not use, and in one line, without quoting it, why one that it does use can't be understood.
    pub fn of(
        deliveries: &[Delivery],
        senders: &SourcePrefix,
        understand: impl Fn(&EventBridgeEvent) -> Result<Option<T>, String>,
    ) -> Self {
        let mut sorted = Self { understood: Vec::new(), malformed: Vec::new() };
        for (index, delivery) in deliveries.iter().enumerate() {
            let understood = match &delivery.event {
                Ok(event) if senders.matches(&event.source) => understand(event),
                Ok(_) => Ok(None),
                Err(error) => Err(error.to_string()),
            };
            match understood {
                Ok(Some(what)) => sorted.understood.push((index, what)),
                Ok(None) => metrics::counter!("EventsDropped").increment(1),
                Err(reason) => {
                    metrics::counter!("EventsMalformed").increment(1);
                    warn!(messageId = delivery.message_id, reason, "malformed event goes to the dead-letter queue");
                    sorted.malformed.push((index, DeadLetter { reason, original: delivery.original.clone() }));
                }
            }
        }
        sorted
    }
}

/// Puts what was not understood on the dead-letter queue. Gives those deliveries that are not there.
pub async fn bury(dead_letters: &DeadLetters, malformed: Vec<(Index, DeadLetter)>) -> BTreeSet<Index> {
    if malformed.is_empty() {
        return BTreeSet::new();
    }
    let (indices, letters): (Vec<_>, Vec<_>) = malformed.into_iter().unzip();
    let mut failed = BTreeSet::new();
    for (index, result) in indices.into_iter().zip(dead_letters.put(&letters).await) {
        if let Err(error) = result {
            warn!(%error, "malformed event not on the dead-letter queue; it will be delivered again");
            failed.insert(index);
        }
    }
    failed
}

/// A single event, which no queue would deliver again, could not be stored: the invocation has to be made again.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the event could not be stored")]
pub struct NotStored;

/// The answer to a batch of which these deliveries have to be made again.
pub fn answer(deliveries: &[Delivery], failed: &BTreeSet<Index>) -> Result<Value, NotStored> {
    let message_ids = failed.iter().map(|index| deliveries[*index].message_id.clone().ok_or(NotStored));
    Ok(batch_response(&message_ids.collect::<Result<Vec<_>, _>>()?))
}

#[cfg(test)]
mod tests {
    use serde_json::{json, value};

    use super::*;
    use crate::events::{Invocation, decode};
    use crate::settings::Environment;

    fn deliveries(bodies: &[Value]) -> Vec<Delivery> {
        let record =
            |(number, body): (usize, &Value)| json!({ "messageId": format!("m-{number}"), "body": body.to_string() });
        let records: Vec<_> = bodies.iter().enumerate().map(record).collect();
        match decode(&value::to_raw_value(&json!({ "Records": records })).unwrap()) {
            Invocation::Events(deliveries) => deliveries,
            Invocation::Tick => panic!("a tick"),
        }
    }

    fn event(source: &str, detail_type: &str) -> Value {
        json!({ "source": source, "detail-type": detail_type, "detail": {} })
    }

    #[test]
    fn a_batch_is_sorted_and_each_delivery_keeps_its_place() {
        let genesys = "aws.partner/genesys.com/cloud/o/s";
        let batch =
            [event("other", "used"), event(genesys, "used"), json!([]), event(genesys, "wrong"), event(genesys, "?")];
        let deliveries = deliveries(&batch);
        let senders = SourcePrefix::from_environment(&Environment::from_pairs([("", "")]));
        let sorted = Sorted::of(&deliveries, &senders, |event| match event.detail_type.as_str() {
            "used" => Ok(Some("fact")),
            "wrong" => Err("it is wrong".to_owned()),
            _ => Ok(None),
        });
        assert_eq!(sorted.understood, [(1, "fact")]);
        let places: Vec<_> = sorted.malformed.iter().map(|(index, _)| *index).collect();
        assert_eq!(places, [2, 3]);
        assert_eq!(sorted.malformed[1].1.reason, "it is wrong");
        assert_eq!(sorted.malformed[1].1.original, batch[3].to_string());
    }

    #[test]
    fn what_failed_is_asked_for_again_and_an_event_that_came_alone_fails_the_invocation() {
        let mut deliveries = deliveries(&[event("s", "t"), event("s", "t")]);
        assert_eq!(answer(&deliveries, &BTreeSet::from([1])), Ok(batch_response(&["m-1".to_owned()])));
        assert_eq!(answer(&deliveries, &BTreeSet::new()), Ok(batch_response(&[])));
        deliveries[1].message_id = None;
        assert_eq!(answer(&deliveries, &BTreeSet::from([0, 1])), Err(NotStored));
    }
}
