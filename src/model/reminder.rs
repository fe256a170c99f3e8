//! When recipients of a request are reminded: on days before and after its deadline, while the office works.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::holiday::is_holiday;
use super::{DailyHours, Day, Timestamp, Zone};

/// Most reminders of one request to one recipient that are planned in all.
pub const MOST_REMINDERS: u32 = 5;
/// Most days before its deadline on which a request reminds.
const MOST_DAYS: usize = 5;
/// Longest time before its deadline from which a request reminds, in days.
const LONGEST_AHEAD: u16 = 90;
/// Time from one reminder to the next after the deadline, in days.
const DAYS_APART: i64 = 7;
/// Time after which a new request may remind.
const REST: Duration = Duration::from_hours(24);
/// Days within which an office works at least once: it may work on one day of the week, and that be a holiday.
const MOST_FREE_DAYS: i64 = 22;
/// The word for no reminders.
const OFF: &str = "off";
/// The plan of a request that names none.
const USUAL: [u16; 2] = [7, 1];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The days before its deadline on which a request reminds, such as `7d,1d`. After the deadline it reminds once a
/// week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderPlan {
    /// Days before the deadline, most first; empty for no reminders at all.
    days: Vec<u16>,
}

/// When the office works, such as `Mon-Fri 08:00-18:00`; on public holidays only if it works every day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficeHours {
    /// The first weekday, from Monday as 0.
    first: i8,
    /// The last weekday, at least the first.
    last: i8,
    hours: DailyHours,
}

/// Why a text is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no plan of reminders: write up to {MOST_DAYS} numbers of days before the deadline, each at most {LONGEST_AHEAD}, \
     such as 7d,1d, or off"
)]
pub struct ParsePlanError(String);

impl ParsePlanError {
    /// This text is no plan.
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Why a text names no hours of an office.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no hours of an office: write them as Mon-Fri 08:00-18:00")]
pub struct ParseOfficeHoursError(String);

impl ReminderPlan {
    /// No reminders.
    pub fn off() -> Self {
        Self { days: Vec::new() }
    }

    /// The days before the deadline, most first; empty for no reminders at all.
    pub fn days(&self) -> &[u16] {
        &self.days
    }

    /// Whether it never reminds.
    pub fn is_off(&self) -> bool {
        self.days.is_empty()
    }

    /// The first time after `after` at which a request of this deadline reminds, and not on the day on which it was made;
    /// `None` if there is none any more. A day on which the office does not work is replaced by the one before it, and after
    /// the deadline by the one after it.
    pub fn next(
        &self,
        (made, deadline): (Timestamp, Timestamp),
        after: Timestamp,
        (hours, zone): (&OfficeHours, &Zone),
    ) -> Option<Timestamp> {
        if self.is_off() {
            return None;
        }
        let (after, last) = (after.max(made.after(REST)), zone.last_day(deadline));
        let before = self.days.iter().map(|days| (last.shifted(-i64::from(*days)), -1));
        let weekly = (1..=i64::from(MOST_REMINDERS)).map(|week| (last.shifted(week * DAYS_APART), 1));
        let times = before.chain(weekly).map(|(day, step)| hours.begin(hours.workday(day, step, zone), zone));
        times.filter(|time| *time > after).min()
    }
}

impl Default for ReminderPlan {
    /// A week and a day before the deadline.
    fn default() -> Self {
        Self { days: USUAL.to_vec() }
    }
}

impl FromStr for ReminderPlan {
    type Err = ParsePlanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == OFF {
            return Ok(Self::off());
        }
        let parse = |part: &str| {
            let digits = part.trim().strip_suffix('d')?;
            let days: u16 = digits.parse().ok()?;
            (days.to_string() == digits && days <= LONGEST_AHEAD).then_some(days)
        };
        let days: Option<Vec<u16>> = text.split(',').map(parse).collect();
        let mut days = days.ok_or_else(|| ParsePlanError(text.to_owned()))?;
        days.sort_unstable_by(|one, other| other.cmp(one));
        days.dedup();
        if days.len() > MOST_DAYS { Err(ParsePlanError(text.to_owned())) } else { Ok(Self { days }) }
    }
}

impl fmt::Display for ReminderPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_off() {
            return f.write_str(OFF);
        }
        let days: Vec<_> = self.days.iter().map(|days| format!("{days}d")).collect();
        f.write_str(&days.join(","))
    }
}

