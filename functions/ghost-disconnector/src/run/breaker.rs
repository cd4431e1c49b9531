//! The breaker as all runs share it.

use super::Run;
use crate::announce;
use jiff::Timestamp;

use crate::breaker::{Breaker, Decision, Permit};
use crate::case::Case;
use crate::ports::{PortError, Ports, Register, RegisterValue};

/// Runs that ask at the same moment try again; so many at once there never are.
const TRIES: u32 = 5;

impl<P: Ports> Run<'_, P> {
    /// Whether the breaker is tripped. If the world does not know yet, it is told.
    pub(super) async fn is_tripped(&self) -> Result<bool, PortError> {
        let (breaker, version) = read(self.ports).await?;
        let Some(trip) = breaker.tripped() else { return Ok(false) };
        if !trip.announced {
            self.announce(breaker, version).await?;
        }
        Ok(true)
    }

    /// Leave for one disconnect request of the case. Nothing may be requested without [`Decision::Granted`].
    pub(super) async fn permit(&self, case: &Case, now: Timestamp) -> Result<Decision, PortError> {
        let permit = case.permit(now);
        for _ in 0..TRIES {
            let (mut breaker, version) = read(self.ports).await?;
            let limit = &self.policy.breaker;
            let decision = breaker.request(limit, &case.conversation_id, &permit);
            if decision == Decision::Tripped {
                return Ok(decision);
            }
            if write(self.ports, version, &breaker).await? {
                if decision == Decision::Trips {
                    self.count(|counts| counts.breaker_tripped = true);
                    tracing::error!("the breaker has tripped: nothing more is disconnected until it is reset");
                    self.announce(breaker, version + 1).await?;
                }
                return Ok(decision);
            }
        }
        Err(PortError::new("taking a disconnect permit", "others kept changing the breaker"))
    }

    /// Gives back what was not used: nothing was sent. A permit that is not given back counts as used, which errs on the safe side.
    pub(super) async fn give_back(&self, permit: &Permit) -> Result<(), PortError> {
        for _ in 0..TRIES {
            let (mut breaker, version) = read(self.ports).await?;
            if !breaker.give_back(permit) || write(self.ports, version, &breaker).await? {
                break;
            }
        }
        Ok(())
    }

    /// Tells the world of the trip, then notes that it knows. A run that dies in between leaves it to the next.
    async fn announce(&self, mut breaker: Breaker, version: u64) -> Result<(), PortError> {
        let Some(trip) = breaker.tripped() else { return Ok(()) };
        self.ports.put_outcomes(vec![announce::of_trip(trip)]).await?;
        breaker.announced();
        write(self.ports, version, &breaker).await.map(|_| ())
    }
}

/// The breaker, and the version of it that was read. One that cannot be read stops everything, as it should.
pub(super) async fn read<P: Ports>(ports: &P) -> Result<(Breaker, u64), PortError> {
    let RegisterValue { json, version } = ports.read_register(Register::Breaker).await?;
    let breaker = json.map_or_else(|| Ok(Breaker::default()), |json| serde_json::from_str(&json));
    let unreadable = |error: serde_json::Error| PortError::new("reading the breaker", error.to_string());
    breaker.map(|breaker| (breaker, version)).map_err(unreadable)
}

/// Writes the breaker if nobody has since it was read.
pub(super) async fn write<P: Ports>(ports: &P, seen_version: u64, breaker: &Breaker) -> Result<bool, PortError> {
    let unwritable = |error: serde_json::Error| PortError::new("writing the breaker", error.to_string());
    let json = serde_json::to_string(breaker).map_err(unwritable)?;
    ports.write_register(Register::Breaker, seen_version, json).await
}
