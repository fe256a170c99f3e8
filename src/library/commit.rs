//! Makes durable containers the content of a file, in one transaction.
//!
//! A container's header names the entry for which it was written, and a rebuild relies on it. If the path leads to
//! another entry when the transaction runs, because the file was moved away, deleted or created meanwhile, nothing
//! is bound: a copy of the container gets a header for the entry that is there now.

use std::sync::Arc;

use super::admit::{Admitted, NewFile, admit};
use super::departure::bring_back;
use super::entry::signed;
use super::hold::Arriving;
use super::lock::{self, Lock, LockRequest};
use super::quota::Added;
use super::record::Subject;
use super::version::replace_content;
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{ContainerRow, EntryRow, NewEntry, NewVersion, WriteTx};
use crate::model::{
    Checksum, ContainerId, EntryEvent, EntryId, PropertyName, Timestamp, VersionId, WriteSerial,
};
use crate::vault::container::ContainerMeta;

/// Headers written for one container, if its path leads to another file each time.
const ATTEMPTS: usize = 3;

/// Result of a commit.
#[derive(Clone, Debug)]
pub struct PutOutcome {
    /// The file after the commit.
    pub entry: Entry,
    /// Whether the file is new.
    pub created: bool,
}

/// A committed file, and the lock that was requested with it.
pub(super) type Committed = Result<(PutOutcome, Option<Lock>), LibraryError>;

/// Like [`Committed`], or `None` if the path leads to another entry than the containers name. Then nothing was
/// written.
pub(crate) type Bound = Result<Option<(PutOutcome, Option<Lock>)>, LibraryError>;

/// Work in the transaction that makes a content current, such as rows of another room about it. Its error undoes all of it.
pub(crate) type Along = Arc<dyn Fn(&WriteTx<'_>, VersionId) -> Result<(), LibraryError> + Send + Sync>;

/// The data of the transaction that follows once the containers are durable.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) change: Change,
    pub(crate) file: NewFile,
    /// Time at which the transfer of the content began.
    pub(crate) begun: Timestamp,
    /// The existing or returning file that the containers name; `None` if they name a new one.
    pub(crate) existing: Option<EntryId>,
    /// The id of the new file.
    pub(crate) number: EntryId,
    /// Whether the path must lead to exactly the file that the containers name.
    pub(crate) is_exact: bool,
    /// Whether it uses the quota of the content that it replaces.
    pub(crate) is_net: bool,
    pub(crate) checksums: Vec<Checksum>,
    pub(crate) lock: Option<LockRequest>,
    /// Done in the same transaction.
    pub(crate) along: Option<Along>,
}

impl Record {
    /// Makes one new container the whole content.
    pub(super) fn bind_one(&self, library: &Library, tx: &WriteTx<'_>, container: ContainerRow) -> Bound {
        let (size, all) = (container.plain_len, [container.id]);
        let space = self.change.access.space();
        let added = self.is_net.then(|| Added::watch(tx, space)).transpose()?;
        let bound = self.bind(library, tx, size, &[container], &all)?;
        // The content whose quota it counted on may be gone, and another request may have used that quota.
        if let Some(added) = added {
            added.require_quota(tx)?;
        }
        Ok(bound)
    }

    /// Makes containers the file's content of `size` bytes, if that is allowed. Of `all`, these are new and get
    /// their rows; the others already have them.
    pub(crate) fn bind(
        &self,
        library: &Library,
        tx: &WriteTx<'_>,
        size: u64,
        new: &[ContainerRow],
        all: &[ContainerId],
    ) -> Bound {
        let Self { change, file, .. } = self;
        let scope = change.access.scope_to_add()?;
        let admitted = admit(library, tx, change, scope, &file.path, self.begun)?;
        if self.is_exact && admitted.entry() != self.existing {
            tx.touches_only([]);
            return Ok(None);
        }
        let Admitted { place, existing, departed } = admitted;
        let created = existing.is_none();
        let modified = self.modified(tx, existing.as_ref())?;
        let existing = match (existing, departed) {
            (None, Some(departed)) => Some(bring_back(tx, change, &departed, place.folder.id, &place.name)?),
            (existing, _) => {
                tx.touches_only(existing.iter().map(|row| row.id));
                existing
            }
        };
        let id = match &existing {
            Some(row) => row.id,
            None if self.existing.is_none() => self.number,
            None => tx.reserve_entry_ids(1)?,
        };
        for container in new {
            tx.insert_container(scope.space(), container)?;
        }
        let arriving = Arriving::in_space(tx, scope.space(), size, scope.viewer())?;
        let version = tx.insert_version(&NewVersion {
            entry: id,
            size,
            modified,
            created: change.now,
            author: change.author(),
            checksums: &self.checksums,
            state: arriving.state(),
        })?;
        arriving.begin(tx, version, change.now)?;
        for (position, container) in all.iter().enumerate() {
            tx.insert_segment(version, position, *container)?;
        }
        if let Some(row) = &existing {
            replace_content(tx, change, row, version, size, modified)?;
        } else {
            let revision = tx.next_revision()?;
            tx.insert_entry(&NewEntry {
                id,
                space: scope.space(),
                parent: Some(place.folder.id),
                name: Some(&place.name),
                version: Some(version),
                size,
                revision,
                created: change.now,
                modified,
            })?;
            tx.touch_folders(place.folder.id, revision, signed(size), change.now)?;
        }
        if let Some(along) = &self.along {
            along(tx, version)?;
        }
        let kind = if created { EntryEvent::Stored } else { EntryEvent::Replaced };
        let subject = Subject::content((scope.space(), id, &place.path), version, size);
        subject.record(tx, &change.stamp(), kind)?;
        let row = tx.entry(id)?.ok_or(LibraryError::NotFound)?;
        let lock = match &self.lock {
            None => None,
            Some(request) => {
                let taken = lock::take(tx, change, &row, request)?;
                Some(Lock::from_row(tx, &change.access, taken)?)
            }
        };
        Ok(Some((PutOutcome { entry: library.entry(scope.viewer(), row), created }, lock)))
    }

