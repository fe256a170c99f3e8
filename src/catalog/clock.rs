//! The certain time, and its use for recording and expiry.

use std::time::Duration;

use super::row::params;
use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{CertainTime, Reading, Timestamp};

impl ReadTx<'_> {
    /// The certain time as of upkeep's last reading of the clocks.
    pub fn certain_time(&self) -> Result<Option<CertainTime>, CatalogError> {
        self.one("SELECT certain_at, wall_at, running_ms, agreed_ms FROM clock", [], |row| {
            let last = Reading { wall: Timestamp(row.get(1)?), running: Duration::from_millis(row.get(2)?) };
            let (time, agreed) = (Timestamp(row.get(0)?), Duration::from_millis(row.get(3)?));
            Ok(CertainTime { last, time, agreed })
        })
    }

    /// The start time to record for data that expires: `now`, but not before the certain time. With a slow clock
    /// the data would otherwise expire as soon as the clock is corrected.
    pub fn not_before_certain(&self, now: Timestamp) -> Result<Timestamp, CatalogError> {
        Ok(self.certain_time()?.map_or(now, |certain| now.max(certain.time)))
    }

    /// The time by which data counts as expired and is removed permanently: `now`, but not after the certain time.
    pub fn not_after_certain(&self, now: Timestamp) -> Result<Timestamp, CatalogError> {
        Ok(self.certain_time()?.map_or(now, |certain| now.min(certain.now())))
    }
}

impl WriteTx<'_> {
    /// Stores the certain time.
    pub fn note_certain_time(&self, certain: &CertainTime) -> Result<(), CatalogError> {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let CertainTime { last, time, agreed } = *certain;
        self.execute(
            "INSERT INTO clock (id, certain_at, wall_at, running_ms, agreed_ms) VALUES (1, ?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET certain_at = ?1, wall_at = ?2, running_ms = ?3, agreed_ms = ?4",
            params![time.0, last.wall.0, millis(last.running), millis(agreed)],
        )
        .map(drop)
    }
}
