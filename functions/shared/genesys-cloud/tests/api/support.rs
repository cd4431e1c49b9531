//! A fake and a client of it.

use std::sync::Arc;
use std::time::Duration;

use fake_genesys_cloud::faults::{Answer, Effect, Fault};
use fake_genesys_cloud::{Clock, FakeGenesysCloud, Options};
use genesys_cloud::api::{
    ApiError, BaseUrl, ConnectInTime, CredentialSource, Credentials, Deadline, DisconnectAnswer, DisconnectRequest,
    Disconnection, GenesysCloud, Settings,
};
use serde_json::{Value, json};

/// The time at which the fake stands: 2025-12-12T15:15Z.
pub(crate) const NOW_MS: i64 = 1_765_552_500_000;

pub(crate) const CONVERSATION: &str = "5d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a";

/// How often the API, not the login, was asked.
pub(crate) fn api_requests(fake: &FakeGenesysCloud) -> usize {
    fake.requests().all().iter().filter(|request| request.path.starts_with("/api")).count()
}

pub(crate) fn token_requests(fake: &FakeGenesysCloud) -> usize {
    fake.requests().all().iter().filter(|request| request.path == "/oauth/token").count()
}

pub(crate) fn credentials(secret: &str) -> Arc<Credentials> {
    Arc::new(Credentials::new("fake-client-id", secret).unwrap())
}

pub(crate) fn good_credentials() -> Arc<Credentials> {
    credentials("fake-client-secret")
}

pub(crate) fn settings(url: &str) -> Settings {
    let url = BaseUrl::parse(url).unwrap();
    Settings { retry_pause: Duration::from_millis(1), ..Settings::new(url.clone(), url) }
}

pub(crate) fn client_with(settings: Settings, credentials: impl CredentialSource + 'static) -> GenesysCloud {
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().connector_layer(ConnectInTime).build().unwrap();
    GenesysCloud::new(http, settings, credentials)
}

pub(crate) async fn start_with(options: Options) -> (FakeGenesysCloud, GenesysCloud) {
    let fake = FakeGenesysCloud::start(options).await.unwrap();
    fake.conversations().set(json!({ "id": CONVERSATION, "startTime": "2025-12-12T15:00:00.000Z" })).unwrap();
    let client = client_with(settings(&fake.url()), good_credentials());
    (fake, client)
}

/// A fake with one conversation, and a client of it.
pub(crate) async fn start() -> (FakeGenesysCloud, GenesysCloud) {
    start_with(Options { clock: Clock::standing_at(NOW_MS), ..Options::default() }).await
}

pub(crate) fn in_time() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

/// Reads the conversation.
pub(crate) async fn look(client: &GenesysCloud) -> Result<Value, ApiError> {
    let body = client.conversation(CONVERSATION, in_time()).await?;
    Ok(serde_json::from_str(body.json.get()).unwrap())
}

pub(crate) async fn disconnect(client: &GenesysCloud) -> Disconnection {
    disconnect_of(client, CONVERSATION).await
}

pub(crate) async fn disconnect_of(client: &GenesysCloud, conversation_id: &str) -> Disconnection {
    client.disconnect(DisconnectRequest { conversation_id, send_by: in_time(), answer_by: in_time() }).await
}

pub(crate) fn unknown(answer: &DisconnectAnswer) -> bool {
    matches!(answer, DisconnectAnswer::Unknown { .. })
}

pub(crate) fn has_ended(fake: &FakeGenesysCloud) -> bool {
    fake.conversations().get(CONVERSATION).unwrap()["endTime"].is_string()
}

/// An answer in place of the right one.
pub(crate) fn answering(method: &str, status: u16, headers: &[(&str, &str)], body: Value) -> Fault {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Fault::with(method, "/api", Effect::Answer(Answer { status, headers, body }))
}
