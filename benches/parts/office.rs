//! The instance that is measured, in a directory of its own, and short forms of using it.

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tresor::catalog::{Catalog, CatalogError, CatalogKey, NewUser};
use tresor::library::{Change, Entry, Library, Member, NewFile, SpaceSettings};
use tresor::model::{
    Access, Actor, Conditions, EntryName, EntryPath, NamePolicy, Right, Role, SpaceId, SpaceKind, Stamp,
    Timestamp, UserId,
};
use tresor::vault::disk::{LocalDisk, Storage};
use tresor::vault::keys::{KeyRing, SpaceKey, Unlock, generate_recovery};

/// Now.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// Files in the large folder.
pub(crate) const MANY: usize = 10_000;
/// A small content.
pub(crate) const SMALL: usize = 4 << 10;

pub(crate) struct Office {
    /// Stands for a request's threads.
    pub(crate) runtime: Runtime,
    pub(crate) disk: Arc<LocalDisk>,
    pub(crate) key: Arc<SpaceKey>,
    pub(crate) library: Library,
    pub(crate) space: SpaceId,
    user: UserId,
    /// Goes last.
    _dir: TempDir,
}

impl Office {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(dir.path().join("catalog")).expect("a fresh directory takes another");
        let disk = Arc::new(LocalDisk::new(dir.path()));
        let (key_file, recipient) = generate_recovery();
        let keys = KeyRing::create(disk.clone(), &Unlock::KeyFile(key_file), &recipient);
        let keys = Arc::new(keys.expect("a fresh directory takes keys"));
        let catalog_key = CatalogKey::new(*keys.catalogue_key().expose());
        let catalog = Catalog::create(&dir.path().join("catalog/catalog.db"), &catalog_key)
            .expect("a fresh directory takes a catalogue");
        let runtime = Runtime::new().expect("threads");
        let (library, space, user) = runtime.block_on(async {
            let library =
                Library::open(catalog.clone(), Storage::of(disk.clone()), Arc::clone(&keys), NamePolicy::Any)
                    .await
                    .expect("a fresh catalogue opens");
            let space = library
                .add_space(&name("space"), SpaceKind::Team, SpaceSettings::default(), Stamp::owner(NOW))
                .await
                .expect("a first space");
            (library, space.id, add_user(&catalog).await)
        });
        let key = keys.space_key(space).expect("a space has a key");
        Self { runtime, disk, key, library, space, user, _dir: dir }
    }

    pub(crate) fn access(&self) -> Access {
        Access::granted(self.space, Right::Manage, self.user)
    }

    pub(crate) fn change(&self) -> Change {
        Change {
            access: self.access(),
            actor: Actor::user(self.user),
            now: NOW,
            conditions: Conditions::default(),
        }
    }

    pub(crate) fn make_folder(&self, at: &str) -> Entry {
        self.runtime.block_on(self.library.make_folder(self.change(), &path(at))).expect("a new folder")
    }

    /// Puts small contents, all at the same time, and waits until each is acknowledged.
    pub(crate) fn put_all(&self, at: impl IntoIterator<Item = String>) {
        let put = |at: String| put(self.library.clone(), self.change(), path(&at));
        self.runtime.block_on(async { at.into_iter().map(put).collect::<JoinSet<()>>().join_all().await });
    }

    /// A folder of [`MANY`] files named by [`member`].
    pub(crate) fn fill_folder(&self, at: &str) -> Entry {
        self.make_folder(at);
        for first in (0..MANY).step_by(64) {
            self.put_all((first..MANY.min(first + 64)).map(|number| member(at, number)));
        }
        self.runtime.block_on(self.library.find(&self.access(), &path(at))).expect("it was made")
    }

    /// Hands over the members of a folder page by page, as they are listed.
    pub(crate) fn each_page(&self, folder: &Entry, mut take: impl FnMut(Vec<Member>)) {
        let mut after = None;
        loop {
            let page = self
                .runtime
                .block_on(self.library.list(&self.access(), folder.id, after, NOW))
                .expect("a folder is listed");
            take(page.members);
            after = page.next;
            if after.is_none() {
                return;
            }
        }
    }
}

/// As a request does it, in a task of its own.
async fn put(library: Library, change: Change, path: EntryPath) {
    let file = NewFile { path, size: Some(SMALL as u64), modified: None, checksum: None };
    let mut session = library.begin_put(change, file).await.expect("nothing is in the way");
    session.write(Bytes::from_static(&[7; SMALL])).await.expect("the content arrives");
    session.commit(NOW).await.expect("the content is stored");
}

async fn add_user(catalog: &Catalog) -> UserId {
    let add = |tx: &tresor::catalog::WriteTx<'_>| {
        let (name, role) = ("user", Role::Staff);
        tx.insert_user(&NewUser { name, name_key: name, role, password_hash: None, created: NOW })
    };
    catalog.write_silent::<_, CatalogError, _>("a bench", add).await.expect("a first user")
}

/// The path of a member of a folder.
pub(crate) fn member(folder: &str, number: usize) -> String {
    format!("{folder}/file-{number}.bin")
}

pub(crate) fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).expect("a plain path")
}

pub(crate) fn name(text: &str) -> EntryName {
    EntryName::parse(text).expect("a plain name")
}
