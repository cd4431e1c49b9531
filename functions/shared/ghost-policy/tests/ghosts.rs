//! Every symptom of a ghost that the administrators know, each as Genesys Cloud shows it.

mod support;

use ghost_policy::verdict::GhostTest;
use ghost_policy::{Verdict, evaluate, evaluate_forced};
use serde_json::json;
use support::{
    assert_ghost_from, closed, conversation, days, default_policy, hours, judge, minute, open, participant, read, text,
    with,
};

#[test]
fn shows_active_after_the_agent_ended_it() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 10)),
        participant("p-2", "acd", "calls", closed("l-2", 0, 1)),
        participant("p-3", "agent", "calls", closed("l-3", 1, 12)),
    ]);
    assert_ghost_from(&value, GhostTest::NoConnectedPartyFor, 12 + 5);
}

#[test]
fn cannot_be_answered_in_the_queue_because_nobody_is_there() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 10)),
        with(participant("p-2", "acd", "calls", open("l-2", 1)), &json!({ "queueId": "q-1" })),
    ]);
    assert_ghost_from(&value, GhostTest::CustomerGoneFor, 10 + 15);
}

#[test]
fn agent_stuck_in_handling_a_call_that_ended() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 10)),
        participant("p-3", "agent", "calls", with(open("l-3", 1), &json!({ "held": true }))),
    ]);
    assert_ghost_from(&value, GhostTest::CustomerGoneFor, 10 + 15);
}

#[test]
fn agent_stuck_in_after_call_work_of_a_call_that_ended() {
    let work = json!({ "afterCallWork": { "state": "pending", "startTime": text(12) } });
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 12)),
        participant("p-3", "agent", "calls", with(closed("l-3", 1, 12), &work)),
    ]);
    assert_ghost_from(&value, GhostTest::AfterCallWorkFor, 12 + hours(8));
}

/// As in the real sample: the callback's state still says `connected`, though it was disconnected (reference §1.5).
#[test]
fn after_call_work_of_a_callback_whose_state_still_says_connected() {
    let gone = json!({
        "state": "connected", "disconnectedTime": text(20), "disconnectType": "client",
        "afterCallWork": { "state": "pending", "startTime": text(20) },
    });
    let value = conversation(&[
        participant("p-1", "customer", "callbacks", closed("l-1", 0, 20)),
        participant("p-3", "agent", "callbacks", with(open("l-3", 1), &gone)),
    ]);
    assert_ghost_from(&value, GhostTest::AfterCallWorkFor, 20 + hours(8));
}

/// The commonest real ghost (reference §5.2): a second customer leg stays open after a conference merge failed.
#[test]
fn orphan_leg_after_a_conference_merge() {
    for purpose in ["customer", "external"] {
        let failed =
            json!({ "disconnectType": "error", "errorInfo": { "code": "error.ininedgecontrol.session.inactive" } });
        let orphan = with(
            open("l-4", 8),
            &json!({ "direction": "outbound", "segments": [
            { "type": "interact", "startTime": text(8), "conference": true, "sourceConversationId": "c-0" }] }),
        );
        let value = conversation(&[
            participant("p-1", "customer", "calls", closed("l-1", 0, 10)),
            participant("p-2", "acd", "calls", with(closed("l-2", 0, 1), &json!({ "state": "disconnected" }))),
            participant("p-3", "agent", "calls", with(closed("l-3", 1, 11), &failed)),
            // The consult is over: the one who was being transferred has gone.
            with(participant("p-4", purpose, "calls", orphan), &json!({ "consultParticipantId": "p-1" })),
        ]);
        let value = with(
            value,
            &json!({ "recentTransfers": [{ "id": "t-1", "state": "complete", "dateIssued": text(9) }],
            "consultationConversations": [{ "id": "c-0" }] }),
        );
        assert_ghost_from(&value, GhostTest::AgentGoneFor, 11 + hours(4));
        let Verdict::Ghost { evidence, since, .. } = judge(&value, days(59)) else {
            panic!("days later it is still a ghost")
        };
        assert_eq!(since, minute(11));
        assert!(evidence.iter().any(|leg| leg.error_code.as_deref() == Some("error.ininedgecontrol.session.inactive")));
    }
}

