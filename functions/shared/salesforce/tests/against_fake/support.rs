//! A fake and a client of it.

use std::{sync::Arc, time::Duration};

use fake_salesforce::{FakeSalesforce, Options, TokenPolicy, keys};
use salesforce::{
    ApiVersion, CredentialSource, Credentials, LoginUrl, Patience, Row, RowResult, Salesforce, Settings, UpsertReport,
    UpsertTarget,
};
use serde_json::{Map, Value, json};

pub(crate) const OBJECT: &str = "Interaction_Interruption__c";
pub(crate) const TARGET: UpsertTarget =
    UpsertTarget { object: OBJECT, external_id_field: "External_Key__c", revision_field: "Revision__c" };

/// Time enough, and one more try.
pub(crate) const PATIENT: Patience = Patience { limit: Duration::from_secs(20), retry: true };

pub(crate) fn jwt_credentials() -> Value {
    json!({ "clientId": "client", "username": "integration@example.com", "privateKey": keys::PRIVATE_KEY })
}

pub(crate) fn secret_credentials(secret: &str) -> Value {
    json!({ "clientId": "client", "clientSecret": secret })
}

pub(crate) fn read(credentials: Value) -> Arc<Credentials> {
    Arc::new(serde_json::from_value(credentials).unwrap())
}

/// Takes only our credentials.
pub(crate) fn strict_policy() -> TokenPolicy {
    TokenPolicy {
        client_id: Some("client".to_owned()),
        client_secret: Some("first secret".to_owned()),
        username: Some("integration@example.com".to_owned()),
        public_key: Some(keys::PUBLIC_KEY.to_owned()),
        ..TokenPolicy::default()
    }
}

pub(crate) async fn start() -> (FakeSalesforce, Salesforce) {
    start_with(Options { token_policy: strict_policy(), ..Options::default() }).await
}

pub(crate) async fn start_with(options: Options) -> (FakeSalesforce, Salesforce) {
    let fake = FakeSalesforce::start(options).await.unwrap();
    let client = client(fake.url(), read(jwt_credentials()));
    (fake, client)
}

pub(crate) fn client(url: &str, credentials: impl CredentialSource + 'static) -> Salesforce {
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let login_url = LoginUrl::parse(url).unwrap();
    let settings = Settings::new(login_url, ApiVersion::parse("v66.0").unwrap(), "tests");
    Salesforce::new(reqwest::Client::new(), settings, credentials)
}

pub(crate) fn row(key: &str) -> Row {
    Row { key: key.to_owned(), fields: Map::new(), look_ups: vec![] }
}

pub(crate) fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|number| row(&format!("row-{number:03}"))).collect()
}

pub(crate) fn row_with(key: &str, field: &str, value: Value) -> Row {
    Row { fields: Map::from_iter([(field.to_owned(), value)]), ..row(key) }
}

pub(crate) fn assert_all_written(report: &UpsertReport) {
    assert_eq!(report.unavailable, None);
    let others: Vec<_> = report.results.iter().filter(|result| !matches!(result, RowResult::Written { .. })).collect();
    assert!(others.is_empty(), "{others:?}");
}
