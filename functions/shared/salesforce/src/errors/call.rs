//! The verdict on an answer that refuses a request as a whole.

use std::{ops::RangeInclusive, time::Duration};

use super::{ApiError, short_message};
use crate::results::Unavailable;

/// Why a request as a whole came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallFailure {
    /// The token is no longer valid.
    SessionExpired,
    /// Nothing to do with what was in the request.
    Unavailable(Unavailable),
    /// For what was in the request. Never empty.
    Refused(Vec<ApiError>),
}

impl From<Unavailable> for CallFailure {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    SessionExpired,
    Outage,
    ConcurrencyLimit,
    DailyLimit,
    Configuration,
    Refused,
}

/// Applies to these statuses, this code and texts that hold this part; an empty code or part means any.
struct Rule(RangeInclusive<u16>, &'static str, &'static str, Verdict);

const ANY: RangeInclusive<u16> = 0..=u16::MAX;

/// The first rule that applies decides.
static RULES: &[Rule] = &[
    Rule(ANY, "REQUEST_LIMIT_EXCEEDED", "Concurrent", Verdict::ConcurrencyLimit),
    Rule(ANY, "REQUEST_LIMIT_EXCEEDED", "", Verdict::DailyLimit),
    Rule(401..=401, "", "This session is not valid for use with", Verdict::Configuration),
    Rule(401..=401, "", "Connected app is not attached to Agent", Verdict::Configuration),
    Rule(401..=401, "INVALID_SESSION_ID", "", Verdict::SessionExpired),
    Rule(ANY, "SERVER_UNAVAILABLE", "", Verdict::Outage),
    Rule(ANY, "API_CURRENTLY_DISABLED", "", Verdict::Outage),
    Rule(ANY, "TOO_MANY_APEX_REQUESTS", "", Verdict::Outage),
    Rule(ANY, "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", "", Verdict::Outage),
    Rule(ANY, "UNABLE_TO_LOCK_ROW", "", Verdict::Refused),
    Rule(408..=408, "", "", Verdict::Outage),
    Rule(420..=420, "", "", Verdict::Outage),
    Rule(429..=429, "", "", Verdict::Outage),
    Rule(500..=599, "", "", Verdict::Outage),
    // A wrong object or field name, or no permission for it: it looks like the row's fault and is not.
    Rule(404..=404, "", "", Verdict::Configuration),
    Rule(401..=401, "", "", Verdict::Configuration),
    Rule(403..=403, "", "", Verdict::Configuration),
    Rule(405..=405, "", "", Verdict::Configuration),
    Rule(414..=415, "", "", Verdict::Configuration),
    Rule(431..=431, "", "", Verdict::Configuration),
    Rule(400..=499, "", "", Verdict::Refused),
    // Redirects, and whatever else no REST API answers.
    Rule(ANY, "", "", Verdict::Configuration),
];

/// Judges an answer other than a success. The body may be HTML: then the status alone tells.
pub(crate) fn judge(status: u16, body: &str, retry_after: Option<Duration>) -> CallFailure {
    let mut errors: Vec<ApiError> = serde_json::from_str(body).unwrap_or_default();
    if errors.is_empty() {
        errors.push(ApiError { code: format!("HTTP_{status}"), message: String::new(), fields: None });
    }
    let first = &errors[0];
    let what = || {
        let text = format!("upsert answered {status} {} {}", first.code, first.message);
        short_message(&text, None)
    };
    let verdict = RULES.iter().find(|rule| applies(rule, status, first)).map_or(Verdict::Refused, |rule| rule.3);
    match verdict {
        Verdict::SessionExpired => CallFailure::SessionExpired,
        Verdict::Outage => CallFailure::Unavailable(Unavailable::Outage { what: what(), retry_after }),
        Verdict::ConcurrencyLimit => CallFailure::Unavailable(Unavailable::ConcurrencyLimit),
        Verdict::DailyLimit => CallFailure::Unavailable(Unavailable::DailyLimit),
        Verdict::Configuration => CallFailure::Unavailable(Unavailable::Configuration { what: what() }),
        Verdict::Refused => CallFailure::Refused(errors),
    }
}

fn applies(Rule(statuses, code, part, _): &Rule, status: u16, error: &ApiError) -> bool {
    statuses.contains(&status)
        && (code.is_empty() || *code == error.code)
        && (part.is_empty() || error.message.contains(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(status: u16, code: &str, message: &str) -> Verdict {
        let body = json!([{ "message": message, "errorCode": code }]).to_string();
        verdict_on(status, &body)
    }

    fn verdict_on(status: u16, body: &str) -> Verdict {
        match judge(status, body, None) {
            CallFailure::SessionExpired => Verdict::SessionExpired,
            CallFailure::Refused(_) => Verdict::Refused,
            CallFailure::Unavailable(Unavailable::Outage { .. }) => Verdict::Outage,
            CallFailure::Unavailable(Unavailable::ConcurrencyLimit) => Verdict::ConcurrencyLimit,
            CallFailure::Unavailable(Unavailable::DailyLimit) => Verdict::DailyLimit,
            CallFailure::Unavailable(Unavailable::Configuration { .. }) => Verdict::Configuration,
        }
    }

    #[test]
    fn every_line_of_the_table_has_its_verdict() {
        let concurrent = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
        for (status, code, message, expected) in [
            (401, "INVALID_SESSION_ID", "Session expired or invalid", Verdict::SessionExpired),
            (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API", Verdict::Configuration),
            (401, "X", "Connected app is not attached to Agent", Verdict::Configuration),
            (401, "INVALID_AUTH_HEADER", "", Verdict::Configuration),
            (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", Verdict::ConcurrencyLimit),
            (403, "REQUEST_LIMIT_EXCEEDED", concurrent, Verdict::ConcurrencyLimit),
            (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Verdict::DailyLimit),
            (403, "REQUEST_LIMIT_EXCEEDED", "an unknown text", Verdict::DailyLimit),
            (403, "API_DISABLED_FOR_ORG", "", Verdict::Configuration),
            (403, "API_CURRENTLY_DISABLED", "", Verdict::Outage),
            (400, "TOO_MANY_APEX_REQUESTS", "", Verdict::Outage),
            (400, "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", "", Verdict::Outage),
            (400, "UNABLE_TO_LOCK_ROW", "", Verdict::Refused),
            (500, "UNKNOWN_EXCEPTION", "", Verdict::Outage),
            (503, "SERVER_UNAVAILABLE", "", Verdict::Outage),
            (400, "QUERY_TIMEOUT", "", Verdict::Refused),
            (400, "JSON_PARSER_ERROR", "", Verdict::Refused),
            (404, "NOT_FOUND", "The requested resource does not exist", Verdict::Configuration),
        ] {
            assert_eq!(verdict(status, code, message), expected, "{status} {code}: {message}");
        }
    }

    #[test]
    fn a_body_that_is_not_json_is_judged_by_its_status() {
        let page = "<html><body>Down for maintenance</body></html>";
        for status in [408, 420, 429, 500, 502, 503, 504] {
            assert_eq!(verdict_on(status, page), Verdict::Outage, "{status}");
        }
        for status in [301, 401, 403, 404, 405, 414, 415, 431] {
            assert_eq!(verdict_on(status, page), Verdict::Configuration, "{status}");
        }
        assert_eq!(verdict_on(413, page), Verdict::Refused);
    }
}
