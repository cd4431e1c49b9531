//! The types of resources that the stack runs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{ACCOUNT, REGION};

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its physical name.
    pub name: String,
    /// The cargo binary (and package) that it is built from.
    pub binary: String,
    /// Seconds that an invocation may take.
    pub timeout_seconds: u32,
    /// MB; told to the function, not enforced.
    pub memory_mb: u32,
    /// How many instances may run at once, if limited.
    pub reserved_concurrency: Option<usize>,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// How often an asynchronous invocation that failed is repeated.
    pub asynchronous_retries: u32,
    /// The queue where an asynchronous invocation goes that failed for good.
    pub on_failure_queue: Option<String>,
}

/// A `DynamoDB` table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its physical name.
    pub name: String,
    /// The request that creates it, as `CreateTable` takes it.
    pub creation: Json,
    /// The attribute with the time after which an item may be deleted.
    pub expiry_attribute: Option<String>,
}

/// An SQS queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its physical name.
    pub name: String,
    /// Seconds for which a received message is hidden.
    pub visibility_seconds: u32,
    /// Seconds for which a message is hidden when it arrives.
    pub delay_seconds: u32,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// When a message leaves its queue for another.
#[derive(Debug, Clone)]
pub struct Redrive {
    /// The dead-letter queue.
    pub queue: String,
    /// How often a message may be received before it goes there.
    pub max_receive_count: u32,
}

/// An event bus.
#[derive(Debug, Clone)]
pub struct Bus {
    /// Its physical name.
    pub name: String,
}

/// An `EventBridge` rule with a pattern.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its physical name.
    pub name: String,
    /// The bus that it listens on.
    pub bus: String,
    /// Its event pattern.
    pub pattern: Json,
    /// Where matching events go.
    pub targets: Vec<Target>,
}

/// Where a rule or a schedule sends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A function, invoked asynchronously.
    Function(String),
    /// A queue.
    Queue(String),
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Its physical name.
    pub name: String,
    /// `rate(…)`, `cron(…)` or `at(…)`.
    pub expression: String,
    /// What it sends to.
    pub target: Target,
    /// What it sends, in place of the default payload.
    pub input: Option<String>,
}

/// A queue that a function is fed from.
#[derive(Debug, Clone)]
pub struct EventSourceMapping {
    /// The queue that is read.
    pub queue: String,
    /// The function that is invoked.
    pub function: String,
    /// The most messages in one invocation.
    pub batch_size: usize,
    /// How many invocations may run at once, if limited.
    pub maximum_concurrency: Option<usize>,
    /// Whether the function answers which messages failed.
    pub reports_item_failures: bool,
}

/// An HTTP API of API Gateway.
#[derive(Debug, Clone, Default)]
pub struct HttpApi {
    /// Its physical name.
    pub name: String,
    /// Which web pages may call it; absent: none.
    pub cors: Option<Cors>,
}

/// Who may call an HTTP API from a web page, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// Origins, or `*`.
    pub allow_origins: Vec<String>,
    /// Methods, or `*`.
    pub allow_methods: Vec<String>,
    /// Header fields, or `*`.
    pub allow_headers: Vec<String>,
    /// Header fields of an answer that a page may read.
    pub expose_headers: Vec<String>,
    /// Seconds for which a page may remember that.
    pub max_age: Option<u32>,
}

/// A function that an HTTP API invokes.
#[derive(Debug, Clone)]
pub struct HttpIntegration {
    /// Its physical name.
    pub name: String,
    /// The function.
    pub function: String,
    /// How long the function may take, in milliseconds.
    pub timeout_ms: u64,
}

/// Which requests an HTTP API sends where.
#[derive(Debug, Clone)]
pub struct HttpRoute {
    /// The API's physical name.
    pub api: String,
    /// A method (or `ANY`) and a path, or `$default`.
    pub key: String,
    /// The integration's physical name.
    pub integration: String,
}

pub(super) const FUNCTION: &str = "AWS::Serverless::Function";
pub(super) const PARAMETER: &str = "AWS::SSM::Parameter";

/// Types of resources that have no name of their own.
const UNNAMED: [&str; 4] = [
    "AWS::Lambda::EventSourceMapping",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
];

/// Whether the stack runs resources of this type, and so needs their properties.
pub(super) fn is_run(kind: &str) -> bool {
    UNNAMED.contains(&kind) || name_property(kind).is_some()
}

/// The property that holds a resource's own name.
pub(super) fn name_property(kind: &str) -> Option<&'static str> {
    match kind {
        FUNCTION => Some("FunctionName"),
        "AWS::DynamoDB::Table" => Some("TableName"),
        "AWS::SQS::Queue" => Some("QueueName"),
        "AWS::Events::EventBus" | "AWS::Events::Rule" | "AWS::Scheduler::Schedule" | PARAMETER => Some("Name"),
        _ => None,
    }
}

pub(super) fn arn(kind: &str, name: &str) -> String {
    let (service, path) = match kind {
        FUNCTION => ("lambda", format!("function:{name}")),
        "AWS::DynamoDB::Table" => ("dynamodb", format!("table/{name}")),
        "AWS::SQS::Queue" => ("sqs", name.to_owned()),
        "AWS::Events::EventBus" => ("events", format!("event-bus/{name}")),
        "AWS::Events::Rule" => ("events", format!("rule/{name}")),
        "AWS::Scheduler::Schedule" => ("scheduler", format!("schedule/default/{name}")),
        PARAMETER => ("ssm", format!("parameter{name}")),
        _ => ("cloudformation", format!("resource/{name}")),
    };
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{path}")
}

/// The name at the end of an ARN (or of a plain name).
pub(super) fn name_of(arn: &str) -> &str {
    if !arn.starts_with("arn:") {
        return arn;
    }
    let last = arn.rsplit(':').next().unwrap_or(arn);
    // The name of a partner's bus has slashes of its own.
    last.split_once('/').map_or(last, |(_kind, name)| name)
}

/// What a rule or schedule sends to; nothing for a type of target that is not run.
pub(super) fn target_of(arn: &str) -> Option<Target> {
    match arn.split(':').nth(2)? {
        "lambda" => Some(Target::Function(name_of(arn).to_owned())),
        "sqs" => Some(Target::Queue(name_of(arn).to_owned())),
        _ => None,
    }
}

/// A rule without a bus listens on the account's default one.
pub(super) fn bus_name(name: Option<String>) -> String {
    name.map_or_else(|| "default".to_owned(), |name| name_of(&name).to_owned())
}
