//! Every topic's fixture is read in full, and nothing personal comes out of it.

mod support;

use genesys_cloud::detail_event::{
    AcdOutcome, Detail, DetailEvent, Direction, DisconnectType, FlowExitReason, FlowOutcomeValue, FlowTransferType,
    JsonKind, MediaType, MessageType, ParseError, Topic, UsedRouting,
};
use serde_json::{Value, json};

const CONVERSATION: &str = "5d1f3a52-7e5c-4c8e-9a3f-1f2e3d4c5b6a";
const AGENT: &str = "00000000-0000-4000-8000-000000000081";
const QUEUE: &str = "00000000-0000-4000-8000-000000000031";
const DIVISION: &str = "00000000-0000-4000-8000-000000000051";
const CONTACT: &str = "00000000-0000-4000-8000-000000000071";
const ORGANIZATION: &str = "00000000-0000-4000-8000-000000000072";

fn parse(topic: Topic) -> DetailEvent {
    DetailEvent::parse(topic, &support::detail(topic).to_string()).unwrap()
}

fn id(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02x}")
}

fn is(field: Option<&String>, expected: &str) -> bool {
    field.is_some_and(|field| field == expected)
}

#[test]
fn every_fixture_is_read_as_its_topic() {
    for topic in Topic::ALL {
        let envelope = support::envelope(topic);
        assert_eq!(envelope["detail-type"].as_str().and_then(Topic::from_detail_type), Some(topic));

        let detail = Detail::parse(topic, &envelope["detail"].to_string()).unwrap();
        assert_eq!(detail.event.topic(), topic);
        assert_eq!(detail.correlation_id.as_deref(), envelope["detail"]["metadata"]["CorrelationId"].as_str());

        let body = &envelope["detail"]["eventBody"];
        let context = detail.event.context();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        assert_eq!(Some(context.event_time_ms), body["eventTime"].as_i64(), "{topic}");
        assert_eq!(context.conversation_id, CONVERSATION, "{topic}");
        assert_eq!(context.participant_id, text("participantId"), "{topic}");
        assert_eq!(context.session_id, text("sessionId"), "{topic}");
        assert_eq!(context.media_type.map(|word| word.to_string()), text("mediaType"), "{topic}");
        assert_eq!(context.direction.map(|word| word.to_string()), text("direction"), "{topic}");
        assert_eq!(context.provider, text("provider"), "{topic}");
        assert_eq!(context.utilization_label, text("utilizationLabel"), "{topic}");
        assert_eq!(context.callback_scheduled_time_ms, body["callbackScheduledTime"].as_i64(), "{topic}");
        assert_eq!(json!(context.conversation_external_contact_ids), list(&body["conversationExternalContactIds"]));
        assert_eq!(
            json!(context.conversation_external_organization_ids),
            list(&body["conversationExternalOrganizationIds"])
        );
    }
}

fn list(value: &Value) -> Value {
    if value.is_null() { json!([]) } else { value.clone() }
}

#[test]
fn queue_events_carry_their_fields() {
    let DetailEvent::AcdStart(start) = parse(Topic::AcdStart) else { panic!("another event") };
    assert_eq!(start.context.media_type, Some(MediaType::Callback));
    assert_eq!(start.context.callback_scheduled_time_ms, Some(1_765_556_100_000));
    assert!(is(start.queue_id.as_ref(), QUEUE) && is(start.division_id.as_ref(), DIVISION));
    assert_eq!(start.routing_priority, Some(5));
    assert_eq!(start.requested_routing_skill_ids, [id(0x61), id(0x62)]);
    assert_eq!(start.skill_expression_applied, Some(false));

    let DetailEvent::AcdEnd(end) = parse(Topic::AcdEnd) else { panic!("another event") };
    assert!(is(end.queue_id.as_ref(), QUEUE) && is(end.division_id.as_ref(), DIVISION));
    assert_eq!(end.disconnect_type, Some(DisconnectType::Transfer));
    assert_eq!(end.acd_outcome, Some(AcdOutcome::Answered));
    assert!(is(end.answered_user_id.as_ref(), AGENT));
    assert_eq!(end.requested_routings, ["Standard"]);
    assert_eq!(end.used_routing, Some(UsedRouting::Standard));
    assert_eq!(end.requested_routing_skill_ids, [id(0x61)]);
    assert_eq!(end.requested_skill_expression_ids, [id(0x63)]);
    assert_eq!(end.requested_language_id, Some(id(0x64)));
    assert_eq!(end.requested_routing_user_ids, [id(0x82)]);
    assert_eq!(end.routing_priority, Some(5));
    assert_eq!(end.connected_duration_ms, Some(11_100));
    assert!(is(end.flow_type.as_ref(), "inqueuecall"));
}

