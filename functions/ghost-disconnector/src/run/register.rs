//! Small values that all runs share: read, changed, and written back if nobody has meanwhile.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::{PortError, Ports, Register, RegisterValue};

/// Runs that write at the same moment try again; so many at once there never are.
pub(super) const TRIES: u32 = 5;

/// What the register holds, and the version of it that was read. One that cannot be read stops everything, as it should.
pub(super) async fn read<P: Ports, T: Default + DeserializeOwned>(
    ports: &P,
    register: Register,
) -> Result<(T, u64), PortError> {
    let RegisterValue { json, version } = ports.read_register(register).await?;
    let value = json.map_or_else(|| Ok(T::default()), |json| serde_json::from_str(&json));
    value.map(|value| (value, version)).map_err(|error| PortError::new("reading a register", error.to_string()))
}

/// Writes the register if nobody has since it was read.
pub(super) async fn write<P: Ports>(
    ports: &P,
    register: Register,
    seen_version: u64,
    value: &impl Serialize,
) -> Result<bool, PortError> {
    let json = serde_json::to_string(value);
    let json = json.map_err(|error| PortError::new("writing a register", error.to_string()))?;
    ports.write_register(register, seen_version, json).await
}

/// Changes what the register holds, whoever else does at the same time.
pub(super) async fn change<P: Ports, T: Default + DeserializeOwned + Serialize>(
    ports: &P,
    register: Register,
    change: impl Fn(&mut T),
) -> Result<(), PortError> {
    for _ in 0..TRIES {
        let (mut value, version) = read::<P, T>(ports, register).await?;
        change(&mut value);
        if write(ports, register, version, &value).await? {
            return Ok(());
        }
    }
    Err(PortError::new("changing a register", "others kept changing it"))
}
