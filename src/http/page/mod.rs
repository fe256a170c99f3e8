//! The pages that people see in a browser: plain HTML without scripts, in German or English.

pub(super) mod error_page;
pub(super) mod folder;
pub(crate) mod form;
pub(super) mod language;

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY};
use http::{HeaderValue, Response, StatusCode};

use crate::http::protocol::xml::{push_attribute_value, push_text};
use crate::net::ResponseBody;
use crate::text::Language;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
/// Addresses of pages hold tokens and names, so they must not reach other sites. Not `no-referrer`: with that, browsers
/// send our own forms as if they came from nowhere (`Origin: null`), which we could not tell from another site's.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
const ROBOTS: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));

/// A page that is being written.
#[derive(Debug)]
pub(in crate::http) struct Page {
    language: Language,
    html: String,
}

/// What a paragraph is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Tone {
    Plain,
    /// Deserves attention.
    Note,
    /// Something went well that a person just did.
    Success,
    /// Something has to be done differently. Read out at once by screen readers.
    Problem,
}

/// A line of a form.
#[derive(Debug)]
pub(in crate::http) struct Field<'a> {
    pub(in crate::http) name: &'static str,
    pub(in crate::http) label: &'static str,
    pub(in crate::http) kind: &'static str,
    /// Tells password managers and keyboards what belongs here.
    pub(in crate::http) autocomplete: &'static str,
    pub(in crate::http) value: &'a str,
    pub(in crate::http) has_focus: bool,
}

impl Page {
    /// A page for lists, with this heading.
    pub(in crate::http) fn wide(language: Language, title: &str) -> Self {
        let mut page = Self::begin(language, title);
        page.html.push_str("<main>\n");
        page.heading(title)
    }

    /// A page for a few sentences or a form, with this heading.
    pub(in crate::http) fn narrow(language: Language, title: &str) -> Self {
        let mut page = Self::begin(language, title);
        page.html.push_str("<main class=\"narrow\">\n<p class=\"brand\">Tresor</p>\n");
        page.heading(title)
    }

    fn begin(language: Language, title: &str) -> Self {
        let mut html =
            format!("<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n", language.tag());
        html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.push_str("<link rel=\"stylesheet\" href=\"/static/tresor.css\">\n<title>");
        push_text(&mut html, title);
        html.push_str(" · Tresor</title>\n");
        Self { language, html }
    }

    fn heading(mut self, title: &str) -> Self {
        self.html.push_str("<h1>");
        push_text(&mut self.html, title);
        self.html.push_str("</h1>\n");
        self
    }

    /// The language that it is written in.
    pub(in crate::http) fn language(&self) -> Language {
        self.language
    }

    /// A paragraph of plain text.
    pub(in crate::http) fn paragraph(&mut self, tone: Tone, text: &str) {
        self.html.push_str(match tone {
            Tone::Plain => "<p>",
            Tone::Note => "<p class=\"note\">",
            Tone::Success => "<p class=\"success\" role=\"status\">",
            Tone::Problem => "<p class=\"problem\" role=\"alert\">",
        });
        push_text(&mut self.html, text);
        self.html.push_str("</p>\n");
    }

    /// A list of names and what they stand for.
    pub(in crate::http) fn facts<'a>(&mut self, facts: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.html.push_str("<dl>\n");
        for (name, value) in facts {
            self.html.push_str("<dt>");
            push_text(&mut self.html, name);
            self.html.push_str(":</dt><dd>");
            push_text(&mut self.html, value);
            self.html.push_str("</dd>\n");
        }
        self.html.push_str("</dl>\n");
    }

    /// Text as it is, escaped.
    pub(in crate::http) fn text(&mut self, text: &str) {
        push_text(&mut self.html, text);
    }

    /// Our own markup.
    pub(in crate::http) fn markup(&mut self, markup: &str) {
        self.html.push_str(markup);
    }

    /// An attribute with a blank before it.
    pub(in crate::http) fn attribute(&mut self, name: &str, value: &str) {
        self.html.push(' ');
        self.html.push_str(name);
        self.html.push_str("=\"");
        push_attribute_value(&mut self.html, value);
        self.html.push('"');
    }

    /// A line of a form.
    pub(in crate::http) fn field(&mut self, field: &Field<'_>) {
        self.markup("<label>");
        self.text(field.label);
        self.markup("\n<input");
        self.attribute("type", field.kind);
        self.attribute("name", field.name);
        self.attribute("autocomplete", field.autocomplete);
        self.markup(" autocapitalize=\"none\" spellcheck=\"false\" required");
        if !field.value.is_empty() {
            self.attribute("value", field.value);
        }
        if field.has_focus {
            self.markup(" autofocus");
        }
        self.markup("></label>\n");
    }

    /// The button of a form.
    pub(in crate::http) fn submit(&mut self, text: &str) {
        self.markup("<button>");
        self.text(text);
        self.markup("</button>\n");
    }

    /// The page as an answer that no cache stores.
    pub(in crate::http) fn into_response(mut self, status: StatusCode) -> Response<ResponseBody> {
        self.html.push_str("</main>\n");
        let mut response = Response::new(ResponseBody::full(self.html));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(REFERRER_POLICY, REFERRER);
        headers.insert(ROBOTS.0, ROBOTS.1);
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn nothing_that_others_wrote_becomes_markup() {
        let evil = "\"><script>alert(1)</script>";
        let mut page = Page::narrow(Language::German, evil);
        page.paragraph(Tone::Problem, evil);
        page.facts([(evil, evil)]);
        page.text(evil);
        page.markup("<a");
        page.attribute("href", evil);
        page.markup(">x</a>\n");
        let response = page.into_response(StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], POLICY);
        let html = response.into_body().collect().await.unwrap().to_bytes();
        let html = std::str::from_utf8(&html).unwrap();
        assert!(!html.contains("<script") && !html.contains("href=\"\""), "{html}");
    }
}
