//! `EventBridge` event patterns.
//!
//! A pattern names fields of the event; each must be present and hold one of the values listed.
//! Where the event holds an array, one of its elements is enough.

use serde_json::{Map, Number, Value as Json};

/// A pattern that `EventBridge` would refuse.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("event pattern: {path}: {reason}")]
pub struct PatternError {
    path: String,
    reason: String,
}

impl PatternError {
    fn new(path: &str, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }
}

/// An event pattern, checked.
#[derive(Debug, Clone)]
pub struct Pattern {
    fields: Fields,
}

#[derive(Debug, Clone, Default)]
struct Fields {
    /// All must match.
    named: Vec<(String, Field)>,
    /// Of each `$or`, one must match.
    alternatives: Vec<Vec<Fields>>,
}

#[derive(Debug, Clone)]
enum Field {
    Nested(Fields),
    /// One must match.
    Leaf(Vec<Matcher>),
}

#[derive(Debug, Clone)]
enum Matcher {
    Exists(bool),
    Value(ValueMatcher),
    AnythingBut(Vec<ValueMatcher>),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Debug, Clone)]
enum ValueMatcher {
    Exact(Json),
    Prefix(String),
    PrefixIgnoringCase(String),
    Suffix(String),
    SuffixIgnoringCase(String),
    EqualsIgnoringCase(String),
    /// The parts between the asterisks.
    Wildcard(Vec<String>),
}

#[derive(Debug, Clone, Copy)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// [`PatternError`], naming the field.
    pub fn parse(pattern: &Json) -> Result<Self, PatternError> {
        let object = pattern
            .as_object()
            .filter(|fields| !fields.is_empty())
            .ok_or_else(|| PatternError::new("$", "is no object with fields"))?;
        Ok(Self { fields: fields("$", object)? })
    }

    /// Whether the event has all that the pattern asks for.
    pub fn matches(&self, event: &Json) -> bool {
        self.fields.match_object(Some(event))
    }
}

fn fields(path: &str, object: &Map<String, Json>) -> Result<Fields, PatternError> {
    let mut fields_found = Fields::default();
    for (name, value) in object {
        let inner = format!("{path}.{name}");
        match (name.as_str(), value) {
            ("$or", Json::Array(branches)) if branches.len() > 1 => {
                let branches = branches.iter().map(|branch| match branch {
                    Json::Object(branch) => fields(&inner, branch),
                    _ => Err(PatternError::new(&inner, "holds something else than objects")),
                });
                fields_found.alternatives.push(branches.collect::<Result<_, _>>()?);
            }
            ("$or", _) => return Err(PatternError::new(&inner, "needs two or more alternatives")),
            (_, Json::Object(nested)) => {
                fields_found.named.push((name.clone(), Field::Nested(fields(&inner, nested)?)));
            }
            (_, Json::Array(matchers)) if !matchers.is_empty() => {
                let matchers = matchers.iter().map(|value| matcher(&inner, value));
                let matchers = matchers.collect::<Result<_, _>>()?;
                fields_found.named.push((name.clone(), Field::Leaf(matchers)));
            }
            _ => return Err(PatternError::new(&inner, "is neither an object nor a list of values")),
        }
    }
    Ok(fields_found)
}

fn matcher(path: &str, value: &Json) -> Result<Matcher, PatternError> {
    let Json::Object(object) = value else {
        return exact(path, value).map(Matcher::Value);
    };
    let Some((name, argument)) = object.iter().next().filter(|_| object.len() == 1) else {
        return Err(PatternError::new(path, "has a filter that is not exactly one"));
    };
    match (name.as_str(), argument) {
        ("exists", Json::Bool(exists)) => Ok(Matcher::Exists(*exists)),
        ("numeric", Json::Array(terms)) => numeric(path, terms).map(Matcher::Numeric),
        ("anything-but", Json::Object(filter)) => anything_but(path, filter).map(Matcher::AnythingBut),
        ("anything-but", Json::Array(values)) if !values.is_empty() => {
            let values = values.iter().map(|value| exact(path, value));
            Ok(Matcher::AnythingBut(values.collect::<Result<_, _>>()?))
        }
        ("anything-but", value) => Ok(Matcher::AnythingBut(vec![exact(path, value)?])),
        (name, argument) => text_filter(path, name, argument).map(Matcher::Value),
    }
}

fn exact(path: &str, value: &Json) -> Result<ValueMatcher, PatternError> {
    if value.is_array() || value.is_object() {
        return Err(PatternError::new(path, "compares with something that is no plain value"));
    }
    Ok(ValueMatcher::Exact(value.clone()))
}

/// `{"prefix": "a"}` or `{"prefix": ["a", "b"]}` below `anything-but`.
fn anything_but(path: &str, filter: &Map<String, Json>) -> Result<Vec<ValueMatcher>, PatternError> {
    let Some((name, argument)) = filter.iter().next().filter(|_| filter.len() == 1) else {
        return Err(PatternError::new(path, "has an anything-but that is not exactly one filter"));
    };
    match argument {
        Json::Array(values) if !values.is_empty() => {
            values.iter().map(|value| text_filter(path, name, value)).collect()
        }
        value => Ok(vec![text_filter(path, name, value)?]),
    }
}

