//! The three date forms that clients use.

use std::fmt::Write;

use httpdate::HttpDate;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::Timestamp;

/// 9999-12-31 23:59:59 UTC, the last second that an HTTP date can express.
const LATEST_SECS: i64 = 253_402_300_799;

/// Clamped to 1970 through 9999, which calendars and clients can handle.
fn calendar_secs(time: Timestamp) -> i64 {
    time.as_secs().clamp(0, LATEST_SECS)
}

/// Appends `Sun, 13 Sep 2020 12:26:40 GMT` (RFC 9110 5.6.7).
pub(super) fn push_http_date(out: &mut String, time: Timestamp) {
    let time = Timestamp::from_secs(calendar_secs(time)).to_system();
    let _ = write!(out, "{}", HttpDate::from(time));
}

/// Appends `2020-09-13T12:26:40Z` (RFC 3339).
pub(super) fn push_rfc3339(out: &mut String, time: Timestamp) {
    let time = OffsetDateTime::from_unix_timestamp(calendar_secs(time)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let month = u8::from(month);
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
}

/// Parses any of the three forms of an HTTP date; whole seconds.
pub(super) fn parse_http_date(text: &str) -> Option<Timestamp> {
    httpdate::parse_http_date(text.trim()).ok().map(Timestamp::from_system)
}

/// From this number on, a time counts as milliseconds. As seconds it would be the year 5138, as milliseconds it is
/// 1973: some clients send the clock values of JavaScript and Java.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// Parses seconds since 1970 as Nextcloud's clients send them: `1600000002`, `1600000003.123456`; or milliseconds,
/// from [`FIRST_MILLIS`] up to a thousand times that. Every client accepts the resulting time.
pub(in crate::http) fn parse_unix_seconds(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole = whole.parse::<i64>().ok()?;
    let time = if whole < FIRST_MILLIS {
        let millis = fraction
            .bytes()
            .chain(std::iter::repeat(b'0'))
            .take(3)
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Timestamp(whole * 1_000 + millis)
    } else {
        Some(Timestamp(whole)).filter(|time| time.as_secs() < FIRST_MILLIS)?
    };
    Some(if negative { Timestamp(-time.0) } else { time }.as_mtime())
}

/// Parses a modification time in PROPPATCH: unix seconds (rclone), an HTTP date (Windows, Cyberduck) or RFC 3339.
pub(super) fn parse_any(text: &str) -> Option<Timestamp> {
    parse_unix_seconds(text)
        .or_else(|| parse_http_date(text))
        .or_else(|| {
            let time = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
            Some(Timestamp::from_secs(time.unix_timestamp()))
        })
        .map(|time| Timestamp(time.0.min(LATEST_SECS * 1_000)).as_mtime())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(time: Timestamp) -> (String, String) {
        let (mut http, mut rfc3339) = (String::new(), String::new());
        push_http_date(&mut http, time);
        push_rfc3339(&mut rfc3339, time);
        (http, rfc3339)
    }

    #[test]
    fn dates_are_whole_seconds_in_gmt_at_any_extreme() {
        for (time, http, rfc3339) in [
            (Timestamp(1_600_000_000_999), "Sun, 13 Sep 2020 12:26:40 GMT", "2020-09-13T12:26:40Z"),
            (Timestamp(i64::MIN), "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
            (Timestamp(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(both(time), (http.to_owned(), rfc3339.to_owned()));
        }
    }

    #[test]
    fn every_form_of_a_modification_time_is_read() {
        for (text, millis) in [
            ("1600000000", 1_600_000_000_000),
            (" 1600000003.123456 ", 1_600_000_003_123),
            ("1600000003.5", 1_600_000_003_500),
            ("1600000003.", 1_600_000_003_000),
            ("0", 1_000),
            ("-5", 1_000),
            ("99999999999", 99_999_999_999_000),
            // Milliseconds, which were once read as a time in the year 9999.
            ("100000000000", 100_000_000_000),
            ("1600000003123", 1_600_000_003_123),
            ("1600000003123.9", 1_600_000_003_123),
            ("99999999999999", 99_999_999_999_999),
            ("Sun, 13 Sep 2020 12:26:40 GMT", 1_600_000_000_000),
            ("Sunday, 13-Sep-20 12:26:40 GMT", 1_600_000_000_000),
            ("Sun Sep 13 12:26:40 2020", 1_600_000_000_000),
            ("2020-09-13T14:26:40+02:00", 1_600_000_000_000),
        ] {
            assert_eq!(parse_any(text), Some(Timestamp(millis)), "{text}");
        }
        for text in [
            "",
            "x",
            "1e9",
            "0x5f",
            "1.2.3",
            "--1",
            "+1",
            ".5",
            "1,5",
            "tomorrow",
            "100000000000000",
            "99999999999999999999",
        ] {
            assert_eq!(parse_any(text), None, "{text}");
        }
    }
}
