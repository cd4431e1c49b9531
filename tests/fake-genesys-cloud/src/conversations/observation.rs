//! What a detail event does to the conversation that it is about.

use serde_json::{Map, Value, json};

use super::event::{Body, Event, Kind, Party};
use super::model::{Conversation, Participant, epoch_ms, time};

pub(super) fn apply(event: &Event, conversation: &mut Conversation) {
    let body = &event.body;
    conversation.started_by(body.event_time);
    if let Some(division_id) = &body.division_id {
        conversation.add_division(division_id);
    }
    if let Some(participant_id) = &body.participant_id
        && let Some(mut participant) = conversation.joined(participant_id, body.event_time)
    {
        match event.kind {
            Kind::Start(party) => start(body, party, participant),
            Kind::End(party) => end(body, party, participant),
            Kind::AfterCallWork => after_call_work(body, participant),
            Kind::Wrapup => wrapup(body, participant),
            Kind::Attributes => participant.set_attributes(body.attributes.clone()),
            Kind::Contact => identify(body, &mut participant),
        }
    }
    if event.kind == Kind::End(Party::Queue) && body.acd_outcome.as_deref() == Some("ANSWERED") {
        connect_answering_agent(body, conversation);
    }
    conversation.update_end_time();
}

fn start(body: &Body, party: Party, mut participant: Participant<'_>) {
    identify(body, &mut participant);
    participant.set("purpose", Some(body.purpose(party)));
    participant.set("startTime", Some(time(body.event_time)));
    with_communication(body, &mut participant, |communication| {
        set_if_absent(communication, "startAlertingTime", || json!(time(body.event_time)));
        let alerts = party == Party::User && body.queue_id.is_some();
        let scheduled = body.callback_scheduled_time.is_some_and(|due_ms| due_ms > body.event_time);
        let state = match (alerts, scheduled) {
            (true, _) => "alerting",
            (false, true) => "scheduled",
            (false, false) => "connected",
        };
        if state == "connected" {
            set_if_absent(communication, "connectedTime", || json!(time(body.event_time)));
        }
        set_if_absent(communication, "initialState", || json!(state));
        set_if_absent(communication, "state", || json!(state));
        update_segments(communication, party);
    });
    participant.update_end_time();
}

fn end(body: &Body, party: Party, mut participant: Participant<'_>) {
    identify(body, &mut participant);
    participant.set("purpose", Some(body.purpose(party)));
    with_communication(body, &mut participant, |communication| {
        if communication.contains_key("disconnectedTime") {
            return;
        }
        if party == Party::User {
            let alerting_since = communication.get("startAlertingTime").and_then(Value::as_str).and_then(epoch_ms);
            match body.connected_ms(alerting_since) {
                Some(connected_ms) => communication.insert("connectedTime".to_owned(), json!(time(connected_ms))),
                None => communication.remove("connectedTime"),
            };
        }
        // A queue's leg of a call stays like this until the conversation ends (reference/genesys-cloud.md §2.2).
        let torn_down = body.media_type.as_deref() == Some("VOICE") && party != Party::Queue;
        communication.insert("state".to_owned(), json!(if torn_down { "terminated" } else { "disconnected" }));
        communication.insert("disconnectType".to_owned(), json!(body.api_disconnect_type()));
        communication.insert("disconnectedTime".to_owned(), json!(time(body.event_time)));
        update_segments(communication, party);
    });
    participant.update_end_time();
}

fn after_call_work(body: &Body, mut participant: Participant<'_>) {
    let started = time(body.event_time - body.wrapup_duration_ms.unwrap_or(0));
    let ended = time(body.event_time);
    participant.set("startAcwTime", Some(started.as_str()));
    participant.set("endAcwTime", Some(ended.as_str()));
    with_communication(body, &mut participant, |communication| {
        let work = json!({ "state": "complete", "startTime": started, "endTime": ended });
        communication.insert("afterCallWork".to_owned(), work);
        if let Some(segments) = communication.get_mut("segments").and_then(Value::as_array_mut) {
            segments.retain(|segment| segment["type"] != "wrapup");
            segments.push(json!({ "type": "wrapup", "startTime": started, "endTime": ended }));
        }
    });
    wrapup(body, participant);
}

