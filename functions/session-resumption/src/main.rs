//! The `session-resumption` Lambda function: see the library beside this file.

use std::error::Error;
use std::process::ExitCode;

use lambda_kit::settings::Environment;
use lambda_kit::{aws, logs, runtime};
use session_resumption::handler::SessionResumption;
use session_resumption::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let function = match start().await {
        Ok(function) => function,
        Err(error) => return runtime::fail_start(&error),
    };
    match runtime::run_http(|request, deadline| function.handle(request, deadline)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => runtime::fail_start(&error),
    }
}

async fn start() -> Result<SessionResumption, Box<dyn Error>> {
    let environment = Environment::from_process();
    logs::init(&environment)?;
    let settings = Settings::read(&environment)?;
    Ok(SessionResumption::new(settings, &aws::sdk_config().await)?)
}
