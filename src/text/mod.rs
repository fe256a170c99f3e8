//! Sentences for people, in every supported language: pages, commands and the API take them from here.

mod browse;
mod errors;
mod hand_in;
mod history;
mod hold;
mod holding;
mod links;
mod login;
mod sentences;
mod sign_in;

pub use browse::BrowseTexts;
pub use errors::ErrorTexts;
pub use hand_in::HandInTexts;
pub use holding::HoldingTexts;
pub use links::LinkTexts;
pub use login::LoginTexts;
pub use sentences::Sentence;
pub use sign_in::SignInTexts;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::model::{ByteSize, Timestamp};

/// The tables of sentences on pages, by the names of their types.
pub const PAGES: [(&str, &[Sentence]); 7] = [
    ("BrowseTexts", BrowseTexts::ALL),
    ("ErrorTexts", ErrorTexts::ALL),
    ("HandInTexts", HandInTexts::ALL),
    ("HoldingTexts", HoldingTexts::ALL),
    ("LinkTexts", LinkTexts::ALL),
    ("LoginTexts", LoginTexts::ALL),
    ("SignInTexts", SignInTexts::ALL),
];

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

    /// The language whose tag this is.
    pub fn of_exact_tag(tag: &str) -> Option<Self> {
        [Self::German, Self::English].into_iter().find(|language| language.tag() == tag)
    }

    /// Its name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::German => "Deutsch",
            Self::English => "English",
        }
    }

    /// The language tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }

    /// A waiting time that follows "in": `30 Sekunden` or `30 seconds`; in minutes from two on.
    pub fn wait(self, seconds: u32) -> String {
        match (self, seconds) {
            (Self::German, 0..=1) => "einer Sekunde".to_owned(),
            (Self::English, 0..=1) => "a second".to_owned(),
            (Self::German, 2..=119) => format!("{seconds} Sekunden"),
            (Self::English, 2..=119) => format!("{seconds} seconds"),
            (Self::German, _) => format!("{} Minuten", seconds.div_ceil(60)),
            (Self::English, _) => format!("{} minutes", seconds.div_ceil(60)),
        }
    }

    /// `14:05 UTC`.
    pub fn clock(self, time: Timestamp) -> String {
        let Ok(moment) = OffsetDateTime::from_unix_timestamp(time.as_secs()) else { return String::new() };
        moment.format(format_description!("[hour]:[minute] UTC")).unwrap_or_default()
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
        for (seconds, german, english) in [
            (0, "einer Sekunde", "a second"),
            (119, "119 Sekunden", "119 seconds"),
            (120, "2 Minuten", "2 minutes"),
            (121, "3 Minuten", "3 minutes"),
        ] {
            let wait = |language: Language| language.wait(seconds);
            assert_eq!((wait(Language::German), wait(Language::English)), (german.into(), english.into()));
        }
    }

    /// An office's clients have no command line, and no page shows another language's sentence.
    #[test]
    fn sentences_are_whole_in_every_language_and_name_no_command() {
        for (table, sentence) in PAGES.iter().flat_map(|(table, all)| all.iter().map(move |one| (table, one)))
        {
            for text in [sentence.german, sentence.english] {
                let is_plain = !text.is_empty() && text.trim() == text && !text.contains("  ");
                let has_command = text.contains("tresor ") || text.contains("--") || text.contains('`');
                assert!(is_plain && !has_command, "{table}::{}: {text:?}", sentence.name);
            }
            let places = |text: &'static str| {
                let mut places: Vec<_> = text.split(['{', '}']).skip(1).step_by(2).collect();
                places.sort_unstable();
                places
            };
            let name = sentence.name;
            assert_eq!(places(sentence.german), places(sentence.english), "{table}::{name}");
            let has_own_words = sentence.german != sentence.english || sentence.german == "Name";
            assert!(has_own_words, "{table}::{name} is not translated");
        }
    }
}
