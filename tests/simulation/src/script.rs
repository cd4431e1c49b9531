//! Scripts of conversations: the ghosts of reference/genesys-cloud.md §5.2 and of the issue, and the look-alikes of §5.3.

use ghost_policy::conversation::{CommunicationState, Media, Purpose, TransferState};
use ghost_policy::policy::{GhostWhen, Policy};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::conversation::{Change, Life};

/// What happens to a conversation, and when.
pub struct Script {
    /// What it is, for reports.
    pub kind: &'static str,
    /// In order of time.
    pub changes: Vec<(Timestamp, Change)>,
}

type Write = fn(&mut Author<'_>);

/// Everything that can be played.
const KINDS: [(&str, Write); 29] = [
    ("orphan leg after a conference", orphan_after_conference),
    ("agent left alone in a call", agent_left_alone),
    ("agent left alone in a call, on and off hold", agent_left_alone_on_and_off_hold),
    ("queue left alone in a call", queue_left_alone),
    ("call that nobody is on", |author| nobody_left(author, Media::Voice)),
    ("email that nobody is on", |author| nobody_left(author, Media::Email)),
    ("message that nobody is on", |author| nobody_left(author, Media::Message)),
    ("after-call work for ever", |author| work_for_ever(author, Media::Voice)),
    ("after-call work of an email for ever", |author| work_for_ever(author, Media::Email)),
    ("voicemail never picked up", voicemail_never_picked_up),
    ("email idle for ever", |author| idle_for_ever(author, Media::Email)),
    ("message idle for ever", |author| idle_for_ever(author, Media::Message)),
    ("call that comes back to life", back_to_life),
    ("ghost that ends by itself", ends_by_itself),
    ("ordinary call", ordinary_call),
    ("long call", long_call),
    ("call on hold", call_on_hold),
    ("caller waits in the queue", caller_waits),
    ("call in a consult", call_in_a_consult),
    ("call in a transfer", call_in_a_transfer),
    ("call that a supervisor listens to", supervised_call),
    ("supervisor who is left alone", supervisor_left_alone),
    ("parked email", parked_email),
    ("busy email", |author| busy(author, Media::Email)),
    ("busy message", |author| busy(author, Media::Message)),
    ("message thread that reopens", thread_that_reopens),
    ("scheduled callback", scheduled_callback),
    ("after-call work in time", work_in_time),
    ("call with a purpose that nobody knows", unknown_purpose),
];

/// Writes scripts.
pub struct Author<'a> {
    random: &'a mut StdRng,
    policy: &'a Policy,
    horizon: Timestamp,
    at: Timestamp,
    changes: Vec<(Timestamp, Change)>,
}

/// A script of any kind that begins at `start` and is over, as far as people are concerned, before `horizon`.
pub fn script(random: &mut StdRng, policy: &Policy, start: Timestamp, horizon: Timestamp) -> Script {
    let (kind, write) = *KINDS.choose(random).unwrap_or(&KINDS[0]);
    let mut author = Author { random, policy, horizon, at: start, changes: Vec::new() };
    write(&mut author);
    Script { kind, changes: author.changes }
}

/// The rule's duration for conversations of this medium.
pub fn rule_for(policy: &Policy, media: Media) -> GhostWhen {
    let fits = |matches: &[Media]| matches.contains(&media);
    let rule = policy.rules.iter().find(|rule| rule.matches.media.as_deref().is_none_or(fits));
    rule.map_or_else(GhostWhen::default, |rule| rule.ghost_when)
}

/// How long nobody at all may be on a conversation: an email or message is idle then, too.
pub fn nobody_for(policy: &Policy, media: Media) -> Option<SignedDuration> {
    let when = rule_for(policy, media);
    let idle = when.idle_for.filter(|_| media.may_rest());
    let shortest = when.no_connected_party_for.into_iter().chain(idle).min()?;
    SignedDuration::try_from(shortest.get()).ok()
}

/// How long what a teardown by half has left must have been so: no time at all, where the rule does not say.
pub fn left_over_for(policy: &Policy, media: Media) -> SignedDuration {
    let after = rule_for(policy, media).no_connected_party_for;
    after.and_then(|after| SignedDuration::try_from(after.get()).ok()).unwrap_or(SignedDuration::ZERO)
}

/// How long an email or message may be idle.
pub fn idle_for(policy: &Policy) -> Option<SignedDuration> {
    SignedDuration::try_from(rule_for(policy, Media::Email).idle_for?.get()).ok()
}

