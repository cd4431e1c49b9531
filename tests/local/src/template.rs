//! Reads `template.yaml`: what the stack must run, with every reference resolved.
//!
//! Physical names are derived from logical ids. A parameter without a default takes the value it is
//! given or else its own name, so that a template can be played without deploying anything.
//! Types of resources that the stack does not run are ignored.

mod function;
mod intrinsics;
mod reader;
mod resources;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_yaml_ng::Value as Yaml;

use intrinsics::Resolver;
pub use resources::{
    Bus, Cors, EventSourceMapping, Function, HttpApi, HttpIntegration, HttpRoute, Queue, Redrive, Rule, Schedule,
    Table, Target,
};

/// The account every local resource belongs to.
pub const ACCOUNT: &str = "000000000000";
/// The region every local resource is in.
pub const REGION: &str = "eu-west-1";

/// A template that can't be read: which resource, which property, why.
#[derive(Debug, thiserror::Error)]
#[error("template: {resource}: {property} {reason}")]
pub struct TemplateError {
    resource: String,
    property: String,
    reason: String,
}

impl TemplateError {
    fn new(resource: &str, property: &str, reason: impl Into<String>) -> Self {
        let property = if property.is_empty() { "the resource" } else { property };
        Self { resource: resource.to_owned(), property: property.to_owned(), reason: reason.into() }
    }
}

/// What the stack adds to a template when it reads it.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Values of parameters, in place of their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Where queue URLs begin, for instance `http://127.0.0.1:4000`.
    pub endpoint: String,
}

/// The parts of a deployment that the stack runs, each sorted by logical id.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// Lambda functions.
    pub functions: Vec<Function>,
    /// `DynamoDB` tables.
    pub tables: Vec<Table>,
    /// SQS queues.
    pub queues: Vec<Queue>,
    /// Event buses that the deployment creates.
    pub buses: Vec<Bus>,
    /// `EventBridge` rules with a pattern.
    pub rules: Vec<Rule>,
    /// `EventBridge` Scheduler schedules and rules with a schedule.
    pub schedules: Vec<Schedule>,
    /// Queues that functions are fed from.
    pub event_source_mappings: Vec<EventSourceMapping>,
    /// HTTP APIs of API Gateway.
    pub http_apis: Vec<HttpApi>,
    /// What they invoke.
    pub http_integrations: Vec<HttpIntegration>,
    /// Their routes.
    pub http_routes: Vec<HttpRoute>,
    /// Parameters of the Systems Manager parameter store, by name.
    pub stored_parameters: BTreeMap<String, String>,
}

impl Template {
    /// Reads a template's text.
    ///
    /// # Errors
    /// [`TemplateError`], for text that is not YAML, a reference to nothing, or a property that
    /// the stack needs and cannot use.
    pub fn parse(text: &str, setting: &Setting) -> Result<Self, TemplateError> {
        let document: Yaml = serde_yaml_ng::from_str(text)
            .map_err(|error| TemplateError::new("template.yaml", "", format!("is not YAML: {error}")))?;
        let resources = section(&document, "Resources")?;
        let resolver = resolver(&document, &resources, setting)?;
        let globals = match document.get("Globals").and_then(|globals| globals.get("Function")) {
            Some(defaults) => resolver.resolve("Globals.Function", defaults)?,
            None => Json::Null,
        };

        let mut template = Self::default();
        for (name, resource) in resources {
            if !is_wanted(&resolver, name, resource)? {
                continue;
            }
            let properties = match resource.get("Properties") {
                Some(properties) if resources::is_run(type_of(resource)) => resolver.resolve(name, properties)?,
                _ => Json::Object(serde_json::Map::new()),
            };
            let metadata = match resource.get("Metadata") {
                Some(metadata) => resolver.resolve(name, metadata)?,
                None => Json::Null,
            };
            let resource = reader::Resource { name, kind: type_of(resource), properties, metadata };
            reader::add(&mut template, &resolver, &resource, &globals)?;
        }
        Ok(template)
    }

    /// Names of the queues that no function reads: where dead letters lie.
    pub fn unread_queues(&self) -> impl Iterator<Item = &str> {
        self.queues
            .iter()
            .map(|queue| queue.name.as_str())
            .filter(|name| !self.event_source_mappings.iter().any(|mapping| mapping.queue == *name))
    }
}

fn section<'y>(document: &'y Yaml, name: &str) -> Result<BTreeMap<&'y str, &'y Yaml>, TemplateError> {
    let Some(section) = document.get(name) else {
        return Ok(BTreeMap::new());
    };
    let mapping = section.as_mapping().ok_or_else(|| TemplateError::new("template.yaml", name, "is no mapping"))?;
    Ok(mapping.iter().filter_map(|(key, value)| Some((key.as_str()?, value))).collect())
}