    /// Whether this person's program has set the file's time.
    fn is_dated(&self, tx: &WriteTx<'_>, row: &EntryRow) -> Result<bool, LibraryError> {
        Ok(tx.property(row.id, self.change.access.link(), &win32_modified())?.is_some())
    }

    fn modified(&self, tx: &WriteTx<'_>, existing: Option<&EntryRow>) -> Result<Timestamp, LibraryError> {
        let modified = match (self.file.modified, existing) {
            (Some(sent), _) => sent,
            // Explorer creates an empty file, sets its time, and only then sends the content.
            (None, Some(row)) if row.size == 0 && self.is_dated(tx, row)? => row.modified,
            (None, _) => self.change.now,
        };
        Ok(modified.as_mtime())
    }
}

/// The property with which Windows sets a file's time by PROPPATCH.
fn win32_modified() -> PropertyName {
    PropertyName::new("urn:schemas-microsoft-com:", "Win32LastModifiedTime")
}

impl Library {
    /// Binds a durable container.
    pub(super) async fn bind_stored(&self, record: &Record, container: ContainerRow) -> Bound {
        let (library, record) = (self.clone(), record.clone());
        self.catalog().write(move |tx| record.bind_one(&library, tx, container)).await
    }

    /// Completes the commit of `container`, whose transaction ended as `bound` says. If the path led to another
    /// entry than `meta` names, tries again with headers that name it. Removes containers that end up unbound.
    pub(super) async fn settle(
        &self,
        mut record: Record,
        mut meta: ContainerMeta,
        container: ContainerRow,
        mut bound: Bound,
    ) -> Committed {
        let space = record.change.access.space();
        let mut written = vec![container.clone()];
        for attempt in 1..=ATTEMPTS {
            if !matches!(bound, Ok(None)) {
                break;
            }
            record.is_exact = attempt < ATTEMPTS;
            bound = match self.readdress(&mut record, &mut meta, &container).await {
                Ok(copy) => {
                    written.push(copy.clone());
                    self.bind_stored(&record, copy).await
                }
                Err(error) => Err(error),
            };
        }
        let outcome = bound.and_then(|bound| bound.ok_or(LibraryError::Interrupted));
        // The last one is bound, or it is unknown whether it is.
        if !outcome.as_ref().is_err_and(LibraryError::is_refusal) {
            written.pop();
        }
        for unused in written {
            self.remove_uncommitted(space, unused.id, unused.place).await;
        }
        outcome
    }

    /// Writes a copy of a container for the entry that is at the path now.
    async fn readdress(
        &self,
        record: &mut Record,
        meta: &mut ContainerMeta,
        container: &ContainerRow,
    ) -> Result<ContainerRow, LibraryError> {
        let (library, asked) = (self.clone(), record.clone());
        let (existing, path) = self
            .catalog()
            .read(move |tx| {
                let scope = asked.change.access.scope_to_add()?;
                let (change, path) = (&asked.change, &asked.file.path);
                let admitted = admit(&library, tx, change, scope, path, asked.begun)?;
                Ok::<_, LibraryError>((admitted.entry(), admitted.place.path))
            })
            .await?;
        // A serial greater than those drawn meanwhile.
        let number = self.new_entry_id().await?;
        (record.existing, record.number) = (existing, number);
        (meta.entry, meta.serial) = (existing.unwrap_or(number), WriteSerial(number.0));
        (meta.path, meta.written) = (path, record.change.now);
        let (library, space, meta) = (self.clone(), record.change.access.space(), meta.clone());
        let container = container.clone();
        tokio::task::spawn_blocking(move || library.rewrap_one(space, space, &container, &meta)).await?
    }
}
