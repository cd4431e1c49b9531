//! A conversation from JSON: what is known is typed, what is unknown and might be alive is noted.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::timestamps::{moment, newest};
use super::vocabulary::word;
use super::{
    AfterCallWork, AfterCallWorkState, Communication, CommunicationError, CommunicationState, Conversation,
    ConversationError, Direction, Media, Participant, Purpose, Segment, Transfer, TransferState,
};

type Fields = Map<String, Value>;

/// Structured fields that are known to hold no communication (reference/genesys-schema/rest-models.txt).
const NOT_COMMUNICATIONS: [&str; 13] = [
    "address",
    "associatedConversation",
    "attributes",
    "consultationConversations",
    "conversationRoutingData",
    "divisions",
    "evaluations",
    "mediaRoles",
    "participants",
    "recentTransfers",
    "recordersState",
    "wrapup",
    "conversationIds",
];

pub(super) fn conversation(value: &Value) -> Result<Conversation, ConversationError> {
    let fields = value.as_object().ok_or(ConversationError::NotAConversation("it is not an object"))?;
    let id = text(fields, "id").ok_or(ConversationError::NotAConversation("it has no id"))?;
    let participants = match fields.get("participants") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(participants)) => participants,
        Some(_) => return Err(ConversationError::NotAConversation("its participants are not a list")),
    };
    let mut reader = Reader::default();
    let mut conversation = Conversation {
        id,
        start: reader.time(fields, "startTime"),
        end: reader.time(fields, "endTime"),
        external_tag: text(fields, "externalTag"),
        divisions: fields.get("divisions").and_then(Value::as_array).and_then(|memberships| divisions(memberships)),
        inactivity_timeout: reader.time(fields, "inactivityTimeout"),
        transfers: reader.objects(fields, "recentTransfers", Reader::transfer),
        consultations: reader.consultations(fields),
        participants: participants
            .iter()
            .filter_map(|one| reader.object(one, "participants", Reader::participant))
            .collect(),
        newest_timestamp: newest(value),
        not_understood: Vec::new(),
    };
    let unknown = fields.iter().filter(|(name, _)| !NOT_COMMUNICATIONS.contains(&name.as_str()));
    for (name, _) in unknown.filter(|(_, field)| objects_in(field).any(looks_alive)) {
        reader.note(name);
    }
    conversation.not_understood = reader.not_understood;
    Ok(conversation)
}

/// Reads field by field and notes what it could not understand.
#[derive(Default)]
struct Reader {
    not_understood: Vec<String>,
}

impl Reader {
    fn note(&mut self, field: &str) {
        self.not_understood.push(word(field).unwrap_or_else(|| "a field".to_owned()));
    }

    /// A time; one that is there but can't be read is noted, since a leg without its time would look younger or older.
    fn time(&mut self, fields: &Fields, name: &str) -> Option<Timestamp> {
        let value = fields.get(name).filter(|value| !value.is_null())?;
        let time = value.as_str().and_then(moment);
        if time.is_none() {
            self.note(name);
        }
        time
    }

    /// A non-negative number; one that is there but can't be read is noted.
    fn number(&mut self, fields: &Fields, name: &str) -> Option<u64> {
        let value = fields.get(name).filter(|value| !value.is_null())?;
        let number = value.as_u64();
        if number.is_none() {
            self.note(name);
        }
        number
    }

