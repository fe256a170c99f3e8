//! The time zone of an office: the only place that turns points in time into local ones.

use std::fmt;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Timestamp;

/// The zone of an office that names none, on a machine that has none or UTC.
const USUAL: &str = "Europe/Berlin";

/// A time zone of the system's database (IANA), such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// Why a text names no zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no time zone that this machine knows; use a name such as Europe/Berlin")]
pub struct ZoneError(String);

/// A day of the calendar, in no zone yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(Date);

/// A point in time as the clocks of a zone show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Year, such as 2026.
    pub year: i16,
    /// Month from 1 to 12.
    pub month: i8,
    /// Day of the month, from 1.
    pub day: i8,
    /// Hour from 0 to 23.
    pub hour: i8,
    /// Minute from 0 to 59.
    pub minute: i8,
    /// Days since Monday, from 0 to 6.
    pub weekday: i8,
    /// Short name of the zone then, such as `CET` or `CEST`.
    pub abbreviation: String,
}

impl Zone {
    /// The zone of this name. Reads the system's database.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let rules = TimeZone::get(name).map_err(|_| ZoneError(name.to_owned()))?;
        // Names are found in any capitals.
        let name = rules.iana_name().unwrap_or(name).to_owned();
        Ok(Self { name, rules })
    }

    /// The zone of this machine. Many servers run in UTC, in which no office works: then, and on a machine without a zone,
    /// it is `Europe/Berlin`, or UTC if the machine has no database of zones.
    pub fn of_system() -> Self {
        let system = TimeZone::try_system().ok();
        let named = system.and_then(|zone| zone.iana_name().map(str::to_owned));
        let chosen = named.filter(|name| !matches!(name.as_str(), "UTC" | "Etc/UTC" | "Etc/Unknown"));
        let zone = chosen.and_then(|name| Self::parse(&name).ok()).or_else(|| Self::parse(USUAL).ok());
        zone.unwrap_or_else(Self::utc)
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// Its name in the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local time at `time`; for a time outside of the calendar, the nearest within it.
    pub fn local(&self, time: Timestamp) -> LocalTime {
        let moment = instant(time);
        let local = self.rules.to_datetime(moment);
        LocalTime {
            year: local.year(),
            month: local.month(),
            day: local.day(),
            hour: local.hour(),
            minute: local.minute(),
            weekday: local.weekday().to_monday_zero_offset(),
            abbreviation: self.rules.to_offset_info(moment).abbreviation().to_owned(),
        }
    }

    /// The day that the calendar shows at `time`.
    pub fn day(&self, time: Timestamp) -> Day {
        Day(self.rules.to_datetime(instant(time)).date())
    }

    /// The first moment of the day after `day`.
    pub fn end_of(&self, day: Day) -> Timestamp {
        let next = day.0.tomorrow().unwrap_or(Date::MAX);
        let start = self.rules.to_timestamp(next.at(0, 0, 0, 0));
        // Some zones skip midnight; then the day begins after the gap.
        start.map_or(Timestamp(i64::MAX), |start| Timestamp(start.as_millisecond()))
    }

    /// The time at which the clocks show this minute of a day, from 0; in a gap of the clocks, after it.
    pub fn at(&self, day: Day, minute: u16) -> Timestamp {
        let (hour, minute) = (minute / 60, minute % 60);
        let [hour, minute] = [hour.min(23), minute].map(|part| i8::try_from(part).unwrap_or_default());
        let time = self.rules.to_timestamp(day.0.at(hour, minute, 0, 0));
        time.map_or(Timestamp(i64::MAX), |time| Timestamp(time.as_millisecond()))
    }

    /// The last day that is over at `end`, for links and requests that end with it.
    pub fn last_day(&self, end: Timestamp) -> Day {
        let Day(of_end) = self.day(end);
        Day(of_end.yesterday().unwrap_or(Date::MIN))
    }

    /// The first time after `time` at which the clocks show `hour` and it is this weekday (days since Monday), or any day
    /// without one.
    pub fn next(&self, time: Timestamp, weekday: Option<i8>, hour: i8) -> Timestamp {
        let mut date = self.rules.to_datetime(instant(time)).date();
        // A week and a day: today may be the weekday, with the hour past.
        for _ in 0..9 {
            let is_day = weekday.is_none_or(|weekday| date.weekday().to_monday_zero_offset() == weekday);
            let at = self
                .rules
                .to_timestamp(date.at(hour.clamp(0, 23), 0, 0, 0))
                .map(jiff::Timestamp::as_millisecond);
            match at {
                Ok(at) if is_day && at > time.0 => return Timestamp(at),
                _ => date = date.tomorrow().unwrap_or(Date::MAX),
            }
        }
        Timestamp(i64::MAX)
    }
}

