//! Bringing containers that the catalogue does not know into it.
//!
//! ```text
//! look    every container on disk; those that no row knows are opened: header, last chunk, what they say
//! group   by entry, then by serial: the containers of one version, the versions of one entry
//! place   the newest first: it keeps the path it was written under, an older one of the same path gets
//!         a number; a known entry gets the newer content, a new one its folders
//! note    what is damaged, incomplete or without a key is set aside: kept, listed, part of nothing
//! ```
//! The catalogue may be empty, an older one, or one from a snapshot; nobody else uses it. Every step can be
//! repeated: what is known by then is passed over.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::folder::signed;
use super::lookup::path_of;
use super::space_note::SpaceNote;
use super::trash::{free_name, numbered};
use super::{Library, LibraryError};
use crate::catalog::{
    ContainerRow, EntryRow, NewEntry, NewSpace, NewVersion, ReadTx, SetAsideRow, StoredContainer, WriteTx,
};
use crate::model::{
    ContainerId, EntryId, EntryName, EntryPath, SpaceId, SpaceKind, Timestamp, VersionId, WriteSerial,
};
use crate::vault::VaultError;
use crate::vault::container::ContainerMeta;
use crate::vault::disk::StoredFile;
use crate::vault::reader::{ContainerReader, ContainerRef};

/// Entries placed in one transaction.
const STEP: usize = 200;
/// Known containers looked up at once.
const PAGE: usize = 1_000;

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Containers found so far.
    Looked(u64),
    /// Of the containers that no row knew, so many are read.
    Read {
        /// Done.
        done: u64,
        /// Of.
        of: u64,
    },
    /// Of the entries, so many are in the catalogue.
    Placed {
        /// Done.
        done: u64,
        /// Of.
        of: u64,
    },
}

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Containers on disk.
    pub containers: u64,
    /// Of these, containers that no row knew and that are part of a version now.
    pub added: u64,
    /// Spaces that had no row.
    pub new_spaces: u64,
    /// Files that had no row.
    pub new_files: u64,
    /// Files whose content is a newer one now.
    pub renewed_files: u64,
    /// Contents that had no row, earlier ones included.
    pub new_versions: u64,
    /// Files that could not keep their path.
    pub displaced: Vec<Displaced>,
    /// Containers that are part of nothing.
    pub set_aside: Vec<SetAside>,
    /// Containers that rows refer to and that are not on disk.
    pub missing: Vec<Missing>,
}

/// A file that got another name because a newer one, or a folder, has the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// Its space.
    pub space: SpaceId,
    /// Its path as it was written.
    pub path: String,
    /// Its name now.
    pub name: String,
}

/// A container that is part of nothing and is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Whose directory it lies in.
    pub space: SpaceId,
    /// Its id.
    pub container: ContainerId,
    /// Why.
    pub reason: SetAsideReason,
}

/// Why a container is part of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetAsideReason {
    /// Its header or its end is not what was written.
    Damaged,
    /// The disk does not give it back.
    Unreadable,
    /// The key of its space is missing, damaged or another one.
    NoKey,
    /// Other containers of the same version are missing, or there are two of the same part.
    Incomplete,
}

impl SetAsideReason {
    /// As one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::NoKey => "no-key",
            Self::Incomplete => "incomplete",
        }
    }
}

impl From<&VaultError> for SetAsideReason {
    fn from(error: &VaultError) -> Self {
        match error {
            VaultError::SpaceKeyMissing(_)
            | VaultError::KeyFileDamaged { .. }
            | VaultError::WrongSpaceKey(_) => Self::NoKey,
            VaultError::Io { .. } => Self::Unreadable,
            _ => Self::Damaged,
        }
    }
}

/// A container that a row refers to and that is not on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Whose directory it should lie in.
    pub space: SpaceId,
    /// Its id.
    pub container: ContainerId,
    /// The files whose present content needs it; none if only earlier or deleted ones do.
    pub paths: Vec<String>,
}

