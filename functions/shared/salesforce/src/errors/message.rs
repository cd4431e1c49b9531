//! Texts of errors, fit to be logged and kept.

use serde_json::Value;

use crate::row::Row;

const MAX_CHARACTERS: usize = 200;
/// Shorter values say nothing about a person, and hiding them would spoil the text.
const MIN_HIDDEN_CHARACTERS: usize = 4;
const HIDDEN: &str = "(value)";

/// The text, shortened, without the values of the row it is about and without anything like an e-mail address: Salesforce
/// quotes values freely, and they may be personal.
pub(crate) fn short_message(text: &str, row: Option<&Row>) -> String {
    let mut text = text.to_owned();
    for value in row.iter().flat_map(|row| text_values(row)) {
        if value.chars().count() >= MIN_HIDDEN_CHARACTERS {
            text = text.replace(value, HIDDEN);
        }
    }
    let words = text.split_whitespace().map(|word| if word.contains('@') { HIDDEN } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn text_values(row: &Row) -> impl Iterator<Item = &str> {
    let fields = row.fields.values().filter_map(Value::as_str);
    fields.chain(row.look_ups.iter().map(|look_up| look_up.reference.value()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn values_of_the_row_and_addresses_are_hidden() {
        let row = Row {
            key: "k".to_owned(),
            fields: Map::from_iter([("Agent_External_Id__c".to_owned(), json!("Jane Doe"))]),
            look_ups: vec![],
        };
        let text = "bad value: Jane Doe for jane@example.com\n in field X";
        assert_eq!(short_message(text, Some(&row)), "bad value: (value) for (value) in field X");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let short = short_message(&"é".repeat(300), None);
        assert_eq!(short.chars().count(), MAX_CHARACTERS + 1);
    }
}
