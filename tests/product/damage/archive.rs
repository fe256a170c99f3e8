//! A library with a past: current and earlier contents, copies, trash, two spaces, a content of two
//! containers. Its contents are known, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;
use tresor::catalog::{Catalog, CatalogKey, ContainerRow, GrantRow, NewVersion, ReadTx};
use tresor::library::{Change, Library, LibraryError, NewFile, Overwrite};
use tresor::model::{
    Access, Actor, ByteRange, Checksum, ChecksumKind, Conditions, ContainerId, Depth, EntryId, EntryPath,
    NamePolicy, Right, SpaceId, Stamp, Timestamp, UserId, VerifyMode, VerifyStarter, VersionId, VersionState,
    WriteSerial,
};
use tresor::recovery::{
    Finding, FindingKind, Recovery, RecoveryError, UnknownFiles, VerifyOrder, VerifyStage,
};
use tresor::vault::container::{ContainerMeta, Part};
use tresor::vault::keys::KeyRing;
use tresor::vault::writer::{ContainerWriter, SealedContainer};

use crate::library::store::{DAY, NOW, Store, path};
use crate::support::content::bytes;

pub const CHUNK: usize = 64 * 1024;

/// Where a content is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub space: SpaceId,
    pub path: &'static str,
    pub version: Option<VersionId>,
}

pub struct Archive {
    pub store: Store,
    /// The bytes of each content.
    pub truth: BTreeMap<Place, Vec<u8>>,
    /// The catalogue's file as it is, and as it was in the middle of its past.
    pub catalogue: Vec<u8>,
    pub older_catalogue: Vec<u8>,
}

/// A library on a catalogue of its own and the archive's disk.
pub struct Opened {
    pub library: Library,
    pub recovery: Recovery,
    pub catalog: Catalog,
    file: PathBuf,
    _dir: TempDir,
}

impl Archive {
    pub async fn new() -> Self {
        let mut store = Store::new().await;
        let other = store.another_space("other").await;
        let mut truth = BTreeMap::new();
        let (space, there) = (store.space.id, other.id);
        let place = |path| Place { space, path, version: None };

        store.mkcol("folder").await.unwrap();
        let sizes = [CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK - 1, 200_000, 17 * CHUNK + 5];
        let paths = ["a", "b", "folder/c", "folder/d", "e", "f"];
        for ((seed, size), path) in (1..).zip(sizes).zip(paths) {
            store.put(path, &bytes(seed, size)).await.unwrap();
            truth.insert(place(path), bytes(seed, size));
        }
        set_right(&store, Right::Manage).await;
        store.put("gone", &bytes(20, 100_000)).await.unwrap();
        store.put("purged", &bytes(21, 100_000)).await.unwrap();
        store = reopened(store).await;
        let older_catalogue = fs::read(catalogue_of(&store)).unwrap();

        for (seed, path) in [(30, "a"), (31, "folder/c")] {
            store.put_by(store.change_at(Timestamp(NOW.0 + 1)), path, &bytes(seed, 150_000)).await.unwrap();
            let versions =
                store.library.versions(&store.access(), &crate::library::store::path(path)).await.unwrap();
            let old = truth.insert(place(path), bytes(seed, 150_000)).unwrap();
            truth.insert(Place { space, path, version: Some(versions[1].id) }, old);
        }
        set_right(&store, Right::Read).await;
        let (user, now) = (store.user, Timestamp(NOW.0 + 2));
        store.catalog.write_silent("a test", move |tx| tx.set_disabled(user, Some(now))).await.unwrap();
        store.copy("b", "copy of b").await.unwrap();
        truth.insert(place("copy of b"), truth[&place("b")].clone());
        store.mv("e", "folder/e").await.unwrap();
        let moved = truth.remove(&place("e")).unwrap();
        truth.insert(place("folder/e"), moved);
        store.delete("gone").await.unwrap();
        store.delete("purged").await.unwrap();
        let trash = store.library.trash(&store.access()).await.unwrap();
        let purged = trash.iter().find(|item| item.path == "purged").unwrap();
        store.library.purge(&store.access(), Stamp::owner(NOW), purged.entry).await.unwrap();
        let access = Access::granted(there, Right::Manage, UserId(1));
        let (from, to) = (path("folder"), path("carried"));
        store
            .library
            .copy_entry(store.change(), &from, &access, &to, Overwrite::Forbid, Depth::Infinity)
            .await
            .unwrap();
        for (from, to) in [("folder/c", "carried/c"), ("folder/d", "carried/d"), ("folder/e", "carried/e")] {
            truth.insert(Place { space: there, path: to, version: None }, truth[&place(from)].clone());
        }
        let parts = [bytes(40, 2 * CHUNK), bytes(41, CHUNK + 7)];
        let entry = store.put("parts", b"placeholder").await.unwrap().entry.id;
        put_in_parts(&store, &store.catalog, entry, &parts).await;
        store.library.upkeep(Timestamp(NOW.0 - DAY)).await.unwrap();
        truth.insert(place("parts"), parts.concat());
        // Newer than everything, so that no page of the last change is also the first one's.
        store.put("last", &bytes(50, 90_000)).await.unwrap();
        truth.insert(place("last"), bytes(50, 90_000));
        store = reopened(store).await;
        store.check();
        let catalogue = fs::read(catalogue_of(&store)).unwrap();
        store.catalog.close();
        Self { store, truth, catalogue, older_catalogue }
    }

