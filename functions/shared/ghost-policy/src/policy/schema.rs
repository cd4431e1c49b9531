//! The JSON Schema of a policy, generated from the types and checked in for editors.
//!
//! To generate it anew: `UPDATE_POLICY_SCHEMA=1 cargo test -p ghost-policy schema`.

use super::Policy;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/policy/policy.schema.json");

#[test]
fn the_schema_that_is_checked_in_is_up_to_date() {
    let generated = serde_json::to_string_pretty(&schemars::schema_for!(Policy)).unwrap() + "\n";
    if std::env::var_os("UPDATE_POLICY_SCHEMA").is_some() {
        std::fs::write(CHECKED_IN, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(checked_in == generated, "run `UPDATE_POLICY_SCHEMA=1 cargo test -p ghost-policy schema` and check it in");
}
