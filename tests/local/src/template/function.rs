//! `AWS::Serverless::Function`, with the events that SAM lets it declare.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::reader::{Batching, Reader, State};
use super::resources::{Function, Rule, Schedule, Target, bus_name, name_of};
use super::{Template, TemplateError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    #[serde(default)]
    code_uri: Json,
    #[serde(default = "default_timeout")]
    timeout: u32,
    #[serde(default = "default_memory")]
    memory_size: u32,
    reserved_concurrent_executions: Option<usize>,
    #[serde(default)]
    environment: Environment,
    #[serde(default)]
    events: BTreeMap<String, Event>,
    #[serde(default)]
    event_invoke_config: Json,
    #[serde(default)]
    dead_letter_queue: Json,
}

/// Lambda's default, in seconds.
fn default_timeout() -> u32 {
    3
}

/// Lambda's default, in MB.
fn default_memory() -> u32 {
    128
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueEvent {
    queue: String,
    #[serde(flatten)]
    batching: Batching,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleEvent {
    event_bus_name: Option<String>,
    pattern: Json,
    #[serde(default)]
    state: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleEvent {
    #[serde(alias = "Schedule")]
    schedule_expression: String,
    input: Option<String>,
    #[serde(default)]
    state: State,
}

pub(super) fn add(template: &mut Template, reader: &Reader<'_>, globals: &Json) -> Result<(), TemplateError> {
    let properties = with_defaults(&reader.resource.properties, globals);
    let properties: Properties = reader.read("", &properties)?;
    let name = reader.physical_name();
    for (event_name, event) in &properties.events {
        let path = format!("Events.{event_name}.Properties");
        add_event(template, reader, &name, (event_name.as_str(), &path, event))?;
    }
    template.functions.push(Function {
        binary: binary(reader, &properties)?,
        timeout_seconds: properties.timeout,
        memory_mb: properties.memory_size,
        reserved_concurrency: properties.reserved_concurrent_executions,
        environment: properties.environment.variables.iter().map(variable).collect(),
        // Lambda's own default.
        asynchronous_retries: properties.event_invoke_config["MaximumRetryAttempts"]
            .as_u64()
            .and_then(|attempts| u32::try_from(attempts).ok())
            .unwrap_or(2),
        on_failure_queue: on_failure_queue(&properties),
        name,
    });
    Ok(())
}

fn add_event(
    template: &mut Template,
    reader: &Reader<'_>,
    function: &str,
    (name, path, event): (&str, &str, &Event),
) -> Result<(), TemplateError> {
    let target = Target::Function(function.to_owned());
    match event.kind.as_str() {
        "SQS" => {
            let event: QueueEvent = reader.read(path, &event.properties)?;
            let queue = name_of(&event.queue).to_owned();
            template.event_source_mappings.push(event.batching.mapping(queue, function.to_owned()));
        }
        "EventBridgeRule" | "CloudWatchEvent" => {
            let event: RuleEvent = reader.read(path, &event.properties)?;
            if event.state != State::Disabled {
                template.rules.push(Rule {
                    name: format!("{function}{name}"),
                    bus: bus_name(event.event_bus_name),
                    pattern: event.pattern,
                    targets: vec![target],
                });
            }
        }
        "Schedule" | "ScheduleV2" => {
            let event: ScheduleEvent = reader.read(path, &event.properties)?;
            if event.state != State::Disabled {
                template.schedules.push(Schedule {
                    name: format!("{function}{name}"),
                    expression: event.schedule_expression,
                    target,
                    input: event.input,
                });
            }
        }
        _ => {}
    }
    Ok(())
}

/// The function's properties over those of `Globals`; environment variables are merged.
fn with_defaults(own: &Json, globals: &Json) -> Json {
    let (Json::Object(own), Json::Object(globals)) = (own, globals) else {
        return own.clone();
    };
    let mut merged = globals.clone();
    for (name, value) in own {
        let both = match merged.get(name) {
            Some(default) => with_defaults(value, default),
            None => value.clone(),
        };
        merged.insert(name.clone(), both);
    }
    Json::Object(merged)
}

fn binary(reader: &Reader<'_>, properties: &Properties) -> Result<String, TemplateError> {
    let named = reader.resource.metadata["BuildProperties"]["Binary"].as_str();
    let folder = properties.code_uri.as_str().map(|uri| uri.trim_end_matches('/'));
    let folder = folder.and_then(|uri| uri.rsplit('/').next()).filter(|name| *name != ".");
    named
        .or(folder)
        .map(str::to_owned)
        .ok_or_else(|| reader.error("Metadata.BuildProperties.Binary", "is missing: which binary to run?"))
}

fn variable((name, value): (&String, &Json)) -> (String, String) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (name.clone(), text)
}

fn on_failure_queue(properties: &Properties) -> Option<String> {
    let destination = &properties.event_invoke_config["DestinationConfig"]["OnFailure"];
    let arn = [&destination["Destination"], &properties.dead_letter_queue["TargetArn"]];
    arn.into_iter().find(|arn| **arn != json!(null))?.as_str().map(|arn| name_of(arn).to_owned())
}
