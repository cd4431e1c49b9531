//! When a conversation could be a ghost at the earliest, if nothing more happened.
//!
//! The policy is asked, not imitated. Only where it asks for what events cannot tell, divisions and external tags, it is read
//! as if the answer were the one that makes the conversation due earlier: too early costs a look, too late would miss.

use ghost_policy::conversation::Media;
use ghost_policy::policy::{Exclude, Match, Policy, Rule};
use ghost_policy::{AliveReason, Conversation, Verdict, evaluate};
use jiff::Timestamp;
use tracing::warn;

use crate::facts::{ConversationFacts, EpochMs, Traits};
use crate::picture::picture;

/// Due times are to the minute, in milliseconds: so many conversations are due at once, and each only once.
const GRAIN_MS: EpochMs = 60_000;

/// What a session may be of which no event has told the medium.
const MEDIA: [Media; 5] = [Media::Voice, Media::Callback, Media::Chat, Media::Email, Media::Message];

/// A staleness policy as events can answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePolicy {
    rules: Vec<DueRule>,
    /// The rules for conversations of which events have not told all that they could.
    loose_rules: Vec<DueRule>,
}

/// One rule of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DueRule {
    /// A policy of this rule alone, without what is not told.
    alone: Policy,
    /// Whether it decides wherever it fits: all that it asks for is told.
    is_certain: bool,
}

impl DuePolicy {
    /// Reads a policy. Says in one line why one can't be used; what is unusual in one that can is logged.
    pub fn parse(document: &str) -> Result<Self, String> {
        let (policy, warnings) = Policy::parse(document).map_err(|error| error.to_string())?;
        for warning in warnings {
            warn!(%warning, "the policy is unusual");
        }
        Ok(Self::of(&policy))
    }

    /// The policy as events can answer it.
    pub fn of(policy: &Policy) -> Self {
        let loosened = |mut matches: Match| {
            matches.divisions = None;
            matches.directions = None;
            matches.providers = None;
            matches
        };
        Self {
            rules: due_rules(policy, |matches| Match { divisions: None, ..matches }),
            loose_rules: due_rules(policy, loosened),
        }
    }

    /// The moment from which on a look might find a ghost, to the minute; `None` if the conversation has ended, or would stay
    /// alive for ever.
    pub fn due_at(&self, facts: &ConversationFacts) -> Option<EpochMs> {
        if facts.has_ended() {
            return None;
        }
        let traits = || {
            let forgotten = facts.forgotten.iter().map(|forgotten| &forgotten.traits);
            facts.sessions().map(|(_, _, session)| &session.traits).chain(forgotten)
        };
        let told = |what: fn(&Traits) -> bool| traits().all(what);
        let traits_told = told(|traits| traits.direction.is_some() && traits.provider.is_some());
        let rules = if traits_told { &self.rules } else { &self.loose_rules };
        let ghost_at = if told(|traits| traits.media.is_some()) {
            ghost_at(rules, &picture(facts, None))
        } else {
            MEDIA.into_iter().filter_map(|media| ghost_at(rules, &picture(facts, Some(media)))).min()
        };
        ghost_at.map(|at| whole_minutes(at.as_millisecond()))
    }
}

fn due_rules(policy: &Policy, told: impl Fn(Match) -> Match) -> Vec<DueRule> {
    let exclude = Exclude { queues: policy.exclude.queues.clone(), ..Exclude::default() };
    let due_rule = |rule: &Rule| {
        let matches = told(rule.matches.clone());
        let is_certain = matches == rule.matches;
        let rule = Rule { matches, ..rule.clone() };
        DueRule { alone: Policy { rules: vec![rule], exclude: exclude.clone(), ..policy.clone() }, is_certain }
    };
    policy.rules.iter().map(due_rule).collect()
}

/// The earliest moment at which one of the rules that may decide calls this a ghost.
fn ghost_at(rules: &[DueRule], conversation: &Conversation) -> Option<Timestamp> {
    let mut earliest: Option<Timestamp> = None;
    for rule in rules {
        // At the beginning of time nothing is a ghost yet, so that the answer is always when it will be.
        let Verdict::Alive { why, look_again_at } = evaluate(&rule.alone, conversation, Timestamp::MIN) else {
            return Some(Timestamp::MIN);
        };
        // Whether it fits is not told where a word is new to us; the API will not tell more, and then it is alive.
        if why.iter().any(|one| matches!(one, AliveReason::NoRuleFits | AliveReason::RuleUntold { .. })) {
            continue;
        }
        earliest = earliest.into_iter().chain(look_again_at).min();
        if rule.is_certain {
            break;
        }
    }
    earliest
}

