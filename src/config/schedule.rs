//! Work that the server does by itself, and how long it keeps snapshots and events: the parts `[scrub]`,
//! `[snapshots]` and `[events]`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ConfigError;

/// When and how fast the server verifies all stored data by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scrub {
    /// Days from the end of one verification to the start of the next, up to 3,650; 0 for never.
    pub every_days: u32,
    /// Most bytes read per second; at least 65,536.
    pub bytes_per_second: u64,
}

impl Default for Scrub {
    fn default() -> Self {
        Self { every_days: 30, bytes_per_second: 20 << 20 }
    }
}

impl Scrub {
    pub(super) fn check(self) -> Result<(), ConfigError> {
        if self.every_days > 3_650 {
            let (key, value) = ("every_days", u64::from(self.every_days));
            return Err(ConfigError::Scrub { key, value, allowed: "0 (never) to 3650" });
        }
        if self.bytes_per_second < 65_536 {
            let (key, value) = ("bytes_per_second", self.bytes_per_second);
            return Err(ConfigError::Scrub { key, value, allowed: "at least 65536" });
        }
        Ok(())
    }
}

/// Sealed snapshots of the catalogue.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSnapshots {
    /// Hours between two snapshots, up to a year; 0 makes them on request only.
    pub every_hours: u32,
    /// Number of newest snapshots that are kept; at least 1.
    pub keep: u32,
}

impl Default for RawSnapshots {
    fn default() -> Self {
        Self { every_hours: 24, keep: 14 }
    }
}

/// When snapshots are made and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSchedule {
    /// Time between two snapshots; `None` makes them on request only.
    pub every: Option<Duration>,
    /// Number of newest snapshots that are kept.
    pub keep: usize,
}

impl RawSnapshots {
    pub(super) fn check(self) -> Result<SnapshotSchedule, ConfigError> {
        /// Longest time between two snapshots, in hours.
        const YEAR_HOURS: u32 = 8_784;
        /// Most snapshots that may be kept.
        const MOST_KEPT: u32 = 10_000;
        if self.every_hours > YEAR_HOURS {
            return Err(ConfigError::Snapshots { key: "every_hours", least: 0, most: YEAR_HOURS });
        }
        if !(1..=MOST_KEPT).contains(&self.keep) {
            return Err(ConfigError::Snapshots { key: "keep", least: 1, most: MOST_KEPT });
        }
        let every = (self.every_hours > 0).then(|| Duration::from_hours(self.every_hours.into()));
        Ok(SnapshotSchedule { every, keep: self.keep as usize })
    }
}

/// How long events are kept.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawEvents {
    /// Days for which an event is kept: 1 to 36,500.
    pub keep_days: u32,
}

impl Default for RawEvents {
    fn default() -> Self {
        Self { keep_days: 400 }
    }
}

impl RawEvents {
    pub(super) fn check(self) -> Result<Duration, ConfigError> {
        match self.keep_days {
            days @ 1..=36_500 => Ok(Duration::from_hours(24 * u64::from(days))),
            _ => Err(ConfigError::Events),
        }
    }
}
