//! Conditions on rows and on their segments, as queries carry them.

use serde::Deserialize;
use serde_json::Value;

use crate::error_body::ErrorBody;

/// Predicates and, nested in clauses, further ones.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    #[serde(default, rename = "type")]
    combination: Combination,
    #[serde(default)]
    clauses: Vec<Clause>,
    #[serde(default)]
    predicates: Vec<Predicate>,
}

#[derive(Debug, Deserialize)]
struct Clause {
    #[serde(default, rename = "type")]
    combination: Combination,
    #[serde(default)]
    predicates: Vec<Predicate>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Combination {
    #[default]
    And,
    Or,
}

#[derive(Debug, Deserialize)]
struct Predicate {
    dimension: String,
    #[serde(default)]
    operator: Operator,
    #[serde(default)]
    value: Value,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Operator {
    #[default]
    Matches,
    Exists,
    NotExists,
}

impl Filter {
    /// Refuses a dimension that is not among these: the fake does not pretend to filter by it.
    pub(super) fn check(&self, dimensions: &[&str]) -> Result<(), ErrorBody> {
        let unknown = self.predicates().find(|predicate| !dimensions.contains(&predicate.dimension.as_str()));
        unknown.map_or(Ok(()), |predicate| {
            Err(ErrorBody::bad_request(&format!("Invalid dimension: {}", predicate.dimension)))
        })
    }

    fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        self.predicates.iter().chain(self.clauses.iter().flat_map(|clause| &clause.predicates))
    }

    /// The values of a dimension that are asked for.
    pub(super) fn asked(&self, dimension: &str) -> Vec<&str> {
        let asked = self.predicates().filter(|predicate| predicate.dimension == dimension);
        asked.filter_map(|predicate| predicate.value.as_str()).collect()
    }

    /// Whether it may hold for this value of a dimension: it does not ask for others.
    pub(super) fn may_hold(&self, dimension: &str, value: &str) -> bool {
        let mut asked = self.predicates().filter(|predicate| predicate.dimension == dimension).peekable();
        let any = asked.peek().is_none();
        any || asked.any(|predicate| predicate.value.as_str().is_none_or(|asked| asked.eq_ignore_ascii_case(value)))
    }

    /// Whether it holds, given the values that each dimension has.
    pub(super) fn holds<'a>(&self, values: impl Fn(&str) -> Vec<&'a Value>) -> bool {
        let own = self.predicates.iter().map(|predicate| predicate.holds(&values));
        let nested = self
            .clauses
            .iter()
            .map(|clause| clause.combination.of(clause.predicates.iter().map(|predicate| predicate.holds(&values))));
        self.combination.of(own.chain(nested))
    }
}

impl Combination {
    fn of(self, mut parts: impl Iterator<Item = bool>) -> bool {
        match self {
            Self::And => parts.all(|holds| holds),
            Self::Or => parts.any(|holds| holds),
        }
    }
}

impl Predicate {
    fn holds<'a>(&self, values: &impl Fn(&str) -> Vec<&'a Value>) -> bool {
        let values = values(&self.dimension);
        match self.operator {
            Operator::Matches => values.into_iter().any(|value| same(value, &self.value)),
            Operator::Exists => !values.is_empty(),
            Operator::NotExists => values.is_empty(),
        }
    }
}

/// Whole, and without regard to case.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}
