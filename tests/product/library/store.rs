//! A library on a directory of its own, and the check that catalogue and disk agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use rusqlite::Connection;
use secrecy::SecretString;
use tempfile::TempDir;
use tresor::catalog::{Catalog, CatalogKey, NewUser};
use tresor::library::{
    Change, Content, Entry, Library, LibraryError, Member, NewFile, Overwrite, PutOutcome, Space,
    SpaceSettings, Transferred, UpkeepReport,
};
use tresor::model::{
    Access, Actor, ByteRange, ByteSize, Conditions, ContainerId, Depth, EntryName, EntryPath, NamePolicy,
    Right, Role, SpaceId, SpaceKind, Stamp, Timestamp, UserId, VersionId,
};
use tresor::recovery::Recovery;
use tresor::uploads::Uploads;
use tresor::vault::disk::{Containers, LocalDisk};
use tresor::vault::keys::{KeyRing, Unlock, generate_recovery};

use crate::library::hooked::HookedDisk;
use crate::support::content::files_below;
use crate::support::sound::RULES;

/// Now, to every test that needs no other time.
pub const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// A day in milliseconds.
pub const DAY: i64 = 86_400_000;

pub struct Store {
    pub dir: TempDir,
    pub catalog: Catalog,
    pub keys: Arc<KeyRing>,
    pub disk: Arc<HookedDisk>,
    pub library: Library,
    pub uploads: Uploads,
    pub recovery: Recovery,
    /// The space that the short forms below mean.
    pub space: Space,
    pub user: UserId,
}

pub fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap()
}

pub fn name(text: &str) -> EntryName {
    EntryName::parse(text).unwrap()
}

/// `NOW` and some days.
pub fn days(count: i64) -> Timestamp {
    Timestamp(NOW.0 + count * DAY)
}

