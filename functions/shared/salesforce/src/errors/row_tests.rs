//! Every line of the table of reference/salesforce.md §2.4 that can befall a row.

use serde_json::Map;

use super::*;
use crate::{
    record_id::Entity,
    row::{LookUp, Reference},
};

const TARGET: UpsertTarget =
    UpsertTarget { object: "Thing__c", external_id_field: "External_Key__c", revision_field: "Revision__c" };

fn row() -> Row {
    let case = Reference::parse(Entity::Case, "Id", "500000000000001").unwrap();
    let agent = Reference::parse(Entity::User, "Email", "jane@example.com").unwrap();
    Row {
        key: "k".to_owned(),
        fields: Map::new(),
        look_ups: vec![
            LookUp { relationship: "Case", entity: Entity::Case, reference: case },
            LookUp { relationship: "Agent", entity: Entity::User, reference: agent },
        ],
    }
}

fn error(code: &str, message: &str, fields: &[&str]) -> ApiError {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    ApiError { code: code.to_owned(), message: message.to_owned(), fields: Some(fields) }
}

#[derive(Debug, PartialEq)]
enum Fate {
    Stale,
    Retry,
    RetryBounded,
    Defer(Vec<&'static str>),
    Reject,
    RejectOrgWide,
}

fn fate(errors: &[ApiError]) -> Fate {
    match judge(errors, &row(), &TARGET) {
        RowResult::StaleRevision => Fate::Stale,
        RowResult::Retry(_) => Fate::Retry,
        RowResult::RetryBounded(_) => Fate::RetryBounded,
        RowResult::Deferred(deferral) => Fate::Defer(deferral.relationships),
        RowResult::Rejected(rejection) if rejection.org_wide => Fate::RejectOrgWide,
        RowResult::Rejected(_) => Fate::Reject,
        other => panic!("an error cannot become {other:?}"),
    }
}

#[test]
fn every_line_of_the_table_has_its_fate() {
    let race = "duplicate value found: External_Key__c duplicates value on record with id: a0X000000000001";
    let missing_case = "Foreign key external ID: 00001026 not found for field CaseNumber in entity Case";
    let missing_user = "Foreign key external ID: jane@example.com not found for field Email in entity User";
    let missing_other = "Foreign key external ID: x not found for field Y__c in entity Account";
    let ambiguous = "more than one record found for external id field: [005000000000001AAA, 005000000000002AAA]";
    let lines: &[(&str, &str, &[&str], Fate)] = &[
        // Retry
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", &[], Fate::Retry),
        ("SERVER_UNAVAILABLE", "", &[], Fate::Retry),
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", &[], Fate::Retry),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "", &[], Fate::Retry),
        ("PROCESSING_HALTED", "", &[], Fate::Retry),
        ("DUPLICATE_VALUE", race, &[], Fate::RetryBounded),
        ("DUPLICATE_VALUE", "Duplicate external id specified: k", &[], Fate::RetryBounded),
        ("DUPLICATE_VALUE", "duplicate value found: Other__c duplicates value", &[], Fate::Reject),
        ("QUERY_TIMEOUT", "", &[], Fate::RetryBounded),
        ("REQUEST_RUNNING_TOO_LONG", "", &[], Fate::RetryBounded),
        ("TOO_MANY_APEX_REQUESTS", "", &[], Fate::RetryBounded),
        ("CANNOT_EXECUTE_FLOW_TRIGGER", "", &[], Fate::RetryBounded),
        ("API_CURRENTLY_DISABLED", "", &[], Fate::RetryBounded),
        ("UNKNOWN_EXCEPTION", "", &[], Fate::RetryBounded),
        ("PLATFORM_EVENT_PUBLISHING_UNAVAILABLE", "", &[], Fate::RetryBounded),
        // Deferred
        ("INVALID_FIELD", missing_case, &[], Fate::Defer(vec!["Case"])),
        ("INVALID_FIELD", missing_user, &[], Fate::Defer(vec!["Agent"])),
        ("INVALID_FIELD", missing_other, &[], Fate::Reject),
        ("DUPLICATE_EXTERNAL_ID", ambiguous, &[], Fate::Defer(vec!["Agent"])),
        ("DUPLICATE_EXTERNAL_ID", "more than one record found", &[], Fate::Defer(vec!["Agent"])),
        ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &["Case__c"], Fate::Defer(vec!["Case"])),
        ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &["OwnerId"], Fate::Reject),
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", &["Case__r"], Fate::Defer(vec!["Case"])),
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", &[], Fate::Defer(vec!["Case", "Agent"])),
        ("ENTITY_IS_DELETED", "entity is deleted", &["Agent__c"], Fate::Defer(vec!["Agent"])),
        ("MALFORMED_ID", "Case: id value of incorrect type", &["Case__c"], Fate::Defer(vec!["Case"])),
        // Permanent
        ("INVALID_FIELD", "No such column 'X__c' on sobject of type Thing__c", &[], Fate::RejectOrgWide),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", "", &["X__c"], Fate::RejectOrgWide),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "", &[], Fate::RejectOrgWide),
        ("NOT_FOUND", "", &[], Fate::RejectOrgWide),
        ("STORAGE_LIMIT_EXCEEDED", "", &[], Fate::RejectOrgWide),
        ("REQUIRED_FIELD_MISSING", "", &["X__c"], Fate::Reject),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "older", &["Revision__c"], Fate::Stale),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "their own rule", &["Status__c"], Fate::Reject),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "a rule of the whole page", &[], Fate::Reject),
        ("STRING_TOO_LONG", "", &["X__c"], Fate::Reject),
        ("NUMBER_OUTSIDE_VALID_RANGE", "", &["X__c"], Fate::Reject),
        ("INVALID_TYPE_ON_FIELD_IN_RECORD", "", &["X__c"], Fate::Reject),
        ("INACTIVE_OWNER_OR_USER", "", &[], Fate::Reject),
        ("DUPLICATES_DETECTED", "", &[], Fate::Reject),
        ("JSON_PARSER_ERROR", "", &[], Fate::Reject),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "", &[], Fate::Reject),
        ("SOMETHING_NEW", "", &[], Fate::RetryBounded),
    ];
    for (code, message, fields, expected) in lines {
        assert_eq!(fate(&[error(code, message, fields)]), *expected, "{code}: {message} {fields:?}");
    }
    for Rule(code, ..) in RULES {
        assert!(lines.iter().any(|(tested, ..)| tested == code), "{code} is in no line of this test");
    }
}

