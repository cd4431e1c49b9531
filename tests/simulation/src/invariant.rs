//! What must hold whatever happens, each named once.

use std::fmt;

/// An invariant of the ghost disconnector, checked after every step of the simulation or at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// No live conversation is ever disconnected: a request is only sent after a look at which, by the simulator's own truth,
    /// nobody was there, for as long as the rule says. Unless somebody answered for it with `force: "live"`.
    NoLiveConversationDisconnected,
    /// A disconnect request is sent no later than 5 s after the look that justifies it was asked for.
    RequestOnFreshLook,
    /// A case's first attempt comes after as many looks as the policy asks for, as far apart as it says, at the very same form of
    /// the conversation. Unless somebody answered for it with `force: "live"`.
    MadeSureOf,
    /// Each attempt that a case notes is at most one request, and each request is an attempt that was noted before.
    OneRequestPerAttempt,
    /// Nothing is requested by a run that began with a policy which is no longer in force, but for what it has just decided.
    PolicyInForce,
    /// Nothing is disconnected in observe mode.
    ObserveOnlyObserves,
    /// No more requests than the breaker allows in its time, and none while it is tripped.
    BreakerHolds,
    /// A case moves only as its life allows, and each move once.
    NoCaseMovesTwice,
    /// Resolved and escalated cases never change again, unless somebody asks for what was escalated without a request.
    FinalStaysFinal,
    /// Dismissed and observed cases are not suspected again before the time noted in them.
    RestIsKept,
    /// An outcome's id always stands for the same outcome.
    OutcomeIdsRepeat,
    /// What can be looked at and disconnected is escalated only after as many attempts as the policy says, however long anything was
    /// out.
    EscalatedAfterAllAttempts,
    /// No more conversations are told of one by one for being listed after their end than the breaker allows requests in its time.
    OutOfStepIsBounded,
    /// At the end, every ghost older than its rule is resolved or escalated (in observe mode: observed).
    EveryGhostDealtWith,
    /// At the end, no case is left in between.
    NoneLeftInBetween,
    /// At the end, the world knows of every move.
    EveryMoveAnnounced,
    /// At the end, nothing in which somebody was all the time has ever been suspected, unless somebody answered for it with `force:
    /// "live"`.
    LookAlikesUntouched,
    /// A conversation that cannot be looked at is given up after a few dozen looks, and then costs one a day.
    LooksAreGivenUp,
    /// At the end, what has ended and is still listed by analytics has been told of (in observe mode: observed), or that there are too
    /// many.
    OutOfStepIsTold,
    /// A run ends before its time is up, but for what it has begun.
    RunsEnd,
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.invariant, self.what)
    }
}
