//! Everything that looks like a ghost and is none: reference/genesys-cloud.md §5.3 and the list of `DESIGN.md` §4.4.

mod support;

use ghost_policy::{AliveReason, Conversation, Verdict, evaluate};
use serde_json::{Value, json};
use support::{
    assert_alive_for_ever, assert_alive_until, closed, conversation, days, default_policy, hours, judge, minute, open,
    participant, read, text, with,
};

fn call(legs: &[(&str, Value)]) -> Value {
    let named = |(index, (purpose, leg)): (usize, &(&str, Value))| {
        participant(&format!("p-{index}"), purpose, "calls", leg.clone())
    };
    conversation(&legs.iter().enumerate().map(named).collect::<Vec<_>>())
}

#[test]
fn parked_email_or_message() {
    for field in ["emails", "messages"] {
        let by_state = json!({ "state": "parked", "parkTime": text(30) });
        let by_segment = json!({ "segments": [{ "type": "parked", "startTime": text(30) }] });
        let by_time = json!({ "parkTime": text(30) });
        for parked in [by_state, by_segment, by_time] {
            let value = conversation(&[
                participant("p-1", "customer", field, open("l-1", 0)),
                participant("p-3", "agent", field, with(open("l-3", 1), &parked)),
            ]);
            assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::Parked { .. }));
        }
    }
}

#[test]
fn message_parked_until_it_resumes() {
    let parked = json!({ "parkTime": text(30), "resumeTime": text(days(40)) });
    let value = conversation(&[
        participant("p-1", "customer", "messages", open("l-1", 0)),
        participant("p-3", "agent", "messages", with(open("l-3", 1), &parked)),
    ]);
    assert_alive_until(&value, days(40), |reason| matches!(reason, AliveReason::Parked { .. }));
    assert!(judge(&value, days(71)).is_ghost(), "it resumed and was forgotten for a month");
}

#[test]
fn message_thread_that_reopens() {
    let value = conversation(&[
        participant("p-1", "customer", "messages", closed("l-1", 0, 30)),
        participant("p-3", "agent", "messages", closed("l-3", 1, 30)),
        participant("p-4", "customer", "messages", open("l-4", days(2))),
    ]);
    assert_alive_until(&value, days(2) + 5, |reason| matches!(reason, AliveReason::TooEarly { .. }));
}

#[test]
fn idle_chat_that_stays_with_its_agent() {
    let value = conversation(&[
        participant("p-1", "customer", "messages", open("l-1", 0)),
        participant("p-3", "agent", "messages", open("l-3", 1)),
    ]);
    assert_alive_until(&value, days(30), |reason| matches!(reason, AliveReason::TooEarly { .. }));
}

#[test]
fn message_with_an_inactivity_deadline_ahead() {
    let value = conversation(&[
        participant("p-1", "customer", "messages", open("l-1", 0)),
        participant("p-3", "agent", "messages", open("l-3", 1)),
    ]);
    let value = with(value, &json!({ "inactivityTimeout": text(days(35)) }));
    assert_alive_until(&value, days(35), |reason| matches!(reason, AliveReason::TooEarly { .. }));
}

#[test]
fn email_thread_answered_again() {
    let value = conversation(&[
        participant("p-1", "customer", "emails", closed("l-1", 0, 30)),
        participant("p-3", "agent", "emails", closed("l-3", 1, 30)),
        participant("p-4", "customer", "emails", open("l-4", days(29))),
        participant("p-5", "acd", "emails", open("l-5", days(29))),
    ]);
    assert_alive_until(&value, days(59), |reason| matches!(reason, AliveReason::TooEarly { .. }));
}

#[test]
fn callback_scheduled_for_days_ahead() {
    for closing in [json!({}), json!({ "disconnectedTime": text(6), "state": "disconnected" })] {
        let scheduled = json!({ "state": "scheduled", "callbackScheduledTime": text(days(20)) });
        let leg = with(with(open("l-2", 5), &scheduled), &closing);
        let value = conversation(&[
            participant("p-1", "customer", "calls", closed("l-1", 0, 5)),
            participant("p-2", "customer", "callbacks", leg),
        ]);
        assert_alive_until(&value, days(20), |reason| matches!(reason, AliveReason::Scheduled { .. }));
    }
}

