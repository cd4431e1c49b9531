//! A batch of events, sorted by whom they are about, with who brought what: an event is acknowledged once all that it says is
//! stored, and no other event suffers when that fails.

use std::collections::{BTreeMap, BTreeSet};

use genesys_cloud::detail_event::{Detail, Topic};
use lambda_kit::dead_letters::DeadLetter;
use lambda_kit::deliveries::{Index, Sorted};
use lambda_kit::events::{Delivery, EventBridgeEvent, SourcePrefix};
use tracing::info;

use crate::facts::AgentFacts;
use crate::intake::{Intake, intake, is_used};
use crate::references::ConversationNews;
use crate::timeline::Rules;

/// What a batch says.
#[derive(Debug, Default)]
pub struct Batch {
    /// Facts by agent.
    pub agents: BTreeMap<String, Brought<AgentFacts>>,
    /// News by conversation.
    pub conversations: BTreeMap<String, Brought<ConversationNews>>,
    /// What should have been understood and was not.
    pub malformed: Vec<(Index, DeadLetter)>,
    /// When the oldest event of use happened, in epoch milliseconds.
    pub oldest_event_ms: Option<i64>,
}

/// Something, and the deliveries that brought it.
#[derive(Debug, Default)]
pub struct Brought<T> {
    /// What they brought.
    pub what: T,
    /// Which.
    pub deliveries: BTreeSet<Index>,
}

impl Batch {
    /// Understands what was delivered.
    pub fn of(deliveries: &[Delivery], source_prefix: &SourcePrefix, rules: &Rules, now: i64) -> Self {
        let sorted = Sorted::of(deliveries, source_prefix, |event| understand(event, rules, now));
        let mut batch = Self { malformed: sorted.malformed, ..Self::default() };
        for (index, Understood { intake, event_time_ms }) in sorted.understood {
            if intake != Intake::Unused {
                let oldest = batch.oldest_event_ms.unwrap_or(event_time_ms);
                batch.oldest_event_ms = Some(oldest.min(event_time_ms));
            }
            batch.add(index, intake);
        }
        batch
    }

    /// Adds facts that follow from what deliveries brought.
    pub fn tell(&mut self, agent: String, facts: &AgentFacts, deliveries: &BTreeSet<Index>) {
        let entry = self.agents.entry(agent).or_default();
        entry.what.join(facts);
        entry.deliveries.extend(deliveries);
    }

    fn add(&mut self, index: Index, intake: Intake) {
        match intake {
            Intake::Agent { agent, facts, worked_on } => {
                if let Some(worked_on) = worked_on {
                    let entry = self.conversations.entry(worked_on.conversation.clone()).or_default();
                    entry.what.add_work(&worked_on);
                    entry.deliveries.insert(index);
                }
                self.tell(agent, &facts, &BTreeSet::from([index]));
            }
            Intake::Case(news) => {
                for case in news {
                    let entry = self.conversations.entry(case.conversation.clone()).or_default();
                    entry.what.add_case(&case);
                    entry.deliveries.insert(index);
                }
            }
            Intake::Unused => {}
        }
    }
}

/// What an event says, and when what it tells happened.
struct Understood {
    intake: Intake,
    event_time_ms: i64,
}

/// What an event says; `None` if it is of a topic that this function does not use.
fn understand(event: &EventBridgeEvent, rules: &Rules, now: i64) -> Result<Option<Understood>, String> {
    let topic = Topic::from_detail_type(&event.detail_type).filter(|topic| is_used(*topic, rules));
    let Some(topic) = topic else { return Ok(None) };
    let detail = Detail::parse(topic, event.detail.get()).map_err(|error| error.to_string())?;
    let intake = intake(&detail.event, rules).map_err(|error| error.to_string())?;
    log(event, &detail, topic, &intake, now);
    Ok(Some(Understood { intake, event_time_ms: detail.event.context().event_time_ms }))
}

fn log(event: &EventBridgeEvent, detail: &Detail, topic: Topic, intake: &Intake, now: i64) {
    let context = detail.event.context();
    let used = *intake != Intake::Unused;
    metrics::counter!(if used { "EventsUsed" } else { "EventsUnused" }).increment(1);
    info!(
        conversationId = context.conversation_id,
        correlationId = detail.correlation_id,
        eventId = event.id,
        %topic,
        used,
        lateMs = now - context.event_time_ms,
        "event"
    );
}

#[cfg(test)]
mod tests {
    use lambda_kit::events::{Invocation, decode};
    use lambda_kit::settings::Environment;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::tests_rules;

    fn oldest(events: &[&str]) -> Option<i64> {
        let records: Vec<Value> = events.iter().map(|event| json!({ "messageId": "m", "body": event })).collect();
        let payload = RawValue::from_string(json!({ "Records": records }).to_string()).unwrap();
        let Invocation::Events(deliveries) = decode(&payload) else { panic!("it is a batch") };
        let prefix = SourcePrefix::from_environment(&Environment::from_pairs([("", "")]));
        Batch::of(&deliveries, &prefix, &tests_rules(), 0).oldest_event_ms
    }

    #[test]
    fn the_oldest_event_is_the_oldest_of_those_that_are_used() {
        let email = include_str!("../../shared/genesys-cloud/fixtures/user-start.json");
        let later = email.replace("1765552213791", "1765552300000");
        let unused = include_str!("../../shared/genesys-cloud/fixtures/wrapup.json");
        assert_eq!(oldest(&[&later, email, unused]), Some(1_765_552_213_791));
        assert_eq!(oldest(&[&later]), Some(1_765_552_300_000));
        assert_eq!(oldest(&[unused]), None);
    }
}
