//! Spans of time as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A span of at least a second and at most ten years, such as `12h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

/// Why a text is not a span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a span of time: write a whole number and its unit, s, m, h or d, such as 12h")]
pub struct ParseSpanError(String);

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Span {
    /// Longest span that is accepted.
    pub const MAX: Duration = Duration::from_hours(3_650 * 24);
}

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
            let number = text.strip_suffix(*unit)?;
            let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
            let span =
                Duration::from_secs(number.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(*seconds)?);
            (!span.is_zero() && span <= Self::MAX).then_some(Self(span))
        };
        parse().ok_or_else(|| ParseSpanError(text.to_owned()))
    }
}

impl TryFrom<String> for Span {
    type Error = ParseSpanError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    /// In hours at most, so that `36h` stays `36h`; whole days of more than two are days.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let fits = |(unit, length): &&(char, u64)| {
            seconds.is_multiple_of(*length) && (*unit != 'd' || seconds > 2 * length)
        };
        let (unit, length) = UNITS.iter().find(fits).copied().unwrap_or(('s', 1));
        write!(f, "{}{unit}", seconds / length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_alike() {
        for (text, seconds, shown) in [
            ("1s", 1, "1s"),
            ("90s", 90, "90s"),
            ("120s", 120, "2m"),
            ("15m", 900, "15m"),
            ("12h", 43_200, "12h"),
            ("36h", 129_600, "36h"),
            ("2d", 172_800, "48h"),
            ("72h", 259_200, "3d"),
            ("3650d", 315_360_000, "3650d"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.0.as_secs(), span.to_string().as_str()), (seconds, shown), "{text}");
        }
        for text in
            ["", "12", "h", "0h", "-1h", "+1h", "1.5h", "12 h", "12H", "1w", "3651d", "18446744073709551615d"]
        {
            assert_eq!(text.parse::<Span>(), Err(ParseSpanError(text.to_owned())), "{text}");
        }
    }
}