/// Where progress is told. Called from several threads.
pub type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// A container that was opened.
struct Found {
    space: SpaceId,
    row: ContainerRow,
    meta: ContainerMeta,
}

/// One content: the containers of one serial, in order.
struct FoundVersion {
    containers: Vec<Found>,
}

impl FoundVersion {
    fn first(&self) -> Option<&ContainerMeta> {
        self.containers.first().map(|found| &found.meta)
    }

    fn serial(&self) -> WriteSerial {
        self.first().map_or(WriteSerial(0), |meta| meta.serial)
    }

    fn size(&self) -> u64 {
        self.containers.iter().map(|found| found.row.plain_len).sum()
    }

    /// Every part is there, once. A version whose length nobody noted ends where its containers end.
    fn is_whole(&self) -> bool {
        let numbered = self.containers.iter().zip(0_u32..).all(|(found, at)| found.meta.segment == at);
        let noted = self.containers.iter().find_map(|found| found.meta.size);
        numbered && noted.is_none_or(|size| size == self.size())
    }
}

/// All contents of one entry that no row knew, oldest first.
struct FoundEntry {
    space: SpaceId,
    entry: EntryId,
    versions: Vec<FoundVersion>,
}

impl FoundEntry {
    fn newest(&self) -> Option<&FoundVersion> {
        self.versions.last()
    }
}

impl Library {
    /// Brings every container that no row knows into the catalogue. Nobody else may use it meanwhile.
    ///
    /// Errors: `DiskFull`, `Catalog`, `Vault` if the disk cannot be looked through; a container that cannot
    /// be read is no error.
    pub async fn bring_in(&self, now: Timestamp, watcher: Watcher) -> Result<RebuildReport, LibraryError> {
        // What was set aside before may have been repaired or completed since.
        self.catalog().write(|tx| Ok::<_, LibraryError>(tx.forget_set_aside()?)).await?;
        let (seen, unknown) = self.look(Arc::clone(&watcher)).await?;
        let library = self.clone();
        let told = Arc::clone(&watcher);
        let (found, mut set_aside) =
            tokio::task::spawn_blocking(move || library.read_all(&unknown, &told)).await?;

        let mut report = RebuildReport { containers: seen.len() as u64, ..RebuildReport::default() };
        self.keep_counters_behind(&found).await?;
        report.new_spaces = self.bring_in_spaces(&found, now).await?;
        let (entries, incomplete) = group(found);
        set_aside.extend(incomplete);
        self.place_all(entries, now, &mut report, &watcher).await?;
        self.note_set_aside(&set_aside, now).await?;
        report.set_aside = set_aside;
        report.missing = self.missing(seen).await?;
        Ok(report)
    }

    /// All containers on disk, and those that no row knows.
    async fn look(&self, watcher: Watcher) -> Result<(HashSet<ContainerId>, Vec<StoredFile>), LibraryError> {
        let library = self.clone();
        self.catalog()
            .read(move |tx| {
                let (mut seen, mut unknown) = (HashSet::new(), Vec::new());
                library
                    .disk()
                    .each_container(&mut |file| {
                        let is_new = seen.insert(file.id);
                        if is_new && !tx.is_known_container(file.id).map_err(std::io::Error::other)? {
                            unknown.push(file);
                        }
                        if seen.len().is_multiple_of(PAGE) {
                            watcher(Progress::Looked(seen.len() as u64));
                        }
                        Ok(())
                    })
                    .map_err(super::error::disk_error("look through the containers"))?;
                Ok((seen, unknown))
            })
            .await
    }

