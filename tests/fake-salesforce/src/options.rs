//! What the fake knows and accepts.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How a fake is set up. The default takes any credentials and any Case or User, and knows our two objects.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// Who gets a token.
    pub token_policy: TokenPolicy,
    /// The objects that can be written.
    pub objects: Vec<ObjectSchema>,
    /// Cases and Users that look-ups can point at.
    pub parents: Vec<Parent>,
    /// Whether a look-up to an unknown record makes that record, in place of an error.
    pub accept_any_parent: bool,
    /// How many API calls there may be before `TotalRequests Limit exceeded.`
    pub daily_api_requests: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            token_policy: TokenPolicy::default(),
            objects: vec![
                ObjectSchema::ours("Interaction_Interruption__c"),
                ObjectSchema::ours("Agent_Work_Session__c"),
            ],
            parents: Vec::new(),
            accept_any_parent: true,
            daily_api_requests: 1_000_000,
        }
    }
}

/// Who gets a token. What is `None` is not checked.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// The consumer key.
    pub client_id: Option<String>,
    /// The consumer secret, for client credentials.
    pub client_secret: Option<String>,
    /// The integration user, for JWT bearer.
    pub username: Option<String>,
    /// The public key, in PEM, that signatures of JWT bearer assertions are checked with.
    pub public_key: Option<String>,
    /// The audiences that a JWT bearer assertion may name.
    pub audiences: Vec<String>,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        let audiences = ["https://login.salesforce.com", "https://test.salesforce.com"];
        Self {
            client_id: None,
            client_secret: None,
            username: None,
            public_key: None,
            audiences: audiences.map(str::to_owned).to_vec(),
        }
    }
}

/// An object that can be written. Its other fields are free-form.
#[derive(Debug, Clone)]
pub struct ObjectSchema {
    /// The API name.
    pub name: String,
    /// The unique external-id field.
    pub external_id_field: String,
    /// The field that a validation rule keeps from becoming smaller.
    pub revision_field: String,
    /// The look-up fields.
    pub look_ups: Vec<LookUpSchema>,
}

impl ObjectSchema {
    /// An object as both of ours are.
    pub fn ours(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            external_id_field: "External_Key__c".to_owned(),
            revision_field: "Revision__c".to_owned(),
            look_ups: vec![
                LookUpSchema { relationship: "Case".to_owned(), entity: "Case".to_owned() },
                LookUpSchema { relationship: "Agent".to_owned(), entity: "User".to_owned() },
            ],
        }
    }
}

/// A look-up field.
#[derive(Debug, Clone)]
pub struct LookUpSchema {
    /// The field without its suffix: `Case` for `Case__c` and `Case__r`.
    pub relationship: String,
    /// The object that it points at.
    pub entity: String,
}

/// A record that look-ups can point at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Parent {
    /// `Case` or `User`.
    pub entity: String,
    /// The record's id, 15 or 18 characters. Made up if there is none.
    #[serde(default)]
    pub id: Option<String>,
    /// Its fields, e.g. `CaseNumber`.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}