fn type_of(resource: &Yaml) -> &str {
    resource.get("Type").and_then(Yaml::as_str).unwrap_or_default()
}

fn is_wanted(resolver: &Resolver, name: &str, resource: &Yaml) -> Result<bool, TemplateError> {
    let Some(condition) = resource.get("Condition").and_then(Yaml::as_str) else {
        return Ok(true);
    };
    resolver
        .conditions
        .get(condition)
        .copied()
        .ok_or_else(|| TemplateError::new(name, "Condition", format!("names the unknown condition {condition}")))
}

fn resolver(document: &Yaml, resources: &BTreeMap<&str, &Yaml>, setting: &Setting) -> Result<Resolver, TemplateError> {
    let mappings = match document.get("Mappings") {
        Some(mappings) => serde_json::to_value(mappings)
            .map_err(|error| TemplateError::new("template.yaml", "Mappings", error.to_string()))?,
        None => Json::Null,
    };
    let mut resolver = Resolver {
        parameters: parameters(document, setting)?,
        names: BTreeMap::new(),
        references: BTreeMap::new(),
        arns: BTreeMap::new(),
        conditions: BTreeMap::new(),
        mappings,
        pseudo: BTreeMap::from([
            ("AWS::AccountId", ACCOUNT.to_owned()),
            ("AWS::Partition", "aws".to_owned()),
            ("AWS::Region", REGION.to_owned()),
            ("AWS::StackName", "local".to_owned()),
            ("AWS::StackId", format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/0")),
            ("AWS::URLSuffix", "amazonaws.com".to_owned()),
        ]),
    };
    add_conditions(document, &mut resolver)?;
    for (name, resource) in resources {
        let physical = physical_name(&resolver, name, resource)?;
        let arn = resources::arn(type_of(resource), &physical);
        let reference = match type_of(resource) {
            "AWS::SQS::Queue" => format!("{}/{ACCOUNT}/{physical}", setting.endpoint),
            _ => physical.clone(),
        };
        resolver.names.insert((*name).to_owned(), physical);
        resolver.references.insert((*name).to_owned(), reference);
        resolver.arns.insert((*name).to_owned(), arn);
    }
    Ok(resolver)
}

fn parameters(document: &Yaml, setting: &Setting) -> Result<BTreeMap<String, Json>, TemplateError> {
    let mut parameters = BTreeMap::new();
    for (name, declaration) in section(document, "Parameters")? {
        let default = declaration.get("Default").and_then(|default| match default {
            Yaml::String(text) => Some(text.clone()),
            Yaml::Number(number) => Some(number.to_string()),
            Yaml::Bool(truth) => Some(truth.to_string()),
            _ => None,
        });
        let text = setting.parameters.get(name).cloned().or(default);
        let text = text.unwrap_or_else(|| name.to_owned());
        parameters.insert(name.to_owned(), typed(type_of(declaration), text));
    }
    Ok(parameters)
}

fn typed(kind: &str, text: String) -> Json {
    match kind {
        "Number" => text.parse::<serde_json::Number>().map_or(Json::String(text), Json::Number),
        list if list == "CommaDelimitedList" || list.starts_with("List<") => {
            text.split(',').map(|item| Json::from(item.trim())).collect()
        }
        _ => Json::String(text),
    }
}

/// Conditions may name one another in any order: as many rounds as there are conditions suffice.
fn add_conditions(document: &Yaml, resolver: &mut Resolver) -> Result<(), TemplateError> {
    let mut open = section(document, "Conditions")?;
    while !open.is_empty() {
        let mut left = BTreeMap::new();
        let mut first_error = None;
        let before = open.len();
        for (name, condition) in open {
            match resolver.condition(name, condition) {
                Ok(value) => {
                    resolver.conditions.insert(name.to_owned(), value);
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                    left.insert(name, condition);
                }
            }
        }
        if let Some(error) = first_error.filter(|_| left.len() == before) {
            return Err(error);
        }
        open = left;
    }
    Ok(())
}

/// The name a resource asks for, or its logical id.
fn physical_name(resolver: &Resolver, name: &str, resource: &Yaml) -> Result<String, TemplateError> {
    let asked =
        resources::name_property(type_of(resource)).and_then(|property| resource.get("Properties")?.get(property));
    let Some(asked) = asked else {
        return Ok(name.to_owned());
    };
    match resolver.resolve(name, asked)? {
        Json::String(physical) => Ok(physical),
        _ => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests;
