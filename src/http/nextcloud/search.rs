//! Nextcloud's search in its apps: the field above the files on a phone, and the one in the desktop client's window.
//!
//! An app asks which kinds of things can be searched, and then searches each: here, files and folders by their names.
//! The desktop client opens a hit from its synchronised folder if the address names it by `dir` and `scrollto`; phones
//! read the same from `attributes`.

use http::StatusCode;
use serde_json::{Value, json};

use super::envelope::{Fault, coded, refusal};
use crate::accounts::Principal;
use crate::http::context::RequestContext;
use crate::http::error::library_status;
use crate::http::page::form::field;
use crate::http::page::language::preferred;
use crate::http::protocol::href::push_encoded;
use crate::http::viewer::page_address;
use crate::library::{Hit, MOST_HITS, Search};
use crate::model::{EntryName, SearchText};
use crate::text::FilesTexts;

/// Id of the only kind; clients know it as that of files.
const FILES: &str = "files";
/// Hits of an answer for a client that does not say how many it wants.
const HITS: usize = 10;
/// Most hits of an answer.
const MOST_AT_ONCE: usize = 25;

/// Target of a path below `search/providers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// The kinds of things that can be searched.
    Providers,
    /// A search for files and folders.
    Files,
}

/// The resource of a path after `search/`.
pub(super) fn resource(path: &str) -> Option<Resource> {
    if path == "providers" {
        return Some(Resource::Providers);
    }
    let kind = path.strip_prefix("providers/")?.strip_suffix("/search")?;
    (kind == FILES).then_some(Resource::Files)
}

impl RequestContext<'_> {
    pub(super) async fn cloud_search(
        &self,
        resource: Resource,
        principal: &Principal,
        origin: &str,
    ) -> Result<Value, Fault> {
        let name = FilesTexts(preferred(&self.parts.headers)).search_kind();
        match resource {
            Resource::Providers => Ok(json!([{ "id": FILES, "name": name, "order": 0 }])),
            Resource::Files => self.files_named(principal, origin, name).await,
        }
    }

    async fn files_named(&self, principal: &Principal, origin: &str, name: &str) -> Result<Value, Fault> {
        let query = self.parts.uri.query().unwrap_or_default().as_bytes();
        let number = |name| field(query, name).and_then(|number| number.parse::<usize>().ok());
        let text = SearchText::parse(&field(query, "term").unwrap_or_default())
            .map_err(|error| refusal(StatusCode::BAD_REQUEST, error.to_string()))?;
        let wanted = number("limit").unwrap_or(HITS).clamp(1, MOST_AT_ONCE);
        // The cursor counts the hits before it, because the desktop client takes the first one for the length of a page.
        let seen = number("cursor").unwrap_or(0).min(MOST_HITS);
        let limit = (seen + wanted).min(MOST_HITS);
        let rights =
            self.services.accounts.spaces_of(principal).await.map_err(|error| self.broken(&error))?;
        let found = self.services.library.search(&rights, Search { text, before: None, limit }).await;
        let found = found.map_err(|error| match library_status(&error) {
            status if status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE => {
                coded(status, error.code(), error.to_string())
            }
            _ => self.broken(&error),
        })?;
        let count = found.hits.len();
        let entries: Vec<_> = found.hits.iter().skip(seen).filter_map(|hit| entry(hit, origin)).collect();
        Ok(json!({
            "name": name,
            "isPaginated": found.next.is_some() && count < MOST_HITS,
            "entries": entries,
            "cursor": count,
        }))
    }
}

/// A hit as clients show it; a space always has a name that is one.
fn entry(hit: &Hit, origin: &str) -> Option<Value> {
    let space = EntryName::parse(&hit.space).ok()?;
    let title = hit.path.names().last()?.as_str();
    let above: Vec<_> = [space.as_str()]
        .into_iter()
        .chain(hit.path.names().iter().map(EntryName::as_str))
        .take(hit.path.names().len())
        .collect();
    let folder = format!("/{}", above.join("/"));
    let mut address = format!("{origin}{}", page_address(&space, &hit.path, hit.entry.is_folder()));
    address.push_str("?dir=");
    push_encoded(&mut address, &folder);
    address.push_str("&scrollto=");
    push_encoded(&mut address, title);
    Some(json!({
        "thumbnailUrl": "",
        "title": title,
        "subline": above.join(" › "),
        "resourceUrl": address,
        "icon": if hit.entry.is_folder() { "icon-folder" } else { "icon-filetype-file" },
        "rounded": false,
        "attributes": { "fileId": hit.entry.id.0.to_string(), "path": format!("{folder}/{title}") },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_searched() {
        for (path, expected) in [
            ("providers", Some(Resource::Providers)),
            ("providers/files/search", Some(Resource::Files)),
            ("providers/mail/search", None),
            ("providers/files", None),
            ("providers//search", None),
            ("", None),
        ] {
            assert_eq!(resource(path), expected, "{path}");
        }
    }
}
