//! The watcher: its real code, over a model of its table, told of a conversation one event at a time.

use std::collections::BTreeMap;

use genesys_cloud::detail_event::MediaType;
use ghost_policy::Conversation;
use ghost_policy::conversation::{Leg, Media, Purpose};
use ghost_watcher::due::DuePolicy;
use ghost_watcher::facts::{CallbackSchedule, ConversationFacts, Party, Session, Traits};
use ghost_watcher::observation::observation;
use jiff::Timestamp;
use ledger::model::ModelWatch;
use ledger::watch::Outcome;

/// Tells the watcher what events say of that moment of a conversation, which then had this form: legs that began or ended.
pub fn hear(watch: &mut ModelWatch, policy: &DuePolicy, form: &Conversation, of: Timestamp, now: Timestamp) {
    let news = news(form, of);
    if news == ConversationFacts::default() {
        return;
    }
    let stored = watch.read(&form.id);
    let seen = stored.as_ref().map(|stored| stored.revision);
    // What a table of our own holds can be read.
    let Ok(Some(observation)) = observation(stored.as_ref(), &news, Some(policy), now.as_millisecond()) else { return };
    let written = watch.observe(&form.id, seen, observation);
    debug_assert_eq!(written, Outcome::Written, "nobody writes in between");
}

fn news(form: &Conversation, of: Timestamp) -> ConversationFacts {
    let mut facts = ConversationFacts::default();
    for leg in form.legs() {
        let Some(party) = party(&leg.participant.purpose) else { continue };
        let Some(session) = session(&leg, of) else { continue };
        let told_at = of.as_millisecond();
        let schedule = leg.communication.scheduled.map(Timestamp::as_millisecond);
        facts.callback = facts.callback.max(schedule.map(|scheduled_for| CallbackSchedule { told_at, scheduled_for }));
        let sessions: &mut BTreeMap<_, _> = facts.sessions.entry(party).or_default();
        sessions.insert(leg.communication.id.clone(), session);
    }
    facts
}

/// What the events of that moment tell of a leg; nothing if there are none.
fn session(leg: &Leg<'_>, of: Timestamp) -> Option<Session> {
    let then = |at: Option<Timestamp>| at.filter(|at| *at == of).map(Timestamp::as_millisecond);
    let (start, end) = (then(leg.appeared()), then(leg.communication.disconnected));
    let traits = Traits {
        media: leg.communication.media.and_then(media),
        direction: None,
        queue: leg.participant.queue_id.clone(),
        provider: leg.communication.provider.clone(),
    };
    let participant = Some(leg.participant.id.clone());
    (start.is_some() || end.is_some()).then_some(Session { traits, participant, start, end })
}

/// Whose events tell of it; none if there is no topic for such a participant.
fn party(purpose: &Purpose) -> Option<Party> {
    Some(match purpose {
        Purpose::Customer | Purpose::External => Party::Customer,
        Purpose::Agent | Purpose::User => Party::User,
        Purpose::Acd => Party::Acd,
        Purpose::Flow(_) => Party::Flow,
        Purpose::Voicemail => Party::Voicemail,
        Purpose::Dialer(_) | Purpose::Other(_) | Purpose::Unknown(_) => return None,
    })
}

/// The media that scripts know; any other is not told.
fn media(media: Media) -> Option<MediaType> {
    Some(match media {
        Media::Voice => MediaType::Voice,
        Media::Callback => MediaType::Callback,
        Media::Email => MediaType::Email,
        Media::Message => MediaType::Message,
        Media::Chat => MediaType::Chat,
        _ => return None,
    })
}
