//! Makes a PDF of each office document and mail that the first scan found nothing in: people work with it while the
//! document itself is held. Of an archive, a PDF of each document in it (`copies.rs`).
//!
//! The PDF is an entry of its own beside the document, `X.docx (Kopie).pdf`, readable by everyone who may read the
//! space. Its name is noted before it is made, so that a crash leads to one PDF and not to two. A failure never holds or
//! releases anything.

use std::collections::HashMap;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::copies::{Begun, Copies, FOLDER_SUFFIX, Make};
use super::place::beside;
use super::{Intake, IntakeError, RenderError};
use crate::catalog::{HoldRow, ReadTx, RenditionRow, WriteTx};
use crate::convert::{ConvertError, Converted, Converter, OfficeKind};
use crate::inspect::Inspector;
use crate::library::naming::free_name;
use crate::library::resolve::path_of;
use crate::library::{Change, LibraryError, NewFile};
use crate::model::{
    Actor, Conditions, EntryId, EntryName, EntryPath, HoldId, HoldReason, HoldState, PdfPages, SpaceId,
    Timestamp, Worker,
};
use crate::scan::Sample;

/// Documents converted in one round of one converter, one after the other: each takes seconds of a processor.
const MAX_RENDERED: usize = 16;
/// Holds read at once, fairly across spaces. After each document they are read again, for what arrived meanwhile.
const MAX_TURN: usize = 16;
/// Holds looked at in one round; most of them may be of no document.
const MAX_LOOKED_AT: usize = 256;
/// The text after the document's name.
const SUFFIX: &str = " (Kopie).pdf";
/// Endings of the archives whose documents become PDFs.
const ARCHIVES: [&str; 11] = ["zip", "7z", "rar", "tar", "tgz", "gz", "tbz", "tbz2", "bz2", "txz", "xz"];

/// The source of a PDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A document of an office program.
    Office(OfficeKind),
    /// A mail: who wrote it, to whom, and its text.
    Mail,
    /// An archive, for whose documents there is a folder.
    Archive,
}

impl Kind {
    fn of_extension(extension: &str) -> Option<Self> {
        let is_one_of = |known: &[&str]| known.iter().any(|known| extension.eq_ignore_ascii_case(known));
        match OfficeKind::of_extension(extension) {
            Some(kind) => Some(Self::Office(kind)),
            None if is_one_of(&["eml"]) => Some(Self::Mail),
            None if is_one_of(&ARCHIVES) => Some(Self::Archive),
            None => None,
        }
    }

    /// The kind of a file with this name.
    fn of_name(name: &str) -> Option<Self> {
        Self::of_extension(name.rsplit_once('.').map_or("", |(_, extension)| extension))
    }
}

/// Whose turn it is.
pub(super) struct Turns {
    /// The space whose document was the last one taken from the queue.
    last: SpaceId,
    /// Archives that were begun.
    pub(super) begun: Begun,
    under_way: UnderWay,
}

impl Default for Turns {
    fn default() -> Self {
        Self { last: SpaceId([0; 16]), begun: Begun::new(), under_way: UnderWay::default() }
    }
}

/// The conversions under way: no two converters have the same document, or make a PDF of the same name.
#[derive(Clone, Default)]
struct UnderWay(Arc<Mutex<Places>>);

/// The place of each document's PDF or PDFs, once that is certain.
type Places = HashMap<HoldId, Option<(SpaceId, EntryPath)>>;

impl UnderWay {
    fn now(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a document, unless it is taken.
    fn take(&self, id: HoldId) -> Option<Taken> {
        let is_free = !self.now().contains_key(&id);
        is_free.then(|| {
            self.now().insert(id, None);
            Taken { id, under_way: self.clone() }
        })
    }

    /// Reserves the place of a document's PDF; false if another document has it now.
    fn reserve(&self, id: HoldId, space: SpaceId, path: &EntryPath) -> bool {
        let place = Some((space, path.clone()));
        let mut under_way = self.now();
        let is_free = under_way.iter().all(|(other, taken)| *other == id || *taken != place);
        if is_free {
            under_way.insert(id, place);
        }
        is_free
    }
}

/// A document that is converted, until this is dropped.
struct Taken {
    id: HoldId,
    under_way: UnderWay,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.under_way.now().remove(&self.id);
    }
}

/// The plan for a document in the queue.
enum Plan {
    /// It becomes a PDF.
    Make(Box<Document>),
    /// There will be none.
    None,
    /// Another one gets a PDF of the same name at the moment.
    Later,
}

/// A document that becomes a PDF.
struct Document {
    hold: HoldRow,
    kind: Kind,
    pages: PdfPages,
    /// The path in its space of the PDF, or of the folder with the PDFs of an archive.
    path: EntryPath,
}

