//! The steps of devices' programs, as far as their requests tell.

mod memory;
mod program;
mod sighting;

pub(super) use memory::{DeviceKey, Devices, RefusedLogin, Seen, WhyRefused};
pub(super) use program::Program;
pub(super) use sighting::{Kind, Sighting, Step, Trouble};
