//! A conversation in the API's JSON, and the few changes that the fake makes to it. It may have been set by a test, so nothing
//! is taken for granted about its shape, but that it is an object with an id.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A participant's lists of communications.
pub(crate) const COMMUNICATION_LISTS: [&str; 10] = [
    "calls",
    "callbacks",
    "emails",
    "messages",
    "chats",
    "cobrowsesessions",
    "videos",
    "screenshares",
    "internalMessages",
    "screenMonitorings",
];

#[derive(Debug)]
pub(super) struct Conversation {
    id: String,
    fields: Map<String, Value>,
}

impl Conversation {
    pub(super) fn new(id: &str) -> Self {
        let fields = [
            ("id", json!(id)),
            ("participants", json!([])),
            ("recordingState", json!("none")),
            ("securePause", json!(false)),
            ("divisions", json!([])),
            ("recentTransfers", json!([])),
            ("selfUri", json!(format!("/api/v2/conversations/{id}"))),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { id: id.to_owned(), fields }
    }

    pub(super) fn from_json(conversation: Value) -> Option<Self> {
        let Value::Object(fields) = conversation else { return None };
        Some(Self { id: fields.get("id")?.as_str()?.to_owned(), fields })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    pub(super) fn to_json(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    pub(super) fn set_external_tag(&mut self, tag: &str) {
        self.fields.insert("externalTag".to_owned(), json!(tag));
    }

    pub(super) fn add_division(&mut self, division_id: &str) {
        let Some(divisions) = list(&mut self.fields, "divisions") else { return };
        if !divisions.iter().any(|membership| membership["division"]["id"] == division_id) {
            divisions.push(json!({ "division": { "id": division_id }, "entities": [] }));
        }
    }

    /// The participant of this id.
    pub(super) fn participant(&mut self, id: &str) -> Option<Participant<'_>> {
        self.participants().find(|participant| participant.0.get("id").is_some_and(|own| own == id))
    }

    /// The participant of this id, who joins now if absent.
    pub(super) fn joined(&mut self, id: &str, now_ms: i64) -> Option<Participant<'_>> {
        if self.participant(id).is_none() {
            let participant = json!({ "id": id, "startTime": time(now_ms), "attributes": {} });
            list(&mut self.fields, "participants")?.push(participant);
        }
        self.participant(id)
    }

    pub(super) fn participants(&mut self) -> impl Iterator<Item = Participant<'_>> {
        let participants = self.fields.get_mut("participants").and_then(Value::as_array_mut);
        participants.into_iter().flatten().filter_map(Value::as_object_mut).map(Participant)
    }

    /// A start time that is never later than what was seen.
    pub(super) fn started_by(&mut self, at_ms: i64) {
        let at = time(at_ms);
        let earlier = self.fields.get("startTime").and_then(Value::as_str).is_some_and(|start| start <= at.as_str());
        if !earlier {
            self.fields.insert("startTime".to_owned(), json!(at));
        }
    }

    /// Sets `endTime` to when the last participant left, or takes it away if one is (again) here.
    pub(super) fn update_end_time(&mut self) {
        let ends: Vec<Option<String>> =
            self.participants().filter_map(|mut one| one.has_communications().then(|| one.text("endTime"))).collect();
        let end: Option<Vec<String>> = ends.into_iter().collect();
        match end.and_then(|ends| ends.into_iter().max()) {
            Some(end) => {
                self.fields.insert("endTime".to_owned(), json!(end));
                // A call that the far end released is torn down in full only now.
                self.participants().for_each(|mut participant| participant.terminate_calls());
            }
            None => {
                self.fields.remove("endTime");
            }
        }
    }

    /// Ends everything that is still on: what `POST …/disconnect` promises (reference/genesys-cloud.md §2.1).
    pub(super) fn tear_down(&mut self, now_ms: i64) {
        if self.fields.get("endTime").is_some_and(Value::is_string) {
            return;
        }
        let now = time(now_ms);
        for mut participant in self.participants() {
            participant.tear_down(&now);
        }
        self.fields.insert("endTime".to_owned(), json!(now));
    }
}

/// A participant of a conversation.
pub(super) struct Participant<'a>(pub(super) &'a mut Map<String, Value>);

impl<'a> Participant<'a> {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    pub(super) fn purpose(&self) -> Option<&str> {
        self.0.get("purpose")?.as_str()
    }

    /// Whether any of its communications is.
    pub(super) fn is_on(&mut self) -> bool {
        self.communications().any(|one| is_on(one))
    }

