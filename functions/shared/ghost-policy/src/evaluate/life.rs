//! What speaks for life, whatever the rules say: the never-a-ghost list of `DESIGN.md` §4.4, and anything unknown.

use jiff::Timestamp;

use super::Patience;
use crate::conversation::leg::{Lasts, PendingWork};
use crate::conversation::{CommunicationState, Conversation, Leg, Media, Participant, Purpose, TransferState};
use crate::verdict::{AliveReason, GhostTest, leg_in_words};

/// Something that speaks for life, and for how long.
pub(super) struct SignOfLife {
    pub(super) reason: AliveReason,
    pub(super) lasts: Lasts,
}

impl SignOfLife {
    /// Whether it still speaks for life then.
    pub(super) fn speaks_at(&self, now: Timestamp) -> bool {
        match self.lasts {
            Lasts::On => true,
            Lasts::Until(end) => now < end,
        }
    }
}

pub(super) fn signs_of_life(conversation: &Conversation, patience: Patience) -> Vec<SignOfLife> {
    let open: Vec<_> = conversation.open_legs().collect();
    let mut signs: Vec<_> = people_and_systems(&open).into_iter().map(lasting).collect();
    signs.extend(transfers_and_consults(conversation, &open).into_iter().map(lasting));
    signs.extend(not_understood(conversation, &open).into_iter().map(lasting));
    signs.extend(conversation.legs().flat_map(|leg| signs_of_leg(&leg)));
    signs.extend(pending_work(conversation).map(|(participant, work)| after_call_work(participant, work, patience)));
    signs
}

/// All after-call work that is not surely over, with whose it is.
pub(super) fn pending_work(conversation: &Conversation) -> impl Iterator<Item = (&Participant, PendingWork)> {
    let of_legs = conversation.legs().map(|leg| (leg.participant, leg.after_call_work()));
    let of_participants = conversation.participants.iter().map(|one| (one, one.after_call_work()));
    of_legs.chain(of_participants).filter(|(_, work)| *work != PendingWork::None)
}

fn lasting(reason: AliveReason) -> SignOfLife {
    SignOfLife { reason, lasts: Lasts::On }
}

/// People who may be talking to each other, or a customer to a machine.
fn people_and_systems(open: &[Leg<'_>]) -> Vec<AliveReason> {
    let mut reasons = Vec::new();
    let legs = open.iter().filter(|leg| leg.is_live() && leg.participant.purpose.is_person()).count();
    if legs >= 2 {
        reasons.push(AliveReason::PeopleMayBeTalking { legs });
    }
    let customers = || open.iter().filter(|leg| leg.participant.purpose.is_customer_side());
    let systems = || open.iter().filter(|leg| matches!(leg.participant.purpose, Purpose::Acd | Purpose::Flow(_)));
    // One live leg on either side is enough: whoever is on it is there now.
    let live = customers().any(Leg::is_live) || systems().any(Leg::is_live);
    if live && customers().next().is_some() && systems().next().is_some() {
        reasons.push(AliveReason::CustomerIsServed);
    }
    reasons
}

/// However old: what Genesys Cloud calls under way is not ours to call a remnant.
fn transfers_and_consults(conversation: &Conversation, open: &[Leg<'_>]) -> Vec<AliveReason> {
    let mut reasons = Vec::new();
    // A transfer of unknown state may be under way too.
    if conversation.transfers.iter().any(|transfer| transfer.state != TransferState::Over) {
        reasons.push(AliveReason::TransferInProgress);
    }
    // Somebody of ours must be there to consult another. The list itself outlives the consult, so an orphan customer leg,
    // the commonest ghost of all, would otherwise never be one.
    let elsewhere = !conversation.consultations.is_empty() && open.iter().any(|leg| leg.participant.purpose.is_staff());
    if elsewhere || open.iter().any(|leg| is_in_consult(conversation, leg)) {
        reasons.push(AliveReason::ConsultInProgress);
    }
    reasons
}

/// Whether an open leg is part of a consult whose subject is still there, or is nowhere to be found.
fn is_in_consult(conversation: &Conversation, leg: &Leg<'_>) -> bool {
    let Some(transferred) = &leg.participant.consult_participant_id else { return false };
    let mut legs = conversation.legs().filter(|other| other.participant.id == *transferred).peekable();
    legs.peek().is_none() || legs.any(|other| other.is_open())
}

fn not_understood(conversation: &Conversation, open: &[Leg<'_>]) -> Vec<AliveReason> {
    let mut what: Vec<_> =
        conversation.not_understood.iter().map(|field| format!("`{field}` was not understood")).collect();
    for leg in open {
        let words = leg_in_words(leg);
        if matches!(leg.participant.purpose, Purpose::Unknown(_)) {
            what.push(format!("{words} is of a purpose that we do not know"));
        }
        if matches!(leg.communication.state, CommunicationState::Unknown(_)) {
            what.push(format!("{words} is in a state that we do not know"));
        }
        if leg.communication.media.is_none() {
            what.push(format!("{words} is of a kind that we do not know"));
        }
    }
    let contradictory = conversation.legs().filter(Leg::has_begun_again);
    what.extend(contradictory.map(|leg| format!("{} was taken up again after it had closed", leg_in_words(&leg))));
    let unseen = conversation.participants.iter().filter(|participant| participant.may_work_unseen());
    what.extend(unseen.map(|one| format!("participant {} ({}) has not left", one.id, one.purpose.as_str())));
    what.into_iter().map(|what| AliveReason::NotUnderstood { what }).collect()
}

/// What a single leg says of itself.
fn signs_of_leg(leg: &Leg<'_>) -> Vec<SignOfLife> {
    let words = || leg_in_words(leg);
    let mut signs = Vec::new();
    if let Some(lasts) = leg.parked() {
        signs.push(SignOfLife { reason: AliveReason::Parked { leg: words(), until: end(lasts) }, lasts });
    }
    if let Some(lasts) = leg.scheduled() {
        signs.push(SignOfLife { reason: AliveReason::Scheduled { leg: words(), until: end(lasts) }, lasts });
    }
    if let Some(lasts) = leg.alerting() {
        signs.push(SignOfLife { reason: AliveReason::Alerting { leg: words(), until: end(lasts) }, lasts });
    }
    let supervises = leg.participant.supervised_participant_id.is_some() || leg.is(Media::ScreenMonitoring);
    if supervises && leg.is_open() {
        signs.push(lasting(AliveReason::Supervised { leg: words() }));
    }
    signs
}

/// After-call work speaks for life for as long as the rule allows it, and for ever if the rule does not speak of it.
fn after_call_work(participant: &Participant, work: PendingWork, patience: Patience) -> SignOfLife {
    let since = match work {
        PendingWork::Since(since) => since,
        PendingWork::None | PendingWork::Unknown => None,
    };
    let until = since.and_then(|since| patience.ends(GhostTest::AfterCallWorkFor, since));
    SignOfLife {
        reason: AliveReason::AfterCallWorkPending { participant_id: participant.id.clone(), until },
        lasts: until.map_or(Lasts::On, Lasts::Until),
    }
}

const fn end(lasts: Lasts) -> Option<Timestamp> {
    match lasts {
        Lasts::Until(end) => Some(end),
        Lasts::On => None,
    }
}
