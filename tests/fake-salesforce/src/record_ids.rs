//! Record ids: made up from what the record is, so that two fakes that were told the same hold the same.

use std::hash::{DefaultHasher, Hash, Hasher};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SUFFIX_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The first three characters of the ids of an object's records.
pub(crate) fn prefix(entity: &str) -> &'static str {
    match entity {
        "Case" => "500",
        "User" => "005",
        _ => "a0X",
    }
}

/// An 18-character id for the record of this object that is named so.
pub(crate) fn made_up(entity: &str, name: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (entity, name).hash(&mut hasher);
    let mut rest = hasher.finish();
    let mut id = prefix(entity).to_owned();
    for _ in 0..12 {
        id.push(char::from(ALPHABET[usize::try_from(rest % 62).unwrap_or_default()]));
        rest /= 62;
    }
    with_suffix(&id)
}

/// The 18-character form of a 15-character id: three characters that tell the case of five each.
pub(crate) fn with_suffix(id: &str) -> String {
    let suffix = id.as_bytes().chunks(5).take(3).map(|five| {
        let upper = five.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
        char::from(SUFFIX_ALPHABET[upper.map(|(place, _)| 1 << place).sum::<usize>()])
    });
    id.chars().take(15).chain(suffix).collect()
}

/// Whether the text has the form of an id of a record of this object.
pub(crate) fn is_id_of(entity: &str, text: &str) -> bool {
    let well_formed = matches!(text.len(), 15 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    well_formed && text.starts_with(prefix(entity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_suffix_that_salesforce_gives_them() {
        assert_eq!(with_suffix("0018A00000GRRPY"), "0018A00000GRRPYQA5");
        assert_eq!(with_suffix("500000000000001"), "500000000000001AAA");
    }

    #[test]
    fn made_up_ids_are_well_formed_and_repeat() {
        let id = made_up("Case", "00001026");
        assert!(id.len() == 18 && is_id_of("Case", &id), "{id}");
        assert_eq!(id, made_up("Case", "00001026"));
        assert_ne!(id, made_up("Case", "00001027"));
    }
}