#[test]
fn agent_events_carry_their_fields() {
    let DetailEvent::UserStart(start) = parse(Topic::UserStart) else { panic!("another event") };
    assert_eq!(start.context.media_type, Some(MediaType::Email));
    assert_eq!(start.context.direction, Some(Direction::Inbound));
    assert!(is(start.context.provider.as_ref(), "Salesforce"));
    assert!(is(start.user_id.as_ref(), AGENT) && is(start.queue_id.as_ref(), QUEUE));
    assert!(is(start.division_id.as_ref(), DIVISION));

    let DetailEvent::UserEnd(end) = parse(Topic::UserEnd) else { panic!("another event") };
    assert!(is(end.user_id.as_ref(), AGENT) && is(end.queue_id.as_ref(), QUEUE));
    assert!(is(end.division_id.as_ref(), DIVISION));
    assert_eq!(end.disconnect_type, Some(DisconnectType::Peer));
    assert_eq!(end.interacting_duration_ms, Some(217_521));
    assert_eq!(end.held_duration_ms, Some(307_338));
    assert_eq!(end.alerting_duration_ms, Some(1_519));
    assert_eq!(end.contacting_duration_ms, Some(0));
    assert_eq!(end.dialing_duration_ms, Some(0));
    assert_eq!(end.callback_duration_ms, Some(0));

    let DetailEvent::AfterCallWork(work) = parse(Topic::AfterCallWork) else { panic!("another event") };
    assert!(is(work.user_id.as_ref(), AGENT) && is(work.queue_id.as_ref(), QUEUE));
    assert_eq!(work.wrapup_code, Some(id(0x91)));
    assert_eq!(work.wrapup_duration_ms, Some(30_000));

    let DetailEvent::Wrapup(wrapup) = parse(Topic::Wrapup) else { panic!("another event") };
    assert!(is(wrapup.queue_id.as_ref(), QUEUE));
    assert_eq!(wrapup.wrapup_code, Some(id(0x91)));
    assert_eq!(wrapup.wrapup_duration_ms, Some(29_900));
}

#[test]
fn customer_events_carry_their_fields() {
    let DetailEvent::CustomerStart(start) = parse(Topic::CustomerStart) else { panic!("another event") };
    assert_eq!(start.context.message_type, Some(MessageType::WhatsApp));
    assert!(is(start.external_contact_id.as_ref(), CONTACT));
    assert!(is(start.external_organization_id.as_ref(), ORGANIZATION) && is(start.division_id.as_ref(), DIVISION));
    let journey = start.journey_context.unwrap();
    assert_eq!(journey.session_id, Some(id(0xa1)));
    assert!(is(journey.session_id_type.as_ref(), "web"));
    assert_eq!((journey.action_id, journey.action_map_id), (Some(id(0xa2)), Some(id(0xa3))));

    let DetailEvent::CustomerEnd(end) = parse(Topic::CustomerEnd) else { panic!("another event") };
    assert!(is(end.external_contact_id.as_ref(), CONTACT) && is(end.division_id.as_ref(), DIVISION));
    assert!(is(end.external_organization_id.as_ref(), ORGANIZATION));
    assert_eq!(end.disconnect_type, Some(DisconnectType::Endpoint));
    assert_eq!(end.interacting_duration_ms, Some(217_521));

    let DetailEvent::Contact(contact) = parse(Topic::Contact) else { panic!("another event") };
    assert_eq!(contact.context.message_type, Some(MessageType::WebMessaging));
    assert!(is(contact.external_contact_id.as_ref(), CONTACT) && is(contact.division_id.as_ref(), DIVISION));
    assert!(is(contact.external_organization_id.as_ref(), ORGANIZATION));
}

