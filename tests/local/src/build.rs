//! Builds the functions' binaries with cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::Mutex;

/// How the functions are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// As deployed.
    Release,
}

impl Default for Profile {
    /// As this very program was built.
    fn default() -> Self {
        if cfg!(debug_assertions) { Self::Dev } else { Self::Release }
    }
}

/// Why there are no binaries.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo could not be run.
    #[error("running {cargo}: {reason}")]
    NotRun {
        /// The command.
        cargo: String,
        /// What the system said.
        reason: std::io::Error,
    },
    /// cargo said what is wrong.
    #[error("cargo build failed ({0}); its output says why")]
    Failed(std::process::ExitStatus),
    /// No such binary came out.
    #[error("cargo built no binary named {0}")]
    NoBinary(String),
}

/// One line of `cargo build --message-format=json`.
#[derive(Deserialize)]
struct CargoMessage {
    executable: Option<PathBuf>,
    target: Option<CargoTarget>,
    profile: Option<CargoProfile>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
}

#[derive(Deserialize)]
struct CargoProfile {
    /// Whether it is the tests inside the target.
    test: bool,
}

/// Where it is `workspace`, functions are built as `cargo test --workspace` builds them: dependencies then have the features that any
/// test asks for, and what is built already need not be built again without them.
const BUILT_WITH: &str = "FUNCTIONS_BUILT_WITH";

/// What this process has built already: tests start many stacks.
static BUILT: Mutex<BTreeMap<(Profile, String), PathBuf>> = Mutex::const_new(BTreeMap::new());

/// Builds binaries, each of the package of the same name, once in the life of this process; answers
/// where they are. cargo's own progress goes to standard error.
///
/// # Errors
/// [`BuildError`].
pub async fn build(
    workspace: &Path,
    binaries: &BTreeSet<String>,
    profile: Profile,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let mut built = BUILT.lock().await;
    let key = |binary: &String| (profile, binary.clone());
    let missing: BTreeSet<_> = binaries.iter().filter(|binary| !built.contains_key(&key(binary))).cloned().collect();
    for (binary, executable) in run_cargo(workspace, &missing, profile).await? {
        built.insert((profile, binary), executable);
    }
    Ok(binaries.iter().filter_map(|binary| Some((binary.clone(), built.get(&key(binary))?.clone()))).collect())
}

async fn run_cargo(
    workspace: &Path,
    binaries: &BTreeSet<String>,
    profile: Profile,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    if binaries.is_empty() {
        return Ok(BTreeMap::new());
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let not_run = |reason| BuildError::NotRun { cargo: cargo.clone(), reason };
    let mut command = Command::new(&cargo);
    command.current_dir(workspace).args(["build", "--message-format=json-render-diagnostics"]);
    if std::env::var(BUILT_WITH).is_ok_and(|what| what == "workspace") {
        command.args(["--workspace", "--all-targets"]);
    } else {
        for binary in binaries {
            command.args(["--package", binary, "--bin", binary]);
        }
    }
    if profile == Profile::Release {
        command.arg("--release");
    }
    // What the cargo that runs this program says of itself would make build scripts run anew that look at it: minutes.
    for (name, _) in std::env::vars_os() {
        let is_left_over = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_left_over) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut cargo_process = command.spawn().map_err(not_run)?;

    let mut executables = BTreeMap::new();
    if let Some(output) = cargo_process.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await.map_err(not_run)? {
            executables.extend(executable(&line));
        }
    }
    let status = cargo_process.wait().await.map_err(not_run)?;
    if !status.success() {
        return Err(BuildError::Failed(status));
    }
    executables.retain(|name, _| binaries.contains(name));
    match binaries.iter().find(|name| !executables.contains_key(*name)) {
        Some(missing) => Err(BuildError::NoBinary(missing.clone())),
        None => Ok(executables),
    }
}

fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: CargoMessage = serde_json::from_str(line).ok()?;
    let is_itself = !message.profile?.test;
    is_itself.then_some((message.target?.name, message.executable?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_among_cargos_messages() {
        let line =
            r#"{"reason":"compiler-artifact","target":{"name":"x"},"profile":{"test":false},"executable":"/t/x"}"#;
        assert_eq!(executable(line), Some(("x".to_owned(), PathBuf::from("/t/x"))));
        assert_eq!(executable(&line.replace("false", "true")), None, "the tests inside it");
        assert_eq!(executable(&line.replace(r#""/t/x""#, "null")), None, "a library");
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(executable("warning"), None);
    }
}