    /// Opens containers on all cores: unwrapping a file key is what takes time.
    fn read_all(&self, files: &[StoredFile], watcher: &Watcher) -> (Vec<Found>, Vec<SetAside>) {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = files.len().div_ceil(threads).max(1);
        let (done, of) = (AtomicU64::new(0), files.len() as u64);
        let read = |files: &[StoredFile]| {
            let read = files.iter().map(|file| {
                let outcome = self.read_one(file);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if done.is_multiple_of(STEP as u64) || done == of {
                    watcher(Progress::Read { done, of });
                }
                outcome
            });
            read.collect::<Vec<_>>()
        };
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                files.chunks(share).map(|part| (part, scope.spawn(|| read(part)))).collect();
            let join = |(part, worker): (&[StoredFile], std::thread::ScopedJoinHandle<'_, Vec<_>>)| {
                worker.join().unwrap_or_else(|_| read(part))
            };
            workers.into_iter().flat_map(join).collect()
        });
        let (mut found, mut set_aside) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Ok(container) => found.push(container),
                Err(container) => set_aside.push(container),
            }
        }
        (found, set_aside)
    }

    fn read_one(&self, file: &StoredFile) -> Result<Found, SetAside> {
        let open = || {
            let key = self.shared.keys.space_key(file.space)?;
            ContainerReader::open_untracked(&**self.disk(), &key, file.space, file.id, file.place)
        };
        let reader = open().map_err(|error| {
            let error_shown = &error as &dyn std::error::Error;
            tracing::warn!(container = %file.id, error = error_shown, "a container is set aside");
            SetAside { space: file.space, container: file.id, reason: SetAsideReason::from(&error) }
        })?;
        let bound = reader.to_ref();
        let row = ContainerRow {
            id: bound.id,
            header_hash: bound.header_hash,
            length: bound.length,
            plain_len: reader.plain_len(),
            place: bound.place,
        };
        Ok(Found { space: file.space, row, meta: reader.meta().clone() })
    }

    /// No id or serial is given a second time.
    async fn keep_counters_behind(&self, found: &[Found]) -> Result<(), LibraryError> {
        let highest = found.iter().map(|found| found.meta.entry.0.max(found.meta.serial.0)).max();
        let next_entry = highest.map_or(1, |highest| highest.saturating_add(1));
        self.catalog().write(move |tx| Ok(tx.skip_entry_ids(next_entry)?)).await
    }

    /// Gives every space that has a note or a container its row and, if it was renamed since, its name.
    async fn bring_in_spaces(&self, found: &[Found], now: Timestamp) -> Result<u64, LibraryError> {
        let mut spaces: HashSet<SpaceId> = found.iter().map(|found| found.space).collect();
        let (disk, keys) = (Arc::clone(self.disk()), Arc::clone(&self.shared.keys));
        let notes = tokio::task::spawn_blocking(move || {
            let with_key = disk.space_keys().map_err(super::error::disk_error("list the keys of spaces"))?;
            spaces.extend(with_key.iter().copied());
            let mut notes = BTreeMap::new();
            for space in spaces {
                // A damaged note costs the name, not the contents.
                let note = SpaceNote::read(&keys, space).unwrap_or_else(|error| {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(%space, error, "the note of a space's name is passed over");
                    None
                });
                notes.insert(space, note);
            }
            Ok::<_, LibraryError>(notes)
        })
        .await??;
        let with_containers: HashSet<SpaceId> = found.iter().map(|found| found.space).collect();
        self.catalog()
            .write(move |tx| {
                make_way_for_names(tx, &notes)?;
                let mut added = 0;
                for (space, note) in notes {
                    match (tx.space(space)?, note) {
                        (Some(_), Some(note)) => settle(tx, space, &note)?,
                        (None, Some(note)) => {
                            insert_space(tx, space, &note)?;
                            added += 1;
                        }
                        (None, None) if with_containers.contains(&space) => {
                            insert_space(tx, space, &nameless(space, now)?)?;
                            added += 1;
                        }
                        // A key that never got its space.
                        (Some(_) | None, None) => {}
                    }
                }
                Ok(added)
            })
            .await
    }

    async fn place_all(
        &self,
        entries: Vec<FoundEntry>,
        now: Timestamp,
        report: &mut RebuildReport,
        watcher: &Watcher,
    ) -> Result<(), LibraryError> {
        let (of, entries) = (entries.len() as u64, Arc::new(entries));
        let mut from = 0;
        while from < entries.len() {
            let until = (from + STEP).min(entries.len());
            let (library, part) = (self.clone(), Arc::clone(&entries));
            let placed = self
                .catalog()
                .write(move |tx| {
                    let mut placing = Placing { library, tx, now, report: RebuildReport::default() };
                    part.get(from..until)
                        .unwrap_or_default()
                        .iter()
                        .try_for_each(|entry| placing.place(entry))?;
                    Ok::<_, LibraryError>(placing.report)
                })
                .await?;
            report.added += placed.added;
            report.new_files += placed.new_files;
            report.renewed_files += placed.renewed_files;
            report.new_versions += placed.new_versions;
            report.displaced.extend(placed.displaced);
            from = until;
            watcher(Progress::Placed { done: from as u64, of });
        }
        Ok(())
    }

    async fn note_set_aside(&self, set_aside: &[SetAside], now: Timestamp) -> Result<(), LibraryError> {
        let rows: Vec<_> = set_aside
            .iter()
            .map(|container| SetAsideRow {
                container: container.container,
                space: container.space,
                reason: container.reason.as_str().to_owned(),
                noted: now,
            })
            .collect();
        self.catalog().write(move |tx| Ok(rows.iter().try_for_each(|row| tx.put_aside(row))?)).await
    }

    /// Whether the container that a row means is there.
    fn opens(&self, space: SpaceId, row: &ContainerRow) -> bool {
        let ContainerRow { id, header_hash, length, place, .. } = *row;
        let bound = ContainerRef { id, header_hash, length, place };
        let key = self.shared.keys.space_key(space);
        key.is_ok_and(|key| ContainerReader::open(&**self.disk(), &key, space, &bound).is_ok())
    }

    /// Rows whose containers are not on disk. They stay: the file may come back from a backup.
    async fn missing(&self, seen: HashSet<ContainerId>) -> Result<Vec<Missing>, LibraryError> {
        let library = self.clone();
        self.catalog()
            .read(move |tx| {
                let (mut missing, mut after) = (Vec::new(), None);
                loop {
                    let page = tx.containers_after(after, PAGE)?;
                    for stored in page.iter().filter(|stored| !seen.contains(&stored.container.id)) {
                        let StoredContainer { space, container: row } = stored;
                        // A pack of which a member's own header is damaged still holds the member.
                        if library.opens(*space, row) {
                            continue;
                        }
                        let mut paths = Vec::new();
                        for entry in tx.entries_showing(row.id)? {
                            paths.push(path_of(tx, entry)?.to_string());
                        }
                        missing.push(Missing { space: *space, container: row.id, paths });
                    }
                    after = page.last().map(|stored| stored.container.id);
                    if page.len() < PAGE {
                        return Ok(missing);
                    }
                }
            })
            .await
    }
}

