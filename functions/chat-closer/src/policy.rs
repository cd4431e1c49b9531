//! What becomes of a conversation that its last agent has left, by type and queue: people's rules.

use std::collections::BTreeMap;

use genesys_cloud::api::agentless::LONGEST_TEXT;
use serde::Deserialize;

/// The platforms that messages come from (reference/genesys-schema: `Message.type`).
const MESSAGE_TYPES: [&str; 13] = [
    "apple",
    "facebook",
    "instagram",
    "kakao",
    "line",
    "open",
    "sms",
    "telegram",
    "twitter",
    "viber",
    "webmessaging",
    "wechat",
    "whatsapp",
];

/// The rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    version: u32,
    /// The participant attribute of the customer that names their language.
    #[serde(default = "default_attribute")]
    pub language_attribute: String,
    /// The language of those who name none, or one that a notice lacks.
    #[serde(default = "default_language")]
    pub default_language: String,
    rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// A name of its own, shown in outcomes.
    pub name: String,
    #[serde(rename = "match", default)]
    scope: Scope,
    /// What to do.
    #[serde(rename = "do")]
    pub action: Action,
    /// What to tell the customer, by language.
    #[serde(default)]
    notice: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Scope {
    message_types: Option<Vec<String>>,
    queues: Option<Vec<String>>,
}

/// What becomes of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// A synchronous chat: the customer is disconnected.
    Disconnect,
    /// An asynchronous one: the customer is told.
    Notify,
    /// Nothing.
    Nothing,
}

fn default_attribute() -> String {
    "language".to_owned()
}

fn default_language() -> String {
    "en".to_owned()
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Why it can't be used, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        if policy.version != 1 {
            return Err(format!("version is {}; this function knows 1", policy.version));
        }
        for rule in &policy.rules {
            policy.check(rule).map_err(|fault| format!("rule {:?}: {fault}", rule.name))?;
        }
        Ok(policy)
    }

    fn check(&self, rule: &Rule) -> Result<(), String> {
        if rule.action == Action::Notify && !rule.notice.contains_key(&self.default_language) {
            return Err(format!("it has no notice in {:?}, the default language", self.default_language));
        }
        let types = rule.scope.message_types.iter().flatten();
        if let Some(unknown) = types.into_iter().find(|one| !is_message_type(one)) {
            return Err(format!("{unknown:?} is no message type; there are {}", MESSAGE_TYPES.join(", ")));
        }
        for (language, text) in &rule.notice {
            if text.trim().is_empty() || text.chars().count() > LONGEST_TEXT {
                return Err(format!("the notice in {language:?} must have 1 to {LONGEST_TEXT} characters"));
            }
        }
        Ok(())
    }

    /// The rule for a conversation: the first that fits.
    ///
    /// # Errors
    /// Why there is none, or none that can be told: nothing is done.
    pub fn rule(&self, message_type: &str, queue_id: Option<&str>) -> Result<&Rule, String> {
        for rule in self.rules.iter().filter(|rule| rule.scope.is_for_type(message_type)) {
            match (&rule.scope.queues, queue_id) {
                (None, _) => return Ok(rule),
                (Some(queues), Some(queue_id)) if queues.iter().any(|one| one == queue_id) => return Ok(rule),
                (Some(_), Some(_)) => {}
                (Some(_), None) => {
                    return Err(format!("the rule {:?} is for queues, and nobody knows this one", rule.name));
                }
            }
        }
        Err(format!("no rule is for {message_type} in this queue"))
    }

    /// What a rule tells a customer of this language.
    pub fn notice<'a>(&self, rule: &'a Rule, language: Option<&str>) -> Option<&'a str> {
        let text = language.and_then(|language| rule.notice.get(language));
        text.or_else(|| rule.notice.get(&self.default_language)).map(String::as_str)
    }
}

impl Scope {
    fn is_for_type(&self, message_type: &str) -> bool {
        let types = self.message_types.as_ref();
        types.is_none_or(|types| types.iter().any(|one| one.eq_ignore_ascii_case(message_type)))
    }
}

fn is_message_type(name: &str) -> bool {
    MESSAGE_TYPES.iter().any(|one| one.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "
version: 1
rules:
  - { name: vip, match: { queues: [vip] }, do: nothing }
  - { name: web, match: { messageTypes: [webmessaging] }, do: disconnect }
  - { name: rest, do: notify, notice: { en: Good bye, de: Auf Wiedersehen } }
";

    #[test]
    fn the_first_rule_that_fits_decides_by_type_and_queue() {
        let policy = Policy::parse(POLICY).unwrap();
        let name = |message_type, queue| policy.rule(message_type, queue).map(|rule| rule.name.as_str());
        assert_eq!(name("webmessaging", Some("vip")), Ok("vip"));
        assert_eq!(name("WebMessaging", Some("sales")), Ok("web"));
        assert_eq!(name("sms", Some("sales")), Ok("rest"));
        let rest = policy.rule("sms", Some("sales")).unwrap();
        for (language, text) in [(None, "Good bye"), (Some("de"), "Auf Wiedersehen"), (Some("fr"), "Good bye")] {
            assert_eq!(policy.notice(rest, language), Some(text));
        }
    }

    #[test]
    fn a_rule_for_queues_is_not_passed_over_where_nobody_knows_the_queue() {
        let policy = Policy::parse(POLICY).unwrap();
        assert!(policy.rule("sms", None).unwrap_err().contains("\"vip\" is for queues"));
        let later = "version: 1\nrules: [{ name: a, match: { messageTypes: [sms] }, do: nothing }, { name: b, match: { queues: [q] }, do: disconnect }]";
        let policy = Policy::parse(later).unwrap();
        assert_eq!(policy.rule("sms", None).map(|rule| rule.name.as_str()), Ok("a"));
        assert!(policy.rule("open", None).is_err());
        assert!(policy.rule("open", Some("other")).unwrap_err().starts_with("no rule is for open"));
    }

    #[test]
    fn a_policy_that_can_t_be_used_says_why() {
        let long = format!("version: 1\nrules: [{{ name: a, do: notify, notice: {{ en: {} }} }}]", "x".repeat(766));
        for (text, why) in [
            ("version: 2\nrules: []", "version is 2"),
            ("version: 1", "rules"),
            ("version: 1\nrules: [{ name: a, do: hang up }]", "hang up"),
            ("version: 1\nrules: [{ name: a, do: notify, notice: { de: x } }]", "no notice in \"en\""),
            ("version: 1\nrules: [{ name: a, do: notify, notice: { en: '  ' } }]", "1 to 765"),
            (long.as_str(), "1 to 765"),
            ("version: 1\nrules: []\nmore: 1", "more"),
            (
                "version: 1\nrules: [{ name: a, match: { messageTypes: [sms, webmesaging] }, do: nothing }]",
                "\"webmesaging\" is no",
            ),
        ] {
            let error = Policy::parse(text).unwrap_err();
            assert!(error.contains(why) && !error.contains('\n'), "{error}");
        }
    }
}
