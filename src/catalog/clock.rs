//! The time that is certain, and what is noted or removed by it.

use std::time::Duration;

use super::row::params;
use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{CertainTime, Reading, Timestamp};

impl ReadTx<'_> {
    /// The time that was certain when upkeep last read the clocks.
    pub fn certain_time(&self) -> Result<Option<CertainTime>, CatalogError> {
        self.one("SELECT certain_at, wall_at, running_ms, agreed_ms FROM clock", [], |row| {
            let last = Reading { wall: Timestamp(row.get(1)?), running: Duration::from_millis(row.get(2)?) };
            let (time, agreed) = (Timestamp(row.get(0)?), Duration::from_millis(row.get(3)?));
            Ok(CertainTime { last, time, agreed })
        })
    }

    /// When something begins that will be over some day: `now`, but not before the time that was certain. Under a
    /// clock that is behind it would be over as soon as the clock is right again.
    pub fn not_before_certain(&self, now: Timestamp) -> Result<Timestamp, CatalogError> {
        Ok(self.certain_time()?.map_or(now, |certain| now.max(certain.time)))
    }

    /// By when something is over that then goes for good: `now`, but not after the time that was certain.
    pub fn not_after_certain(&self, now: Timestamp) -> Result<Timestamp, CatalogError> {
        Ok(self.certain_time()?.map_or(now, |certain| now.min(certain.now())))
    }
}

impl WriteTx<'_> {
    /// Notes the time that is certain.
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
