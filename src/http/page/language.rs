//! The language of pages: German or English.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::model::{ByteSize, Timestamp};

/// A language that we have words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Language {
    German,
    English,
}

impl Language {
    /// German where it is preferred to English; English else.
    pub(in crate::http) fn preferred(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = accepted.split(',').map(str::trim).find_map(|language| {
            let tag = language.split([';', '-']).next().unwrap_or_default();
            [Self::German, Self::English].into_iter().find(|known| tag.eq_ignore_ascii_case(known.tag()))
        });
        first.unwrap_or(Self::English)
    }

    /// For the attribute `lang`.
    pub(in crate::http) const fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }

    /// `1,5 MiB` or `1.5 MiB`.
    pub(in crate::http) fn size(self, bytes: u64) -> String {
        let text = ByteSize(bytes).to_string();
        match self {
            Self::German => text.replace('.', ","),
            Self::English => text,
        }
    }

    /// `21.11.2026, 20:26 UTC` or `21 Nov 2026, 20:26 UTC`.
    pub(in crate::http) fn moment(self, time: Timestamp) -> String {
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
    pub(in crate::http) fn day(self, time: Timestamp) -> String {
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
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_reader_gets_his_language() {
        for (accepted, expected) in [
            ("de-DE,de;q=0.9,en;q=0.8", Language::German),
            ("en-US,en", Language::English),
            ("fr, de;q=0.5", Language::German),
            ("", Language::English),
            ("fr", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(accepted).unwrap());
            assert_eq!(Language::preferred(&headers), expected, "{accepted}");
        }
    }

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
