//! The rows against the objects that `infra/salesforce` deploys: what is written can be stored, and what could be stored is
//! written. `.ci/check-salesforce` checks the metadata itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;
use crate::facts::Session;
use crate::intake::ID_CHARACTERS_MAX;
use crate::timeline::InterruptionKey;
use genesys_cloud::detail_event::Direction;

const OBJECTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/salesforce/force-app/main/default/objects");
/// Of the media types, the one with the longest name.
const LONGEST_MEDIA_TYPE: MediaType = MediaType::ScreenMonitoring;
/// In the year 2286: the last moment with 13 digits.
const LATE: i64 = 9_999_999_999_999;

/// A field as its metadata file declares it: element names and texts.
type Field = BTreeMap<String, String>;

fn elements(file: &Path) -> Field {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let document = roxmltree::Document::parse(&text).unwrap();
    let children = document.root_element().children().filter(roxmltree::Node::is_element);
    children.map(|child| (child.tag_name().name().to_owned(), child.text().unwrap_or_default().to_owned())).collect()
}

fn fields(target: &UpsertTarget) -> BTreeMap<String, Field> {
    let files = std::fs::read_dir(Path::new(OBJECTS).join(target.object).join("fields")).unwrap();
    files.map(|file| elements(&file.unwrap().path())).map(|field| (field["fullName"].clone(), field)).collect()
}

fn longest_id(first: char) -> String {
    format!("{first}{}", "0".repeat(ID_CHARACTERS_MAX - 1))
}

fn session() -> Session {
    Session {
        conversation: longest_id('c'),
        media: LONGEST_MEDIA_TYPE,
        direction: Direction::Inbound,
        queue: Some(longest_id('q')),
        start: None,
        end: None,
        after_call_work: None,
        lapsed_at: None,
    }
}

fn interruption(ended_at: Option<i64>) -> Content {
    Content::Interruption(Interruption {
        conversation: longest_id('c'),
        interrupting_conversation: longest_id('d'),
        media: LONGEST_MEDIA_TYPE,
        interrupting_media: LONGEST_MEDIA_TYPE,
        queue: Some(longest_id('q')),
        case: Some("9".repeat(255)),
        started_at: 0,
        ended_at,
    })
}

fn work_session() -> Content {
    Content::WorkSession(WorkSession {
        conversation: longest_id('c'),
        media: LONGEST_MEDIA_TYPE,
        queue: Some(longest_id('q')),
        case: Some("9".repeat(255)),
        connected_at: 0,
        ended_at: LATE,
        interrupted_ms: LATE,
        interruption_count: 999_999_999,
        genesys_held_ms: LATE,
    })
}

/// Every kind of row, as large as they get, with the object that it is written to.
fn rows() -> Vec<(&'static UpsertTarget, Value)> {
    let interruption_key = InterruptionKey { interrupted: longest_id('s'), interrupting: longest_id('t') };
    let sessions = BTreeMap::from([(longest_id('s'), session()), (longest_id('t'), session())]);
    let facts = AgentFacts { sessions, ..AgentFacts::default() };
    let agent = longest_id('a');
    let of = RowOf { agent: &agent, facts: &facts, revision: 999_999_999_999_999_999 };
    let keys = LookUpKeys { case: "CaseNumber".to_owned(), agent: Some("Genesys_User_Id__c".to_owned()) };
    let key = RowKey::Interruption(interruption_key);
    let interruptions =
        [interruption(None), interruption(Some(LATE)), Content::Void].map(|content| (key.clone(), content));
    let all = interruptions.into_iter().chain([(RowKey::WorkSession(longest_id('s')), work_session())]);
    all.map(|(key, content)| {
        let target = target(&key);
        (target, row(of, &key, &content, &keys).to_record(target))
    })
    .collect()
}