    /// The archive with this catalogue; an error if it does not even open.
    pub async fn open(&self, catalogue: &[u8]) -> Result<Opened, String> {
        // In memory where there is such a place: thousands of verifications commit several times each.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let file = dir.path().join("catalog.db");
        fs::write(&file, catalogue).unwrap();
        let catalog = Catalog::open(&file, &key(&self.store.keys)).map_err(|error| format!("{error:?}"))?;
        let disk = self.store.disk.storage();
        let keys = Arc::clone(&self.store.keys);
        match Library::open(catalog.clone(), disk, keys, NamePolicy::Any).await {
            Ok(library) => {
                Ok(Opened { recovery: Recovery::new(library.clone()), library, catalog, file, _dir: dir })
            }
            Err(error) => {
                catalog.close();
                Err(format!("{error:?}"))
            }
        }
    }

    /// A change by the user.
    pub fn change(&self, now: Timestamp) -> Change {
        let access = Access::granted(self.store.space.id, Right::Manage, UserId(1));
        Change { access, actor: Actor::user(self.store.user), now, conditions: Conditions::default() }
    }

    /// The archive as it is.
    pub async fn open_now(&self) -> Opened {
        self.open(&self.catalogue).await.unwrap()
    }

    /// The containers that have a file of their own, by the id of each.
    pub fn containers(&self) -> BTreeMap<ContainerId, PathBuf> {
        let id = |file: &Path| file.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        self.store.container_files().into_iter().map(|file| (id(&file), file)).collect()
    }

    /// The places that a container is part of, as the catalogue says.
    pub async fn places_of(&self, opened: &Opened, container: ContainerId) -> Vec<(String, VersionId)> {
        opened
            .catalog
            .read(move |tx| -> Result<_, LibraryError> {
                let mut places = Vec::new();
                for used in tx.uses_of(container, 100)? {
                    let mut names = tx.lineage(used.entry)?;
                    names.pop();
                    let names: Vec<_> = names.iter().rev().map(|row| row.name.clone()).collect();
                    places.push((names.join("/"), used.version));
                }
                Ok(places)
            })
            .await
            .unwrap()
    }

    /// Reads every content to its end or its first error and compares each byte that comes. Returns the
    /// places that did not come whole.
    pub async fn read_all(&self, library: &Library) -> Vec<Place> {
        let mut failed = Vec::new();
        for (place, expected) in &self.truth {
            let access = Access::granted(place.space, Right::Read, UserId(1));
            let at = EntryPath::parse(place.path).unwrap();
            let opened = library.open_content(&access, &at, place.version, |_| None).await;
            let Ok(mut content) = opened else {
                failed.push(*place);
                continue;
            };
            let mut start = 0;
            while start < content.size {
                let Ok(pieces) = content.read(ByteRange::new(start, content.size).unwrap()).await else {
                    failed.push(*place);
                    break;
                };
                let read = pieces.concat();
                assert!(!read.is_empty(), "a read brings at least one byte");
                let from = usize::try_from(start).unwrap();
                assert!(expected[from..].starts_with(&read), "{place:?} read as something else at {from}");
                start += read.len() as u64;
            }
            assert!(start < content.size || start == expected.len() as u64, "{place:?} ended early");
        }
        failed
    }
}

