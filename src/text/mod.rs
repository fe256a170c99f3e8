//! Sentences for people, in every language that we have words in: pages, commands and the API take them from here.

mod history;

/// A language that we have words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// German.
    German,
    /// English.
    English,
}

impl Language {
    /// By the beginning of a tag or a locale's name, such as `de`, `de-AT` or `de_DE.UTF-8`; English for any other.
    pub fn of_tag(tag: &str) -> Self {
        match tag.split(['-', '_', '.', '@']).next() {
            Some(first) if first.eq_ignore_ascii_case("de") => Self::German,
            _ => Self::English,
        }
    }

    /// Its tag (RFC 5646).
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
        let text = crate::model::ByteSize(bytes).to_string();
        match self {
            Self::German => text.replace('.', ","),
            Self::English => text,
        }
    }
}
