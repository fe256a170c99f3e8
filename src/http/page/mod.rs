//! The pages that people see in a browser: plain HTML that works without scripts, in German or English. `html!` escapes everything
//! that is put into a page; nothing can be put in unescaped (`tests/architecture.rs`). Sentences come from `text`.

mod asset;
pub(super) mod bar;
pub(super) mod copied;
pub(super) mod document;
pub(super) mod error_page;
pub(super) mod folder;
pub(super) mod foot;
pub(crate) mod form;
pub(super) mod icon;
pub(super) mod language;
pub(super) mod login_form;
pub(super) mod logo;
pub(super) mod plan;
pub(super) mod qr;
pub(super) mod script;

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY};
use http::{HeaderValue, Response, StatusCode};
use maud::{DOCTYPE, Markup, Render, html};

use self::bar::Bar;
use self::script::Script;
use crate::model::Office;
use crate::net::ResponseBody;
use crate::text::{BrowseTexts, Language, SignInTexts};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
/// Most columns, besides the first, of a table that a wide screen shows whole.
const MOST_BESIDE: usize = 5;
/// Addresses of pages contain tokens and names, so they must not reach other sites. Not `no-referrer`: browsers
/// would then send the server's own forms with `Origin: null`, like those of another site.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
const ROBOTS: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));

/// A page: its heading, which is also its title, and its content.
#[derive(Debug)]
pub(in crate::http) struct Page<'a> {
    pub(in crate::http) language: Language,
    pub(in crate::http) width: Width,
    pub(in crate::http) title: &'a str,
    pub(in crate::http) content: Markup,
}

/// How wide a page may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Width {
    /// For a few sentences or a form.
    Narrow,
    /// For lists.
    Wide,
    /// For a picture with something beside it.
    Full,
}

impl Width {
    /// The class of the page's main part.
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Narrow => Some("narrow"),
            Self::Wide => None,
            Self::Full => Some("full"),
        }
    }
}

/// A page whose foot is still missing; an extension of an answer without a body.
#[derive(Clone, Debug)]
struct Unfinished {
    language: Language,
    width: Width,
    title: String,
    bar: Bar,
    content: Markup,
    scripts: script::Scripts,
}

impl Page<'_> {
    /// The page as an answer that is not cached. It has a body only once it went through [`finished`].
    pub(in crate::http) fn into_response(self, status: StatusCode) -> Response<ResponseBody> {
        self.below(&Bar::none(), status)
    }

    /// The same below a bar.
    pub(in crate::http) fn below(self, bar: &Bar, status: StatusCode) -> Response<ResponseBody> {
        let Self { language, width, title, content } = self;
        let mut response = Response::new(ResponseBody::empty());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(REFERRER_POLICY, REFERRER);
        headers.insert(ROBOTS.0, ROBOTS.1);
        let (title, is_of_person) = (title.to_owned(), bar.is_of_person);
        let (bar, scripts) = (bar.clone(), script::Scripts::default());
        let unfinished = Unfinished { language, width, title, bar, content, scripts };
        response.extensions_mut().insert(unfinished);
        if is_of_person { script::with_script(response, Script::Desk) } else { response }
    }
}

/// Lets people choose the language of a page without a bar, whose address has this query; other answers stay as they are.
pub(in crate::http) fn with_languages(response: &mut Response<ResponseBody>, query: &str) {
    if let Some(page) = response.extensions_mut().get_mut::<Unfinished>()
        && page.bar.is_empty()
    {
        page.bar = bar::bar(page.language, &format!("?{query}"), None);
    }
}

/// Whether an answer is a page that [`finished`] must complete.
pub(in crate::http) fn is_unfinished(response: &Response<ResponseBody>) -> bool {
    response.extensions().get::<Unfinished>().is_some()
}

