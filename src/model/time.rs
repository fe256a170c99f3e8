//! Points in time, passed as parameters rather than read.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// The end of the year 9999, which is the end of RFC 3339, in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;

/// Milliseconds since 1970-01-01 00:00:00 UTC. Never a local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The earliest modification time of a file: the Nextcloud desktop client refuses 0 and below.
    pub const EARLIEST_MTIME: Self = Self(1_000);

    /// Reads the wall clock. Only the request edge, the command line and `app` may call this.
    pub fn now() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        Self::from_system(SystemTime::now())
    }

    /// Converts whole seconds since the epoch; saturates far outside any calendar.
    pub fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000))
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Converts from the standard library's clock type.
    pub fn from_system(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => Self(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms)),
        }
    }

    /// Converts for formatting libraries; times before the epoch become the epoch.
    pub fn to_system(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// This time plus `span`; saturates.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This time minus `span`.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Time from `earlier` to this one; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Clamped to a modification time that every client accepts.
    pub fn as_mtime(self) -> Self {
        self.max(Self::EARLIEST_MTIME)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, to the second, as in everything that people and scripts read: `2026-11-21T20:26:14Z`. Times
    /// after the year 9999 show its last second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        let moment = OffsetDateTime::from_unix_timestamp(self.as_secs().clamp(0, LAST_SECOND));
        f.write_str(&moment.map_err(|_| fmt::Error)?.format(&format).map_err(|_| fmt::Error)?)
    }
}

/// Why a text is not a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as in RFC 3339, such as 2026-11-21T20:26:14Z")]
pub struct ParseTimestampError;

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ParseTimestampError)?;
        Ok(Self::from_secs(moment.unix_timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_and_read_as_rfc_3339() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_292_774_999, "2026-11-21T20:26:14Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (-1, "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(Timestamp(milliseconds).to_string(), text);
        }
        assert_eq!("2026-11-21T21:26:14+01:00".parse(), Ok(Timestamp(1_795_292_774_000)));
        assert_eq!("21.11.2026".parse::<Timestamp>(), Err(ParseTimestampError));
    }

    #[test]
    fn times_before_1970_do_not_wrap() {
        let before = UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(Timestamp::from_system(before).as_secs(), -5);
        assert_eq!(Timestamp(-5_000).to_system(), UNIX_EPOCH);
        assert_eq!(Timestamp(-5_000).as_mtime(), Timestamp::EARLIEST_MTIME);
    }
}