/// Sorts containers into entries, the one with the newest content first, and passes over versions of which
/// parts are missing.
fn group(found: Vec<Found>) -> (Vec<FoundEntry>, Vec<SetAside>) {
    let mut versions: BTreeMap<(SpaceId, EntryId, WriteSerial), Vec<Found>> = BTreeMap::new();
    for container in found {
        let key = (container.space, container.meta.entry, container.meta.serial);
        versions.entry(key).or_default().push(container);
    }
    let (mut entries, mut incomplete) = (BTreeMap::<_, Vec<FoundVersion>>::new(), Vec::new());
    for ((space, entry, _), mut containers) in versions {
        containers.sort_by_key(|found| (found.meta.segment, found.row.id));
        let version = FoundVersion { containers };
        if version.is_whole() {
            entries.entry((space, entry)).or_default().push(version);
        } else {
            incomplete.extend(version.containers.iter().map(|found| SetAside {
                space,
                container: found.row.id,
                reason: SetAsideReason::Incomplete,
            }));
        }
    }
    let mut entries: Vec<_> =
        entries.into_iter().map(|((space, entry), versions)| FoundEntry { space, entry, versions }).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.newest().map(FoundVersion::serial)));
    (entries, incomplete)
}

/// Spaces may have exchanged their names since the catalogue was written: each that has another one now
/// gives its old one up before any takes its new one.
fn make_way_for_names(
    tx: &WriteTx<'_>,
    notes: &BTreeMap<SpaceId, Option<SpaceNote>>,
) -> Result<(), LibraryError> {
    for row in tx.spaces()? {
        let note = notes.get(&row.id).and_then(Option::as_ref);
        if note.is_some_and(|note| note.name.as_str() != row.name) {
            tx.rename_space(row.id, &EntryName::parse(&row.id.to_string())?)?;
        }
    }
    Ok(())
}

