//! `EventBridge`: buses, rules, and a record of the outcomes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::aws_front::ServiceError;
use crate::delivery::Delivery;
use crate::pattern::{Pattern, PatternError};
use crate::template::{ACCOUNT, REGION, Target, Template};

/// What the source of a partner's event begins with.
const PARTNER_SOURCE: &str = "aws.partner/";
/// The limits of one `PutEvents` request.
const MOST_ENTRIES: usize = 10;
const MOST_BYTES: usize = 256 * 1024;

/// An event that `EventBridge` would not take.
#[derive(Debug, thiserror::Error)]
#[error("event {index}: {reason}")]
pub struct EventError {
    /// Which one of those posted, from 0.
    pub index: usize,
    reason: &'static str,
}

struct Rule {
    bus: String,
    pattern: Pattern,
    targets: Vec<Target>,
}

/// All buses.
pub struct Buses {
    rules: Vec<Rule>,
    /// Buses that the deployment creates; the first is for outcomes and commands.
    own: Vec<String>,
    partner: String,
    delivery: Delivery,
    outcomes: Mutex<Vec<Json>>,
}

/// Whether a bus would take the event; if not, what it lacks.
pub(crate) fn check(event: &Json) -> Result<(), &'static str> {
    if !event["source"].is_string() {
        return Err("has no source");
    }
    if !event["detail-type"].is_string() {
        return Err("has no detail-type");
    }
    Ok(())
}

impl Buses {
    /// The buses and rules of a template; events of partners arrive on the bus named `partner`.
    ///
    /// # Errors
    /// [`PatternError`] for a rule whose pattern is not valid.
    pub fn new(template: &Template, partner: String, delivery: Delivery) -> Result<Self, PatternError> {
        let rules = template.rules.iter().map(|rule| {
            Ok(Rule { bus: rule.bus.clone(), pattern: Pattern::parse(&rule.pattern)?, targets: rule.targets.clone() })
        });
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
            own: template.buses.iter().map(|bus| bus.name.clone()).collect(),
            partner,
            delivery,
            outcomes: Mutex::default(),
        })
    }

    /// Takes events as they would come from a partner or an operator; all of them or none.
    /// Answers how many a rule matched.
    ///
    /// # Errors
    /// [`EventError`], for an event that has no `source` or no `detail-type`.
    pub fn post(&self, events: Vec<Json>) -> Result<usize, EventError> {
        for (index, event) in events.iter().enumerate() {
            check(event).map_err(|reason| EventError { index, reason })?;
        }
        let outcome_bus = self.own.first().map_or("default", String::as_str);
        let matched = events.into_iter().filter_map(|event| {
            let source = event["source"].as_str().unwrap_or_default();
            let bus = if source.starts_with(PARTNER_SOURCE) { &self.partner } else { outcome_bus };
            let bus = bus.to_owned();
            (self.put(&bus, complete(event)) > 0).then_some(())
        });
        Ok(matched.count())
    }

    /// Every event that was put on the bus for outcomes, oldest first.
    pub fn outcomes(&self) -> Vec<Json> {
        self.lock().clone()
    }

    /// Answers `PutEvents`.
    pub(crate) fn put_events(&self, body: &[u8]) -> Result<Json, ServiceError> {
        let request: PutEvents = serde_json::from_slice(body)
            .map_err(|error| ServiceError::new("SerializationException", error.to_string()))?;
        let bytes: usize = request.entries.iter().map(Entry::bytes).sum();
        if request.entries.is_empty() || request.entries.len() > MOST_ENTRIES {
            return Err(ServiceError::new("ValidationException", format!("There must be 1 to {MOST_ENTRIES} entries")));
        }
        if bytes > MOST_BYTES {
            return Err(ServiceError::new(
                "ValidationException",
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let entries: Vec<_> = request.entries.into_iter().map(|entry| self.put_entry(entry)).collect();
        let failed = entries.iter().filter(|entry| entry.get("ErrorCode").is_some()).count();
        Ok(json!({ "FailedEntryCount": failed, "Entries": entries }))
    }

    fn put_entry(&self, entry: Entry) -> Json {
        let (bus, event) = match entry.into_event() {
            Ok(event) => event,
            Err((code, message)) => return json!({ "ErrorCode": code, "ErrorMessage": message }),
        };
        let id = event["id"].clone();
        self.put(&bus, event);
        json!({ "EventId": id })
    }

    /// Puts an event on a bus; how many rules matched.
    fn put(&self, bus: &str, event: Json) -> usize {
        let rules = self.rules.iter().filter(|rule| rule.bus == bus);
        let matched: Vec<_> = rules.filter(|rule| rule.pattern.matches(&event)).collect();
        if matched.iter().any(|rule| !rule.targets.is_empty()) {
            let payload = event.to_string();
            for target in matched.iter().flat_map(|rule| &rule.targets) {
                self.delivery.send(target, payload.clone());
            }
        }
        if self.own.first().is_some_and(|outcomes| outcomes == bus) {
            self.lock().push(event);
        }
        matched.len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Json>> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds what `EventBridge` adds to every event.
fn complete(mut event: Json) -> Json {
    let defaults = [
        ("version", json!("0")),
        ("id", json!(Uuid::new_v4())),
        ("account", json!(ACCOUNT)),
        ("time", json!(now())),
        ("region", json!(REGION)),
        ("resources", json!([])),
    ];
    for (name, value) in defaults {
        if event.get(name).is_none() {
            event[name] = value;
        }
    }
    event
}

/// The present time as `EventBridge` writes it: in whole seconds.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    source: String,
    detail_type: String,
    detail: String,
    event_bus_name: Option<String>,
    resources: Vec<String>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.source.len() + self.detail_type.len() + self.detail.len()
    }

    /// The bus and the event; or the code and the message of the error.
    fn into_event(self) -> Result<(String, Json), (&'static str, &'static str)> {
        if self.source.is_empty() || self.detail_type.is_empty() || self.detail.is_empty() {
            return Err(("InvalidArgument", "Source, DetailType and Detail are required"));
        }
        if self.source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source."));
        }
        let detail: Json = serde_json::from_str(&self.detail).unwrap_or_default();
        if !detail.is_object() {
            return Err(("MalformedDetail", "Detail is malformed."));
        }
        let bus = self.event_bus_name.unwrap_or_else(|| "default".to_owned());
        let bus = bus.rsplit_once(":event-bus/").map_or(bus.as_str(), |(_, name)| name).to_owned();
        let event = json!({
            "source": self.source,
            "detail-type": self.detail_type,
            "resources": self.resources,
            "detail": detail,
        });
        Ok((bus, complete(event)))
    }
}

#[cfg(test)]
mod tests;
