//! Sentences for people, in every supported language: pages, commands and the API take them from here.

mod account;
mod administration;
mod archive;
mod asked;
mod asked_mail;
mod browse;
mod code;
mod code_mail;
mod copying;
mod devices;
mod errors;
mod files;
mod hand_in;
mod history;
mod hold;
mod holding;
mod invitation;
mod links;
mod login;
mod my_links;
mod notices;
mod office;
mod passkeys;
mod reach;
mod receipts;
mod refusals;
mod requests;
mod screen_lock;
mod script;
mod sending;
mod sentences;
mod server;
mod sign_in;
mod signed_in;
mod templates;
mod upload;
mod view;

pub use account::AccountTexts;
pub use administration::AdministrationTexts;
pub use archive::ArchiveTexts;
pub use asked::AskedTexts;
pub use asked_mail::{AskedMail, AskedMailTexts};
pub use browse::BrowseTexts;
pub use code::CodeTexts;
pub use code_mail::CodeMailTexts;
pub use copying::CopyingTexts;
pub use devices::DeviceTexts;
pub use errors::ErrorTexts;
pub use files::FilesTexts;
pub use hand_in::HandInTexts;
pub use holding::HoldingTexts;
pub use invitation::InvitationTexts;
pub use links::LinkTexts;
pub use login::LoginTexts;
pub use my_links::MyLinksTexts;
pub use notices::NoticeTexts;
pub use office::OfficeTexts;
pub use passkeys::PasskeyTexts;
pub use reach::ReachTexts;
pub use receipts::ReceiptTexts;
pub use refusals::RefusalTexts;
pub use requests::{
    AskingTexts, CheckTexts, InvitingTexts, MatrixTexts, RemindingTexts, RequestTexts, RequestsTexts,
};
pub use screen_lock::ScreenLockTexts;
pub use sending::SendingTexts;
pub use sentences::Sentence;
pub use server::ServerTexts;
pub use sign_in::SignInTexts;
pub use signed_in::SignedInTexts;
pub use templates::TemplateTexts;
pub use upload::UploadTexts;
pub use view::ViewTexts;

use crate::model::{ByteSize, Day, LocalTime, Timestamp, Zone};

/// The tables of sentences on pages, by the names of their types.
pub const PAGES: &[(&str, &[Sentence])] = &[
    ("AccountTexts", AccountTexts::ALL),
    ("AdministrationTexts", AdministrationTexts::ALL),
    ("ArchiveTexts", ArchiveTexts::ALL),
    ("AskedTexts", AskedTexts::ALL),
    ("AskingTexts", AskingTexts::ALL),
    ("BrowseTexts", BrowseTexts::ALL),
    ("CheckTexts", CheckTexts::ALL),
    ("CodeTexts", CodeTexts::ALL),
    ("CopyingTexts", CopyingTexts::ALL),
    ("DeviceTexts", DeviceTexts::ALL),
    ("ErrorTexts", ErrorTexts::ALL),
    ("FilesTexts", FilesTexts::ALL),
    ("HandInTexts", HandInTexts::ALL),
    ("HoldingTexts", HoldingTexts::ALL),
    ("InvitingTexts", InvitingTexts::ALL),
    ("LinkTexts", LinkTexts::ALL),
    ("LoginTexts", LoginTexts::ALL),
    ("MatrixTexts", MatrixTexts::ALL),
    ("MyLinksTexts", MyLinksTexts::ALL),
    ("OfficeTexts", OfficeTexts::ALL),
    ("PasskeyTexts", PasskeyTexts::ALL),
    ("ReachTexts", ReachTexts::ALL),
    ("ReceiptTexts", ReceiptTexts::ALL),
    ("RefusalTexts", RefusalTexts::ALL),
    ("RemindingTexts", RemindingTexts::ALL),
    ("RequestTexts", RequestTexts::ALL),
    ("RequestsTexts", RequestsTexts::ALL),
    ("SendingTexts", SendingTexts::ALL),
    ("ServerTexts", ServerTexts::ALL),
    ("SignInTexts", SignInTexts::ALL),
    ("SignedInTexts", SignedInTexts::ALL),
    ("TemplateTexts", TemplateTexts::ALL),
    ("ViewTexts", ViewTexts::ALL),
];

/// The tables of sentences in mails, by the names of their types.
pub const MAILS: [(&str, &[Sentence]); 4] = [
    ("AskedMailTexts", AskedMailTexts::ALL),
    ("CodeMailTexts", CodeMailTexts::ALL),
    ("InvitationTexts", InvitationTexts::ALL),
    ("NoticeTexts", NoticeTexts::ALL),
];

