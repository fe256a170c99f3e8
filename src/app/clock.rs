//! Reads both clocks.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::model::{Reading, Timestamp};

/// Reads the wall clock and the machine's uptime.
pub(super) fn read() -> Reading {
    let running = clock_gettime(ClockId::Boottime);
    let (secs, nanos) = (u64::try_from(running.tv_sec), u32::try_from(running.tv_nsec));
    let running = Duration::new(secs.unwrap_or_default(), nanos.unwrap_or_default());
    Reading { wall: Timestamp::now(), running }
}