#[test]
fn attributes_can_be_looked_up_in_any_case() {
    let DetailEvent::Attributes(event) = parse(Topic::Attributes) else { panic!("another event") };
    assert_eq!(event.attributes.get("SF_URLPop"), Some("500000000000001AAA"));
    assert_eq!(event.attributes.get("sf_urlpop"), Some("500000000000001AAA"));
    assert_eq!(event.attributes.get("SF_URL"), None);
    assert_eq!(event.attributes.names().collect::<Vec<_>>(), ["Customer.Name", "SF_URLPop"]);
    assert_eq!(event.participant_start_time_ms, Some(1_765_552_200_000));
    assert_eq!(event.communications.len(), 1);
    assert_eq!(event.communications[0].id, Some(id(0x21)));
    assert_eq!(event.communications[0].media_type, Some(MediaType::Email));
    assert_eq!(event.context.session_id, None);
}

#[test]
fn flow_events_carry_their_fields() {
    let DetailEvent::FlowStart(start) = parse(Topic::FlowStart) else { panic!("another event") };
    assert!(is(start.flow.flow_type.as_ref(), "INBOUNDCALL") && is(start.flow.flow_version.as_ref(), "7.0"));
    assert_eq!(start.flow.flow_id, Some(id(0x41)));
    assert!(is(start.flow.division_id.as_ref(), DIVISION));

    let DetailEvent::FlowEnd(end) = parse(Topic::FlowEnd) else { panic!("another event") };
    assert_eq!(end.flow, start.flow);
    assert_eq!(end.disconnect_type, Some(DisconnectType::Transfer));
    assert_eq!(end.connected_duration_ms, Some(3_900));
    assert_eq!(end.exit_reason, Some(FlowExitReason::Transfer));
    assert_eq!(end.transfer_type, Some(FlowTransferType::Acd));

    let DetailEvent::FlowOutcome(outcome) = parse(Topic::FlowOutcome) else { panic!("another event") };
    assert_eq!(outcome.flow, start.flow);
    assert_eq!(outcome.flow_outcome_id, Some(id(0x42)));
    assert_eq!(outcome.flow_outcome_value, Some(FlowOutcomeValue::Success));
    assert_eq!(outcome.flow_outcome_start_time_ms, Some(1_765_552_200_400));
    assert_eq!(outcome.flow_outcome_end_time_ms, Some(1_765_552_204_100));
    let milestones: Vec<_> = outcome.flow_milestones.into_iter().map(|one| one.milestone_time_ms).collect();
    assert_eq!(milestones, [Some(1_765_552_200_900), Some(1_765_552_202_100)]);
}

#[test]
fn outbound_and_voicemail_events_carry_their_fields() {
    let DetailEvent::Outbound(outbound) = parse(Topic::Outbound) else { panic!("another event") };
    assert_eq!(outbound.context.direction, Some(Direction::Outbound));
    assert_eq!(outbound.outbound_campaign_id, Some(id(0xb1)));
    assert_eq!(outbound.outbound_contact_list_id, Some(id(0xb2)));
    assert!(is(outbound.outbound_contact_id.as_ref(), "dummy-contact-1"));
    assert!(is(outbound.division_id.as_ref(), DIVISION));

    let DetailEvent::VoicemailStart(start) = parse(Topic::VoicemailStart) else { panic!("another event") };
    assert!(is(start.user_id.as_ref(), AGENT) && is(start.queue_id.as_ref(), QUEUE));
    assert!(is(start.division_id.as_ref(), DIVISION));

    let DetailEvent::VoicemailEnd(end) = parse(Topic::VoicemailEnd) else { panic!("another event") };
    assert!(is(end.user_id.as_ref(), AGENT) && is(end.queue_id.as_ref(), QUEUE));
    assert!(is(end.division_id.as_ref(), DIVISION));
    assert_eq!(end.disconnect_type, Some(DisconnectType::Endpoint));
    assert_eq!(end.voicemail_duration_ms, Some(21_000));
}

/// The strings at or under a value.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn personal_data_cannot_be_shown() {
    let personal = [
        "ani",
        "dnis",
        "addressTo",
        "addressFrom",
        "subject",
        "callbackUserName",
        "callbackNumbers",
        "wrapupNotes",
        "attributes",
    ];
    for topic in Topic::ALL {
        let detail = support::detail(topic);
        let shown = format!("{:?}", Detail::parse(topic, &detail.to_string()).unwrap());
        let hidden: Vec<_> = personal.iter().flat_map(|name| strings(&detail["eventBody"][name])).collect();
        assert!(!hidden.is_empty(), "the fixture of {topic} has nothing to hide");
        for value in hidden {
            assert!(!shown.contains(&value), "{topic} shows {value}");
        }
    }
    let DetailEvent::Attributes(event) = parse(Topic::Attributes) else { panic!("another event") };
    assert_eq!(format!("{:?}", event.attributes), r#"{"Customer.Name": (hidden), "SF_URLPop": (hidden)}"#);
}

