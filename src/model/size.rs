//! Sizes as people write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of bytes; `0` to `2^63 - 1`, the range of the catalogue's integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(pub u64);

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a size: write a number and its unit, B, KB, MB, GB, TB or KiB, MiB, GiB, TiB, such as 20GB"
)]
pub struct ParseSizeError {
    text: String,
}

const UNITS: [(&str, u64); 13] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("t", 1 << 40),
    ("b", 1),
];

impl FromStr for ByteSize {
    type Err = ParseSizeError;

    /// Parses `0`, `500B`, `20GB`, `1.5 GiB`, `10g` (single letters are binary, as in `dd`). Refuses a number
    /// without a unit: `--quota 10` hardly ever means 10 bytes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseSizeError { text: text.to_owned() };
        let lower = text.trim().to_lowercase();
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?.trim_end(), *factor)))
            .or((lower == "0").then_some(("0", 1)))
            .ok_or_else(refuse)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return Err(refuse());
        }
        let scale = 10_u128.pow(u32::try_from(fraction.len()).map_err(|_| refuse())?);
        let scaled = whole.parse::<u128>().map_err(|_| refuse())?.checked_mul(scale).ok_or_else(refuse)?
            + fraction.parse::<u128>().map_err(|_| refuse())?;
        let bytes = scaled.checked_mul(u128::from(factor)).ok_or_else(refuse)? / scale;
        i64::try_from(bytes).map_err(|_| refuse())?;
        u64::try_from(bytes).map(Self).map_err(|_| refuse())
    }
}

impl TryFrom<String> for ByteSize {
    type Error = ParseSizeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ByteSize> for String {
    /// Exact, in the largest binary unit of which it is a whole number: `50MiB`.
    fn from(size: ByteSize) -> Self {
        let units = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match units.iter().find(|(_, unit)| size.0 > 0 && size.0.is_multiple_of(*unit)) {
            Some((name, unit)) => format!("{}{name}", size.0 / unit),
            None => format!("{}B", size.0),
        }
    }
}

impl fmt::Display for ByteSize {
    /// Binary units with one decimal: `0 B`, `1.5 KiB`, `20.0 GiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match units.iter().find(|(_, size)| self.0 >= *size) {
            Some((unit, size)) => {
                let tenths = u128::from(self.0) * 10 / u128::from(*size);
                write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
            }
            None => write!(f, "{} B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, bytes) in [
            ("0", 0),
            ("500B", 500),
            ("20GB", 20_000_000_000),
            ("1.5 GiB", 1_610_612_736),
            ("10g", 10 << 30),
            ("7 b", 7),
        ] {
            assert_eq!(text.parse::<ByteSize>(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "GB", "-1", "1e9", "1,5GB", "99999999TB", "1.GB", "0x10", "10", "500"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn prints_binary_units() {
        assert_eq!(ByteSize(1_610_612_736).to_string(), "1.5 GiB");
        assert_eq!(ByteSize(1023).to_string(), "1023 B");
    }
}