impl OfficeHours {
    /// Whether the office works at this time.
    pub fn contain(self, time: Timestamp, zone: &Zone) -> bool {
        let local = zone.local(time);
        let minute = u16::try_from(i16::from(local.hour) * 60 + i16::from(local.minute)).unwrap_or_default();
        self.is_workday(zone.day(time), zone) && self.hours.contain(minute)
    }

    /// The next time after `time` at which the office begins to work.
    pub fn next_begin(self, time: Timestamp, zone: &Zone) -> Timestamp {
        let today = zone.day(time);
        let days = [today, today.shifted(1)].map(|day| self.begin(self.workday(day, 1, zone), zone));
        days.into_iter().find(|begin| *begin > time).unwrap_or(time)
    }

    /// The beginning of the next workday after that of `time`.
    pub fn next_workday(self, time: Timestamp, zone: &Zone) -> Timestamp {
        self.begin(self.workday(zone.day(time).shifted(1), 1, zone), zone)
    }

    /// The first and the last weekday, from Monday as 0.
    pub fn weekdays(self) -> (i8, i8) {
        (self.first, self.last)
    }

    /// The hours of each of these days.
    pub fn daily(self) -> DailyHours {
        self.hours
    }

    fn is_workday(self, day: Day, zone: &Zone) -> bool {
        let works_every_day = self.first == 0 && self.last == 6;
        (self.first..=self.last).contains(&day.weekday()) && (works_every_day || !is_holiday(day, zone))
    }

    /// The nearest workday from this day on, in steps of this number of days.
    fn workday(self, day: Day, step: i64, zone: &Zone) -> Day {
        let mut days = (0..MOST_FREE_DAYS).map(|steps| day.shifted(steps * step));
        days.find(|day| self.is_workday(*day, zone)).unwrap_or(day)
    }

    fn begin(self, day: Day, zone: &Zone) -> Timestamp {
        zone.at(day, self.hours.begin())
    }
}

impl Default for OfficeHours {
    /// Monday to Friday, 8 to 18 o'clock.
    fn default() -> Self {
        Self { first: 0, last: 4, hours: DailyHours::within_a_day(8, 18) }
    }
}

impl FromStr for OfficeHours {
    type Err = ParseOfficeHoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let weekday = |name: &str| {
            let at = WEEKDAYS.iter().position(|known| *known == name)?;
            i8::try_from(at).ok()
        };
        let parse = || {
            let (days, hours) = text.split_once(' ')?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (first, last, hours) = (weekday(first)?, weekday(last)?, hours.parse::<DailyHours>().ok()?);
            (first <= last && !hours.pass_midnight()).then_some(Self { first, last, hours })
        };
        parse().ok_or_else(|| ParseOfficeHoursError(text.to_owned()))
    }
}