/// The due time of a conversation while there is no policy to ask: at once, so that nothing is missed once there is one.
pub fn due_without_policy(facts: &ConversationFacts) -> Option<EpochMs> {
    if facts.has_ended() { None } else { facts.last_heard().map(whole_minutes) }
}

fn whole_minutes(at: EpochMs) -> EpochMs {
    at.div_euclid(GRAIN_MS) * GRAIN_MS
}

#[cfg(test)]
mod tests {
    use genesys_cloud::detail_event::MediaType;
    use ghost_policy::policy::Rule;

    use super::*;
    use crate::facts::{CallbackSchedule, Forgotten, Party};
    use crate::testing::{
        DAY, DEFAULT_POLICY, HOUR, MINUTE, SECOND, TEN_O_CLOCK, Told, default_policy, joined, policy, told,
    };

    fn voice(party: Party) -> Told {
        told(party, &format!("{party:?}"), MediaType::Voice)
    }

    /// A call of a customer who was in a queue and then had an agent until 10:30:10.
    fn orphan() -> ConversationFacts {
        let left = TEN_O_CLOCK + 30 * MINUTE + 10 * SECOND;
        joined([
            &voice(Party::Customer).starts(TEN_O_CLOCK),
            &voice(Party::Acd).facts(Some(TEN_O_CLOCK + MINUTE), Some(TEN_O_CLOCK + 2 * MINUTE)),
            &voice(Party::User).facts(Some(TEN_O_CLOCK + 2 * MINUTE), Some(left)),
        ])
    }

    #[test]
    fn a_customer_left_alone_by_the_agent_is_due_when_the_policy_says_to_the_minute() {
        assert_eq!(default_policy().due_at(&orphan()), Some(TEN_O_CLOCK + 30 * MINUTE + 4 * HOUR));
    }

    #[test]
    fn people_who_may_be_talking_and_customers_who_are_served_are_not_due() {
        let customer = voice(Party::Customer).starts(TEN_O_CLOCK);
        for other in [Party::Customer, Party::User, Party::Acd, Party::Flow] {
            let other = told(other, "other", MediaType::Voice).starts(TEN_O_CLOCK + MINUTE);
            assert_eq!(default_policy().due_at(&joined([&customer, &other])), None);
        }
        assert_eq!(default_policy().due_at(&customer), None, "nobody has left yet");
    }

    #[test]
    fn an_agent_left_alone_by_the_customer_is_due_soon() {
        let agent = voice(Party::User).starts(TEN_O_CLOCK);
        let facts = joined([&agent, &voice(Party::Customer).facts(Some(TEN_O_CLOCK), Some(TEN_O_CLOCK + HOUR))]);
        assert_eq!(default_policy().due_at(&facts), Some(TEN_O_CLOCK + HOUR + 15 * MINUTE));
    }

    #[test]
    fn a_callback_that_nobody_takes_is_due_days_after_its_time() {
        let callback = |party| told(party, &format!("{party:?}"), MediaType::Callback);
        let mut facts = joined([
            &callback(Party::Customer).starts(TEN_O_CLOCK),
            &callback(Party::Acd).starts(TEN_O_CLOCK + MINUTE),
            // What the queue plays is not somebody else.
            &told(Party::Flow, "Acd", MediaType::Callback).starts(TEN_O_CLOCK + MINUTE),
        ]);
        assert_eq!(default_policy().due_at(&facts), Some(TEN_O_CLOCK + MINUTE + 5 * DAY));
        let schedule = |told_at, scheduled_for| Some(CallbackSchedule { told_at, scheduled_for });
        facts.join(&ConversationFacts { callback: schedule(2, TEN_O_CLOCK + 2 * DAY), ..ConversationFacts::default() });
        facts.join(&ConversationFacts { callback: schedule(1, TEN_O_CLOCK + 9 * DAY), ..ConversationFacts::default() });
        assert_eq!(default_policy().due_at(&facts), Some(TEN_O_CLOCK + 7 * DAY), "what was told last counts");
    }

    #[test]
    fn an_email_is_due_when_it_has_been_idle_and_never_once_it_has_ended() {
        let email = told(Party::Customer, "email", MediaType::Email);
        let facts = email.starts(TEN_O_CLOCK);
        assert_eq!(default_policy().due_at(&facts), Some(TEN_O_CLOCK + 30 * DAY));
        assert_eq!(default_policy().due_at(&joined([&facts, &email.ends(TEN_O_CLOCK + HOUR)])), None);
        assert_eq!(default_policy().due_at(&ConversationFacts::default()), None);
    }

