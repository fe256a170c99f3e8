//! Takes one file into its space:
//!
//! ```text
//! open        the file that was seen, and no other
//! look        is its content in the space already, under its name or a numbered one?   → only remove it
//! store       under a free name; each piece, then: was it written meanwhile?           → drop it, try later
//! remove      after the durable commit, if it is still the same file
//! ```
//! Because of the second step, a crash between the commit and the removal leaves one entry. Only after so many namesakes
//! that a name gets random letters ([`numbered`]) would it leave two.

use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::tree::{Fault, Root, Stamp, is_unchanged, piece};
use super::waits::Reason;
use crate::intake::place::{addition, begin_put, find_place};
use crate::library::digest::Digests;
use crate::library::{Library, LibraryError, NewFile, Source, receive};
use crate::model::{Access, Checksum, ChecksumKind, EntryName, EntryPath, Timestamp, Worker};

/// Bytes read of a file at a time.
const PIECE: usize = 256 * 1024;

/// A file to be taken.
pub(super) struct Ready {
    /// Name of the folder in the watched folder.
    pub(super) top: EntryName,
    /// Path below that, and in the space.
    pub(super) path: EntryPath,
    pub(super) stamp: Stamp,
    /// Whether it is stored already, so that only its removal is missing.
    pub(super) is_stored: bool,
}

/// Why a file was not taken.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The file is gone, or another one: the next listing sees what there is.
    Other,
    /// It was written while it was read.
    Written,
    /// It waits.
    Waits {
        reason: Reason,
        /// Whether it was stored before.
        is_stored: bool,
    },
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone | Fault::Changed => Self::Other,
            Fault::Waits(reason) => Self::Waits { reason, is_stored: false },
        }
    }
}

impl From<LibraryError> for Trouble {
    fn from(error: LibraryError) -> Self {
        let reason = Reason::of(&error);
        if reason == Reason::Failed {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "a file of the watched folder could not be stored; it stays there");
        }
        Self::Waits { reason, is_stored: false }
    }
}

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self::Waits { reason: Reason::Unreadable, is_stored: false }
    }
}

/// Stores a file in the space that `access` opens, and then removes it. Returns it, still open, if it was removed.
pub(super) async fn take(
    library: &Library,
    root: &Arc<Root>,
    access: Access,
    ready: &Ready,
) -> Result<Option<Arc<File>>, Trouble> {
    let mut open = None;
    if !ready.is_stored {
        let file = Arc::new(on_disk(root, ready, Root::file).await?);
        keep(library, access, ready, &file).await?;
        open = Some(file);
    }
    match on_disk(root, ready, Root::remove).await {
        Ok(()) => Ok(open),
        // It is stored, and the file there now is another one.
        Err(Trouble::Other | Trouble::Written) => Ok(None),
        Err(Trouble::Waits { reason, .. }) => Err(Trouble::Waits { reason, is_stored: true }),
    }
}

/// Ensures that the space has the content of an open file.
pub(super) async fn keep(
    library: &Library,
    access: Access,
    ready: &Ready,
    file: &Arc<File>,
) -> Result<(), Trouble> {
    let place = find_place(library, access, &ready.path, ready.stamp.size).await?;
    let twins = place.twins.into_iter().map(|(_, digest)| digest).collect();
    if is_one_of(file, ready, twins).await? {
        return Ok(());
    }
    store(library, access, ready, file, place.path).await
}

/// Does something with the file on a blocking thread.
async fn on_disk<T: Send + 'static>(
    root: &Arc<Root>,
    ready: &Ready,
    act: fn(&Root, &EntryName, &EntryPath, &Stamp) -> Result<T, Fault>,
) -> Result<T, Trouble> {
    let (root, top, path, stamp) = (Arc::clone(root), ready.top.clone(), ready.path.clone(), ready.stamp);
    let done = spawn_blocking(move || act(&root, &top, &path, &stamp)).await;
    Ok(done.map_err(LibraryError::from)??)
}

/// Whether the file has one of these digests.
async fn is_one_of(file: &Arc<File>, ready: &Ready, digests: Vec<Checksum>) -> Result<bool, Trouble> {
    if digests.is_empty() {
        return Ok(false);
    }
    let mut own = Digests::of([ChecksumKind::Sha256]);
    let mut pieces = Pieces::from_start(file)?;
    while let Some(bytes) = pieces.next(0).await {
        own.update(&bytes?);
    }
    if !is_unchanged(file, &ready.stamp) {
        return Err(Trouble::Written);
    }
    Ok(own.finish().iter().any(|own| digests.contains(own)))
}

async fn store(
    library: &Library,
    access: Access,
    ready: &Ready,
    file: &Arc<File>,
    path: EntryPath,
) -> Result<(), Trouble> {
    let (size, modified) = (Some(ready.stamp.size), Some(ready.stamp.modified()));
    let new = NewFile { path, size, modified, checksum: None };
    let put = begin_put(library, &addition(access, Worker::Watch), new).await?;
    let still_the_same =
        async || if is_unchanged(file, &ready.stamp) { Ok(()) } else { Err(Trouble::Written) };
    match receive(put, Pieces::from_start(file)?, still_the_same, Timestamp::now).await? {
        Ok(_) => Ok(()),
        Err(LibraryError::WrongSize) => Err(Trouble::Written),
        Err(error) => Err(error.into()),
    }
}

/// The content of a file, piece by piece from blocking threads.
struct Pieces(Arc<File>);

impl Pieces {
    fn from_start(file: &Arc<File>) -> io::Result<Self> {
        io::Seek::rewind(&mut &**file)?;
        Ok(Self(Arc::clone(file)))
    }
}

impl Source for Pieces {
    type Error = io::Error;

    async fn next(&mut self, _durable: u64) -> Option<Result<Bytes, io::Error>> {
        let file = Arc::clone(&self.0);
        match spawn_blocking(move || piece(&file, PIECE)).await {
            Ok(Ok(bytes)) if bytes.is_empty() => None,
            Ok(bytes) => Some(bytes.map(Bytes::from)),
            Err(_) => Some(Err(io::ErrorKind::Interrupted.into())),
        }
    }
}