fn connected() -> CommunicationState {
    CommunicationState::Active("connected")
}

impl Author<'_> {
    fn tell(&mut self, change: Change) {
        self.changes.push((self.at.min(self.horizon), change));
    }

    /// Some time passes: most often minutes, at times hours.
    fn later(&mut self) {
        let seconds = if self.random.random_bool(0.8) {
            self.random.random_range(1..1_800)
        } else {
            self.random.random_range(1_800..40_000)
        };
        self.after(seconds);
    }

    fn after(&mut self, seconds: i64) {
        self.at += SignedDuration::from_secs(seconds);
    }

    fn open(&mut self, leg: &'static str, purpose: Purpose, media: Media) {
        self.tell(Change::Open { leg, purpose, media, state: connected() });
    }

    fn close(&mut self, leg: &'static str) {
        // On a leg that has gone the state may still say that it is connected (reference/genesys-cloud.md §1.5).
        let state_tells = self.random.random_bool(0.7);
        self.tell(Change::Close { leg, state_tells });
    }

    fn dead(&mut self, media: Media, after: fn(GhostWhen) -> Option<ghost_policy::duration::FriendlyDuration>) {
        let after = after(rule_for(self.policy, media));
        let after = after.and_then(|after| SignedDuration::try_from(after.get()).ok());
        self.tell(Change::Truth(Life::Dead { since: self.at.min(self.horizon), after }));
    }

    /// A customer comes in, may wait in a queue, and is answered.
    fn answered(&mut self, media: Media) {
        self.open("customer", Purpose::Customer, media);
        self.open("queue", Purpose::Acd, media);
        self.later();
        let state = CommunicationState::Alerting;
        self.tell(Change::Open { leg: "agent", purpose: Purpose::Agent, media, state });
        self.after(7);
        self.tell(Change::State("agent", connected()));
        self.close("queue");
        self.later();
    }

    fn end(&mut self) {
        self.tell(Change::End);
    }
}

/// The agent's conference leg fails, all leave, and a third party's leg stays open for weeks.
fn orphan_after_conference(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    let third = if author.random.random_bool(0.5) { Purpose::Customer } else { Purpose::External };
    author.open("third", third, Media::Voice);
    author.later();
    author.close("customer");
    author.later();
    author.close("agent");
    author.dead(Media::Voice, |when| when.agent_gone_for);
}

fn agent_left_alone(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.close("customer");
    author.dead(Media::Voice, |when| when.customer_gone_for);
}

/// Its form changes between looks, though nobody is there: what was seen must be made sure of anew.
fn agent_left_alone_on_and_off_hold(author: &mut Author<'_>) {
    agent_left_alone(author);
    let rule = rule_for(author.policy, Media::Voice).customer_gone_for;
    author.after(rule.map_or(600, |rule| rule.get().as_secs().cast_signed()));
    for held in [true, false, true, false, true, false] {
        let seconds = author.random.random_range(1..300);
        author.after(seconds);
        author.tell(Change::Hold("agent", held));
    }
}

fn queue_left_alone(author: &mut Author<'_>) {
    author.open("customer", Purpose::Customer, Media::Voice);
    author.open("queue", Purpose::Acd, Media::Voice);
    author.later();
    author.close("customer");
    author.dead(Media::Voice, |when| when.customer_gone_for);
}

fn nobody_left(author: &mut Author<'_>, media: Media) {
    author.answered(media);
    author.close("customer");
    author.close("agent");
    let after = nobody_for(author.policy, media);
    author.tell(Change::Truth(Life::Dead { since: author.at.min(author.horizon), after }));
}

fn work_for_ever(author: &mut Author<'_>, media: Media) {
    author.answered(media);
    author.close("customer");
    author.close("agent");
    author.tell(Change::Work("agent"));
    author.dead(media, |when| when.after_call_work_for);
}

fn voicemail_never_picked_up(author: &mut Author<'_>) {
    author.open("customer", Purpose::Customer, Media::Callback);
    author.open("queue", Purpose::Acd, Media::Callback);
    author.dead(Media::Callback, |when| when.waiting_for);
}

fn idle_for_ever(author: &mut Author<'_>, media: Media) {
    author.answered(media);
    author.tell(Change::Write);
    author.dead(media, |when| when.idle_for);
}

