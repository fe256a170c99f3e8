//! Reads requests: for users of the office, and for the recipients.

use std::collections::HashMap;

use super::RequestError;
use super::handout::HandedOut;
use super::seen::seen;
use crate::accounts::Principal;
use crate::catalog::{
    CommentRow, ItemRow, LinkRow, ReadTx, RecipientRow, RequestFileRow, RequestRow, RequestsOf,
};
use crate::model::{
    Access, EntryId, EntryPath, Event, ItemState, Recorded, RequestId, Right, SpaceId, Timestamp,
};
use crate::sharing::link::Link;
use crate::sharing::{Sharing, Visit};

/// Most requests of one page of a list.
pub const MAX_PAGE: usize = 100;
/// Most comments on an item that are shown.
const MAX_SHOWN_COMMENTS: usize = 50;
/// Most files of an item that are shown.
const MAX_SHOWN_FILES: usize = 100;

/// Most events about the requests of a folder among which those of one request are looked for.
const MAX_EVENTS: usize = 500;

/// The choice of a list of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestsAsked {
    /// Which requests.
    pub of: RequestsOf,
    /// Only those of this space.
    pub space: Option<SpaceId>,
    /// Only those that were made from this template; an empty name for those that were made from none.
    pub template: Option<String>,
    /// Only those with smaller ids.
    pub before: Option<RequestId>,
}

/// A page of a list for people.
#[derive(Clone, Debug, Default)]
pub struct RequestLines {
    /// Latest first.
    pub lines: Vec<RequestLine>,
    /// The id before which the next page begins.
    pub next: Option<RequestId>,
}

/// A request in a list.
#[derive(Clone, Debug)]
pub struct RequestLine {
    /// The request.
    pub row: RequestRow,
    /// Number of its items.
    pub items: u32,
    /// The recipients in their order.
    pub recipients: Vec<RecipientRow>,
    /// Title, person and state of each item in their order; only where a list asks for them.
    pub states: Vec<ItemRow>,
}

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
    /// The files that the recipients may fetch for it.
    pub handouts: Vec<HandedOut>,
}

impl ItemShown {
    /// Why it was rejected, or the recipient's comment that it does not apply.
    pub fn reason(&self) -> Option<&str> {
        let reason = match self.row.state {
            ItemState::Rejected => &self.row.reason,
            ItemState::DoesNotApply => &self.row.declined_why,
            ItemState::Open | ItemState::HandedIn | ItemState::Accepted => return None,
        };
        Some(reason.as_str()).filter(|reason| !reason.is_empty())
    }

    /// A word for the state of the item that a user saw before deciding about it.
    pub fn seen(&self) -> String {
        seen(&self.row, self.files.first().map(|file| file.row.id))
    }
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
    /// The files that the person may fetch for it.
    pub handouts: Vec<HandedOut>,
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

    /// Whether a user with these rights makes and judges requests anywhere.
    pub fn may_ask(&self, principal: &Principal, rights: &[Access]) -> bool {
        self.require_maker(principal).is_ok() && !spaces_of(rights, None).is_empty()
    }

    /// A page of the requests in the spaces of these rights, latest first.
    pub async fn requests(
        &self,
        rights: &[Access],
        of: RequestsOf,
        before: Option<RequestId>,
        now: Timestamp,
    ) -> Result<RequestPage, RequestError> {
        let asked = RequestsAsked { of, before, ..RequestsAsked::default() };
        let spaces = spaces_of(rights, None);
        let page = self.inner.catalog.read(move |tx| {
            let (requests, next) = found(tx, spaces, &asked, MAX_PAGE, now)?;
            Ok::<_, RequestError>(RequestPage { requests, next })
        });
        page.await
    }

    /// A page of at most `limit` requests in the spaces of these rights, latest first; with the states of their items if
    /// `with_states`.
    pub async fn request_lines(
        &self,
        rights: &[Access],
        asked: RequestsAsked,
        (limit, with_states): (usize, bool),
        now: Timestamp,
    ) -> Result<RequestLines, RequestError> {
        let spaces = spaces_of(rights, asked.space);
        let page = self.inner.catalog.read(move |tx| {
            let (requests, next) = found(tx, spaces, &asked, limit, now)?;
            let lines = requests.into_iter().map(|row| line(tx, row, with_states));
            Ok::<_, RequestError>(RequestLines { lines: lines.collect::<Result<_, _>>()?, next })
        });
        page.await
    }

    /// The latest request that a user made; 0 for none.
    pub async fn latest_request(&self, principal: &Principal) -> Result<RequestId, RequestError> {
        let user = principal.user;
        Ok(self.inner.catalog.read(move |tx| tx.latest_request_of(user)).await?)
    }

