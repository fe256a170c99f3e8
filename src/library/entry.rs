//! Files and folders as the other rooms see them.

use super::visibility::{Shows, Visibility};
use super::{Library, Lock};
use crate::catalog::{EntryRow, PropertyRow};
use crate::model::{
    Checksum, DeadProperties, EntryId, Etag, PropertyName, SpaceId, Spot, Timestamp, UserId, VersionId,
    Viewer,
};

/// A file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stays the same over rename, move and overwrite.
    pub id: EntryId,
    /// The space whose tree it belongs to.
    pub space: SpaceId,
    /// Its folder; `None` for a space's top folder.
    pub parent: Option<EntryId>,
    /// As sent; empty for a space's top folder.
    pub name: String,
    /// File or folder.
    pub kind: EntryKind,
    /// Bytes of the file, or of all files below the folder.
    pub size: u64,
    /// Changes with the content, in a folder with everything below.
    pub etag: Etag,
    /// When it was made here.
    pub created: Timestamp,
    /// For files as the client says; at least 1970-01-01 00:00:01.
    pub modified: Timestamp,
    /// Whether who asked may read it: of a file that is being checked its author sees only that it is there.
    pub is_readable: bool,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Holds entries.
    Folder,
    /// Holds bytes.
    File {
        /// Its current content.
        version: VersionId,
    },
}

impl Entry {
    /// Whether it holds entries.
    pub fn is_folder(&self) -> bool {
        self.kind == EntryKind::Folder
    }

    /// Its spot but for the folders above it.
    pub(super) fn spot(&self) -> Spot {
        Spot { space: self.space, entry: self.id, path: format!("/{}", self.name) }
    }
}

/// An entry with what a property listing asks for beside it.
#[derive(Clone, Debug)]
pub struct Member {
    /// The entry.
    pub entry: Entry,
    /// Locks that cover it, inherited ones included; in a listing those of its own alone.
    pub locks: Vec<Lock>,
    /// Its dead properties as `(name, whole element as XML)`.
    pub properties: Vec<(PropertyName, String)>,
    /// Digests of its content, if [`Detail::checksums`] asks for them. Folders have none.
    pub checksums: Vec<Checksum>,
    /// Whether one of the links that [`Detail::links`] means leads to it.
    pub is_linked: bool,
}

/// What a listing reads of each entry beside its row. Each field costs a look into another table, and what is
/// found there may weigh more than the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Whether to read locks.
    pub locks: bool,
    /// Which dead properties to read: the office's, or for a guest those set through his link.
    pub properties: DeadProperties,
    /// Whether to read the digests of files' contents.
    pub checksums: bool,
    /// Which links make an entry a linked one.
    pub links: LinksOf,
    /// Whether to tell how full the space is. Guests may not ask.
    pub usage: bool,
}

impl Detail {
    /// Nothing beside the rows.
    pub const NONE: Self = Self {
        locks: false,
        properties: DeadProperties::None,
        checksums: false,
        links: LinksOf::Nobody,
        usage: false,
    };
    /// Locks and dead properties in full.
    pub const ALL: Self = Self { locks: true, properties: DeadProperties::All, ..Self::NONE };
}

/// Whose links count. Which links somebody may know of, `sharing` decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinksOf {
    /// No links, so that none are looked for.
    Nobody,
    /// Those that this user made.
    User(UserId),
    /// All links.
    Everybody,
}

/// Some members of a folder, in the order of their names.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The members.
    pub members: Vec<Member>,
    /// The locks on the folder and above it that cover each of them.
    pub inherited: Vec<Lock>,
    /// Where the next piece starts; `None` after the last.
    pub next: Option<String>,
}

impl Library {
    /// The id makes tags of different entries differ: one moved over another must not look unchanged.
    pub(super) fn etag(&self, row: &EntryRow) -> Etag {
        Etag(format!("{:x}-{:x}-{}", row.id.0, row.revision, self.state_fingerprint()))
    }

    /// Tells instances apart, for clients who keep what they know of several.
    pub fn instance_id(&self) -> &str {
        &self.shared.instance_id
    }

    /// Changes when the state of all files was brought back from an earlier one: by a rebuild, or by an older
    /// catalogue. Clients then keep what they have of their own.
    pub fn state_fingerprint(&self) -> &str {
        self.shared.renewed_epoch.get().unwrap_or(&self.shared.etag_epoch)
    }

    /// An entry as this viewer, from whom it is not hidden, may see it.
    pub(super) fn entry(&self, viewer: Viewer, row: EntryRow) -> Entry {
        Entry {
            is_readable: row.seen_by(viewer) == Visibility::Full,
            id: row.id,
            space: row.space,
            parent: row.parent,
            kind: row.version.map_or(EntryKind::Folder, |version| EntryKind::File { version }),
            size: row.size,
            etag: self.etag(&row),
            created: row.created,
            modified: row.modified.as_mtime(),
            name: row.name,
        }
    }
}

pub(super) fn property_pair(row: PropertyRow) -> (PropertyName, String) {
    (row.name, row.xml)
}

/// A size as a change of size. Sizes fit the catalogue's signed 64 bits.
pub(super) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
