//! The whole stack, started and stopped as one, and the handle on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fake_genesys_cloud::FakeGenesysCloud;
use fake_salesforce::FakeSalesforce;
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::activity::Activity;
use crate::aws_front::AwsFront;
use crate::aws_front::counters::AwsStats;
use crate::aws_front::faults::AwsFaults;
use crate::build::{self, Profile};
use crate::bus::{Buses, EventError};
use crate::database::Database;
use crate::delivery::Delivery;
use crate::event_sources::Poller;
use crate::fakes::Fakes;
use crate::functions::{FunctionStats, Functions, Launching};
use crate::http_api::HttpApis;
use crate::logs::{self, LogFolder};
use crate::queues::{Counts, Queues, Timings};
use crate::schedules::Schedules;
use crate::server;
use crate::settings::{self, PARTNER_BUS, Surroundings};
use crate::template::{Setting, Template};

pub use crate::logs::Logs;

/// How the stack starts. The default plays the workspace's own template, in memory, on free ports.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// The template; absent: that of this workspace.
    pub template: Option<PathBuf>,
    /// Parameters of the template, in place of their defaults.
    pub parameters: BTreeMap<String, String>,
    /// The port of the stack's own API; 0 for any free one.
    pub port: u16,
    /// Settings of the functions, in place of the template's.
    pub environment: BTreeMap<String, String>,
    /// Salesforce's login URL, in place of the built-in fake.
    pub salesforce_url: Option<String>,
    /// Genesys Cloud's URL, login and API in one, in place of the built-in fake.
    pub genesys_url: Option<String>,
    /// The ghost policy, in place of the template's.
    pub policy: Option<PathBuf>,
    /// Where the database is kept; absent: in memory.
    pub data: Option<PathBuf>,
    /// Whether schedules fire only when told to.
    pub manual_schedules: bool,
    /// Where the functions' output goes.
    pub logs: Logs,
    /// How the functions are built.
    pub profile: Profile,
    /// Executables that need not be built, by the name of the binary.
    pub executables: BTreeMap<String, PathBuf>,
    /// How long the stack waits where AWS waits longer.
    pub timings: Timings,
}

impl StackOptions {
    /// The API of another Genesys Cloud, in place of the built-in fake: by its URL, or by the region of a real organization.
    ///
    /// # Errors
    /// If both are told: one of them would be passed over.
    pub(crate) fn other_genesys(&self) -> Result<Option<String>> {
        let region = settings::region(&self.environment);
        ensure!(
            region.is_none() || self.genesys_url.is_none(),
            "--genesys-url and GENESYS_CLOUD_REGION each say where Genesys Cloud is: give one of them"
        );
        Ok(region.map(|region| format!("https://api.{region}")).or_else(|| self.genesys_url.clone()))
    }
}

/// What went on so far, for benchmarks.
#[derive(Debug, Clone)]
pub struct StackStats {
    /// Use of AWS, by `X-Amz-Target`.
    pub aws: AwsStats,
    /// Invocations, memory and processor time, by function.
    pub functions: BTreeMap<String, FunctionStats>,
}

/// What is left to do.
#[derive(Debug, Clone, Serialize)]
pub struct Drained {
    /// Whether nothing is left.
    pub drained: bool,
    /// Messages of queues that functions read, and invocations, that are left.
    pub left: usize,
    /// Messages on the queues that nobody reads.
    pub dead_letters: usize,
}

/// Everything that a running stack consists of.
pub(crate) struct Parts {
    pub(crate) buses: Arc<Buses>,
    pub(crate) queues: Arc<Queues>,
    pub(crate) schedules: Schedules,
    pub(crate) http_apis: HttpApis,
    functions: Arc<Functions>,
    activity: Activity,
}

/// A running stack. Dropping it ends it, functions included.
pub struct Stack {
    parts: Arc<Parts>,
    front: Arc<AwsFront>,
    salesforce: Option<FakeSalesforce>,
    genesys: Option<FakeGenesysCloud>,
    urls: Urls,
    logs: LogFolder,
    _database: Database,
    _tasks: JoinSet<()>,
}

/// Where everything is.
#[derive(Debug, Clone, Serialize)]
pub struct Urls {
    /// The stack's own API.
    pub api: String,
    /// AWS, as functions see it.
    pub aws: String,
    /// Salesforce's login.
    pub salesforce: String,
    /// Genesys Cloud.
    #[serde(rename = "genesysCloud")]
    pub genesys_cloud: String,
}

/// The root of this workspace.
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

