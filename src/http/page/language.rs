//! Chooses the language of a page by the reader's preference.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use crate::text::Language;

/// German if the client prefers it to English (RFC 9110 12.5.4); otherwise English.
pub(in crate::http) fn preferred(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accepted.split(',').map(str::trim).find_map(|language| {
        // Some programs send the name of a locale, such as `de_DE`.
        let tag = language.split([';', '-', '_']).next().unwrap_or_default();
        [Language::German, Language::English].into_iter().find(|known| tag.eq_ignore_ascii_case(known.tag()))
    });
    first.unwrap_or(Language::English)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn readers_get_their_language() {
        for (accepted, expected) in [
            ("de-DE,de;q=0.9,en;q=0.8", Language::German),
            ("en-US,en", Language::English),
            ("fr, de;q=0.5", Language::German),
            ("de_AT", Language::German),
            ("", Language::English),
            ("fr", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(accepted).unwrap());
            assert_eq!(preferred(&headers), expected, "{accepted}");
        }
    }
}
