//! Salesforce and Genesys Cloud: the built-in fakes, or servers elsewhere; and how to log in there.

use anyhow::{Context, Result};
use fake_genesys_cloud::FakeGenesysCloud;
use fake_salesforce::{FakeSalesforce, TokenPolicy};
use serde_json::{Value as Json, json};

const CLIENT_ID: &str = "local-client-id";
const CLIENT_SECRET: &str = "local-client-secret";
const USERNAME: &str = "integration@example.com";

/// Credentials, as they are kept in Secrets Manager.
pub(crate) struct Credentials {
    pub(crate) salesforce: Json,
    pub(crate) genesys_cloud: Json,
}

/// Where the two are, and the fakes themselves where they are built in.
pub(crate) struct Fakes {
    pub(crate) salesforce: Option<FakeSalesforce>,
    pub(crate) genesys: Option<FakeGenesysCloud>,
    pub(crate) salesforce_url: String,
    pub(crate) genesys_url: String,
    pub(crate) credentials: Credentials,
}

impl Fakes {
    /// Starts a fake of whatever has no URL.
    pub(crate) async fn start(salesforce_url: Option<&str>, genesys_url: Option<&str>) -> Result<Self> {
        let (salesforce, salesforce_url, salesforce_credentials) = match salesforce_url {
            Some(url) => (None, url.to_owned(), client_credentials()),
            None => start_salesforce().await.context("starting the fake Salesforce")?,
        };
        let (genesys, genesys_url) = match genesys_url {
            Some(url) => (None, url.to_owned()),
            None => start_genesys_cloud().await?,
        };
        let credentials = Credentials { salesforce: salesforce_credentials, genesys_cloud: client_credentials() };
        Ok(Self { salesforce, genesys, salesforce_url, genesys_url, credentials })
    }

    /// Where they are, and the secrets for them as Secrets Manager keeps them.
    pub(crate) fn description(&self) -> Json {
        json!({
            "salesforce": { "url": self.salesforce_url, "secret": self.credentials.salesforce },
            "genesysCloud": { "url": self.genesys_url, "secret": self.credentials.genesys_cloud },
        })
    }
}

/// A fake that checks signatures, so that the way to log in is the one of a real org.
async fn start_salesforce() -> std::io::Result<(Option<FakeSalesforce>, String, Json)> {
    let token_policy = TokenPolicy {
        client_id: Some(CLIENT_ID.to_owned()),
        username: Some(USERNAME.to_owned()),
        public_key: Some(fake_salesforce::keys::PUBLIC_KEY.to_owned()),
        ..TokenPolicy::default()
    };
    let options = fake_salesforce::Options { token_policy, ..<_>::default() };
    let fake = FakeSalesforce::start(options).await?;
    let url = fake.url().to_owned();
    let jwt_bearer = json!({
        "clientId": CLIENT_ID,
        "username": USERNAME,
        "privateKey": fake_salesforce::keys::PRIVATE_KEY,
    });
    Ok((Some(fake), url, jwt_bearer))
}

async fn start_genesys_cloud() -> Result<(Option<FakeGenesysCloud>, String)> {
    let options = fake_genesys_cloud::Options {
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        ..<_>::default()
    };
    let fake = FakeGenesysCloud::start(options).await?;
    let url = fake.url();
    Ok((Some(fake), url))
}

fn client_credentials() -> Json {
    json!({ "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET })
}
