//! `POST /api/v2/analytics/conversations/activity/query`, by conversation.

use serde::Deserialize;
use serde_json::{Value, json};

use super::candidate::Candidate;
use super::filter::Filter;
use crate::error_body::ErrorBody;

pub(super) struct Query(Body);

#[derive(Debug, Deserialize)]
struct Body {
    metrics: Vec<Metric>,
    filter: Filter,
}

#[derive(Debug, Deserialize)]
struct Metric {
    metric: String,
    #[serde(default)]
    details: bool,
}

impl Query {
    pub(super) fn read(query: &Value) -> Result<Self, ErrorBody> {
        let body = Body::deserialize(query).map_err(|error| ErrorBody::bad_request(&error.to_string()))?;
        body.filter.check(&["conversationId", "mediaType", "queueId", "userId", "sessionId"])?;
        let known = ["oWaiting", "oInteracting", "oAlerting"];
        match body.metrics.iter().find(|metric| !known.contains(&metric.metric.as_str())) {
            Some(metric) => Err(ErrorBody::bad_request(&format!("Invalid metric: {}", metric.metric))),
            None => Ok(Self(body)),
        }
    }

    /// The conversations that are asked for by name.
    pub(super) fn conversation_ids(&self) -> Vec<&str> {
        self.0.filter.asked("conversationId")
    }

    pub(super) fn answer(&self, candidates: &[Candidate<'_>]) -> Value {
        let named =
            candidates.iter().filter(|one| self.0.filter.may_hold("conversationId", one.text("conversationId")));
        let counted = named.filter_map(Candidate::row).flat_map(|row| observations(&row));
        let counted =
            counted.filter(|observation| self.0.filter.holds(|name| observation.get(name).into_iter().collect()));
        let counted: Vec<Value> = counted.collect();
        let of = |metric: &Metric| counted.iter().filter(|one| one["metric"] == metric.metric.as_str()).count();
        let data: Vec<Value> =
            self.0.metrics.iter().map(|one| json!({ "metric": one.metric, "count": of(one) })).collect();
        let detailed = |observation: &&Value| {
            self.0.metrics.iter().any(|metric| metric.details && observation["metric"] == metric.metric.as_str())
        };
        let entities: Vec<&Value> = counted.iter().filter(detailed).collect();
        json!({ "results": [{ "group": {}, "data": data, "truncated": false, "entities": entities }] })
    }
}

/// What the real-time views count of a conversation: sessions with a segment that has no end.
fn observations(row: &Value) -> Vec<Value> {
    let children = |parent: &Value, name: &str| parent[name].as_array().cloned().unwrap_or_default();
    let mut observations = Vec::new();
    for participant in children(row, "participants") {
        for session in children(&participant, "sessions") {
            let open = children(&session, "segments").into_iter().find(|segment| segment["segmentEnd"].is_null());
            let Some(segment) = open else { continue };
            let Some(metric) = metric(&participant, &segment) else { continue };
            observations.push(json!({
                "metric": metric,
                "activityDate": segment["segmentStart"],
                "conversationId": row["conversationId"],
                "sessionId": session["sessionId"],
                "mediaType": session["mediaType"],
                "userId": participant["userId"],
                "queueId": segment["queueId"],
            }));
        }
    }
    observations
}

fn metric(participant: &Value, segment: &Value) -> Option<&'static str> {
    match (participant["purpose"].as_str()?, segment["segmentType"].as_str()?) {
        (_, "wrapup" | "scheduled") => None,
        ("acd", _) => Some("oWaiting"),
        ("agent" | "user", "alert") => Some("oAlerting"),
        ("agent" | "user", _) => Some("oInteracting"),
        _ => None,
    }
}
