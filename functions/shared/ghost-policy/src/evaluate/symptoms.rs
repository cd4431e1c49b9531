//! The tests of `ghostWhen`: which of them a conversation meets, and since when.
//!
//! Where the contract says "since the last leg closed" and somebody came later, or after-call work ended later, that later
//! moment counts: it is the safer reading, and a conversation that reopens is simply alive again.

use jiff::Timestamp;

use super::Patience;
use super::life::pending_work;
use crate::conversation::leg::PendingWork;
use crate::conversation::{Conversation, Leg, Media, Purpose};
use crate::duration::FriendlyDuration;
use crate::verdict::{AliveReason, GhostTest, leg_in_words};

/// A test that is met from `due` on, if nothing changes.
pub(super) struct Symptom {
    pub(super) test: GhostTest,
    pub(super) what: String,
    pub(super) since: Timestamp,
    pub(super) due: Timestamp,
    pub(super) duration: FriendlyDuration,
}

/// What a test found: what it is, and since when if that can be told.
struct Finding {
    what: String,
    since: Option<Timestamp>,
}

/// The tests of the rule that the conversation meets sooner or later, the most telling first; an error for one that it
/// meets without anything telling since when, which counts as alive.
pub(super) fn symptoms(conversation: &Conversation, patience: Patience) -> Vec<Result<Symptom, AliveReason>> {
    let open: Vec<_> = conversation.open_legs().collect();
    let closed: Vec<_> = conversation.legs().filter(|leg| !leg.is_open()).collect();
    let findings = [
        (GhostTest::AfterCallWorkFor, after_call_work_is_left(conversation, &open)),
        (GhostTest::WaitingFor, callback_waits(&open)),
        (GhostTest::AgentGoneFor, agent_gone(&open, &closed)),
        (GhostTest::CustomerGoneFor, customer_gone(&open, &closed)),
        (GhostTest::NoConnectedPartyFor, no_connected_party(conversation, &open, &closed)),
        (GhostTest::IdleFor, idle(conversation, &open)),
    ];
    let met = findings.into_iter().filter_map(|(test, finding)| Some((test, finding?)));
    met.filter_map(|(test, Finding { what, since })| {
        let duration = patience.duration(test)?;
        let Some(since) = since else { return Some(Err(AliveReason::SinceUnknown { test })) };
        patience.ends(test, since).map(|due| Ok(Symptom { test, what, since, due, duration }))
    })
    .collect()
}

