//! The breaker as all runs share it; and the same once more for what is told without being disconnected.

use jiff::Timestamp;

use super::{Run, register};
use crate::announce;
use crate::breaker::{Breaker, Decision, Permit};
use crate::case::Case;
use crate::ports::{PortError, Ports, Register};

use register::TRIES;

impl<P: Ports> Run<'_, P> {
    /// Whether the breaker is tripped. If the world does not know yet, it is told.
    pub(super) async fn is_tripped(&self) -> Result<bool, PortError> {
        let (breaker, version) = register::read::<P, Breaker>(self.ports, Register::Breaker).await?;
        let is_tripped = breaker.tripped().is_some();
        self.announce(Register::Breaker, breaker, version).await?;
        Ok(is_tripped)
    }

    /// Leave for one disconnect request of the case. Nothing may be requested without [`Decision::Granted`].
    pub(super) async fn permit(&self, case: &Case, now: Timestamp) -> Result<Decision, PortError> {
        let decision = self.ask(Register::Breaker, case, now).await?;
        if decision == Decision::Trips {
            self.count(|counts| counts.breaker_tripped = true);
            tracing::error!("the breaker has tripped: nothing more is disconnected until it is reset");
        }
        Ok(decision)
    }

    /// Whether one more that has ended and is still listed may be told of by itself: as many as may be disconnected, in the same
    /// time. The first beyond that is told as a sign of something larger, and the others rest.
    pub(super) async fn may_be_told(&self, case: &Case, now: Timestamp) -> Result<bool, PortError> {
        let decision = self.ask(Register::OutOfStep, case, now).await?;
        Ok(matches!(decision, Decision::Granted { .. }))
    }

    /// Gives back what was not used: nothing was sent. A permit that is not given back counts as used, which errs on the safe side.
    pub(super) async fn give_back(&self, permit: &Permit) -> Result<(), PortError> {
        for _ in 0..TRIES {
            let (mut breaker, version) = register::read::<P, Breaker>(self.ports, Register::Breaker).await?;
            if !breaker.give_back(permit) || register::write(self.ports, Register::Breaker, version, &breaker).await? {
                break;
            }
        }
        Ok(())
    }

    async fn ask(&self, register: Register, case: &Case, now: Timestamp) -> Result<Decision, PortError> {
        let permit = case.permit(now);
        let limit = &self.policy.breaker;
        for _ in 0..TRIES {
            let (mut breaker, version) = register::read::<P, Breaker>(self.ports, register).await?;
            if register == Register::OutOfStep {
                breaker.recover(limit, now);
            }
            let decision = breaker.request(limit, &case.conversation_id, &permit);
            if decision == Decision::Tripped {
                self.announce(register, breaker, version).await?;
                return Ok(decision);
            }
            if register::write(self.ports, register, version, &breaker).await? {
                self.announce(register, breaker, version + 1).await?;
                return Ok(decision);
            }
        }
        Err(PortError::new("taking a permit", "others kept changing the breaker"))
    }

    /// Tells the world of a trip that it does not know of, then notes that it knows. A run that dies in between leaves it to the next.
    async fn announce(&self, register: Register, mut breaker: Breaker, version: u64) -> Result<(), PortError> {
        let Some(trip) = breaker.tripped().filter(|trip| !trip.announced) else { return Ok(()) };
        let outcome =
            if register == Register::OutOfStep { announce::of_many_out_of_step(trip) } else { announce::of_trip(trip) };
        self.ports.put_outcomes(vec![outcome]).await?;
        breaker.announced();
        register::write(self.ports, register, version, &breaker).await.map(drop)
    }
}