/// Reference §2.2: a queue's leg ends as `disconnected`, at times without saying when.
#[test]
fn a_queue_that_does_not_say_when_it_was_left_hides_no_ghost() {
    let queue = json!({ "id": "l-2", "state": "disconnected", "connectedTime": text(0) });
    let value = conversation(&[
        participant("p-1", "customer", "calls", open("l-1", 0)),
        participant("p-2", "acd", "calls", queue.clone()),
        participant("p-3", "agent", "calls", closed("l-3", 1, 11)),
    ]);
    assert_ghost_from(&value, GhostTest::AgentGoneFor, 11 + hours(4));
    // Where nobody came after it, nothing tells that it was long ago.
    let value = conversation(&[
        participant("p-1", "customer", "calls", open("l-1", 0)),
        participant("p-2", "acd", "calls", queue),
    ]);
    assert!(!judge(&value, days(9)).is_ghost());
}

/// Reference §5.2: `acd` and `customer` callback legs stay open until the platform expires them after 59 days.
#[test]
fn voicemail_never_picked_up() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 4)),
        participant("p-1b", "customer", "callbacks", open("l-2", 4)),
        with(participant("p-2", "acd", "callbacks", open("l-3", 5)), &json!({ "queueId": "q-1" })),
    ]);
    assert_ghost_from(&value, GhostTest::WaitingFor, 5 + days(5));
}

#[test]
fn callback_waits_from_the_time_it_was_scheduled_for() {
    let scheduled = json!({ "state": "scheduled", "callbackScheduledTime": text(days(2)) });
    let value = conversation(&[
        participant("p-1", "customer", "callbacks", with(open("l-1", 0), &scheduled)),
        participant("p-2", "acd", "callbacks", open("l-2", 0)),
    ]);
    assert_ghost_from(&value, GhostTest::WaitingFor, days(2) + days(5));
}

#[test]
fn email_or_message_forgotten_for_a_month() {
    for (field, at) in [("emails", 30), ("messages", 30)] {
        let value = conversation(&[
            participant("p-1", "customer", field, open("l-1", 0)),
            participant(
                "p-3",
                "agent",
                field,
                with(open("l-3", 1), &json!({ "messages": [{ "messageTime": text(40) }] })),
            ),
        ]);
        assert_ghost_from(&value, GhostTest::IdleFor, 40 + days(at));
    }
}

#[test]
fn still_counted_by_analytics_though_ended() {
    let value = conversation(&[participant("p-1", "customer", "calls", open("l-1", 0))]);
    let value = with(value, &json!({ "endTime": text(10) }));
    assert_eq!(judge(&value, days(60)), Verdict::Ended);
}

#[test]
fn a_leg_that_only_its_state_closes_takes_the_time_of_its_participant() {
    let gone = json!({ "state": "disconnected" });
    let value = conversation(&[
        with(participant("p-1", "customer", "calls", with(open("l-1", 0), &gone)), &json!({ "endTime": text(30) })),
        participant("p-3", "agent", "calls", closed("l-3", 1, 12)),
    ]);
    assert_ghost_from(&value, GhostTest::NoConnectedPartyFor, 30 + 5);
}

#[test]
fn says_why_in_plain_words() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", open("l-1", 0)),
        participant("p-3", "agent", "calls", closed("l-3", 1, 10)),
    ]);
    assert_eq!(
        judge(&value, 10 + hours(4) + 21).explain(),
        "The customer's voice leg l-1 has been alone since 2026-03-02T08:10:00Z (4 hours 21 minutes); \
         rule voice, agentGoneFor 4h."
    );
    assert_eq!(
        judge(&value, 31).explain(),
        "Alive: The customer's voice leg l-1 has been alone since 2026-03-02T08:10:00Z, too short a time for agentGoneFor. \
         Look again at 2026-03-02T12:10:00Z."
    );
}

