//! Why a data directory is not used.

use std::io;
use std::path::Path;

use crate::model::SpaceId;

/// The format this program writes.
pub(super) const FORMAT: u32 = 1;

/// Why a directory is not used. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// There is no instance.
    #[error("{path} holds no Tresor instance; make one with `tresor init --data {path}`")]
    NotInitialised {
        /// The directory.
        path: String,
    },
    /// There is one already.
    #[error("{path} holds a Tresor instance already")]
    AlreadyInitialised {
        /// The directory.
        path: String,
    },
    /// An earlier `init` broke off.
    #[error(
        "{path} holds an instance whose making broke off half-way; nothing can be stored in it yet, so remove the directory and start again"
    )]
    Unfinished {
        /// The directory.
        path: String,
    },
    /// A part is gone.
    #[error("{path} is missing; {remedy}")]
    PartMissing {
        /// The part.
        path: String,
        /// What helps.
        remedy: &'static str,
    },
    /// The catalogue is gone.
    #[error(
        "{path} is missing; run `tresor rebuild --data {data}` to make it anew from its snapshots and the stored files, or bring it back from a backup"
    )]
    CatalogMissing {
        /// The catalogue.
        path: String,
        /// The directory.
        data: String,
    },
    /// None of the stored files is present.
    #[error(
        "{path} holds none of the stored files: is the disk mounted that it lies on? Mount it, or bring {path} back from a backup. Only if they are lost for good, make the folder {path}/{space} and start again; `tresor verify` lists what is missing"
    )]
    ContentsMissing {
        /// The folder of all containers.
        path: String,
        /// A space of which containers are missing.
        space: SpaceId,
    },
    /// A foreign file lies in the data directory.
    #[error("{path} does not belong into a data directory: it would lie there in plaintext. Move it away")]
    Stranger {
        /// The file.
        path: String,
    },
    /// A folder, a pipe, a socket or a link has the name of one of the program's own files.
    #[error("{path} must be a regular file and is none; move it away")]
    NotAFile {
        /// Its place.
        path: String,
    },
    /// Another process uses it.
    #[error("another process uses {path}; stop it first, or let the command talk to it")]
    InUse {
        /// The directory.
        path: String,
    },
    /// Made by a newer program.
    #[error("{path} has format {found}, this program knows format {FORMAT}: use the newer program again")]
    Newer {
        /// The directory.
        path: String,
        /// Its format.
        found: String,
    },
    /// The file system is mounted read-only.
    #[error(
        "the file system of {path} is read-only, and Tresor writes even when it only reads: look at the kernel's log for the reason, then remount it (mount -o remount,rw) and start again"
    )]
    ReadOnly {
        /// The directory.
        path: String,
    },
    /// The file system refused.
    #[error("cannot {doing} {path}")]
    Io {
        /// The operation that failed.
        doing: &'static str,
        /// With what.
        path: String,
        /// Why not.
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
