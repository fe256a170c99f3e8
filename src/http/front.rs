//! The page at the server's root: the way in for people with an account, and what others need to know.

use http::header::{ALLOW, HeaderName};
use http::{HeaderValue, Method, Response, StatusCode};
use maud::{Markup, html};

use super::context::RequestContext;
use super::desk::Desk;
use super::page::bar::{bar, pages};
use super::page::language::{chosen, keep_choice};
use super::page::{Page, Width};
use super::reply::{empty, plain};
use crate::net::ResponseBody;
use crate::text::{AccountTexts, BrowseTexts, Language};

const DAV: HeaderName = HeaderName::from_static("dav");
const MS_AUTHOR_VIA: HeaderName = HeaderName::from_static("ms-author-via");
/// Methods that Explorer expects here before it mounts anything below.
const METHODS: HeaderValue = HeaderValue::from_static("OPTIONS, GET, HEAD, PROPFIND, LOCK, UNLOCK");

/// Answers a request to the root. It is not a mount, but Explorer first asks it whether this is a WebDAV server, and people
/// open it in a browser.
pub(super) async fn handle(context: RequestContext<'_>) -> Response<ResponseBody> {
    let mut response = match context.parts.method {
        Method::OPTIONS => empty(StatusCode::OK),
        Method::GET | Method::HEAD => page(context).await,
        _ => plain(StatusCode::METHOD_NOT_ALLOWED, "The files are below /dav/."),
    };
    response.headers_mut().insert(ALLOW, METHODS);
    response.headers_mut().insert(DAV, HeaderValue::from_static("1, 2"));
    response.headers_mut().insert(MS_AUTHOR_VIA, HeaderValue::from_static("DAV"));
    response
}

async fn page(context: RequestContext<'_>) -> Response<ResponseBody> {
    let language = chosen(context);
    // If the accounts cannot be read, the page is that of a stranger.
    let desk = Desk::of(context, language).await.ok().flatten();
    let person = desk.as_ref().map(Desk::person);
    let shown = match &person {
        None => for_others(language),
        Some(person) => html! {
            p { (BrowseTexts(language).front_own()) }
            ul.items {
                @for (page, title) in pages(language, person) { li { a href=(page) { (title) } } }
                li { a href="/account" { (AccountTexts(language).title()) } }
            }
        },
    };
    let title = BrowseTexts(language).front_title();
    let bar = bar(language, context.address(), person.as_ref());
    let mut response =
        Page { language, width: Width::Narrow, title, content: shown }.below(&bar, StatusCode::OK);
    keep_choice(context, &mut response);
    response
}

fn for_others(language: Language) -> Markup {
    let texts = BrowseTexts(language);
    html! {
        p { (texts.front_link()) " " a href="/check" { (texts.front_check()) } }
        p { (texts.front()) }
        p { a.button href="/files/" { (texts.your_files()) } }
        p { (texts.front_app()) }
    }
}
