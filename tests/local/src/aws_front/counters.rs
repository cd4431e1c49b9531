//! How much of AWS the functions use.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use serde_json::{Map, Value as Json, json};

/// The use of one operation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OperationStats {
    /// Requests, refused ones included.
    pub requests: u64,
    /// Bytes of the requests' bodies (`DynamoDB` only).
    pub request_bytes: u64,
    /// Bytes of the answers' bodies (`DynamoDB` only).
    pub response_bytes: u64,
    /// Consumed capacity units (`DynamoDB` only): 4 KB of a strongly consistent read, 1 KB of a write.
    pub capacity_units: f64,
}

/// The use of every operation, by `X-Amz-Target`.
pub type AwsStats = BTreeMap<String, OperationStats>;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    operations: Mutex<AwsStats>,
}

impl Counters {
    pub(crate) fn count(&self, target: &str) {
        self.with(target, |stats| stats.requests += 1);
    }

    pub(crate) fn count_dynamodb(&self, operation: &str, sent: usize, answer: &[u8]) {
        self.with(&format!("{}.{operation}", super::DYNAMODB), |stats| {
            stats.request_bytes += sent as u64;
            stats.response_bytes += answer.len() as u64;
            stats.capacity_units += capacity_units(answer);
        });
    }

    pub(crate) fn stats(&self) -> AwsStats {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn with(&self, target: &str, change: impl FnOnce(&mut OperationStats)) {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        change(operations.entry(target.to_owned()).or_default());
    }
}

/// The request, asking for the capacity that it consumes.
pub(super) fn with_capacity(body: Bytes) -> Bytes {
    let Ok(mut request) = serde_json::from_slice::<Map<String, Json>>(&body) else {
        return body;
    };
    request.entry("ReturnConsumedCapacity").or_insert_with(|| json!("TOTAL"));
    serde_json::to_vec(&request).map_or(body, Bytes::from)
}

fn capacity_units(answer: &[u8]) -> f64 {
    let consumed = |capacity: &Json| capacity["CapacityUnits"].as_f64().unwrap_or_default();
    let answer: Json = serde_json::from_slice(answer).unwrap_or_default();
    match &answer["ConsumedCapacity"] {
        Json::Array(tables) => tables.iter().map(consumed).sum(),
        table => consumed(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_asked_for_and_counted() {
        let asked = with_capacity(Bytes::from_static(br#"{"TableName":"t"}"#));
        let asked: Json = serde_json::from_slice(&asked).expect("JSON");
        assert_eq!(asked["ReturnConsumedCapacity"], "TOTAL");

        let counters = Counters::default();
        let target = "DynamoDB_20120810.Query";
        counters.count(target);
        counters.count_dynamodb("Query", 10, br#"{"ConsumedCapacity":{"CapacityUnits":1.5}}"#);
        counters.count_dynamodb("Query", 10, br#"{"ConsumedCapacity":[{"CapacityUnits":2.0}]}"#);
        let stats = &counters.stats()[target];
        assert_eq!((stats.requests, stats.request_bytes), (1, 20));
        assert!((stats.capacity_units - 3.5).abs() < f64::EPSILON);
    }
}