    /// Sets a field, where there is something to set.
    pub(super) fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    pub(super) fn set_attributes(&mut self, attributes: BTreeMap<String, String>) {
        let own = self.0.entry("attributes").or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            own.extend(attributes.into_iter().map(|(name, value)| (name, Value::from(value))));
        }
    }

    pub(super) fn has_message(&mut self, id: &str) -> bool {
        self.message(id).is_some()
    }

    /// Ends a message communication that is still on, and with the last of them the participant's part.
    pub(super) fn disconnect_message(&mut self, id: &str, now: &str) {
        if let Some(message) = self.message(id).filter(|one| !one.get("disconnectedTime").is_some_and(Value::is_string))
        {
            message.insert("state".to_owned(), json!("disconnected"));
            message.insert("disconnectType".to_owned(), json!("client"));
            message.insert("disconnectedTime".to_owned(), json!(now));
        }
        self.update_end_time();
    }

    fn message(&mut self, id: &str) -> Option<&mut Map<String, Value>> {
        let messages = self.0.get_mut("messages")?.as_array_mut()?;
        messages.iter_mut().filter_map(Value::as_object_mut).find(|one| one.get("id").is_some_and(|own| own == id))
    }

    /// The communication of this id, which is added to the list if absent.
    pub(super) fn communication(self, list_name: &str, id: &str) -> Option<&'a mut Map<String, Value>> {
        let communications = list(self.0, list_name)?;
        let known = communications.iter().position(|one| one["id"] == id);
        let index = known.unwrap_or_else(|| {
            communications.push(json!({ "id": id, "held": false, "segments": [] }));
            communications.len() - 1
        });
        communications.get_mut(index)?.as_object_mut()
    }

    pub(super) fn communications(&mut self) -> impl Iterator<Item = &mut Map<String, Value>> {
        let lists = self.0.iter_mut().filter(|(name, _)| COMMUNICATION_LISTS.contains(&name.as_str()));
        lists.filter_map(|(_, list)| list.as_array_mut()).flatten().filter_map(Value::as_object_mut)
    }

    /// Sets when the participant left, if nothing is on any more.
    pub(super) fn update_end_time(&mut self) {
        let ends: Option<Vec<String>> =
            self.communications().map(|one| Some(one.get("disconnectedTime")?.as_str()?.to_owned())).collect();
        match ends.and_then(|ends| ends.into_iter().max()) {
            Some(end) => self.set("endTime", Some(end)),
            None => {
                self.0.remove("endTime");
            }
        }
    }

    fn has_communications(&mut self) -> bool {
        self.communications().next().is_some()
    }

    fn terminate_calls(&mut self) {
        let calls = self.0.get_mut("calls").and_then(Value::as_array_mut);
        for call in calls.into_iter().flatten().filter_map(Value::as_object_mut) {
            call.insert("state".to_owned(), json!("terminated"));
        }
    }

    fn tear_down(&mut self, now: &str) {
        for communication in self.communications() {
            if communication.get("afterCallWork").is_some_and(|work| work["state"] == "pending") {
                communication["afterCallWork"]["state"] = json!("complete");
                communication["afterCallWork"]["endTime"] = json!(now);
            }
            if communication.get("disconnectedTime").is_some_and(Value::is_string) {
                continue;
            }
            communication.insert("state".to_owned(), json!("disconnected"));
            communication.insert("disconnectType".to_owned(), json!("system"));
            communication.insert("disconnectedTime".to_owned(), json!(now));
            let segments = communication.get_mut("segments").and_then(Value::as_array_mut);
            for segment in segments.into_iter().flatten().filter_map(Value::as_object_mut) {
                segment.entry("endTime").or_insert_with(|| json!(now));
            }
        }
        self.terminate_calls();
        self.0.entry("endTime").or_insert_with(|| json!(now));
        if self.0.contains_key("startAcwTime") {
            self.0.entry("endAcwTime").or_insert_with(|| json!(now));
        }
    }
}

/// Whether a communication has not been disconnected.
pub(super) fn is_on(communication: &Map<String, Value>) -> bool {
    let state = communication.get("state").and_then(Value::as_str);
    !communication.get("disconnectedTime").is_some_and(Value::is_string) && state != Some("disconnected")
}

/// A list among the fields, added if absent; none if something else is in its place.
pub(super) fn list<'a>(fields: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Vec<Value>> {
    fields.entry(name).or_insert_with(|| json!([])).as_array_mut()
}

/// A time as the API writes it: ISO-8601, UTC, with milliseconds. Such texts sort as their times do.
pub(crate) fn time(epoch_ms: i64) -> String {
    let timestamp = Timestamp::from_millisecond(epoch_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{timestamp:.3}")
}

/// The reverse of [`time`].
pub(crate) fn epoch_ms(time: &str) -> Option<i64> {
    time.parse().ok().map(Timestamp::as_millisecond)
}
