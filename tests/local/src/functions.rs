//! Lambda: the real binaries, started when needed, kept warm, limited in number and in time.

mod instance;
mod runtime_api;
mod usage;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::sync::Semaphore;

use instance::{Instance, Launch};

pub use instance::InvocationError;
pub use runtime_api::FunctionError;
pub use usage::Usage;

use crate::activity::Activity;
use crate::{logs, template};

/// How many copies of a function run at most, where neither function nor queue limits it.
const DEFAULT_CONCURRENCY: usize = 10;
/// How many copies run at most, whatever the template reserves: here, each is a process on one machine.
const MOST_CONCURRENCY: usize = 16;

/// What the invocations of a function came to.
#[derive(Debug, Clone, Default)]
pub struct FunctionStats {
    /// Invocations, failed ones included.
    pub invocations: u64,
    /// Invocations that failed, whatever the cause.
    pub failures: u64,
    /// Of those, the ones killed for taking too long.
    pub timeouts: u64,
    /// Of those, the ones whose process ended.
    pub crashes: u64,
    /// Processes started.
    pub instances: u64,
    /// From the start of each process to its first `next`.
    pub inits: Vec<Duration>,
    /// The time that invocations took, added up.
    pub duration: Duration,
    /// Processor time of all processes, added up (a killed one's counts up to its last invocation).
    pub cpu: Duration,
    /// The most memory that any process held, in bytes.
    pub peak_memory_bytes: u64,
}

/// A function and its running copies.
pub struct Function {
    launch: Arc<Launch>,
    template: template::Function,
    activity: Activity,
    permits: Semaphore,
    idle: Mutex<Vec<Arc<Running>>>,
    live: Mutex<Vec<Arc<Running>>>,
    stats: Mutex<FunctionStats>,
}

struct Running {
    instance: Instance,
    /// As last seen, since a process that ended can't be asked.
    usage: Mutex<Usage>,
}

impl Running {
    fn look(&self) -> Usage {
        let mut last = lock(&self.usage);
        if let Some(usage) = self.instance.usage() {
            *last = usage;
        }
        *last
    }
}

impl Function {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.template.name
    }

    /// As the template declares it.
    pub fn template(&self) -> &template::Function {
        &self.template
    }

    /// Invokes it: with an idle copy, or a new one, or once one becomes free.
    ///
    /// # Errors
    /// [`InvocationError`].
    pub async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvocationError> {
        let _busy = self.activity.begin();
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|_closed| InvocationError::Ended { function: self.name().to_owned() })?;
        let started = Instant::now();
        let result = match self.take().await {
            Ok(running) => {
                let result = running.instance.invoke(payload).await;
                running.look();
                self.give_back(running);
                result
            }
            Err(error) => Err(error),
        };
        self.count(started.elapsed(), result.as_ref().err());
        if let Err(error) = &result {
            tracing::warn!("{error}");
        }
        result
    }

    /// Starts a copy, so that the first invocation finds it.
    ///
    /// # Errors
    /// [`InvocationError::Init`] if it can't start, for instance for want of a setting.
    pub async fn warm_up(&self) -> Result<(), InvocationError> {
        let running = self.take().await?;
        self.give_back(running);
        Ok(())
    }

    /// Kills every copy, whatever it is doing, as a crash would.
    pub async fn kill(&self) {
        let live: Vec<_> = std::mem::take(&mut *lock(&self.live));
        lock(&self.idle).clear();
        for running in &live {
            running.look();
            running.instance.request_kill();
        }
        for running in &live {
            running.instance.kill().await;
            self.retire(running);
        }
    }

    /// Takes no more invocations and asks for every copy to be killed, without waiting.
    fn close(&self) {
        self.permits.close();
        for running in lock(&self.live).iter() {
            running.instance.request_kill();
        }
    }

    /// What its invocations came to so far.
    pub fn stats(&self) -> FunctionStats {
        let mut stats = lock(&self.stats).clone();
        for running in lock(&self.live).iter() {
            stats.add_usage(running.look());
        }
        stats
    }

    async fn take(&self) -> Result<Arc<Running>, InvocationError> {
        loop {
            let Some(running) = lock(&self.idle).pop() else { break };
            if running.instance.is_alive() {
                return Ok(running);
            }
            self.forget(&running);
        }
        let instance = Instance::start(self.launch.clone()).await?;
        let mut stats = lock(&self.stats);
        stats.instances += 1;
        stats.inits.push(instance.init);
        drop(stats);
        let running = Arc::new(Running { instance, usage: Mutex::default() });
        running.look();
        lock(&self.live).push(running.clone());
        Ok(running)
    }

    fn give_back(&self, running: Arc<Running>) {
        if running.instance.is_alive() {
            lock(&self.idle).push(running);
        } else {
            self.forget(&running);
        }
    }

    /// Takes a dead copy off the list; `kill` may have done so before.
    fn forget(&self, running: &Arc<Running>) {
        let mut live = lock(&self.live);
        let before = live.len();
        live.retain(|other| !Arc::ptr_eq(other, running));
        if live.len() < before {
            self.retire(running);
        }
    }

    fn retire(&self, running: &Running) {
        lock(&self.stats).add_usage(*lock(&running.usage));
    }

    fn count(&self, duration: Duration, error: Option<&InvocationError>) {
        let mut stats = lock(&self.stats);
        stats.invocations += 1;
        stats.duration += duration;
        stats.failures += u64::from(error.is_some());
        stats.timeouts += u64::from(matches!(error, Some(InvocationError::TimedOut { .. })));
        stats.crashes += u64::from(matches!(error, Some(InvocationError::Exited { .. })));
    }
}

