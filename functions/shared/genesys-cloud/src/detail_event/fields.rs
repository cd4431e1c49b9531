//! Reads the fields of one JSON object by name.
//!
//! One pass over the text finds the fields; only those that are asked for are decoded. Compared with derived
//! deserialization of a flattened common block this buffers no values, and an error names the field without quoting it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{JsonKind, ParseError, Topic};

/// The latest time, and the longest duration, that is taken for one: the end of the year 9999, in milliseconds. The bound
/// makes sums of times and durations safe from overflow.
pub const LATEST_TIME_MS: i64 = 253_402_300_799_999;

const ARRAY: &str = "an array";
const OBJECT: &str = "an object";
const TEXT: &str = "a string";
const BOOLEAN: &str = "true or false";
const INTEGER: &str = "a whole number";
const TIME: &str = "a time in epoch milliseconds";
const DURATION: &str = "a duration in milliseconds, zero or more";

/// The fields of a JSON object, in the order of the text and not decoded yet. An absent field and a null one are the same.
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, FieldError> {
        serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                return FieldError::unexpected(text, OBJECT);
            }
            FieldError::new(Problem::NotJson { line: error.line(), column: error.column() })
        })
    }

    pub(super) fn required_text(&self, name: &'static str) -> Result<String, FieldError> {
        self.text(name)?.ok_or_else(|| FieldError::missing(name, TEXT))
    }

    /// A string. An empty one says nothing: it counts as absent, so that no identifier is ever empty.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, FieldError> {
        let text: Option<String> = self.decode(name, TEXT)?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    pub(super) fn boolean(&self, name: &'static str) -> Result<Option<bool>, FieldError> {
        self.decode(name, BOOLEAN)
    }

    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, FieldError> {
        self.number(name, INTEGER, Some)
    }

    pub(super) fn required_time_ms(&self, name: &'static str) -> Result<i64, FieldError> {
        self.time_ms(name)?.ok_or_else(|| FieldError::missing(name, TIME))
    }

    pub(super) fn time_ms(&self, name: &'static str) -> Result<Option<i64>, FieldError> {
        self.number(name, TIME, |number| (0..=LATEST_TIME_MS).contains(&number).then_some(number))
    }

    pub(super) fn duration_ms(&self, name: &'static str) -> Result<Option<u64>, FieldError> {
        self.number(name, DURATION, |number| u64::try_from(number).ok().filter(|_| number <= LATEST_TIME_MS))
    }

    /// A word of one of the platform's vocabularies, whose types turn words that they don't know into `Unknown`.
    pub(super) fn word<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, FieldError> {
        // Only a string is a word: derived enums would also take an object with one key.
        match self.find(name) {
            Some(value) if JsonKind::of(value.get()) != JsonKind::String => {
                Err(FieldError::unexpected(value.get(), TEXT).inside(name))
            }
            _ => self.decode(name, TEXT),
        }
    }

    /// An array of strings, empty where absent.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, FieldError> {
        self.array(name, |text| serde_json::from_str(text).map_err(|_| FieldError::unexpected(text, TEXT)))
    }

    /// An array of objects, empty where absent.
    pub(super) fn objects<T>(
        &self,
        name: &'static str,
        read: impl Fn(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        self.array(name, |text| read(&Fields::parse(text)?))
    }

    pub(super) fn required_object<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        self.optional_object(name, read)?.ok_or_else(|| FieldError::missing(name, OBJECT))
    }

    pub(super) fn optional_object<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let Some(value) = self.find(name) else {
            return Ok(None);
        };
        Fields::parse(value.get()).and_then(|fields| read(&fields)).map(Some).map_err(|error| error.inside(name))
    }

    /// The fields that hold strings, decoded; others are left out.
    pub(super) fn all_texts(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().filter_map(|(name, value)| Some((name.to_string(), serde_json::from_str(value.get()).ok()?)))
    }

    fn find(&self, name: &str) -> Option<&'a RawValue> {
        // As in JavaScript, the last of several fields of one name wins.
        let (_, value) = self.0.iter().rfind(|(field, _)| field == name)?;
        (value.get() != "null").then_some(*value)
    }

    fn decode<T: DeserializeOwned>(&self, name: &str, expected: &'static str) -> Result<Option<T>, FieldError> {
        let Some(value) = self.find(name) else {
            return Ok(None);
        };
        let decoded = serde_json::from_str(value.get());
        decoded.map(Some).map_err(|_| FieldError::unexpected(value.get(), expected).inside(name))
    }

    fn number<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        accept: impl FnOnce(i64) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        let Some(value) = self.find(name) else {
            return Ok(None);
        };
        let number = integral_number(value.get()).and_then(accept);
        number.map(Some).ok_or_else(|| FieldError::unexpected(value.get(), expected).inside(name))
    }

    fn array<T>(&self, name: &'static str, read: impl Fn(&str) -> Result<T, FieldError>) -> Result<Vec<T>, FieldError> {
        let Some(value) = self.find(name) else {
            return Ok(Vec::new());
        };
        let items: Vec<&RawValue> =
            serde_json::from_str(value.get()).map_err(|_| FieldError::unexpected(value.get(), ARRAY).inside(name))?;
        let items = items.iter().enumerate();
        items.map(|(index, item)| read(item.get()).map_err(|error| error.inside(&format!("{name}[{index}]")))).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(OBJECT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // A detail event has about 25 fields.
        let mut fields = Vec::with_capacity(32);
        while let Some((FieldName(name), value)) = map.next_entry()? {
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

/// A field's name: borrowed from the text, unless it is written with escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct FieldName<'a>(#[serde(borrow)] Cow<'a, str>);

/// Up to 2^53 a float still tells neighbouring whole numbers apart.
const LARGEST_EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

/// A JSON number that is whole, `2.0` and `2e3` included: some serializers write whole numbers so.
fn integral_number(text: &str) -> Option<i64> {
    if JsonKind::of(text) != JsonKind::Number {
        return None;
    }
    if let Ok(integer) = text.parse() {
        return Some(integer);
    }
    let float: f64 = text.parse().ok()?;
    if float.fract() != 0.0 || float.abs() > LARGEST_EXACT_FLOAT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the line above has just made sure that it fits")]
    Some(float as i64)
}

/// What is wrong with a field: a [`ParseError`] that does not know its topic yet.
#[derive(Debug)]
pub(super) struct FieldError {
    path: String,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    NotJson { line: usize, column: usize },
    Missing { expected: &'static str },
    Unexpected { found: JsonKind, expected: &'static str },
}

impl FieldError {
    fn new(problem: Problem) -> Self {
        Self { path: String::new(), problem }
    }

    fn missing(name: &str, expected: &'static str) -> Self {
        Self::new(Problem::Missing { expected }).inside(name)
    }

    fn unexpected(text: &str, expected: &'static str) -> Self {
        Self::new(Problem::Unexpected { found: JsonKind::of(text), expected })
    }

    fn inside(mut self, outer: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{outer}{separator}{}", self.path);
        self
    }

    pub(super) fn at(self, topic: Topic) -> ParseError {
        let Self { path, problem } = self.inside("detail");
        match problem {
            Problem::NotJson { line, column } => ParseError::NotJson { topic, path, line, column },
            Problem::Missing { expected } => ParseError::Missing { topic, path, expected },
            Problem::Unexpected { found, expected } => ParseError::Unexpected { topic, path, found, expected },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::integral_number;

    #[test]
    fn whole_numbers_are_numbers_however_they_are_written() {
        for text in ["1765552507657", "1765552507657.0", "1.765552507657E12"] {
            assert_eq!(integral_number(text), Some(1_765_552_507_657), "{text}");
        }
        assert_eq!(integral_number("-0.0"), Some(0));
    }

    #[test]
    fn other_values_are_not_numbers() {
        for text in ["1.5", "1e400", "1e30", "99999999999999999999", "\"12\"", "true", "null", "[]", "{}"] {
            assert_eq!(integral_number(text), None, "{text}");
        }
    }
}
