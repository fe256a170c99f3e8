//! Hours of a day.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A part of each day, such as `19:00-07:00`; it may pass midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DailyHours {
    /// First minute, from 0.
    from: u16,
    /// The minute after the last.
    to: u16,
}

/// Why a text names no hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no hours of a day: write them as 19:00-07:00")]
pub struct ParseHoursError(String);

impl DailyHours {
    /// Whether a minute of the day, from 0, lies in them.
    pub fn contain(self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl DailyHours {
    /// The minute of the day at which they begin, from 0.
    pub fn begin(self) -> u16 {
        self.from
    }

    /// Whether they pass midnight.
    pub fn pass_midnight(self) -> bool {
        self.to < self.from
    }

    /// From one full hour to a later one of the same day, at most 24.
    pub(super) const fn within_a_day(from: u16, to: u16) -> Self {
        Self { from: from * 60, to: to * 60 }
    }
}

impl FromStr for DailyHours {
    type Err = ParseHoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (from, to) = text.split_once('-')?;
            let (from, to) = (minute(from)?, minute(to)?);
            (from != to && from < DAY).then_some(Self { from, to })
        };
        parse().ok_or_else(|| ParseHoursError(text.to_owned()))
    }
}

/// The minute of a time such as `07:30`; `24:00` is the end of the day.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| is_number)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY).then_some(minute)
}

impl TryFrom<String> for DailyHours {
    type Error = ParseHoursError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DailyHours> for String {
    fn from(hours: DailyHours) -> Self {
        hours.to_string()
    }
}

impl fmt::Display for DailyHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_pass_midnight() {
        for (text, inside, outside) in [
            ("19:00-07:00", &[0, 419, 1_140, 1_439][..], &[420, 1_139][..]),
            ("00:00-24:00", &[0, 1_439], &[]),
            ("12:30-13:00", &[750, 779], &[0, 749, 780]),
            ("22:00-00:00", &[1_320, 1_439], &[0, 1_319]),
        ] {
            let hours: DailyHours = text.parse().unwrap();
            assert!(inside.iter().all(|minute| hours.contain(*minute)), "{text}");
            assert!(!outside.iter().any(|minute| hours.contain(*minute)), "{text}");
            assert_eq!(hours.to_string(), text);
        }
    }

    #[test]
    fn what_names_no_hours_is_refused() {
        for text in
            ["", "19-7", "7:00-8:00", "19:00", "25:00-07:00", "19:60-07:00", "07:00-07:00", "24:00-07:00"]
        {
            assert!(text.parse::<DailyHours>().is_err(), "{text}");
        }
    }
}
