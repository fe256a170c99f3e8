//! Opens a data directory after a fault, and looks at all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use secrecy::SecretString;
use tresor::app::{DataDirectory, Instance};
use tresor::library::{Change, Entry, Library, Space};
use tresor::model::{
    Access, Actor, ByteRange, Conditions, EntryName, EntryPath, NamePolicy, Right, Timestamp, UserId,
    VersionId,
};
use tresor::uploads::{Uploads, UploadsOf};
use tresor::vault::disk::{Containers, LocalDisk};
use tresor::vault::keys::{KeyRing, Unlock};

use crate::support::content::sha256;
use crate::support::sound::RULES;

/// All that people can see of an instance, by `space/path`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Hash of a file's bytes, or `folder`.
    pub tree: BTreeMap<String, String>,
    /// Hashes of a file's contents, newest first, where it has more than one.
    pub versions: BTreeMap<String, Vec<String>>,
    /// Dead properties as XML.
    pub properties: BTreeMap<String, BTreeSet<String>>,
    /// The paths that locks cover.
    pub locked: BTreeSet<String>,
    /// Deleted entries, with the hashes of all files in them.
    pub trash: BTreeSet<(String, Vec<String>)>,
    /// Uploads under way: protocol, path and the bytes that have arrived.
    pub uploads: BTreeSet<(String, String, u64)>,
    /// Login names and what they may do where.
    pub grants: BTreeSet<(String, String, &'static str)>,
}

/// Opens the instance as a server does and reads everything in it, trash and earlier versions included.
/// Then cleans up as the server does in a day, and checks that catalogue and disk agree.
///
/// Changes the directory: deleted entries are brought back to be read. Panics, naming the rule, when a rule
/// that must always hold is broken.
pub fn inspect(data: &Path, key_file: &Path) -> Contents {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let identity = fs::read_to_string(key_file).unwrap();
    let unlock = Unlock::KeyFile(SecretString::from(identity));
    let directory = DataDirectory::open(data).unwrap_or_else(|error| panic!("does not open: {error}"));
    let contents = runtime.block_on(async {
        let opened = Instance::open(&directory, &unlock, NamePolicy::Any).await;
        let instance = opened.unwrap_or_else(|error| panic!("does not open: {error:?}"));
        assert_eq!(fs::read_dir(data.join("tmp")).unwrap().count(), 0, "half an upload is left");
        let database = database(data, &unlock);
        check_pages(&database);
        check_rows(&database);
        let contents = Inspection::of(&instance).await.read().await;
        clean_up(&instance).await;
        check_rows(&database);
        check_containers(data, &database);
        drop(database);
        instance.close();
        contents
    });
    drop((runtime, directory));
    forget_lock(data);
    contents
}

/// Makes the next process that opens the directory lock another file: a process that this one is starting at the
/// moment, for another test, holds a copy of the descriptor and with it the lock until its `exec`.
pub fn forget_lock(data: &Path) {
    fs::remove_file(data.join("lock")).unwrap();
}

/// The catalogue behind the program's back.
fn database(data: &Path, unlock: &Unlock) -> Connection {
    let keys = KeyRing::open(std::sync::Arc::new(LocalDisk::new(data)), unlock).unwrap();
    let connection = Connection::open(data.join("catalog/catalog.db")).unwrap();
    let key = data_encoding::HEXLOWER.encode(keys.catalogue_key().expose());
    connection.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA query_only = ON;")).unwrap();
    connection
}

fn check_pages(database: &Connection) {
    for pragma in ["integrity_check", "cipher_integrity_check"] {
        let mut check = database.prepare(&format!("PRAGMA {pragma}")).unwrap();
        let faults: Vec<String> =
            check.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(faults.is_empty() || faults == ["ok"], "{pragma}: {faults:?}");
    }
}

fn check_rows(database: &Connection) {
    for (what, sql) in RULES {
        let broken: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(broken, 0, "{what}");
    }
}

/// The work that the server does on its own within a day.
async fn clean_up(instance: &Instance) {
    let tomorrow = Timestamp::now().after(Duration::from_hours(25));
    instance.uploads.upkeep(Timestamp::now()).await.unwrap();
    instance.library.upkeep(Timestamp::now()).await.unwrap();
    instance.library.sweep(tomorrow).await.unwrap();
}

/// After cleaning up, containers and rows are the same.
fn check_containers(data: &Path, database: &Connection) {
    let mut query = database.prepare("SELECT lower(hex(id)) FROM containers").unwrap();
    let known: BTreeSet<String> =
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut stored = BTreeSet::new();
    let note = &mut |file: tresor::vault::disk::StoredFile| {
        stored.insert(file.id.to_string());
        Ok(())
    };
    LocalDisk::new(data).list(note).unwrap();
    assert_eq!(stored, known, "containers on disk are those of the rows");
    let garbage: i64 = database.query_row("SELECT count(*) FROM garbage", [], |row| row.get(0)).unwrap();
    assert_eq!(garbage, 0, "unused containers are removed");
}