#[test]
fn callback_scheduled_for_nobody_knows_when() {
    let value = conversation(&[
        participant("p-1", "customer", "callbacks", with(open("l-1", 5), &json!({ "state": "scheduled" }))),
        participant("p-2", "acd", "callbacks", open("l-2", 5)),
    ]);
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::Scheduled { .. }));
}

#[test]
fn callback_owned_by_an_agent() {
    let scheduled = json!({ "state": "scheduled", "callbackScheduledTime": text(days(20)) });
    let value = conversation(&[
        participant("p-1", "customer", "callbacks", with(open("l-1", 5), &scheduled)),
        participant("p-3", "agent", "callbacks", with(open("l-3", 5), &scheduled)),
    ]);
    assert_alive_for_ever(&value, |reason| {
        matches!(reason, AliveReason::Scheduled { .. } | AliveReason::NoTestMet { .. })
    });
}

#[test]
fn callback_in_a_queue_after_the_customer_hung_up() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 5)),
        participant("p-2", "acd", "callbacks", open("l-2", 5)),
    ]);
    assert_alive_until(&value, 5 + days(5), |reason| matches!(reason, AliveReason::TooEarly { .. }));
}

#[test]
fn callback_with_an_agent_who_has_not_dialled_yet() {
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 5)),
        participant("p-3", "agent", "callbacks", open("l-3", 60)),
    ]);
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::NoTestMet { .. }));
}

#[test]
fn after_call_work_that_is_young_enough() {
    let of_leg = json!({ "afterCallWork": { "state": "pending", "startTime": text(12) } });
    let value = call(&[("customer", closed("l-1", 0, 12)), ("agent", with(closed("l-3", 1, 12), &of_leg))]);
    assert_alive_until(&value, 12 + hours(8), |reason| matches!(reason, AliveReason::AfterCallWorkPending { .. }));
    let mut value = call(&[("customer", closed("l-1", 0, 12)), ("agent", closed("l-3", 1, 12))]);
    value["participants"][1]["startAcwTime"] = text(13);
    assert_alive_until(&value, 13 + hours(8), |reason| matches!(reason, AliveReason::AfterCallWorkPending { .. }));
}

#[test]
fn after_call_work_of_any_age_where_the_rule_does_not_speak_of_it() {
    let mut policy = default_policy();
    policy.rules[0].ghost_when.after_call_work_for = None;
    let work = json!({ "afterCallWork": { "state": "pending", "startTime": text(12) } });
    let value = call(&[("customer", closed("l-1", 0, 12)), ("agent", with(closed("l-3", 1, 12), &work))]);
    let verdict = evaluate(&policy, &read(&value), minute(days(400)));
    assert!(matches!(verdict, Verdict::Alive { look_again_at: None, .. }), "{verdict:?}");
}

/// The platform says nothing of the work, but a code is required and there is none.
#[test]
fn after_call_work_that_is_owed() {
    let unsaid = json!({ "afterCallWork": { "state": "unknown" } });
    let mut value = call(&[("customer", closed("l-1", 0, 12)), ("agent", with(closed("l-3", 1, 12), &unsaid))]);
    assert!(judge(&value, 17).is_ghost(), "nothing is required");
    value["participants"][1]["wrapupRequired"] = json!(true);
    assert_alive_until(&value, 12 + hours(8), |reason| matches!(reason, AliveReason::AfterCallWorkPending { .. }));
    for holder in ["/participants/1", "/participants/1/calls/0"] {
        let mut done = value.clone();
        done.pointer_mut(holder).unwrap()["wrapup"] = json!({ "code": "w-1" });
        assert!(judge(&done, 17).is_ghost(), "{holder} has a code");
    }
    let stuck = call(&[("customer", closed("l-1", 0, 12)), ("agent", with(open("l-3", 1), &unsaid))]);
    let mut stuck = stuck;
    stuck["participants"][1]["wrapupRequired"] = json!(true);
    assert!(judge(&stuck, 12 + 15).is_ghost(), "an agent who is still on it has no work after it yet");
}

