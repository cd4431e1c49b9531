//! The log of requests.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde::Serialize;

use crate::state::lock;

/// The log keeps the latest requests only, so that a fake that stays up does not grow.
const KEPT: usize = 100_000;

/// A request that the API (not `/_fake/…`) got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its number, from 0, since the fake started.
    pub number: u64,
    /// When it came, in epoch milliseconds of the fake's clock.
    pub at_ms: i64,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The token that it was made with.
    pub token: Option<String>,
    /// The status of its answer; none while it is handled, and if its connection was dropped.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
struct Log {
    requests: VecDeque<Request>,
    next_number: u64,
}

/// The latest requests, in the order in which they came.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<Log>);

impl RequestLog {
    /// The requests, the oldest first.
    pub fn all(&self) -> Vec<Request> {
        lock(&self.0).requests.iter().cloned().collect()
    }

    /// Forgets all requests.
    pub fn clear(&self) {
        lock(&self.0).requests.clear();
    }

    pub(crate) fn came(&self, at_ms: i64, method: &str, path: &str, token: Option<&str>) -> u64 {
        let mut log = lock(&self.0);
        let number = log.next_number;
        log.next_number += 1;
        if log.requests.len() == KEPT {
            log.requests.pop_front();
        }
        log.requests.push_back(Request {
            number,
            at_ms,
            method: method.to_owned(),
            path: path.to_owned(),
            token: token.map(str::to_owned),
            status: None,
        });
        number
    }

    pub(crate) fn answered(&self, number: u64, status: u16) {
        let mut log = lock(&self.0);
        if let Some(request) = log.requests.iter_mut().rfind(|request| request.number == number) {
            request.status = Some(status);
        }
    }
}
