//! SEARCH for the entry with a number, which Nextcloud's own Python library sends after each MOVE and COPY, and for
//! entries by a part of their names, which Nextcloud's app for iOS sends.

use super::propfind::multistatus_response;
use super::target::EntryTarget;
use super::{Answer, DavRequest};
use crate::http::protocol::href::Place;
use crate::http::protocol::listing::PropfindAnswer;
use crate::http::protocol::propfind::PropfindRequest;
use crate::http::protocol::search::Wanted;
use crate::http::protocol::{search, xml};
use crate::library::{LibraryError, MOST_HITS, Search};
use crate::model::{Access, Depth, EntryId, EntryName};
use crate::net::{RequestBody, ResponseBody};

impl DavRequest<'_> {
    /// The requested properties of the entries found, as far as this user may see them.
    pub(super) async fn search(&self, body: &mut RequestBody) -> Answer {
        let request = search::parse(&body.collect(xml::MAX_BODY_BYTES).await?)?;
        let rights = self.services.accounts.spaces_of(self.principal()?).await?;
        match request.wanted {
            Wanted::Entry(entry) => self.search_number(entry, &request.select, &rights).await,
            Wanted::Names { text, limit } => {
                let limit = limit.unwrap_or(MOST_HITS);
                self.search_names(Search { text, before: None, limit }, &request.select, &rights).await
            }
        }
    }

    async fn search_number(&self, entry: EntryId, select: &PropfindRequest, rights: &[Access]) -> Answer {
        let found = self.services.library.located(rights, vec![entry]).await?.pop();
        let target = found.and_then(|(entry, path)| {
            let access = *rights.iter().find(|access| access.space() == entry.space)?;
            Some((access, path))
        });
        let Some((access, path)) = target else {
            let nothing = PropfindAnswer::new(select).finish();
            return Ok(multistatus_response(ResponseBody::full(nothing)));
        };
        let name = self.services.library.space_name(access.space()).await?;
        let Ok(space) = EntryName::parse(&name) else {
            return Err(super::Failure::not_found());
        };
        self.list_entry(EntryTarget { space, path, access }, select, Depth::Zero).await
    }

    /// The latest entries, at most [`MOST_HITS`]: the protocol has no pages.
    async fn search_names(&self, wanted: Search, select: &PropfindRequest, rights: &[Access]) -> Answer {
        let (library, now) = (&self.services.library, self.info.received);
        let mut answer = PropfindAnswer::new(select);
        for hit in library.search(rights, wanted).await?.hits {
            let detail = self.detail(select, &hit.access);
            let Ok(space) = EntryName::parse(&hit.space) else { continue };
            let member = match library.member_with(&hit.access, &hit.path, &detail, now).await {
                Ok(member) => member,
                // It was moved or removed since it was found.
                Err(LibraryError::NotFound) => continue,
                Err(error) => return Err(error.into()),
            };
            let place = Place::Entry { space: space.clone(), path: hit.path };
            let href = self.mount.href(&place, member.entry.is_folder());
            self.view(space, hit.access, None, detail).push(&mut answer, &member, "", &href);
        }
        Ok(multistatus_response(ResponseBody::full(answer.finish())))
    }
}