/// The tables of sentences that scripts of pages show, by the names of their types.
pub const SCRIPTS: [(&str, &[Sentence]); 2] =
    [("ScreenLockTexts", ScreenLockTexts::ALL), ("UploadTexts", UploadTexts::ALL)];

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

    /// `14:05 Uhr` or `14:05 CET`, as the clocks of the zone show it; in UTC `14:05 UTC`.
    pub fn clock(self, zone: &Zone, time: Timestamp) -> String {
        let LocalTime { hour, minute, abbreviation, .. } = zone.local(time);
        let name = match self {
            Self::German if abbreviation != "UTC" => "Uhr",
            _ => &abbreviation,
        };
        format!("{hour:02}:{minute:02} {name}")
    }

    fn choose<'a>(self, german: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::German => german,
            Self::English => english,
        }
    }

    /// `eine Datei (1,5 MiB)` or `3 files (1.5 MiB)`.
    pub fn files(self, count: usize, bytes: u64) -> String {
        let size = self.size(bytes);
        match (self, count) {
            (Self::German, 1) => format!("eine Datei ({size})"),
            (Self::German, _) => format!("{count} Dateien ({size})"),
            (Self::English, 1) => format!("one file ({size})"),
            (Self::English, _) => format!("{count} files ({size})"),
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

    /// `21.11.2026, 21:26 Uhr` or `21 Nov 2026, 21:26 CET`.
    pub fn moment(self, zone: &Zone, time: Timestamp) -> String {
        let clock = self.clock(zone, time);
        let (year, month, day) = zone.day(time).parts();
        match self {
            Self::German => format!("{day:02}.{month:02}.{year:04}, {clock}"),
            Self::English => {
                let month: String = month_name(month).chars().take(3).collect();
                format!("{day:02} {month} {year:04}, {clock}")
            }
        }
    }

    /// The same, but `heute 21:26 Uhr` or `today 21:26 CET` on the day of `now`.
    pub fn recent(self, zone: &Zone, time: Timestamp, now: Timestamp) -> String {
        match zone.day(time) == zone.day(now) {
            true => format!("{} {}", self.choose("heute", "today"), self.clock(zone, time)),
            false => self.moment(zone, time),
        }
    }

    /// `21.11.2026` or `21 November 2026`.
    pub fn day(self, day: Day) -> String {
        let (year, month, day) = day.parts();
        match self {
            Self::German => format!("{day:02}.{month:02}.{year:04}"),
            Self::English => format!("{day} {} {year:04}", month_name(month)),
        }
    }
}

/// The English name of a month, from 1.
fn month_name(month: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let at = usize::try_from(month).unwrap_or_default().saturating_sub(1);
    NAMES.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_dates_are_written_as_the_reader_writes_them() {
        let (german, english) = (Language::German, Language::English);
        assert_eq!((german.size(1536), english.size(1536)), ("1,5 KiB".into(), "1.5 KiB".into()));
        let day = Day::new(1970, 1, 1).unwrap();
        assert_eq!((german.day(day), english.day(day)), ("01.01.1970".into(), "1 January 1970".into()));
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

    /// Pages show the office's time, also in the hour that comes twice in autumn.
    #[test]
    fn times_are_those_of_the_office() {
        let (german, english) = (Language::German, Language::English);
        let (berlin, utc) = (Zone::parse("Europe/Berlin").unwrap(), Zone::utc());
        for (time, in_german, in_english) in [
            ("2026-07-31T22:05:00Z", "01.08.2026, 00:05 Uhr", "01 Aug 2026, 00:05 CEST"),
            ("2026-10-25T00:30:00Z", "25.10.2026, 02:30 Uhr", "25 Oct 2026, 02:30 CEST"),
            ("2026-10-25T01:30:00Z", "25.10.2026, 02:30 Uhr", "25 Oct 2026, 02:30 CET"),
            ("2026-12-31T23:00:00Z", "01.01.2027, 00:00 Uhr", "01 Jan 2027, 00:00 CET"),
        ] {
            let time = time.parse().unwrap();
            assert_eq!(german.moment(&berlin, time), in_german);
            assert_eq!(english.moment(&berlin, time), in_english);
        }
        assert_eq!(german.moment(&utc, Timestamp(0)), "01.01.1970, 00:00 UTC");
        assert_eq!(english.clock(&utc, Timestamp(0)), "00:00 UTC");
    }

    /// An office's clients have no command line, and no page shows another language's sentence.
    #[test]
    fn sentences_are_whole_in_every_language_and_name_no_command() {
        for (table, sentence) in PAGES
            .iter()
            .chain(&MAILS)
            .chain(&SCRIPTS)
            .flat_map(|(table, all)| all.iter().map(move |one| (table, one)))
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
