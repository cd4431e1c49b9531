//! The contract once more, as slow and obvious as can be: `DESIGN.md` §4.4 sentence by sentence, on the JSON itself.

use ghost_policy::duration::FriendlyDuration;
use ghost_policy::policy::{GhostWhen, Policy};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub(crate) const MEDIA: [(&str, &str); 7] = [
    ("calls", "voice"),
    ("callbacks", "callback"),
    ("emails", "email"),
    ("messages", "message"),
    ("chats", "chat"),
    ("videos", "video"),
    ("cobrowsesessions", "cobrowse"),
];

#[derive(Clone, Copy)]
pub(crate) struct Leg<'a> {
    pub(crate) participant: &'a Value,
    pub(crate) communication: &'a Value,
    pub(crate) media: &'static str,
}

fn time(value: &Value, name: &str) -> Option<Timestamp> {
    value[name].as_str().map(|text| text.parse().unwrap())
}

impl Leg<'_> {
    pub(crate) fn is_open(&self) -> bool {
        self.communication["disconnectedTime"].is_null() && !["disconnected", "terminated"].contains(&self.state())
    }

    pub(crate) fn state(&self) -> &str {
        self.communication["state"].as_str().unwrap_or("")
    }

    pub(crate) fn purpose(&self) -> &str {
        self.participant["purpose"].as_str().unwrap_or("")
    }

    pub(crate) fn is_customer(&self) -> bool {
        ["customer", "external"].contains(&self.purpose())
    }

    pub(crate) fn is_staff(&self) -> bool {
        ["agent", "user"].contains(&self.purpose())
    }

    pub(crate) fn is_live(&self) -> bool {
        ["voice", "chat", "video", "cobrowse"].contains(&self.media)
    }

    pub(crate) fn is_system(&self) -> bool {
        ["acd", "ivr", "botflow", "workflow"].contains(&self.purpose())
    }

    /// Its time says that it has closed, its state does not, and something on it began after that.
    pub(crate) fn has_begun_again(&self) -> bool {
        let begun = time(self.communication, "startAlertingTime").max(time(self.communication, "connectedTime"));
        let closed = time(self.communication, "disconnectedTime");
        !["disconnected", "terminated"].contains(&self.state()) && closed.is_some() && begun > closed
    }

    fn opened(&self) -> Option<Timestamp> {
        let ringing = time(self.communication, "startAlertingTime").max(time(self.communication, "connectedTime"));
        let opened = ringing.or(time(self.participant, "startTime"));
        opened.map(|opened| time(self.communication, "callbackScheduledTime").unwrap_or(opened).max(opened))
    }

    fn closed(&self) -> Option<Timestamp> {
        time(self.communication, "disconnectedTime").or(time(self.participant, "endTime"))
    }
}

pub(crate) fn legs(conversation: &Value) -> Vec<Leg<'_>> {
    let mut legs = Vec::new();
    for participant in conversation["participants"].as_array().unwrap() {
        for (field, media) in MEDIA {
            for communication in participant[field].as_array().into_iter().flatten() {
                legs.push(Leg { participant, communication, media });
            }
        }
    }
    legs
}

/// Whether the conversation is a ghost at `now`.
pub(crate) fn is_ghost(policy: &Policy, conversation: &Value, now: Timestamp) -> bool {
    if !conversation["endTime"].is_null() {
        return false;
    }
    let legs = legs(conversation);
    let open: Vec<_> = legs.iter().copied().filter(Leg::is_open).collect();
    let media = if open.is_empty() { &legs } else { &open };
    let fits = |wanted: &Vec<_>| {
        wanted.iter().any(|one: &ghost_policy::conversation::Media| media.iter().any(|leg| leg.media == one.as_str()))
    };
    let Some(rule) = policy.rules.iter().find(|rule| rule.matches.media.as_ref().is_none_or(fits)) else {
        return false;
    };
    let when = rule.ghost_when;
    !lives(conversation, &legs, &open, when, now) && meets_a_test(conversation, &legs, &open, when, now)
}

fn lasted(duration: Option<FriendlyDuration>, since: Option<Timestamp>, now: Timestamp) -> bool {
    let (Some(duration), Some(since)) = (duration, since) else { return false };
    now.duration_since(since) >= SignedDuration::try_from(duration.get()).unwrap()
}

fn pending(leg: &Leg<'_>) -> bool {
    leg.communication["afterCallWork"]["state"] == "pending" && leg.communication["afterCallWork"]["endTime"].is_null()
}

fn work_began(leg: &Leg<'_>) -> Option<Timestamp> {
    time(&leg.communication["afterCallWork"], "startTime").or(if leg.is_open() { None } else { leg.closed() })
}