#[test]
fn after_call_work_that_has_just_ended() {
    let work = json!({ "afterCallWork": { "state": "complete", "startTime": text(12), "endTime": text(40) } });
    let value = call(&[("customer", closed("l-1", 0, 12)), ("agent", with(closed("l-3", 1, 12), &work))]);
    assert_alive_until(&value, 45, |reason| matches!(reason, AliveReason::TooEarly { .. }));
}

#[test]
fn customer_on_hold() {
    let value = call(&[("customer", with(open("l-1", 0), &json!({ "held": true }))), ("agent", open("l-3", 1))]);
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::PeopleMayBeTalking { legs: 2 }));
}

#[test]
fn two_agents_without_the_customer_and_customer_with_external_party() {
    let agents = call(&[("customer", closed("l-1", 0, 9)), ("agent", open("l-3", 1)), ("agent", open("l-4", 5))]);
    let left_alone =
        call(&[("customer", open("l-1", 0)), ("agent", closed("l-3", 1, 9)), ("external", open("l-4", 5))]);
    for value in [agents, left_alone] {
        assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::PeopleMayBeTalking { legs: 2 }));
    }
}

#[test]
fn consult_in_progress() {
    let mut value = call(&[("customer", open("l-1", 0)), ("agent", open("l-3", 1)), ("user", open("l-4", 5))]);
    value["participants"][2]["consultParticipantId"] = json!("p-0");
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::ConsultInProgress));
    let alone = call(&[("customer", closed("l-1", 0, 9)), ("agent", open("l-3", 1))]);
    let mut not_told = alone.clone();
    not_told["participants"][1]["consultParticipantId"] = json!("p-77");
    assert_alive_for_ever(&not_told, |reason| matches!(reason, AliveReason::ConsultInProgress));
    let elsewhere = with(alone, &json!({ "consultationConversations": [{ "id": "c-2" }] }));
    assert_alive_for_ever(&elsewhere, |reason| matches!(reason, AliveReason::ConsultInProgress));
}

#[test]
fn transfer_in_progress() {
    for state in ["pending", "active", "unknown", "somethingNew"] {
        let value = call(&[("customer", open("l-1", 0)), ("agent", closed("l-3", 1, 9))]);
        let value =
            with(value, &json!({ "recentTransfers": [{ "id": "t-1", "state": state, "dateIssued": text(9) }] }));
        assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::TransferInProgress));
    }
}

/// Its state and what happened on it say that somebody is on it again; only an old time says that it has gone.
#[test]
fn a_leg_that_was_taken_up_again_after_it_had_closed() {
    let again = [
        json!({ "connectedTime": text(30) }),
        json!({ "state": "alerting", "startAlertingTime": text(30) }),
        json!({ "segments": [{ "type": "interact", "startTime": text(30) }] }),
    ];
    for again in again {
        let leg = with(with(closed("l-3", 1, 12), &json!({ "state": "connected" })), &again);
        let value = call(&[("customer", closed("l-1", 0, 12)), ("agent", leg.clone())]);
        assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::NotUnderstood { .. }));
        let gone = with(leg, &json!({ "state": "terminated" }));
        let value = call(&[("customer", closed("l-1", 0, 12)), ("agent", gone)]);
        assert!(judge(&value, days(1)).is_ghost(), "time and state agree that it has gone");
    }
    let wrap_up = json!({ "state": "connected", "segments": [{ "type": "wrapup", "startTime": text(13) }] });
    let value = call(&[("customer", closed("l-1", 0, 12)), ("agent", with(closed("l-3", 1, 12), &wrap_up))]);
    assert_alive_until(&value, 13 + hours(8), |reason| matches!(reason, AliveReason::AfterCallWorkPending { .. }));
}