#[test]
fn the_gravest_of_several_errors_decides() {
    let lock = || error("UNABLE_TO_LOCK_ROW", "", &[]);
    let no_case = || error("INVALID_CROSS_REFERENCE_KEY", "", &["Case__c"]);
    let no_agent = || error("INVALID_CROSS_REFERENCE_KEY", "", &["Agent__c"]);
    let too_long = || error("STRING_TOO_LONG", "", &["X__c"]);
    let stale = || error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "", &["Revision__c"]);
    assert_eq!(fate(&[no_case(), no_agent()]), Fate::Defer(vec!["Case", "Agent"]));
    assert_eq!(fate(&[lock(), no_case()]), Fate::Defer(vec!["Case"]));
    assert_eq!(fate(&[no_case(), too_long(), lock()]), Fate::Reject);
    assert_eq!(fate(&[too_long(), stale()]), Fate::Stale);
    assert_eq!(fate(&[]), Fate::RetryBounded);
}

#[test]
fn a_row_without_look_ups_cannot_be_deferred() {
    let row = Row { look_ups: vec![], ..row() };
    let result = judge(&[error("ENTITY_IS_DELETED", "entity is deleted", &[])], &row, &TARGET);
    assert!(matches!(result, RowResult::Rejected(_)), "{result:?}");
}

#[test]
fn messages_do_not_repeat_the_rows_values() {
    let text = "Foreign key external ID: 500000000000001 not found for field Email in entity User";
    let RowResult::Deferred(deferral) = judge(&[error("INVALID_FIELD", text, &[])], &row(), &TARGET) else {
        panic!("a missing user defers the row");
    };
    assert_eq!(deferral.message, "Foreign key external ID: (value) not found for field Email in entity User");
}
