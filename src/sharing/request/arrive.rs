//! Files arrive for the items of a request: where they go, and whether the item still takes them when they are stored.

use super::RequestError;
use super::answer::settle;
use super::naming::{DEFAULT_NAMING, Facts, Naming};
use super::remind::ReminderPace;
use crate::catalog::{ItemRow, ReadTx, RequestRow, WriteTx};
use crate::model::{EntryName, EntryPath, HandInFileId, ItemId, ItemState, LinkId, RequestId, Stamp};
use crate::sharing::{Inner, Sharing};

/// The item of a file; `None` for anything else that belongs to a request.
pub(in crate::sharing) type ForItem = Option<ItemId>;

impl Sharing {
    /// The folders below that of the request, and the name, for a file that was sent.
    ///
    /// Errors: those of [`admit`].
    pub(in crate::sharing) async fn place_in_request(
        &self,
        (request, link): (RequestId, LinkId),
        item: ForItem,
        sent: EntryPath,
    ) -> Result<(Vec<EntryName>, EntryName), RequestError> {
        let inner: &Inner = &self.inner;
        let read = inner.catalog.read(move |tx| {
            let (request, item) = admit(tx, request, item)?;
            let number = item.as_ref().map(|item| tx.item_file_count(item.id)).transpose()?;
            let recipient = tx.recipient_by_link(link)?;
            let naming = Naming::parse(&request.naming).or_else(|_| Naming::parse(DEFAULT_NAMING))?;
            let facts = Facts {
                item: item.as_ref().map(|item| (item.position, item.title.as_str())),
                person: item.as_ref().map(|item| item.person.as_str()).unwrap_or_default(),
                client: recipient.as_ref().map(|recipient| recipient.name.as_str()).unwrap_or_default(),
                title: &request.title,
                year: request.year,
                number: number.unwrap_or_default() + 1,
                sent: &sent,
            };
            naming.path(&facts).ok_or(RequestError::NoSuchItem)
        });
        read.await
    }
}

/// The request and the item that take a file now.
///
/// Errors: `NoSuchRequest`, `Closed`, `NoSuchItem`, `ItemDone`, `OneFile`.
pub(in crate::sharing) fn admit(
    tx: &ReadTx<'_>,
    request: RequestId,
    item: ForItem,
) -> Result<(RequestRow, Option<ItemRow>), RequestError> {
    let request = tx.request(request)?.ok_or(RequestError::NoSuchRequest)?;
    if request.closed.is_some() {
        return Err(RequestError::Closed);
    }
    let Some(item) = item else { return Ok((request, None)) };
    let row = tx.item(item)?.filter(|row| row.request == request.id).ok_or(RequestError::NoSuchItem)?;
    if row.state == ItemState::Accepted {
        return Err(RequestError::ItemDone);
    }
    if !row.several && row.state == ItemState::HandedIn {
        return Err(RequestError::OneFile);
    }
    Ok((request, Some(row)))
}

/// Takes note of a file that was stored for a request, in the same transaction: an item with a file applies.
pub(in crate::sharing) fn arrived(
    tx: &WriteTx<'_>,
    pace: &ReminderPace,
    (request, item): (&RequestRow, Option<&ItemRow>),
    by: &Stamp,
) -> Result<(), RequestError> {
    tx.note_news(request.id, by.at)?;
    let Some(item) = item else { return Ok(()) };
    if item.declined.is_some() {
        tx.decline_item(item.id, None, "")?;
    }
    settle(tx, pace, (request, item), by, None)
}

/// Takes note of a file of a hand-in for this request that was taken back. An item that was accepted for it alone is not accepted any more.
pub(in crate::sharing) fn taken_back(
    tx: &WriteTx<'_>,
    pace: &ReminderPace,
    (request, file): (RequestId, HandInFileId),
    by: &Stamp,
) -> Result<(), RequestError> {
    let item = tx.item_of_file(file)?.map(|item| tx.item(item)).transpose()?.flatten();
    let Some(item) = item.filter(|item| item.request == request) else { return Ok(()) };
    let Some(request) = tx.request(request)? else { return Ok(()) };
    if item.state == ItemState::Accepted && tx.item_file_count(item.id)? == 0 && item.declined.is_none() {
        tx.judge_item(item.id, None, "")?;
    }
    settle(tx, pace, (&request, &item), by, None)
}