/// Legs of a co-browsing session beside a call that is over: the two still look at the same page.
#[test]
fn people_who_browse_together() {
    let mut policy = default_policy();
    policy.rules[0].matches.media = None;
    let value = conversation(&[
        participant("p-1", "customer", "cobrowsesessions", open("l-1", 0)),
        participant("p-3", "agent", "cobrowsesessions", open("l-3", 1)),
        participant("p-4", "agent", "calls", closed("l-4", 1, 9)),
    ]);
    let verdict = evaluate(&policy, &read(&value), minute(days(9)));
    let Verdict::Alive { why, look_again_at: None } = verdict else { panic!("{verdict}") };
    assert!(matches!(why[0], AliveReason::PeopleMayBeTalking { legs: 2 }), "{why:?}");
}

#[test]
fn alerting_within_its_time_out() {
    let alerting = json!({ "state": "alerting", "connectedTime": null, "startAlertingTime": text(10) });
    let mut value = call(&[("customer", closed("l-1", 0, 9)), ("agent", with(open("l-3", 1), &alerting))]);
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::Alerting { until: None, .. }));
    value["participants"][1]["alertingTimeoutMs"] = json!(hours(1) * 60_000);
    assert_alive_until(&value, 10 + 60, |reason| matches!(reason, AliveReason::Alerting { until: Some(_), .. }));
    assert!(judge(&value, 10 + 60).is_ghost());
    value["participants"][1]["calls"][0]["queueMediaSettings"] = json!({ "alertingTimeoutSeconds": hours(2) * 60 });
    assert_alive_until(&value, 10 + 120, |reason| matches!(reason, AliveReason::Alerting { .. }));
}

#[test]
fn customer_with_a_queue_a_flow_or_a_bot() {
    for system in ["acd", "ivr", "botflow", "workflow", "voicesurveyflow"] {
        let value = call(&[("agent", closed("l-3", 1, 9)), ("customer", open("l-1", 0)), (system, open("l-2", 9))]);
        assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::CustomerIsServed));
    }
}

#[test]
fn alone_in_a_flow_a_voicemail_or_a_dialler() {
    for system in ["ivr", "botflow", "workflow", "voicemail", "dialer", "campaign", "station", "group", "fax"] {
        let value = call(&[("customer", closed("l-1", 0, 9)), (system, open("l-2", 9))]);
        assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::NoTestMet { .. }));
    }
}

#[test]
fn flow_that_has_no_communication_of_its_own() {
    let mut value = call(&[("customer", closed("l-1", 0, 9)), ("agent", closed("l-3", 1, 9))]);
    let flow = json!({ "id": "p-9", "purpose": "workflow", "startTime": text(9), "workflow": { "workflowId": "w-1" } });
    value["participants"].as_array_mut().unwrap().push(flow);
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::NotUnderstood { .. }));
}

#[test]
fn monitoring_coaching_and_barging_in() {
    for field in
        ["monitoredParticipantId", "coachedParticipantId", "bargedParticipantId", "screenMonitoredParticipantId"]
    {
        let mut value = call(&[("customer", closed("l-1", 0, 9)), ("user", open("l-3", 1))]);
        value["participants"][1][field] = json!("p-7");
        assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::Supervised { .. }));
    }
    let value = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 9)),
        participant("p-3", "user", "screenMonitorings", open("l-3", 1)),
    ]);
    let mut policy = default_policy();
    policy.rules[0].matches.media = None;
    let verdict = evaluate(&policy, &read(&value), minute(days(9)));
    assert!(matches!(&verdict, Verdict::Alive { look_again_at: None, .. }), "{verdict}");
}

