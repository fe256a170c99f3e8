//! Files that the recipients of a request may fetch for an item: a form to fill in, and an example.
//!
//! Nothing is copied: the item names a file, and a person who fetches it gets its present content by the present
//! right of the user who made the request, as through a link to it.

use std::collections::{HashMap, HashSet};

use super::RequestError;
use super::event;
use crate::accounts::Principal;
use crate::catalog::{CatalogError, ItemRow, ReadTx};
use crate::library::{Entry, LibraryError};
use crate::model::{
    Access, EntryId, EntryPath, Handout, ItemId, LinkGrant, LinkId, LinkRight, RequestEvent, RequestId,
    SpaceId, Stamp, UserId,
};
use crate::sharing::{Sharing, Visit, VisitError};

/// Most requests of a user whose files are offered for the next one.
const MOST_REQUESTS: usize = 50;
/// Most items whose files are offered.
const MOST_OFFERED: usize = 50;
/// Largest file that recipients of a request may fetch for an item, in bytes: a form or an example, not an archive.
pub const MAX_HANDOUT_BYTES: u64 = 20 << 20;
/// The endings of names of documents and pictures.
const ENDINGS: [&str; 22] = [
    "csv", "doc", "docx", "gif", "heic", "jpeg", "jpg", "odp", "ods", "odt", "pdf", "png", "ppt", "pptx",
    "rtf", "tif", "tiff", "txt", "webp", "xls", "xlsx", "xml",
];

/// A file that recipients of a request may fetch for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOut {
    /// Its purpose.
    pub what: Handout,
    /// The file; `None` if it is not there at present: removed, withheld, or not for the user who made the request.
    pub file: Option<Entry>,
}

impl Sharing {
    /// Names the file that recipients may fetch for an item of a request in a space of these rights, or with `None` none. The
    /// file may lie in any space that its access opens.
    ///
    /// Errors: `NoSuchRequest`, `NoSuchItem`, `NoHandout` for a folder, a large file and one that is no document or picture;
    /// those of finding the file.
    pub async fn set_handout(
        &self,
        rights: &[Access],
        (id, item, what): (RequestId, ItemId, Handout),
        file: Option<(Access, EntryPath)>,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let entry = match file {
            Some((access, path)) => {
                let entry = self.inner.library.find(&access, &path).await?;
                if !is_fit(&entry) {
                    return Err(RequestError::NoHandout);
                }
                Some(entry.id)
            }
            None => None,
        };
        self.change_request(rights, id, move |tx, row| {
            let item =
                tx.item(item)?.filter(|item| item.request == row.id).ok_or(RequestError::NoSuchItem)?;
            if item.handouts.of(what) == entry {
                return Ok(());
            }
            tx.set_handout(item.id, what, entry)?;
            Ok(tx.record(&by, &event(tx, row, RequestEvent::Changed, (None, None))?)?)
        })
        .await
    }

    /// Files that the latest requests of a user hand out, as far as these rights reach them, each with its space; once each.
    pub async fn handouts_lately(
        &self,
        principal: &Principal,
        rights: &[Access],
    ) -> Result<Vec<(SpaceId, EntryPath)>, RequestError> {
        let user = principal.user;
        let bounds = (MOST_REQUESTS, MOST_OFFERED);
        let mut lately = self.inner.catalog.read(move |tx| tx.handouts_lately(user, bounds)).await?;
        lately.sort_unstable_by_key(|entry| entry.0);
        lately.dedup();
        let found = self.inner.library.located(rights, lately).await?;
        Ok(found
            .into_iter()
            .filter(|(entry, _)| is_fit(entry))
            .map(|(entry, path)| (entry.space, path))
            .collect())
    }

