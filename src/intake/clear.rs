//! Moves the PDF of a released document to the trash, where its space asks for that. One that a person changed stays.

use super::place::beside;
use super::{Intake, IntakeError};
use crate::catalog::{HoldRow, ReadTx, RenditionRow, WriteTx};
use crate::library::Change;
use crate::library::resolve::path_of;
use crate::model::{Actor, Conditions, EntryId, EntryName, EntryPath, PdfAfter, Timestamp, Worker};

/// Most files and folders in a folder with the PDFs of an archive that is cleared away. Those made here are fewer.
const MAX_BELOW: usize = 1_000;

/// Queues the PDF of a content that is being released to be cleared away, if its space asks for that.
pub(super) fn queue(tx: &WriteTx<'_>, hold: &HoldRow) -> Result<(), IntakeError> {
    let rule = tx.space(hold.space)?.map(|space| space.pdf.after);
    match tx.rendition(hold.id)?.filter(|row| row.entry.is_some() && rule == Some(PdfAfter::Remove)) {
        Some(row) => Ok(tx.update_rendition(hold.id, &RenditionRow { is_pending: true, ..row })?),
        None => Ok(()),
    }
}

impl Intake {
    /// Clears the PDF of a released content away. An obstacle, such as a lock, leaves the PDF where it is.
    pub(super) async fn clear(&self, hold: &HoldRow, now: Timestamp) -> Result<(), IntakeError> {
        let row = hold.clone();
        let (made, mut now_is) = self.catalog().read(move |tx| place_of_pdf(tx, &row)).await?;
        if let Pdf::AsMade(path) = now_is {
            let change = Change {
                access: self.library.as_worker(Worker::Intake, hold.space),
                actor: Actor::Worker(Worker::Intake),
                now,
                conditions: Conditions::default(),
            };
            now_is = match self.library.delete(change, &path).await {
                Ok(()) => Pdf::InTrash,
                Err(error) if error.is_refusal() => Pdf::Wanted,
                Err(error) => return Err(error.into()),
            };
        }
        let id = hold.id;
        let note = move |tx: &WriteTx<'_>| {
            tx.silent("that it is in the trash is the event");
            tx.touches_only([]);
            let Some(row) = tx.rendition(id)? else { return Ok(()) };
            let entry = made.filter(|_| !matches!(now_is, Pdf::InTrash));
            Ok(tx.update_rendition(id, &RenditionRow { is_pending: false, entry, ..row })?)
        };
        self.library.storing().await?.write(note).await
    }
}

/// Where the PDF of a document is.
enum Pdf {
    /// In the tree, at this path, as the server made it.
    AsMade(EntryPath),
    /// In the tree, and a person or the space wants it there.
    Wanted,
    /// In the trash, or gone.
    InTrash,
}

fn place_of_pdf(tx: &ReadTx<'_>, hold: &HoldRow) -> Result<(Option<EntryId>, Pdf), IntakeError> {
    let entry = made(tx, hold)?;
    let Some(file) = entry.map(|entry| tx.entry(entry)).transpose()?.flatten() else {
        return Ok((entry, Pdf::InTrash));
    };
    if tx.trashed(hold.space, file.id)?.is_some() {
        return Ok((entry, Pdf::InTrash));
    }
    if tx.space(hold.space)?.is_none_or(|space| space.pdf.after != PdfAfter::Remove) {
        return Ok((entry, Pdf::Wanted));
    }
    // A file made by the server has no author, and one that a person restores is another version. The PDFs of an
    // archive are a folder.
    let below = tx.subtree(file.id, MAX_BELOW + 1)?;
    let mut is_as_made = below.len() <= MAX_BELOW;
    for row in below.iter().filter(|row| !row.is_folder()) {
        let versions = tx.versions_of(row.id)?;
        is_as_made &= versions.len() == 1 && versions.iter().all(|version| version.author.is_none());
    }
    Ok((entry, if is_as_made { Pdf::AsMade(path_of(tx, file.id)?) } else { Pdf::Wanted }))
}

/// The PDF, or the folder with those of an archive, also of one that was released before all of them were made.
fn made(tx: &ReadTx<'_>, hold: &HoldRow) -> Result<Option<EntryId>, IntakeError> {
    let Some(row) = tx.rendition(hold.id)? else { return Ok(None) };
    let Some(Ok(name)) = row.name.filter(|_| row.entry.is_none()).map(|name| EntryName::parse(&name)) else {
        return Ok(row.entry);
    };
    let Some((folder, _)) = beside(tx, hold.version)? else { return Ok(None) };
    Ok(tx.child(folder, &name.key())?.map(|entry| entry.id).filter(|_| row.is_pending))
}
