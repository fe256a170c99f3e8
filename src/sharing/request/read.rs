//! Reads requests: for users of the office, and for the recipients.

use std::collections::HashMap;

use super::RequestError;
use crate::accounts::Principal;
use crate::catalog::{
    CommentRow, ItemRow, LinkRow, ReadTx, RecipientRow, RequestFileRow, RequestRow, RequestsOf,
};
use crate::model::{Access, EntryId, EntryPath, RequestId, Right, SpaceId, Timestamp};
use crate::sharing::link::Link;
use crate::sharing::{Sharing, Visit};

/// Most requests of one page of a list.
pub const MAX_PAGE: usize = 100;
/// Most comments on an item that are shown.
const MAX_SHOWN_COMMENTS: usize = 50;
/// Most files of an item that are shown.
const MAX_SHOWN_FILES: usize = 100;

/// A page of a list of requests.
#[derive(Clone, Debug, Default)]
pub struct RequestPage {
    /// Latest first.
    pub requests: Vec<RequestRow>,
    /// The id before which the next page begins.
    pub next: Option<RequestId>,
}

/// A request as users of the office see it.
#[derive(Clone, Debug)]
pub struct RequestShown {
    /// The request.
    pub row: RequestRow,
    /// Path of its folder, while that exists.
    pub path: Option<String>,
    /// Its items in their order.
    pub items: Vec<ItemShown>,
    /// The recipients.
    pub recipients: Vec<RecipientShown>,
    /// The latest files that belong to no item, latest first.
    pub others: Vec<RequestFile>,
}

/// An item as users of the office see it.
#[derive(Clone, Debug)]
pub struct ItemShown {
    /// The item.
    pub row: ItemRow,
    /// Its latest files, latest first.
    pub files: Vec<RequestFile>,
    /// The latest comments on it, earliest first.
    pub comments: Vec<CommentRow>,
}

/// A file of a request, with its path in the space while it is there.
#[derive(Clone, Debug)]
pub struct RequestFile {
    /// The file.
    pub row: RequestFileRow,
    /// Its path in the space.
    pub path: Option<EntryPath>,
}

/// A recipient with the link.
#[derive(Clone, Debug)]
pub struct RecipientShown {
    /// The recipient.
    pub row: RecipientRow,
    /// The recipient's link, while it exists.
    pub link: Option<Link>,
}

/// A request as the recipients see it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request.
    pub row: RequestRow,
    /// Its items in their order.
    pub items: Vec<AskedItem>,
    /// The person whose link this is.
    pub recipient: Option<RecipientRow>,
}

/// An item as the recipients see it.
#[derive(Clone, Debug)]
pub struct AskedItem {
    /// The item.
    pub row: ItemRow,
    /// The latest comments of this person, earliest first.
    pub comments: Vec<CommentRow>,
}

impl Asked {
    /// Number of items for which the person has something to do.
    pub fn missing(&self) -> usize {
        self.items.iter().filter(|item| item.row.state.is_missing()).count()
    }
}

impl Sharing {
    /// The spaces in which a user makes and judges requests.
    pub async fn request_rights(&self, principal: &Principal) -> Result<Vec<Access>, RequestError> {
        if self.require_maker(principal).is_err() {
            return Ok(Vec::new());
        }
        let accesses = self.inner.accounts.spaces_of(principal).await?;
        Ok(accesses.into_iter().filter(|access| access.require(Right::Write).is_ok()).collect())
    }

    /// A page of the requests in the spaces of these rights, latest first.
    pub async fn requests(
        &self,
        rights: &[Access],
        of: RequestsOf,
        before: Option<RequestId>,
        now: Timestamp,
    ) -> Result<RequestPage, RequestError> {
        let spaces: Vec<SpaceId> =
            rights.iter().filter_map(|access| access.require(Right::Write).ok()).collect();
        let before = before.map_or(i64::MAX, |id| id.0);
        let page = self.inner.catalog.read(move |tx| {
            let mut requests = Vec::new();
            for space in spaces {
                requests.extend(tx.requests_in(space, of, (before, MAX_PAGE + 1), now)?);
            }
            requests.sort_by_key(|row| std::cmp::Reverse(row.id));
            let has_more = requests.len() > MAX_PAGE;
            requests.truncate(MAX_PAGE);
            let next = requests.last().filter(|_| has_more).map(|row| row.id);
            Ok::<_, RequestError>(RequestPage { requests, next })
        });
        page.await
    }

