//! The foot of every page: the office and the person to ask, with links to its legal texts; and the pages of those texts.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::bar::bar;
use super::language::{chosen, keep_choice};
use super::{Page, Width};
use crate::http::context::RequestContext;
use crate::model::Office;
use crate::net::ResponseBody;
use crate::text::{Language, OfficeTexts};

/// A legal text of the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Legal {
    Imprint,
    Privacy,
    Accessibility,
}

impl Legal {
    const ALL: [Self; 3] = [Self::Imprint, Self::Privacy, Self::Accessibility];

    /// The text with this address.
    pub(in crate::http) fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|legal| legal.path() == path)
    }

    /// Its address; never changed, because offices print it.
    const fn path(self) -> &'static str {
        match self {
            Self::Imprint => "/imprint",
            Self::Privacy => "/privacy",
            Self::Accessibility => "/accessibility",
        }
    }

    const fn title(self, texts: OfficeTexts) -> &'static str {
        match self {
            Self::Imprint => texts.imprint(),
            Self::Privacy => texts.privacy(),
            Self::Accessibility => texts.accessibility(),
        }
    }

    fn text(self, office: &Office) -> &str {
        match self {
            Self::Imprint => &office.imprint,
            Self::Privacy => &office.privacy,
            Self::Accessibility => &office.accessibility,
        }
    }
}

/// The foot of a page; nothing if nothing is known of the office.
pub(super) fn foot(language: Language, office: &Office) -> Markup {
    let texts = OfficeTexts(language);
    let lines = [&office.name, &office.contact, &office.phone, &office.mail, &office.web];
    let legal = || Legal::ALL.into_iter().filter(|legal| !legal.text(office).is_empty());
    if lines.iter().all(|line| line.is_empty()) && legal().next().is_none() {
        return html! {};
    }
    let number: String = office.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    html! {
        footer.office aria-label=(texts.foot()) {
            @if !office.name.is_empty() { p { strong { (office.name) } } }
            @if !office.contact.is_empty() { p { (texts.contact(&office.contact)) } }
            @if !office.phone.is_empty() { p { (texts.phone()) ": " a href={ "tel:" (number) } { (office.phone) } } }
            @if !office.mail.is_empty() { p { (texts.mail()) ": " a href={ "mailto:" (office.mail) } { (office.mail) } } }
            @if !office.web.is_empty() { p { a href=(office.web) rel="noopener" { (office.web) } } }
            @if legal().next().is_some() {
                nav { @for legal in legal() { a href=(legal.path()) { (legal.title(texts)) } } }
            }
        }
    }
}

/// The page of a legal text; `None` if the office has none.
pub(in crate::http) fn legal(
    context: RequestContext<'_>,
    legal: Legal,
    office: &Office,
) -> Option<Response<ResponseBody>> {
    let language = chosen(context);
    let (texts, text) = (OfficeTexts(language), legal.text(office));
    if text.is_empty() {
        return None;
    }
    let text = html! {
        (paragraphs(text))
        @if legal == Legal::Privacy { p { (texts.privacy_version(office.privacy_version)) } }
    };
    let page = Page { language, width: Width::Wide, title: legal.title(texts), content: text };
    let mut response = page.below(&bar(language, context.address(), None), StatusCode::OK);
    keep_choice(context, &mut response);
    Some(response)
}

/// Plain text as paragraphs, split at empty lines; addresses of web pages become links.
fn paragraphs(text: &str) -> Markup {
    html! {
        @for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
            p { @for (at, line) in paragraph.lines().enumerate() {
                @if at > 0 { br; }
                @for (at, word) in line.split(' ').enumerate() {
                    @if at > 0 { " " }
                    (linked(word))
                }
            } }
        }
    }
}

fn linked(word: &str) -> Markup {
    let address = word.trim_start_matches('(').trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
    let is_address = address.starts_with("https://") && address.len() > "https://".len();
    html! {
        @match word.split_once(address).filter(|_| is_address) {
            Some((before, after)) => { (before) a href=(address) rel="noopener" { (address) } (after) },
            None => (word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Zone;

    #[test]
    fn a_plain_text_becomes_paragraphs_and_links_and_nothing_else() {
        let text = "Kanzlei <b>Beispiel</b>\nMarkt 1\n\n\nSiehe (https://example.de/a?b=\"c\").\n\njavascript:alert(1) https://";
        let html = paragraphs(text).into_string();
        let expected = "<p>Kanzlei &lt;b&gt;Beispiel&lt;/b&gt;<br>Markt 1</p>\
             <p>Siehe (<a href=\"https://example.de/a?b=&quot;c&quot;\" rel=\"noopener\">https://example.de/a?b=&quot;c&quot;</a>).</p>\
             <p>javascript:alert(1) https://</p>";
        assert_eq!(html, expected);
    }

    #[test]
    fn the_foot_shows_what_is_known() {
        let mut office = Office::unknown(Zone::utc());
        assert_eq!(foot(Language::German, &office).into_string(), "");
        office.phone = "+49 (0)89 / 12-34".into();
        office.contact = "<i>Anna</i>".into();
        office.privacy = "x".into();
        let html = foot(Language::German, &office).into_string();
        assert!(html.contains("<a href=\"tel:+490891234\">+49 (0)89 / 12-34</a>"), "{html}");
        assert!(html.contains("Ihre Ansprechperson: &lt;i&gt;Anna&lt;/i&gt;"), "{html}");
        assert!(html.contains("<nav><a href=\"/privacy\">Datenschutz</a></nav>"), "{html}");
        assert!(!html.contains("/imprint") && !html.contains("mailto:"), "{html}");
    }
}