fn instant(time: Timestamp) -> jiff::Timestamp {
    let bound = if time.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(time.0).unwrap_or(bound)
}

impl Day {
    /// The day of this year, month and day of the month; `None` if the calendar has none.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self)
    }

    /// Parses `2030-12-31`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        is_date.then(|| text.parse().ok().map(Self))?
    }

    /// The day that comes `span` later, in whole days, or the last one of the calendar.
    pub fn after(self, span: Duration) -> Self {
        let days = i64::try_from(span.as_secs() / 86_400).unwrap_or(i64::MAX);
        let later = jiff::Span::new().try_days(days).and_then(|days| self.0.checked_add(days));
        Self(later.unwrap_or(Date::MAX))
    }

    /// The day that is this number of days later, or with a negative number earlier; the nearest one of the calendar.
    pub fn shifted(self, days: i64) -> Self {
        let limit = if days < 0 { Date::MIN } else { Date::MAX };
        let shifted = jiff::Span::new().try_days(days).and_then(|days| self.0.checked_add(days));
        Self(shifted.unwrap_or(limit))
    }

    /// Days since Monday, from 0 to 6.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_zero_offset()
    }

    /// Number of days until `later`; negative if that is earlier.
    pub fn days_until(self, later: Self) -> i64 {
        self.0.until(later.0).map_or(0, |span| i64::from(span.get_days()))
    }

    /// Year, month from 1, day of the month from 1.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Display for Day {
    /// `2030-12-31`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone::parse("europe/berlin").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn clocks_show_summer_and_winter_time() {
        assert_eq!(berlin().name(), "Europe/Berlin");
        for (time, hour, abbreviation) in [
            ("2026-03-29T00:59:00Z", 1, "CET"),
            ("2026-03-29T01:00:00Z", 3, "CEST"),
            ("2026-10-25T00:59:00Z", 2, "CEST"),
            ("2026-10-25T01:00:00Z", 2, "CET"),
        ] {
            let local = berlin().local(at(time));
            assert_eq!((local.hour, local.abbreviation.as_str()), (hour, abbreviation), "{time}");
        }
        // Beyond the calendar.
        assert_eq!(berlin().local(Timestamp(i64::MAX)).year, 9999);
        assert!(Zone::parse("Mars/Olympus").is_err() && Zone::parse("").is_err());
    }

    /// The days on which the clocks change have 23 and 25 hours.
    #[test]
    fn days_end_at_local_midnight_also_when_the_clocks_change() {
        for (day, end) in [
            ("2026-03-28", "2026-03-28T23:00:00Z"),
            ("2026-03-29", "2026-03-29T22:00:00Z"),
            ("2026-07-31", "2026-07-31T22:00:00Z"),
            ("2026-10-24", "2026-10-24T22:00:00Z"),
            ("2026-10-25", "2026-10-25T23:00:00Z"),
            ("2026-12-31", "2026-12-31T23:00:00Z"),
        ] {
            let zone = berlin();
            let parsed = Day::parse(day).unwrap();
            assert_eq!(zone.end_of(parsed), at(end), "{day}");
            assert_eq!(zone.last_day(at(end)).to_string(), day);
            assert_eq!(zone.day(Timestamp(at(end).0 - 1)).to_string(), day);
            // A link that ended with a day in UTC is over on the day after, in the office's zone.
            assert_eq!(zone.last_day(Zone::utc().end_of(parsed)).to_string(), day);
        }
        // Midnight is skipped there.
        let santiago = Zone::parse("America/Santiago").unwrap();
        assert_eq!(santiago.end_of(Day::parse("2026-09-05").unwrap()), at("2026-09-06T04:00:00Z"));
        for wrong in ["2026-02-30", "26-02-03", "2026-2-3", "2026-02-03T", "tomorrow", ""] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_next_monday_morning_is_never_now() {
        // 2026-11-30 is a Monday.
        for (now, weekday, expected) in [
            ("2026-11-30T06:59:59Z", Some(0), "2026-11-30T07:00:00Z"),
            ("2026-11-30T07:00:00Z", Some(0), "2026-12-07T07:00:00Z"),
            ("2026-11-30T07:00:00Z", None, "2026-12-01T07:00:00Z"),
            // Into summer time.
            ("2026-03-27T12:00:00Z", Some(0), "2026-03-30T06:00:00Z"),
        ] {
            assert_eq!(berlin().next(at(now), weekday, 8), at(expected), "{now}");
        }
    }
}
