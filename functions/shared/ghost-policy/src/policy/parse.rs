//! A policy from YAML: refused with line, column and reason, or read with warnings.

use super::Policy;
use super::findings::{Finding, Severity, findings};
use super::keys::{key_without_value, repeated_key};
use super::locate::{Position, position_of};

/// Why a policy was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy is refused: line {line}, column {column}: {reason}")]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

/// Something unusual in a policy that is in force all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is unusual there, and what follows from it.
    pub words: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.words)
    }
}

impl Policy {
    /// The policy that a YAML document says, with what is unusual in it.
    ///
    /// # Errors
    /// [`PolicyError`] for a document that is not YAML, has unknown or missing keys or wrong values, or contradicts itself.
    pub fn parse(document: &str) -> Result<(Self, Vec<Warning>), PolicyError> {
        let policy: Self = serde_yaml_ng::from_str(document).map_err(|error| refused_by_reader(document, &error))?;
        if let Some(error) = key_without_value(document) {
            return Err(refused_by_reader(document, &error));
        }
        let mut warnings = Vec::new();
        for Finding { severity, path, words } in findings(&policy) {
            let Position { line, column } = position_of(document, &path);
            match severity {
                Severity::Wrong => return Err(PolicyError { line, column, reason: words }),
                Severity::Unusual => warnings.push(Warning { line, column, words }),
            }
        }
        Ok((policy, warnings))
    }

    /// The policy as a YAML document that [`Policy::parse`] reads back to the same.
    ///
    /// # Errors
    /// None that is known of: every value of a policy has a form in YAML.
    pub fn to_yaml(&self) -> Result<String, serde_yaml_ng::Error> {
        serde_yaml_ng::to_string(self)
    }
}

fn refused_by_reader(document: &str, error: &serde_yaml_ng::Error) -> PolicyError {
    let Position { line, column } = Position::of(error);
    let said = error.to_string();
    // The reader puts the position behind the reason, where it would be said twice.
    let reason = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said).to_owned();
    // Of a repeated key it tells only where the mapping around it begins.
    let repeated = if reason.contains("duplicate field") { repeated_key(document) } else { None };
    let Position { line, column } = repeated.unwrap_or(Position { line, column });
    PolicyError { line, column, reason }
}