impl Stack {
    /// Builds the functions and starts everything. When it returns, every function has started.
    ///
    /// # Errors
    /// Whatever keeps a part from starting, for instance a setting that a function refuses.
    pub async fn start(options: StackOptions) -> Result<Self> {
        // Another part of this process may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();

        let aws_listener = TcpListener::bind(("127.0.0.1", 0)).await.context("starting AWS")?;
        let aws_url = format!("http://{}", aws_listener.local_addr()?);
        let template = read_template(&options, &aws_url)?;
        let executables = executables(&options, &template).await?;

        let fakes = Fakes::start(options.salesforce_url.as_deref(), options.other_genesys()?.as_deref()).await?;
        let database = Database::start(options.data.as_deref(), &template).await?;
        let logs = LogFolder::open(&options.logs, &template).context("opening the logs")?;

        let activity = Activity::default();
        let queues = Arc::new(Queues::new(&template, &aws_url, &options.timings, &activity));
        let surroundings = Surroundings {
            aws_url: &aws_url,
            salesforce_url: &fakes.salesforce_url,
            genesys_cloud_url: &fakes.genesys_url,
            longest_delay: options.timings.longest_delay,
            overrides: &options.environment,
        };
        let functions = Arc::new(Functions::new(
            &template,
            |function| surroundings.environment(function),
            &Launching { executables: &executables, logs: logs.path(), activity: &activity },
        ));
        let delivery = Delivery {
            queues: queues.clone(),
            functions: functions.clone(),
            activity: activity.clone(),
            timings: options.timings.clone(),
        };
        let buses = Buses::new(&template, PARTNER_BUS.to_owned(), delivery.clone())?;
        let parts = Arc::new(Parts {
            buses: Arc::new(buses),
            queues,
            schedules: Schedules::new(&template, delivery)?,
            http_apis: HttpApis::new(&template, &functions),
            functions,
            activity,
        });
        let front = Arc::new(AwsFront {
            database: database.url(),
            http: reqwest::Client::builder().no_proxy().build().context("building a client")?,
            queues: parts.queues.clone(),
            buses: parts.buses.clone(),
            functions: parts.functions.clone(),
            secrets: settings::secrets(fakes.credentials),
            parameters: settings::stored_parameters(&template, options.policy.as_deref()),
            counters: <_>::default(),
            faults: AwsFaults::default(),
        });

        let api_listener = TcpListener::bind(("127.0.0.1", options.port)).await;
        let api_listener = api_listener.with_context(|| format!("listening on 127.0.0.1:{}", options.port))?;
        let urls = Urls {
            api: format!("http://{}", api_listener.local_addr()?),
            aws: aws_url,
            salesforce: fakes.salesforce_url,
            genesys_cloud: fakes.genesys_url,
        };
        let mut tasks = JoinSet::new();
        spawn_server(&mut tasks, aws_listener, front.clone().routes());
        // Functions may need AWS before they ask for their first invocation.
        for function in parts.functions.iter() {
            function.warm_up().await?;
        }
        spawn_server(&mut tasks, api_listener, server::routes(parts.clone(), urls.clone()));
        spawn_pollers(&mut tasks, &template, &parts, &options.timings);
        if !options.manual_schedules {
            let parts = parts.clone();
            tasks.spawn(async move { parts.schedules.run_by_the_clock().await });
        }
        Ok(Self {
            parts,
            front,
            salesforce: fakes.salesforce,
            genesys: fakes.genesys,
            urls,
            logs,
            _database: database,
            _tasks: tasks,
        })
    }

    /// Where everything is.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// Takes events, as `POST /events` does; how many of them a rule matched.
    ///
    /// # Errors
    /// [`EventError`], and then none is taken.
    pub fn post_events(&self, events: Vec<Json>) -> Result<usize, EventError> {
        self.parts.buses.post(events)
    }

    /// Waits until all queues that functions read are empty and all invocations done.
    pub async fn drain_queues(&self, limit: Duration) -> Drained {
        self.parts.drain(limit).await
    }

    /// Fires every schedule once and waits for the invocations; how many schedules there are.
    pub async fn run_schedules(&self) -> usize {
        self.parts.schedules.run_all().await
    }

    /// Every event put on the bus for outcomes.
    pub fn outcomes(&self) -> Vec<Json> {
        self.parts.buses.outcomes()
    }

    /// The messages of each queue that nobody reads.
    pub fn dead_letters(&self) -> BTreeMap<String, Vec<Json>> {
        self.parts.dead_letters()
    }

    /// How many messages a queue has, by the queue's name.
    pub fn queue_counts(&self) -> BTreeMap<String, Counts> {
        self.parts.queues.iter().map(|queue| (queue.name().to_owned(), queue.counts())).collect()
    }

