//! Reads the properties of one resource after the other into what the stack runs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::intrinsics::Resolver;
use super::resources::{
    Bus, Cors, EventSourceMapping, FUNCTION, HttpApi, HttpIntegration, HttpRoute, PARAMETER, Queue, Redrive, Rule,
    Schedule, Table, Target, bus_name, name_of, target_of,
};
use super::{Template, TemplateError, function};

/// One resource, resolved.
pub(super) struct Resource<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) properties: Json,
    pub(super) metadata: Json,
}

/// Adds one resource to the template, if it is of a type that the stack runs.
pub(super) fn add(
    template: &mut Template,
    resolver: &Resolver,
    resource: &Resource<'_>,
    globals: &Json,
) -> Result<(), TemplateError> {
    let reader = Reader { resource, resolver };
    match resource.kind {
        FUNCTION => function::add(template, &reader, globals),
        "AWS::DynamoDB::Table" => {
            template.tables.push(reader.table()?);
            Ok(())
        }
        "AWS::SQS::Queue" => {
            template.queues.push(reader.queue()?);
            Ok(())
        }
        "AWS::Events::EventBus" => {
            template.buses.push(Bus { name: reader.physical_name() });
            Ok(())
        }
        "AWS::Events::Rule" => reader.rule(template),
        "AWS::Scheduler::Schedule" => reader.schedule(template),
        "AWS::Lambda::EventSourceMapping" => {
            template.event_source_mappings.push(reader.event_source_mapping()?);
            Ok(())
        }
        "AWS::ApiGatewayV2::Api" => {
            let api: ApiProperties = reader.properties()?;
            template.http_apis.push(HttpApi { name: reader.physical_name(), cors: api.cors_configuration });
            Ok(())
        }
        "AWS::ApiGatewayV2::Integration" => {
            template.http_integrations.push(reader.http_integration()?);
            Ok(())
        }
        "AWS::ApiGatewayV2::Route" => {
            template.http_routes.push(reader.http_route()?);
            Ok(())
        }
        PARAMETER => {
            let value: StoredParameter = reader.properties()?;
            template.stored_parameters.insert(reader.physical_name(), value.value);
            Ok(())
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredParameter {
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiProperties {
    cors_configuration: Option<Cors>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IntegrationProperties {
    integration_uri: String,
    payload_format_version: String,
    #[serde(default = "default_integration_timeout")]
    timeout_in_millis: u64,
}

/// The default of HTTP APIs, and the most.
fn default_integration_timeout() -> u64 {
    30_000
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteProperties {
    api_id: String,
    route_key: String,
    target: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueProperties {
    #[serde(default = "default_visibility")]
    visibility_timeout: u32,
    #[serde(default)]
    delay_seconds: u32,
    redrive_policy: Option<RedrivePolicy>,
}

/// The default of SQS, in seconds.
fn default_visibility() -> u32 {
    30
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleProperties {
    event_bus_name: Option<String>,
    event_pattern: Option<Json>,
    schedule_expression: Option<String>,
    #[serde(default)]
    state: State,
    #[serde(default)]
    targets: Vec<TargetProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleProperties {
    schedule_expression: String,
    #[serde(default)]
    state: State,
    target: TargetProperties,
}

/// Whether a rule or schedule is on.
#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum State {
    #[default]
    Enabled,
    Disabled,
    #[serde(other)]
    Otherwise,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetProperties {
    arn: String,
    input: Option<String>,
    input_path: Option<String>,
    input_transformer: Option<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MappingProperties {
    function_name: String,
    event_source_arn: String,
    #[serde(flatten)]
    batching: Batching,
}

/// How messages are gathered: the same properties in a SAM event and in an event source mapping.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batching {
    batch_size: Option<usize>,
    scaling_config: Option<ScalingConfig>,
    #[serde(default)]
    function_response_types: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScalingConfig {
    maximum_concurrency: usize,
}

impl Batching {
    pub(super) fn mapping(self, queue: String, function: String) -> EventSourceMapping {
        EventSourceMapping {
            queue,
            function,
            // Lambda's default for SQS.
            batch_size: self.batch_size.unwrap_or(10),
            maximum_concurrency: self.scaling_config.map(|scaling| scaling.maximum_concurrency),
            reports_item_failures: self.function_response_types.iter().any(|kind| kind == "ReportBatchItemFailures"),
        }
    }
}

/// Reads the properties of one resource; its errors name them.
pub(super) struct Reader<'a> {
    pub(super) resource: &'a Resource<'a>,
    resolver: &'a Resolver,
}

impl Reader<'_> {
    fn properties<T: DeserializeOwned>(&self) -> Result<T, TemplateError> {
        self.read("", &self.resource.properties)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, path: &str, value: &Json) -> Result<T, TemplateError> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let inner = error.path().to_string();
            let full = [path, inner.trim_matches('.')];
            let full: Vec<_> = full.into_iter().filter(|part| !part.is_empty()).collect();
            self.error(&full.join("."), format!("is wrong: {}", error.into_inner()))
        })
    }

    pub(super) fn error(&self, property: &str, reason: impl Into<String>) -> TemplateError {
        TemplateError::new(self.resource.name, property, reason)
    }

    pub(super) fn physical_name(&self) -> String {
        let name = self.resource.name;
        self.resolver.names.get(name).map_or(name, String::as_str).to_owned()
    }

    fn table(&self) -> Result<Table, TemplateError> {
        let properties: BTreeMap<String, Json> = self.properties()?;
        let name = self.physical_name();
        let mut creation = json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST" });
        for property in ["KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
            if let Some(value) = properties.get(property) {
                creation[property] = value.clone();
            }
        }
        let expiry_attribute = properties
            .get("TimeToLiveSpecification")
            .filter(|expiry| expiry["Enabled"] == json!(true))
            .and_then(|expiry| expiry["AttributeName"].as_str())
            .map(str::to_owned);
        Ok(Table { name, creation, expiry_attribute })
    }

    fn queue(&self) -> Result<Queue, TemplateError> {
        let properties: QueueProperties = self.properties()?;
        Ok(Queue {
            name: self.physical_name(),
            visibility_seconds: properties.visibility_timeout,
            delay_seconds: properties.delay_seconds,
            redrive: properties.redrive_policy.map(|policy| Redrive {
                queue: name_of(&policy.dead_letter_target_arn).to_owned(),
                max_receive_count: policy.max_receive_count,
            }),
        })
    }

    fn rule(&self, template: &mut Template) -> Result<(), TemplateError> {
        let properties: RuleProperties = self.properties()?;
        if properties.state == State::Disabled {
            return Ok(());
        }
        if let Some(pattern) = properties.event_pattern {
            let targets = properties.targets.iter().map(|target| self.plain_target(target));
            let targets = targets.collect::<Result<Vec<_>, _>>()?;
            template.rules.push(Rule {
                name: self.physical_name(),
                bus: bus_name(properties.event_bus_name),
                pattern,
                targets: targets.into_iter().flatten().collect(),
            });
        }
        if let Some(expression) = properties.schedule_expression {
            for target in &properties.targets {
                self.push_schedule(template, expression.clone(), target)?;
            }
        }
        Ok(())
    }

    fn schedule(&self, template: &mut Template) -> Result<(), TemplateError> {
        let properties: ScheduleProperties = self.properties()?;
        if properties.state == State::Disabled {
            return Ok(());
        }
        self.push_schedule(template, properties.schedule_expression, &properties.target)
    }

    fn push_schedule(
        &self,
        template: &mut Template,
        expression: String,
        target: &TargetProperties,
    ) -> Result<(), TemplateError> {
        let Some(to) = target_of(&target.arn) else {
            return Ok(());
        };
        self.check_input(target)?;
        template.schedules.push(Schedule {
            name: self.physical_name(),
            expression,
            target: to,
            input: target.input.clone(),
        });
        Ok(())
    }

    /// A target that takes the event as it is; nothing for a type of target that is not run.
    fn plain_target(&self, target: &TargetProperties) -> Result<Option<Target>, TemplateError> {
        let Some(to) = target_of(&target.arn) else {
            return Ok(None);
        };
        self.check_input(target)?;
        if target.input.is_some() {
            return Err(self.error("Targets.Input", "is not understood by the local stack"));
        }
        Ok(Some(to))
    }

    fn check_input(&self, target: &TargetProperties) -> Result<(), TemplateError> {
        if target.input_path.is_some() || target.input_transformer.is_some() {
            return Err(self.error("Targets.InputPath or InputTransformer", "is not understood by the local stack"));
        }
        Ok(())
    }

    fn http_integration(&self) -> Result<HttpIntegration, TemplateError> {
        let properties: IntegrationProperties = self.properties()?;
        if properties.payload_format_version != "2.0" {
            return Err(self.error("PayloadFormatVersion", "is not understood by the local stack, but 2.0 is"));
        }
        Ok(HttpIntegration {
            name: self.physical_name(),
            function: name_of(&properties.integration_uri).to_owned(),
            timeout_ms: properties.timeout_in_millis,
        })
    }

    fn http_route(&self) -> Result<HttpRoute, TemplateError> {
        let properties: RouteProperties = self.properties()?;
        let integration = properties.target.strip_prefix("integrations/");
        let integration = integration.ok_or_else(|| self.error("Target", "is no integration"))?.to_owned();
        Ok(HttpRoute { api: properties.api_id, key: properties.route_key, integration })
    }

    fn event_source_mapping(&self) -> Result<EventSourceMapping, TemplateError> {
        let properties: MappingProperties = self.properties()?;
        let queue = name_of(&properties.event_source_arn).to_owned();
        Ok(properties.batching.mapping(queue, name_of(&properties.function_name).to_owned()))
    }
}
