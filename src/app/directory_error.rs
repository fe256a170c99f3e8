//! Why a data directory cannot be used.

use std::io;
use std::path::Path;

use crate::model::SpaceId;

/// The format this program writes.
pub(super) const FORMAT: u32 = 1;

/// Why a directory cannot be used. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The directory has no instance.
    #[error("{path} holds no Tresor instance; make one with `tresor init --data {path}`")]
    NotInitialised {
        /// The data directory.
        path: String,
    },
    /// The directory already has an instance.
    #[error("{path} holds a Tresor instance already")]
    AlreadyInitialised {
        /// The data directory.
        path: String,
    },
    /// An earlier `init` was interrupted.
    #[error(
        "{path} holds an instance whose setup was interrupted; it has no files yet, so remove the directory and start again"
    )]
    Unfinished {
        /// The data directory.
        path: String,
    },
    /// A part is missing.
    #[error("{path} is missing; {remedy}")]
    PartMissing {
        /// Path of the part.
        path: String,
        /// Advice for the owner.
        remedy: &'static str,
    },
    /// The catalogue is missing.
    #[error(
        "{path} is missing; run `tresor rebuild --data {data}` to make it anew from its snapshots and the stored files, or bring it back from a backup"
    )]
    CatalogMissing {
        /// Path of the catalogue.
        path: String,
        /// The data directory.
        data: String,
    },
    /// None of the stored files is present.
    #[error(
        "{path} holds none of the stored files: is its disk mounted? Mount it, or restore {path} from a backup. Only if the files are lost permanently, make the folder {path}/{space} and start again; `tresor verify` lists the missing files"
    )]
    ContentsMissing {
        /// Folder of all containers.
        path: String,
        /// A space with missing containers.
        space: SpaceId,
    },
    /// A foreign file is in the data directory.
    #[error("{path} does not belong in a data directory, where it would be in plaintext. Move it away")]
    Stranger {
        /// Path of the file.
        path: String,
    },
    /// A folder, pipe, socket or link has the name of one of the program's own files.
    #[error("{path} must be a regular file but is not; move it away")]
    NotAFile {
        /// Path of the object.
        path: String,
    },
    /// Another process uses the directory.
    #[error("another process uses {path}; stop it first, or let the command talk to it")]
    InUse {
        /// The data directory.
        path: String,
    },
    /// A newer program created or changed it.
    #[error("{path} has format {found}, this program knows format {FORMAT}: use the newer program again")]
    Newer {
        /// The data directory.
        path: String,
        /// Format that was found.
        found: String,
    },
    /// The file system is mounted read-only.
    #[error(
        "the file system of {path} is read-only, and Tresor writes even when it only reads: look at the kernel's log for the reason, then remount it (mount -o remount,rw) and start again"
    )]
    ReadOnly {
        /// The data directory.
        path: String,
    },
    /// An operation on the file system failed.
    #[error("cannot {doing} {path}")]
    Io {
        /// The operation that failed.
        doing: &'static str,
        /// Path of the file or folder.
        path: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

pub(super) fn not_a_regular_file(path: &Path) -> DirectoryError {
    DirectoryError::NotAFile { path: path.display().to_string() }
}

pub(super) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DirectoryError {
    let path = path.display().to_string();
    move |source| DirectoryError::Io { doing, path, source }
}