impl Opened {
    /// Writes over the catalogue's file while it is open.
    pub fn overwrite_catalogue(&self, bytes: &[u8]) {
        let file = fs::OpenOptions::new().write(true).open(&self.file).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, bytes, 0).unwrap();
    }

    /// The numbers of the pages that the catalogue's log holds (sqlite.org/fileformat2.html, "The WAL File Format").
    pub fn logged_pages(&self) -> BTreeSet<usize> {
        let mut log = self.file.clone().into_os_string();
        log.push("-wal");
        let log = fs::read(log).unwrap();
        let frames = log.get(32..).unwrap_or_default().chunks(24 + 4_096);
        let is_current = |frame: &&[u8]| frame.get(8..16) == log.get(16..24);
        let number =
            |frame: &[u8]| usize::try_from(u32::from_be_bytes(frame[..4].try_into().unwrap())).unwrap();
        frames.take_while(is_current).map(number).collect()
    }

    pub async fn put(&self, archive: &Archive, at: &str, bytes: &[u8]) -> EntryId {
        let file = NewFile { path: path(at), size: Some(bytes.len() as u64), modified: None, checksum: None };
        let mut session = self.library.begin_put(archive.change(NOW), file).await.unwrap();
        session.write(bytes.to_vec().into()).await.unwrap();
        session.commit(NOW).await.unwrap().entry.id
    }

    /// The containers of a file's present content in their order.
    pub async fn segments(&self, archive: &Archive, at: &str) -> Vec<ContainerId> {
        let access = Access::granted(archive.store.space.id, Right::Read, UserId(1));
        let entry = self.library.find(&access, &path(at)).await.unwrap().id;
        let find = move |tx: &ReadTx<'_>| -> Result<_, LibraryError> {
            Ok(tx.segments(tx.entry(entry)?.unwrap().version.unwrap())?)
        };
        self.catalog.read(find).await.unwrap().iter().map(|row| row.id).collect()
    }

    /// The only container of a file's present content, and its file.
    pub async fn container_of(&self, archive: &Archive, at: &str) -> (ContainerId, PathBuf) {
        let segments = self.segments(archive, at).await;
        assert_eq!(segments.len(), 1);
        (segments[0], archive.containers()[&segments[0]].clone())
    }

    /// Changes rows as no use case would.
    pub fn falsify(&self, archive: &Archive, sql: &str) {
        let connection = database(&self.file, &archive.store.keys).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 10000;").unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
    }

    /// All rows of all tables, as text.
    pub fn dump(&self, keys: &KeyRing) -> Result<String, rusqlite::Error> {
        let connection = database(&self.file, keys)?;
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('scrub', 'damaged') ORDER BY 1";
        let tables: Vec<String> =
            connection.prepare(names)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut text = String::new();
        for table in tables {
            let mut query = connection.prepare(&format!("SELECT * FROM {table} NOT INDEXED"))?;
            let columns = query.column_count();
            let mut rows = query.query([])?;
            let mut lines = Vec::new();
            while let Some(row) = rows.next()? {
                let cell = |at| row.get_ref(at).map(|value| format!("{value:?}"));
                lines.push((0..columns).map(cell).collect::<Result<Vec<_>, _>>()?.join(" "));
            }
            lines.sort();
            text.push_str(&[&[table][..], &lines].concat().join("\n"));
        }
        Ok(text)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.catalog.close();
    }
}

/// The report of a verification.
#[derive(Debug)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub unknown: UnknownFiles,
    pub containers: u64,
    pub bytes: u64,
}

impl Report {
    pub fn kinds(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.kind.as_str()).collect()
    }

    pub fn about(&self, container: ContainerId) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.container == Some(container))
    }

    pub fn is_about_the_catalogue(&self) -> bool {
        self.findings.iter().any(|finding| finding.kind == FindingKind::Catalogue)
    }
}

