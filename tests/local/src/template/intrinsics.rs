//! `CloudFormation` intrinsic functions, resolved to plain JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use serde_yaml_ng::Value as Yaml;
use serde_yaml_ng::value::TaggedValue;

use super::TemplateError;

/// What references resolve to: parameters, names of resources and their attributes.
pub(super) struct Resolver {
    pub(super) parameters: BTreeMap<String, Json>,
    /// Physical names of resources.
    pub(super) names: BTreeMap<String, String>,
    /// What `!Ref` of a resource answers.
    pub(super) references: BTreeMap<String, String>,
    /// What `!GetAtt Resource.Arn` answers.
    pub(super) arns: BTreeMap<String, String>,
    pub(super) conditions: BTreeMap<String, bool>,
    pub(super) mappings: Json,
    /// The pseudo parameters, `AWS::Region` and so on.
    pub(super) pseudo: BTreeMap<&'static str, String>,
}

impl Resolver {
    /// The value with every intrinsic function replaced; `AWS::NoValue` removes its property.
    pub(super) fn resolve(&self, resource: &str, value: &Yaml) -> Result<Json, TemplateError> {
        let scope = Scope { resolver: self, resource };
        Ok(scope.value("", value)?.unwrap_or(Json::Null))
    }

    /// The value of a condition, as under `Conditions:`.
    pub(super) fn condition(&self, name: &str, value: &Yaml) -> Result<bool, TemplateError> {
        let resolved = self.resolve(name, value)?;
        resolved.as_bool().ok_or_else(|| TemplateError::new(name, "Conditions", "is no condition function"))
    }
}

struct Scope<'a> {
    resolver: &'a Resolver,
    resource: &'a str,
}

