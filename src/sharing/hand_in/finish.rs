//! Finishes hand-ins: the person does, or the server for those whose link has ended.

use std::sync::Arc;

use super::read::whole;
use super::receipt::Heading;
use super::{BOX_OPEN_FOR, EMPTY_OPEN_FOR, HandIn, HandInError};
use crate::catalog::{HandInRow, LinkRow, WriteTx};
use crate::model::{Actor, Event, HandInEvent, HandInId, Stamp, Timestamp, UserId, Worker};
use crate::sharing::{Inner, Sharing, Visit};

/// Hand-ins that one round closes.
const MAX_CLOSED: usize = 100;

impl Sharing {
    /// Finishes the hand-in of a browser: counts one use of the link and signs the receipt. A hand-in that is
    /// finished already stays as it is.
    ///
    /// Errors: `NoSuchHandIn`, `Empty`, `UsedUp`.
    pub async fn finish(&self, visit: &Visit, browser: &str, now: Timestamp) -> Result<HandIn, HandInError> {
        let (hmac, link) = (self.inner.keys.visit(visit.link.id, browser), visit.link.id);
        let names = self.names(Some(visit.link.creator)).await?;
        let (inner, by) = (Arc::clone(&self.inner), Stamp { actor: visit.actor(), at: now });
        self.inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                let row = tx.hand_in_of(&hmac, link)?.ok_or(HandInError::NoSuchHandIn)?;
                let id = row.id;
                if row.finished.is_some() {
                    tx.silent("it is finished already");
                    return Ok(whole(tx, id)?.1);
                }
                if tx.hand_in_extent(id)?.0 == 0 {
                    return Err(HandInError::Empty);
                }
                if !tx.use_link(link)? {
                    return Err(HandInError::UsedUp);
                }
                let link = tx.link(link)?.ok_or(HandInError::NoSuchHandIn)?;
                let heading = heading(tx, Some(&link), names, (now, true))?;
                end(tx, &row, &heading, &inner, &by)?;
                Ok(whole(tx, id)?.1)
            })
            .await
    }

    /// Finishes hand-ins that were left open when their link ended, or for a week through a box, so that they get a receipt,
    /// too; one without files is forgotten, after a day also if its link is open. Returns their number.
    pub async fn close_left_open(&self, now: Timestamp) -> Result<usize, HandInError> {
        let left = self
            .inner
            .catalog
            .read(move |tx| {
                let begun = (now.before(BOX_OPEN_FOR), now.before(EMPTY_OPEN_FOR));
                tx.hand_ins_left_open(now, begun, MAX_CLOSED)
            })
            .await?;
        for row in &left {
            self.close(row.id, now).await?;
        }
        Ok(left.len())
    }

    /// The same for one of them.
    pub(super) async fn close(&self, id: HandInId, now: Timestamp) -> Result<(), HandInError> {
        let creator = self.inner.catalog.read(move |tx| {
            let link = tx.hand_in(id)?.and_then(|row| row.link);
            Ok::<_, HandInError>(
                link.map(|link| tx.link(link)).transpose()?.flatten().map(|link| link.creator),
            )
        });
        let names = self.names(creator.await?).await?;
        self.close_as(id, names, now).await
    }

    /// The names of the office and of a user.
    async fn names(&self, user: Option<UserId>) -> Result<Names, HandInError> {
        let office = self.inner.accounts.office().await?;
        let asked_by = match user {
            Some(user) => self.inner.accounts.name_of(user).await?,
            None => None,
        };
        Ok(Names {
            office: Some(office.name.clone()).filter(|name| !name.is_empty()),
            asked_by: asked_by.map(|name| name.as_str().to_owned()),
        })
    }

    async fn close_as(&self, id: HandInId, names: Names, now: Timestamp) -> Result<(), HandInError> {
        let inner = Arc::clone(&self.inner);
        let by = Stamp { actor: Actor::Worker(Worker::HandIn), at: now };
        self.inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                let Some(row) = tx.hand_in(id)?.filter(|row| row.finished.is_none()) else {
                    tx.silent("it is finished already");
                    return Ok(());
                };
                if tx.hand_in_extent(id)?.0 == 0 {
                    tx.silent("nothing was handed in");
                    return Ok(tx.delete_hand_in(id)?);
                }
                let link = row.link.map(|link| tx.link(link)).transpose()?.flatten();
                let heading = heading(tx, link.as_ref(), names, (now, false))?;
                end(tx, &row, &heading, &inner, &by)
            })
            .await
    }
}

/// Names in a receipt.
struct Names {
    office: Option<String>,
    asked_by: Option<String>,
}

fn heading(
    tx: &WriteTx<'_>,
    link: Option<&LinkRow>,
    names: Names,
    (finished, is_complete): (Timestamp, bool),
) -> Result<Heading, HandInError> {
    let folder = link.map(|link| tx.entry(link.entry)).transpose()?.flatten();
    Ok(Heading {
        office: names.office,
        asked_by: names.asked_by,
        folder: folder.map(|row| row.name).unwrap_or_default(),
        deadline: link.and_then(|link| link.terms.deadline),
        finished,
        is_complete,
    })
}

fn end(
    tx: &WriteTx<'_>,
    row: &HandInRow,
    heading: &Heading,
    inner: &Inner,
    by: &Stamp,
) -> Result<(), HandInError> {
    let files = tx.hand_in_files(row.id)?;
    let receipt = heading.sign(row, &files, &inner.signer);
    let is_late = heading.is_late();
    tx.finish_hand_in(row.id, heading.finished, (is_late, heading.is_complete), &receipt)?;
    let kind = match (heading.is_complete, is_late) {
        (false, _) => HandInEvent::Closed,
        (true, false) => HandInEvent::Finished,
        (true, true) => HandInEvent::FinishedLate,
    };
    let (count, size, _) = tx.hand_in_extent(row.id)?;
    let spot = row.folder.map(|folder| tx.spot(folder)).transpose()?.flatten();
    match spot {
        Some(spot) => tx.record(by, &Event::HandIn { kind, hand_in: row.id, spot, count, size })?,
        None => tx.silent("its folder is removed for good, and that was the event"),
    }
    Ok(())
}
