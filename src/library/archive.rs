//! Folders as archives: the tree of a folder at one moment, its contents, and the CRC-32 of these.
//!
//! A withheld content is never part of it, for any viewer. A content is opened only while it is still the current one
//! of its file, and the file is where the right reaches.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use super::open::Content;
use super::resolve::find;
use super::visibility::Shows;
use super::{Library, LibraryError};
use crate::catalog::{EntryRow, ReadTx, WriteTx};
use crate::model::{Access, ByteRange, EntryId, EntryPath, Right, Scope, Timestamp, VersionId, VersionState};

/// Most files and folders of a folder that is fetched as an archive.
pub const MOST_ARCHIVED: usize = 100_000;
/// Members of a folder that are read at a time.
const PAGE: usize = 1_000;
/// Most contents that are opened at once for an archive.
const MOST_OPENED: usize = 64;
/// Most bytes of small contents that are read while they are opened for an archive.
const MOST_READ_AT_ONCE: u64 = 512 * 1024;
/// Most bytes of one content that are read while it is opened for an archive.
const MOST_READ_OF_ONE: u64 = 128 * 1024;

/// A folder with everything below it at one moment.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The folder itself.
    pub top: super::Entry,
    /// The entries below it: members of a folder beside each other, behind those of folders that come before it.
    pub nodes: Vec<TreeNode>,
    /// The names of all nodes, one behind the other: many small texts would keep more memory, and for longer.
    names: String,
    /// Number of files that are left out because they are still being examined.
    pub held: usize,
}

/// A file or folder of a tree.
#[derive(Clone, Debug)]
pub struct TreeNode {
    /// Position of its folder in [`Tree::nodes`]; `None` directly below the top.
    pub parent: Option<u32>,
    /// Where its name is in the text of all names.
    name: (u32, u32),
    /// Modification time; for files as sent by the client.
    pub modified: Timestamp,
    /// Changes with the content.
    pub revision: i64,
    /// The content; `None` for a folder.
    pub file: Option<TreeFile>,
}

/// The content of a file in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFile {
    /// Names it for [`Library::open_nodes`].
    pub node: NodeId,
    /// Its bytes.
    pub size: u64,
    /// Its CRC-32, if that was computed before.
    pub crc32: Option<u32>,
}

impl Tree {
    /// The name of a node of [`Self::nodes`], as sent.
    pub fn name(&self, node: &TreeNode) -> &str {
        let (start, end) = node.name;
        self.names.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// A content at a place in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId {
    /// The file.
    pub entry: EntryId,
    /// Its content when the tree was read.
    pub version: VersionId,
}

/// Files of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeFiles {
    /// Their number.
    pub count: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Library {
    /// The tree of the folder at `path`, from one snapshot, as far as it may be fetched.
    ///
    /// Errors: `NotFound`, also for a file; `TooManyEntries` above [`MOST_ARCHIVED`].
    pub async fn tree(&self, access: &Access, path: &EntryPath) -> Result<Tree, LibraryError> {
        let scope = access.scope(Right::Read)?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .read(move |tx| {
                let row =
                    find(tx, scope, &path)?.filter(EntryRow::is_folder).ok_or(LibraryError::NotFound)?;
                let id = row.id;
                let mut tree = Tree {
                    top: library.entry(scope.viewer(), row),
                    nodes: Vec::new(),
                    names: String::new(),
                    held: 0,
                };
                add_nodes(tx, id, &mut tree)?;
                Ok(tree)
            })
            .await
    }

    /// Number and bytes of the files that [`Self::tree`] would return; `None` if the tree is too large.
    pub async fn tree_files(
        &self,
        access: &Access,
        path: &EntryPath,
    ) -> Result<Option<TreeFiles>, LibraryError> {
        let (scope, path) = (access.scope(Right::Read)?, path.clone());
        self.catalog()
            .read(move |tx| {
                let row = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                // The top is counted, but is no member.
                let size = tx.tree_size(row.id, MOST_ARCHIVED + 2)?;
                let files = TreeFiles { count: size.files, bytes: size.bytes };
                Ok((size.entries <= MOST_ARCHIVED + 1).then_some(files))
            })
            .await
    }

    /// Opens contents of a tree in this order: the first, and those behind it as far as they are small. Of each, bytes from
    /// the offset beside it on are read at once. Returns at least one.
    ///
    /// Errors, of the first: `PreconditionFailed` if the file has another content by now, `NotFound` if it is gone, `Withheld`
    /// if it may no longer be fetched, and those of [`Self::open_content`].
    pub async fn open_nodes(
        &self,
        access: &Access,
        wanted: &[(NodeId, u64)],
    ) -> Result<Vec<Content>, LibraryError> {
        let scope = access.scope(Right::Read)?;
        let wanted: Vec<_> = wanted.iter().take(MOST_OPENED).copied().collect();
        let once = || {
            let (library, wanted) = (self.clone(), wanted.clone());
            self.catalog().read(move |tx| library.open_some(tx, scope, &wanted))
        };
        let opened = match once().await {
            // Removed since the rows were read, or damaged: the present rows tell.
            Err(LibraryError::Damaged(_)) => once().await,
            other => other,
        };
        self.refusal_noted(opened).await
    }

    fn open_some(
        &self,
        tx: &ReadTx<'_>,
        scope: Scope,
        wanted: &[(NodeId, u64)],
    ) -> Result<Vec<Content>, LibraryError> {
        let (mut opened, mut read) = (Vec::new(), 0);
        let mut folders = HashMap::new();
        for (node, from) in wanted {
            let content = self.open_node(tx, scope, *node, *from, &mut folders);
            match content {
                Ok((content, bytes)) => {
                    let is_small = bytes == content.size - (*from).min(content.size);
                    read += bytes;
                    opened.push(content);
                    if !is_small || read >= MOST_READ_AT_ONCE {
                        break;
                    }
                }
                Err(error) if opened.is_empty() => return Err(error),
                // It is the first of the next call.
                Err(_) => break,
            }
        }
        Ok(opened)
    }

    /// Opens a content, and reads up to [`MOST_READ_OF_ONE`] bytes of it. `folders` remembers which of them the right reaches.
    fn open_node(
        &self,
        tx: &ReadTx<'_>,
        scope: Scope,
        node: NodeId,
        from: u64,
        folders: &mut HashMap<EntryId, bool>,
    ) -> Result<(Content, u64), LibraryError> {
        let row = tx.entry(node.entry)?.filter(|row| row.space == scope.space());
        let row = row.ok_or(LibraryError::NotFound)?;
        let folder = row.parent.ok_or(LibraryError::NotFound)?;
        let is_reached = match folders.entry(folder) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => *unknown.insert(reaches(tx, scope, folder)?),
        };
        if !is_reached {
            return Err(LibraryError::NotFound);
        }
        if row.version != Some(node.version) {
            return Err(LibraryError::PreconditionFailed);
        }
        let version = tx.version(node.version)?.ok_or(LibraryError::NotFound)?;
        if !version.is_for_everybody() {
            return Err(LibraryError::Withheld);
        }
        let (mut content, _) = self.open_row(tx, scope.viewer(), row, version)?;
        let end = content.size.min(from.saturating_add(MOST_READ_OF_ONE));
        let bytes = match ByteRange::new(from, end) {
            Some(range) if !range.is_empty() => content.read_first(range)?,
            _ => 0,
        };
        Ok((content, bytes))
    }

