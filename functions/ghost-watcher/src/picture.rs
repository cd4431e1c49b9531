//! The conversation as `GET /api/v2/conversations/{id}` would show it, as far as events can tell.
//!
//! Events do not tell what is parked, on hold or ringing, who consults whom, nor what after-call work is pending. All of that
//! speaks for life, so that without it a conversation is due earlier, never later.

use std::collections::BTreeMap;

use genesys_cloud::detail_event::{Direction, MediaType};
use ghost_policy::Conversation;
use ghost_policy::conversation::{self, Communication, CommunicationState, Media, Participant, Purpose};
use jiff::Timestamp;

use crate::facts::{ConversationFacts, EpochMs, Party, Traits};

/// The picture that the facts give. A session whose medium no event has told is taken for one of `untold_media`.
pub fn picture(facts: &ConversationFacts, untold_media: Option<Media>) -> Conversation {
    let mut participants = BTreeMap::new();
    for (party, id, session) in facts.sessions() {
        // Those of one party are one participant's unless events tell them apart.
        let participant_id = session.participant.as_deref();
        let participant =
            participants.entry((party, participant_id)).or_insert_with(|| participant(party, participant_id));
        let mut leg = communication(id, &session.traits, untold_media);
        leg.connected = session.start.and_then(moment);
        leg.disconnected = if session.is_open() { None } else { session.end.and_then(moment) };
        if leg.disconnected.is_none() && leg.media == Some(Media::Callback) {
            leg.scheduled = facts.callback.and_then(|callback| moment(callback.scheduled_for));
        }
        add(participant, leg, &session.traits);
    }
    let forgotten = facts.forgotten.iter().map(|forgotten| {
        let mut participant = participant(forgotten.party, None);
        let mut leg = communication("forgotten", &forgotten.traits, untold_media);
        leg.disconnected = moment(forgotten.end);
        add(&mut participant, leg, &forgotten.traits);
        participant
    });
    Conversation {
        participants: participants.into_values().chain(forgotten).collect(),
        newest_timestamp: facts.last_heard().and_then(moment),
        ..Conversation::default()
    }
}

fn add(participant: &mut Participant, leg: Communication, traits: &Traits) {
    if participant.queue_id < traits.queue {
        participant.queue_id.clone_from(&traits.queue);
    }
    participant.communications.push(leg);
}

fn participant(party: Party, id: Option<&str>) -> Participant {
    let purpose = match party {
        Party::Customer => Purpose::Customer,
        Party::User => Purpose::Agent,
        Party::Acd => Purpose::Acd,
        Party::Flow => Purpose::Flow("flow"),
        Party::Voicemail => Purpose::Voicemail,
    };
    Participant {
        id: id.unwrap_or_default().to_owned(),
        purpose,
        user_id: None,
        queue_id: None,
        start: None,
        connected: None,
        end: None,
        consult_participant_id: None,
        supervised_participant_id: None,
        after_call_work_start: None,
        after_call_work_end: None,
        alerting_timeout: None,
        communications: Vec::new(),
    }
}

fn communication(id: &str, traits: &Traits, untold_media: Option<Media>) -> Communication {
    Communication {
        id: id.to_owned(),
        media: traits.media.map_or(untold_media, media),
        state: CommunicationState::named("connected"),
        direction: traits.direction.and_then(direction),
        provider: traits.provider.clone(),
        held: false,
        start_alerting: None,
        connected: None,
        disconnected: None,
        disconnect_type: None,
        scheduled: None,
        park: None,
        resume: None,
        alerting_timeout: None,
        after_call_work: None,
        segments: Vec::new(),
        error: None,
        disconnect_codes: Vec::new(),
    }
}

/// `None` for a word that we do not know: the API will not tell more, and what is unknown is alive.
fn media(media: MediaType) -> Option<Media> {
    Some(match media {
        MediaType::Voice => Media::Voice,
        MediaType::Callback => Media::Callback,
        MediaType::Email => Media::Email,
        MediaType::Message => Media::Message,
        MediaType::Chat => Media::Chat,
        MediaType::Video => Media::Video,
        MediaType::CoBrowse => Media::Cobrowse,
        MediaType::ScreenShare => Media::Screenshare,
        MediaType::ScreenMonitoring => Media::ScreenMonitoring,
        MediaType::InternalMessage => Media::InternalMessage,
        MediaType::Unknown => return None,
    })
}

fn direction(direction: Direction) -> Option<conversation::Direction> {
    match direction {
        Direction::Inbound => Some(conversation::Direction::Inbound),
        Direction::Outbound => Some(conversation::Direction::Outbound),
        Direction::Unknown => None,
    }
}

fn moment(at: EpochMs) -> Option<Timestamp> {
    Timestamp::from_millisecond(at).ok()
}
