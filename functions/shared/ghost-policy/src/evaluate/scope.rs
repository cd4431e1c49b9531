//! Whether the policy speaks of a conversation: exclusions, and the rule that decides.

use std::borrow::Borrow;

use crate::conversation::{Conversation, Leg};
use crate::policy::{Match, Policy, Rule};

/// What excludes the conversation, in words.
pub(super) fn exclusion(policy: &Policy, conversation: &Conversation) -> Option<String> {
    let exclude = &policy.exclude;
    let queues = conversation.participants.iter().filter_map(|participant| participant.queue_id.as_deref());
    if let Some(queue) = listed(&exclude.queues, queues) {
        return Some(format!("queue {queue}"));
    }
    match &conversation.divisions {
        // A filter that can't be evaluated excludes.
        None if !exclude.divisions.is_empty() => return Some("its divisions are not told".to_owned()),
        divisions => {
            let divisions = divisions.iter().flatten().map(String::as_str);
            if let Some(division) = listed(&exclude.divisions, divisions) {
                return Some(format!("division {division}"));
            }
        }
    }
    listed(&exclude.external_tags, conversation.external_tag.as_deref().into_iter())
        .map(|tag| format!("external tag {tag}"))
}

/// The first rule whose match fits.
pub(super) fn deciding_rule<'a>(policy: &'a Policy, conversation: &Conversation) -> Option<&'a Rule> {
    policy.rules.iter().find(|rule| fits(&rule.matches, conversation))
}

/// Whether the conversation has one of the values of every list given.
///
/// Those who are there decide, and only if they have no such value, all who ever were: a callback that was asked for in a
/// call is a callback, not a call.
fn fits(matches: &Match, conversation: &Conversation) -> bool {
    fits_choice(matches.media.as_deref(), &present(conversation, |leg| leg.communication.media))
        && fits_names(matches.queues.as_deref(), &present(conversation, |leg| leg.participant.queue_id.as_deref()))
        && fits_names(matches.providers.as_deref(), &present(conversation, |leg| leg.communication.provider.as_deref()))
        && fits_names(matches.divisions.as_deref(), conversation.divisions.as_deref().unwrap_or_default())
        // An orphan of an inbound call may itself be outbound, so here every leg counts.
        && fits_choice(
            matches.directions.as_deref(),
            &conversation.legs().filter_map(|leg| leg.communication.direction).collect::<Vec<_>>(),
        )
}

fn present<'a, T>(conversation: &'a Conversation, value: impl Fn(Leg<'a>) -> Option<T>) -> Vec<T> {
    let open: Vec<_> = conversation.open_legs().filter_map(&value).collect();
    if open.is_empty() { conversation.legs().filter_map(value).collect() } else { open }
}

fn fits_choice<T: PartialEq>(wanted: Option<&[T]>, values: &[T]) -> bool {
    wanted.is_none_or(|wanted| values.iter().any(|value| wanted.contains(value)))
}

fn fits_names<T: Borrow<str>>(wanted: Option<&[String]>, values: &[T]) -> bool {
    wanted.is_none_or(|wanted| listed(wanted, values.iter().map(Borrow::borrow)).is_some())
}

/// The first of `values` that is in the list, without regard to case.
fn listed<'a>(list: &[String], mut values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    values.find(|value| list.iter().any(|one| one.trim().eq_ignore_ascii_case(value.trim())))
}