/// A customer's leg comes back at a moment that nobody can know, perhaps between a look and a request.
fn back_to_life(author: &mut Author<'_>) {
    agent_left_alone(author);
    author.later();
    author.tell(Change::Truth(Life::Live));
    author.open("customer again", Purpose::Customer, Media::Voice);
    author.later();
    if author.random.random_bool(0.5) {
        author.close("customer again");
        author.close("agent");
        author.end();
    }
}

fn ends_by_itself(author: &mut Author<'_>) {
    agent_left_alone(author);
    author.later();
    author.tell(Change::Truth(Life::Live));
    author.close("agent");
    author.end();
}

fn ordinary_call(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.close("customer");
    author.close("agent");
    author.end();
}

fn long_call(author: &mut Author<'_>) {
    author.answered(Media::Voice);
}

fn call_on_hold(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.tell(Change::Hold("customer", true));
    author.later();
    author.tell(Change::Hold("customer", false));
    author.tell(Change::Hold("agent", true));
}

fn caller_waits(author: &mut Author<'_>) {
    author.open("flow", Purpose::Flow("ivr"), Media::Voice);
    author.open("customer", Purpose::Customer, Media::Voice);
    author.later();
    author.open("queue", Purpose::Acd, Media::Voice);
    author.close("flow");
}

fn call_in_a_consult(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.open("colleague", Purpose::User, Media::Voice);
    author.tell(Change::Consult("colleague", "customer"));
    author.tell(Change::ConsultElsewhere);
    author.later();
    author.close("customer");
}

fn call_in_a_transfer(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.tell(Change::Transfer(TransferState::InProgress));
    author.close("agent");
    author.later();
    author.open("second agent", Purpose::Agent, Media::Voice);
    author.tell(Change::Transfer(TransferState::Over));
}

fn supervised_call(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.open("supervisor", Purpose::User, Media::Voice);
    author.tell(Change::Supervise("supervisor", "agent"));
    author.later();
    author.close("supervisor");
}

/// Nobody is left to listen to, but listening is never taken for a ghost.
fn supervisor_left_alone(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.open("supervisor", Purpose::User, Media::Voice);
    author.tell(Change::Supervise("supervisor", "agent"));
    author.later();
    author.close("customer");
    author.close("agent");
}

fn parked_email(author: &mut Author<'_>) {
    author.answered(Media::Email);
    author.tell(Change::State("agent", CommunicationState::Parked));
}

/// Something is written again before any rule could call it idle.
fn busy(author: &mut Author<'_>, media: Media) {
    author.answered(media);
    let idle = rule_for(author.policy, media).idle_for.map_or(40_000, |idle| idle.get().as_secs().cast_signed());
    for _ in 0..6 {
        author.tell(Change::Write);
        author.after((idle * 2 / 3).max(1));
    }
    // In the end it is a ghost like any other.
    author.tell(Change::Write);
    author.dead(media, |when| when.idle_for);
}

fn thread_that_reopens(author: &mut Author<'_>) {
    author.answered(Media::Message);
    author.close("customer");
    author.close("agent");
    author.end();
    author.later();
    author.tell(Change::Reopen);
    author.open("customer again", Purpose::Customer, Media::Message);
    author.open("agent again", Purpose::Agent, Media::Message);
    author.tell(Change::Write);
    author.dead(Media::Message, |when| when.idle_for);
}

fn scheduled_callback(author: &mut Author<'_>) {
    author.open("customer", Purpose::Customer, Media::Callback);
    author.open("queue", Purpose::Acd, Media::Callback);
    let due = author.horizon + SignedDuration::from_hours(24 * 365);
    author.tell(Change::Schedule("queue", due));
}

fn work_in_time(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.close("customer");
    author.close("agent");
    author.tell(Change::Work("agent"));
    // Nobody is on the call; only the time that the rule allows keeps it from being a ghost.
    author.dead(Media::Voice, |when| when.after_call_work_for);
    let allowed = rule_for(author.policy, Media::Voice).after_call_work_for;
    let allowed = allowed.map_or(40_000, |allowed| allowed.get().as_secs().cast_signed());
    author.after((allowed * 3 / 4).max(1));
    author.tell(Change::WorkDone("agent"));
    author.tell(Change::Truth(Life::Live));
    author.end();
}

fn unknown_purpose(author: &mut Author<'_>) {
    author.answered(Media::Voice);
    author.open("new", Purpose::Unknown(Some("hologram".to_owned())), Media::Voice);
    author.close("customer");
    author.close("agent");
}
