//! What is wrong or unusual in a policy that reads well.

use std::collections::BTreeSet;
use std::time::Duration;

use super::locate::Step::{self, Index, Key};
use super::{GhostWhen, Match, Policy, Rule};
use crate::conversation::Media;
use crate::duration::FriendlyDuration;

/// Something found in a policy.
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) path: Vec<Step>,
    pub(super) words: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// The policy is refused.
    Wrong,
    /// The policy is in force, with a warning.
    Unusual,
}

/// Looks and attempts of a case: with more it would never come to an end.
const MOST_TIMES: u32 = 20;

/// More would be no breaker, and could not be kept in one item of the table.
const MOST_DISCONNECTS: u32 = 10_000;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// All findings, in the order of the document.
pub(super) fn findings(policy: &Policy) -> Vec<Finding> {
    let mut findings = Findings::default();
    if policy.version != 1 {
        let words = format!("version {} is not known: this processor reads version 1", policy.version);
        findings.wrong(vec![Key("version")], words);
    }
    if policy.rules.is_empty() {
        findings.unusual(vec![Key("rules")], "there is no rule, so nothing is ever a ghost");
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        findings.look_at_rule(&policy.rules, index, rule);
    }
    findings.look_at_settings(policy);
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn wrong(&mut self, path: Vec<Step>, words: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Wrong, path, words: words.into() });
    }

    fn unusual(&mut self, path: Vec<Step>, words: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Unusual, path, words: words.into() });
    }

    fn look_at_rule(&mut self, rules: &[Rule], index: usize, rule: &Rule) {
        let at = |more: &[Step]| [&[Key("rules"), Index(index)], more].concat();
        let earlier = &rules[..index];
        if rule.name.trim().is_empty() {
            self.wrong(at(&[Key("name")]), "a rule needs a name that is not blank");
        }
        if earlier.iter().any(|other| other.name.trim() == rule.name.trim()) {
            self.wrong(at(&[Key("name")]), format!("two rules are named `{}`", rule.name.trim()));
        }
        self.look_at_match(&at(&[Key("match")]), &rule.matches);
        if let Some(other) = earlier.iter().find(|other| covers(&other.matches, &rule.matches)) {
            let words = format!("rule `{}` never decides: `{}` before it fits all that it fits", rule.name, other.name);
            self.unusual(at(&[Key("name")]), words);
        }
        self.look_at_ghost_when(&at(&[Key("ghostWhen")]), rule);
    }

    fn look_at_match(&mut self, path: &[Step], matches: &Match) {
        self.look_at_choice(path, "media", matches.media.as_deref());
        self.look_at_choice(path, "queues", matches.queues.as_deref());
        self.look_at_choice(path, "divisions", matches.divisions.as_deref());
        self.look_at_choice(path, "directions", matches.directions.as_deref());
        self.look_at_choice(path, "providers", matches.providers.as_deref());
        self.look_at_ids(path, "queues", matches.queues.as_deref().unwrap_or_default());
        self.look_at_ids(path, "divisions", matches.divisions.as_deref().unwrap_or_default());
        self.look_at_ids(path, "providers", matches.providers.as_deref().unwrap_or_default());
    }

    fn look_at_choice<T: Ord>(&mut self, path: &[Step], key: &'static str, values: Option<&[T]>) {
        let Some(values) = values else { return };
        let path = [path, &[Key(key)]].concat();
        if values.is_empty() {
            self.wrong(path, format!("`{key}` is empty, so the rule fits nothing: leave the key out to fit any"));
            return;
        }
        if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
            self.unusual(path, format!("`{key}` says the same twice"));
        }
    }

    fn look_at_ids(&mut self, path: &[Step], key: &'static str, values: &[String]) {
        for (index, value) in values.iter().enumerate() {
            if value.trim().is_empty() {
                self.wrong([path, &[Key(key), Index(index)]].concat(), format!("a blank entry in `{key}`"));
            }
        }
    }

    fn look_at_ghost_when(&mut self, path: &[Step], rule: &Rule) {
        let when = &rule.ghost_when;
        if *when == GhostWhen::default() {
            let words = format!("rule `{}` has no test in `ghostWhen`, so what it fits is never a ghost", rule.name);
            self.unusual(path.to_vec(), words);
        }
        let digital = [Media::Email, Media::Message];
        self.look_at_reach(path, rule, "waitingFor", when.waiting_for, &[Media::Callback]);
        self.look_at_reach(path, rule, "idleFor", when.idle_for, &digital);
        let mut usual = |key, duration: Option<_>, from, to| {
            if let Some(duration) = duration {
                self.look_at_duration([path, &[Key(key)]].concat(), key, duration, from, to);
            }
        };
        usual("noConnectedPartyFor", when.no_connected_party_for, MINUTE, 7 * DAY);
        usual("customerGoneFor", when.customer_gone_for, 5 * MINUTE, 7 * DAY);
        usual("agentGoneFor", when.agent_gone_for, 15 * MINUTE, 30 * DAY);
        // A callback expires by itself at 59 days (reference/genesys-cloud.md §5.2).
        usual("waitingFor", when.waiting_for, DAY, 58 * DAY);
        usual("afterCallWorkFor", when.after_call_work_for, 30 * MINUTE, 30 * DAY);
        // A message thread reopens for up to 72 h (reference/genesys-cloud.md §5.3).
        usual("idleFor", when.idle_for, 3 * DAY, 365 * DAY);
    }

    /// A test that none of the rule's media can meet.
    fn look_at_reach(
        &mut self,
        path: &[Step],
        rule: &Rule,
        key: &'static str,
        duration: Option<FriendlyDuration>,
        media: &[Media],
    ) {
        let Some(fits) = &rule.matches.media else { return };
        if duration.is_some() && !fits.iter().any(|one| media.contains(one)) {
            let names: Vec<_> = media.iter().map(|one| one.as_str()).collect();
            let words = format!("`{key}` is for {} only, which rule `{}` does not fit", names.join(" and "), rule.name);
            self.unusual([path, &[Key(key)]].concat(), words);
        }
    }

    fn look_at_settings(&mut self, policy: &Policy) {
        let exclude = [Key("exclude")];
        self.look_at_ids(&exclude, "queues", &policy.exclude.queues);
        self.look_at_ids(&exclude, "divisions", &policy.exclude.divisions);
        self.look_at_ids(&exclude, "externalTags", &policy.exclude.external_tags);
        let words = "a ghost must be looked at once at least";
        self.look_at_count([Key("confirm"), Key("looks")], policy.confirm.looks, words);
        if policy.confirm.looks == 1 {
            self.unusual(vec![Key("confirm"), Key("looks")], "one look alone confirms a ghost: two are usual");
        }
        let words = "one attempt at least: use `mode: observe` to disconnect nothing";
        self.look_at_count([Key("verify"), Key("attempts")], policy.verify.attempts, words);
        if policy.breaker.max_disconnects > MOST_DISCONNECTS {
            let words = format!("the breaker counts to {MOST_DISCONNECTS} at most");
            self.wrong(vec![Key("breaker"), Key("maxDisconnects")], words);
        }
        // Valid, since refusing it would keep a policy in force that does disconnect.
        if policy.breaker.max_disconnects == 0 {
            self.unusual(vec![Key("breaker"), Key("maxDisconnects")], "the breaker trips before the first disconnect");
        }
        let mut usual =
            |outer, key, duration, from, to| self.look_at_duration(vec![Key(outer), Key(key)], key, duration, from, to);
        usual("confirm", "every", policy.confirm.every, 30, HOUR);
        usual("verify", "after", policy.verify.after, 30, HOUR);
        usual("breaker", "per", policy.breaker.per, MINUTE, DAY);
        usual("discovery", "every", policy.discovery.every, 5 * MINUTE, DAY);
        usual("discovery", "lookBack", policy.discovery.look_back, DAY, 365 * DAY);
    }

    /// How often something is done: once at least, and not so often that it never comes to an end.
    fn look_at_count(&mut self, path: [Step; 2], count: u32, none: &str) {
        if count == 0 {
            self.wrong(path.to_vec(), none);
        }
        if count > MOST_TIMES {
            self.wrong(path.to_vec(), format!("{count} times is too often: {MOST_TIMES} at most"));
        }
    }

    fn look_at_duration(&mut self, path: Vec<Step>, key: &str, duration: FriendlyDuration, from: u64, to: u64) {
        let range = |unusual: &str, limit| {
            let limit = FriendlyDuration::from_seconds(u32::try_from(limit).unwrap_or(u32::MAX));
            format!("`{key}: {duration}` is unusually {unusual} {limit}")
        };
        if duration.get() < Duration::from_secs(from) {
            self.unusual(path, range("short: less than", from));
        } else if duration.get() > Duration::from_secs(to) {
            self.unusual(path, range("long: more than", to));
        }
    }
}

/// Whether everything that `inner` fits is surely fitted by `outer` too.
fn covers(outer: &Match, inner: &Match) -> bool {
    fn covers_choice<T: PartialEq>(outer: Option<&[T]>, inner: Option<&[T]>) -> bool {
        match (outer, inner) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(outer), Some(inner)) => inner.iter().all(|value| outer.contains(value)),
        }
    }
    covers_choice(outer.media.as_deref(), inner.media.as_deref())
        && covers_choice(outer.queues.as_deref(), inner.queues.as_deref())
        && covers_choice(outer.divisions.as_deref(), inner.divisions.as_deref())
        && covers_choice(outer.directions.as_deref(), inner.directions.as_deref())
        && covers_choice(outer.providers.as_deref(), inner.providers.as_deref())
}
