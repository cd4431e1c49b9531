//! Whether the policy speaks of a conversation: exclusions, and the rule that decides.

use std::borrow::Borrow;

use crate::conversation::{Conversation, Leg};
use crate::policy::{Match, Policy, Rule};

/// Which rule decides.
pub(super) enum Deciding<'a> {
    /// This one.
    Rule(&'a Rule),
    /// Perhaps this one: a later one, which may be laxer, must not.
    Untold {
        /// The rule.
        rule: &'a Rule,
        /// What it asks for and nothing tells.
        what: &'static str,
    },
    /// None.
    None,
}

/// Whether a conversation fits a match.
enum Fit {
    Yes,
    No,
    /// It would, if this were told and were right.
    Untold(&'static str),
}

/// Values of a conversation, and whether there are more that are not told.
struct Told<T> {
    values: Vec<T>,
    in_full: bool,
}

/// What excludes the conversation, in words.
pub(super) fn exclusion(policy: &Policy, conversation: &Conversation) -> Option<String> {
    // A filter that can't be evaluated excludes.
    let is_untold = conversation.divisions.is_none() && !policy.exclude.divisions.is_empty();
    told_exclusion(policy, conversation).or_else(|| is_untold.then(|| "its divisions are not told".to_owned()))
}

/// The same by what is told.
pub(super) fn told_exclusion(policy: &Policy, conversation: &Conversation) -> Option<String> {
    let exclude = &policy.exclude;
    let queues = conversation.participants.iter().filter_map(|participant| participant.queue_id.as_deref());
    if let Some(queue) = listed(&exclude.queues, queues) {
        return Some(format!("queue {queue}"));
    }
    let divisions = conversation.divisions.iter().flatten().map(String::as_str);
    if let Some(division) = listed(&exclude.divisions, divisions) {
        return Some(format!("division {division}"));
    }
    listed(&exclude.external_tags, conversation.external_tag.as_deref().into_iter())
        .map(|tag| format!("external tag {tag}"))
}

/// The first rule whose match fits, or may.
pub(super) fn deciding_rule<'a>(policy: &'a Policy, conversation: &Conversation) -> Deciding<'a> {
    let fits = policy.rules.iter().map(|rule| (rule, fit(&rule.matches, conversation)));
    let mut deciding = fits.filter_map(|(rule, fit)| match fit {
        Fit::Yes => Some(Deciding::Rule(rule)),
        Fit::Untold(what) => Some(Deciding::Untold { rule, what }),
        Fit::No => None,
    });
    deciding.next().unwrap_or(Deciding::None)
}

/// Every rule that may be the first whose match fits.
pub(super) fn rules_that_may_decide<'a>(
    policy: &'a Policy,
    conversation: &'a Conversation,
) -> impl Iterator<Item = &'a Rule> {
    let mut is_decided = false;
    policy.rules.iter().filter(move |rule| {
        let fit = fit(&rule.matches, conversation);
        let may_decide = !is_decided && !matches!(fit, Fit::No);
        is_decided |= matches!(fit, Fit::Yes);
        may_decide
    })
}

/// Whether the conversation has one of the values of every list given.
///
/// Those who are there decide, and only if they have no such value, all who ever were: a callback that was asked for in a
/// call is a callback, not a call.
fn fit(matches: &Match, conversation: &Conversation) -> Fit {
    let queues = present(conversation, |leg| leg.participant.queue_id.as_deref());
    // Who came through no queue has none: that is told, too.
    let queues = Told { in_full: true, ..queues };
    let divisions = conversation.divisions.as_deref();
    let divisions = Told { values: divisions.unwrap_or_default().to_vec(), in_full: divisions.is_some() };
    // An orphan of an inbound call may itself be outbound, so here every leg counts.
    let directions = told(conversation.legs().map(|leg| leg.communication.direction));
    let all = [
        fits_choice("media", matches.media.as_deref(), &present(conversation, |leg| leg.communication.media)),
        fits_names("queues", matches.queues.as_deref(), &queues),
        fits_names(
            "providers",
            matches.providers.as_deref(),
            &present(conversation, |leg| leg.communication.provider.as_deref()),
        ),
        fits_names("divisions", matches.divisions.as_deref(), &divisions),
        fits_choice("directions", matches.directions.as_deref(), &directions),
    ];
    all.into_iter().fold(Fit::Yes, |fit, one| match (fit, one) {
        (Fit::No, _) | (_, Fit::No) => Fit::No,
        (Fit::Untold(what), _) | (Fit::Yes, Fit::Untold(what)) => Fit::Untold(what),
        (Fit::Yes, Fit::Yes) => Fit::Yes,
    })
}

fn present<'a, T>(conversation: &'a Conversation, value: impl Fn(Leg<'a>) -> Option<T>) -> Told<T> {
    let open = told(conversation.open_legs().map(&value));
    if open.values.is_empty() { told(conversation.legs().map(value)) } else { open }
}

fn told<T>(values: impl Iterator<Item = Option<T>>) -> Told<T> {
    let values: Vec<_> = values.collect();
    let in_full = values.iter().all(Option::is_some);
    Told { values: values.into_iter().flatten().collect(), in_full }
}

fn fits_choice<T: PartialEq>(what: &'static str, wanted: Option<&[T]>, told: &Told<T>) -> Fit {
    let Some(wanted) = wanted else { return Fit::Yes };
    fits(what, told, told.values.iter().any(|value| wanted.contains(value)))
}

fn fits_names<T: Borrow<str>>(what: &'static str, wanted: Option<&[String]>, told: &Told<T>) -> Fit {
    let Some(wanted) = wanted else { return Fit::Yes };
    fits(what, told, listed(wanted, told.values.iter().map(Borrow::borrow)).is_some())
}

const fn fits<T>(what: &'static str, told: &Told<T>, has_one: bool) -> Fit {
    match (has_one, told.in_full) {
        (true, _) => Fit::Yes,
        (false, true) => Fit::No,
        (false, false) => Fit::Untold(what),
    }
}

/// The first of `values` that is in the list, without regard to case.
fn listed<'a>(list: &[String], mut values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    values.find(|value| list.iter().any(|one| one.trim().eq_ignore_ascii_case(value.trim())))
}
