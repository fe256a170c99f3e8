//! Days on which no office works: the public holidays that all German states have. Those of single states are not
//! here, because no zone says in which state an office is.

use super::{Day, Zone};

/// Month and day of the holidays that are the same each year: New Year, Labour Day, Unity Day, Christmas.
const FIXED: [(i8, i8); 5] = [(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)];
/// The others, in days after Easter Sunday: Good Friday, Easter Monday, Ascension, Whit Monday.
const AFTER_EASTER: [i64; 4] = [-2, 1, 39, 50];
/// The zones of Germany in the database of time zones.
const ZONES: [&str; 2] = ["Europe/Berlin", "Europe/Busingen"];

/// Whether it is a public holiday where clocks show this zone; only Germany's are known.
pub(super) fn is_holiday(day: Day, zone: &Zone) -> bool {
    let (year, month, date) = day.parts();
    let moves = || easter(year).is_some_and(|easter| AFTER_EASTER.contains(&easter.days_until(day)));
    ZONES.contains(&zone.name()) && (FIXED.contains(&(month, date)) || moves())
}

/// Easter Sunday of a year, by the algorithm of J.-M. Oudin (1940) for the Gregorian calendar.
fn easter(year: i16) -> Option<Day> {
    let year = i32::from(year);
    let century = year / 100;
    let golden = year % 19;
    let epact = (century - century / 4 - (century - (century - 17) / 25) / 3 + 19 * golden + 15) % 30;
    let moon = epact - (epact / 28) * (1 - (epact / 28) * (29 / (epact + 1)) * ((21 - golden) / 11));
    let weekday = (year + year / 4 + moon + 2 - century + century / 4) % 7;
    let sunday = moon - weekday;
    let month = 3 + (sunday + 40) / 44;
    let date = sunday + 28 - 31 * (month / 4);
    Day::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(date).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn easter_is_when_the_calendars_say() {
        for sunday in [
            "1961-04-02",
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2038-04-25",
            "2285-03-22",
        ] {
            assert_eq!(easter(day(sunday).parts().0), Some(day(sunday)));
        }
    }

    #[test]
    fn the_holidays_of_all_states_are_known_where_germany_is() {
        let (berlin, wien) = (Zone::parse("Europe/Berlin").unwrap(), Zone::parse("Europe/Vienna").unwrap());
        let holidays = [
            "2026-01-01",
            "2026-04-03",
            "2026-04-06",
            "2026-05-01",
            "2026-05-14",
            "2026-05-25",
            "2026-10-03",
            "2026-12-25",
            "2026-12-26",
        ];
        for holiday in holidays {
            assert!(is_holiday(day(holiday), &berlin), "{holiday}");
            assert!(!is_holiday(day(holiday), &wien), "{holiday}");
        }
        let all = (0..365).filter(|days| is_holiday(day("2026-01-01").shifted(*days), &berlin)).count();
        assert_eq!(all, holidays.len());
    }
}
