//! PDFs of the documents and mails in an archive: each in a folder beside it, `X.zip (Kopien)/path/Y.docx (Kopie).pdf`.
//!
//! The names follow from the archive alone, so what was stored before a crash is found and not made again.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::opening::Key;
use super::place::{addition, begin_put};
use super::{Intake, IntakeError, RenderError};
use crate::convert::ConvertError;
use crate::inspect::Attachment;
use crate::library::naming::numbered;
use crate::library::{LibraryError, NewFile};
use crate::model::{EntryId, EntryName, EntryPath, Obstacle, SpaceId, Timestamp, Worker};
use crate::scan::Sample;

/// What follows the name of an archive in that of the folder with its PDFs.
pub(super) const FOLDER_SUFFIX: &str = " (Kopien)";
/// Most bytes of a foreign name.
const MAX_NAME: usize = 200;
/// Name of a document or folder whose name cannot be used.
const NO_NAME: &str = "Dokument";

/// Makes a PDF of a document with this name; `None` if it is of no kind that becomes one.
pub(super) type Make = Arc<dyn Fn(&str, &[u8]) -> Option<Result<Vec<u8>, ConvertError>> + Send + Sync>;

/// The PDF of a document, or those of an archive.
#[derive(Debug)]
pub(super) struct Copies {
    /// The PDF, or the folder with those of an archive, if there is any.
    pub(super) place: Option<EntryId>,
    /// Why some of an archive are missing.
    pub(super) fault: Option<&'static str>,
}

impl Intake {
    /// Stores a PDF of each document in an archive below a folder. Those that are there are left as they are.
    ///
    /// Errors: those of the catalogue and of the machine; what concerns one document is a fault.
    pub(super) async fn copy_members(
        &self,
        space: SpaceId,
        (archive, key): (Sample, Key),
        folder: &EntryPath,
        (make, suffix): (Make, &str),
    ) -> Result<Copies, RenderError> {
        let Some(inspector) = self.inspector.clone() else { return Ok(Copies { place: None, fault: None }) };
        // One at a time lies in memory beside the archive.
        let (sender, mut receiver) = mpsc::channel::<Attachment>(1);
        let walk = spawn_blocking(move || {
            let mut give = |document| match sender.blocking_send(document) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            inspector.documents(archive.as_fd(), &key.passwords(), &mut give)
        });
        let (mut taken, mut fault) = (HashSet::new(), None);
        while let Some(Attachment { path, content }) = receiver.recv().await {
            let Some(place) = place(folder, &path, suffix, &mut taken) else {
                fault = Some(NO_PLACE);
                continue;
            };
            match self.copy_member(space, place, &path, content, &make).await {
                Ok(()) => {}
                Err(RenderError::Convert(error)) if !error.is_of_the_machine() => fault = Some(error.code()),
                Err(RenderError::Intake(IntakeError::Library(error))) if error.is_refusal() => {
                    fault = Some(error.code());
                    // Such as a full quota: the next ones would fail as well.
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        drop(receiver);
        let walked = walk.await.map_err(LibraryError::from)?;
        let obstacle = walked.map_or(Some(Obstacle::NotFinished), |walked| walked.obstacle);
        let access = self.library.as_worker(Worker::Intake, space);
        let place = match self.library.find(&access, folder).await {
            Ok(entry) => Some(entry.id).filter(|_| entry.is_folder()),
            Err(LibraryError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Copies { place, fault: fault.or(obstacle.map(Obstacle::as_str)) })
    }

    async fn copy_member(
        &self,
        space: SpaceId,
        place: EntryPath,
        names: &[String],
        content: Vec<u8>,
        make: &Make,
    ) -> Result<(), RenderError> {
        let access = self.library.as_worker(Worker::Intake, space);
        match self.library.find(&access, &place).await {
            Ok(_) => return Ok(()),
            Err(LibraryError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        let (make, name) = (Arc::clone(make), names.last().cloned().unwrap_or_default());
        let outcome = spawn_blocking(move || make(&name, &content)).await.map_err(LibraryError::from)?;
        let Some(pdf) = outcome.transpose()? else { return Ok(()) };
        let new = NewFile { path: place, size: Some(pdf.len() as u64), modified: None, checksum: None };
        let mut put = begin_put(&self.library, &addition(access, Worker::Intake), new).await?;
        put.write(Bytes::from(pdf)).await?;
        put.commit(Timestamp::now()).await?;
        Ok(())
    }
}

/// Fault of an archive with a document whose path is too long.
const NO_PLACE: &str = "path-too-long";

/// The path of a document's PDF below a folder, which no other one of the archive has; `None` if it is too long.
fn place(
    folder: &EntryPath,
    names: &[String],
    suffix: &str,
    taken: &mut HashSet<String>,
) -> Option<EntryPath> {
    let (last, folders) = names.split_last()?;
    let name = |text: &str, most: usize| {
        EntryName::nearest(text, most).map_or_else(|| EntryName::parse(NO_NAME), Ok).ok()
    };
    let mut path = folder.clone();
    for text in folders {
        path = path.join(name(text, MAX_NAME)?).ok()?;
    }
    let pdf = EntryName::parse(&format!("{}{suffix}", name(last, MAX_NAME - suffix.len())?)).ok()?;
    let place = |name: &EntryName| path.join(name.clone()).ok();
    let is_taken = |name: &EntryName| {
        Ok(place(name).is_some_and(|path| taken.contains(&path.to_string().to_lowercase())))
    };
    let free = place(&numbered(&pdf, is_taken).ok()?)?;
    taken.insert(free.to_string().to_lowercase());
    Some(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_has_a_place_of_its_own() {
        let folder = EntryPath::parse("a.zip (Kopien)").unwrap();
        let mut taken = HashSet::new();
        let mut shown = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            place(&folder, &names, " (Kopie).pdf", &mut taken).map(|path| path.to_string())
        };
        for (names, expected) in [
            (&["brief.docx"][..], Some("/a.zip (Kopien)/brief.docx (Kopie).pdf")),
            (&["BRIEF.docx"], Some("/a.zip (Kopien)/BRIEF.docx (Kopie) (2).pdf")),
            (&["2025", "brief.docx"], Some("/a.zip (Kopien)/2025/brief.docx (Kopie).pdf")),
            (&["..", "con.docx"], Some("/a.zip (Kopien)/Dokument/_con.docx (Kopie).pdf")),
            (&["x"; 120], None),
            (&[], None),
        ] {
            assert_eq!(shown(names).as_deref(), expected, "{names:?}");
        }
        let long = shown(&[&format!("{}.docx", "ü".repeat(200))]).unwrap();
        assert!(long.ends_with("ü.docx (Kopie).pdf"), "{long}");
    }
}
