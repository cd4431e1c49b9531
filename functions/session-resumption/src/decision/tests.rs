use fake_genesys_cloud::scenarios::{Messaging, Part};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ID: &str = "5d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a";
const WINDOW: Duration = Duration::from_mins(5);

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

/// So many seconds ago.
fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

fn here(purpose: &'static str) -> Part {
    Part::new(purpose, ago(3_600))
}

fn left(purpose: &'static str, seconds_ago: i64) -> Part {
    here(purpose).until(ago(seconds_ago), "peer")
}

fn agent() -> Part {
    here("agent").queue("sales")
}

fn queue() -> Part {
    here("acd").queue("sales")
}

fn ringing(queue: &str) -> Part {
    Part::new("agent", ago(5)).queue(queue).leg("state", json!("alerting"))
}

fn handed_over(kind: &str) -> Part {
    here("agent").queue("sales").until(ago(20), kind)
}

fn taken_up_again(part: Part) -> Part {
    let segment = json!({ "type": "interact", "startTime": format!("{:.3}", ago(30)) });
    part.leg("state", json!("connected")).leg("segments", json!([segment]))
}

fn messaging(parts: Vec<Part>) -> Messaging {
    parts.into_iter().fold(Messaging::new(ID, "webmessaging"), Messaging::with)
}

fn read(json: &Value) -> Conversation {
    Conversation::from_json(json.to_string().as_bytes()).unwrap()
}

/// Decides for the first participant.
fn decided(messaging: &Messaging) -> Resumption {
    decide(&read(&messaging.json()), &messaging.participant_id(0), now(), WINDOW)
}

/// `STATE decision`, the ids that come with it, and for how many seconds more.
fn in_words(resumption: &Resumption) -> String {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let mut words = vec![word(json!(resumption.conversation_state)), word(json!(resumption.reason))];
    words.push(if resumption.is_resumable() { "resume".to_owned() } else { "anew".to_owned() });
    words.extend(resumption.agent_id.as_ref().map(|_| "with an agent".to_owned()));
    words.extend(resumption.queue_id.as_ref().map(|queue| format!("through {queue}")));
    words.extend(resumption.target_queue_id.as_ref().map(|queue| format!("to {queue}")));
    words.extend(resumption.transfer_reason.clone());
    words.extend(resumption.resumable_until.map(|until| format!("{} s", until.duration_since(now()).as_secs())));
    words.join(", ")
}