fn after_call_work_is_left(conversation: &Conversation, open: &[Leg<'_>]) -> Option<Finding> {
    let participant = pending_work(conversation).next()?.0;
    let since = latest(pending_work(conversation).map(|(_, work)| match work {
        PendingWork::Since(since) => since,
        PendingWork::None | PendingWork::Unknown => None,
    }));
    let what = format!("Nothing but the after-call work of participant {} has been left", participant.id);
    open.is_empty().then_some(Finding { what, since })
}

/// Callbacks only, and only with the queue and the customer on it: nobody holds the line.
fn callback_waits(open: &[Leg<'_>]) -> Option<Finding> {
    let queue = open.iter().find(|leg| leg.participant.purpose == Purpose::Acd)?;
    let waits = |leg: &Leg<'_>| {
        let purpose = &leg.participant.purpose;
        leg.is(Media::Callback) && (*purpose == Purpose::Acd || purpose.is_customer_side())
    };
    let queue_id = queue.participant.queue_id.as_deref().unwrap_or("of unknown id");
    let what = format!("A callback has waited in queue {queue_id}, with no agent on it,");
    // Since it entered the queue it is in now, or became due if that was later.
    let entered = latest(open.iter().filter(|leg| leg.participant.purpose == Purpose::Acd).map(Leg::opened));
    let since = entered.max(entered.and(open.iter().filter_map(|leg| leg.communication.scheduled).max()));
    open.iter().all(waits).then_some(Finding { what, since })
}

/// One leg of a customer or an external party, alone after others have left: the orphan of a conference merge.
fn agent_gone(open: &[Leg<'_>], closed: &[Leg<'_>]) -> Option<Finding> {
    let [alone] = open else { return None };
    if !alone.participant.purpose.is_customer_side() || closed.is_empty() {
        return None;
    }
    let since = latest(closings(closed).chain([alone.opened()]));
    Some(Finding { what: format!("{} has been alone", capitalized(&leg_in_words(alone))), since })
}

/// The customer was there and has gone, and one agent or one queue is left.
fn customer_gone(open: &[Leg<'_>], closed: &[Leg<'_>]) -> Option<Finding> {
    let left = open.first()?;
    let purpose = &left.participant.purpose;
    let one_party = open.iter().all(|leg| std::ptr::eq(leg.participant, left.participant));
    if !one_party || !(purpose.is_staff() || *purpose == Purpose::Acd) {
        return None;
    }
    // Whoever asks for a callback hangs up: that call's end does not make the customer gone from the callback.
    let callback = open.iter().all(|leg| leg.is(Media::Callback));
    let counts = |leg: &&Leg<'_>| leg.participant.purpose.is_customer_side() && (!callback || leg.is(Media::Callback));
    let customers: Vec<_> = closed.iter().filter(counts).collect();
    let since = latest(customers.iter().map(|leg| leg.closed()).chain(open.iter().map(Leg::opened)));
    let what = format!("The customer has gone, and {} has been alone", leg_in_words(left));
    (!customers.is_empty()).then_some(Finding { what, since })
}

fn no_connected_party(conversation: &Conversation, open: &[Leg<'_>], closed: &[Leg<'_>]) -> Option<Finding> {
    if !open.is_empty() {
        return None;
    }
    // While after-call work is being ended, the conversation still has a moment to live.
    let work_of_legs = closed.iter().filter_map(|leg| leg.communication.after_call_work?.end);
    let work_of_participants = conversation.participants.iter().filter_map(|one| one.after_call_work_end);
    let last_closed = latest(closings(closed));
    let since = last_closed.max(last_closed.and(work_of_legs.chain(work_of_participants).max()));
    Some(Finding { what: "Nobody has had an open communication".to_owned(), since })
}

/// Email and message only: nothing has happened, by any timestamp.
fn idle(conversation: &Conversation, open: &[Leg<'_>]) -> Option<Finding> {
    let all: Vec<_> = conversation.legs().collect();
    let legs = if open.is_empty() { all.as_slice() } else { open };
    let media = legs.first()?.communication.media.filter(|media| media.may_rest())?;
    let may_rest = |leg: &Leg<'_>| leg.communication.media.is_some_and(Media::may_rest);
    let what = format!("Nothing has happened in this {media}");
    legs.iter().all(may_rest).then_some(Finding { what, since: conversation.newest_timestamp })
}

/// When these legs closed. Queues and flows often say only that they did (reference/genesys-cloud.md §2.2): where somebody came
/// after them, and that one's end is known, theirs was before.
fn closings<'a>(closed: &'a [Leg<'a>]) -> impl Iterator<Item = Option<Timestamp>> + 'a {
    let is_system = |leg: &&Leg<'_>| matches!(leg.participant.purpose, Purpose::Acd | Purpose::Flow(_));
    let passed_on = |leg: &&Leg<'_>| {
        let later = |other: &Leg<'_>| other.closed().is_some() && other.opened() > leg.opened();
        leg.opened().is_some() && closed.iter().any(later)
    };
    let tells_nothing = move |leg: &&Leg<'_>| leg.closed().is_none() && is_system(leg) && passed_on(leg);
    closed.iter().filter(move |leg| !tells_nothing(leg)).map(Leg::closed)
}

/// The latest of all moments; `None` if one of them is unknown, or if there is none.
fn latest(moments: impl Iterator<Item = Option<Timestamp>>) -> Option<Timestamp> {
    moments.collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn capitalized(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}