    #[test]
    fn what_the_policy_excludes_is_not_due_but_what_events_cannot_tell_excludes_nothing() {
        let queues = policy(|policy| policy.exclude.queues.push("queue".to_owned()));
        assert_eq!(queues.due_at(&orphan()), None);
        let untold = policy(|policy| {
            policy.exclude.divisions.push("division".to_owned());
            policy.exclude.external_tags.push("tag".to_owned());
        });
        assert_eq!(untold.due_at(&orphan()), default_policy().due_at(&orphan()));
    }

    /// The policy with a first rule of its own, which waits for an hour.
    fn with_first_rule(matches: Match) -> DuePolicy {
        policy(|policy| {
            let mut first: Rule = policy.rules[0].clone();
            first.matches = matches;
            first.ghost_when.agent_gone_for = Some("1h".parse().unwrap());
            policy.rules.insert(0, first);
        })
    }

    #[test]
    fn a_rule_of_which_events_cannot_tell_whether_it_fits_counts_if_it_is_the_earlier() {
        let (soon, late) = (Some(TEN_O_CLOCK + 90 * MINUTE), Some(TEN_O_CLOCK + 270 * MINUTE));
        let of = |list: &str| Some(vec![list.to_owned()]);
        let divisions = Match { divisions: of("division"), ..Match::default() };
        assert_eq!(with_first_rule(divisions).due_at(&orphan()), soon);
        let queues = |queue| Match { queues: of(queue), ..Match::default() };
        assert_eq!(with_first_rule(queues("queue")).due_at(&orphan()), soon);
        assert_eq!(with_first_rule(queues("another")).due_at(&orphan()), late);
        let providers = with_first_rule(Match { providers: of("Salesforce"), ..Match::default() });
        assert_eq!(providers.due_at(&orphan()), late);
        let mut untold = voice(Party::Flow);
        untold.traits.provider = None;
        let facts = joined([&orphan(), &untold.facts(Some(TEN_O_CLOCK), Some(TEN_O_CLOCK + 1))]);
        assert_eq!(providers.due_at(&facts), soon);
    }

    #[test]
    fn what_was_forgotten_counts_where_it_was_not_told_in_full() {
        let provider = with_first_rule(Match { providers: Some(vec!["Salesforce".to_owned()]), ..Match::default() });
        let mut facts = orphan();
        let soon = Some(TEN_O_CLOCK + 90 * MINUTE);
        assert_ne!(provider.due_at(&facts), soon);
        let traits = Traits { provider: None, ..voice(Party::User).traits };
        facts.forgotten.push(Forgotten { party: Party::User, traits, end: TEN_O_CLOCK + 1 });
        assert_eq!(provider.due_at(&facts), soon);
    }

    #[test]
    fn a_medium_that_no_event_has_told_is_taken_for_the_earliest_and_one_that_we_do_not_know_is_alive() {
        let with_media = |media| {
            let mut facts = ConversationFacts::default();
            for party in [Party::Customer, Party::User] {
                let mut session = voice(party);
                session.traits.media = media;
                facts.join(&session.starts(TEN_O_CLOCK));
            }
            let mut agent = voice(Party::User);
            agent.traits.media = media;
            facts.join(&agent.ends(TEN_O_CLOCK + MINUTE));
            facts
        };
        let told = default_policy().due_at(&with_media(Some(MediaType::Voice)));
        assert_eq!(default_policy().due_at(&with_media(None)), told);
        assert_eq!(default_policy().due_at(&with_media(Some(MediaType::Unknown))), None);
    }

    #[test]
    fn without_a_policy_what_goes_on_is_due_at_once() {
        assert_eq!(due_without_policy(&orphan()), Some(TEN_O_CLOCK + 30 * MINUTE));
        let ended = joined([&orphan(), &voice(Party::Customer).ends(TEN_O_CLOCK + DAY)]);
        assert_eq!(due_without_policy(&ended), None);
    }

    #[test]
    fn the_template_ships_the_default_policy() {
        let template = include_str!("../../../template.yaml");
        let indented = |line: &str| if line.is_empty() { String::new() } else { format!("        {line}") };
        let block: Vec<_> = DEFAULT_POLICY.lines().map(indented).collect();
        assert!(
            template.contains(&block.join("\n")),
            "the parameter GhostPolicy is not infra/policy/default-policy.yaml"
        );
    }
}
