//! The JSON Schema of a policy, generated from the types and checked in for editors.
//!
//! To generate it anew: `UPDATE_POLICY_SCHEMA=1 cargo test -p ghost-policy schema`.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::Policy;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/policy/policy.schema.json");

#[test]
fn the_schema_that_is_checked_in_is_up_to_date() {
    let settings = SchemaSettings::default().with_transform(RecursiveTransform(without_null));
    let generated =
        serde_json::to_string_pretty(&settings.into_generator().into_root_schema_for::<Policy>()).unwrap() + "\n";
    if std::env::var_os("UPDATE_POLICY_SCHEMA").is_some() {
        std::fs::write(CHECKED_IN, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(checked_in == generated, "run `UPDATE_POLICY_SCHEMA=1 cargo test -p ghost-policy schema` and check it in");
}

/// A key that has no value is refused: what is optional is left out.
fn without_null(schema: &mut Schema) {
    let null = Value::from("null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| *one != null);
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type") != Some(&null));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        only.into_iter().for_each(|(key, value)| drop(schema.insert(key, value)));
    }
}
