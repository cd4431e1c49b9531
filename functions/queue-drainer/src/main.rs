//! The `queue-drainer` Lambda function: see the library beside this file.

use std::error::Error;
use std::process::ExitCode;

use lambda_kit::settings::Environment;
use lambda_kit::{aws, logs, runtime};
use queue_drainer::handler::QueueDrainer;
use queue_drainer::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function = match start().await {
        Ok(function) => function,
        Err(error) => return runtime::fail_start(&error),
    };
    match runtime::run(|invocation, deadline| function.handle(invocation, deadline)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => runtime::fail_start(&error),
    }
}

async fn start() -> Result<QueueDrainer, Box<dyn Error>> {
    let environment = Environment::from_process();
    logs::init(&environment)?;
    let settings = Settings::read(&environment)?;
    Ok(QueueDrainer::new(settings, &aws::sdk_config().await)?)
}
