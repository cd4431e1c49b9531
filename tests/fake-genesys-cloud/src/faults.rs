//! What goes wrong next: a plan of faults, each for the next few requests that match it.
//!
//! Knows nothing of the platform: any fake server can ask [`FaultPlan::next`] before it answers.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::lock;

/// Something that happens to the next requests that match. As JSON:
/// `{"method": "POST", "path": "/oauth/token", "times": 2, "effect": {"answer": {"status": 503}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The method, in capitals; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What the path begins with; any path if absent.
    #[serde(default = "any_path")]
    pub path: String,
    /// How many requests it happens to: one if absent.
    #[serde(default = "once")]
    pub times: u32,
    /// How long the request waits first, in milliseconds: not at all if absent.
    #[serde(default)]
    pub delay_ms: u64,
    /// What happens then: nothing more if absent.
    #[serde(default)]
    pub effect: Effect,
}

fn any_path() -> String {
    "/".to_owned()
}

fn once() -> u32 {
    1
}

/// What a fault does to a request, after its delay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// It is handled as ever.
    #[default]
    Proceed,
    /// It is not handled, and answered so.
    Answer(Answer),
    /// It is not handled, and its connection ends without an answer.
    Drop,
    /// It is handled, but its connection ends without the answer: done, though the client cannot know.
    DropAfterwards,
}

/// An answer given in place of the right one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// The HTTP status; 500 for one that HTTP does not have.
    pub status: u16,
    /// Headers to add.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: a string goes as it is, anything else as JSON. Empty if absent.
    #[serde(default)]
    pub body: Value,
}

impl Fault {
    /// Answers the next request with this status and an empty body.
    pub fn answer(method: &str, path: &str, status: u16) -> Self {
        let answer = Answer { status, headers: BTreeMap::new(), body: Value::Null };
        Self::with(method, path, Effect::Answer(answer))
    }

    /// Delays the next request, which is then handled as ever.
    pub fn delay(method: &str, path: &str, delay_ms: u64) -> Self {
        Self { delay_ms, ..Self::with(method, path, Effect::Proceed) }
    }

    /// Ends the connection of the next request, which is not handled.
    pub fn drop_connection(method: &str, path: &str) -> Self {
        Self::with(method, path, Effect::Drop)
    }

    /// Does this to the next request.
    pub fn with(method: &str, path: &str, effect: Effect) -> Self {
        Self { method: Some(method.to_owned()), path: path.to_owned(), times: once(), delay_ms: 0, effect }
    }

    /// The same, for the next few requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method) && path.starts_with(&self.path)
    }
}

/// The faults still to come. Of several that match a request, the first told is used up first.
#[derive(Debug, Default)]
pub struct FaultPlan(Mutex<Vec<Fault>>);

impl FaultPlan {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        lock(&self.0).push(fault);
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The faults still to come, with the times that are left.
    pub fn remaining(&self) -> Vec<Fault> {
        lock(&self.0).clone()
    }

    /// Uses up the fault, if any, that happens to this request: how long to wait (in milliseconds), and what then.
    pub fn next(&self, method: &str, path: &str) -> Option<(u64, Effect)> {
        let mut faults = lock(&self.0);
        faults.retain(|fault| fault.times > 0);
        let fault = faults.iter_mut().find(|fault| fault.matches(method, path))?;
        fault.times -= 1;
        let happens = (fault.delay_ms, fault.effect.clone());
        faults.retain(|fault| fault.times > 0);
        Some(happens)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Effect, Fault, FaultPlan};

    #[test]
    fn a_fault_happens_as_often_as_told_to_what_it_matches() {
        let plan = FaultPlan::default();
        plan.add(Fault::drop_connection("POST", "/a").times(2));
        plan.add(Fault::delay("POST", "/", 7));

        assert_eq!(plan.next("GET", "/a"), None);
        assert_eq!(plan.next("POST", "/a/b"), Some((0, Effect::Drop)));
        assert_eq!(plan.next("POST", "/a"), Some((0, Effect::Drop)));
        assert_eq!(plan.next("POST", "/a"), Some((7, Effect::Proceed)));
        assert_eq!(plan.next("POST", "/a"), None);
        assert_eq!(plan.remaining(), []);
    }

    #[test]
    fn a_fault_can_be_told_in_few_words() {
        let fault: Fault = serde_json::from_value(json!({ "effect": "drop" })).unwrap();
        assert!(fault.matches("GET", "/x") && fault.times == 1 && fault.effect == Effect::Drop);
        let fault: Fault = serde_json::from_value(json!({ "effect": { "answer": { "status": 503 } } })).unwrap();
        assert_eq!(Fault { method: None, ..Fault::answer("GET", "/", 503) }, fault);
        assert!(serde_json::from_value::<Fault>(json!({ "effects": "drop" })).is_err());
    }
}