#[test]
fn force_skips_the_durations_and_nothing_else() {
    let policy = default_policy();
    let orphan = read(&conversation(&[
        participant("p-1", "customer", "calls", open("l-1", 0)),
        participant("p-3", "agent", "calls", closed("l-3", 1, 10)),
    ]));
    assert!(!evaluate(&policy, &orphan, minute(11)).is_ghost());
    let forced = evaluate_forced(&policy, &orphan, minute(11));
    assert!(forced.is_ghost() && forced.explain().ends_with("agentGoneFor skipped by request."), "{forced}");

    let talking = read(&conversation(&[
        participant("p-1", "customer", "calls", open("l-1", 0)),
        participant("p-3", "agent", "calls", open("l-3", 1)),
    ]));
    assert!(!evaluate_forced(&policy, &talking, minute(days(9))).is_ghost());

    let email = read(&conversation(&[
        participant("p-1", "customer", "emails", open("l-1", 0)),
        participant("p-3", "agent", "emails", open("l-3", 1)),
    ]));
    assert!(!evaluate_forced(&policy, &email, minute(days(9))).is_ghost(), "an agent may be writing");
    assert!(evaluate_forced(&policy, &email, minute(days(31))).is_ghost());

    let mut careful = policy;
    careful.exclude.divisions.push("D-1".to_owned());
    assert!(!evaluate_forced(&careful, &orphan, minute(11)).is_ghost(), "an exclusion holds");
    careful.exclude.divisions.clear();
    careful.rules.remove(0);
    assert!(!evaluate_forced(&careful, &orphan, minute(11)).is_ghost(), "no rule fits: never a ghost");
}

#[test]
fn evidence_shows_what_is_open_and_what_closed_last_and_stays_small() {
    let mut participants = vec![participant("p-1", "customer", "calls", open("l-1", 0))];
    participants
        .extend((1..=100).map(|at| participant(&format!("p-{at}"), "agent", "calls", closed("l-2", at, at + 1))));
    let Verdict::Ghost { evidence, .. } = judge(&conversation(&participants), days(9)) else { panic!("an orphan") };
    assert_eq!(evidence.len(), 20);
    assert_eq!(evidence[0].to_string(), "customer voice l-1: connected, opened 2026-03-02T08:00:00Z, provider Edge");
    assert_eq!(
        evidence[1].to_string(),
        "agent voice l-2: terminated, opened 2026-03-02T09:40:00Z, closed 2026-03-02T09:41:00Z, by peer, provider Edge"
    );
    let case = serde_json::to_value(&evidence[1]).unwrap();
    assert_eq!(case["participantId"], "p-100");
    assert_eq!(case["disconnectType"], "peer");
}

/// A case is named by its newest leg: somebody who joins makes a new one, a half-done teardown does not.
#[test]
fn the_newest_leg_names_the_case() {
    let mut value = conversation(&[
        participant("p-1", "customer", "calls", open("l-1", 0)),
        participant("p-3", "agent", "calls", open("l-3", 7)),
    ]);
    let newest = |value: &serde_json::Value| {
        serde_json::from_value::<ghost_policy::Conversation>(value.clone()).unwrap().newest_leg_opened()
    };
    assert_eq!(newest(&value), Some(minute(7)));
    value["participants"][1]["calls"][0] = closed("l-3", 7, 12);
    assert_eq!(newest(&value), Some(minute(7)));
    value["participants"].as_array_mut().unwrap().push(participant("p-4", "external", "calls", open("l-4", 9)));
    assert_eq!(newest(&value), Some(minute(9)));
}

#[test]
fn after_call_work_is_over_when_its_time_says_so_whatever_its_state() {
    let work = json!({ "afterCallWork": { "state": "pending", "startTime": text(12), "endTime": text(20) } });
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 12)),
        participant("p-3", "agent", "calls", with(closed("l-3", 1, 12), &work)),
    ]);
    assert_ghost_from(&value, GhostTest::NoConnectedPartyFor, 20 + 5);
}

#[test]
fn agent_who_came_after_the_customer_left_is_alone_since_then() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 10)),
        participant("p-3", "agent", "calls", open("l-3", 60)),
    ]);
    assert_ghost_from(&value, GhostTest::CustomerGoneFor, 60 + 15);
}

#[test]
fn message_parked_once_and_taken_up_again_is_parked_no_more() {
    let taken_up = json!({ "parkTime": text(30), "segments": [
        { "type": "parked", "startTime": text(30), "endTime": text(90) }, { "type": "interact", "startTime": text(90) }] });
    let value = conversation(&[
        participant("p-1", "customer", "messages", open("l-1", 0)),
        participant("p-3", "agent", "messages", with(open("l-3", 1), &taken_up)),
    ]);
    assert_ghost_from(&value, GhostTest::IdleFor, 90 + days(30));
}
