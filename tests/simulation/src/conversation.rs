//! A conversation as Genesys Cloud has it, changed step by step, with the simulator's own truth beside it: whether anybody is
//! there. The truth is declared by whoever writes a script, and never asks the policy.

use std::rc::Rc;

use ghost_disconnector::case::Force;
use ghost_policy::Conversation;
use ghost_policy::conversation::{
    AfterCallWork, AfterCallWorkState, Communication, CommunicationState, Media, Participant, Purpose, Transfer,
    TransferState,
};
use jiff::{SignedDuration, Timestamp};

/// Whether anybody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Somebody is, or will be.
    Live,
    /// Nobody is, since then. The policy may call it a ghost after so long; never, if there is no such rule.
    Dead {
        /// Since when.
        since: Timestamp,
        /// How long the rule waits.
        after: Option<SignedDuration>,
    },
}

impl Life {
    /// When it may be called a ghost at the earliest.
    pub fn ripe_at(self) -> Option<Timestamp> {
        match self {
            Self::Live | Self::Dead { after: None, .. } => None,
            Self::Dead { since, after: Some(after) } => Some(since + after),
        }
    }
}

/// A change of a conversation.
#[derive(Debug, Clone)]
pub enum Change {
    /// A leg opens.
    Open {
        /// The leg and its participant.
        leg: &'static str,
        /// What the participant is there for.
        purpose: Purpose,
        /// Its medium.
        media: Media,
        /// Its state.
        state: CommunicationState,
    },
    /// A leg closes. Its state may go on saying that it is connected.
    Close {
        /// The leg.
        leg: &'static str,
        /// Whether the state tells the truth.
        state_tells: bool,
    },
    /// A leg's state changes.
    State(&'static str, CommunicationState),
    /// A callback is scheduled for later.
    Schedule(&'static str, Timestamp),
    /// A leg's agent has after-call work to do.
    Work(&'static str),
    /// The after-call work is done.
    WorkDone(&'static str),
    /// A leg is held, or not any more.
    Hold(&'static str, bool),
    /// Something is written.
    Write,
    /// A transfer is under way, or over.
    Transfer(TransferState),
    /// A leg's participant is consulted about another's.
    Consult(&'static str, &'static str),
    /// Somebody is consulted in a conversation of their own.
    ConsultElsewhere,
    /// A leg's participant listens to another's.
    Supervise(&'static str, &'static str),
    /// Genesys Cloud ends the conversation.
    End,
    /// It goes on: somebody comes back.
    Reopen,
    /// The truth changes.
    Truth(Life),
}

/// What is wrong with it from some moment on, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curse {
    /// Every look at it fails.
    LooksFail,
    /// Every look at it takes so long that it is given up.
    LooksTimeOut,
    /// Every look at it takes longer than a look may be old for a disconnect.
    LooksAreSlow,
    /// No request for it leaves.
    NothingLeaves,
    /// Analytics never hears of its end, whenever it comes.
    OutOfStep,
}

/// How it takes a disconnect request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teardown {
    /// It ends after so long.
    EndsAfter(SignedDuration),
    /// Its legs close at once, and it ends with the next request.
    HalfDone,
    /// It does not end.
    Never,
}

/// How long whoever asked answers for who is there.
const LIVE_LASTS: SignedDuration = SignedDuration::from_mins(15);

/// A conversation, what is true of it, and what it was.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// What it is, for reports.
    pub kind: &'static str,
    /// As the API shows it.
    pub now: Rc<Conversation>,
    /// The truth.
    pub life: Life,
    /// Whether the truth ever was that nobody is there.
    pub was_dead: bool,
    /// What is wrong with it, from when on.
    pub curse: Option<(Timestamp, Curse)>,
    /// Every form that it had, since when.
    pub history: Vec<(Timestamp, Rc<Conversation>)>,
    /// How it takes a disconnect request.
    pub teardown: Teardown,
    /// What somebody asked to be skipped for its end.
    pub force: Force,
    /// Until when somebody answers for it that it does not matter who is there; none once that was refused.
    pub answered_for_until: Option<Timestamp>,
    /// How many requests were sent for it after a look at which it was fair: whatever comes to life after that is not to blame.
    pub requests: u32,
    /// Whether somebody came between a look and what followed from it.
    pub came_to_life: bool,
    /// Whether Genesys Cloud has torn it down, in full or by half.
    pub torn_down: bool,
}

impl Simulated {
    /// A conversation that has just begun.
    pub fn begin(id: String, kind: &'static str, at: Timestamp, teardown: Teardown) -> Self {
        let conversation = Conversation {
            id,
            start: Some(at),
            divisions: Some(vec!["division".to_owned()]),
            newest_timestamp: Some(at),
            ..Conversation::default()
        };
        let now = Rc::new(conversation);
        let history = vec![(at, Rc::clone(&now))];
        Self {
            kind,
            now,
            life: Life::Live,
            was_dead: false,
            curse: None,
            history,
            teardown,
            force: Force::No,
            answered_for_until: None,
            requests: 0,
            came_to_life: false,
            torn_down: false,
        }
    }

    /// What is wrong with it by then.
    pub fn cursed(&self, now: Timestamp) -> Option<Curse> {
        self.curse.filter(|(since, _)| *since <= now).map(|(_, curse)| curse)
    }

    /// Whether this is wrong with it, sooner or later.
    pub fn has(&self, curse: Curse) -> bool {
        self.curse.is_some_and(|(_, one)| one == curse)
    }

    /// Somebody asks for its end.
    pub fn request(&mut self, force: Force, at: Timestamp) {
        self.force = force;
        self.answered_for_until = (force == Force::Live).then(|| at + LIVE_LASTS);
    }

    /// Whoever asked was told that it does not come: nobody answers for who is there any more.
    pub fn refuse(&mut self) {
        self.answered_for_until = None;
    }

    /// What a look of this time may skip.
    pub fn force_at(&self, at: Timestamp) -> Force {
        match self.force {
            Force::Live if self.answered_for_until.is_none_or(|until| at > until) => Force::No,
            force => force,
        }
    }

    /// As it was at that time.
    pub fn at(&self, at: Timestamp) -> Option<&Rc<Conversation>> {
        self.history.iter().rev().find(|(since, _)| *since <= at).map(|(_, form)| form)
    }

    /// Changes it.
    pub fn change(&mut self, change: &Change, at: Timestamp) {
        // Whoever was still to come has nothing to come to; and who came in between is there to stay.
        if self.torn_down || self.came_to_life {
            return;
        }
        if let Change::Truth(life) = change {
            self.life = *life;
            self.was_dead |= *life != Life::Live;
            return;
        }
        let conversation = Rc::make_mut(&mut self.now);
        conversation.newest_timestamp = Some(at);
        match change {
            Change::Open { leg, purpose, media, state } => {
                conversation.participants.push(participant(leg, purpose.clone(), *media, state.clone(), at));
            }
            Change::Close { leg, state_tells } => close(conversation, leg, *state_tells, at),
            Change::State(leg, state) => on(conversation, leg, |leg| leg.state = state.clone()),
            Change::Schedule(leg, due) => on(conversation, leg, |leg| {
                leg.scheduled = Some(*due);
                leg.state = CommunicationState::Scheduled;
            }),
            Change::Work(leg) => on(conversation, leg, |leg| {
                let state = AfterCallWorkState::Pending;
                leg.after_call_work = Some(AfterCallWork { state, start: Some(at), end: None });
            }),
            Change::WorkDone(leg) => on(conversation, leg, |leg| {
                let start = leg.after_call_work.and_then(|work| work.start);
                leg.after_call_work = Some(AfterCallWork { state: AfterCallWorkState::Over, start, end: Some(at) });
            }),
            Change::Hold(leg, held) => on(conversation, leg, |leg| leg.held = *held),
            Change::Transfer(state) => conversation.transfers = vec![Transfer { state: *state, issued: Some(at) }],
            Change::Consult(leg, other) => {
                of(conversation, leg, |one| one.consult_participant_id = Some((*other).to_owned()));
            }
            Change::ConsultElsewhere => conversation.consultations = vec!["elsewhere".to_owned()],
            Change::Supervise(leg, other) => {
                of(conversation, leg, |one| one.supervised_participant_id = Some((*other).to_owned()));
            }
            Change::End => conversation.end = Some(at),
            Change::Reopen => conversation.end = None,
            Change::Write | Change::Truth(_) => {}
        }
        self.history.push((at, Rc::clone(&self.now)));
    }

    /// Somebody comes, with an agent: it is alive. An email or message may be idle from then on.
    pub fn come_to_life(&mut self, at: Timestamp, idle_for: Option<SignedDuration>) {
        if self.life == Life::Live {
            return;
        }
        let media = self.now.legs().find_map(|leg| leg.communication.media).unwrap_or(Media::Voice);
        let state = CommunicationState::Active("connected");
        for (leg, purpose) in [("customer in between", Purpose::Customer), ("agent in between", Purpose::Agent)] {
            self.change(&Change::Open { leg, purpose, media, state: state.clone() }, at);
        }
        let rests = Life::Dead { since: at, after: idle_for };
        self.change(&Change::Truth(if media.may_rest() { rests } else { Life::Live }), at);
        self.came_to_life |= !self.torn_down;
    }

    /// Genesys Cloud tears it down. What a teardown by half leaves may be asked for again after so long.
    pub fn tear_down(&mut self, at: Timestamp, again_after: SignedDuration) {
        if self.now.end.is_some() || self.teardown == Teardown::Never {
            return;
        }
        self.torn_down = true;
        let half = self.teardown == Teardown::HalfDone && self.now.open_legs().next().is_some();
        let conversation = Rc::make_mut(&mut self.now);
        for leg in conversation.participants.iter_mut().flat_map(|one| &mut one.communications) {
            if leg.disconnected.is_none() {
                leg.disconnected = Some(at);
                leg.state = CommunicationState::Disconnected;
            }
            leg.after_call_work = None;
        }
        conversation.newest_timestamp = Some(at);
        // What is scheduled or on its way to somebody else speaks for life, whoever has gone.
        let is_scheduled = conversation.legs().any(|leg| leg.communication.scheduled.is_some_and(|due| due > at));
        let is_transferred = conversation.transfers.iter().any(|transfer| transfer.state != TransferState::Over);
        if half {
            let after = (!is_scheduled && !is_transferred).then_some(again_after);
            self.life = Life::Dead { since: at, after };
        } else {
            conversation.end = Some(at);
        }
        self.history.push((at, Rc::clone(&self.now)));
    }
}

fn on(conversation: &mut Conversation, leg: &str, change: impl Fn(&mut Communication)) {
    let legs = conversation.participants.iter_mut().flat_map(|one| &mut one.communications);
    legs.filter(|one| one.id == leg).for_each(change);
}

fn of(conversation: &mut Conversation, participant: &str, change: impl Fn(&mut Participant)) {
    conversation.participants.iter_mut().filter(|one| one.id == participant).for_each(change);
}

fn close(conversation: &mut Conversation, leg: &str, state_tells: bool, at: Timestamp) {
    on(conversation, leg, |leg| {
        leg.disconnected = Some(at);
        if state_tells {
            leg.state = CommunicationState::Disconnected;
        }
        leg.disconnect_type = Some("peer".to_owned());
    });
}

fn participant(id: &str, purpose: Purpose, media: Media, state: CommunicationState, at: Timestamp) -> Participant {
    let queue_id = (purpose == Purpose::Acd).then(|| "queue".to_owned());
    let communication = Communication {
        id: id.to_owned(),
        media: Some(media),
        start_alerting: (state == CommunicationState::Alerting).then_some(at),
        connected: (state != CommunicationState::Alerting).then_some(at),
        state,
        direction: None,
        provider: Some(if media == Media::Email { "Salesforce" } else { "Edge" }.to_owned()),
        held: false,
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
    };
    Participant {
        id: id.to_owned(),
        purpose,
        user_id: None,
        queue_id,
        start: Some(at),
        connected: Some(at),
        end: None,
        consult_participant_id: None,
        supervised_participant_id: None,
        after_call_work_start: None,
        after_call_work_end: None,
        alerting_timeout: None,
        communications: vec![communication],
    }
}
