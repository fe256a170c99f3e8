//! Turns an upload into the content of a file.

use super::error::UploadError;
use super::{Uploads, closing, owned, running_digest, whole};
use crate::catalog::{ContainerRow, UploadRow, WriteTx};
use crate::library::admit::{NewFile, admit};
use crate::library::binding::container_row;
use crate::library::commit::{Along, PutOutcome, Record};
use crate::library::{Change, Library, LibraryError};
use crate::model::{Checksum, EntryId, EntryPath, Timestamp, UploadId, UploadOwner, UploadShape};
use crate::vault::writer::SealedContainer;

/// Attempts to finish an upload while chunks arrive or its path changes to another entry.
const ATTEMPTS: usize = 3;

/// Containers of an upload that may finish in a transaction shared with other writers.
const FEW_PIECES: usize = 64;

/// Values that a client may send with its last request. They take precedence over those of the first one, except
/// length and checksum, which must both hold.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// Destination of the content.
    pub path: Option<EntryPath>,
    /// Total bytes.
    pub length: Option<u64>,
    /// Modification time.
    pub modified: Option<Timestamp>,
    /// Expected checksum of the whole content.
    pub checksum: Option<Checksum>,
}

/// The end of an upload.
#[derive(Clone)]
struct Ending {
    change: Change,
    owner: UploadOwner,
    finish: Finish,
    /// Done in the transaction that makes it a file.
    along: Option<Along>,
}

/// Results of the checks before the closing containers are written.
struct Judged {
    row: UploadRow,
    pieces: Vec<ContainerRow>,
    file: NewFile,
    existing: Option<EntryId>,
    /// Path in its space, for its closing containers.
    lies: EntryPath,
}

impl Uploads {
    /// Turns the received bytes into the content of a file, in one transaction whatever its size, and ends the
    /// upload. If that is refused, the upload stays as it is. Runs to its end even if the future is dropped.
    ///
    /// Bytes that arrived out of order are read once more if there is a checksum: a client that wants a quick end
    /// sends its chunks in order, or no checksum.
    ///
    /// Errors: `NoSuchUpload`, `NoUploadPath`, `UploadIncomplete`, `WrongChecksum`, `Busy` if chunks keep arriving
    /// or the path keeps changing to another entry, and those of a PUT.
    pub async fn finish(
        &self,
        change: Change,
        id: UploadId,
        finish: Finish,
    ) -> Result<PutOutcome, UploadError> {
        let owner = change.account()?.into();
        self.end(id, Ending { change, owner, finish, along: None }).await
    }

    /// The same for an upload of a guest. `along` adds the file to a hand-in, in the same transaction.
    pub(crate) async fn finish_for_guest(
        &self,
        change: Change,
        id: UploadId,
        finish: Finish,
        (owner, along): (UploadOwner, Option<Along>),
    ) -> Result<PutOutcome, UploadError> {
        self.end(id, Ending { change, owner, finish, along }).await
    }

    async fn end(&self, id: UploadId, ending: Ending) -> Result<PutOutcome, UploadError> {
        let Change { access, now, .. } = ending.change;
        let leased = self.lease_own(&access, ending.owner, id, now).await?;
        let uploads = self.clone();
        let task = tokio::spawn(async move {
            let mut outcome = Err(LibraryError::Busy.into());
            for _ in 0..ATTEMPTS {
                if let Some(ended) = uploads.try_end(id, &ending).await.transpose() {
                    outcome = ended;
                    break;
                }
            }
            drop(leased);
            outcome
        });
        task.await?
    }

    /// `None` if bytes were added to the upload meanwhile, or the path leads to another entry.
    async fn try_end(&self, id: UploadId, ending: &Ending) -> Result<Option<PutOutcome>, UploadError> {
        let Judged { row, pieces, file, existing, lies } = self.judge(id, ending).await?;
        let Ending { change, finish, .. } = ending;
        let wanted: Vec<Checksum> = row.checksum.iter().chain(&finish.checksum).cloned().collect();
        let checksums = whole::checksums(&self.library, &row, &pieces, &wanted).await?;
        // Drawn now, not when the upload began: versions are ordered by the time at which they became the file's
        // content.
        let serial = self.library.new_entry_id().await?;
        let entry = existing.unwrap_or(row.number);
        let closing =
            closing::write(&self.library, change, (&lies, file.modified), entry, serial, &row, &pieces)
                .await?;

        let (space, left) = (row.space, closing.clone());
        let record = Record {
            change: change.clone(),
            file,
            begun: row.created,
            existing,
            number: row.number,
            is_exact: true,
            is_net: false,
            along: ending.along.clone(),
            checksums,
            lock: None,
        };
        let (worker, many) = (self.library.clone(), pieces.len() > FEW_PIECES);
        let commit = move |tx: &WriteTx<'_>| commit(&worker, tx, &record, &row, &pieces, &closing);
        let outcome = match many {
            true => self.library.catalog().write_alone(commit).await,
            false => self.library.catalog().write(commit).await,
        };
        let is_unused = match &outcome {
            Ok(done) => done.is_none(),
            Err(error) => error.is_refusal(),
        };
        if is_unused {
            for container in left {
                self.library.remove_uncommitted(space, container.id, container.place).await;
            }
        }
        outcome
    }

    /// Checks everything that may prevent the end, before anything is written.
    async fn judge(&self, id: UploadId, ending: &Ending) -> Result<Judged, UploadError> {
        self.library.storing().await?;
        let scope = ending.change.access.scope_to_add()?;
        let (library, Ending { change, owner, finish, .. }) = (self.library.clone(), ending.clone());
        self.library
            .catalog()
            .read(move |tx| {
                let mut row = owned(tx, &change.access, owner, id)?;
                if row.shape == UploadShape::Chunked {
                    row.digest = running_digest::settled(row.digest, &tx.upload_chunks(id)?);
                }
                let path = finish.path.or_else(|| row.path.clone()).ok_or(UploadError::NoPath)?;
                if [finish.length, row.length].iter().flatten().any(|length| *length != row.received) {
                    return Err(UploadError::Incomplete { received: row.received });
                }
                let admitted = admit(&library, tx, &change, scope, &path, row.created)?;
                let file = NewFile {
                    path,
                    size: Some(row.received),
                    modified: finish.modified.or(row.modified),
                    checksum: finish.checksum.or_else(|| row.checksum.clone()),
                };
                let pieces = tx.upload_pieces(id)?;
                Ok(Judged { row, pieces, file, existing: admitted.entry(), lies: admitted.lies() })
            })
            .await
    }
}

fn commit(
    library: &Library,
    tx: &WriteTx<'_>,
    record: &Record,
    judged: &UploadRow,
    pieces: &[ContainerRow],
    closing: &[SealedContainer],
) -> Result<Option<PutOutcome>, UploadError> {
    let row = tx.upload(judged.id)?.filter(|row| row.owner == judged.owner && row.space == judged.space);
    let row = row.ok_or(UploadError::NoSuchUpload)?;
    if row.changes != judged.changes {
        tx.touches_only([]);
        return Ok(None);
    }
    let closing: Vec<_> = closing.iter().map(container_row).collect();
    let containers: Vec<_> = pieces.iter().chain(&closing).map(|container| container.id).collect();
    let Some((outcome, _)) = record.bind(library, tx, row.received, &closing, &containers)? else {
        return Ok(None);
    };
    tx.end_upload(row.id)?;
    Ok(Some(outcome))
}
