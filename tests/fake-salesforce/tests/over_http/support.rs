//! A fake and an HTTP client that knows nothing of ours.

use fake_salesforce::{FakeSalesforce, Options};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) const OBJECT: &str = "Interaction_Interruption__c";

pub(crate) struct Org {
    pub(crate) fake: FakeSalesforce,
    pub(crate) http: Client,
    pub(crate) token: String,
}

impl Org {
    pub(crate) async fn start(options: Options) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let fake = FakeSalesforce::start(options).await.unwrap();
        let mut org = Self { fake, http: Client::new(), token: String::new() };
        org.log_in().await;
        org
    }

    pub(crate) async fn log_in(&mut self) {
        let form = [("grant_type", "client_credentials"), ("client_id", "c"), ("client_secret", "s")];
        let answer: Value = self.ask_token(&form).await.json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_default().clone_into(&mut self.token);
    }

    pub(crate) async fn ask_token(&self, form: &[(&str, &str)]) -> Response {
        self.http.post(format!("{}/services/oauth2/token", self.fake.url())).form(form).send().await.unwrap()
    }

    pub(crate) fn collections(&self, body: &Value) -> RequestBuilder {
        let path = format!("composite/sobjects/{OBJECT}/External_Key__c");
        self.patch(&path, body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}/services/data/v66.0/{path}", self.fake.url());
        self.http.patch(url).bearer_auth(&self.token).json(body)
    }

    pub(crate) async fn upsert(&self, records: Vec<Value>) -> Vec<Value> {
        let response = self.collections(&json!({ "records": records })).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }
}

pub(crate) fn record(key: &str) -> Value {
    json!({ "attributes": { "type": OBJECT }, "External_Key__c": key })
}

pub(crate) fn record_with(key: &str, field: &str, value: Value) -> Value {
    let mut record = record(key);
    record[field] = value;
    record
}

pub(crate) async fn status_and_body(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