impl TryFrom<String> for OfficeHours {
    type Error = ParseOfficeHoursError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<OfficeHours> for String {
    fn from(hours: OfficeHours) -> Self {
        hours.to_string()
    }
}

impl fmt::Display for OfficeHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |weekday: i8| {
            let at = usize::try_from(weekday).unwrap_or_default();
            WEEKDAYS.get(at).copied().unwrap_or_default()
        };
        match self.first == self.last {
            true => write!(f, "{} {}", name(self.first), self.hours),
            false => write!(f, "{}-{} {}", name(self.first), name(self.last), self.hours),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone::parse("Europe/Berlin").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// All times at which a plan reminds of a request that was made at this time.
    fn times(plan: &str, made: &str, deadline: &str) -> Vec<String> {
        let (plan, hours, zone): (ReminderPlan, _, _) =
            (plan.parse().unwrap(), OfficeHours::default(), berlin());
        let dates = (at(made), zone.end_of(Day::parse(deadline).unwrap()));
        let mut times = Vec::new();
        let mut after = at(made);
        while let Some(next) = plan.next(dates, after, (&hours, &zone)) {
            assert!(next > after && hours.contain(next, &zone));
            times.push(next.to_string());
            after = next;
        }
        times
    }

    #[test]
    fn a_request_reminds_before_its_deadline_and_weekly_after_it_on_workdays() {
        // A Thursday as the deadline; the clocks change on 29 March.
        assert_eq!(
            times("7d,1d", "2026-03-02T10:00:00Z", "2026-03-26"),
            [
                "2026-03-19T07:00:00Z",
                "2026-03-25T07:00:00Z",
                "2026-04-02T06:00:00Z",
                "2026-04-09T06:00:00Z",
                "2026-04-16T06:00:00Z",
                "2026-04-23T06:00:00Z",
                "2026-04-30T06:00:00Z",
            ]
        );
        // A Sunday: the days before it are Sunday and Saturday, those after it are Sundays.
        let sunday = times("7d,1d", "2026-11-01T10:00:00Z", "2026-11-29");
        assert_eq!(sunday[..3], ["2026-11-20T07:00:00Z", "2026-11-27T07:00:00Z", "2026-12-07T07:00:00Z"]);
        // Two days that fall on one workday remind once.
        assert_eq!(
            times("3d,2d", "2026-11-01T10:00:00Z", "2026-11-30")[..2],
            ["2026-11-27T07:00:00Z", "2026-12-07T07:00:00Z"]
        );
        // A request made yesterday noon does not remind this morning.
        assert_eq!(times("7d,1d", "2026-11-23T11:00:00Z", "2026-12-01")[0], "2026-11-30T07:00:00Z");
        assert_eq!(times("1d", "2026-11-30T11:00:00Z", "2026-12-02")[0], "2026-12-09T07:00:00Z");
        assert_eq!(times("0d", "2026-11-01T10:00:00Z", "2026-11-30")[0], "2026-11-30T07:00:00Z");
        // Christmas on Friday and Saturday, before a deadline on Sunday.
        let christmas = times("7d,1d", "2026-12-01T10:00:00Z", "2026-12-27");
        assert_eq!(christmas[..3], ["2026-12-18T07:00:00Z", "2026-12-24T07:00:00Z", "2027-01-04T07:00:00Z"]);
        let every_day: OfficeHours = "Mon-Sun 00:00-24:00".parse().unwrap();
        assert!(every_day.contain(at("2026-12-25T10:00:00Z"), &berlin()));
        assert!(!OfficeHours::default().contain(at("2026-12-25T10:00:00Z"), &berlin()));
        assert!(times("off", "2026-11-01T10:00:00Z", "2026-11-30").is_empty());
    }

    #[test]
    fn plans_and_hours_are_written_as_they_are_read() {
        for (text, written) in
            [("7d,1d", "7d,1d"), (" 1d, 14d ,1d", "14d,1d"), ("off", "off"), ("90d", "90d")]
        {
            assert_eq!(text.parse::<ReminderPlan>().unwrap().to_string(), written);
        }
        assert_eq!(ReminderPlan::default().to_string(), "7d,1d");
        for wrong in ["", "7", "7d,", "-1d", "07d", "91d", "d", "6d,5d,4d,3d,2d,1d", "on"] {
            assert!(wrong.parse::<ReminderPlan>().is_err(), "{wrong}");
        }
        for text in ["Mon-Fri 08:00-18:00", "Sat 09:30-12:00", "Mon-Sun 00:00-24:00"] {
            assert_eq!(text.parse::<OfficeHours>().unwrap().to_string(), text);
        }
        assert_eq!(OfficeHours::default().to_string(), "Mon-Fri 08:00-18:00");
        for wrong in
            ["", "Mon-Fri", "08:00-18:00", "Fri-Mon 08:00-18:00", "Mo-Fr 08:00-18:00", "Mon 22:00-06:00"]
        {
            assert!(wrong.parse::<OfficeHours>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_office_works_by_its_own_clocks() {
        let (hours, zone) = (OfficeHours::default(), berlin());
        for (time, works) in [
            ("2026-11-30T06:59:59Z", false),
            ("2026-11-30T07:00:00Z", true),
            ("2026-11-30T16:59:59Z", true),
            ("2026-11-30T17:00:00Z", false),
            ("2026-11-29T10:00:00Z", false),
        ] {
            assert_eq!(hours.contain(at(time), &zone), works, "{time}");
        }
        for (time, begin) in [
            ("2026-11-30T06:59:59Z", "2026-11-30T07:00:00Z"),
            ("2026-11-30T07:00:00Z", "2026-12-01T07:00:00Z"),
            ("2026-11-27T17:00:00Z", "2026-11-30T07:00:00Z"),
        ] {
            assert_eq!(hours.next_begin(at(time), &zone), at(begin), "{time}");
        }
        assert_eq!(hours.next_workday(at("2026-11-27T10:00:00Z"), &zone), at("2026-11-30T07:00:00Z"));
    }
}
