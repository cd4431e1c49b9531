//! The command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::day::DayOptions;
use crate::demo;
use crate::drain::Drain;
use crate::fakes::Fakes;
use crate::stack::{Logs, Stack, StackOptions, workspace};

/// The whole deployment of template.yaml on this machine. Without a command: plays a recorded day
/// and shows what came of it.
#[derive(Debug, Parser)]
#[command(name = "local-stack", version)]
pub struct Command {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    play: Play,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Stays up and takes events.
    Serve(Serve),
    /// Only the fakes: says in a line of JSON where they are and how to log in, and stays up.
    Fakes,
    /// Drains a queue, of the built-in fake or of a real organization, and shows how far it is.
    Drain(Drain),
}

#[derive(Debug, Args)]
struct Play {
    /// Where the HTML report goes [default: target/report.html]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Shows the functions' logs here, in place of writing them to target/local-stack
    #[arg(long, global = true)]
    logs: bool,
}

#[derive(Debug, Args)]
struct Serve {
    /// Port of the stack's API on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// Schedules fire only when told to (POST /schedules/run)
    #[arg(long)]
    manual_schedules: bool,
    /// Another Genesys Cloud, login and API in one, in place of the built-in fake; for a real organization, set its region:
    /// `--env GENESYS_CLOUD_REGION=DOMAIN`
    #[arg(long, value_name = "URL")]
    genesys_url: Option<String>,
    /// Another Salesforce login, in place of the built-in fake
    #[arg(long, value_name = "URL")]
    salesforce_url: Option<String>,
    /// A setting of the functions; may be repeated
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = setting)]
    environment: Vec<(String, String)>,
    /// The ghost policy, in place of the template's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Keeps the database in this folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(crate) fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("is not NAME=VALUE")?;
    if name.is_empty() {
        return Err("has no name".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// How a task ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It did what it was asked for. For a server, that is to stay until it is told to end.
    Done,
    /// It was told to end before it was done.
    Interrupted,
}

impl Command {
    /// Does what was asked for, until it is done or `interrupt` is; ends the functions either way.
    ///
    /// # Errors
    /// For people, saying what was done when it went wrong.
    pub async fn run(self, interrupt: impl Future<Output = ()>) -> Result<Ending> {
        let mut interrupt = std::pin::pin!(interrupt);
        let logs = if self.play.logs { Logs::Inherited } else { Logs::Folder(workspace().join("target/local-stack")) };
        let options = match &self.task {
            None => {
                let policy = Some(demo::policy());
                StackOptions { manual_schedules: true, policy, logs, ..StackOptions::default() }
            }
            Some(Task::Serve(serve)) => serve.stack_options(logs),
            Some(Task::Fakes) => return serve_fakes(interrupt).await,
            Some(Task::Drain(drain)) => StackOptions { logs, ..drain.stack_options()? },
        };
        println!("Building the functions and starting the stack.");
        let stack = tokio::select! {
            stack = Stack::start(options) => stack?,
            () = &mut interrupt => return Ok(Ending::Interrupted),
        };
        let ending = match &self.task {
            Some(Task::Serve(_)) => {
                announce(&stack);
                interrupt.await;
                Ok(Ending::Done)
            }
            Some(Task::Drain(drain)) => tokio::select! {
                drained = drain.run(&stack) => drained.map(|()| Ending::Done),
                () = &mut interrupt => Ok(Ending::Interrupted),
            },
            None | Some(Task::Fakes) => {
                let (day, report) = (DayOptions::default(), self.play.report());
                tokio::select! {
                    played = demo::play(&stack, &day, &report) => played.map(|()| Ending::Done),
                    () = &mut interrupt => Ok(Ending::Interrupted),
                }
            }
        };
        stack.stop().await;
        ending
    }
}

async fn serve_fakes(interrupt: impl Future<Output = ()>) -> Result<Ending> {
    let fakes = Fakes::start(None, None).await?;
    println!("{}", fakes.description());
    interrupt.await;
    Ok(Ending::Done)
}

impl Play {
    fn report(&self) -> PathBuf {
        self.report.clone().unwrap_or_else(|| workspace().join("target/report.html"))
    }
}

impl Serve {
    fn stack_options(&self, logs: Logs) -> StackOptions {
        StackOptions {
            port: self.port,
            environment: self.environment.iter().cloned().collect(),
            salesforce_url: self.salesforce_url.clone(),
            genesys_url: self.genesys_url.clone(),
            policy: self.policy.clone(),
            data: self.data.clone(),
            manual_schedules: self.manual_schedules,
            logs,
            ..StackOptions::default()
        }
    }
}

fn announce(stack: &Stack) {
    let built_in = |is_built_in: bool| if is_built_in { "  (built-in fake)" } else { "" };
    let urls = stack.urls();
    println!("Ready. Ctrl-C ends it.");
    println!("  stack          {}", urls.api);
    println!("  AWS            {}", urls.aws);
    println!("  Salesforce     {}{}", urls.salesforce, built_in(stack.salesforce().is_some()));
    println!("  Genesys Cloud  {}{}", urls.genesys_cloud, built_in(stack.genesys().is_some()));
    if let Some(folder) = stack.log_folder() {
        println!("  logs           {}", folder.display());
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Command::command().debug_assert();
    }

    #[test]
    fn serve_takes_the_options_of_the_design() {
        let arguments = "local-stack serve --port 9000 --manual-schedules --genesys-url http://g \
             --salesforce-url http://s --env A=1 --env B=x=y --policy p.yaml --data d --logs";
        let command = Command::try_parse_from(arguments.split_whitespace()).expect("it is valid");
        assert!(command.play.logs);
        let Some(Task::Serve(serve)) = command.task else { panic!("it serves") };
        assert_eq!(serve.port, 9000);
        let expected = [("A", "1"), ("B", "x=y")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(serve.environment, expected);
        assert!(Command::try_parse_from(["local-stack", "serve", "--env", "A"]).is_err());
    }

    #[test]
    fn a_drain_of_a_real_organization_needs_its_queue_and_one_place() {
        let options = |arguments: &str| {
            let command =
                Command::try_parse_from(["local-stack", "drain"].into_iter().chain(arguments.split_whitespace()));
            match command.expect("it is valid").task {
                Some(Task::Drain(drain)) => drain.stack_options(),
                other => panic!("{other:?}"),
            }
        };
        let region = "--env GENESYS_CLOUD_REGION=mypurecloud.ie";
        let other = |arguments: &str| options(arguments).and_then(|options| options.other_genesys());
        assert_eq!(other("").unwrap(), None);
        assert_eq!(other("--queue q --genesys-url http://g").unwrap().as_deref(), Some("http://g"));
        assert_eq!(other(&format!("--queue q {region}")).unwrap().as_deref(), Some("https://api.mypurecloud.ie"));
        for wrong in [
            region.to_owned(),
            "--genesys-url http://g".to_owned(),
            format!("--queue q --genesys-url http://g {region}"),
        ] {
            assert!(other(&wrong).is_err(), "{wrong}");
        }
    }
}