fn error_of(topic: Topic, change: impl FnOnce(&mut Value)) -> ParseError {
    let mut detail = support::detail(topic);
    change(&mut detail);
    Detail::parse(topic, &detail.to_string()).unwrap_err()
}

#[test]
fn an_error_names_the_field_and_quotes_nothing() {
    let error = error_of(Topic::UserEnd, |detail| detail["eventBody"]["heldDurationMs"] = json!("secret"));
    assert_eq!(
        error.to_string(),
        "cannot parse v2.detail.events.conversation.{id}.user.end: detail.eventBody.heldDurationMs holds a string, \
         expected a duration in milliseconds, zero or more"
    );
    let error = error_of(Topic::UserStart, |detail| detail["eventBody"]["eventTime"] = Value::Null);
    assert_eq!(
        error.to_string(),
        "cannot parse v2.detail.events.conversation.{id}.user.start: detail.eventBody.eventTime is missing, \
         expected a time in epoch milliseconds"
    );
    let error = error_of(Topic::FlowOutcome, |detail| {
        detail["eventBody"]["flowMilestones"][1]["milestoneTime"] = json!(1.5);
    });
    let expected = "a time in epoch milliseconds";
    let path = "detail.eventBody.flowMilestones[1].milestoneTime".to_owned();
    assert_eq!(error, ParseError::Unexpected { topic: Topic::FlowOutcome, path, found: JsonKind::Number, expected });

    let error = error_of(Topic::AcdEnd, |detail| detail["eventBody"]["mediaType"] = json!({ "VOICE": null }));
    assert!(matches!(error, ParseError::Unexpected { found: JsonKind::Object, .. }), "{error}");
    let error = error_of(Topic::AcdEnd, |detail| detail["eventBody"]["conversationId"] = json!(""));
    assert!(matches!(error, ParseError::Missing { .. }), "{error}");
    let error = error_of(Topic::AcdEnd, |detail| detail["eventBody"] = Value::Null);
    assert!(matches!(error, ParseError::Missing { .. }), "{error}");
    let error = error_of(Topic::AcdEnd, |detail| *detail = json!([1]));
    assert!(matches!(error, ParseError::Unexpected { found: JsonKind::Array, .. }), "{error}");
    let error = Detail::parse(Topic::AcdEnd, r#"{"eventBody": {"#).unwrap_err();
    assert!(matches!(error, ParseError::NotJson { .. }), "{error}");
}

#[test]
fn whole_numbers_written_as_floats_are_read() {
    let mut detail = support::detail(Topic::UserEnd);
    detail["eventBody"]["eventTime"] = json!(1_765_552_507_657.0);
    detail["eventBody"]["heldDurationMs"] = json!(12.0);
    let event = DetailEvent::parse(Topic::UserEnd, &detail.to_string()).unwrap();
    assert_eq!(event.context().event_time_ms, 1_765_552_507_657);
}

#[test]
fn times_and_durations_out_of_range_are_refused() {
    for (name, value) in [
        ("eventTime", json!(-1)),
        ("eventTime", json!(i64::MAX)),
        ("heldDurationMs", json!(-1)),
        ("heldDurationMs", json!(u64::MAX)),
    ] {
        let error = error_of(Topic::UserEnd, |detail| detail["eventBody"][name] = value);
        assert!(matches!(error, ParseError::Unexpected { found: JsonKind::Number, .. }), "{error}");
    }
}

#[test]
fn only_the_body_has_to_be_there() {
    let body = support::detail(Topic::UserStart)["eventBody"].take();
    for extra in [json!({}), json!({ "metadata": null }), json!({ "metadata": 7, "version": 2, "topicName": [] })] {
        let mut detail = extra;
        detail["eventBody"] = body.clone();
        let detail = Detail::parse(Topic::UserStart, &detail.to_string()).unwrap();
        assert_eq!(detail.correlation_id, None);
    }
}
