//! How the fake can be told to fail.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::upsert::RowError;

/// A fault: what happens, to which requests, how often. As JSON: `{"on":"data","times":2,"kind":"answer","status":503}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Which requests it befalls.
    #[serde(default)]
    pub on: Surface,
    /// How many requests (rows, for [`Effect::Row`]) it spares first.
    #[serde(default)]
    pub after: u32,
    /// How many it befalls; `None`: all, until the faults are cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    #[serde(flatten)]
    pub effect: Effect,
}

/// The two kinds of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Surface {
    /// Everything under `/services/data`.
    #[default]
    Data,
    /// Token requests.
    Token,
}

/// What happens. In JSON, `kind` is the name of the variant in camel case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Effect {
    /// An answer of any kind.
    Answer {
        /// The HTTP status.
        status: u16,
        /// A text is sent as HTML, anything else as JSON.
        #[serde(default)]
        body: Value,
        /// The `Retry-After` header.
        #[serde(default)]
        retry_after_seconds: Option<u64>,
        /// Whether the request takes effect all the same.
        #[serde(default)]
        after_applying: bool,
    },
    /// The connection is closed without an answer.
    Drop {
        /// Whether the request takes effect all the same.
        #[serde(default)]
        after_applying: bool,
    },
    /// The answer is right, and late.
    Delay {
        /// By how much.
        milliseconds: u64,
    },
    /// All tokens expire before the request is looked at.
    ExpireTokens,
    /// 403: the API requests of the day are used up.
    DailyLimit,
    /// 403: too many long requests run at once.
    ConcurrencyLimit,
    /// Every row of the request fails with `UNABLE_TO_LOCK_ROW`.
    LockedBatch,
    /// The rows are written, and the last result is missing from the answer.
    ShortAnswer,
    /// A row fails.
    Row {
        /// The rows whose keys begin so; absent: all.
        #[serde(default)]
        key_prefix: Option<String>,
        /// The row at this place in its request, from 1; absent: all.
        #[serde(default)]
        nth: Option<usize>,
        /// Whether its whole request is refused for it, with HTTP 400, as for a value that cannot be parsed.
        #[serde(default)]
        refuses_request: bool,
        /// How it fails.
        #[serde(flatten)]
        error: RowError,
    },
}

impl Fault {
    /// Data requests fail so, until the faults are cleared.
    pub fn on_data(effect: Effect) -> Self {
        Self { on: Surface::Data, after: 0, times: None, effect }
    }

    /// Token requests fail so, until the faults are cleared.
    pub fn on_token(effect: Effect) -> Self {
        Self { on: Surface::Token, ..Self::on_data(effect) }
    }

    /// Only so often.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Only after so many requests went well.
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }

    /// Whether it befalls now what it could befall.
    fn strikes(&mut self) -> bool {
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        match &mut self.times {
            Some(0) => false,
            Some(times) => {
                *times -= 1;
                true
            }
            None => true,
        }
    }
}

impl Effect {
    /// This answer, with nothing applied.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, body: Value::Null, retry_after_seconds: None, after_applying: false }
    }

    /// This answer with an HTML page, as proxies and maintenance give.
    pub fn html(status: u16) -> Self {
        let page = "<html><body>We are down for maintenance.</body></html>";
        Self::Answer { status, body: page.into(), retry_after_seconds: None, after_applying: false }
    }

    /// Every row fails with this code, text and these fields.
    pub fn rows(status_code: &str, message: &str, fields: &[&str]) -> Self {
        Self::Row {
            key_prefix: None,
            nth: None,
            refuses_request: false,
            error: RowError::new(status_code, message, fields),
        }
    }

    /// Rows whose keys begin so fail with this code, text and these fields.
    pub fn rows_with_key(prefix: &str, status_code: &str, message: &str, fields: &[&str]) -> Self {
        let error = RowError::new(status_code, message, fields);
        Self::Row { key_prefix: Some(prefix.to_owned()), nth: None, refuses_request: false, error }
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn in_force(&self) -> Vec<Fault> {
        self.0.iter().filter(|fault| fault.times != Some(0)).cloned().collect()
    }

    /// What befalls a request: the first fault that strikes.
    pub(crate) fn strike_request(&mut self, surface: Surface) -> Option<Effect> {
        let mut of_requests =
            self.0.iter_mut().filter(|fault| fault.on == surface && !matches!(fault.effect, Effect::Row { .. }));
        of_requests.find_map(|fault| fault.strikes().then(|| fault.effect.clone()))
    }

    /// What befalls the row with this key at this place (from 1) in its request: to the row alone, or to its whole request.
    pub(crate) fn strike_row(&mut self, row_key: &str, place: usize, whole_request: bool) -> Option<RowError> {
        self.0.iter_mut().find_map(|fault| {
            let Effect::Row { key_prefix, nth, refuses_request, error } = &fault.effect else { return None };
            let of_this_key = key_prefix.as_ref().is_none_or(|prefix| row_key.starts_with(prefix));
            let of_this_place = nth.is_none_or(|nth| nth == place);
            let error = error.clone();
            (of_this_key && of_this_place && *refuses_request == whole_request && fault.strikes()).then_some(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_spares_some_befalls_some_and_ends() {
        let mut faults = Faults::default();
        faults.add(Fault::on_data(Effect::DailyLimit).after(1).times(2));
        let struck: Vec<bool> = (0..5).map(|_| faults.strike_request(Surface::Data).is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert!(faults.in_force().is_empty());
    }

    #[test]
    fn faults_are_read_from_json() {
        let fault: Fault = serde_json::from_str(r#"{"on":"token","times":2,"kind":"answer","status":503}"#).unwrap();
        assert_eq!(fault, Fault::on_token(Effect::status(503)).times(2));
        let json = r#"{"kind":"row","keyPrefix":"a","statusCode":"STRING_TOO_LONG","message":"m"}"#;
        let fault: Fault = serde_json::from_str(json).unwrap();
        assert_eq!(fault, Fault::on_data(Effect::rows_with_key("a", "STRING_TOO_LONG", "m", &[])));
    }
}
