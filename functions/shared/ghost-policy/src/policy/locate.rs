//! Where in a YAML document a value stands, for findings that are made after it was read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A step from a value into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// To the value of this key.
    Key(&'static str),
    /// To this element of a list.
    Index(usize),
}

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Position {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    pub(super) fn of(error: &serde_yaml_ng::Error) -> Self {
        error.location().map_or(Self::START, |at| Self { line: at.line(), column: at.column() })
    }
}

/// The position of the value at `path`, or of the nearest value around it that is in the document.
///
/// The document is read once more and refused at that very value: the reader then says where it was.
pub(super) fn position_of(document: &str, path: &[Step]) -> Position {
    (0..=path.len())
        .rev()
        .find_map(|length| {
            Refusal { path: &path[..length] }.deserialize(serde_yaml_ng::Deserializer::from_str(document)).err()
        })
        .map_or(Position::START, |error| Position::of(&error))
}

/// Walks along the path and refuses the value at its end; takes everything if there is no such value.
struct Refusal<'a> {
    path: &'a [Step],
}

impl<'de> DeserializeSeed<'de> for Refusal<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Refusal<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value that is looked for")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.path.split_first() else { return Err(A::Error::custom("here")) };
        while let Some(key) = map.next_key::<String>()? {
            match step {
                Step::Key(wanted) if *wanted == key => map.next_value_seed(Refusal { path: rest })?,
                _ => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.path.split_first() else { return Err(A::Error::custom("here")) };
        for index in 0.. {
            let more = match step {
                Step::Index(wanted) if *wanted == index => list.next_element_seed(Refusal { path: rest })?.is_some(),
                _ => list.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                return Ok(());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        "version: 1\nrules:\n  - name: first\n  - name: second\n    match: { media: [voice, email] }\n";

    #[test]
    fn finds_a_value_by_its_path() {
        let cases = [
            (vec![Step::Key("version")], (1, 10)),
            (vec![Step::Key("rules"), Step::Index(1), Step::Key("name")], (4, 11)),
            (vec![Step::Key("rules"), Step::Index(1), Step::Key("match"), Step::Key("media"), Step::Index(1)], (5, 29)),
        ];
        for (path, (line, column)) in cases {
            assert_eq!(position_of(DOCUMENT, &path), Position { line, column }, "{path:?}");
        }
    }

    #[test]
    fn falls_back_to_what_is_around_a_value_that_is_not_there() {
        let path = [Step::Key("rules"), Step::Index(0), Step::Key("match"), Step::Key("media")];
        assert_eq!(position_of(DOCUMENT, &path), Position { line: 3, column: 5 });
    }
}