/// One row a state and age.
#[test]
fn the_decision_table() {
    let over = messaging(vec![left("customer", 10), left("agent", 10)]).field("endTime", json!("2026-11-20T09:59:50Z"));
    let over_and_open = messaging(vec![here("customer")]).field("endTime", json!("2026-11-20T09:59:50Z"));
    let torn_down = messaging(vec![left("customer", 10).leg("state", json!("terminated")), agent()]);
    let only_state = |state: &str| here("customer").leg("state", json!(state));
    let in_progress = |state: &str| {
        messaging(vec![here("customer"), agent(), here("acd").queue("support")])
            .field("recentTransfers", json!([{ "id": "t", "state": state, "dateIssued": "2026-11-20T09:59:50Z" }]))
    };
    let rows: Vec<(&str, Messaging, &str)> = vec![
        ("with an agent", messaging(vec![here("customer"), agent()]),
            "ACTIVE, SESSION_ACTIVE, resume, with an agent, through sales"),
        ("with a bot", messaging(vec![here("customer"), here("botflow")]), "ACTIVE, SESSION_ACTIVE, resume"),
        ("with nobody any more", messaging(vec![here("customer"), left("agent", 5)]), "ACTIVE, SESSION_ACTIVE, resume"),
        ("gone and back", messaging(vec![here("customer"), agent(), left("customer", 900)]),
            "ACTIVE, SESSION_ACTIVE, resume, with an agent, through sales"),
        ("state says gone, times do not tell when", messaging(vec![only_state("disconnected"), agent()]),
            "DISCONNECTED, RESUMPTION_WINDOW_PASSED, anew"),
        ("state says connected, time says gone", messaging(vec![left("customer", 299).leg("state", json!("connected")), agent()]),
            "DISCONNECTED, WITHIN_RESUMPTION_WINDOW, resume, with an agent, through sales, 1 s"),
        ("gone and back on the same leg", messaging(vec![taken_up_again(left("customer", 900)), agent()]),
            "ACTIVE, SESSION_ACTIVE, resume, with an agent, through sales"),
        ("gone 0 s", messaging(vec![left("customer", 0), agent()]),
            "DISCONNECTED, WITHIN_RESUMPTION_WINDOW, resume, with an agent, through sales, 300 s"),
        ("gone 300 s", messaging(vec![left("customer", 300), agent()]),
            "DISCONNECTED, WITHIN_RESUMPTION_WINDOW, resume, with an agent, through sales, 0 s"),
        ("gone 301 s", messaging(vec![left("customer", 301), agent()]), "DISCONNECTED, RESUMPTION_WINDOW_PASSED, anew"),
        ("gone from a queue, 60 s", messaging(vec![left("customer", 60), queue()]),
            "DISCONNECTED, WITHIN_RESUMPTION_WINDOW, resume, through sales, 240 s"),
        ("gone 60 s, the agent too", messaging(vec![left("customer", 60), left("agent", 30)]),
            "DISCONNECTED, WITHIN_RESUMPTION_WINDOW, resume, 240 s"),
        ("gone in the future", messaging(vec![left("customer", -5), agent()]),
            "DISCONNECTED, WITHIN_RESUMPTION_WINDOW, resume, with an agent, through sales, 305 s"),
        ("in a queue", messaging(vec![here("customer"), queue()]), "QUEUE, WAITING_IN_QUEUE, resume, through sales"),
        ("ringing at an agent", messaging(vec![here("customer"), ringing("sales")]),
            "QUEUE, WAITING_IN_QUEUE, resume, through sales"),
        ("no answer, back in the queue", messaging(vec![here("customer"), handed_over("transfer.noanswer"), queue()]),
            "QUEUE, WAITING_IN_QUEUE, resume, through sales"),
        ("transferred to a queue", messaging(vec![here("customer"), handed_over("transfer"), here("acd").queue("support")]),
            "TRANSFER, TRANSFER_IN_PROGRESS, resume, through sales, to support, transfer"),
        ("transferred, ringing", messaging(vec![here("customer"), handed_over("transfer.forward"), ringing("support")]),
            "TRANSFER, TRANSFER_IN_PROGRESS, resume, through sales, to support, transfer.forward"),
        ("transferred, gone 200 s", messaging(vec![left("customer", 200), handed_over("transfer"), here("acd").queue("support")]),
            "TRANSFER, TRANSFER_IN_PROGRESS, resume, through sales, to support, transfer, 100 s"),
        ("transferred, gone 301 s", messaging(vec![left("customer", 301), handed_over("transfer"), here("acd").queue("support")]),
            "DISCONNECTED, RESUMPTION_WINDOW_PASSED, anew"),
        ("transferred and taken over", messaging(vec![here("customer"), handed_over("transfer"), agent()]),
            "ACTIVE, SESSION_ACTIVE, resume, with an agent, through sales"),
        ("transfer commanded", in_progress("Active"),
            "TRANSFER, TRANSFER_IN_PROGRESS, resume, with an agent, through sales, to support, transfer"),
        ("transfer complete", in_progress("Complete"), "ACTIVE, SESSION_ACTIVE, resume, with an agent, through sales"),
        ("consulting", messaging(vec![here("customer"), agent(), here("agent").participant("consultParticipantId", json!("x"))]),
            "TRANSFER, TRANSFER_IN_PROGRESS, resume, with an agent, through sales, transfer.consult"),
        ("over", over, "TERMINATED, CONVERSATION_TERMINATED, anew"),
        ("over, a leg left open", over_and_open, "TERMINATED, CONVERSATION_TERMINATED, anew"),
        ("torn down", torn_down, "TERMINATED, CONVERSATION_TERMINATED, anew"),
        ("somebody else's: an agent", messaging(vec![agent(), here("customer")]), "TERMINATED, CONVERSATION_UNAVAILABLE, anew"),
        ("somebody else's: an external", messaging(vec![here("external"), agent()]), "TERMINATED, CONVERSATION_UNAVAILABLE, anew"),
        ("no chat", messaging(vec![here("customer").participant("messages", json!([]))]).field("participants", json!([
            { "id": messaging(vec![]).participant_id(0), "purpose": "customer", "calls": [{ "id": "c", "state": "connected" }] }])),
            "TERMINATED, CONVERSATION_UNAVAILABLE, anew"),
    ];
    for (name, messaging, expected) in rows {
        assert_eq!(in_words(&decided(&messaging)), expected, "{name}");
    }
}