fn text_filter(path: &str, name: &str, argument: &Json) -> Result<ValueMatcher, PatternError> {
    let folded = argument.get("equals-ignore-case").and_then(Json::as_str).map(str::to_lowercase);
    match (name, argument, folded) {
        ("prefix", Json::String(text), _) => Ok(ValueMatcher::Prefix(text.clone())),
        ("suffix", Json::String(text), _) => Ok(ValueMatcher::Suffix(text.clone())),
        ("prefix", _, Some(text)) => Ok(ValueMatcher::PrefixIgnoringCase(text)),
        ("suffix", _, Some(text)) => Ok(ValueMatcher::SuffixIgnoringCase(text)),
        ("equals-ignore-case", Json::String(text), _) => Ok(ValueMatcher::EqualsIgnoringCase(text.to_lowercase())),
        ("wildcard", Json::String(text), _) => wildcard(path, text).map(ValueMatcher::Wildcard),
        _ => Err(PatternError::new(path, format!("has the unknown filter {name}"))),
    }
}

/// The literal parts between unescaped asterisks.
fn wildcard(path: &str, text: &str) -> Result<Vec<String>, PatternError> {
    let mut parts = vec![String::new()];
    let mut after_asterisk = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let literal = match letter {
            '*' if after_asterisk => {
                return Err(PatternError::new(path, "has consecutive asterisks"));
            }
            '*' => {
                parts.push(String::new());
                after_asterisk = true;
                continue;
            }
            '\\' => letters
                .next()
                .filter(|escaped| matches!(escaped, '*' | '\\'))
                .ok_or_else(|| PatternError::new(path, "escapes neither * nor \\"))?,
            plain => plain,
        };
        after_asterisk = false;
        if let Some(part) = parts.last_mut() {
            part.push(literal);
        }
    }
    Ok(parts)
}

fn numeric(path: &str, terms: &[Json]) -> Result<Vec<(Comparison, f64)>, PatternError> {
    let wrong = || PatternError::new(path, "has a numeric that is no list of operators and numbers");
    if terms.is_empty() || !terms.len().is_multiple_of(2) {
        return Err(wrong());
    }
    terms
        .chunks_exact(2)
        .map(|term| {
            let comparison = match term[0].as_str().ok_or_else(wrong)? {
                "=" => Comparison::Equal,
                "<" => Comparison::Less,
                "<=" => Comparison::LessOrEqual,
                ">" => Comparison::Greater,
                ">=" => Comparison::GreaterOrEqual,
                _ => return Err(wrong()),
            };
            Ok((comparison, term[1].as_f64().ok_or_else(wrong)?))
        })
        .collect()
}

impl Fields {
    /// An absent value still matches where all that is asked for is absence.
    fn match_object(&self, value: Option<&Json>) -> bool {
        if let Some(Json::Array(elements)) = value {
            return elements.iter().any(|element| self.match_object(Some(element)));
        }
        let member = |name: &str| value.and_then(|value| value.get(name));
        let named = self.named.iter().all(|(name, field)| match field {
            Field::Nested(fields) => fields.match_object(member(name)),
            Field::Leaf(matchers) => matchers.iter().any(|matcher| matcher.matches(member(name))),
        });
        named && self.alternatives.iter().all(|branches| branches.iter().any(|branch| branch.match_object(value)))
    }
}

impl Matcher {
    fn matches(&self, value: Option<&Json>) -> bool {
        match (self, value) {
            // `exists` looks at leaves only: an object there counts as nothing.
            (Self::Exists(wanted), value) => *wanted == value.is_some_and(|value| !value.is_object()),
            (_, None) => false,
            (_, Some(Json::Array(elements))) => elements.iter().any(|element| self.matches_one(element)),
            (_, Some(value)) => self.matches_one(value),
        }
    }

    fn matches_one(&self, value: &Json) -> bool {
        match self {
            Self::Exists(_) => false,
            Self::Value(matcher) => matcher.matches(value),
            Self::AnythingBut(excluded) => !value.is_object() && !excluded.iter().any(|matcher| matcher.matches(value)),
            Self::Numeric(terms) => value
                .as_f64()
                .is_some_and(|number| terms.iter().all(|(comparison, bound)| comparison.holds(number, *bound))),
        }
    }
}

impl ValueMatcher {
    fn matches(&self, value: &Json) -> bool {
        if let Self::Exact(expected) = self {
            return match (expected, value) {
                (Json::Number(expected), Json::Number(value)) => same_number(expected, value),
                _ => expected == value,
            };
        }
        let Json::String(text) = value else {
            return false;
        };
        match self {
            Self::Exact(_) => false,
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::PrefixIgnoringCase(prefix) => text.to_lowercase().starts_with(prefix),
            Self::SuffixIgnoringCase(suffix) => text.to_lowercase().ends_with(suffix),
            Self::EqualsIgnoringCase(expected) => text.to_lowercase() == *expected,
            Self::Wildcard(parts) => matches_wildcard(parts, text),
        }
    }
}

/// Numbers are compared as they are written: 300 is not 300.0.
fn same_number(left: &Number, right: &Number) -> bool {
    left.to_string() == right.to_string()
}

fn matches_wildcard(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        let Some(found) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(last.as_str())
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => (left - right).abs() < f64::EPSILON,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

#[cfg(test)]
mod tests;