/// Verifies from the beginning to the end.
pub async fn verify(recovery: &Recovery, mode: VerifyMode, now: Timestamp) -> Result<Report, RecoveryError> {
    let starter = VerifyStarter::Owner;
    let order = VerifyOrder { starter, mode, rate: None, restart: true };
    let mut step = recovery.begin_verify(order, now).await?;
    let mut report =
        Report { findings: Vec::new(), unknown: UnknownFiles::default(), containers: 0, bytes: 0 };
    while step.stage != VerifyStage::Done {
        step = recovery.verify_step(starter, step.run, now).await?;
        report.findings.extend(step.findings);
        if step.unknown.count > 0 {
            report.unknown = step.unknown;
        }
    }
    (report.containers, report.bytes) = (step.containers, step.bytes);
    Ok(report)
}

fn catalogue_of(store: &Store) -> PathBuf {
    store.dir.path().join("catalog/catalog.db")
}

fn key(keys: &KeyRing) -> CatalogKey {
    CatalogKey::new(*keys.catalogue_key().expose())
}

fn database(file: &Path, keys: &KeyRing) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(file)?;
    let key = data_encoding::HEXLOWER.encode(keys.catalogue_key().expose());
    connection.execute_batch(&format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{key}'\";"))?;
    Ok(connection)
}

/// The store with its catalogue folded into one file and open again.
async fn reopened(store: Store) -> Store {
    store.catalog.close();
    let catalog = Catalog::open(&catalogue_of(&store), &key(&store.keys)).unwrap();
    let (storage, keys) = (store.disk.storage(), Arc::clone(&store.keys));
    let library = Library::open(catalog.clone(), storage, keys, NamePolicy::Any).await.unwrap();
    Store { catalog, library, ..store }
}

async fn set_right(store: &Store, right: Right) {
    let grant = GrantRow { user: store.user, space: store.space.id, grant: right.into() };
    store.catalog.write_silent("a test", move |tx| tx.put_grant(&grant)).await.unwrap();
}

/// Seals a container that no row knows yet.
pub fn seal(store: &Store, space: SpaceId, entry: i64, segment: u32, content: &[u8]) -> SealedContainer {
    let key = store.keys.space_key(space).unwrap();
    let meta = ContainerMeta {
        entry: EntryId(entry),
        path: path("anything"),
        modified: NOW,
        serial: WriteSerial(1),
        written: NOW,
        segment,
        size: None,
        part: Part::Numbered,
    };
    let mut writer = ContainerWriter::create(&*store.disk, &key, space, &meta).unwrap();
    writer.write(content).unwrap();
    writer.finish().unwrap()
}

pub fn row_of(sealed: &SealedContainer) -> ContainerRow {
    ContainerRow {
        id: sealed.id,
        header_hash: sealed.header_hash,
        length: sealed.length,
        plain_len: sealed.plain_len,
        place: sealed.place,
    }
}

/// Makes a file whose content lies in several containers, as resumable uploads will.
pub async fn put_in_parts(store: &Store, catalog: &Catalog, entry: EntryId, parts: &[Vec<u8>]) {
    let sealed: Vec<SealedContainer> =
        (0..).zip(parts).map(|(at, part)| seal(store, store.space.id, entry.0, at, part)).collect();
    let whole = parts.concat();
    let digest = data_encoding::HEXLOWER.decode(crate::support::content::sha256(&whole).as_bytes()).unwrap();
    let (space, size) = (store.space.id, whole.len() as u64);
    let add = move |tx: &tresor::catalog::WriteTx<'_>| -> Result<(), LibraryError> {
        let row = tx.entry(entry)?.unwrap();
        let checksums = [Checksum::new(ChecksumKind::Sha256, digest).unwrap()];
        let version = tx.insert_version(&NewVersion {
            entry,
            size,
            modified: NOW,
            created: NOW,
            author: None,
            checksums: &checksums,
            state: VersionState::Visible,
        })?;
        for (position, sealed) in sealed.iter().enumerate() {
            tx.insert_container(space, &row_of(sealed))?;
            tx.insert_segment(version, position, sealed.id)?;
        }
        let revision = tx.next_revision()?;
        tx.set_content(entry, version, size, revision, NOW)?;
        tx.delete_version(row.version.unwrap())?;
        let change = i64::try_from(size).unwrap() - i64::try_from(row.size).unwrap();
        Ok(tx.touch_folders(row.parent.unwrap(), revision, change, NOW)?)
    };
    catalog.write_silent("a test", add).await.unwrap();
}
