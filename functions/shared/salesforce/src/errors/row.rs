//! The verdict on one row.

use super::{ApiError, look_ups, short_message};
use crate::{
    results::{Deferral, Rejection, RowResult, Transient},
    row::{Row, UpsertTarget},
};

/// What an error means for the row that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Stale,
    Retry,
    RetryBounded,
    /// Without the look-up whose record is not there.
    DeferMissing,
    /// Without the look-up that several records answer to.
    DeferAmbiguous,
    /// Without the look-ups that the error names, or rejected if it names none of ours.
    DeferNamed,
    Reject,
    RejectOrgWide,
}

enum When {
    Always,
    MessageHas(&'static str),
    MessageNamesTheKey,
    FieldsNameTheRevision,
}

struct Rule(&'static str, When, Verdict);

/// The first rule that applies decides. An unknown code is retried, with a bound.
static RULES: &[Rule] = &[
    Rule("FIELD_CUSTOM_VALIDATION_EXCEPTION", When::FieldsNameTheRevision, Verdict::Stale),
    Rule("UNABLE_TO_LOCK_ROW", When::Always, Verdict::Retry),
    Rule("SERVER_UNAVAILABLE", When::Always, Verdict::Retry),
    Rule("REQUEST_LIMIT_EXCEEDED", When::Always, Verdict::Retry),
    Rule("ALL_OR_NONE_OPERATION_ROLLED_BACK", When::Always, Verdict::Retry),
    Rule("PROCESSING_HALTED", When::Always, Verdict::Retry),
    // Two first upserts of one key raced: the next one is an update.
    Rule("DUPLICATE_VALUE", When::MessageNamesTheKey, Verdict::RetryBounded),
    Rule("DUPLICATE_VALUE", When::MessageHas("Duplicate external id specified"), Verdict::RetryBounded),
    Rule("DUPLICATE_VALUE", When::Always, Verdict::Reject),
    Rule("QUERY_TIMEOUT", When::Always, Verdict::RetryBounded),
    Rule("REQUEST_RUNNING_TOO_LONG", When::Always, Verdict::RetryBounded),
    Rule("TOO_MANY_APEX_REQUESTS", When::Always, Verdict::RetryBounded),
    Rule("CANNOT_EXECUTE_FLOW_TRIGGER", When::Always, Verdict::RetryBounded),
    Rule("API_CURRENTLY_DISABLED", When::Always, Verdict::RetryBounded),
    Rule("UNKNOWN_EXCEPTION", When::Always, Verdict::RetryBounded),
    Rule("PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", When::Always, Verdict::RetryBounded),
    // The same code as a schema error: only the text tells.
    Rule("INVALID_FIELD", When::MessageHas("Foreign key external ID"), Verdict::DeferMissing),
    Rule("DUPLICATE_EXTERNAL_ID", When::Always, Verdict::DeferAmbiguous),
    Rule("INVALID_CROSS_REFERENCE_KEY", When::Always, Verdict::DeferNamed),
    Rule("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", When::Always, Verdict::DeferNamed),
    Rule("ENTITY_IS_DELETED", When::Always, Verdict::DeferNamed),
    Rule("MALFORMED_ID", When::Always, Verdict::DeferNamed),
    Rule("INVALID_FIELD", When::Always, Verdict::RejectOrgWide),
    Rule("INVALID_FIELD_FOR_INSERT_UPDATE", When::Always, Verdict::RejectOrgWide),
    Rule("INSUFFICIENT_ACCESS_OR_READONLY", When::Always, Verdict::RejectOrgWide),
    Rule("NOT_FOUND", When::Always, Verdict::RejectOrgWide),
    Rule("STORAGE_LIMIT_EXCEEDED", When::Always, Verdict::RejectOrgWide),
    Rule("REQUIRED_FIELD_MISSING", When::Always, Verdict::Reject),
    Rule("FIELD_CUSTOM_VALIDATION_EXCEPTION", When::Always, Verdict::Reject),
    Rule("STRING_TOO_LONG", When::Always, Verdict::Reject),
    Rule("NUMBER_OUTSIDE_VALID_RANGE", When::Always, Verdict::Reject),
    Rule("INVALID_TYPE_ON_FIELD_IN_RECORD", When::Always, Verdict::Reject),
    Rule("INACTIVE_OWNER_OR_USER", When::Always, Verdict::Reject),
    Rule("DUPLICATES_DETECTED", When::Always, Verdict::Reject),
    Rule("JSON_PARSER_ERROR", When::Always, Verdict::Reject),
    Rule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", When::Always, Verdict::Reject),
];

/// The verdict on an error, and whether its code is in the table.
pub(crate) fn verdict(error: &ApiError, target: &UpsertTarget) -> (Verdict, bool) {
    let rule = RULES.iter().find(|Rule(code, when, _)| *code == error.code && applies(when, error, target));
    rule.map_or((Verdict::RetryBounded, false), |Rule(_, _, verdict)| (*verdict, true))
}

fn applies(when: &When, error: &ApiError, target: &UpsertTarget) -> bool {
    match when {
        When::Always => true,
        When::MessageHas(part) => error.message.contains(part),
        When::MessageNamesTheKey => error.message.contains(target.external_id_field),
        When::FieldsNameTheRevision => error.fields().iter().any(|field| field == target.revision_field),
    }
}

/// What became of a row that was refused with these errors. A stale row needs nothing more, whatever else is wrong with it;
/// otherwise the gravest error decides, and what must be left out adds up.
pub(crate) fn judge(errors: &[ApiError], row: &Row, target: &UpsertTarget) -> RowResult {
    let judged = errors.iter().map(|error| judge_one(error, row, target));
    judged.reduce(graver).unwrap_or_else(|| {
        RowResult::RetryBounded(Transient { code: String::new(), message: "refused without a reason".to_owned() })
    })
}

fn judge_one(error: &ApiError, row: &Row, target: &UpsertTarget) -> RowResult {
    let message = || short_message(&error.message, Some(row));
    let transient = || Transient { code: error.code.clone(), message: message() };
    let rejected = |org_wide| {
        let fields = error.fields().to_vec();
        RowResult::Rejected(Rejection { code: error.code.clone(), message: message(), fields, org_wide })
    };
    let deferred = |relationships: Vec<&'static str>| {
        if relationships.is_empty() {
            return rejected(false);
        }
        RowResult::Deferred(Deferral { relationships, code: error.code.clone(), message: message() })
    };
    match verdict(error, target).0 {
        Verdict::Stale => RowResult::StaleRevision,
        Verdict::Retry => RowResult::Retry(transient()),
        Verdict::RetryBounded => RowResult::RetryBounded(transient()),
        Verdict::DeferMissing => deferred(look_ups::by_missing_entity(error, row)),
        Verdict::DeferAmbiguous => deferred(look_ups::by_ambiguous_reference(error, row)),
        Verdict::DeferNamed => deferred(look_ups::by_named_field(error, row)),
        Verdict::Reject => rejected(false),
        Verdict::RejectOrgWide => rejected(true),
    }
}

fn graver(one: RowResult, other: RowResult) -> RowResult {
    match (one, other) {
        (RowResult::Deferred(mut one), RowResult::Deferred(other)) => {
            let more =
                other.relationships.into_iter().filter(|name| !one.relationships.contains(name)).collect::<Vec<_>>();
            one.relationships.extend(more);
            RowResult::Deferred(one)
        }
        (one, other) if gravity(&other) > gravity(&one) => other,
        (one, _) => one,
    }
}

fn gravity(result: &RowResult) -> u8 {
    match result {
        RowResult::Unanswered | RowResult::Written { .. } => 0,
        RowResult::Retry(_) => 1,
        RowResult::RetryBounded(_) => 2,
        RowResult::Deferred(_) => 3,
        RowResult::Rejected(rejection) if rejection.org_wide => 5,
        RowResult::Rejected(_) => 4,
        RowResult::StaleRevision => 6,
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
