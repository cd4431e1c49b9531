//! One running copy of a function's binary.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};

use super::runtime_api::{FunctionError, RuntimeApi};
use super::usage::Usage;
use crate::template::{ACCOUNT, REGION};

/// How long a function may take until it asks for its first invocation, as in Lambda.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// Why an invocation failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InvocationError {
    /// The binary could not be run at all.
    #[error("{function} can't be run: {reason}")]
    NotRun {
        /// The function.
        function: String,
        /// What the system said.
        reason: String,
    },
    /// It ended, or reported an error, before it asked for an invocation.
    #[error("{function} did not start: {reason}")]
    Init {
        /// The function.
        function: String,
        /// Its report, or its last line of output.
        reason: String,
    },
    /// It reported an error.
    #[error("{function} failed: {error}")]
    Reported {
        /// The function.
        function: String,
        /// Its report.
        error: FunctionError,
    },
    /// It took longer than its time-out, and was killed.
    #[error("{function} timed out after {seconds} s")]
    TimedOut {
        /// The function.
        function: String,
        /// Its time-out.
        seconds: u64,
    },
    /// The stack takes no more invocations.
    #[error("{function} is not invoked: the stack ends")]
    Ended {
        /// The function.
        function: String,
    },
    /// It ended in the middle of an invocation.
    #[error("{function} exited in an invocation ({status})")]
    Exited {
        /// The function.
        function: String,
        /// How it ended.
        status: String,
    },
}

/// How to start a function.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) function: String,
    pub(super) executable: PathBuf,
    pub(super) memory_mb: u32,
    pub(super) timeout: Duration,
    /// The function's own settings, and those that lead to the stack.
    pub(super) environment: Vec<(String, String)>,
    /// Where its output goes; absent: where the stack's own goes.
    pub(super) log: Option<PathBuf>,
}

impl Launch {
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", self.function)
    }
}

/// A running copy. Dropping it kills it.
pub(super) struct Instance {
    launch: Arc<Launch>,
    api: RuntimeApi,
    pid: u32,
    exited: watch::Receiver<Option<String>>,
    kill: Arc<Notify>,
    /// From the start of the process to its first `next`.
    pub(super) init: Duration,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill.notify_one();
    }
}

impl Instance {
    /// Starts a copy and waits until it asks for its first invocation.
    pub(super) async fn start(launch: Arc<Launch>) -> Result<Self, InvocationError> {
        let not_run = |error: std::io::Error| InvocationError::NotRun {
            function: launch.function.clone(),
            reason: format!("{}: {error}", launch.executable.display()),
        };
        let api = RuntimeApi::start(launch.arn()).await.map_err(not_run)?;
        let (log, log_start) = open_log(&launch).map_err(not_run)?;
        let started = Instant::now();
        let child = command(&launch, &api, log).and_then(|mut command| command.spawn());
        let child = child.map_err(not_run)?;
        let pid = child.id().unwrap_or_default();
        let (kill, exited) = supervise(child);
        let mut instance = Self { api, pid, exited, kill, init: Duration::ZERO, launch: launch.clone() };
        let reason = tokio::select! {
            ready = instance.api.initialised() => match ready {
                Ok(()) => {
                    instance.init = started.elapsed();
                    return Ok(instance);
                }
                Err(error) => error.to_string(),
            },
            status = instance.ended() => format!("it exited ({status})"),
            () = tokio::time::sleep(INIT_LIMIT) => {
                format!("it asked for no invocation within {} s", INIT_LIMIT.as_secs())
            }
        };
        instance.kill().await;
        let reason = last_line(&launch, log_start).unwrap_or(reason);
        Err(InvocationError::Init { function: launch.function.clone(), reason })
    }

    /// Hands over one invocation and waits for its answer. After an error other than a reported
    /// one the instance is dead.
    pub(super) async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvocationError> {
        let function = self.launch.function.clone();
        let limit = self.launch.timeout;
        let answer = self.api.invoke(payload, limit);
        tokio::select! {
            biased;
            answer = answer => match answer {
                Ok(Ok(body)) => Ok(body),
                Ok(Err(error)) => Err(InvocationError::Reported { function, error }),
                Err(_) => Err(InvocationError::Exited { function, status: self.ended().await }),
            },
            status = self.ended() => Err(InvocationError::Exited { function, status }),
            () = tokio::time::sleep(limit) => {
                self.kill().await;
                Err(InvocationError::TimedOut { function, seconds: limit.as_secs() })
            }
        }
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&self) -> bool {
        self.exited.borrow().is_none()
    }

    /// Asks for the process to be killed, at once and without waiting.
    pub(super) fn request_kill(&self) {
        self.kill.notify_one();
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn kill(&self) {
        self.request_kill();
        self.ended().await;
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        Usage::of_process(self.pid)
    }

    /// Waits until the process is gone; how it ended.
    async fn ended(&self) -> String {
        let mut exited = self.exited.clone();
        let status = exited.wait_for(Option::is_some).await;
        status.ok().and_then(|status| status.clone()).unwrap_or_else(|| "unknown".to_owned())
    }
}

/// Waits for the child's end, and kills it when told to.
fn supervise(mut child: Child) -> (Arc<Notify>, watch::Receiver<Option<String>>) {
    let kill = Arc::new(Notify::new());
    let (sender, exited) = watch::channel(None);
    let told = kill.clone();
    tokio::spawn(async move {
        let mut status = tokio::select! {
            biased;
            status = child.wait() => Some(status),
            () = told.notified() => None,
        };
        if status.is_none() {
            // It may have ended by itself meanwhile: then there is nothing to kill.
            let _ = child.start_kill();
            status = Some(child.wait().await);
        }
        sender.send_replace(status.map(describe));
    });
    (kill, exited)
}

fn describe(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// The log file, and its length before this instance wrote anything.
fn open_log(launch: &Launch) -> std::io::Result<(Option<File>, u64)> {
    let Some(path) = &launch.log else {
        return Ok((None, 0));
    };
    let log = OpenOptions::new().create(true).append(true).open(path)?;
    let length = log.metadata()?.len();
    Ok((Some(log), length))
}

/// Variables of the stack's own environment that a function may need to run at all.
const INHERITED: [&str; 6] = ["PATH", "HOME", "RUST_BACKTRACE", "SSL_CERT_FILE", "SSL_CERT_DIR", "LLVM_PROFILE_FILE"];

fn command(launch: &Launch, api: &RuntimeApi, log: Option<File>) -> std::io::Result<Command> {
    let mut command = Command::new(&launch.executable);
    command.env_clear();
    command.envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs(launch.environment.iter().map(|(name, value)| (name, value)));
    command.env("AWS_LAMBDA_RUNTIME_API", api.address.to_string());
    command.env("AWS_LAMBDA_FUNCTION_NAME", &launch.function);
    command.env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", launch.memory_mb.to_string());
    command.env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    command.env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", launch.function));
    command.env("AWS_LAMBDA_LOG_STREAM_NAME", api.address.port().to_string());
    command.env("_HANDLER", "bootstrap");
    command.stdin(Stdio::null());
    if let Some(log) = log {
        command.stdout(log.try_clone()?).stderr(log);
    }
    // A group of its own: Ctrl-C reaches the stack alone, which then ends its functions itself.
    command.process_group(0).kill_on_drop(true);
    Ok(command)
}

/// The last line that the instance wrote, if it wrote any.
fn last_line(launch: &Launch, start: u64) -> Option<String> {
    let mut log = File::open(launch.log.as_ref()?).ok()?;
    log.seek(SeekFrom::Start(start)).ok()?;
    let mut text = Vec::new();
    log.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
