//! The bar at the top of the pages of people who can sign in: where they are, as whom, and in which language.

use maud::{Markup, html};

use super::language::CHOICE;
use crate::model::Role;
use crate::text::{
    AdministrationTexts, FilesTexts, HoldingTexts, Language, MyLinksTexts, RequestsTexts, SignInTexts,
};

/// A person who is signed in.
#[derive(Debug)]
pub(in crate::http) struct SignedIn<'a> {
    pub(in crate::http) name: &'a str,
    pub(in crate::http) role: Role,
    /// Token of the session's forms.
    pub(in crate::http) form_token: &'a str,
    /// Whether the person makes and judges requests.
    pub(in crate::http) asks: bool,
}

/// The bar of the page at the address `here`, a path with its query.
pub(in crate::http) fn bar(language: Language, here: &str, person: Option<&SignedIn<'_>>) -> Markup {
    let texts = SignInTexts(language);
    html! {
        header.bar {
            @if let Some(person) = person {
                nav aria-label=(texts.pages()) {
                    a href="/files/" { (FilesTexts(language).title()) }
                    @if person.asks { a href="/requests" { (RequestsTexts(language).title()) } }
                    a href="/links" { (MyLinksTexts(language).title()) }
                    a href="/holding" { (HoldingTexts(language).title()) }
                    @if person.role == Role::Administrator {
                        a href="/office" { (AdministrationTexts(language).title()) }
                    }
                }
                form method="post" action="/logout" {
                    a href="/account" { (texts.signed_in_as(person.name)) }
                    input type="hidden" name="token" value=(person.form_token);
                    button.plain { (texts.sign_out()) }
                }
            }
            nav.languages aria-label=(texts.language()) {
                @for other in [Language::German, Language::English] {
                    a href=(address(here, other)) lang=(other.tag()) hreflang=(other.tag())
                        aria-current=[(other == language).then_some("true")] { (other.own_name()) }
                }
            }
        }
    }
}

/// The address of the same page in another language.
fn address(here: &str, language: Language) -> String {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let is_choice = |part: &&str| part.split('=').next() == Some(CHOICE);
    let mut parts: Vec<&str> = query.split('&').filter(|part| !part.is_empty() && !is_choice(part)).collect();
    let choice = format!("{CHOICE}={}", language.tag());
    parts.push(&choice);
    format!("{path}?{}", parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_keeps_what_the_page_shows() {
        for (here, other) in [
            ("/login", "/login?lang=de"),
            ("/login?lang=en", "/login?lang=de"),
            ("/holding?state=held&lang=en&q=a%26b", "/holding?state=held&q=a%26b&lang=de"),
            ("/holding?language=x", "/holding?language=x&lang=de"),
        ] {
            assert_eq!(address(here, Language::German), other);
        }
    }
}
