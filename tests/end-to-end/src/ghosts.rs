//! A contact centre with ghosts in it: the running stack, its Genesys Cloud, and what is known of its ghosts.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fake_genesys_cloud::FakeGenesysCloud;
use jiff::{SignedDuration, Timestamp};
use local_stack::day::events_of;
use local_stack::stack::{Stack, StackOptions};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::story::id;
use crate::world::World;

/// A minute.
pub const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// A day.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A policy that disconnects: the rules as shipped, but looks and verifications that are seconds apart.
pub const ENFORCE: &str = "
version: 1
mode: enforce
rules:
  - name: voice
    match: { media: [voice, callback] }
    ghostWhen: { noConnectedPartyFor: 5m, customerGoneFor: 15m, agentGoneFor: 4h, waitingFor: 5d, afterCallWorkFor: 8h }
  - name: digital
    match: { media: [email, message, chat] }
    ghostWhen: { noConnectedPartyFor: 1h, afterCallWorkFor: 24h, idleFor: 30d }
confirm: { looks: 2, every: 1s }
verify: { after: 1s, attempts: 2 }
breaker: { maxDisconnects: 20, per: 1h }
discovery: { every: 1s, lookBack: 60d }
";

/// The local DynamoDB wants requests signed, and does not mind by whom.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=local/20261120/eu-west-1/dynamodb/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=0";

/// A stack with a ghost policy, its schedules fired when told to.
pub struct GhostWorld {
    /// The stack.
    pub world: World,
    ids: AtomicU32,
    _policy: Option<NamedTempFile>,
}

impl GhostWorld {
    /// Starts it with this policy.
    pub async fn with_policy(policy: &str) -> Result<Self> {
        Self::start(Some(policy), &[]).await
    }

    /// Starts it with this policy, or the template's, and these settings of the functions.
    pub async fn start(policy: Option<&str>, settings: &[(&str, &str)]) -> Result<Self> {
        let policy = policy.map(file).transpose()?;
        let options = StackOptions {
            policy: policy.as_ref().map(|file| file.path().to_owned()),
            environment: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            manual_schedules: true,
            ..StackOptions::default()
        };
        let world = World { stack: Stack::start(options).await? };
        Ok(Self { world, ids: AtomicU32::new(0), _policy: policy })
    }

    /// Its Genesys Cloud.
    pub fn genesys(&self) -> Result<&FakeGenesysCloud> {
        self.world.stack.genesys().context("another Genesys Cloud is used")
    }