impl FunctionStats {
    fn add_usage(&mut self, usage: Usage) {
        self.cpu += usage.cpu;
        self.peak_memory_bytes = self.peak_memory_bytes.max(usage.peak_memory_bytes);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All functions, by name.
pub struct Functions {
    by_name: BTreeMap<String, Arc<Function>>,
}

/// What a function needs beside its template.
pub(crate) struct Launching<'a> {
    /// The executable of each binary.
    pub(crate) executables: &'a BTreeMap<String, PathBuf>,
    /// Where logs go; absent: where the stack's own output goes.
    pub(crate) logs: Option<&'a Path>,
    pub(crate) activity: &'a Activity,
}

impl Functions {
    /// The functions of a template, none of them started. A queue's concurrency limits its
    /// function's.
    pub(crate) fn new(
        template: &template::Template,
        environment: impl Fn(&template::Function) -> Vec<(String, String)>,
        launching: &Launching<'_>,
    ) -> Self {
        let mut by_name = BTreeMap::new();
        for declared in &template.functions {
            let from_queues = template.event_source_mappings.iter();
            let from_queues = from_queues.filter(|mapping| mapping.function == declared.name);
            let from_queues = from_queues.filter_map(|mapping| mapping.maximum_concurrency).max();
            // One more than the queue's, so that a schedule need not wait for it.
            let concurrency = declared.reserved_concurrency.or(from_queues.map(|limit| limit + 1));
            let launch = Launch {
                function: declared.name.clone(),
                executable: launching.executables.get(&declared.binary).cloned().unwrap_or_default(),
                memory_mb: declared.memory_mb,
                timeout: Duration::from_secs(declared.timeout_seconds.into()),
                environment: environment(declared),
                log: launching.logs.map(|folder| logs::file(folder, &declared.name)),
            };
            let function = Function {
                launch: Arc::new(launch),
                template: declared.clone(),
                activity: launching.activity.clone(),
                permits: Semaphore::new(concurrency.unwrap_or(DEFAULT_CONCURRENCY).min(MOST_CONCURRENCY)),
                idle: Mutex::default(),
                live: Mutex::default(),
                stats: Mutex::default(),
            };
            by_name.insert(declared.name.clone(), Arc::new(function));
        }
        Self { by_name }
    }

    /// The function with this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.by_name.get(name)
    }

    /// All functions.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.by_name.values()
    }

    /// Takes no more invocations and asks for every copy to be killed, without waiting.
    pub fn close(&self) {
        self.iter().for_each(|function| function.close());
    }

    /// Kills every copy of every function, as a crash would.
    pub async fn kill(&self) {
        futures::future::join_all(self.iter().map(|function| function.kill())).await;
    }
}
