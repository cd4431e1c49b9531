use std::collections::{HashMap, HashSet};

use super::*;

fn day() -> Day {
    contact_centre_day(&DayOptions::default())
}

fn punctual() -> DayOptions {
    DayOptions { late_share: 0.0, duplicate_share: 0.0, ..DayOptions::default() }
}

fn body(event: &DayEvent) -> &Value {
    &event.envelope["detail"]["eventBody"]
}

fn topic(event: &DayEvent) -> &str {
    event.envelope["detail-type"].as_str().unwrap().strip_prefix("v2.detail.events.conversation.{id}.").unwrap()
}

/// The fact that an event is about: whatever it is delivered as.
fn fact(event: &DayEvent) -> String {
    format!("{} {}", topic(event), body(event))
}

fn with_topic<'a>(day: &'a Day, wanted: &str) -> HashMap<&'a str, &'a DayEvent> {
    let events = day.events.iter().filter(|event| topic(event) == wanted);
    events.map(|event| (body(event)["sessionId"].as_str().unwrap(), event)).collect()
}

/// All pairs of an answered email and an answered inbound call of one agent that overlap.
fn interruptions(day: &Day) -> Vec<(&Leg, &Leg)> {
    let legs = |medium: Medium| {
        day.conversations
            .iter()
            .filter(move |conversation| conversation.medium == medium && conversation.direction == Direction::Inbound)
            .flat_map(|conversation| &conversation.legs)
            .filter_map(|leg| leg.connected_ms.map(|connected_ms| (leg, connected_ms)))
    };
    let mut pairs = Vec::new();
    for (email, email_connected_ms) in legs(Medium::Email) {
        for (call, call_connected_ms) in legs(Medium::Voice) {
            let overlaps = email_connected_ms < call.ended_ms && call_connected_ms < email.ended_ms;
            if email.agent == call.agent && overlaps {
                pairs.push((email, call));
            }
        }
    }
    pairs
}

#[test]
fn the_same_options_make_the_same_day() {
    assert_eq!(day(), day());
    let other = contact_centre_day(&DayOptions { seed: 1, ..DayOptions::default() });
    assert_ne!(day().events, other.events);
}

#[test]
fn the_day_is_of_the_size_of_a_small_contact_centre() {
    let day = day();
    assert_eq!(day.agents.len(), 12);
    assert!((1_050..=1_400).contains(&day.events.len()), "{} events", day.events.len());
    assert!(day.events.is_sorted_by_key(|event| event.at_ms));
    assert!(day.events.iter().all(|event| event.at_ms >= day.shift_start_ms));
    let user_ids: HashSet<_> = day.agents.iter().map(|agent| &agent.user_id).collect();
    assert_eq!(user_ids.len(), 12);
}

#[test]
fn every_event_is_an_envelope_as_genesys_cloud_sends_it() {
    for event in &day().events {
        let envelope = &event.envelope;
        let conversation_id = body(event)["conversationId"].as_str().unwrap();
        assert!(envelope["source"].as_str().unwrap().starts_with("aws.partner/genesys.com/cloud/"));
        let topic_name = format!("v2.detail.events.conversation.{conversation_id}.{}", topic(event));
        assert_eq!(envelope["detail"]["topicName"], topic_name);
        assert_eq!(envelope["time"].as_str().unwrap().len(), "2026-11-20T16:15:00Z".len());
        assert_eq!(envelope["detail"]["timestamp"].as_str().unwrap().len(), "2026-11-20T16:15:00.000Z".len());
        assert!(envelope["detail"]["metadata"]["CorrelationId"].is_string());
        assert!(body(event)["eventTime"].as_i64().unwrap() < event.at_ms + 1);
        for duration in ["alertingDurationMs", "dialingDurationMs", "interactingDurationMs", "heldDurationMs"] {
            assert!(body(event)[duration].as_i64().unwrap_or_default() >= 0, "{}", fact(event));
        }
    }
}

#[test]
fn lateness_and_duplication_change_the_delivery_and_nothing_else() {
    let punctual = contact_centre_day(&punctual());
    let facts = |day: &Day| day.events.iter().map(fact).collect::<HashSet<_>>();
    assert_eq!(facts(&day()), facts(&punctual));
    assert_eq!(facts(&punctual).len(), punctual.events.len());
    assert!(day().events.len() > punctual.events.len());
    let ids: HashSet<_> = day().events.iter().map(|event| event.envelope["id"].to_string()).collect();
    assert_eq!(ids.len(), day().events.len());
}