struct Inspection<'a> {
    library: &'a Library,
    uploads: &'a Uploads,
    user: UserId,
    spaces: Vec<Space>,
    contents: Contents,
}

impl<'a> Inspection<'a> {
    async fn of(instance: &'a Instance) -> Self {
        let (library, uploads) = (&instance.library, &instance.uploads);
        let (users, spaces) = (instance.accounts.users().await.unwrap(), library.spaces().await.unwrap());
        let mut contents = Contents::default();
        for grant in instance.accounts.grants().await.unwrap() {
            let user = users.iter().find(|user| user.id == grant.user).unwrap().name.clone();
            let space = spaces.iter().find(|space| space.id == grant.space).unwrap().name.clone();
            contents.grants.insert((user, space, grant.grant.right.as_str()));
        }
        Self { library, uploads, user: users[0].id, spaces, contents }
    }

    async fn read(mut self) -> Contents {
        for space in std::mem::take(&mut self.spaces) {
            let access = Access::granted(space.id, Right::Manage, UserId(1));
            self.read_folder(&access, &EntryPath::root(), &space.name).await;
            self.read_trash(&access).await;
            for upload in self.uploads.list(&[access], UploadsOf::Everybody).await.unwrap() {
                let path = upload.path.map_or_else(String::new, |path| path.to_string());
                self.contents.uploads.insert((upload.protocol, path, upload.received));
            }
        }
        self.contents
    }

    async fn read_folder(&mut self, access: &Access, folder: &EntryPath, shown: &str) {
        self.contents.tree.insert(shown.to_owned(), "folder".to_owned());
        let now = Timestamp::now();
        let (id, mut after) = (self.library.find(access, folder).await.unwrap().id, None);
        loop {
            let piece = self.library.list(access, id, after, now).await.unwrap();
            let is_covered = !piece.inherited.is_empty();
            for member in piece.members {
                let path = folder.join(EntryName::parse(&member.entry.name).unwrap()).unwrap();
                let shown = format!("{shown}/{}", member.entry.name);
                let properties: BTreeSet<String> =
                    member.properties.into_iter().map(|(_, xml)| xml).collect();
                if !properties.is_empty() {
                    self.contents.properties.insert(shown.clone(), properties);
                }
                if is_covered || !member.locks.is_empty() {
                    self.contents.locked.insert(shown.clone());
                }
                if member.entry.is_folder() {
                    Box::pin(self.read_folder(access, &path, &shown)).await;
                } else {
                    self.read_file(access, &path, &shown).await;
                }
            }
            after = piece.next;
            if after.is_none() {
                return;
            }
        }
    }

    async fn read_file(&mut self, access: &Access, path: &EntryPath, shown: &str) {
        let mut hashes = Vec::new();
        for version in self.library.versions(access, path).await.unwrap() {
            hashes.push(self.hash(access, path, Some(version.id), shown).await);
        }
        let current = self.hash(access, path, None, shown).await;
        assert_eq!(hashes[0], current, "{shown}: the newest content is the current one");
        self.contents.tree.insert(shown.to_owned(), current);
        if hashes.len() > 1 {
            self.contents.versions.insert(shown.to_owned(), hashes);
        }
    }

    async fn hash(
        &self,
        access: &Access,
        path: &EntryPath,
        version: Option<VersionId>,
        shown: &str,
    ) -> String {
        let opened = self.library.open_content(access, path, version, |_: &Entry| None).await;
        let mut content = opened.unwrap_or_else(|error| panic!("{shown} does not open: {error:?}"));
        let (mut bytes, mut at) = (Vec::new(), 0);
        while at < content.size {
            let read = content.read(ByteRange::new(at, content.size).unwrap()).await;
            for piece in read.unwrap_or_else(|error| panic!("{shown} does not read: {error:?}")) {
                at += piece.len() as u64;
                bytes.extend_from_slice(&piece);
            }
        }
        assert_eq!(at, content.size, "{shown}");
        sha256(&bytes)
    }

    /// Brings each deleted entry back, reads it and deletes it again.
    async fn read_trash(&mut self, access: &Access) {
        for item in self.library.trash(access).await.unwrap() {
            let mut restored = Inspection {
                library: self.library,
                uploads: self.uploads,
                user: self.user,
                spaces: Vec::new(),
                contents: Contents::default(),
            };
            let path = self.library.restore(self.change(access), item.entry).await.unwrap();
            if item.is_folder {
                restored.read_folder(access, &path, "").await;
            } else {
                restored.read_file(access, &path, "").await;
            }
            self.library.delete(self.change(access), &path).await.unwrap();
            let hashes = restored.contents.tree.into_values().collect();
            self.contents.trash.insert((item.path, hashes));
        }
    }

    fn change(&self, access: &Access) -> Change {
        let (now, conditions) = (Timestamp::now(), Conditions::default());
        Change { access: *access, actor: Actor::user(self.user), now, conditions }
    }
}
