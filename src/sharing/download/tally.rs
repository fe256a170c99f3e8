//! Counts the bytes of an answer under a lease, and notes them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::receipt::Names;
use super::sent::Sent;
use super::{DownloadError, Fetched, LEASE, LONGEST_LEASE};
use crate::catalog::{DownloadRow, WriteTx};
use crate::model::{Actor, ByteRange, DownloadId, Event, LinkEvent, Spot, Stamp, Timestamp};
use crate::sharing::{Inner, Sharing, Visit};

/// Time between two notes of one answer. A crash forgets what left since the last one.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// Counts the bytes of one answer. When it is dropped, it notes those that have left.
pub struct Tally {
    noter: Noter,
    /// Bytes that have left since the last note.
    unnoted: ByteRange,
    noted_at: Timestamp,
    /// The last byte of the answer, which leaves when all others are noted.
    last: Option<Bytes>,
}

/// Notes the bytes of one lease.
#[derive(Clone)]
struct Noter {
    sharing: Sharing,
    lease: DownloadId,
    actor: Actor,
    what: Arc<Fetched>,
}

impl Sharing {
    /// The tally of an answer that sends this range; `None` without a lease.
    pub fn tally(&self, visit: &Visit, what: Fetched, range: ByteRange, now: Timestamp) -> Option<Tally> {
        let (sharing, actor, what) = (self.clone(), visit.actor(), Arc::new(what));
        let noter = Noter { sharing, lease: visit.lease?, actor, what };
        Some(Tally { noter, unnoted: at(range.start()), noted_at: now, last: None })
    }
}

impl Tally {
    /// The last byte, if only that is left: now that the download is noted and, if it is complete, counted.
    ///
    /// Errors: it could not be noted; then the byte must not leave.
    pub async fn last(&mut self, now: Timestamp) -> Result<Option<Vec<Bytes>>, DownloadError> {
        let Some(last) = self.last.take() else { return Ok(None) };
        self.count(last.len());
        self.note(now).await?;
        Ok(Some(vec![last]))
    }

    /// Takes the next pieces of the answer, and returns those to send now. Of the pieces that end it, the last byte stays
    /// behind for [`Self::last`].
    pub async fn pass(
        &mut self,
        mut pieces: Vec<Bytes>,
        is_end: bool,
        now: Timestamp,
    ) -> Result<Vec<Bytes>, DownloadError> {
        if now.since(self.noted_at) >= NOTE_EVERY {
            self.note(now).await?;
        }
        while is_end
            && self.last.is_none()
            && let Some(mut piece) = pieces.pop()
        {
            let Some(before) = piece.len().checked_sub(1) else { continue };
            self.last = Some(piece.split_off(before));
            if before > 0 {
                pieces.push(piece);
            }
        }
        self.count(pieces.iter().map(Bytes::len).sum());
        match pieces.is_empty() {
            true => Ok(self.last(now).await?.unwrap_or_default()),
            false => Ok(pieces),
        }
    }

    /// Notes the bytes that have left so far; for an answer without bytes, too.
    pub async fn note(&mut self, now: Timestamp) -> Result<(), DownloadError> {
        let range = self.unnoted;
        (self.unnoted, self.noted_at) = (at(range.end()), now);
        self.noter.note(range, now).await
    }

    fn count(&mut self, bytes: usize) {
        let end = self.unnoted.end() + u64::try_from(bytes).unwrap_or_default();
        self.unnoted = ByteRange::new(self.unnoted.start(), end).unwrap_or(self.unnoted);
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let (noter, range, now) = (self.noter.clone(), self.unnoted, self.noted_at);
        if range.is_empty() {
            return;
        }
        // At a shutdown it is lost; then these bytes count as not sent.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = noter.note(range, now).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::debug!(error, "what an answer sent is not noted");
                }
            });
        }
    }
}

impl Noter {
    async fn note(&self, range: ByteRange, now: Timestamp) -> Result<(), DownloadError> {
        let inner = Arc::clone(&self.sharing.inner);
        let accounts = &inner.accounts;
        let office = accounts.office().await?.name.clone();
        let made_by = match self.actor.account() {
            Some(user) => accounts.name_of(user).await?,
            None => None,
        };
        let names = Names {
            office: Some(office).filter(|name| !name.is_empty()),
            made_by: made_by.map(|name| name.as_str().to_owned()),
        };
        let (lease, what, by) = (self.lease, Arc::clone(&self.what), Stamp { actor: self.actor, at: now });
        let note = move |tx: &WriteTx<'_>| note(tx, &inner, lease, &what, range, names, &by);
        self.sharing.inner.catalog.write(note).await
    }
}

fn note(
    tx: &WriteTx<'_>,
    inner: &Inner,
    lease: DownloadId,
    what: &Fetched,
    range: ByteRange,
    names: Names,
    by: &Stamp,
) -> Result<(), DownloadError> {
    tx.touches_only([]);
    let row = tx.download(lease)?.ok_or(DownloadError::Ended)?;
    if row.completed.is_some() {
        tx.silent("this download is counted already");
        return Ok(());
    }
    let link = row.link.map(|link| tx.link(link)).transpose()?.flatten().ok_or(DownloadError::Ended)?;
    if by.at >= row.ends {
        return Err(DownloadError::Ended);
    }
    // Bytes of another content count no more.
    let is_same = row.content == what.etag && row.size == what.size;
    let mut sent: Sent = row.sent.parse().ok().filter(|_| is_same).unwrap_or_default();
    sent.add(range);
    let row = DownloadRow {
        ends: by.at.after(LEASE).min(row.begun.after(LONGEST_LEASE)),
        content: what.etag.clone(),
        size: what.size,
        sent: sent.to_string(),
        ..row
    };
    tx.update_download(&row)?;
    if !sent.are_all(what.size) {
        tx.silent("a download is an event when it is complete");
        return Ok(());
    }
    if !tx.use_link(link.id)? {
        return Err(DownloadError::Ended);
    }
    let spot = tx.spot(link.entry)?;
    let spot = spot.unwrap_or(Spot { space: link.space, entry: link.entry, path: "/".to_owned() });
    let row =
        DownloadRow { completed: Some(by.at), path: spot.path.clone(), label: link.label.clone(), ..row };
    tx.complete_download(&row, &names.sign(&row, &link, what, &inner.signer))?;
    tx.record(by, &Event::Link { kind: LinkEvent::Downloaded, link: link.id, spot, right: link.right })?;
    Ok(())
}

fn at(offset: u64) -> ByteRange {
    ByteRange::new(offset, offset).unwrap_or(ByteRange::whole(0))
}