/// What is wrong with storing `value` there.
fn misfit(field: &Field, value: &Value) -> Option<String> {
    let number = |name: &str| field.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
    let fits = match (field["type"].as_str(), value) {
        (_, Value::Null) => field["required"] == "false",
        ("Text", Value::String(text)) => text.chars().count() <= number("length"),
        ("Number", Value::Number(value)) => value.is_i64() && value.to_string().len() <= number("precision"),
        // Unrestricted: any value is taken.
        ("Picklist", Value::String(_)) => true,
        ("DateTime", Value::String(text)) => text.parse::<jiff::Timestamp>().is_ok(),
        ("Lookup", Value::Object(reference)) => reference.len() == 1,
        _ => false,
    };
    (!fits || field.contains_key("formula")).then(|| format!("{value} does not fit {field:?}"))
}

/// The field that holds what is sent under this name: a look-up by another field is sent as a relationship.
fn field_name(sent: &str) -> String {
    sent.strip_suffix("__r").map_or_else(|| sent.to_owned(), |relationship| format!("{relationship}__c"))
}

#[test]
fn whatever_is_written_fits_a_field_of_its_object() {
    let mut misfits = BTreeSet::new();
    for (target, record) in rows() {
        let fields = fields(target);
        for (sent, value) in record.as_object().unwrap().iter().filter(|(name, _)| *name != "attributes") {
            let name = field_name(sent);
            let misfit = match fields.get(&name) {
                None => Some("is written, and no field of the object".to_owned()),
                Some(field) => misfit(field, value),
            };
            misfits.extend(misfit.map(|misfit| format!("{}.{name}: {misfit}", target.object)));
        }
    }
    assert!(misfits.is_empty(), "{misfits:#?}");
}

#[test]
fn every_field_that_is_no_formula_is_written() {
    for target in [&INTERRUPTIONS, &WORK_SESSIONS] {
        let rows = rows().into_iter().filter(|(of, _)| of.object == target.object);
        let written: BTreeSet<String> = rows
            .flat_map(|(_, row)| row.as_object().unwrap().keys().map(|sent| field_name(sent)).collect::<Vec<_>>())
            .collect();
        let fields = fields(target);
        let stored = fields.iter().filter(|(_, field)| !field.contains_key("formula")).map(|(name, _)| name.clone());
        let unwritten: Vec<String> = stored.filter(|name| !written.contains(name)).collect();
        assert!(unwritten.is_empty(), "nothing writes {unwritten:?} of {}", target.object);
    }
}

#[test]
fn rows_are_found_by_their_key_and_look_up_what_they_say() {
    for target in [&INTERRUPTIONS, &WORK_SESSIONS] {
        let fields = fields(target);
        let key = &fields[target.external_id_field];
        for property in ["externalId", "unique", "caseSensitive", "required"] {
            assert_eq!(key[property], "true", "{property} of the key of {}", target.object);
        }
        for (look_up, entity) in [("Case__c", Entity::Case), ("Agent__c", Entity::User)] {
            assert_eq!(fields[look_up]["referenceTo"], entity.api_name());
        }
        let statuses = std::fs::read_to_string(field_file(target, "Status__c")).unwrap();
        for (_, row) in rows().iter().filter(|(of, _)| of.object == target.object) {
            let status = row["Status__c"].as_str().unwrap();
            assert!(statuses.contains(&format!("<fullName>{status}</fullName>")), "{status} of {}", target.object);
        }
    }
}

fn field_file(target: &UpsertTarget, field: &str) -> PathBuf {
    Path::new(OBJECTS).join(target.object).join(format!("fields/{field}.field-meta.xml"))
}

/// The client takes a refusal as "a newer one is stored" only if it names the revision (reference/salesforce.md §2.4).
#[test]
fn an_older_revision_is_refused_by_a_rule_that_names_the_revision() {
    for target in [&INTERRUPTIONS, &WORK_SESSIONS] {
        let rules = Path::new(OBJECTS).join(target.object).join("validationRules");
        let rule = elements(&rules.join("Revision_Never_Decreases.validationRule-meta.xml"));
        let revision = target.revision_field;
        assert_eq!((rule["active"].as_str(), rule["errorDisplayField"].as_str()), ("true", revision));
        let formula = &rule["errorConditionFormula"];
        assert!(formula.contains(&format!("{revision} < PRIORVALUE({revision})")), "{formula}");
        let only_rule = std::fs::read_dir(rules).unwrap().count();
        assert_eq!(only_rule, 1, "another rule that names a field would be taken for a newer revision");
    }
}
