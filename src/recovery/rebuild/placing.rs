//! Finds the place of restored versions in the tree.

use super::found::{FoundEntry, FoundVersion};
use super::report::{Displaced, RebuildReport};
use crate::catalog::{EntryRow, NewEntry, NewVersion, WriteTx};
use crate::library::entry::signed;
use crate::library::hold::Arriving;
use crate::library::naming::free_name;
use crate::library::resolve::path_of;
use crate::library::{Library, LibraryError};
use crate::model::{
    EntryId, EntryName, EntryPath, SpaceId, Timestamp, VersionId, Viewer, Worker, WriteSerial,
};
use crate::vault::reader::ContainerReader;

/// Inserts entries into the tree, in one transaction.
pub(super) struct Placing<'a> {
    pub(super) library: Library,
    pub(super) tx: &'a WriteTx<'a>,
    pub(super) now: Timestamp,
    pub(super) report: RebuildReport,
}

impl Placing<'_> {
    pub(super) fn place(&mut self, found: &FoundEntry) -> Result<(), LibraryError> {
        let known = self.tx.entry(found.entry)?;
        match known {
            Some(row) if self.is_same_file(found, &row)? => self.renew(found, &row),
            Some(_) => self.insert(found, self.tx.reserve_entry_ids(1)?),
            None => self.insert(found, found.entry),
        }
    }

    /// Whether versions that name the number of a row belong to that file. If a catalogue was ever replaced by an
    /// older one, a number may belong to two files: then the versions were written before the row's file was
    /// created, or one of them has the serial of another version.
    fn is_same_file(&self, found: &FoundEntry, row: &EntryRow) -> Result<bool, LibraryError> {
        if row.space != found.space || row.is_folder() {
            return Ok(false);
        }
        let first = found.versions.first().and_then(FoundVersion::told);
        if first.is_some_and(|meta| meta.written < row.created) {
            return Ok(false);
        }
        let present = self.serial_of(row)?;
        Ok(found.versions.iter().all(|version| Some(version.serial()) != present))
    }

    /// Inserts an entry without a row: its folders, its name, all of its versions.
    fn insert(&mut self, found: &FoundEntry, id: EntryId) -> Result<(), LibraryError> {
        let Some((newest, earlier)) = found.versions.split_last() else { return Ok(()) };
        let (folder, name) = self.claim(found, newest)?;
        let mut replaced = Vec::with_capacity(earlier.len());
        for version in earlier {
            replaced.push(self.insert_version(found.space, id, version)?);
        }
        let version = self.insert_version(found.space, id, newest)?;
        let revision = self.tx.next_revision()?;
        let written = |version: &FoundVersion| version.told().map_or(self.now, |meta| meta.written);
        self.tx.insert_entry(&NewEntry {
            id,
            space: found.space,
            parent: Some(folder),
            name: Some(&name),
            version: Some(version),
            size: newest.size(),
            revision,
            created: written(found.versions.first().unwrap_or(newest)),
            modified: modified(newest, self.now),
        })?;
        self.tx.touch_folders(folder, revision, signed(newest.size()), self.now)?;
        for version in replaced {
            // As if replaced today, so that restored versions are kept for as long as the space keeps earlier ones.
            self.tx.set_replaced(version, Some(self.now))?;
        }
        self.report.new_files += 1;
        Ok(())
    }

    /// Updates a known file: newer versions replace its current one, and the newest determines its path.
    fn renew(&mut self, found: &FoundEntry, row: &EntryRow) -> Result<(), LibraryError> {
        let present = self.serial_of(row)?;
        let newer = found.versions.partition_point(|version| Some(version.serial()) < present);
        let (earlier, newer) = found.versions.split_at(newer);
        for version in earlier {
            let version = self.insert_version(found.space, row.id, version)?;
            self.tx.set_replaced(version, Some(self.now))?;
        }
        let Some((newest, between)) = newer.split_last() else { return Ok(()) };
        if let Some(version) = row.version {
            self.tx.set_replaced(version, Some(self.now))?;
        }
        for version in between {
            let version = self.insert_version(found.space, row.id, version)?;
            self.tx.set_replaced(version, Some(self.now))?;
        }
        let version = self.insert_version(found.space, row.id, newest)?;
        self.leave(row)?;
        let (folder, name) = self.claim(found, newest)?;
        let (revision, size) = (self.tx.next_revision()?, newest.size());
        self.tx.set_content(row.id, version, size, revision, modified(newest, self.now))?;
        self.tx.relocate(row.id, Some(folder), &name)?;
        self.tx.touch_folders(folder, revision, signed(size), self.now)?;
        self.report.renewed_files += 1;
        Ok(())
    }

    /// Takes a file out of its folder or the trash, so that its name there becomes free.
    fn leave(&self, row: &EntryRow) -> Result<(), LibraryError> {
        self.tx.remove_from_trash(row.id)?;
        self.tx.relocate(row.id, None, &EntryName::parse(&row.name)?)?;
        match row.parent {
            None => Ok(()),
            Some(parent) => {
                let revision = self.tx.next_revision()?;
                Ok(self.tx.touch_folders(parent, revision, -signed(row.size), self.now)?)
            }
        }
    }

    /// The folder and name with which a version was written, made free for it; another name if the existing entry
    /// is newer or a folder.
    fn claim(
        &mut self,
        found: &FoundEntry,
        newest: &FoundVersion,
    ) -> Result<(EntryId, EntryName), LibraryError> {
        let path = newest.told().map(|meta| meta.path.clone()).unwrap_or_default();
        let root = self.tx.space(found.space)?.ok_or(LibraryError::NoSuchSpace)?.root;
        let Some((folders, name)) = path.split_last() else {
            // No upload has the path of a space itself.
            return Ok((root, free_name(self.tx, root, &EntryName::parse("unnamed")?)?));
        };
        let mut folder = root;
        for step in folders.names() {
            folder = self.folder(found.space, folder, step)?;
        }
        match self.tx.child(folder, &name.key())? {
            None => return Ok((folder, name.clone())),
            Some(there) if !there.is_folder() && self.serial_of(&there)? < Some(newest.serial()) => {
                self.displace(&there)?;
                return Ok((folder, name.clone()));
            }
            Some(_) => {}
        }
        let free = free_name(self.tx, folder, name)?;
        self.note_displaced(found.space, &path, &free);
        Ok((folder, free))
    }

    /// The folder of this name, created if missing; a file of this name is renamed.
    fn folder(&mut self, space: SpaceId, parent: EntryId, name: &EntryName) -> Result<EntryId, LibraryError> {
        match self.tx.child(parent, &name.key())? {
            Some(row) if row.is_folder() => return Ok(row.id),
            Some(file) => self.displace(&file)?,
            None => {}
        }
        let (id, revision) = (self.tx.reserve_entry_ids(1)?, self.tx.next_revision()?);
        self.tx.insert_entry(&NewEntry {
            id,
            space,
            parent: Some(parent),
            name: Some(name),
            version: None,
            size: 0,
            revision,
            created: self.now,
            modified: self.now,
        })?;
        self.tx.touch_folders(parent, revision, 0, self.now)?;
        Ok(id)
    }

    /// Gives a conflicting file a numbered name.
    fn displace(&mut self, row: &EntryRow) -> Result<(), LibraryError> {
        let parent = row.parent.ok_or(LibraryError::IsRoot)?;
        let path = path_of(self.tx, row.id)?;
        let free = free_name(self.tx, parent, &EntryName::parse(&row.name)?)?;
        self.tx.relocate(row.id, Some(parent), &free)?;
        self.tx.touch_folders(parent, self.tx.next_revision()?, 0, self.now)?;
        self.note_displaced(row.space, &path, &free);
        Ok(())
    }

    fn note_displaced(&mut self, space: SpaceId, path: &EntryPath, name: &EntryName) {
        let (path, name) = (path.to_string(), name.to_string());
        self.report.displaced.push(Displaced { space, path, name });
    }

    fn insert_version(
        &mut self,
        space: SpaceId,
        entry: EntryId,
        version: &FoundVersion,
    ) -> Result<VersionId, LibraryError> {
        // Containers do not record the state of their content: a content in a space with a holding time is examined
        // again.
        let arriving = Arriving::in_space(self.tx, space, version.size(), Viewer::Worker(Worker::Rebuild))?;
        let id = self.tx.insert_version(&NewVersion {
            entry,
            size: version.size(),
            modified: modified(version, self.now),
            created: version.told().map_or(self.now, |meta| meta.written),
            author: None,
            checksums: &[],
            state: arriving.state(),
        })?;
        arriving.begin(self.tx, id, self.now)?;
        for (position, container) in version.containers.iter().enumerate() {
            self.tx.insert_container(space, &container.row)?;
            self.tx.insert_segment(id, position, container.row.id)?;
        }
        self.report.new_versions += 1;
        self.report.added += version.containers.len() as u64;
        Ok(id)
    }

    /// The serial of a file's current version, from its container; `None`, which counts as oldest, if that cannot
    /// be opened.
    fn serial_of(&self, row: &EntryRow) -> Result<Option<WriteSerial>, LibraryError> {
        let Some(version) = row.version else { return Ok(None) };
        // For an upload the last container speaks for all; otherwise all have the same metadata.
        let Some(container) = self.tx.segments(version)?.into_iter().next_back() else { return Ok(None) };
        let Ok(key) = self.library.keys().space_key(row.space) else { return Ok(None) };
        let containers = self.library.containers();
        let opened =
            ContainerReader::open_untracked(containers, &key, row.space, container.id, container.place);
        Ok(opened.ok().map(|reader| reader.meta().serial))
    }
}

fn modified(version: &FoundVersion, now: Timestamp) -> Timestamp {
    version.told().map_or(now, |meta| meta.modified).as_mtime()
}
