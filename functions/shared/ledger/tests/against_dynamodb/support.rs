//! A server, its table, and a client that counts its requests.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, ConfigBag, Credentials, Intercept, Region, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder as HttpClient;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use dynoxide::Database;
use ledger::archive::ArchiveName;
use ledger::{ArchiveItem, GrowOnlySets, Journal, Settlement};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const TABLE: &str = "agent-sessions";
/// Settled journals and archive items of these tests are kept until then.
pub(crate) const EXPIRES_AT: i64 = 1_800_000_000;
/// More pages of what is due than any test has.
const PAGES_MAX: usize = 200;

/// The ledger in a table of its own.
pub(crate) struct TestLedger {
    pub(crate) client: Client,
    pub(crate) journal: Journal,
    pub(crate) sets: GrowOnlySets,
    requests: Requests,
}

impl TestLedger {
    /// A server with the table as `template.yaml` has it. It ends with the test's runtime.
    pub(crate) async fn start() -> Self {
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "owner", "AttributeType": "S" },
                { "AttributeName": "item", "AttributeType": "S" },
                { "AttributeName": "pending_shard", "AttributeType": "S" },
                { "AttributeName": "due_at", "AttributeType": "N" },
            ],
            "KeySchema": [
                { "AttributeName": "owner", "KeyType": "HASH" },
                { "AttributeName": "item", "KeyType": "RANGE" },
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "pending",
                "KeySchema": [
                    { "AttributeName": "pending_shard", "KeyType": "HASH" },
                    { "AttributeName": "due_at", "KeyType": "RANGE" },
                ],
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            }],
        });
        Self::with_table(table).await
    }

    /// A server with this table, whose items expire.
    pub(crate) async fn with_table(table: Value) -> Self {
        let database = Database::memory().unwrap();
        let expiry = json!({
            "TableName": table["TableName"],
            "TimeToLiveSpecification": { "AttributeName": "expires_at", "Enabled": true },
        });
        database.create_table(serde_json::from_value(table).unwrap()).unwrap();
        database.update_time_to_live(serde_json::from_value(expiry).unwrap()).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        Self::at(endpoint)
    }

    /// A ledger whose requests go to `endpoint`.
    pub(crate) fn at(endpoint: String) -> Self {
        let requests = Requests::default();
        let client = Client::from_conf(config(endpoint).interceptor(requests.clone()).build());
        let journal = Journal::new(client.clone(), TABLE);
        let sets = GrowOnlySets::new(client.clone(), TABLE);
        Self { client, journal, sets, requests }
    }

    /// DynamoDB as it is when it takes a write, fails to say so, and refuses the SDK's second try, whoever wrote `last`.
    pub(crate) async fn with_a_lost_answer(last: Last) -> Self {
        let is_first = Arc::new(AtomicBool::new(true));
        let answer = move |body: String| {
            let is_first = is_first.swap(false, Ordering::SeqCst);
            async move {
                let mut item = serde_json::from_str::<Value>(&body).unwrap()["Item"].take();
                if matches!(last, Last::Anothers) {
                    item["written_by"] = json!({ "S": "another" });
                }
                let refused = json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                    "message": "The conditional request failed",
                    "Item": item,
                });
                if is_first {
                    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({})))
                } else {
                    (StatusCode::BAD_REQUEST, Json(refused))
                }
            }
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, Router::new().route("/", post(answer))).into_future());
        Self::at(endpoint)
    }

    /// How many requests were sent since it was last asked, repeated ones included.
    pub(crate) fn requests(&self) -> usize {
        self.requests.0.swap(0, Ordering::SeqCst)
    }

    /// Everything due at `now`, found page by page.
    pub(crate) async fn due(&self, now: i64, page_size: i32) -> BTreeSet<String> {
        let mut owners = Vec::new();
        let mut page = None;
        for _ in 0..PAGES_MAX {
            let found = self.journal.due(now, page, page_size).await.unwrap();
            assert!(found.owners.len() <= usize::try_from(page_size).unwrap());
            owners.extend(found.owners);
            page = found.next;
            if page.is_none() {
                let distinct: BTreeSet<String> = owners.iter().cloned().collect();
                assert_eq!(distinct.len(), owners.len(), "an owner was found twice: {owners:?}");
                return distinct;
            }
        }
        panic!("what is due has no last page");
    }

    /// An attribute as it is stored.
    pub(crate) async fn stored(&self, owner: &str, item: &str, attribute: &str) -> Option<AttributeValue> {
        let answer = self
            .client
            .get_item()
            .table_name(TABLE)
            .key("owner", AttributeValue::S(owner.to_owned()))
            .key("item", AttributeValue::S(item.to_owned()))
            .send()
            .await
            .unwrap();
        answer.item?.remove(attribute)
    }

    /// Stores an item that the ledger would not.
    pub(crate) async fn store(&self, owner: &str, item: &str, attributes: &[(&str, AttributeValue)]) {
        let mut request = self
            .client
            .put_item()
            .table_name(TABLE)
            .item("owner", AttributeValue::S(owner.to_owned()))
            .item("item", AttributeValue::S(item.to_owned()));
        for (name, value) in attributes {
            request = request.item(*name, value.clone());
        }
        request.send().await.unwrap();
    }
}

/// Whose write a refused one finds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Last {
    /// Its own first try.
    Ours,
    /// Another's.
    Anothers,
}

/// A configuration as in production, its time limits shorter.
fn config(endpoint: String) -> aws_sdk_dynamodb::config::Builder {
    let time_limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(30))
        .build();
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(HttpClient::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .timeout_config(time_limits)
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1)))
}

/// Counts what is sent.
#[derive(Debug, Clone, Default)]
struct Requests(Arc<AtomicUsize>);

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "requests"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// A settlement that leaves nothing pending and archives nothing.
pub(crate) fn settlement(state: &str) -> Settlement {
    Settlement { state: state.to_owned(), due_at: None, expires_at: EXPIRES_AT, archived: Vec::new() }
}

/// Something archived in order of time.
pub(crate) fn ended(ended_at: i64, sequence: u64, content: &str) -> ArchiveItem {
    let name = ArchiveName::Ended { ended_at, sequence };
    ArchiveItem { name, content: content.to_owned(), expires_at: EXPIRES_AT }
}

/// Something archived by a name.
pub(crate) fn named(name: &str, content: &str) -> ArchiveItem {
    let name = ArchiveName::Named(name.to_owned());
    ArchiveItem { name, content: content.to_owned(), expires_at: EXPIRES_AT }
}

/// A number as DynamoDB stores it.
pub(crate) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A string as DynamoDB stores it.
pub(crate) fn string(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
