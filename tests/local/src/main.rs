//! The local stack: see the library beside this file.

use std::process::ExitCode;

use clap::Parser;
use local_stack::cli::{Command, Ending};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The exit code of a program that was interrupted, as shells have it.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("local_stack=warn"));
    let output = tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().with_target(false);
    output.with_env_filter(filter).init();
    match run(Command::parse()).await {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<Ending> {
    let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
    command.run(any(signals)).await
}

/// Waits for whichever signal comes first.
async fn any([mut first, mut second, mut third]: [Signal; 3]) {
    tokio::select! {
        _ = first.recv() => {}
        _ = second.recv() => {}
        _ = third.recv() => {}
    }
}