impl Scope<'_> {
    fn value(&self, path: &str, value: &Yaml) -> Result<Option<Json>, TemplateError> {
        match value {
            Yaml::Tagged(tagged) => self.tagged(path, tagged),
            Yaml::Mapping(mapping) => self.mapping(path, mapping),
            Yaml::Sequence(items) => self.sequence(path, items).map(Some),
            plain => serde_json::to_value(plain).map(Some).map_err(|error| self.error(path, error.to_string())),
        }
    }

    fn sequence(&self, path: &str, items: &[Yaml]) -> Result<Json, TemplateError> {
        let mut resolved = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            resolved.extend(self.value(&format!("{path}[{index}]"), item)?);
        }
        Ok(Json::Array(resolved))
    }

    fn mapping(&self, path: &str, mapping: &serde_yaml_ng::Mapping) -> Result<Option<Json>, TemplateError> {
        if let Some((function, argument)) = long_form(mapping) {
            return self.call(path, function, argument);
        }
        let mut resolved = Map::new();
        for (key, value) in mapping {
            let key = match key {
                Yaml::String(key) => key.clone(),
                Yaml::Number(key) => key.to_string(),
                _ => return Err(self.error(path, "has a key that is no text")),
            };
            let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if let Some(value) = self.value(&inner, value)? {
                resolved.insert(key, value);
            }
        }
        Ok(Some(Json::Object(resolved)))
    }

    fn tagged(&self, path: &str, tagged: &TaggedValue) -> Result<Option<Json>, TemplateError> {
        let tag = tagged.tag.to_string();
        self.call(path, tag.trim_start_matches('!'), &tagged.value)
    }

    fn call(&self, path: &str, function: &str, argument: &Yaml) -> Result<Option<Json>, TemplateError> {
        if function == "Ref" && argument.as_str() == Some("AWS::NoValue") {
            return Ok(None);
        }
        if function == "If" {
            return self.branch(path, argument);
        }
        let argument = self.value(path, argument)?.unwrap_or(Json::Null);
        let result = match function {
            "Ref" => self.reference(path, self.text(path, function, &argument)?)?,
            "GetAtt" => self.attribute(path, &argument)?,
            "Sub" => self.substitute(path, &argument)?,
            "Join" => self.join(path, &argument)?,
            "Select" => self.select(path, &argument)?,
            "Split" => self.split(path, &argument)?,
            "FindInMap" => self.find_in_map(path, &argument)?,
            "Equals" => {
                let [left, right] = self.arguments(path, function, &argument)?;
                Json::Bool(as_text(left) == as_text(right))
            }
            "Not" => {
                let [inner] = self.arguments(path, function, &argument)?;
                Json::Bool(inner != &Json::Bool(true))
            }
            "And" => Json::Bool(self.items(path, function, &argument)?.iter().all(is_true)),
            "Or" => Json::Bool(self.items(path, function, &argument)?.iter().any(is_true)),
            "Condition" => Json::Bool(self.named_condition(path, self.text(path, function, &argument)?)?),
            unknown => return Err(self.error(path, format!("uses !{unknown}, which is not understood"))),
        };
        Ok(Some(result))
    }

    fn branch(&self, path: &str, argument: &Yaml) -> Result<Option<Json>, TemplateError> {
        let Some([condition, then, otherwise]) = argument.as_sequence().map(Vec::as_slice) else {
            return Err(self.error(path, "has an !If without its three arguments"));
        };
        let name = condition.as_str().ok_or_else(|| self.error(path, "has an !If without the name of a condition"))?;
        let chosen = if self.named_condition(path, name)? { then } else { otherwise };
        self.value(path, chosen)
    }

    fn named_condition(&self, path: &str, name: &str) -> Result<bool, TemplateError> {
        self.resolver
            .conditions
            .get(name)
            .copied()
            .ok_or_else(|| self.error(path, format!("names the unknown condition {name}")))
    }

    fn reference(&self, path: &str, name: &str) -> Result<Json, TemplateError> {
        if let Some(value) = self.resolver.parameters.get(name) {
            return Ok(value.clone());
        }
        let known = self.resolver.pseudo.get(name).or_else(|| self.resolver.references.get(name));
        // The alias that SAM makes for a function; here there is one version of each.
        let known = known.or_else(|| self.resolver.arns.get(name.strip_suffix(".Alias")?));
        known
            .map(|text| Json::String(text.clone()))
            .ok_or_else(|| self.error(path, format!("refers to the unknown {name}")))
    }

    fn attribute(&self, path: &str, argument: &Json) -> Result<Json, TemplateError> {
        let full = match argument {
            Json::String(full) => full.clone(),
            Json::Array(parts) => parts.iter().map(as_text).collect::<Vec<_>>().join("."),
            _ => return Err(self.error(path, "has a !GetAtt without resource and attribute")),
        };
        self.attribute_named(path, &full).map(Json::String)
    }

    fn attribute_named(&self, path: &str, full: &str) -> Result<String, TemplateError> {
        let unknown = || self.error(path, format!("asks for the unknown attribute {full}"));
        let (resource, attribute) = full.split_once('.').ok_or_else(unknown)?;
        match attribute {
            "Arn" => self.resolver.arns.get(resource),
            _ => self.resolver.references.get(resource),
        }
        .cloned()
        .ok_or_else(unknown)
    }

    fn substitute(&self, path: &str, argument: &Json) -> Result<Json, TemplateError> {
        let (text, local) = match argument {
            Json::String(text) => (text.as_str(), None),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(text), Json::Object(local)] => (text.as_str(), Some(local)),
                _ => return Err(self.error(path, "has a !Sub without text and variables")),
            },
            _ => return Err(self.error(path, "has a !Sub without text")),
        };
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            result.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else {
                return Err(self.error(path, "has a !Sub with an open ${"));
            };
            let name = &rest[start + 2..start + length];
            rest = &rest[start + length + 1..];
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str("${");
                result.push_str(literal);
                result.push('}');
                continue;
            }
            result.push_str(&self.variable(path, name.trim(), local)?);
        }
        result.push_str(rest);
        Ok(Json::String(result))
    }

    fn variable(&self, path: &str, name: &str, local: Option<&Map<String, Json>>) -> Result<String, TemplateError> {
        if let Some(value) = local.and_then(|variables| variables.get(name)) {
            return Ok(as_text(value));
        }
        if name.contains('.') {
            return self.attribute_named(path, name);
        }
        Ok(as_text(&self.reference(path, name)?))
    }

    fn join(&self, path: &str, argument: &Json) -> Result<Json, TemplateError> {
        let [separator, items] = self.arguments(path, "Join", argument)?;
        let separator = self.text(path, "Join", separator)?;
        let items = self.items(path, "Join", items)?;
        Ok(Json::String(items.iter().map(as_text).collect::<Vec<_>>().join(separator)))
    }

    fn select(&self, path: &str, argument: &Json) -> Result<Json, TemplateError> {
        let [index, items] = self.arguments(path, "Select", argument)?;
        let items = self.items(path, "Select", items)?;
        as_text(index)
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get(index))
            .cloned()
            .ok_or_else(|| self.error(path, "selects an item that is not there"))
    }

    fn split(&self, path: &str, argument: &Json) -> Result<Json, TemplateError> {
        let [separator, text] = self.arguments(path, "Split", argument)?;
        let separator = self.text(path, "Split", separator)?;
        let text = self.text(path, "Split", text)?;
        Ok(text.split(separator).map(Json::from).collect())
    }

    fn find_in_map(&self, path: &str, argument: &Json) -> Result<Json, TemplateError> {
        let [map, first, second] = self.arguments(path, "FindInMap", argument)?;
        let mut found = &self.resolver.mappings;
        for key in [map, first, second] {
            found = found
                .get(as_text(key))
                .ok_or_else(|| self.error(path, format!("finds no {} in its map", as_text(key))))?;
        }
        Ok(found.clone())
    }

    fn items<'j>(&self, path: &str, function: &str, argument: &'j Json) -> Result<&'j [Json], TemplateError> {
        argument
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| self.error(path, format!("has a !{function} without a list")))
    }

    fn arguments<'j, const COUNT: usize>(
        &self,
        path: &str,
        function: &str,
        argument: &'j Json,
    ) -> Result<&'j [Json; COUNT], TemplateError> {
        self.items(path, function, argument)?
            .try_into()
            .map_err(|_| self.error(path, format!("has a !{function} without its {COUNT} arguments")))
    }

    fn text<'j>(&self, path: &str, function: &str, argument: &'j Json) -> Result<&'j str, TemplateError> {
        argument.as_str().ok_or_else(|| self.error(path, format!("has a !{function} that needs a text")))
    }

    fn error(&self, path: &str, reason: impl Into<String>) -> TemplateError {
        TemplateError::new(self.resource, path, reason)
    }
}

/// `{"Fn::Name": argument}` or `{"Ref": argument}`: the function's name and its argument.
fn long_form(mapping: &serde_yaml_ng::Mapping) -> Option<(&str, &Yaml)> {
    let (key, argument) = mapping.iter().next().filter(|_| mapping.len() == 1)?;
    let key = key.as_str()?;
    match key {
        "Ref" => Some((key, argument)),
        // A single-key mapping named Condition is a condition only around a plain name:
        // policies have a Condition too, with operators below.
        "Condition" if argument.is_string() => Some((key, argument)),
        _ => key.strip_prefix("Fn::").map(|function| (function, argument)),
    }
}

fn is_true(value: &Json) -> bool {
    value == &Json::Bool(true)
}

fn as_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
