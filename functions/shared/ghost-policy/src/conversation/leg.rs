//! A communication seen together with the participant whose it is: open or not, since when, doing what.

use jiff::{SignedDuration, Timestamp};

use super::{AfterCallWorkState, Communication, CommunicationState, Media, Participant};

/// One leg: a communication and its participant.
#[derive(Debug, Clone, Copy)]
pub struct Leg<'a> {
    /// Whose it is.
    pub participant: &'a Participant,
    /// What it is.
    pub communication: &'a Communication,
}

/// Something that ends by itself, perhaps at a known moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// Until then.
    Until(Timestamp),
    /// For as long as the facts stay the same.
    On,
}

/// Whether after-call work is still to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PendingWork {
    /// No.
    None,
    /// Yes; since when, if that is known.
    Since(Option<Timestamp>),
    /// Its state is a word that we do not know.
    Unknown,
}

impl Leg<'_> {
    /// Whether it is open: not disconnected by its time, nor by its state. The time comes first, since a state may still be
    /// `connected` on a leg that has gone (reference/genesys-cloud.md §1.5).
    pub fn is_open(&self) -> bool {
        let gone =
            matches!(self.communication.state, CommunicationState::Disconnected | CommunicationState::Terminated);
        self.communication.disconnected.is_none() && !gone
    }

    /// Whether it has closed by its time, and yet its state does not say so and something on it began after that: somebody may
    /// be on it again.
    pub fn has_begun_again(&self) -> bool {
        let Communication { disconnected, state, start_alerting, connected, segments, .. } = self.communication;
        let says_so = matches!(state, CommunicationState::Disconnected | CommunicationState::Terminated);
        let Some(closed) = disconnected.filter(|_| !says_so) else { return false };
        let goes_on = segments.iter().filter(|one| one.end.is_none() && !is_wrap_up(one.kind.as_ref()));
        let begun = goes_on.filter_map(|segment| segment.start).chain(*start_alerting).chain(*connected);
        begun.into_iter().any(|begun| begun > closed)
    }

    /// When it first appeared, ringing or not.
    pub fn appeared(&self) -> Option<Timestamp> {
        let times = [self.communication.start_alerting, self.communication.connected];
        let first_segment = self.communication.segments.iter().filter_map(|segment| segment.start).min();
        times.into_iter().flatten().min().or(first_segment).or(self.participant.connected).or(self.participant.start)
    }

    /// The latest moment at which it is known to have been taken up: connected, or due as a callback.
    pub fn opened(&self) -> Option<Timestamp> {
        let times = [self.communication.start_alerting, self.communication.connected];
        let last_segment = self.communication.segments.iter().filter_map(|segment| segment.start).max();
        let opened = times.into_iter().flatten().max();
        let opened = opened.or(last_segment).or(self.participant.connected).or(self.participant.start)?;
        Some(self.communication.scheduled.map_or(opened, |due| due.max(opened)))
    }

    /// When it closed, if it has and the answer tells when.
    pub fn closed(&self) -> Option<Timestamp> {
        if self.is_open() {
            return None;
        }
        // Only the state says that it is gone: its time line or its participant may still tell when.
        self.communication.disconnected.or_else(|| self.end_of_segments()).or(self.participant.end)
    }

    fn end_of_segments(&self) -> Option<Timestamp> {
        let ends: Option<Vec<_>> = self.communication.segments.iter().map(|segment| segment.end).collect();
        ends?.into_iter().max()
    }

    /// Whether people on it would be there at the same time. An unknown kind is taken for such a one.
    pub fn is_live(&self) -> bool {
        self.communication.media.is_none_or(Media::is_live)
    }

    /// Whether it is of this kind.
    pub fn is(&self, media: Media) -> bool {
        self.communication.media == Some(media)
    }

    /// Whether it is put aside for later, and until when.
    pub(crate) fn parked(&self) -> Option<Lasts> {
        if !self.is_open() || self.communication.media.is_some_and(|media| !media.may_rest()) {
            return None;
        }
        let segment = self.communication.segments.iter().any(|one| is_parked(one.kind.as_ref()) && one.end.is_none());
        if self.communication.state == CommunicationState::Parked || segment {
            return Some(Lasts::On);
        }
        let parked_at = self.communication.park.filter(|at| !self.taken_up_since(*at))?;
        let resume = self.communication.resume.filter(|resume| *resume >= parked_at);
        Some(resume.map_or(Lasts::On, Lasts::Until))
    }

    /// Whether something other than being parked began on it after `at`.
    fn taken_up_since(&self, at: Timestamp) -> bool {
        let segments = self.communication.segments.iter().filter(|one| !is_parked(one.kind.as_ref()));
        let times = segments.filter_map(|segment| segment.start).chain(self.communication.connected);
        times.into_iter().any(|time| time > at)
    }

    /// Whether it is a callback whose time has not come, and until when. Closing it does not unschedule it.
    pub(crate) fn scheduled(&self) -> Option<Lasts> {
        if self.communication.media.is_some_and(|media| media != Media::Callback) {
            return None;
        }
        if let Some(due) = self.communication.scheduled {
            return Some(Lasts::Until(due));
        }
        (self.is_open() && self.communication.state == CommunicationState::Scheduled).then_some(Lasts::On)
    }

    /// Whether it rings, and until when it may. How long is not always told; then it may for ever.
    pub(crate) fn alerting(&self) -> Option<Lasts> {
        if !self.is_open() || self.communication.state != CommunicationState::Alerting {
            return None;
        }
        let timeout = self.participant.alerting_timeout.max(self.communication.alerting_timeout);
        let deadline = timeout
            .and_then(|timeout| SignedDuration::try_from(timeout).ok())
            .zip(self.opened())
            .and_then(|(timeout, since)| since.checked_add(timeout).ok());
        Some(deadline.map_or(Lasts::On, Lasts::Until))
    }

    /// Whether its after-call work is still to be done. Here too the time is believed before the state.
    /// A participant's `wrapupRequired` says only that a code will be asked for. But where a leg has closed without one, and
    /// the state is `unknown`, it is asked for now.
    pub(crate) fn after_call_work(&self) -> PendingWork {
        let Some(work) = self.communication.after_call_work else { return self.wrapping_up() };
        if work.end.is_some() {
            return PendingWork::None;
        }
        let since = || work.start.or(self.participant.after_call_work_start).or_else(|| self.closed());
        match work.state {
            AfterCallWorkState::Pending => PendingWork::Since(since()),
            AfterCallWorkState::Owed if !self.is_open() => PendingWork::Since(since()),
            AfterCallWorkState::Owed | AfterCallWorkState::Unsaid if work.start.is_some() => {
                PendingWork::Since(work.start)
            }
            AfterCallWorkState::Owed | AfterCallWorkState::Unsaid => self.wrapping_up(),
            AfterCallWorkState::Over => PendingWork::None,
            AfterCallWorkState::Unknown => PendingWork::Unknown,
        }
    }

    /// After-call work that only the time line tells: a `wrapup` segment without an end.
    fn wrapping_up(&self) -> PendingWork {
        let segments = &self.communication.segments;
        let pending = segments.iter().find(|one| is_wrap_up(one.kind.as_ref()) && one.end.is_none());
        match pending {
            Some(segment) if self.participant.after_call_work_end.is_none() => PendingWork::Since(segment.start),
            _ => PendingWork::None,
        }
    }
}

impl Participant {
    /// Whether it has after-call work begun and not ended, whatever its legs say.
    pub(crate) fn after_call_work(&self) -> PendingWork {
        match (self.after_call_work_start, self.after_call_work_end) {
            (Some(start), None) => PendingWork::Since(Some(start)),
            _ => PendingWork::None,
        }
    }

    /// Whether it may be at work without any communication: a flow, or something that we do not know, that has not left.
    pub fn may_work_unseen(&self) -> bool {
        let could = matches!(self.purpose, super::Purpose::Flow(_) | super::Purpose::Unknown(_));
        could && self.communications.is_empty() && self.end.is_none()
    }
}

fn is_wrap_up(kind: Option<&String>) -> bool {
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("wrapup"))
}

fn is_parked(kind: Option<&String>) -> bool {
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("parked"))
}