fn lives(conversation: &Value, legs: &[Leg<'_>], open: &[Leg<'_>], when: GhostWhen, now: Timestamp) -> bool {
    let people = open.iter().filter(|leg| leg.is_live() && (leg.is_customer() || leg.is_staff())).count();
    let served = open.iter().any(|one| {
        open.iter().any(|other| one.is_customer() && other.is_system() && (one.is_live() || other.is_live()))
    });
    let working = legs.iter().any(|leg| pending(leg) && !lasted(when.after_call_work_for, work_began(leg), now));
    let parked = open.iter().any(|leg| ["email", "message"].contains(&leg.media) && leg.state() == "parked");
    let scheduled = legs.iter().any(|leg| {
        leg.media == "callback"
            && match time(leg.communication, "callbackScheduledTime") {
                Some(due) => now < due,
                None => leg.is_open() && leg.state() == "scheduled",
            }
    });
    let transferred = conversation["recentTransfers"].as_array().into_iter().flatten();
    let transferred =
        transferred.into_iter().any(|one| ["pending", "active"].contains(&one["state"].as_str().unwrap()));
    let consulted = !conversation["consultationConversations"].is_null() && open.iter().any(Leg::is_staff);
    let alerting = open.iter().any(|leg| {
        leg.state() == "alerting" && {
            let timeout = leg.participant["alertingTimeoutMs"].as_i64().map(SignedDuration::from_millis);
            match (timeout, leg.opened()) {
                (Some(timeout), Some(since)) => now < since + timeout,
                _ => true,
            }
        }
    });
    let supervising = open.iter().any(|leg| !leg.participant["monitoredParticipantId"].is_null());
    let unknown = open.iter().any(|leg| ["virtualagent", ""].contains(&leg.purpose()) || leg.state() == "teleporting")
        || legs.iter().any(Leg::has_begun_again);
    let handed_on = transferred || consulted;
    people >= 2 || served || working || parked || scheduled || handed_on || alerting || supervising || unknown
}

fn meets_a_test(conversation: &Value, legs: &[Leg<'_>], open: &[Leg<'_>], when: GhostWhen, now: Timestamp) -> bool {
    let closed: Vec<_> = legs.iter().copied().filter(|leg| !leg.is_open()).collect();
    let last =
        |times: Vec<Option<Timestamp>>| if times.contains(&None) { None } else { times.into_iter().flatten().max() };
    // A queue or flow that does not say when it was left, before somebody who does.
    let passed_on = |leg: &&Leg<'_>| {
        let later = |other: &Leg<'_>| other.closed().is_some() && other.opened() > leg.opened();
        leg.is_system() && leg.closed().is_none() && leg.opened().is_some() && closed.iter().any(later)
    };
    let last_closed = last(closed.iter().filter(|leg| !passed_on(leg)).map(Leg::closed).collect());

    let work_ends = legs.iter().filter_map(|leg| time(&leg.communication["afterCallWork"], "endTime")).max();
    let no_party =
        open.is_empty() && lasted(when.no_connected_party_for, last_closed.and(last_closed.max(work_ends)), now);

    let one_party = open.iter().all(|leg| leg.participant["id"] == open[0].participant["id"]);
    let kind = !open.is_empty() && (open[0].is_staff() || open[0].purpose() == "acd");
    let callback = open.iter().all(|leg| leg.media == "callback");
    let customers = closed.iter().filter(|leg| leg.is_customer() && (!callback || leg.media == "callback"));
    let customers: Vec<_> = customers.map(Leg::closed).collect();
    let gone = last(customers.iter().copied().chain(open.iter().map(Leg::opened)).collect());
    let customer_gone = one_party && kind && !customers.is_empty() && lasted(when.customer_gone_for, gone, now);

    let orphan = open.len() == 1 && open[0].is_customer() && !closed.is_empty();
    let agent_gone = orphan
        && lasted(when.agent_gone_for, last_closed.and(open[0].opened().and(last_closed.max(open[0].opened()))), now);

    let queue: Vec<_> = open.iter().filter(|leg| leg.purpose() == "acd").collect();
    let only_callback = open.iter().all(|leg| leg.media == "callback" && (leg.is_customer() || leg.purpose() == "acd"));
    let entered = last(queue.iter().map(|leg| leg.opened()).collect());
    let due = open.iter().filter_map(|leg| time(leg.communication, "callbackScheduledTime")).max();
    let waiting = !queue.is_empty() && only_callback && lasted(when.waiting_for, entered.and(entered.max(due)), now);

    let works: Vec<_> = legs.iter().filter(|leg| pending(leg)).map(work_began).collect();
    let work_left = open.is_empty() && !works.is_empty() && lasted(when.after_call_work_for, last(works), now);

    let of_idle = if open.is_empty() { legs } else { open };
    let digital = !of_idle.is_empty() && of_idle.iter().all(|leg| ["email", "message"].contains(&leg.media));
    let idle = digital && lasted(when.idle_for, newest(conversation), now);

    no_party || customer_gone || agent_gone || waiting || work_left || idle
}

fn newest(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Array(values) => values.iter().filter_map(newest).max(),
        Value::Object(fields) => fields.values().filter_map(newest).max(),
        _ => None,
    }
}