    /// One request in a space of these rights.
    ///
    /// Errors: `NoSuchRequest`, also for one in another space.
    pub async fn request(&self, rights: &[Access], id: RequestId) -> Result<RequestShown, RequestError> {
        let allowed = rights.to_vec();
        let (row, items, recipients, others, path) = self
            .inner
            .catalog
            .read(move |tx| {
                let row = permitted(tx, &allowed, id)?;
                let items = tx.items_of(id)?.into_iter().map(|item| shown(tx, item));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                let recipients = recipients(tx, id)?;
                let others = unplaced(tx.other_files_of(id, MAX_SHOWN_FILES)?);
                let spot = row.folder.map(|folder| tx.spot(folder)).transpose()?.flatten();
                Ok::<_, RequestError>((row, items, recipients, others, spot.map(|spot| spot.path)))
            })
            .await?;
        let recipients = recipients
            .into_iter()
            .map(|(row, link)| RecipientShown { row, link: link.map(|link| self.shown(link)) })
            .collect();
        let mut shown = RequestShown { row, path, items, recipients, others };
        self.place(rights, &mut shown).await?;
        Ok(shown)
    }

    /// Finds the files that the user may open.
    async fn place(&self, rights: &[Access], shown: &mut RequestShown) -> Result<(), RequestError> {
        let items = shown.items.iter_mut().flat_map(|item| &mut item.files);
        let files: Vec<&mut RequestFile> = items.chain(&mut shown.others).collect();
        let entries = files.iter().filter_map(|file| file.row.entry).collect();
        let found = self.inner.library.located(rights, entries).await?;
        let paths: HashMap<EntryId, EntryPath> =
            found.into_iter().map(|(entry, path)| (entry.id, path)).collect();
        for file in files {
            file.path = file.row.entry.and_then(|entry| paths.get(&entry).cloned());
        }
        Ok(())
    }

    /// The request that an open link belongs to; `None` if it belongs to none.
    pub async fn asked(&self, visit: &Visit) -> Result<Option<Asked>, RequestError> {
        let Some(id) = visit.link.request else { return Ok(None) };
        let link = visit.link.id;
        let read = self.inner.catalog.read(move |tx| {
            let Some(row) = tx.request(id)? else { return Ok(None) };
            let recipient = tx.recipient_by_link(link)?;
            let own = recipient.as_ref().map(|recipient| recipient.id);
            let mut items = Vec::new();
            for row in tx.items_of(id)? {
                let mut comments = tx.comments_on(row.id, MAX_SHOWN_COMMENTS)?;
                comments.retain(|comment| comment.recipient == own);
                items.push(AskedItem { row, comments });
            }
            Ok::<_, RequestError>(Some(Asked { row, items, recipient }))
        });
        read.await
    }
}

/// The request, if one of these rights covers it. The only check of users of the office.
pub(super) fn permitted(
    tx: &ReadTx<'_>,
    rights: &[Access],
    id: RequestId,
) -> Result<RequestRow, RequestError> {
    let row = tx.request(id)?.ok_or(RequestError::NoSuchRequest)?;
    let is_covered = rights.iter().any(|access| access.require(Right::Write) == Ok(row.space));
    if is_covered { Ok(row) } else { Err(RequestError::NoSuchRequest) }
}

fn shown(tx: &ReadTx<'_>, row: ItemRow) -> Result<ItemShown, RequestError> {
    let files = unplaced(tx.files_of_item(row.id, MAX_SHOWN_FILES)?);
    let comments = tx.comments_on(row.id, MAX_SHOWN_COMMENTS)?;
    Ok(ItemShown { row, files, comments })
}

fn unplaced(files: Vec<RequestFileRow>) -> Vec<RequestFile> {
    files.into_iter().map(|row| RequestFile { row, path: None }).collect()
}

/// The recipients of a request, each with the row of the link.
pub(super) fn recipients(
    tx: &ReadTx<'_>,
    id: RequestId,
) -> Result<Vec<(RecipientRow, Option<LinkRow>)>, RequestError> {
    let mut all = Vec::new();
    for row in tx.recipients_of(id)? {
        let link = row.link.map(|link| tx.link(link)).transpose()?.flatten();
        all.push((row, link));
    }
    Ok(all)
}