#[test]
fn every_session_has_its_start_and_end_unless_one_is_lost() {
    let day = day();
    let (starts, ends) = (with_topic(&day, "user.start"), with_topic(&day, "user.end"));
    let mut lost = Vec::new();
    for leg in day.conversations.iter().flat_map(|conversation| &conversation.legs) {
        lost.extend(leg.lost);
        let start = starts.get(leg.session_id.as_str());
        let end = ends.get(leg.session_id.as_str());
        assert_eq!(start.is_none(), leg.lost == Some(LostEvent::Start));
        assert_eq!(end.is_none(), leg.lost == Some(LostEvent::End));
        let Some(end) = end else { continue };
        let milliseconds = |name: &str| body(end)[name].as_i64().unwrap();
        let before_ms = milliseconds("alertingDurationMs") + milliseconds("dialingDurationMs");
        let connected_for_ms = milliseconds("interactingDurationMs") + milliseconds("heldDurationMs");
        assert_eq!(body(end)["eventTime"], leg.ended_ms);
        assert_eq!(leg.started_ms + before_ms, leg.connected_ms.unwrap_or(leg.ended_ms));
        assert_eq!(connected_for_ms, leg.connected_ms.map_or(0, |connected_ms| leg.ended_ms - connected_ms));
        assert_eq!(body(end)["userId"], day.agents[leg.agent].user_id.as_str());
    }
    assert_eq!(lost.len(), 3, "two starts and an end");
}

#[test]
fn who_answers_is_named_when_the_queue_lets_go() {
    let day = day();
    let answers: HashSet<_> = day
        .events
        .iter()
        .filter(|event| topic(event) == "acd.end" && body(event)["acdOutcome"] == "ANSWERED")
        .map(|event| {
            let body = body(event);
            (body["conversationId"].to_string(), body["answeredUserId"].to_string(), body["eventTime"].to_string())
        })
        .collect();
    for conversation in &day.conversations {
        for leg in conversation.legs.iter().filter(|leg| leg.from_queue) {
            let Some(connected_ms) = leg.connected_ms else { continue };
            let user_id = &day.agents[leg.agent].user_id;
            let answer = (format!("{:?}", conversation.id), format!("{user_id:?}"), connected_ms.to_string());
            assert!(answers.contains(&answer), "{answer:?}");
        }
    }
}

#[test]
fn every_story_happens() {
    let day = day();
    let midnight_ms = day.shift_end_ms - 15 * 60_000;
    let pairs = interruptions(&day);
    assert!(pairs.len() > 30, "{} interruptions", pairs.len());
    let any = |test: &dyn Fn(&Leg, &Leg) -> bool| pairs.iter().any(|(email, call)| test(email, call));
    assert!(any(&|email, call| call.ended_ms > email.ended_ms), "a call across an email's end");
    assert!(any(&|email, call| call.connected_ms < email.connected_ms), "a call across an email's start");
    assert!(any(&|_, call| call.started_ms < midnight_ms && call.ended_ms > midnight_ms), "a call across midnight");
    assert!(any(&|email, _| email.started_ms < day.shift_start_ms), "a parked email");
    assert!(any(&|_, call| !call.from_queue), "a consult");
    assert!(any(&|email, _| email.lost.is_some()), "a lost event");

    let shared = |by: fn(&(&Leg, &Leg)) -> String| {
        let mut seen = HashSet::new();
        pairs.iter().any(|pair| !seen.insert(by(pair)))
    };
    assert!(shared(|(email, _)| email.session_id.clone()), "several calls during one email");
    assert!(shared(|(_, call)| call.session_id.clone()), "one call during two emails");
    let overlapping = pairs.iter().any(|(email, call)| {
        pairs.iter().any(|(same, other)| {
            same.session_id == email.session_id
                && call.started_ms < other.started_ms
                && other.started_ms < call.ended_ms
        })
    });
    assert!(overlapping, "overlapping calls");

    let calls = || day.conversations.iter().filter(|conversation| conversation.medium == Medium::Voice);
    assert!(calls().any(|call| call.direction == Direction::Outbound), "an outbound call");
    assert!(calls().any(|call| call.legs.iter().any(|leg| leg.connected_ms.is_none())), "an unanswered alert");
    assert!(calls().any(|call| call.legs.len() == 2 && call.legs.iter().all(|leg| leg.from_queue)), "a transfer");
    assert!(calls().any(|call| call.legs.is_empty()), "a caller who gives up");
    assert!(day.conversations.iter().any(|conversation| conversation.medium == Medium::Message), "a message");
    for topic_name in ["flow.start", "flow.outcome", "voicemail.start", "acw", "wrapup", "attributes", "customer.end"] {
        assert!(day.events.iter().any(|event| topic(event) == topic_name), "{topic_name}");
    }
}

#[test]
fn a_case_is_named_on_every_email_by_the_customers_participant() {
    let day = day();
    let cases: HashMap<_, _> = day
        .events
        .iter()
        .filter(|event| topic(event) == "attributes")
        .map(|event| (body(event)["conversationId"].as_str().unwrap(), &body(event)["attributes"]["SF_URLPop"]))
        .collect();
    for conversation in &day.conversations {
        let case_id = conversation.case_id.as_deref().map_or(Value::Null, Value::from);
        assert_eq!(*cases[conversation.id.as_str()], case_id);
        assert_eq!(conversation.case_id.is_some(), conversation.medium == Medium::Email);
    }
}

#[test]
fn any_number_of_agents_and_any_seed_make_a_day() {
    for (agents, seed) in [(0, 1), (1, 2), (2, 3), (5, 4), (40, 5)] {
        let day = contact_centre_day(&DayOptions { seed, agents, ..DayOptions::default() });
        assert_eq!(day.agents.len(), agents);
        assert_eq!(day.events.is_empty(), agents == 0);
    }
}
