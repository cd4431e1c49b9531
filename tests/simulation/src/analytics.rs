//! A conversation as analytics shows it (reference/genesys-cloud.md §2.2).

use genesys_cloud::api::Interval;
use genesys_cloud::api::details::{Details, Participant, Segment, Session};
use ghost_policy::Conversation;
use ghost_policy::conversation::{CommunicationState, Leg};
use jiff::Timestamp;

const SECONDS_OF_DAY: i64 = 24 * 60 * 60;

/// Whether a query for the interval finds a conversation that began then: on a day that it touches.
pub fn finds(interval: Interval, began: Timestamp) -> bool {
    let day = |at: Timestamp| at.as_second().div_euclid(SECONDS_OF_DAY);
    day(interval.start()) <= day(began) && day(began) <= day(interval.end())
}

/// The row.
pub fn row(conversation: &Conversation) -> Details {
    Details {
        conversation_start: conversation.start,
        conversation_end: conversation.end,
        division_ids: conversation.divisions.clone().unwrap_or_default(),
        external_tag: None,
        inactivity_timeout: None,
        originating_direction: None,
        participants: conversation.legs().map(|leg| participant(&leg, conversation.newest_timestamp)).collect(),
    }
}

fn participant(leg: &Leg<'_>, newest: Option<Timestamp>) -> Participant {
    let communication = leg.communication;
    let kind = match communication.state {
        CommunicationState::Alerting => "alert",
        CommunicationState::Parked => "parked",
        CommunicationState::Scheduled => "scheduled",
        _ => "interact",
    };
    let segment = |kind: &str, start: Option<Timestamp>, end: Option<Timestamp>| Segment {
        segment_type: Some(kind.to_owned()),
        segment_start: start,
        segment_end: end,
        disconnect_type: None,
        error_code: None,
        queue_id: leg.participant.queue_id.clone(),
        conference: None,
        source_conversation_id: None,
    };
    let opened = communication.start_alerting.or(communication.connected);
    let mut segments = vec![segment(kind, opened, communication.disconnected)];
    if communication.disconnected.is_none() && newest > opened {
        // Whatever is written ends a segment and begins another.
        segments = vec![segment("interact", opened, newest), segment(kind, newest, None)];
    }
    if let Some(work) = communication.after_call_work {
        segments.push(segment("wrapup", work.start, work.end));
    }
    Participant {
        participant_id: Some(leg.participant.id.clone()),
        purpose: Some(leg.participant.purpose.as_str().to_owned()),
        user_id: None,
        sessions: vec![Session {
            session_id: Some(communication.id.clone()),
            media_type: communication.media.map(|media| media.as_str().to_owned()),
            direction: None,
            provider: communication.provider.clone(),
            peer_id: None,
            edge_id: None,
            callback_scheduled_time: communication.scheduled,
            acw_skipped: None,
            monitored_participant_id: leg.participant.supervised_participant_id.clone(),
            coached_participant_id: None,
            barged_participant_id: None,
            segments,
        }],
    }
}
