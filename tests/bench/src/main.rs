//! Figures: what an event costs, whether it costs more the longer an agent has worked here, what a ghost and a drained queue
//! cost, and how long a customer who comes back waits.
//!
//! The functions are built as they are deployed and run as real processes in the local stack, one invocation at a time, so that
//! the figures do not depend on how many processors this machine has.

mod drains;
mod figures;
mod ghosts;
mod history;
mod resumptions;
mod throughput;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use local_stack::build::Profile;

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
    /// Conversations in the queues that are drained
    #[arg(long, default_values_t = [5_000, 50_000])]
    conversations: Vec<usize>,
    /// Requests a minute that Genesys Cloud allows while they are drained
    #[arg(long, default_value_t = 6_000)]
    requests_per_minute: u32,
    /// Drains with the function as tests build it, which is sooner built than the one that is deployed
    #[arg(long)]
    dev: bool,
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
    /// What a drained queue costs
    Drains,
}

#[tokio::main]
async fn main() -> Result<()> {
    let command = Command::parse();
    let profile = if command.dev { Profile::Dev } else { Profile::Release };
    let drains = || drains::measure(&command.conversations, command.requests_per_minute, profile);
    match command.only {
        None => {
            throughput::measure(command.events, command.agents).await?;
            history::measure(command.days).await?;
            ghosts::measure(command.events, command.ghosts).await?;
            resumptions::measure(command.handshakes).await?;
            drains().await
        }
        Some(Figure::Throughput) => throughput::measure(command.events, command.agents).await,
        Some(Figure::History) => history::measure(command.days).await,
        Some(Figure::Ghosts) => ghosts::measure(command.events, command.ghosts).await,
        Some(Figure::Resumptions) => resumptions::measure(command.handshakes).await,
        Some(Figure::Drains) => drains().await,
    }
}
