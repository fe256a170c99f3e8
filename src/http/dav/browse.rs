//! A folder in a browser: a plain page without scripts, in German or English.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::target::EntryTarget;
use super::{Answer, DavRequest};
use crate::http::page::folder::{self, Row};
use crate::http::page::language::preferred;
use crate::http::page::{Page, Width};
use crate::http::protocol::href::{Mount, Place};
use crate::http::reply::see_other;
use crate::library::{Entry, Top};
use crate::model::EntryName;
use crate::net::ResponseBody;
use crate::sharing::Visit;
use crate::text::{BrowseTexts, Language};

impl DavRequest<'_> {
    pub(super) async fn browse_root(&self, tops: &[Top]) -> Response<ResponseBody> {
        // Links are relative to an address with a trailing slash; without it they would miss the mount.
        let base = self.mount.href(&Place::Root, true);
        let row = |top: &Top| Row::new(&base, &top.space.name, None, top.member.entry.modified);
        let rows: Vec<_> = tops.iter().map(row).collect();
        let language = preferred(&self.parts.headers);
        let (texts, zone) = (BrowseTexts(language), self.context.zone().await);
        page(language, texts.spaces(), folder::members((language, &zone), None, &rows, texts.no_spaces()))
    }

    pub(super) async fn browse(&self, target: &EntryTarget, folder: Entry) -> Answer {
        // Links are relative to a folder's address with its trailing slash.
        let base = self.mount.href(&target.place(), true);
        let now = self.info.received;
        let (rows, more) =
            folder::rows(&self.services.library, &target.access, folder.id, &base, now).await?;
        let title = match &target.place() {
            Place::Entry { space, path } if path.is_root() => space.to_string(),
            Place::Entry { path, .. } => path.names().last().map_or_else(String::new, EntryName::to_string),
            Place::Root => String::new(),
        };
        let above = match target.path.split_last() {
            Some((path, _)) => Place::Entry { space: target.space.clone(), path },
            None => Place::Root,
        };
        let above = self.mount.href(&above, true);
        let language = preferred(&self.parts.headers);
        let (texts, zone) = (BrowseTexts(language), self.context.zone().await);
        let content = html! {
            (folder::members((language, &zone), Some(&above), &rows, texts.empty()))
            @if more { p { (texts.more()) } }
        };
        Ok(page(language, &title, content))
    }
}

/// Redirects a guest to the page of the link that shows a folder.
pub(super) fn page_of(target: &EntryTarget, visit: &Visit) -> Response<ResponseBody> {
    let page = Mount::shared(["s", visit.link.token(), "files"], target.space.clone());
    see_other(&page.href(&target.place(), true))
}

fn page(language: Language, title: &str, content: Markup) -> Response<ResponseBody> {
    Page { language, width: Width::Wide, title, content }.into_response(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::model::{Timestamp, Zone};

    #[tokio::test]
    async fn names_cannot_become_markup() {
        let row = Row::new("", "<img src=x onerror=alert(1)>\".txt", Some(1), Timestamp(0));
        let (language, zone) = (Language::German, Zone::utc());
        let page = page(language, "<b>", folder::members((language, &zone), None, &[row], ""));
        let page = crate::http::page::finished(page, None);
        let html = page.into_body().collect().await.unwrap().to_bytes();
        let html = std::str::from_utf8(&html).unwrap();
        assert!(!html.contains("<img") && !html.contains("<b>"), "{html}");
        assert!(html.contains("href=\"%3Cimg%20src%3Dx"), "{html}");
        assert!(html.contains("01.01.1970, 00:00 UTC"), "{html}");
    }
}