fn settle(tx: &WriteTx<'_>, space: SpaceId, note: &SpaceNote) -> Result<(), LibraryError> {
    let name = free_space_name(tx, &note.name, space)?;
    tx.rename_space(space, &name)?;
    tx.set_quota(space, note.quota)?;
    Ok(tx.set_keep_days(space, note.version_days, note.trash_days)?)
}

fn insert_space(tx: &WriteTx<'_>, space: SpaceId, note: &SpaceNote) -> Result<(), LibraryError> {
    let name = free_space_name(tx, &note.name, space)?;
    let root = tx.reserve_entry_ids(1)?;
    tx.insert_space(&NewSpace {
        id: space,
        name: &name,
        kind: note.kind,
        root,
        quota: note.quota,
        version_days: note.version_days,
        trash_days: note.trash_days,
        created: note.created,
    })?;
    Ok(tx.insert_entry(&NewEntry {
        id: root,
        space,
        parent: None,
        name: None,
        version: None,
        size: 0,
        revision: tx.next_revision()?,
        created: note.created,
        modified: note.created,
    })?)
}

fn free_space_name(tx: &ReadTx<'_>, name: &EntryName, space: SpaceId) -> Result<EntryName, LibraryError> {
    numbered(name, |candidate| Ok(tx.space_by_name(&candidate.key())?.is_some_and(|other| other.id != space)))
}

/// A space whose note is gone.
fn nameless(space: SpaceId, now: Timestamp) -> Result<SpaceNote, LibraryError> {
    let super::SpaceSettings { quota, version_days, trash_days } = super::SpaceSettings::default();
    let id = space.to_string();
    let name = EntryName::parse(&format!("Space {}", id.get(..8).unwrap_or(&id)))?;
    Ok(SpaceNote { name, kind: SpaceKind::Team, quota, version_days, trash_days, created: now })
}

/// Puts entries into the tree, in one transaction.
struct Placing<'a> {
    library: Library,
    tx: &'a WriteTx<'a>,
    now: Timestamp,
    report: RebuildReport,
}

