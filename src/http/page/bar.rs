//! The bar at the top of the pages of people who can sign in: where they are, as whom, and in which language.

use maud::{Markup, Render, html};

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
    /// Whether the person may make links anywhere.
    pub(in crate::http) makes_links: bool,
}

/// The bar of a page, and the other parts above its content.
#[derive(Clone, Debug)]
pub(in crate::http) struct Bar {
    markup: Markup,
    /// Whether it names a person who is signed in: such a page is locked when the person leaves the screen.
    pub(super) is_of_person: bool,
}

impl Bar {
    /// For a page without one.
    pub(in crate::http) fn none() -> Self {
        Self { markup: html! {}, is_of_person: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.markup.0.is_empty()
    }

    /// With something below it.
    pub(in crate::http) fn above(self, below: &Markup) -> Self {
        Self { markup: html! { (self.markup) (below) }, ..self }
    }
}

impl Render for Bar {
    fn render(&self) -> Markup {
        self.markup.clone()
    }
}

/// The bar of the page at the address `here`, a path with its query.
pub(in crate::http) fn bar(language: Language, here: &str, person: Option<&SignedIn<'_>>) -> Bar {
    bar_with((language, here), person, &languages(language, here))
}

/// The bar of a page that shows something once: without the choice of a language, which would lead away from it.
pub(in crate::http) fn bar_once(language: Language, person: &SignedIn<'_>) -> Bar {
    bar_with((language, ""), Some(person), &html! {})
}

fn bar_with((language, here): (Language, &str), person: Option<&SignedIn<'_>>, languages: &Markup) -> Bar {
    let texts = SignInTexts(language);
    let markup = html! {
        header.bar {
            @if let Some(person) = person {
                nav aria-label=(texts.pages()) {
                    @for (page, title) in pages(language, person) {
                        a href=(page) aria-current=[place(here, page)] { (title) }
                    }
                }
                form method="post" action="/logout" data-user=(person.name) {
                    a href="/account" { (texts.signed_in_as(person.name)) }
                    input type="hidden" name="token" value=(person.form_token);
                    button.plain { (texts.sign_out()) }
                }
            }
            (languages)
        }
    };
    Bar { markup, is_of_person: person.is_some() }
}

/// The choice of a language for the page at the address `here`.
fn languages(language: Language, here: &str) -> Markup {
    html! {
        nav.languages aria-label=(SignInTexts(language).language()) {
            @for other in [Language::German, Language::English] {
                a href=(address(here, other)) lang=(other.tag()) hreflang=(other.tag())
                    aria-current=[(other == language).then_some("true")] { (other.own_name()) }
            }
        }
    }
}

/// The pages of a person with their titles.
pub(in crate::http) fn pages(
    language: Language,
    person: &SignedIn<'_>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let pages = [
        (true, "/files/", FilesTexts(language).title()),
        (person.asks, "/requests", RequestsTexts(language).title()),
        (person.makes_links, "/links", MyLinksTexts(language).title()),
        (true, "/holding", HoldingTexts(language).title()),
        (person.role == Role::Administrator, "/office", AdministrationTexts(language).title()),
    ];
    pages.into_iter().filter(|(is_shown, ..)| *is_shown).map(|(_, page, title)| (page, title))
}

/// Whether the address `here` is this page of the bar, or lies below it (WAI-ARIA 1.2, aria-current).
fn place(here: &str, page: &str) -> Option<&'static str> {
    let path = here.split('?').next().unwrap_or_default();
    match path.strip_prefix(page.trim_end_matches('/'))? {
        "" | "/" => Some("page"),
        below => below.starts_with('/').then_some("true"),
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
    fn the_bar_marks_the_page_and_those_below_it() {
        for (here, page, expected) in [
            ("/files/", "/files/", Some("page")),
            ("/files/a/b?about", "/files/", Some("true")),
            ("/filesystem", "/files/", None),
            ("/links?made", "/links", Some("page")),
            ("/links/7", "/links", Some("true")),
            ("/holding", "/links", None),
        ] {
            assert_eq!(place(here, page), expected, "{here}");
        }
    }

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