impl Store {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("catalog")).unwrap();
        let identity = age::x25519::Identity::generate().to_string();
        let unlock = Unlock::KeyFile(SecretString::from(identity.expose_secret()));
        let disk = Arc::new(HookedDisk::new(LocalDisk::new(dir.path())));
        let (_, recovery) = generate_recovery();
        let keys = Arc::new(KeyRing::create(disk.clone(), &unlock, &recovery).unwrap());
        let key = CatalogKey::new(*keys.catalogue_key().expose());
        let catalog = Catalog::create(&catalog_file(dir.path()), &key).unwrap();
        let library =
            Library::open(catalog.clone(), disk.storage(), Arc::clone(&keys), NamePolicy::Any).await.unwrap();
        let space = add_space(&library, "space").await;
        let user = add_user(&catalog, "user").await;
        let (uploads, recovery) = (Uploads::new(library.clone()), Recovery::new(library.clone()));
        Self { dir, catalog, keys, disk, library, uploads, recovery, space, user }
    }

    /// The same directory in another run of the program.
    pub async fn reopen(self) -> Self {
        let disk = Arc::new(HookedDisk::new(LocalDisk::new(self.dir.path())));
        self.reopen_on(disk).await
    }

    /// As [`Self::reopen`], with the keys read again, too.
    pub async fn reopen_by(mut self, unlock: &Unlock) -> Self {
        let disk = Arc::new(HookedDisk::new(LocalDisk::new(self.dir.path())));
        self.keys = Arc::new(KeyRing::open(disk.clone(), unlock).unwrap());
        self.reopen_on(disk).await
    }

    async fn reopen_on(self, disk: Arc<HookedDisk>) -> Self {
        let Self { dir, catalog, keys, disk: _, library, uploads, recovery, space, user } = self;
        catalog.close();
        drop((catalog, library, uploads, recovery));
        let key = CatalogKey::new(*keys.catalogue_key().expose());
        let catalog = Catalog::open(&catalog_file(dir.path()), &key).unwrap();
        let library =
            Library::open(catalog.clone(), disk.storage(), Arc::clone(&keys), NamePolicy::Any).await.unwrap();
        let (uploads, recovery) = (Uploads::new(library.clone()), Recovery::new(library.clone()));
        Self { dir, catalog, keys, disk, library, uploads, recovery, space, user }
    }

    /// As [`Self::new`], with a quota.
    pub async fn with_quota(bytes: u64) -> Self {
        let store = Self::new().await;
        let settings = SpaceSettings { quota: Some(ByteSize(bytes)), ..SpaceSettings::default() };
        store.library.set_space_settings(store.space.id, settings, Stamp::owner(NOW)).await.unwrap();
        store
    }

    /// A round of upkeep as the server does it; the number of uploads that it ended, and its other results.
    pub async fn upkeep(&self, now: Timestamp) -> Result<(usize, UpkeepReport), LibraryError> {
        Ok((self.uploads.upkeep(now).await?, self.library.upkeep(now).await?))
    }

    pub async fn another_space(&self, name: &str) -> Space {
        add_space(&self.library, name).await
    }

    pub async fn another_user(&self, name: &'static str) -> UserId {
        add_user(&self.catalog, name).await
    }

    pub fn access(&self) -> Access {
        Access::granted(self.space.id, Right::Manage, UserId(1))
    }

    pub fn change(&self) -> Change {
        self.change_in(&self.space, NOW)
    }

    pub fn change_at(&self, now: Timestamp) -> Change {
        self.change_in(&self.space, now)
    }

    pub fn change_in(&self, space: &Space, now: Timestamp) -> Change {
        let access = Access::granted(space.id, Right::Manage, UserId(1));
        Change { access, actor: Actor::user(self.user), now, conditions: Conditions::default() }
    }

    pub async fn put(&self, at: &str, bytes: &[u8]) -> Result<PutOutcome, LibraryError> {
        self.put_by(self.change(), at, bytes).await
    }

    pub async fn put_by(&self, change: Change, at: &str, bytes: &[u8]) -> Result<PutOutcome, LibraryError> {
        let (now, size) = (change.now, Some(bytes.len() as u64));
        let file = NewFile { path: path(at), size, modified: None, checksum: None };
        let mut session = self.library.begin_put(change, file).await?;
        session.write(bytes.to_vec().into()).await?;
        session.commit(now).await
    }

    pub async fn read(&self, at: &str) -> Result<Vec<u8>, LibraryError> {
        self.read_from(&self.access(), at, None).await
    }

    pub async fn read_from(
        &self,
        access: &Access,
        at: &str,
        version: Option<VersionId>,
    ) -> Result<Vec<u8>, LibraryError> {
        let foresee = |entry: &Entry| ByteRange::new(0, entry.size.min(1_000));
        read_whole(&mut self.library.open_content(access, &path(at), version, foresee).await?).await
    }

    /// The present content, not read yet.
    pub async fn open(&self, at: &str) -> Result<Content, LibraryError> {
        self.library.open_content(&self.access(), &path(at), None, |_| None).await
    }

    pub async fn mkcol(&self, at: &str) -> Result<Entry, LibraryError> {
        self.library.make_folder(self.change(), &path(at)).await
    }

    pub async fn delete(&self, at: &str) -> Result<(), LibraryError> {
        self.library.delete(self.change(), &path(at)).await
    }

    pub async fn copy(&self, from: &str, to: &str) -> Result<Transferred, LibraryError> {
        let access = self.access();
        self.library
            .copy_entry(self.change(), &path(from), &access, &path(to), Overwrite::Allow, Depth::Infinity)
            .await
    }

    pub async fn mv(&self, from: &str, to: &str) -> Result<Transferred, LibraryError> {
        let access = self.access();
        self.library.move_entry(self.change(), &path(from), &access, &path(to), Overwrite::Allow).await
    }

    pub async fn entry(&self, at: &str) -> Result<Entry, LibraryError> {
        self.library.find(&self.access(), &path(at)).await
    }

    /// All members of a folder, in order.
    pub async fn members(&self, access: &Access, folder: &EntryPath) -> Vec<Member> {
        let folder = self.library.find(access, folder).await.unwrap().id;
        let (mut members, mut after) = (Vec::new(), None);
        loop {
            let piece = self.library.list(access, folder, after, NOW).await.unwrap();
            members.extend(piece.members);
            after = piece.next;
            if after.is_none() {
                return members;
            }
        }
    }

    pub async fn names(&self, folder: &str) -> Vec<String> {
        let members = self.members(&self.access(), &path(folder)).await;
        members.into_iter().map(|member| member.entry.name).collect()
    }

    /// Bytes that the space counts.
    pub async fn used(&self) -> u64 {
        self.library.usage(&self.access()).await.unwrap().used.0
    }

    /// All containers on disk.
    pub fn containers(&self) -> BTreeSet<ContainerId> {
        self.stored().into_iter().map(|(_, id)| id).collect()
    }

    /// The containers of one space.
    pub fn containers_of(&self, space: &Space) -> BTreeSet<ContainerId> {
        self.stored().into_iter().filter(|(of, _)| *of == space.id).map(|(_, id)| id).collect()
    }

    fn stored(&self) -> BTreeSet<(SpaceId, ContainerId)> {
        let mut stored = BTreeSet::new();
        self.disk
            .list(&mut |file| {
                assert!(stored.insert((file.space, file.id)), "a container is there once");
                Ok(())
            })
            .unwrap();
        stored
    }

    /// The files of containers that have one of their own, as those of contents above a chunk do.
    pub fn container_files(&self) -> BTreeSet<PathBuf> {
        let files = files_below(&self.dir.path().join("spaces"));
        files.into_iter().filter(|file| file.extension().is_some_and(|suffix| suffix == "age")).collect()
    }

    /// Files that are being written.
    pub fn parts(&self) -> BTreeSet<PathBuf> {
        files_below(&self.dir.path().join("tmp")).into_iter().collect()
    }

    /// The catalogue as another reader sees it.
    pub fn database(&self) -> Connection {
        let connection = Connection::open(catalog_file(self.dir.path())).unwrap();
        let key = data_encoding::HEXLOWER.encode(self.keys.catalogue_key().expose());
        connection.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA query_only = ON;")).unwrap();
        connection
    }

    /// Panics unless catalogue and disk agree in everything that they both know.
    #[track_caller]
    pub fn check(&self) {
        let database = self.database();
        for (what, sql) in RULES {
            let broken: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(broken, 0, "{what}");
        }
        let mut query = database
            .prepare(
                "SELECT lower(hex(space_id)), lower(hex(id)) FROM containers
                 UNION ALL SELECT lower(hex(space_id)), lower(hex(container_id)) FROM garbage",
            )
            .unwrap();
        let known: BTreeSet<(SpaceId, ContainerId)> = query
            .query_map([], |row| {
                let (space, id): (String, String) = (row.get(0)?, row.get(1)?);
                Ok((space.parse().unwrap(), id.parse().unwrap()))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(self.stored(), known, "containers on disk are those of the rows");
        assert_eq!(self.parts(), BTreeSet::new(), "nothing is half written");
    }
}

async fn add_space(library: &Library, name: &str) -> Space {
    let name = EntryName::parse(name).unwrap();
    library.add_space(&name, SpaceKind::Team, SpaceSettings::default(), Stamp::owner(NOW)).await.unwrap()
}

async fn add_user(catalog: &Catalog, name: &'static str) -> UserId {
    let add = move |tx: &tresor::catalog::WriteTx<'_>| {
        let role = Role::Staff;
        tx.insert_user(&NewUser { name, name_key: name, role, password_hash: None, created: NOW })
    };
    catalog.write_silent("a test", add).await.unwrap()
}

fn catalog_file(root: &Path) -> PathBuf {
    root.join("catalog/catalog.db")
}

/// All bytes of a content, however many reads that takes.
pub async fn read_whole(content: &mut Content) -> Result<Vec<u8>, LibraryError> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < content.size {
        let rest = ByteRange::new(bytes.len() as u64, content.size).unwrap();
        let pieces = content.read(rest).await?;
        assert!(!pieces.is_empty(), "a read brings at least one byte");
        bytes.extend(pieces.concat());
    }
    Ok(bytes)
}
