//! Short forms of these tests for an office, and for its instance open in this process.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tresor::library::{Change, Entry, NewFile, Overwrite, Space, SpaceSettings};
use tresor::model::{
    Access, Actor, ByteRange, ByteSize, ChunkName, Conditions, Depth, EntryName, EntryPath, MailName,
    PdfAfter, PdfPages, PdfRule, Right, SpaceKind, Stamp, Timestamp, UploadId, UploadShape, UserId,
    VersionId,
};
use tresor::uploads::{Finish, NewUpload, PartInfo};

use crate::support::content::{files_below, sha256};
use crate::support::office::{Office, Open};
use crate::support::process::{limited, require, tool};

/// Path and SHA-256 of every file, and the path of every folder with a slash behind it, by space.
pub type Tree = BTreeMap<String, BTreeMap<String, String>>;

/// The administrator that a rebuild makes.
pub const CHEF: [&str; 4] = ["--admin", "chef", "--admin-password-file", "admin.password"];

impl Office {
    /// Runs `tresor rebuild --json` with more options, which must end with `code`, and returns the report.
    #[track_caller]
    pub fn rebuild<const N: usize>(&self, options: [&str; N], code: i32) -> serde_json::Value {
        let outcome = self.attempt(["rebuild", "--json"].iter().chain(&options));
        assert_eq!(outcome.code, code, "{outcome}");
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    /// Removes the catalogue with all that SQLite keeps beside it.
    pub fn lose_catalog(&self) {
        for file in fs::read_dir(self.data().join("catalog")).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    /// Everything in the data directory with the hash of its content, but for the lock and for SQLite's
    /// files beside a database that it looks at and that are no part of it.
    pub fn everything(&self) -> BTreeMap<PathBuf, String> {
        files_below(&self.data())
            .into_iter()
            .filter(|path| !path.ends_with("lock") && !path.to_str().unwrap().ends_with("-shm"))
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .filter(|(path, bytes)| !(bytes.is_empty() && path.to_str().unwrap().ends_with("-wal")))
            .map(|(path, bytes)| (path, sha256(&bytes)))
            .collect()
    }

    /// A sealed file as the stock `age` program opens it with the recovery key.
    pub fn age(&self, file: &Path) -> Vec<u8> {
        let mut age = limited(&require("age", "age"));
        let output = age.arg("-d").arg("-i").arg(self.path("recovery.txt")).arg(file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// The text of a snapshot, by stock programs.
    pub fn snapshot_text(&self, snapshot: &Path) -> Vec<u8> {
        let packed = self.path("snapshot.sql.gz");
        fs::write(&packed, self.age(snapshot)).unwrap();
        let output = tool("gunzip", "gzip").arg("--stdout").arg(packed).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", snapshot.display());
        output.stdout
    }

    pub fn snapshots(&self) -> Vec<PathBuf> {
        files_below(&self.data().join("snapshots"))
    }
}

pub fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap()
}

pub fn access(space: &Space) -> Access {
    Access::granted(space.id, Right::Manage, UserId(1))
}

pub fn name(text: &str) -> EntryName {
    EntryName::parse(text).unwrap()
}

impl Open {
    pub async fn add_space(&self, space: &str) -> Space {
        let settings = SpaceSettings {
            quota: Some(ByteSize(1 << 40)),
            history: Some(ByteSize(1 << 39)),
            version_days: 77,
            trash_days: 88,
            hold: None,
            release_by: tresor::model::ReleaseBy::Two,
            pdf: PdfRule { after: PdfAfter::Remove, pages: PdfPages::Pixels },
            mail: MailName::parse(&format!("m-{}", space.to_lowercase())).ok(),
        };
        let (name, now) = (name(space), Timestamp::now());
        self.instance.library.add_space(&name, SpaceKind::Client, settings, Stamp::owner(now)).await.unwrap()
    }

    pub async fn space(&self, space: &str) -> Space {
        self.instance.library.space_named(&name(space)).await.unwrap().unwrap()
    }

    pub fn change(&self, space: &Space) -> Change {
        let (access, user) = (access(space), self.user);
        Change { access, actor: Actor::user(user), now: Timestamp::now(), conditions: Conditions::default() }
    }

    /// A change of ten minutes ago. A name that is filled again shortly after its file left gets the same file
    /// back (`library::departure`); after such a change it gets another one.
    pub fn earlier_change(&self, space: &Space) -> Change {
        let now = Timestamp::now().before(Duration::from_mins(10));
        Change { now, ..self.change(space) }
    }

    pub async fn put(&self, space: &Space, at: &str, bytes: &[u8]) -> Entry {
        let file = NewFile {
            path: path(at),
            size: bytes.len().is_multiple_of(2).then_some(bytes.len() as u64),
            modified: Some(Timestamp(1_700_000_000_000 + i64::try_from(bytes.len()).unwrap())),
            checksum: None,
        };
        let mut session = self.instance.library.begin_put(self.change(space), file).await.unwrap();
        for piece in bytes.chunks(300_000) {
            session.write(piece.to_vec().into()).await.unwrap();
        }
        session.commit(Timestamp::now()).await.unwrap().entry
    }

    /// An upload with nothing but a shape.
    pub async fn begin_upload(&self, space: &Space, shape: UploadShape) -> UploadId {
        let new = NewUpload {
            id: UploadId::random(),
            protocol: "tus",
            name: None,
            shape,
            path: None,
            length: None,
            modified: None,
            checksum: None,
            metadata: String::new(),
            guest: None,
        };
        self.instance.uploads.create(self.change(space), new).await.unwrap().id
    }

    pub async fn append(&self, space: &Space, upload: UploadId, offset: u64, bytes: &[u8]) {
        let (access, part, now) = (access(space), PartInfo::default(), Timestamp::now());
        let begun = self.instance.uploads.begin_append(&access, self.user, upload, offset, part, now).await;
        let mut append = begun.unwrap();
        append.write(bytes.to_vec().into()).await.unwrap();
        append.finish(now).await.unwrap();
    }

    pub async fn chunk(&self, space: &Space, upload: UploadId, number: usize, bytes: &[u8]) {
        let (access, part, now) = (access(space), PartInfo::default(), Timestamp::now());
        let name = ChunkName::parse(&number.to_string()).unwrap();
        let begun = self.instance.uploads.begin_chunk(&access, self.user, upload, name, part, now).await;
        let mut session = begun.unwrap();
        session.write(bytes.to_vec().into()).await.unwrap();
        session.finish(now).await.unwrap();
    }

    pub async fn finish(&self, space: &Space, upload: UploadId, at: &str) {
        let finish = Finish { path: Some(path(at)), ..Finish::default() };
        self.instance.uploads.finish(self.change(space), upload, finish).await.unwrap();
    }

    pub async fn folder(&self, space: &Space, at: &str) {
        self.instance.library.make_folder(self.change(space), &path(at)).await.unwrap();
    }

    pub async fn delete(&self, space: &Space, at: &str) {
        self.instance.library.delete(self.change(space), &path(at)).await.unwrap();
    }

    pub async fn delete_earlier(&self, space: &Space, at: &str) {
        self.instance.library.delete(self.earlier_change(space), &path(at)).await.unwrap();
    }

    pub async fn mv(&self, from: &Space, at: &str, to: &Space, target: &str) {
        self.mv_as(self.change(from), at, to, target).await;
    }

    pub async fn mv_as(&self, change: Change, at: &str, to: &Space, target: &str) {
        let access = access(to);
        let (from, to) = (path(at), path(target));
        let moved = self.instance.library.move_entry(change, &from, &access, &to, Overwrite::Allow);
        moved.await.unwrap();
    }

    pub async fn copy(&self, from: &Space, at: &str, to: &Space, target: &str) {
        let (change, access) = (self.change(from), access(to));
        let (from, to) = (path(at), path(target));
        let copied =
            self.instance.library.copy_entry(change, &from, &access, &to, Overwrite::Allow, Depth::Infinity);
        copied.await.unwrap();
    }

    /// The SHA-256 of a file's present content, or of another version.
    pub async fn hash(&self, space: &Space, at: &str, version: Option<VersionId>) -> String {
        let opened = self.instance.library.open_content(&access(space), &path(at), version, |_| None).await;
        let mut content = opened.unwrap_or_else(|error| panic!("{at}: {error}"));
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < content.size {
            let rest = ByteRange::new(bytes.len() as u64, content.size).unwrap();
            bytes.extend(content.read(rest).await.unwrap().concat());
        }
        sha256(&bytes)
    }

    /// All contents of a file, newest first.
    pub async fn hashes(&self, space: &Space, at: &str) -> Vec<String> {
        let versions = self.instance.library.versions(&access(space), &path(at)).await.unwrap();
        let mut hashes = Vec::new();
        for version in versions {
            hashes.push(self.hash(space, at, Some(version.id)).await);
        }
        hashes
    }

    /// All files and folders of a space.
    pub async fn files(&self, space: &Space) -> BTreeMap<String, String> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![String::new()]);
        while let Some(folder) = folders.pop() {
            let id = self.instance.library.find(&access(space), &path(&folder)).await.unwrap().id;
            let mut after = None;
            loop {
                let library = &self.instance.library;
                let piece = library.list(&access(space), id, after, Timestamp::now()).await.unwrap();
                for member in piece.members {
                    let at = match folder.as_str() {
                        "" => member.entry.name.clone(),
                        folder => format!("{folder}/{}", member.entry.name),
                    };
                    if member.entry.is_folder() {
                        files.insert(format!("{at}/"), String::new());
                        folders.push(at);
                    } else {
                        let hash = self.hash(space, &at, None).await;
                        files.insert(at, hash);
                    }
                }
                after = piece.next;
                if after.is_none() {
                    break;
                }
            }
        }
        files
    }

    /// All files of all spaces.
    pub async fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        for space in self.instance.library.spaces().await.unwrap() {
            let files = self.files(&space).await;
            tree.insert(space.name.clone(), files);
        }
        tree
    }
}