    /// The built-in Salesforce, unless another one is used.
    pub fn salesforce(&self) -> Option<&FakeSalesforce> {
        self.salesforce.as_ref()
    }

    /// The built-in Genesys Cloud, unless another one is used.
    pub fn genesys(&self) -> Option<&FakeGenesysCloud> {
        self.genesys.as_ref()
    }

    /// What goes wrong in AWS next; crashes of functions between two requests too.
    pub fn aws_faults(&self) -> &AwsFaults {
        &self.front.faults
    }

    /// Kills every copy of every function, whatever it is doing; new ones start when needed.
    pub async fn kill_functions(&self) {
        self.parts.functions.kill().await;
    }

    /// What went on so far.
    pub fn stats(&self) -> StackStats {
        let functions = self.parts.functions.iter();
        StackStats {
            aws: self.front.counters.stats(),
            functions: functions.map(|function| (function.name().to_owned(), function.stats())).collect(),
        }
    }

    /// Where the functions' output goes, unless it is the stack's own.
    pub fn log_folder(&self) -> Option<&Path> {
        self.logs.path()
    }

    /// What the functions wrote so far, unless it went to the stack's own output.
    pub fn function_log(&self, function: &str) -> Option<String> {
        std::fs::read_to_string(logs::file(self.logs.path()?, function)).ok()
    }

    /// Ends everything, functions first.
    pub async fn stop(self) {
        self.parts.functions.close();
        self.parts.functions.kill().await;
    }
}

impl Drop for Stack {
    /// Connections that functions hold open keep parts of the stack alive: they must go first.
    fn drop(&mut self) {
        self.parts.functions.close();
    }
}

impl Parts {
    pub(crate) async fn drain(&self, limit: Duration) -> Drained {
        let drained = tokio::time::timeout(limit, self.activity.idle()).await.is_ok();
        let unread = self.queues.iter().filter(|queue| !queue.is_read());
        Drained { drained, left: self.activity.count(), dead_letters: unread.map(|queue| queue.counts().visible).sum() }
    }

    pub(crate) fn dead_letters(&self) -> BTreeMap<String, Vec<Json>> {
        let unread = self.queues.iter().filter(|queue| !queue.is_read());
        let letters = unread.map(|queue| {
            let letters = queue.peek().into_iter().map(|message| {
                let body = serde_json::from_str(&message.body);
                json!({
                    "messageId": message.id,
                    "receiveCount": message.receive_count,
                    "body": body.unwrap_or(Json::String(message.body)),
                })
            });
            (queue.name().to_owned(), letters.collect())
        });
        letters.collect()
    }
}

fn read_template(options: &StackOptions, aws_url: &str) -> Result<Template> {
    let path = options.template.clone().unwrap_or_else(|| workspace().join("template.yaml"));
    let text = std::fs::read_to_string(&path);
    let text = text.with_context(|| format!("reading {}", path.display()))?;
    let mut parameters = options.parameters.clone();
    parameters.insert("EventBusName".to_owned(), PARTNER_BUS.to_owned());
    let setting = Setting { parameters, endpoint: aws_url.to_owned() };
    Ok(Template::parse(&text, &setting)?)
}

/// Builds what is not there yet.
async fn executables(options: &StackOptions, template: &Template) -> Result<BTreeMap<String, PathBuf>> {
    let mut executables = options.executables.clone();
    let wanted: BTreeSet<_> = template
        .functions
        .iter()
        .map(|function| function.binary.clone())
        .filter(|binary| !executables.contains_key(binary))
        .collect();
    executables.extend(build::build(&workspace(), &wanted, options.profile).await?);
    Ok(executables)
}

fn spawn_server(tasks: &mut JoinSet<()>, listener: TcpListener, routes: axum::Router) {
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "a server stopped");
        }
    });
}

fn spawn_pollers(tasks: &mut JoinSet<()>, template: &Template, parts: &Parts, timings: &Timings) {
    for mapping in &template.event_source_mappings {
        let queue = parts.queues.get(&mapping.queue).cloned();
        let function = parts.functions.get(&mapping.function).cloned();
        let (Some(queue), Some(function)) = (queue, function) else {
            tracing::warn!(?mapping, "the queue or the function is not part of the template");
            continue;
        };
        let poller = Poller {
            mapping: mapping.clone(),
            queues: parts.queues.clone(),
            queue,
            function,
            timings: timings.clone(),
        };
        tasks.spawn(poller.run());
    }
}
