//! Sentences for people, in every supported language: pages, commands and the API take them from here.

mod history;

use time::OffsetDateTime;
use time::macros::format_description;

use crate::model::{ByteSize, Timestamp};

/// A supported language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// German (`de`).
    German,
    /// English (`en`), the default.
    English,
}

impl Language {
    /// The language for a tag or locale name, such as `de`, `de-AT` or `de_DE.UTF-8`; English for any other.
    pub fn of_tag(tag: &str) -> Self {
        match tag.split(['-', '_', '.', '@']).next() {
            Some(first) if first.eq_ignore_ascii_case("de") => Self::German,
            _ => Self::English,
        }
    }

    /// The language tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }

    fn choose<'a>(self, german: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::German => german,
            Self::English => english,
        }
    }

    /// `1,5 MiB` or `1.5 MiB`.
    pub fn size(self, bytes: u64) -> String {
        let text = ByteSize(bytes).to_string();
        match self {
            Self::German => text.replace('.', ","),
            Self::English => text,
        }
    }

    /// `21.11.2026, 20:26 UTC` or `21 Nov 2026, 20:26 UTC`.
    pub fn moment(self, time: Timestamp) -> String {
        let Ok(moment) = OffsetDateTime::from_unix_timestamp(time.as_secs()) else { return String::new() };
        let text = match self {
            Self::German => moment.format(format_description!("[day].[month].[year], [hour]:[minute] UTC")),
            Self::English => {
                moment.format(format_description!("[day] [month repr:short] [year], [hour]:[minute] UTC"))
            }
        };
        text.unwrap_or_default()
    }

    /// `21.11.2026` or `21 Nov 2026`.
    pub fn day(self, time: Timestamp) -> String {
        let Ok(moment) = OffsetDateTime::from_unix_timestamp(time.as_secs()) else { return String::new() };
        let text = match self {
            Self::German => moment.format(format_description!("[day].[month].[year]")),
            Self::English => {
                moment.format(format_description!("[day padding:none] [month repr:long] [year]"))
            }
        };
        text.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_dates_are_written_as_the_reader_writes_them() {
        let (german, english) = (Language::German, Language::English);
        assert_eq!((german.size(1536), english.size(1536)), ("1,5 KiB".into(), "1.5 KiB".into()));
        assert_eq!(german.moment(Timestamp(0)), "01.01.1970, 00:00 UTC");
        assert_eq!(english.moment(Timestamp(0)), "01 Jan 1970, 00:00 UTC");
        assert_eq!(
            (german.day(Timestamp(0)), english.day(Timestamp(0))),
            ("01.01.1970".into(), "1 January 1970".into())
        );
    }
}