impl Intake {
    /// Makes the PDFs that are missing, up to a bounded number; returns how many were made. Calls may run side by side: none takes
    /// a document that another one has.
    ///
    /// Errors: those of the catalogue, and those of the machine: without a working converter, no further document is
    /// tried.
    pub async fn render_some(&self, now: Timestamp) -> Result<usize, RenderError> {
        let Some(converter) = self.pdf_converter() else { return Ok(0) };
        let (mut looked_at, mut tried, mut made, mut put_off) = (0, 0, 0, Vec::new());
        while tried < MAX_RENDERED && looked_at < MAX_LOOKED_AT {
            let Some((hold, taken)) = self.next_to_render(&mut looked_at).await? else { break };
            let id = hold.id;
            if hold.state == HoldState::Released {
                self.turns.lock().await.begun.remove(&id);
                self.clear(&hold, now).await?;
                continue;
            }
            match self.prepare(hold).await? {
                Plan::Make(document) => {
                    tried += 1;
                    made += usize::from(self.make(&document, converter, now).await?);
                }
                Plan::None => drop(self.turns.lock().await.begun.remove(&id)),
                // Not again in this round.
                Plan::Later => put_off.push(taken),
            }
        }
        Ok(made)
    }

    /// The next document of the queue that no other converter has; its space has had its turn then.
    async fn next_to_render(&self, looked_at: &mut usize) -> Result<Option<(HoldRow, Taken)>, IntakeError> {
        let mut turns = self.turns.lock().await;
        let after = turns.last;
        let holds = self.catalog().read(move |tx| tx.holds_to_render(after, MAX_TURN)).await?;
        for hold in holds {
            *looked_at += 1;
            if let Some(taken) = turns.under_way.take(hold.id) {
                turns.last = hold.space;
                return Ok(Some((hold, taken)));
            }
        }
        Ok(None)
    }

    /// Whether another space waits for a PDF that no converter makes at the moment.
    pub(super) async fn another_space_waits(&self, space: SpaceId) -> Result<bool, IntakeError> {
        let under_way = self.turns.lock().await.under_way.clone();
        let next = self.catalog().read(move |tx| tx.holds_to_render(space, MAX_TURN)).await?;
        let under_way = under_way.now();
        Ok(next.iter().any(|hold| hold.space != space && !under_way.contains_key(&hold.id)))
    }

    /// Makes a PDF, or notes why there is none; returns whether there is one.
    ///
    /// Errors: those of the catalogue and of the machine.
    async fn make(
        &self,
        document: &Document,
        converter: &Arc<Converter>,
        now: Timestamp,
    ) -> Result<bool, RenderError> {
        let fault = match self.render(document, converter, now).await {
            // It stays in the queue.
            Ok(Copies { place, goes_on: true, .. }) => return Ok(place.is_some()),
            Ok(Copies { place, fault, .. }) => {
                self.note(document, place, fault.map(str::to_owned)).await?;
                return Ok(place.is_some());
            }
            Err(RenderError::Convert(error)) if error.is_of_the_machine() => return Err(error.into()),
            Err(RenderError::Convert(error)) => error.code(),
            // Such as a full quota, which must not keep others from their PDFs.
            Err(RenderError::Intake(IntakeError::Library(error))) if error.is_refusal() => error.code(),
            Err(error) => return Err(error),
        };
        self.note(document, None, Some(fault.to_owned())).await?;
        Ok(false)
    }

