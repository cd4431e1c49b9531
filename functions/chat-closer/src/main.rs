//! The `chat-closer` Lambda function: see the library beside this file.

use std::error::Error;
use std::process::ExitCode;

use chat_closer::handler::ChatCloser;
use chat_closer::settings::Settings;
use lambda_kit::settings::Environment;
use lambda_kit::{aws, logs, runtime};

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

async fn start() -> Result<ChatCloser, Box<dyn Error>> {
    let environment = Environment::from_process();
    logs::init(&environment)?;
    let settings = Settings::read(&environment)?;
    Ok(ChatCloser::new(settings, &aws::sdk_config().await)?)
}
