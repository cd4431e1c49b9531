//! What is wrong with the keys of a YAML document, and where: one that its mapping says twice, of which the reader itself only
//! tells the mapping; and one without a value, which the reader takes for absent. A list whose entries were all taken out would
//! widen a rule to everything.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::locate::Position;

/// The position of the first key that its mapping has already.
pub(super) fn repeated_key(document: &str) -> Option<Position> {
    let walk = Walk { refuses: Wrong::Repeated, key: None };
    walk.deserialize(serde_yaml_ng::Deserializer::from_str(document)).err().map(|refused| Position::of(&refused))
}

/// The refusal of the first key without a value, in a document that is well-formed.
pub(super) fn key_without_value(document: &str) -> Option<serde_yaml_ng::Error> {
    let walk = Walk { refuses: Wrong::WithoutValue, key: None };
    walk.deserialize(serde_yaml_ng::Deserializer::from_str(document)).err()
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Repeated,
    WithoutValue,
}

/// Walks through everything and refuses the first key that is wrong.
#[derive(Clone, Copy)]
struct Walk<'a> {
    refuses: Wrong,
    /// The key whose value this is.
    key: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key_seed(Key { seen: &seen, refuses: self.refuses })? {
            map.next_value_seed(Walk { key: Some(&key), ..self })?;
            seen.insert(key);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Walk { key: None, ..self })?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match self.key {
            Some(key) if self.refuses == Wrong::WithoutValue => {
                Err(E::custom(format!("`{key}` has no value: give it one, or leave the key out")))
            }
            _ => Ok(()),
        }
    }
}

/// Takes a key.
struct Key<'a> {
    seen: &'a BTreeSet<String>,
    refuses: Wrong,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        if self.refuses == Wrong::Repeated && self.seen.contains(key) {
            return Err(E::custom("repeated"));
        }
        Ok(key.to_owned())
    }
}