#[test]
fn anything_unknown() {
    let base = || call(&[("customer", open("l-1", 0)), ("agent", closed("l-3", 1, 9))]);
    assert!(judge(&base(), days(1)).is_ghost());
    let accepted = with(base(), &json!({ "somethingNew": "2026", "more": { "flag": true }, "list": [1, "two"] }));
    assert!(judge(&accepted, days(1)).is_ghost(), "new fields that are no communications are accepted");

    let mut purpose = base();
    purpose["participants"][0]["purpose"] = json!("virtualagent");
    let mut no_purpose = base();
    no_purpose["participants"][0]["purpose"] = Value::Null;
    let mut state = base();
    state["participants"][0]["calls"][0]["state"] = json!("teleporting");
    let mut no_state = base();
    no_state["participants"][0]["calls"][0]["state"] = Value::Null;
    let mut medium = base();
    medium["participants"][1]["holograms"] = json!([open("l-9", 1)]);
    let mut field = base();
    field["sessions"] = json!([{ "id": "s-1", "state": "connected" }]);
    let mut unreadable = base();
    unreadable["participants"][1]["calls"][0]["disconnectedTime"] = json!("yesterday");
    let mut not_a_leg = base();
    not_a_leg["participants"][1]["calls"] = json!("two");
    for value in [purpose, no_purpose, state, no_state, medium, field, unreadable, not_a_leg] {
        assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::NotUnderstood { .. }));
    }
}

#[test]
fn a_test_that_nothing_tells_the_beginning_of() {
    let mut value = call(&[("customer", closed("l-1", 0, 9)), ("agent", closed("l-3", 1, 9))]);
    value["participants"][1]["calls"][0]["disconnectedTime"] = Value::Null;
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::SinceUnknown { .. }));
}

#[test]
fn somebody_who_was_always_alone() {
    let value = call(&[("customer", open("l-1", 0))]);
    assert_alive_for_ever(&value, |reason| matches!(reason, AliveReason::NoTestMet { .. }));
    assert_alive_for_ever(&with(conversation(&[]), &json!({})), |reason| matches!(reason, AliveReason::NoRuleFits));
}

#[test]
fn excluded_or_fitted_by_no_rule() {
    let mut value = call(&[("customer", open("l-1", 0)), ("agent", closed("l-3", 1, 9))]);
    value["externalTag"] = json!("Keep");
    value["participants"][1]["queueId"] = json!("q-1");
    let exclude = |change: fn(&mut ghost_policy::policy::Exclude)| {
        let mut policy = default_policy();
        change(&mut policy.exclude);
        evaluate(&policy, &read(&value), minute(days(9)))
    };
    assert!(exclude(|_| ()).is_ghost());
    for verdict in [
        exclude(|exclude| exclude.queues.push("Q-1".to_owned())),
        exclude(|exclude| exclude.divisions.push("d-1".to_owned())),
        exclude(|exclude| exclude.external_tags.push("keep".to_owned())),
    ] {
        assert!(
            matches!(&verdict, Verdict::Alive { why, .. } if matches!(why[0], AliveReason::Excluded { .. })),
            "{verdict}"
        );
    }
    let video = conversation(&[participant("p-1", "customer", "videos", closed("l-1", 0, 9))]);
    assert_alive_for_ever(&video, |reason| matches!(reason, AliveReason::NoRuleFits));
}

#[test]
fn what_is_not_a_conversation_is_an_error() {
    for body in ["", "[]", "{}", r#"{"id":"c-1","participants":"none"}"#, "not json"] {
        assert!(Conversation::from_json(body.as_bytes()).is_err(), "{body}");
    }
}

/// After-call work that only the time line tells: a `wrapup` segment without an end.
#[test]
fn after_call_work_that_only_a_segment_tells() {
    let work = json!({ "segments": [
        { "type": "interact", "startTime": text(1), "endTime": text(12) }, { "type": "wrapup", "startTime": text(12) }] });
    let value = call(&[("customer", closed("l-1", 0, 12)), ("agent", with(closed("l-3", 1, 12), &work))]);
    assert_alive_until(&value, 12 + hours(8), |why| matches!(why, AliveReason::AfterCallWorkPending { .. }));
}