    /// The access by which a user's name for a space, and a path in it, lead to a file; `None` for a space that the user may
    /// not read.
    pub async fn file_at(
        &self,
        principal: &Principal,
        place: &str,
    ) -> Result<Option<(Access, EntryPath)>, RequestError> {
        let (space, path) = place.trim().trim_start_matches('/').split_once('/').unwrap_or((place, ""));
        let spaces = self.inner.library.spaces().await?;
        let Some(space) = spaces.into_iter().find(|one| one.name == space) else { return Ok(None) };
        let access = self.inner.accounts.access(principal, space.id).await?;
        let path = EntryPath::parse(path).map_err(LibraryError::from)?;
        Ok(access.map(|access| (access, path)))
    }

    /// The same visit, but to the file that an item hands out. While the request is closed there is none.
    ///
    /// Errors: `NoSuchLink` if it is not there.
    pub async fn handout(&self, visit: Visit, item: ItemId, what: Handout) -> Result<Visit, VisitError> {
        let request = visit.link.request.ok_or(VisitError::NoSuchLink)?;
        let read = move |tx: &ReadTx<'_>| {
            let is_open = tx.request(request)?.is_some_and(|row| row.closed.is_none());
            let item = tx.item(item)?.filter(|item| is_open && item.request == request);
            Ok::<_, CatalogError>(item.and_then(|item| item.handouts.of(what)))
        };
        let entry = self.inner.catalog.read(read).await?.ok_or(VisitError::NoSuchLink)?;
        let mut lent = self.lend_files((visit.link.creator, visit.link.id), vec![entry]).await?;
        let (access, entry) = lent.remove(&entry).ok_or(VisitError::NoSuchLink)?;
        Ok(Visit { access, entry, ..visit })
    }

    /// What each item hands out through links of this user. The catalogue is read twice, for any number of items.
    pub(super) async fn handed_out(
        &self,
        by: Option<(UserId, LinkId)>,
        items: &[ItemRow],
    ) -> Result<Vec<Vec<HandedOut>>, VisitError> {
        let wanted: HashSet<EntryId> =
            items.iter().flat_map(|item| item.handouts.all()).map(|(_, entry)| entry).collect();
        let lent = match by {
            Some(by) => self.lend_files(by, wanted.into_iter().collect()).await?,
            None => HashMap::new(),
        };
        let file = |entry: EntryId| lent.get(&entry).map(|(_, file)| file.clone());
        let of_item = |item: &ItemRow| {
            let all = item.handouts.all();
            all.map(|(what, entry)| HandedOut { what, file: file(entry) }).collect()
        };
        Ok(items.iter().map(of_item).collect())
    }

    /// Those of the files that a guest may read by the present right of a user.
    async fn lend_files(
        &self,
        (creator, link): (UserId, LinkId),
        wanted: Vec<EntryId>,
    ) -> Result<HashMap<EntryId, (Access, Entry)>, VisitError> {
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let read = move |tx: &ReadTx<'_>| {
            let rows = wanted.into_iter().map(|entry| tx.entry(entry));
            rows.collect::<Result<Vec<_>, CatalogError>>()
        };
        let mut accesses = Vec::new();
        for row in self.inner.catalog.read(read).await?.into_iter().flatten() {
            let grant = LinkGrant { link, top: row.id, right: LinkRight::Read };
            accesses.extend(self.inner.accounts.guest_access(creator, row.space, grant).await?);
        }
        let found = self.inner.library.lent_entries(accesses.clone()).await.map_err(VisitError::Library)?;
        let lent = accesses.into_iter().zip(found).filter_map(|(access, entry)| Some((access, entry?)));
        let lent = lent.filter(|(_, entry)| entry.is_readable && is_fit(entry));
        Ok(lent.map(|(access, entry)| (entry.id, (access, entry))).collect())
    }
}

/// Whether a file may be handed out: its size and its name.
pub fn is_fit(entry: &Entry) -> bool {
    !entry.is_folder() && entry.size <= MAX_HANDOUT_BYTES && is_document(&entry.name)
}

/// Whether a file of this name is a document or a picture.
pub fn is_document(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}