    /// The objects of a list; whatever else stands there is noted.
    fn objects<T>(&mut self, fields: &Fields, name: &str, read: impl Fn(&mut Self, &Fields) -> T) -> Vec<T> {
        match fields.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(elements)) => elements.iter().filter_map(|one| self.object(one, name, &read)).collect(),
            Some(_) => {
                self.note(name);
                Vec::new()
            }
        }
    }

    fn object<T>(&mut self, value: &Value, name: &str, read: impl Fn(&mut Self, &Fields) -> T) -> Option<T> {
        let Some(fields) = value.as_object() else {
            self.note(name);
            return None;
        };
        Some(read(self, fields))
    }

    fn transfer(&mut self, fields: &Fields) -> Transfer {
        let state = text(fields, "state").map_or(TransferState::Unknown, |state| TransferState::named(&state));
        Transfer { state, issued: self.time(fields, "dateIssued") }
    }

    fn consultations(&mut self, fields: &Fields) -> Vec<String> {
        self.objects(fields, "consultationConversations", |_, one| text(one, "id").unwrap_or_default())
    }

    fn participant(&mut self, fields: &Fields) -> Participant {
        let has_no_code = |fields: &Fields| fields.get("wrapup").is_none_or(Value::is_null);
        let owes_code = fields.get("wrapupRequired") == Some(&Value::Bool(true)) && has_no_code(fields);
        let communications = Media::FIELDS
            .into_iter()
            .flat_map(|(media, name)| {
                self.objects(fields, name, |reader, one| {
                    let communication = reader.communication(Some(media), one);
                    if owes_code && has_no_code(one) { with_work_owed(communication) } else { communication }
                })
            })
            .collect();
        let mut participant = Participant {
            id: text(fields, "id").unwrap_or_default(),
            purpose: text(fields, "purpose").map_or(Purpose::Unknown(None), |purpose| Purpose::named(&purpose)),
            user_id: text(fields, "userId"),
            queue_id: text(fields, "queueId"),
            start: self.time(fields, "startTime"),
            connected: self.time(fields, "connectedTime"),
            end: self.time(fields, "endTime"),
            consult_participant_id: text(fields, "consultParticipantId"),
            supervised_participant_id: [
                "monitoredParticipantId",
                "coachedParticipantId",
                "bargedParticipantId",
                "screenMonitoredParticipantId",
            ]
            .into_iter()
            .find_map(|name| text(fields, name)),
            after_call_work_start: self.time(fields, "startAcwTime"),
            after_call_work_end: self.time(fields, "endAcwTime"),
            alerting_timeout: self.number(fields, "alertingTimeoutMs").map(Duration::from_millis),
            communications,
        };
        participant.communications.extend(self.communications_of_unknown_media(fields));
        participant
    }

    /// What looks like a communication in a field that we do not know: perhaps the next medium of the platform.
    fn communications_of_unknown_media(&mut self, fields: &Fields) -> Vec<Communication> {
        let known = |name: &str| {
            NOT_COMMUNICATIONS.contains(&name) || Media::FIELDS.iter().any(|(_, known_name)| *known_name == name)
        };
        let unknown = fields.iter().filter(|(name, _)| !known(name));
        let alive = unknown.flat_map(|(_, field)| objects_in(field)).filter(|one| looks_alive(one));
        alive.map(|one| self.communication(None, one)).collect()
    }

    fn communication(&mut self, media: Option<Media>, fields: &Fields) -> Communication {
        let state =
            text(fields, "state").map_or(CommunicationState::Unknown(None), |state| CommunicationState::named(&state));
        Communication {
            id: text(fields, "id").unwrap_or_default(),
            media,
            state,
            direction: match text(fields, "direction").as_deref() {
                Some("inbound") => Some(Direction::Inbound),
                Some("outbound") => Some(Direction::Outbound),
                _ => None,
            },
            provider: text(fields, "provider"),
            held: fields.get("held").and_then(Value::as_bool).unwrap_or(false),
            start_alerting: self.time(fields, "startAlertingTime"),
            connected: self.time(fields, "connectedTime"),
            disconnected: self.time(fields, "disconnectedTime"),
            disconnect_type: text(fields, "disconnectType").as_deref().and_then(word),
            scheduled: self.time(fields, "callbackScheduledTime"),
            park: self.time(fields, "parkTime"),
            resume: self.time(fields, "resumeTime"),
            alerting_timeout: inner(fields, "queueMediaSettings")
                .and_then(|settings| self.number(settings, "alertingTimeoutSeconds"))
                .map(Duration::from_secs),
            after_call_work: inner(fields, "afterCallWork").map(|work| self.after_call_work(work)),
            segments: self.objects(fields, "segments", Self::segment),
            error: inner(fields, "errorInfo").map(|error| CommunicationError {
                code: text(error, "code").as_deref().and_then(word),
                context_id: text(error, "contextId").as_deref().and_then(word),
            }),
            disconnect_codes: self.objects(fields, "disconnectReasons", Self::disconnect_code),
        }
    }

    fn after_call_work(&mut self, fields: &Fields) -> AfterCallWork {
        AfterCallWork {
            state: text(fields, "state").map_or(AfterCallWorkState::Unsaid, |state| AfterCallWorkState::named(&state)),
            start: self.time(fields, "startTime"),
            end: self.time(fields, "endTime"),
        }
    }

    fn segment(&mut self, fields: &Fields) -> Segment {
        let kind = text(fields, "type").or_else(|| text(fields, "segmentType"));
        Segment {
            kind: kind.as_deref().and_then(word),
            start: self.time(fields, "startTime"),
            end: self.time(fields, "endTime"),
        }
    }

    fn disconnect_code(&mut self, fields: &Fields) -> String {
        let protocol = text(fields, "type").as_deref().and_then(word).unwrap_or_default();
        self.number(fields, "code").map_or(protocol.clone(), |code| format!("{protocol} {code}"))
    }
}

/// Where nothing is said of its after-call work: it is owed.
fn with_work_owed(mut communication: Communication) -> Communication {
    let unsaid = communication.after_call_work.as_mut().filter(|work| work.state == AfterCallWorkState::Unsaid);
    if let Some(work) = unsaid {
        work.state = AfterCallWorkState::Owed;
    }
    communication
}

/// A text that is there and not empty.
fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn inner<'a>(fields: &'a Fields, name: &str) -> Option<&'a Fields> {
    fields.get(name).and_then(Value::as_object)
}

/// `divisions[].division.id`, or plain references.
/// All of them, or nothing is told.
fn divisions(memberships: &[Value]) -> Option<Vec<String>> {
    let memberships = memberships.iter().map(Value::as_object);
    memberships.map(|one| one.and_then(|one| text(inner(one, "division").unwrap_or(one), "id"))).collect()
}

fn objects_in(value: &Value) -> impl Iterator<Item = &Fields> {
    let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    elements.iter().filter_map(Value::as_object)
}

/// Whether an object that we know nothing of has the marks of a communication that goes on.
fn looks_alive(fields: &Fields) -> bool {
    let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let ended = has("disconnectedTime")
        || has("endTime")
        || fields.get("state").and_then(Value::as_str).is_some_and(|state| {
            matches!(
                CommunicationState::named(state),
                CommunicationState::Disconnected | CommunicationState::Terminated
            )
        });
    !ended && (has("state") || has("connectedTime"))
}
