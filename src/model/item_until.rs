//! The end of an item of a request, before the end of the request is known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Day;

/// Longest time before the deadline of its request at which an item is due, in days.
pub const MOST_DAYS_BEFORE: u16 = 366;

/// The end of an item: a number of days before the deadline, written `14d`, or a day, written `2026-11-15`.
///
/// A template counts days, because it is used every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ItemUntil {
    /// This number of days before the deadline of its request, from 1 to [`MOST_DAYS_BEFORE`].
    DaysBefore(u16),
    /// This day, as the last one.
    On(Day),
}

/// Why a text says no time of an item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no time of an item: write a day such as 2026-11-15, or days before the deadline, from 1d to {MOST_DAYS_BEFORE}d"
)]
pub struct ParseItemUntilError(String);

impl ItemUntil {
    /// The last day for a request that is made `today` and has this deadline. `None` for days before a missing
    /// deadline, and for days that are over.
    pub fn day(self, deadline: Option<Day>, today: Day) -> Option<Day> {
        match self {
            Self::On(day) => Some(day),
            Self::DaysBefore(days) => {
                let day = deadline?.shifted(-i64::from(days));
                (today.days_until(day) >= 0).then_some(day)
            }
        }
    }

    /// The value, a year later, of an item that was due on `day`: as many days before the deadline, or without one,
    /// the same day of the next year. `None` for one that was due with the whole request.
    pub fn again(day: Day, deadline: Option<Day>) -> Option<Self> {
        if let Some(deadline) = deadline {
            let days = u16::try_from(day.days_until(deadline)).ok()?;
            return (1..=MOST_DAYS_BEFORE).contains(&days).then_some(Self::DaysBefore(days));
        }
        let (year, month, date) = day.parts();
        let next = year.saturating_add(1);
        // The 29th of February becomes the 28th.
        Day::new(next, month, date).or_else(|| Day::new(next, month, 28)).map(Self::On)
    }
}

impl FromStr for ItemUntil {
    type Err = ParseItemUntilError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let days = text.strip_suffix('d').and_then(|digits| {
            let days: u16 = digits.parse().ok()?;
            (days.to_string() == digits && (1..=MOST_DAYS_BEFORE).contains(&days)).then_some(days)
        });
        let until = days.map(Self::DaysBefore).or_else(|| Day::parse(text).map(Self::On));
        until.ok_or_else(|| ParseItemUntilError(text.to_owned()))
    }
}

impl fmt::Display for ItemUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DaysBefore(days) => write!(f, "{days}d"),
            Self::On(day) => day.fmt(f),
        }
    }
}

impl TryFrom<String> for ItemUntil {
    type Error = ParseItemUntilError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ItemUntil> for String {
    fn from(until: ItemUntil) -> Self {
        until.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_time_is_read_in_one_form() {
        for (text, until) in [
            ("1d", Some(ItemUntil::DaysBefore(1))),
            ("366d", Some(ItemUntil::DaysBefore(366))),
            ("2026-11-15", Some(ItemUntil::On(day("2026-11-15")))),
            ("0d", None),
            ("367d", None),
            ("01d", None),
            ("-1d", None),
            ("14", None),
            ("2026-11-31", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), until, "{text}");
            if let Some(until) = until {
                assert_eq!(until.to_string(), text);
            }
        }
    }

    #[test]
    fn days_count_from_the_deadline_and_none_is_over_at_once() {
        let (today, deadline) = (day("2026-11-30"), day("2026-12-31"));
        let before = |days| ItemUntil::DaysBefore(days).day(Some(deadline), today);
        assert_eq!(before(14), Some(day("2026-12-17")));
        assert_eq!((before(31), before(32)), (Some(today), None));
        assert_eq!(ItemUntil::DaysBefore(14).day(None, today), None);
        assert_eq!(ItemUntil::On(day("2027-01-01")).day(None, today), Some(day("2027-01-01")));
    }

    #[test]
    fn a_year_later_an_item_is_due_as_long_before_the_deadline() {
        let deadline = Some(day("2026-12-31"));
        for (due, deadline, again) in [
            ("2026-12-17", deadline, Some(ItemUntil::DaysBefore(14))),
            ("2026-12-31", deadline, None),
            ("2025-12-30", deadline, Some(ItemUntil::DaysBefore(366))),
            ("2025-12-29", deadline, None),
            ("2026-12-17", None, Some(ItemUntil::On(day("2027-12-17")))),
            ("2028-02-29", None, Some(ItemUntil::On(day("2029-02-28")))),
        ] {
            assert_eq!(ItemUntil::again(day(due), deadline), again, "{due}");
        }
    }
}