    /// An id that no conversation has yet.
    pub fn new_id(&self) -> String {
        id(20, self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Has Genesys Cloud show this conversation, made for an id; gives the id.
    pub fn haunt(&self, conversation: impl FnOnce(&str) -> Value) -> Result<String> {
        let id = self.new_id();
        self.genesys()?.conversations().set(conversation(&id))?;
        Ok(id)
    }

    /// Tells, on the partner's bus, what happened in a conversation so far.
    pub async fn announce(&self, id: &str) -> Result<()> {
        let conversation = self.genesys()?.conversations().get(id).context("no such conversation")?;
        self.world.live(events_of(&conversation)).await
    }

    /// Fires the schedules and waits until everything that is due is done.
    pub async fn tick(&self) -> Result<()> {
        self.world.flush().await
    }

    /// Fires the schedules until this holds; an error if that takes too long.
    pub async fn tick_until(&self, holds: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        let given_up_at = Instant::now() + PATIENCE;
        while !holds(self)? {
            anyhow::ensure!(Instant::now() < given_up_at, "it does not come to hold");
            self.tick().await?;
        }
        Ok(())
    }

    /// An operator's command, until it is dealt with. Gives the id of its event.
    pub async fn command(&self, detail_type: &str, detail: Value) -> Result<String> {
        let event_id = self.new_id();
        let event = json!({
            "version": "0",
            "id": event_id,
            "detail-type": detail_type,
            "source": "genesys-event-processor.operator",
            "account": "123456789012",
            "time": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": "eu-west-1",
            "resources": [],
            "detail": detail,
        });
        self.world.live(vec![event]).await?;
        Ok(event_id)
    }

    /// How often a disconnect of the conversation was requested.
    pub fn disconnects(&self, id: &str) -> Result<usize> {
        let path = format!("/api/v2/conversations/{id}/disconnect");
        let requests = self.genesys()?.requests().all();
        Ok(requests.iter().filter(|request| request.method == "POST" && request.path == path).count())
    }

    /// How often any disconnect was requested.
    pub fn all_disconnects(&self) -> Result<usize> {
        let requests = self.genesys()?.requests().all();
        Ok(requests.iter().filter(|request| request.path.ends_with("/disconnect")).count())
    }

    /// Whether Genesys Cloud says that the conversation has ended.
    pub fn has_ended(&self, id: &str) -> Result<bool> {
        let conversation = self.genesys()?.conversations().get(id).context("no such conversation")?;
        Ok(conversation["endTime"].is_string())
    }

    /// The details of all outcomes about a conversation, each once, with their `detail-type`.
    pub fn outcomes(&self, id: &str) -> Vec<(String, Value)> {
        let mut seen = std::collections::BTreeSet::new();
        let about = self.world.stack.outcomes().into_iter().filter(|outcome| {
            outcome["source"] == "genesys-event-processor"
                && outcome["detail"]["conversationId"] == id
                && seen.insert(outcome["detail"]["outcomeId"].to_string())
        });
        about
            .map(|outcome| (outcome["detail-type"].as_str().unwrap_or_default().to_owned(), outcome["detail"].clone()))
            .collect()
    }

    /// What the outcomes about a conversation are, in order.
    pub fn story(&self, id: &str) -> Vec<String> {
        self.outcomes(id).into_iter().map(|(detail_type, _)| detail_type).collect()
    }

    /// The detail of the one outcome of this kind about a conversation.
    pub fn outcome(&self, id: &str, detail_type: &str) -> Result<Value> {
        let mut found = self.outcomes(id).into_iter().filter(|(one, _)| one == detail_type);
        let outcome = found.next().with_context(|| format!("{detail_type} of {id}: {:?}", self.story(id)))?;
        anyhow::ensure!(found.next().is_none(), "more than one {detail_type} of {id}");
        Ok(outcome.1)
    }

    /// The cases of a conversation as they are stored, the latest last.
    pub async fn cases(&self, id: &str) -> Result<Vec<Value>> {
        let query = json!({
            "TableName": "GhostCasesTable",
            "KeyConditionExpression": "conversation_id = :id",
            "ExpressionAttributeValues": { ":id": { "S": id } },
            "ConsistentRead": true,
        });
        let answer = self.dynamodb("Query", &query).await?;
        let items = answer["Items"].as_array().with_context(|| format!("no items: {answer}"))?;
        items.iter().map(|item| Ok(serde_json::from_str(item["case"]["S"].as_str().context("no case")?)?)).collect()
    }

    /// What the watcher keeps of a conversation, as it is stored.
    pub async fn watched(&self, id: &str) -> Result<Value> {
        let key = json!({ "conversation_id": { "S": id } });
        let get = json!({ "TableName": "ConversationsTable", "Key": key, "ConsistentRead": true });
        Ok(self.dynamodb("GetItem", &get).await?["Item"].take())
    }

    async fn dynamodb(&self, operation: &str, request: &Value) -> Result<Value> {
        let answer = reqwest::Client::new()
            .post(&self.world.stack.urls().aws)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20261120T100000Z")
            .header("authorization", SIGNATURE)
            .body(request.to_string())
            .send()
            .await?
            .text()
            .await?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// The states that the latest case of a conversation went through.
    pub async fn states(&self, id: &str) -> Result<Vec<String>> {
        let cases = self.cases(id).await?;
        let case = cases.last().with_context(|| format!("no case of {id}"))?;
        let moves = case["moves"].as_array().context("no moves")?;
        Ok(moves.iter().map(|one| one["to"].as_str().unwrap_or_default().to_owned()).collect())
    }
}

/// So long ago.
pub fn ago(age: SignedDuration) -> Timestamp {
    Timestamp::now() - age
}

fn file(policy: &str) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(policy.as_bytes())?;
    Ok(file)
}