fn wrapup(body: &Body, mut participant: Participant<'_>) {
    let wrapup = json!({
        "code": body.wrapup_code,
        "durationSeconds": body.wrapup_duration_ms.unwrap_or(0) / 1_000,
        "endTime": time(body.event_time),
    });
    participant.set("wrapup", Some(wrapup.clone()));
    with_communication(body, &mut participant, |communication| {
        communication.insert("wrapup".to_owned(), wrapup);
    });
}

fn identify(body: &Body, participant: &mut Participant<'_>) {
    participant.set("userId", body.user_id.as_deref());
    participant.set("queueId", body.queue_id.as_deref());
    participant.set("externalContactId", body.external_contact_id.as_deref());
    participant.set("externalOrganizationId", body.external_organization_id.as_deref());
}

/// A queue's end names who answered: that agent's alerting ends here.
fn connect_answering_agent(body: &Body, conversation: &mut Conversation) {
    let Some(agent) = &body.answered_user_id else { return };
    for mut participant in conversation.participants().filter(|one| one.text("userId").as_ref() == Some(agent)) {
        for communication in participant.communications() {
            if communication.get("state").is_some_and(|state| state == "alerting") {
                communication.insert("state".to_owned(), json!("connected"));
                communication.insert("connectedTime".to_owned(), json!(time(body.event_time)));
                update_segments(communication, Party::User);
            }
        }
    }
}

/// Changes the communication that the event is about, if its medium has any.
fn with_communication(body: &Body, participant: &mut Participant<'_>, change: impl FnOnce(&mut Map<String, Value>)) {
    let (Some(list), Some(id)) = (body.communication_list(), &body.session_id) else { return };
    let Some(communication) = Participant(participant.0).communication(list, id) else { return };
    if let Some(direction) = &body.direction {
        communication.insert("direction".to_owned(), json!(direction.to_lowercase()));
    }
    if let Some(provider) = &body.provider {
        communication.insert("provider".to_owned(), json!(provider));
    }
    if let Some(message_type) = &body.message_type {
        communication.insert("type".to_owned(), json!(message_type.to_lowercase()));
    }
    if let Some(scheduled_ms) = body.callback_scheduled_time {
        communication.insert("callbackScheduledTime".to_owned(), json!(time(scheduled_ms)));
    }
    change(communication);
}

fn set_if_absent(communication: &mut Map<String, Value>, name: &str, value: impl FnOnce() -> Value) {
    communication.entry(name).or_insert_with(value);
}

/// The time line that follows from the communication's times. After-call work, if noted, stays.
fn update_segments(communication: &mut Map<String, Value>, party: Party) {
    let at = |name: &str| communication.get(name).and_then(Value::as_str).map(str::to_owned);
    let (alerting, connected, disconnected) = (at("startAlertingTime"), at("connectedTime"), at("disconnectedTime"));
    let disconnect_type = at("disconnectType");
    let mut segments = Vec::new();
    if party == Party::User
        && let Some(start) = alerting
        && connected.as_ref() != Some(&start)
    {
        segments.push(segment("alert", &start, connected.as_deref().or(disconnected.as_deref())));
    }
    if let Some(start) = connected {
        let kind = match party {
            Party::Flow => "ivr",
            Party::Voicemail => "voicemail",
            Party::Customer | Party::Queue | Party::User => "interact",
        };
        segments.push(segment(kind, &start, disconnected.as_deref()));
    }
    if let (Some(last), Some(disconnect_type)) = (segments.last_mut(), disconnect_type) {
        last["disconnectType"] = json!(disconnect_type);
        last["howEnded"] = json!("disconnect");
    }
    let noted = communication.get_mut("segments").and_then(Value::as_array_mut).map(std::mem::take);
    segments.extend(noted.into_iter().flatten().filter(|segment| segment["type"] == "wrapup"));
    communication.insert("segments".to_owned(), Value::from(segments));
}

fn segment(kind: &str, start: &str, end: Option<&str>) -> Value {
    match end {
        Some(end) => json!({ "type": kind, "startTime": start, "endTime": end }),
        None => json!({ "type": kind, "startTime": start }),
    }
}
