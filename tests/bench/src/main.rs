//! Figures: what an event costs, and whether it costs more the longer an agent has worked here.
//!
//! The functions are built as they are deployed and run as real processes in the local stack, one invocation at a time, so that
//! the figures do not depend on how many processors this machine has.

mod figures;
mod history;
mod throughput;

use anyhow::Result;
use clap::Parser;

/// Measures the functions on this machine.
#[derive(Debug, Parser)]
struct Command {
    /// Events in the throughput run
    #[arg(long, default_value_t = 10_000)]
    events: usize,
    /// Agents in the throughput run
    #[arg(long, default_value_t = 200)]
    agents: usize,
    /// The longest history, in working days of each agent
    #[arg(long, default_value_t = 100)]
    days: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let command = Command::parse();
    throughput::measure(command.events, command.agents).await?;
    history::measure(command.days).await
}
