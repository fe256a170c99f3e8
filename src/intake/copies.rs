//! PDFs of the documents and mails in an archive: each in a folder beside it, `X.zip (Kopien)/path/Y.docx (Kopie).pdf`.
//!
//! The names follow from the archive alone, so a PDF stored before a crash is found and not made again.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::opening::Key;
use super::place::{addition, begin_put};
use super::{Intake, IntakeError, RenderError};
use crate::catalog::HoldRow;
use crate::convert::ConvertError;
use crate::inspect::Attachment;
use crate::library::naming::numbered;
use crate::library::{LibraryError, NewFile};
use crate::model::{EntryId, EntryName, EntryPath, HoldId, Obstacle, SpaceId, Timestamp, Worker};
use crate::scan::Sample;

/// The text after the name of an archive in that of the folder with its PDFs.
pub(super) const FOLDER_SUFFIX: &str = " (Kopien)";
/// Most bytes of a foreign name.
const MAX_NAME: usize = 200;
/// Name of a document or folder whose name cannot be used.
const NO_NAME: &str = "Dokument";

/// Makes a PDF of a document with this name; `None` if it is of no kind that becomes one.
pub(super) type Make = Arc<dyn Fn(&str, &[u8]) -> Option<Result<Vec<u8>, ConvertError>> + Send + Sync>;

/// Most archives that wait at once for another turn. Further ones are finished in one.
const MAX_BEGUN: usize = 64;

/// Archives of which some documents are PDFs already, while other spaces had their turn. After a restart those that failed
/// are tried once more.
pub(super) type Begun = HashMap<HoldId, Missing>;

/// The documents of an archive that have become no PDF.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// The paths that their PDFs would have.
    failed: HashSet<EntryPath>,
    /// Why one of them failed.
    fault: Option<&'static str>,
}

/// The PDF of a document, or those of an archive.
#[derive(Debug)]
pub(super) struct Copies {
    /// The PDF, or the folder with those of an archive, if there is any.
    pub(super) place: Option<EntryId>,
    /// Why some of an archive are missing.
    pub(super) fault: Option<&'static str>,
    /// Whether there are more to make, in another turn.
    pub(super) goes_on: bool,
}

impl Intake {
    /// Stores a PDF of each document in an archive below a folder. Those that are there are left as they are. Where another
    /// space waits for a PDF, it has its turn after one document, and the next call goes on.
    ///
    /// Errors: those of the catalogue and of the machine; an error of one document is a fault.
    pub(super) async fn copy_members(
        &self,
        hold: &HoldRow,
        (archive, key): (Sample, Key),
        folder: &EntryPath,
        (make, suffix): (Make, &str),
    ) -> Result<Copies, RenderError> {
        let Some(inspector) = self.inspector.clone() else {
            return Ok(Copies { place: None, fault: None, goes_on: false });
        };
        let (mut missing, may_pause) = {
            let begun = &mut self.turns.lock().await.begun;
            (begun.remove(&hold.id).unwrap_or_default(), begun.len() < MAX_BEGUN)
        };
        let space = hold.space;
        // One at a time lies in memory beside the archive.
        let (sender, mut receiver) = mpsc::channel::<Attachment>(1);
        let walk = spawn_blocking(move || {
            let mut give = |document| match sender.blocking_send(document) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            inspector.documents(archive.as_fd(), &key.passwords(), &mut give)
        });
        let (mut taken, mut goes_on) = (HashSet::new(), false);
        while let Some(Attachment { path, content }) = receiver.recv().await {
            let Some(place) = place(folder, &path, suffix, &mut taken) else {
                missing.fault = Some(NO_PLACE);
                continue;
            };
            if missing.failed.contains(&place) {
                continue;
            }
            let was_tried = match self.copy_member(space, place.clone(), &path, content, &make).await {
                Ok(is_made) => is_made,
                Err(RenderError::Convert(error)) if !error.is_of_the_machine() => {
                    missing.fault = Some(error.code());
                    missing.failed.insert(place)
                }
                Err(RenderError::Intake(IntakeError::Library(error))) if error.is_refusal() => {
                    missing.fault = Some(error.code());
                    // Such as a full quota: the next ones would fail as well.
                    break;
                }
                Err(error) => {
                    self.turns.lock().await.begun.insert(hold.id, missing);
                    return Err(error);
                }
            };
            if was_tried && may_pause && self.another_space_waits(space).await? {
                goes_on = true;
                break;
            }
        }
        drop(receiver);
        let walked = walk.await.map_err(LibraryError::from)?;
        let obstacle = walked.map_or(Some(Obstacle::NotFinished), |walked| walked.obstacle);
        let fault = missing.fault.or(obstacle.map(Obstacle::as_str));
        if goes_on {
            self.turns.lock().await.begun.insert(hold.id, missing);
        }
        let access = self.library.as_worker(Worker::Intake, space);
        let place = match self.library.find(&access, folder).await {
            Ok(entry) => Some(entry.id).filter(|_| entry.is_folder()),
            Err(LibraryError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Copies { place, fault, goes_on })
    }

    /// Makes one PDF; false if it was there, or there is none of such a file.
    async fn copy_member(
        &self,
        space: SpaceId,
        place: EntryPath,
        names: &[String],
        content: Vec<u8>,
        make: &Make,
    ) -> Result<bool, RenderError> {
        let access = self.library.as_worker(Worker::Intake, space);
        match self.library.find(&access, &place).await {
            Ok(_) => return Ok(false),
            Err(LibraryError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        let (make, name) = (Arc::clone(make), names.last().cloned().unwrap_or_default());
        let outcome = spawn_blocking(move || make(&name, &content)).await.map_err(LibraryError::from)?;
        let Some(pdf) = outcome.transpose()? else { return Ok(false) };
        let new = NewFile { path: place, size: Some(pdf.len() as u64), modified: None, checksum: None };
        let mut put = begin_put(&self.library, &addition(access, Worker::Intake), new).await?;
        put.write(Bytes::from(pdf)).await?;
        put.commit(Timestamp::now()).await?;
        Ok(true)
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