    /// The latest requests, at most [`MAX_TOGETHER`](super::MAX_TOGETHER), that the user made since a time, with ids above
    /// `after`, each with the recipients and their links.
    pub async fn requests_made(
        &self,
        principal: &Principal,
        rights: &[Access],
        (after, since): (Option<RequestId>, Timestamp),
    ) -> Result<Vec<(RequestRow, Vec<RecipientShown>)>, RequestError> {
        let (user, spaces) = (principal.user, spaces_of(rights, None));
        let after = after.map_or(0, |id| id.0);
        let read = self.inner.catalog.read(move |tx| {
            let mut made = Vec::new();
            for row in tx.requests_made_by(user, (after, since), super::MAX_TOGETHER)? {
                if spaces.contains(&row.space) {
                    let recipients = recipients(tx, row.id)?;
                    made.push((row, recipients));
                }
            }
            Ok::<_, RequestError>(made)
        });
        let made = read.await?.into_iter();
        Ok(made.map(|(row, recipients)| (row, self.recipients_shown(recipients))).collect())
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
        let recipients = self.recipients_shown(recipients);
        let mut shown = RequestShown { row, path, items, recipients, others };
        let link = shown.recipients.iter().find_map(|recipient| recipient.link.as_ref());
        let by = shown.row.creator.zip(link.map(|link| link.id));
        let rows: Vec<_> = shown.items.iter().map(|item| item.row.clone()).collect();
        let handed_out = self.handed_out(by, &rows).await?;
        for (item, handouts) in shown.items.iter_mut().zip(handed_out) {
            item.handouts = handouts;
        }
        self.place(rights, &mut shown).await?;
        Ok(shown)
    }

    /// The events of a request in a space of these rights, latest first.
    ///
    /// Errors: `NoSuchRequest`.
    pub async fn request_history(
        &self,
        rights: &[Access],
        id: RequestId,
    ) -> Result<Vec<Recorded>, RequestError> {
        let allowed = rights.to_vec();
        self.inner.catalog.read(move |tx| history(tx, &permitted(tx, &allowed, id)?)).await
    }

    fn recipients_shown(&self, recipients: Vec<(RecipientRow, Option<LinkRow>)>) -> Vec<RecipientShown> {
        let shown = |(row, link): (_, Option<LinkRow>)| RecipientShown {
            row,
            link: link.map(|link| self.shown(link)),
        };
        recipients.into_iter().map(shown).collect()
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
                items.push(AskedItem { row, comments, handouts: Vec::new() });
            }
            Ok::<_, RequestError>(Some(Asked { row, items, recipient }))
        });
        let Some(mut asked) = read.await? else { return Ok(None) };
        let rows: Vec<_> = asked.items.iter().map(|item| item.row.clone()).collect();
        let handed_out = self.handed_out(Some((visit.link.creator, link)), &rows).await?;
        for (item, handouts) in asked.items.iter_mut().zip(handed_out) {
            item.handouts = handouts;
        }
        Ok(Some(asked))
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

/// The spaces of these rights in which requests are made and judged, or the wanted one of them.
fn spaces_of(rights: &[Access], wanted: Option<SpaceId>) -> Vec<SpaceId> {
    let spaces = rights.iter().filter_map(|access| access.require(Right::Write).ok());
    spaces.filter(|space| wanted.is_none_or(|wanted| wanted == *space)).collect()
}

/// Up to `limit` requests of these spaces, latest first, and the id before which the next page begins.
fn found(
    tx: &ReadTx<'_>,
    spaces: Vec<SpaceId>,
    asked: &RequestsAsked,
    limit: usize,
    now: Timestamp,
) -> Result<(Vec<RequestRow>, Option<RequestId>), RequestError> {
    let before = asked.before.map_or(i64::MAX, |id| id.0);
    let mut requests: Vec<RequestRow> = Vec::new();
    // Once there are enough, only later ones of the other spaces count.
    let mut after = 0;
    for space in spaces {
        let bounds = (after, before, limit + 1);
        requests.extend(match &asked.template {
            Some(template) => tx.requests_from((space, template), asked.of, bounds, now)?,
            None => tx.requests_in(space, asked.of, bounds, now)?,
        });
        requests.sort_by_key(|row| std::cmp::Reverse(row.id));
        requests.truncate(limit + 1);
        if let Some(last) = requests.get(limit) {
            after = last.id.0;
        }
    }
    let has_more = requests.len() > limit;
    requests.truncate(limit);
    let next = requests.last().filter(|_| has_more).map(|row| row.id);
    Ok((requests, next))
}

fn line(tx: &ReadTx<'_>, row: RequestRow, with_states: bool) -> Result<RequestLine, RequestError> {
    let states = if with_states { tx.items_of(row.id)? } else { Vec::new() };
    let (items, recipients) = (tx.item_count(row.id)?, tx.recipients_of(row.id)?);
    Ok(RequestLine { row, items, recipients, states })
}

fn history(tx: &ReadTx<'_>, row: &RequestRow) -> Result<Vec<Recorded>, RequestError> {
    let Some(folder) = row.folder else { return Ok(Vec::new()) };
    let events = tx.events_of_requests(folder, MAX_EVENTS)?.into_iter();
    let is_own = |event: &Event| matches!(event, Event::Request { request, .. } if *request == row.id);
    Ok(events.filter(|recorded| is_own(&recorded.event)).collect())
}

fn shown(tx: &ReadTx<'_>, row: ItemRow) -> Result<ItemShown, RequestError> {
    let files = unplaced(tx.files_of_item(row.id, MAX_SHOWN_FILES)?);
    let comments = tx.comments_on(row.id, MAX_SHOWN_COMMENTS)?;
    Ok(ItemShown { row, files, comments, handouts: Vec::new() })
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
