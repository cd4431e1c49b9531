//! Made-up people and ids, in the form that the two platforms give them.

use rand::Rng;
use rand::rngs::StdRng;

use super::Agent;

const NAMES: [&str; 24] = [
    "Amara Okafor",
    "Ben Whitlock",
    "Chiara Rossi",
    "Dmitri Volkov",
    "Elif Yılmaz",
    "Farid Haddad",
    "Grace O'Neill",
    "Hiro Tanaka",
    "Ingrid Larsen",
    "João Pereira",
    "Kavya Nair",
    "Liam Murphy",
    "Mei Lin",
    "Noah Fischer",
    "Olga Nowak",
    "Pablo Ortega",
    "Quinn Baker",
    "Rosa Delgado",
    "Sami Korhonen",
    "Tara Singh",
    "Umar Sheikh",
    "Vera Horvat",
    "Wes Carter",
    "Zoë Laurent",
];

/// `count` agents. Names repeat, numbered, beyond the two dozen that there are.
pub(super) fn agents(count: usize, random: &mut StdRng) -> Vec<Agent> {
    let name = |index: usize| {
        let name = NAMES[index % NAMES.len()];
        if index < NAMES.len() { name.to_owned() } else { format!("{name} {}", index / NAMES.len() + 1) }
    };
    (0..count).map(|index| Agent { user_id: uuid(random), name: name(index) }).collect()
}

/// A random UUID (version 4), as all Genesys Cloud ids are.
pub(super) fn uuid(random: &mut StdRng) -> String {
    uuid::Builder::from_random_bytes(random.random()).into_uuid().to_string()
}

/// An 18-character id of a Salesforce Case: key prefix `500`, and the three characters at the end that say which of the
/// others are capitals, five of them each.
pub(super) fn case_id(random: &mut StdRng) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let mut id = b"500Dn00000".to_vec();
    id.extend((0..5).map(|_| DIGITS[random.random_range(0..DIGITS.len())]));
    let suffix = id.chunks(5).map(|five| {
        let capitals = five.iter().enumerate().filter(|(_, character)| character.is_ascii_uppercase());
        SUFFIX[capitals.map(|(position, _)| 1 << position).sum::<usize>()]
    });
    let suffix: Vec<u8> = suffix.collect();
    id.extend(suffix);
    id.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_case_id_ends_with_its_capitals() {
        let id = case_id(&mut StdRng::seed_from_u64(1));
        assert_eq!(id.len(), 18);
        assert!(id.starts_with("500Dn00000"));
        // "500Dn": the fourth is a capital, 2^3 = 8, the ninth letter. "00000": none.
        assert_eq!(&id[15..17], "IA");
    }
}
