//! A conversation as a row of the details query: `AnalyticsConversationWithoutAttributes`.

use serde_json::{Map, Value, json};

use crate::conversations::COMMUNICATION_LISTS;

/// A time, unless it is one that is not known of yet. Times as the API writes them sort as texts.
pub(super) fn past<'a>(time: Option<&'a Value>, as_of: &str) -> Option<&'a Value> {
    time.filter(|time| time.as_str().is_some_and(|time| time <= as_of))
}

/// Which way the first communication went.
pub(super) fn direction(conversation: &Map<String, Value>) -> Option<&Value> {
    list(conversation.get("participants")).find_map(|participant| {
        COMMUNICATION_LISTS.iter().flat_map(|name| list(participant.get(*name))).find_map(|one| one.get("direction"))
    })
}

/// What was known of the conversation at this time; none if nothing was.
pub(super) fn of(conversation: &Map<String, Value>, as_of: &str) -> Option<Value> {
    let view = View { as_of };
    let start = view.past(conversation.get("startTime"))?;
    let participants = list(conversation.get("participants"));
    let participants: Vec<Value> = participants.filter_map(|participant| view.participant(participant)).collect();
    let divisions = list(conversation.get("divisions"));
    let division_ids: Vec<&Value> = divisions.map(|membership| &membership["division"]["id"]).collect();
    Some(without_nulls(json!({
        "conversationId": conversation.get("id"),
        "conversationStart": start,
        "conversationEnd": view.past(conversation.get("endTime")),
        "divisionIds": division_ids,
        "externalTag": conversation.get("externalTag"),
        "inactivityTimeout": conversation.get("inactivityTimeout"),
        "originatingDirection": direction(conversation),
        "participants": participants,
    })))
}

struct View<'a> {
    as_of: &'a str,
}

impl View<'_> {
    fn past<'a>(&self, time: Option<&'a Value>) -> Option<&'a str> {
        past(time, self.as_of)?.as_str()
    }

    fn participant(&self, participant: &Value) -> Option<Value> {
        let sessions: Vec<Value> = COMMUNICATION_LISTS
            .iter()
            .flat_map(|name| list(participant.get(*name)).filter_map(|one| self.session(name, participant, one)))
            .collect();
        let row = json!({
            "participantId": participant.get("id"),
            "purpose": participant.get("purpose"),
            "userId": participant.get("userId"),
            "externalContactId": participant.get("externalContactId"),
            "sessions": sessions,
        });
        (!sessions.is_empty()).then(|| without_nulls(row))
    }

    fn session(&self, list_name: &str, participant: &Value, communication: &Value) -> Option<Value> {
        let mut segments = self.segments(communication);
        for segment in &mut segments {
            segment["queueId"] = participant["queueId"].clone();
        }
        let row = json!({
            "sessionId": communication.get("id"),
            "mediaType": media_type(list_name),
            "messageType": communication.get("type"),
            "direction": communication.get("direction"),
            "provider": communication.get("provider"),
            "addressFrom": participant.get("address"),
            "peerId": communication.get("peerId"),
            "callbackScheduledTime": communication.get("callbackScheduledTime"),
            "segments": segments.iter().cloned().map(without_nulls).collect::<Vec<_>>(),
        });
        (!segments.is_empty()).then(|| without_nulls(row))
    }

    fn segments(&self, communication: &Value) -> Vec<Value> {
        let noted: Vec<&Value> = list(communication.get("segments")).collect();
        let work = communication.get("afterCallWork");
        let wrapup = work.filter(|_| noted.iter().all(|segment| segment["type"] != "wrapup")).and_then(|work| {
            let start = self.past(work.get("startTime"))?;
            Some(self.segment("wrapup", start, work.get("endTime")))
        });
        let mut segments: Vec<Value> = if noted.is_empty() {
            self.whole(communication).into_iter().collect()
        } else {
            let known = noted.into_iter().filter_map(|segment| {
                let start = self.past(segment.get("startTime"))?;
                Some(self.segment(segment["type"].as_str().unwrap_or("unknown"), start, segment.get("endTime")))
            });
            known.collect()
        };
        if let (Some(last), Some(_)) = (segments.last_mut(), self.past(communication.get("disconnectedTime"))) {
            last["disconnectType"] = json!(communication["disconnectType"].as_str().map(disconnect_type));
            last["errorCode"] = communication["errorInfo"]["code"].clone();
        }
        segments.extend(wrapup);
        segments
    }

    /// A communication that was set without segments is one segment.
    fn whole(&self, communication: &Value) -> Option<Value> {
        let starts = ["connectedTime", "startAlertingTime", "parkTime"];
        let start = starts.into_iter().find_map(|name| self.past(communication.get(name)))?;
        let kind = match communication["state"].as_str() {
            Some("alerting") => "alert",
            Some("parked") => "parked",
            Some("scheduled") => "scheduled",
            _ if communication["held"] == true => "hold",
            _ => "interact",
        };
        Some(self.segment(kind, start, communication.get("disconnectedTime")))
    }

    fn segment(&self, kind: &str, start: &str, end: Option<&Value>) -> Value {
        json!({ "segmentType": kind, "segmentStart": start, "segmentEnd": self.past(end), "conference": false })
    }
}

pub(super) fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn without_nulls(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

fn media_type(list_name: &str) -> &'static str {
    match list_name {
        "calls" => "voice",
        "callbacks" => "callback",
        "emails" => "email",
        "messages" => "message",
        "chats" => "chat",
        "cobrowsesessions" => "cobrowse",
        "videos" => "video",
        "screenshares" => "screenshare",
        "internalMessages" => "internalmessage",
        "screenMonitorings" => "screenmonitoring",
        _ => "unknown",
    }
}

/// The conversation API's spelling in analytics' (reference/genesys-cloud.md §2.2).
fn disconnect_type(api: &str) -> &str {
    match api {
        "endpoint.donotdisturb" => "dndEndpoint",
        "transfer.donotdisturb" => "dndTransfer",
        "transfer.noanswer" => "noAnswerTransfer",
        "transfer.notavailable" => "notAvailableTransfer",
        "transfer.conference" => "conferenceTransfer",
        "transfer.consult" => "consultTransfer",
        "transfer.forward" => "forwardTransfer",
        "transport.failure" => "transportFailure",
        "session.expired" => "sessionExpired",
        other => other,
    }
}