    /// Notes under which name the PDF will be. There is none if the file is no office document, is not in the tree, or its hold
    /// has ended.
    async fn prepare(&self, hold: HoldRow) -> Result<Plan, IntakeError> {
        let under_way = self.turns.lock().await.under_way.clone();
        let plan = move |tx: &WriteTx<'_>| {
            tx.silent("the PDF is the event, when it is stored");
            tx.touches_only([]);
            // It may have been opened since it was read.
            let hold = tx.hold(hold.id)?.ok_or(IntakeError::NoSuchHold)?;
            let found = place(tx, &hold)?;
            if let Some((_, path)) = &found
                && !under_way.reserve(hold.id, hold.space, path)
            {
                return Ok(Plan::Later);
            }
            let name = found.as_ref().and_then(|(_, path)| path.names().last()).map(ToString::to_string);
            let row = RenditionRow { is_pending: found.is_some(), name, entry: None, fault: None };
            tx.update_rendition(hold.id, &row)?;
            let Some((kind, path)) = found else { return Ok(Plan::None) };
            let pages = tx.space(hold.space)?.map(|space| space.pdf.pages).unwrap_or_default();
            Ok::<_, IntakeError>(Plan::Make(Box::new(Document { hold, kind, pages, path })))
        };
        self.library.storing().await?.write(plan).await
    }

    async fn render(
        &self,
        document: &Document,
        converter: &Arc<Converter>,
        now: Timestamp,
    ) -> Result<Copies, RenderError> {
        let sample = match self.sample_of(document.hold.space, document.hold.version).await? {
            Ok((sample, _)) => sample,
            // Damaged since its first scan.
            Err(HoldReason::Unreadable) => return Err(ConvertError::Unreadable.into()),
            Err(_) => return Err(LibraryError::Incomplete.into()),
        };
        let (kind, opener, key) = (document.kind, self.opener(), self.key_of(&document.hold));
        let sample = match kind {
            Kind::Office(_) => {
                let key = key.clone();
                spawn_blocking(move || opener.as_scanned(sample, &key)).await.map_err(LibraryError::from)?
            }
            // Their encrypted parts are opened where they are found.
            Kind::Mail | Kind::Archive => sample,
        };
        let (inspector, pages) = (self.inspector.clone(), document.pages);
        let means = Means { converter: Arc::clone(converter), inspector, pages };
        if kind == Kind::Archive {
            let make: Make = Arc::new(move |name, content| {
                let kind = Kind::of_name(name).filter(|kind| *kind != Kind::Archive)?;
                let sample = Sample::of(content).map_err(io::Error::other);
                Some(sample.map_err(ConvertError::from).and_then(|sample| means.pdf(&sample, kind)))
            });
            let packed = (sample, key);
            return self.copy_members(&document.hold, packed, &document.path, (make, SUFFIX)).await;
        }
        let pdf = spawn_blocking(move || means.pdf(&sample, kind)).await.map_err(LibraryError::from)??;
        let place = Some(self.store(document, pdf, now).await?);
        Ok(Copies { place, fault: None, goes_on: false })
    }

    async fn store(&self, document: &Document, pdf: Vec<u8>, now: Timestamp) -> Result<EntryId, IntakeError> {
        let change = Change {
            access: self.library.as_worker(Worker::Intake, document.hold.space),
            actor: Actor::Worker(Worker::Intake),
            now,
            conditions: Conditions::default(),
        };
        let (path, size) = (document.path.clone(), Some(pdf.len() as u64));
        let file = NewFile { path, size, modified: None, checksum: None };
        let mut put = self.library.begin_put(change, file).await?;
        put.write(Bytes::from(pdf)).await?;
        Ok(put.commit(Timestamp::now()).await?.entry.id)
    }

    async fn note(
        &self,
        document: &Document,
        entry: Option<EntryId>,
        fault: Option<String>,
    ) -> Result<(), IntakeError> {
        let (id, name) = (document.hold.id, document.path.names().last().map(ToString::to_string));
        let note = move |tx: &WriteTx<'_>| {
            tx.silent("the PDF is the event, and that there is none is no change");
            tx.touches_only([]);
            Ok(tx.update_rendition(id, &RenditionRow { is_pending: false, name, entry, fault })?)
        };
        self.library.storing().await?.write(note).await
    }
}

/// The means of making a PDF, on a thread that may wait.
struct Means {
    converter: Arc<Converter>,
    inspector: Option<Inspector>,
    pages: PdfPages,
}

impl Means {
    /// The PDF of a content of this kind.
    fn pdf(&self, sample: &Sample, kind: Kind) -> Result<Vec<u8>, ConvertError> {
        let Converted { mut pdf, .. } = match kind {
            Kind::Office(kind) => self.converter.convert(&mut sample.reader(), kind, self.pages)?,
            Kind::Mail => {
                let letter = self.inspector.as_ref().map(|inspector| inspector.letter(sample.as_fd()));
                let letter = letter.transpose().map_err(io::Error::other)?;
                let letter = letter.flatten().ok_or(ConvertError::Unreadable)?;
                let kind = OfficeKind::of_extension("fodt").ok_or(ConvertError::NotOffice)?;
                self.converter.convert(&mut letter.as_slice(), kind, self.pages)?
            }
            Kind::Archive => return Err(ConvertError::NotOffice),
        };
        let mut bytes = Vec::new();
        pdf.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The kind of the document and the path of its PDF, or of the folder with those of an archive: the one that was noted before,
/// or a free name.
fn place(tx: &ReadTx<'_>, hold: &HoldRow) -> Result<Option<(Kind, EntryPath)>, IntakeError> {
    // An encrypted document is queued again when its password is given.
    let is_locked = matches!(hold.reason, Some(HoldReason::Encrypted | HoldReason::PartlyEncrypted));
    if is_locked || hold.state.has_ended() || hold.state == HoldState::Quarantined {
        return Ok(None);
    }
    let Some((folder, file)) = beside(tx, hold.version)? else { return Ok(None) };
    let Some(kind) = Kind::of_name(&file) else { return Ok(None) };
    let noted = tx.rendition(hold.id)?.and_then(|row| row.name);
    let name = if let Some(Ok(name)) = noted.map(|name| EntryName::parse(&name)) {
        name
    } else {
        let suffix = if kind == Kind::Archive { FOLDER_SUFFIX } else { SUFFIX };
        let room = EntryName::MAX_BYTES - suffix.len();
        let stem = file.get(..file.floor_char_boundary(room)).unwrap_or(&file);
        let wanted = EntryName::parse(&format!("{stem}{suffix}")).map_err(LibraryError::from)?;
        free_name(tx, folder, &wanted)?
    };
    let path = path_of(tx, folder)?.join(name).map_err(LibraryError::from)?;
    Ok(Some((kind, path)))
}
