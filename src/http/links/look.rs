//! The form or the example of an item, looked at on a page without fetching it.
//!
//! The content is opened by the right of the link, as a download is, before anything is painted. A guest chooses none of what
//! the converter reads: it is a document or picture that the office handed out.

use http::{Method, Response, StatusCode};
use maud::html;

use super::LinkRequest;
use super::address::{Endpoint, LinkAddress};
use super::pages;
use crate::http::context::RequestContext;
use crate::http::page::form::field;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Page, Width};
use crate::http::viewer::{self, Frame, Looked, Subject};
use crate::intake::ViewKind;
use crate::library::LibraryError;
use crate::model::{EntryPath, Shown, Stamp};
use crate::net::ResponseBody;
use crate::sharing::Visit;
use crate::text::AskedTexts;

/// What an address with a query shows.
pub(in crate::http) enum Look {
    /// This answer.
    Made(Response<ResponseBody>),
    /// The content itself, which is a picture of this media type.
    Picture(&'static str),
}

/// Looks at a file that is handed out, if the address asks for that; `None` for one that is to be fetched.
pub(in crate::http) async fn look(context: RequestContext<'_>, address: LinkAddress<'_>) -> Option<Look> {
    let Endpoint::Handout { what, item } = address.endpoint else { return None };
    let query = context.parts.uri.query().unwrap_or_default().as_bytes();
    // Without a number it is the first page; a text that is no number names no page.
    let number = |name| {
        field(query, name)
            .map(|number| if number.is_empty() { 1 } else { number.parse::<u32>().unwrap_or(0) })
    };
    let (view, page) = (number("view"), number("page"));
    let is_read = matches!(context.parts.method, Method::GET | Method::HEAD);
    if !is_read || (view.is_none() && page.is_none() && field(query, "picture").is_none()) {
        return None;
    }
    let request = LinkRequest::new(context, address);
    let visit = match request.open(request.pass()).await {
        Ok(visit) => request.services.sharing.handout(visit, item, what).await,
        Err(error) => Err(error),
    };
    let visit = match visit {
        Ok(visit) => visit,
        Err(error) => return Some(Look::Made(request.refused(&error))),
    };
    let by = Stamp { actor: visit.actor(), at: request.info.received };
    let top = EntryPath::root();
    let made = match (view, page) {
        (Some(number), _) => request.looked(&visit, number, by).await.map(Look::Made),
        (None, Some(number)) => {
            let made = viewer::page_picture(context, handed_out(&visit, &top), number, by).await;
            made.map(Look::Made)
        }
        (None, None) => request.picture(&visit).await,
    };
    Some(made.unwrap_or_else(|error| Look::Made(request.failed(&error))))
}

impl LinkRequest<'_> {
    /// The page with a page of the file.
    async fn looked(
        &self,
        visit: &Visit,
        number: u32,
        by: Stamp,
    ) -> Result<Response<ResponseBody>, LibraryError> {
        let top = EntryPath::root();
        let (looked, content) = viewer::look(self.context, handed_out(visit, &top), number, by).await?;
        let (language, texts) = (self.language, AskedTexts(self.language));
        let (name, file) = (Shown(&visit.entry.name).to_string(), self.path());
        let frame = Frame { language, name: &name, file, version: None };
        let content = html! {
            p.trail { a href=(self.address.base) { (texts.to_request()) } }
            (frame.show(&looked, |number| format!("{file}?view={number}")))
            p { a.button href=(file) download { (texts.fetch_file(&language.size(content.size))) } }
            (viewer::keys(language, &[]))
        };
        let status = match looked {
            Looked::NoSuchPage => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        let page = Page { language, width: Width::Wide, title: &name, content };
        Ok(with_script(page.below(&self.bar(), status), Script::Keys))
    }

    /// The file, if it is a picture.
    async fn picture(&self, visit: &Visit) -> Result<Look, LibraryError> {
        match self.services.intake.look(&visit.access, &EntryPath::root(), None).await?.kind {
            ViewKind::Image(media_type) => Ok(Look::Picture(media_type)),
            _ => Ok(Look::Made(pages::gone(self.language))),
        }
    }
}

/// The file that a visit is narrowed to; `top` is the root of the visit.
fn handed_out<'a>(visit: &'a Visit, top: &'a EntryPath) -> Subject<'a> {
    Subject { access: &visit.access, path: top, version: None }
}
