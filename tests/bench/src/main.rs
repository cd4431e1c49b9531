//! Figures: what an event costs, whether it costs more the longer an agent has worked here, what a ghost costs, and
//! how long a customer who comes back waits.
//!
//! The functions are built as they are deployed and run as real processes in the local stack, one invocation at a time, so that
//! the figures do not depend on how many processors this machine has.

mod figures;
mod ghosts;
mod history;
mod resumptions;
mod throughput;

use anyhow::Result;
use clap::{Parser, ValueEnum};

/// Measures the functions on this machine.
#[derive(Debug, Parser)]
struct Command {
    /// Only this, in place of everything
    only: Option<Figure>,
    /// Events in the throughput run
    #[arg(long, default_value_t = 10_000)]
    events: usize,
    /// Agents in the throughput run
    #[arg(long, default_value_t = 200)]
    agents: usize,
    /// The longest history, in working days of each agent
    #[arg(long, default_value_t = 100)]
    days: u32,
    /// Ghosts, and as many that only look like one; all their requests should fit into a minute of the rate limit
    #[arg(long, default_value_t = 40)]
    ghosts: usize,
    /// Customers who come back; two requests for each should fit into a minute of the rate limit
    #[arg(long, default_value_t = 120)]
    handshakes: usize,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Figure {
    /// What an event costs the interruption logger
    Throughput,
    /// The same after long histories
    History,
    /// What watching and a ghost cost
    Ghosts,
    /// How long a customer who comes back waits
    Resumptions,
}

#[tokio::main]
async fn main() -> Result<()> {
    let command = Command::parse();
    match command.only {
        None => {
            throughput::measure(command.events, command.agents).await?;
            history::measure(command.days).await?;
            ghosts::measure(command.events, command.ghosts).await?;
            resumptions::measure(command.handshakes).await
        }
        Some(Figure::Throughput) => throughput::measure(command.events, command.agents).await,
        Some(Figure::History) => history::measure(command.days).await,
        Some(Figure::Ghosts) => ghosts::measure(command.events, command.ghosts).await,
        Some(Figure::Resumptions) => resumptions::measure(command.handshakes).await,
    }
}