    /// The SHA-256 of these contents, as far as known.
    pub async fn known_digests(
        &self,
        versions: Vec<VersionId>,
    ) -> Result<Vec<Option<[u8; 32]>>, LibraryError> {
        let digest = |tx: &ReadTx<'_>, version| Ok::<_, LibraryError>(tx.sha256(version)?);
        self.catalog().read(move |tx| versions.into_iter().map(|version| digest(tx, version)).collect()).await
    }

    /// The CRC-32 of these contents, as far as they were noted.
    pub async fn known_crcs(&self, versions: Vec<VersionId>) -> Result<Vec<Option<u32>>, LibraryError> {
        let crc32 = |tx: &ReadTx<'_>, version| Ok::<_, LibraryError>(tx.crc32(version)?);
        self.catalog().read(move |tx| versions.into_iter().map(|version| crc32(tx, version)).collect()).await
    }

    /// Notes the CRC-32 of contents, so that they need not be read for it again. A failure loses only that.
    pub async fn note_crcs(&self, found: Vec<(VersionId, u32)>) {
        if found.is_empty() {
            return;
        }
        let note = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            found.iter().try_for_each(|(version, crc32)| tx.note_crc32(*version, *crc32))?;
            Ok::<_, LibraryError>(())
        };
        // On a full disk the remaining space is needed for deleting.
        let noted = match self.storing().await {
            Ok(catalog) => catalog.write_silent("a checksum of a stored content changes nothing", note).await,
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            let error: &dyn std::error::Error = &error;
            tracing::debug!(error, "the checksums of contents are not noted");
        }
    }
}

/// Adds everything below a folder that is not withheld, and counts the held files.
fn add_nodes(tx: &ReadTx<'_>, top: EntryId, tree: &mut Tree) -> Result<(), LibraryError> {
    // The top is counted, but is no member.
    let entries = tx.tree_size(top, MOST_ARCHIVED + 2)?.entries;
    if entries > MOST_ARCHIVED + 1 {
        return Err(LibraryError::TooManyEntries);
    }
    tree.nodes.reserve_exact(entries);
    // Folders whose members are still to be read, and their positions.
    let mut folders = VecDeque::from([(top, None)]);
    while let Some((folder, parent)) = folders.pop_front() {
        let mut after = String::new();
        loop {
            let rows = tx.archived_children(folder, &after, PAGE)?;
            let is_last = rows.len() < PAGE;
            for row in rows {
                after = row.key;
                let state = row.content.as_ref().map(|content| content.state);
                tree.held += usize::from(state == Some(VersionState::Held));
                if state.is_some_and(|state| state != VersionState::Visible) {
                    continue;
                }
                if row.content.is_none() {
                    folders.push_back((row.id, Some(position(tree.nodes.len())?)));
                }
                let file = row.content.map(|content| TreeFile {
                    node: NodeId { entry: row.id, version: content.version },
                    size: content.size,
                    crc32: content.crc32,
                });
                let start = position(tree.names.len())?;
                tree.names.push_str(&row.name);
                let name = (start, position(tree.names.len())?);
                let (modified, revision) = (row.modified.as_mtime(), row.revision);
                tree.nodes.push(TreeNode { parent, name, modified, revision, file });
            }
            if is_last {
                break;
            }
        }
    }
    Ok(())
}

/// A position in a tree; names have at most 255 bytes, so there is always one.
fn position(at: usize) -> Result<u32, LibraryError> {
    u32::try_from(at).map_err(|_| LibraryError::TooManyEntries)
}

/// Whether a folder is in the tree, and where the right begins or below.
fn reaches(tx: &ReadTx<'_>, scope: Scope, folder: EntryId) -> Result<bool, LibraryError> {
    let root = tx.space(scope.space())?.ok_or(LibraryError::NoSuchSpace)?.root;
    let lineage = tx.lineage(folder)?;
    let has = |wanted: Option<EntryId>| wanted.is_none_or(|id| lineage.iter().any(|row| row.id == id));
    Ok(lineage.last().is_some_and(|last| last.id == root) && has(scope.top()) && has(scope.linked()))
}