impl Placing<'_> {
    fn place(&mut self, found: &FoundEntry) -> Result<(), LibraryError> {
        let known = self.tx.entry(found.entry)?;
        match known {
            Some(row) if row.space == found.space && !row.is_folder() => self.renew(found, &row),
            // Numbers of an office whose catalogue was once replaced by an older one may mean two things.
            Some(_) => self.insert(found, self.tx.reserve_entry_ids(1)?),
            None => self.insert(found, found.entry),
        }
    }

    /// An entry that no row knows: its folders, its name, all of its versions.
    fn insert(&mut self, found: &FoundEntry, id: EntryId) -> Result<(), LibraryError> {
        let Some((newest, earlier)) = found.versions.split_last() else { return Ok(()) };
        let (folder, name) = self.claim(found, newest)?;
        for version in earlier {
            let version = self.insert_version(found.space, id, version)?;
            // As if replaced today: what came back is kept for as long as the space keeps earlier contents.
            self.tx.set_replaced(version, Some(self.now))?;
        }
        let version = self.insert_version(found.space, id, newest)?;
        let revision = self.tx.next_revision()?;
        let written = |version: &FoundVersion| version.first().map_or(self.now, |meta| meta.written);
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
        self.report.new_files += 1;
        Ok(())
    }

    /// A known file: contents newer than its present one take its place, and the newest says where it lies.
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

    /// Takes a file out of its folder or out of the trash, so that its name there is free.
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

    /// The folder and name under which a content was written, made free for it; another name if what is
    /// there is newer or a folder.
    fn claim(
        &mut self,
        found: &FoundEntry,
        newest: &FoundVersion,
    ) -> Result<(EntryId, EntryName), LibraryError> {
        let path = newest.first().map(|meta| meta.path.clone()).unwrap_or_default();
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

    /// The folder of this name, made if need be; a file of this name makes way.
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

    /// Gives a file that is in the way a numbered name.
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
        let id = self.tx.insert_version(&NewVersion {
            entry,
            size: version.size(),
            modified: modified(version, self.now),
            created: version.first().map_or(self.now, |meta| meta.written),
            author: None,
            checksums: &[],
        })?;
        for (position, container) in version.containers.iter().enumerate() {
            self.tx.insert_container(space, &container.row)?;
            self.tx.insert_segment(id, position, container.row.id)?;
        }
        self.report.new_versions += 1;
        self.report.added += version.containers.len() as u64;
        Ok(id)
    }

    /// When the present content of a file was begun, as its container says; `None`, which is older than
    /// anything, if it does not open.
    fn serial_of(&self, row: &EntryRow) -> Result<Option<WriteSerial>, LibraryError> {
        let Some(version) = row.version else { return Ok(None) };
        let Some(container) = self.tx.segments(version)?.into_iter().next() else { return Ok(None) };
        let Ok(key) = self.library.shared.keys.space_key(row.space) else { return Ok(None) };
        let disk = &**self.library.disk();
        let opened = ContainerReader::open_untracked(disk, &key, row.space, container.id, container.place);
        Ok(opened.ok().map(|reader| reader.meta().serial))
    }
}

fn modified(version: &FoundVersion, now: Timestamp) -> Timestamp {
    version.first().map_or(now, |meta| meta.modified).as_mtime()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    const SPACE: SpaceId = SpaceId([1; 16]);

    fn found(entry: i64, serial: i64, segment: u32, plain_len: u64, size: Option<u64>) -> Found {
        let meta = ContainerMeta {
            entry: EntryId(entry),
            path: EntryPath::parse("a").unwrap(),
            modified: Timestamp(0),
            serial: WriteSerial(serial),
            written: Timestamp(0),
            segment,
            size,
        };
        let id = ContainerId::random();
        let row = ContainerRow { id, header_hash: [0; 32], length: 0, plain_len, place: Place::OwnFile };
        Found { space: SPACE, row, meta }
    }

    /// Sizes of the versions of each entry, and how many containers are part of none.
    fn grouped(found: Vec<Found>) -> (Vec<Vec<u64>>, usize) {
        let (entries, incomplete) = group(found);
        let sizes = |entry: &FoundEntry| entry.versions.iter().map(FoundVersion::size).collect();
        (entries.iter().map(sizes).collect(), incomplete.len())
    }

    #[test]
    fn parts_are_joined_in_their_order_and_versions_in_theirs() {
        let (entries, incomplete) = grouped(vec![
            found(5, 9, 1, 20, Some(35)),
            found(5, 7, 0, 1, None),
            found(5, 9, 2, 5, Some(35)),
            found(5, 9, 0, 10, None),
            found(6, 8, 0, 3, Some(3)),
        ]);
        assert_eq!((entries, incomplete), (vec![vec![1, 35], vec![3]], 0), "the newest entry first");
    }

    #[test]
    fn a_version_with_a_part_missing_or_twice_is_none() {
        for parts in [
            vec![found(1, 2, 1, 5, None)],
            vec![found(1, 2, 0, 5, None), found(1, 2, 2, 5, None)],
            vec![found(1, 2, 0, 5, Some(6))],
            vec![found(1, 2, 0, 5, None), found(1, 2, 0, 5, None)],
        ] {
            let count = parts.len();
            assert_eq!(grouped(parts), (Vec::new(), count));
        }
        let (entries, incomplete) = grouped(vec![found(1, 2, 0, 5, None), found(1, 3, 1, 5, None)]);
        assert_eq!((entries, incomplete), (vec![vec![5]], 1), "the version before it stays");
    }
}
