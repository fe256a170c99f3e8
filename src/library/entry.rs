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
    /// Stays the same when the entry is renamed, moved or overwritten.
    pub id: EntryId,
    /// Space of the entry.
    pub space: SpaceId,
    /// Its folder; `None` for a space's top folder.
    pub parent: Option<EntryId>,
    /// As sent; empty for a space's top folder.
    pub name: String,
    /// File or folder.
    pub kind: EntryKind,
    /// Bytes of the file, or of all files below the folder.
    pub size: u64,
    /// Changes with the content; for a folder, with everything below it.
    pub etag: Etag,
    /// Time at which it was created here.
    pub created: Timestamp,
    /// Modification time; for files as sent by the client. At least 1970-01-01 00:00:01.
    pub modified: Timestamp,
    /// Whether the viewer may read it: the author of a file that is being checked sees only that it exists.
    pub is_readable: bool,
}

/// File or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Contains entries.
    Folder,
    /// Contains bytes.
    File {
        /// Its current version.
        version: VersionId,
    },
}

impl Entry {
    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.kind == EntryKind::Folder
    }

    /// The current version of a file.
    pub fn version(&self) -> Option<VersionId> {
        match self.kind {
            EntryKind::Folder => None,
            EntryKind::File { version } => Some(version),
        }
    }

    /// Its spot, without the names of parent folders.
    pub(super) fn spot(&self) -> Spot {
        Spot { space: self.space, entry: self.id, path: format!("/{}", self.name) }
    }
}

/// An entry with the details of a property listing.
#[derive(Clone, Debug)]
pub struct Member {
    /// The file or folder.
    pub entry: Entry,
    /// Locks that cover it, including inherited ones; in a listing only its own.
    pub locks: Vec<Lock>,
    /// Its dead properties as `(name, whole element as XML)`.
    pub properties: Vec<(PropertyName, String)>,
    /// Digests of its content, if [`Detail::checksums`] asks for them. Folders have none.
    pub checksums: Vec<Checksum>,
    /// Whether one of the links selected by [`Detail::links`] leads to it.
    pub is_linked: bool,
}

/// Details that a listing reads of each entry. Each costs a lookup in another table, and the result may be larger
/// than the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Whether to read locks.
    pub locks: bool,
    /// Which dead properties to read: the office's, or for a guest those set through the link.
    pub properties: DeadProperties,
    /// Whether to read the digests of files' contents.
    pub checksums: bool,
    /// Which links count for [`Member::is_linked`].
    pub links: LinksOf,
    /// Whether to return the space's usage. Guests must not ask for it.
    pub usage: bool,
}

impl Detail {
    /// Only the rows.
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

/// Selects links. `sharing` decides which links a user may know about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinksOf {
    /// No links; no lookup is made.
    Nobody,
    /// Links that this user created.
    User(UserId),
    /// All links.
    Everybody,
}

/// A page of a folder's members, ordered by name.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The members of this page.
    pub members: Vec<Member>,
    /// The locks on the folder and its parents that cover each member.
    pub inherited: Vec<Lock>,
    /// Start of the next page; `None` after the last.
    pub next: Option<String>,
}

impl Library {
    /// Contains the id, so that tags of different entries differ: one moved over another must not look unchanged.
    pub(super) fn etag(&self, row: &EntryRow) -> Etag {
        Etag(format!("{:x}-{:x}-{}", row.id.0, row.revision, self.state_fingerprint()))
    }

    /// Identifies the instance, for clients that store data of several.
    pub fn instance_id(&self) -> &str {
        &self.shared.numbers.instance_id
    }

    /// Changes when the state of all files was restored from an earlier one, by a rebuild or by an older catalogue.
    /// Clients then keep their own copies.
    pub fn state_fingerprint(&self) -> &str {
        self.shared.numbers.renewed_epoch.get().unwrap_or(&self.shared.numbers.etag_epoch)
    }

    /// An entry as the viewer, from whom it is not hidden, may see it.
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

/// A size as a difference of sizes. Sizes fit the catalogue's signed 64 bits.
pub(crate) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
