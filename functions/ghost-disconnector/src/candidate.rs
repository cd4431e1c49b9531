//! An analytics row, judged before it may cost a look (reference/genesys-cloud.md §2.2).
//!
//! The row is read as a conversation and put to the policy. Analytics is late and may be wrong, so its verdict only chooses
//! what to look at.

use genesys_cloud::api::details::{self, Details, Session};
use ghost_policy::conversation::{
    AfterCallWork, AfterCallWorkState, Communication, CommunicationState, Direction, Media, Participant, Purpose,
};
use ghost_policy::{Conversation, Policy, may_be_ghost as may_be_ghost_by};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use crate::ports::Candidate;

/// No call, chat or callback goes on for so long without anything happening; if analytics thinks so, it is worth a look.
const LONG: SignedDuration = SignedDuration::from_hours(24);

/// Whether the row may be that of a ghost, so that it is worth a look.
pub fn may_be_ghost(policy: &Policy, candidate: &Candidate, now: Timestamp) -> bool {
    // Nothing can be concluded from a row that we cannot read, so only a look can tell.
    let Some(details) = &candidate.details else { return true };
    if details.conversation_end.is_some() {
        return false;
    }
    let conversation = conversation(&candidate.conversation_id, details);
    may_be_ghost_by(policy, &conversation, now) || is_long_unchanged(&conversation, now)
}

/// When the newest session of the row began.
pub fn newest_leg_opened(candidate: &Candidate) -> Option<Timestamp> {
    let details = candidate.details.as_ref()?;
    let sessions = details.participants.iter().flat_map(|participant| &participant.sessions);
    sessions.filter_map(|session| session.segments.iter().filter_map(|segment| segment.segment_start).min()).max()
}

fn is_long_unchanged(conversation: &Conversation, now: Timestamp) -> bool {
    let rests = conversation.legs().all(|leg| leg.communication.media.is_some_and(Media::may_rest));
    !rests && conversation.newest_timestamp.is_some_and(|newest| now.duration_since(newest) >= LONG)
}

fn conversation(id: &str, details: &Details) -> Conversation {
    let with_sessions = details.participants.iter().filter(|participant| !participant.sessions.is_empty());
    let participants: Vec<_> = with_sessions.enumerate().map(|(index, one)| participant(index, one)).collect();
    let segments = details.participants.iter().flat_map(|one| &one.sessions).flat_map(|session| &session.segments);
    let times = segments.flat_map(|segment| [segment.segment_start, segment.segment_end]);
    Conversation {
        id: id.to_owned(),
        start: details.conversation_start,
        external_tag: details.external_tag.clone(),
        // Without any, nothing is told.
        divisions: Some(details.division_ids.clone()).filter(|ids| !ids.is_empty()),
        newest_timestamp: times.chain([details.conversation_start]).flatten().max(),
        participants,
        ..Conversation::default()
    }
}

fn participant(index: usize, row: &details::Participant) -> Participant {
    let segments = || row.sessions.iter().flat_map(|session| &session.segments);
    Participant {
        id: row.participant_id.clone().unwrap_or_else(|| index.to_string()),
        purpose: row.purpose.as_deref().map_or(Purpose::Unknown(None), Purpose::named),
        user_id: row.user_id.clone(),
        queue_id: segments().rev().find_map(|segment| segment.queue_id.clone()),
        start: segments().filter_map(|segment| segment.segment_start).min(),
        connected: None,
        end: None,
        consult_participant_id: None,
        supervised_participant_id: row.sessions.iter().find_map(|session| {
            let supervised = [&session.monitored_participant_id, &session.coached_participant_id];
            supervised.into_iter().chain([&session.barged_participant_id]).find_map(Clone::clone)
        }),
        after_call_work_start: None,
        after_call_work_end: None,
        alerting_timeout: None,
        communications: row.sessions.iter().map(communication).collect(),
    }
}

fn communication(session: &Session) -> Communication {
    let is_work = |kind: Option<&str>| kind.is_some_and(|kind| kind.eq_ignore_ascii_case("wrapup"));
    let (work, spoken): (Vec<_>, Vec<_>) =
        session.segments.iter().partition(|segment| is_work(segment.segment_type.as_deref()));
    let open = spoken.iter().find(|segment| segment.segment_end.is_none());
    let ended = if open.is_some() { None } else { spoken.iter().filter_map(|segment| segment.segment_end).max() };
    let state = match open.and_then(|segment| segment.segment_type.as_deref()) {
        // Whether it has rung for too long only a look tells: a row says nothing of time-outs, so that it would ring for ever.
        Some("parked") => CommunicationState::Parked,
        Some("scheduled") => CommunicationState::Scheduled,
        Some(_) => CommunicationState::Active("connected"),
        None if open.is_some() || ended.is_none() => CommunicationState::Active("connected"),
        None => CommunicationState::Disconnected,
    };
    let pending_work = work.iter().find(|segment| segment.segment_end.is_none());
    Communication {
        id: session.session_id.clone().unwrap_or_default(),
        media: session.media_type.as_deref().and_then(media),
        state,
        direction: match session.direction.as_deref() {
            Some("inbound") => Some(Direction::Inbound),
            Some("outbound") => Some(Direction::Outbound),
            _ => None,
        },
        provider: session.provider.clone(),
        held: false,
        start_alerting: None,
        connected: spoken.iter().filter_map(|segment| segment.segment_start).min(),
        disconnected: ended,
        disconnect_type: None,
        scheduled: session.callback_scheduled_time,
        park: None,
        resume: None,
        alerting_timeout: None,
        after_call_work: pending_work.map(|segment| AfterCallWork {
            state: AfterCallWorkState::Pending,
            start: segment.segment_start,
            end: None,
        }),
        segments: Vec::new(),
        error: None,
        disconnect_codes: Vec::new(),
    }
}

