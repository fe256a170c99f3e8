//! Chooses the language of a page by the reader's preference.

use http::header::{ACCEPT_LANGUAGE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response};

use super::form::field;
use crate::http::context::RequestContext;
use crate::http::cookies;
use crate::net::ResponseBody;
use crate::text::Language;

/// The cookie with the language that a reader chose.
const COOKIE: &str = "tresor-language";
/// Seconds for which a browser keeps the choice: a year.
const KEPT_S: u32 = 31_536_000;
/// The part of a query that chooses a language.
pub(super) const CHOICE: &str = "lang";

/// The language of a page with a switch: the one that its address names, else the one chosen before, else by
/// [`preferred`].
pub(in crate::http) fn chosen(context: RequestContext<'_>) -> Language {
    named(context).unwrap_or_else(|| remembered(&context.parts.headers))
}

/// The language chosen before, else by [`preferred`], for answers to addresses that name none.
pub(in crate::http) fn remembered(headers: &HeaderMap) -> Language {
    let before = || Language::of_exact_tag(cookies::find(headers, COOKIE)?);
    before().unwrap_or_else(|| preferred(headers))
}

/// Lets the browser keep the language that the address names.
pub(in crate::http) fn keep_choice(context: RequestContext<'_>, response: &mut Response<ResponseBody>) {
    let Some(language) = named(context) else { return };
    let secure = if context.info.secure { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={}; Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax{secure}", language.tag());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

fn named(context: RequestContext<'_>) -> Option<Language> {
    let query = context.parts.uri.query().unwrap_or_default();
    Language::of_exact_tag(&field(query.as_bytes(), CHOICE)?)
}

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