#[test]
fn nobody_in_it_is_the_same_as_no_conversation() {
    let conversation = read(&messaging(vec![here("customer"), agent()]).json());
    assert_eq!(decide(&conversation, "0d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a", now(), WINDOW), Resumption::unavailable());
}

#[test]
fn the_answer_is_what_the_contract_says() {
    let parts = vec![left("customer", 200), handed_over("transfer"), here("acd").queue("support")];
    let answer = serde_json::to_value(decided(&messaging(parts))).unwrap();
    let expected = json!({
        "decision": "RESUMABLE",
        "reason": "TRANSFER_IN_PROGRESS",
        "conversationState": "TRANSFER",
        "queueId": "sales",
        "targetQueueId": "support",
        "transferReason": "transfer",
        "resumableUntil": "2026-11-20T10:01:40Z",
    });
    assert_eq!(answer, expected);
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let purpose = prop::sample::select(vec!["customer", "external", "agent", "user", "acd", "botflow", "hologram"]);
    let kind = prop::sample::select(vec!["peer", "client", "transfer", "transfer.noanswer", "x"]);
    let state = prop::sample::select(vec!["connected", "alerting", "disconnected", "terminated", "parked", "y"]);
    let part = (purpose, 0..2_000_i64, prop::option::of(-100..2_000_i64), kind, prop::option::of(state));
    let part = part.prop_map(|(purpose, since, until, kind, state)| {
        let part = Part::new(purpose, ago(since + 2_000)).queue("q");
        let part = until.map_or(part.clone(), |until| part.until(ago(until), kind));
        state.map_or(part.clone(), |state| part.leg("state", json!(state)))
    });
    prop::collection::vec(part, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_gone_for_longer_or_not_the_customer_begins_anew(parts in parts(), longer in 301..10_000_i64) {
        let mut gone = parts.clone();
        gone[0] = left("customer", longer);
        prop_assert!(!decided(&messaging(gone)).is_resumable());
        let mut other = parts;
        other[0] = agent();
        prop_assert_eq!(decided(&messaging(other)), Resumption::unavailable());
    }

    #[test]
    fn a_longer_window_never_takes_a_resumption_away(parts in parts(), short in 0..2_000_u64, more in 0..2_000_u64) {
        let messaging = messaging(parts);
        let (conversation, participant) = (read(&messaging.json()), messaging.participant_id(0));
        let resumable = |seconds| decide(&conversation, &participant, now(), Duration::from_secs(seconds)).is_resumable();
        prop_assert!(!resumable(short) || resumable(short + more));
    }

    #[test]
    fn time_only_takes_away(parts in parts(), later in 0..2_000_i64) {
        let messaging = messaging(parts);
        let (conversation, participant) = (read(&messaging.json()), messaging.participant_id(0));
        let at = |now| decide(&conversation, &participant, now, WINDOW);
        let then = now() + SignedDuration::from_secs(later);
        prop_assert!(!at(then).is_resumable() || at(now()).is_resumable());
        if let Some(until) = at(now()).resumable_until {
            prop_assert!(at(until).is_resumable());
            prop_assert!(!at(until + SignedDuration::from_secs(1)).is_resumable());
        }
    }
}