fn media(name: &str) -> Option<Media> {
    let name = name.to_ascii_lowercase();
    let deserializer: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
    Media::deserialize(deserializer).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{may_be_ghost, newest_leg_opened};
    use crate::ports::Candidate;
    use crate::testing::{enforce, minute};

    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;

    fn session(media: &str, segments: &[(&str, i64, Option<i64>)]) -> Value {
        let segments = segments.iter().map(|(kind, start, end)| {
            let end = end.map(|end| minute(end).to_string());
            json!({ "segmentType": kind, "segmentStart": minute(*start).to_string(), "segmentEnd": end })
        });
        json!({ "sessionId": "s", "mediaType": media, "segments": segments.collect::<Vec<_>>() })
    }

    fn candidate(participants: &[(&str, Value)]) -> Candidate {
        let participants = participants
            .iter()
            .map(|(purpose, session)| json!({ "participantId": purpose, "purpose": purpose, "sessions": [session] }));
        let row =
            json!({ "conversationStart": minute(0).to_string(), "participants": participants.collect::<Vec<_>>() });
        Candidate { conversation_id: "c-1".to_owned(), details: Some(serde_json::from_value(row).unwrap()) }
    }

    fn is_worth_a_look(candidate: &Candidate, at: i64) -> bool {
        may_be_ghost(&enforce(), candidate, minute(at))
    }

    #[test]
    fn an_orphan_leg_is_worth_a_look_from_its_time_on() {
        let orphan = candidate(&[
            ("customer", session("voice", &[("interact", 0, None)])),
            ("agent", session("voice", &[("alert", 0, Some(1)), ("interact", 1, Some(9)), ("wrapup", 9, Some(10))])),
        ]);
        assert!(!is_worth_a_look(&orphan, 9 + 4 * HOUR - 1));
        assert!(is_worth_a_look(&orphan, 9 + 4 * HOUR));
        assert_eq!(newest_leg_opened(&orphan), Some(minute(0)));
    }

    #[test]
    fn an_open_email_costs_no_look_before_it_is_idle() {
        let worked_on = |until| {
            candidate(&[
                ("customer", session("email", &[("interact", 0, None)])),
                ("agent", session("email", &[("interact", 0, Some(until)), ("interact", until, None)])),
            ])
        };
        for days in [0, 1, 29] {
            assert!(!is_worth_a_look(&worked_on(DAY), DAY + days * DAY));
        }
        assert!(is_worth_a_look(&worked_on(DAY), 31 * DAY));
        let parked = candidate(&[("agent", session("email", &[("interact", 0, Some(1)), ("parked", 1, None)]))]);
        assert!(!is_worth_a_look(&parked, 90 * DAY));
    }

    /// Whether it has rung for too long, only a look tells.
    #[test]
    fn an_email_or_message_that_rings_for_ever_is_worth_a_look_once_it_is_idle() {
        for media in ["email", "message"] {
            let ringing = candidate(&[
                ("customer", session(media, &[("interact", 0, None)])),
                ("agent", session(media, &[("alert", 0, None)])),
            ]);
            assert!(!is_worth_a_look(&ringing, 29 * DAY));
            assert!(is_worth_a_look(&ringing, 31 * DAY));
        }
    }

    #[test]
    fn a_call_of_more_than_a_day_is_worth_a_look_whatever_analytics_thinks() {
        let talking = candidate(&[
            ("customer", session("voice", &[("interact", 0, None)])),
            ("agent", session("voice", &[("interact", 0, None)])),
        ]);
        assert!(!is_worth_a_look(&talking, 5 * HOUR));
        assert!(is_worth_a_look(&talking, 25 * HOUR));
    }

    #[test]
    fn what_has_ended_is_worth_none_and_what_cannot_be_read_is() {
        let mut over = candidate(&[("agent", session("voice", &[("interact", 0, Some(1))]))]);
        assert!(is_worth_a_look(&over, HOUR));
        over.details.as_mut().unwrap().conversation_end = Some(minute(1));
        assert!(!is_worth_a_look(&over, HOUR));
        assert!(is_worth_a_look(&Candidate { conversation_id: "c-1".to_owned(), details: None }, 0));
    }
}
