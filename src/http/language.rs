//! The language of pages: German or English.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// A language that we have words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    German,
    English,
}

impl Language {
    /// German where it is preferred to English; English else.
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = accepted.split(',').map(str::trim).find_map(|language| {
            let tag = language.split([';', '-']).next().unwrap_or_default();
            [Self::German, Self::English].into_iter().find(|known| tag.eq_ignore_ascii_case(known.tag()))
        });
        first.unwrap_or(Self::English)
    }

    /// For the attribute `lang`.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
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
}