/// Completes a page with the foot of the office, if that is known; other answers stay as they are. The router calls it for
/// every answer.
pub(in crate::http) fn finished(
    mut response: Response<ResponseBody>,
    office: Option<&Office>,
) -> Response<ResponseBody> {
    let Some(page) = response.extensions_mut().remove::<Unfinished>() else { return response };
    let name = office.map(|office| office.name.as_str()).filter(|name| !name.is_empty());
    let brand = name.unwrap_or("Tresor");
    let html = html! {
        (DOCTYPE)
        html lang=(page.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="stylesheet" href="/static/tresor.css";
                (icon::elements())
                (page.scripts.elements(page.language, office))
                title { (page.title) " · " (brand) }
            }
            body {
                a.skip href="#content" { (SignInTexts(page.language).skip()) }
                (page.bar)
                main id="content" tabindex="-1" class=[page.width.class()] {
                    (logo::brand(brand, office))
                    h1 { (page.title) }
                    (page.content)
                }
                @if let Some(office) = office { (foot::foot(page.language, office)) }
            }
        }
    };
    *response.body_mut() = ResponseBody::full(html.into_string());
    response
}

/// A page with a heading and one sentence.
pub(in crate::http) fn notice(
    language: Language,
    status: StatusCode,
    title: &str,
    text: &str,
) -> Response<ResponseBody> {
    Page { language, width: Width::Narrow, title, content: html! { p { (text) } } }.into_response(status)
}

/// The same below a bar.
pub(in crate::http) fn notice_below(
    language: Language,
    bar: &Bar,
    status: StatusCode,
    title: &str,
    text: &str,
) -> Response<ResponseBody> {
    let content = html! { p { (text) } };
    Page { language, width: Width::Narrow, title, content }.below(bar, status)
}

/// Important information.
pub(in crate::http) fn note(text: &str) -> Markup {
    html! { p.note { (text) } }
}

/// The user's last action succeeded.
pub(in crate::http) fn success(text: &str) -> Markup {
    html! { p.success role="status" { (text) } }
}

/// The user must do something differently. Screen readers read it at once.
pub(in crate::http) fn problem(text: &str) -> Markup {
    html! { p.problem role="alert" { (text) } }
}

/// Above a table in a frame: that it can be moved to the side, as far as its columns do not fit. Phones show few.
pub(in crate::http) fn slides(language: Language, columns: usize) -> Markup {
    let class = if columns > MOST_BESIDE { "hint" } else { "hint slides" };
    html! { p class=(class) { (BrowseTexts(language).slides()) } }
}

/// A list of names and those of their values that there are.
pub(in crate::http) fn known_facts(rows: &[(&str, Option<String>)]) -> Markup {
    let known: Vec<_> = rows.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    facts(&known)
}

/// A list of names and their values.
pub(in crate::http) fn facts(facts: &[(&str, &str)]) -> Markup {
    html! {
        dl {
            @for (name, value) in facts {
                dt { (name) ":" }
                dd { (value) }
            }
        }
    }
}

/// A line of a form.
#[derive(Debug)]
pub(in crate::http) struct Field<'a> {
    pub(in crate::http) name: &'static str,
    pub(in crate::http) label: &'static str,
    pub(in crate::http) kind: &'static str,
    /// Type of the content, for password managers and on-screen keyboards.
    pub(in crate::http) autocomplete: &'static str,
    pub(in crate::http) value: &'a str,
    pub(in crate::http) has_focus: bool,
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        html! {
            label {
                (self.label)
                input type=(self.kind) name=(self.name) autocomplete=(self.autocomplete) autocapitalize="none"
                    spellcheck="false" required value=[(!self.value.is_empty()).then_some(self.value)]
                    autofocus[self.has_focus];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn text_from_others_cannot_become_markup() {
        let evil = "\"><script>alert(1)</script>";
        let field = Field {
            name: "user",
            label: "User",
            kind: "text",
            autocomplete: "off",
            value: evil,
            has_focus: false,
        };
        let content = html! { (problem(evil)) (facts(&[(evil, evil)])) (evil) a href=(evil) { "x" } (field) };
        let page = Page { language: Language::German, width: Width::Narrow, title: evil, content };
        let office = Office { name: evil.into(), ..Office::unknown(crate::model::Zone::utc()) };
        let response = finished(page.into_response(StatusCode::OK), Some(&office));
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], POLICY);
        let html = response.into_body().collect().await.unwrap().to_bytes();
        let html = std::str::from_utf8(&html).unwrap();
        assert!(!html.contains("<script") && !html.contains("href=\"\""), "{html}");
        assert!(html.contains("value=\"&quot;&gt;&lt;script"), "{html}");
    }
}
