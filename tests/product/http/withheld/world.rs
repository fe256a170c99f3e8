//! The program with withheld files in it, and all the senders who ask for them.

use std::fmt::Write as _;

use secrecy::SecretString;
use tresor::accounts::UserName;
use tresor::library::{Detail, Space, SpaceSettings};
use tresor::model::{
    Access, ByteRange, EntryName, EntryPath, Right, Role, SpaceKind, Stamp, Timestamp, VersionId,
    VersionState, Worker,
};

use crate::http::fixture::{EXCLUSIVE, token};
use crate::http::public::Link;
use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::http::Request;
use crate::support::in_process::{InProcess, Serving};
use crate::support::server::{ADMIN, ADMIN_PASSWORD, PASSWORD, SPACE, USER};

/// Stores the contents that are withheld.
pub(super) const AUTHOR: &str = "autorin";
/// Manages the space and holds a lock on [`LOCKED`].
pub(super) const MANAGER: &str = "leiterin";
pub(super) const CLIENT: &str = "mandantin";
pub(super) const AUDITOR: &str = "pruefer";
/// Another space, into which the author and [`USER`] may write.
pub(super) const OTHER: &str = "andere";
/// The folder of the walk.
pub(super) const FOLDER: &str = "fest";
/// The names in it that [`CASES`] mean, and those of equal length that were never used.
pub(super) const NAMES: [(&str, &str); 3] =
    [("datei.txt", "fehlt.txt"), ("gesperrt.txt", "niemals1.txt"), ("ordner/innen.txt", "ordner/fehlt.txt")];
pub(super) const FILE: &str = NAMES[0].0;
pub(super) const LOCKED: &str = NAMES[1].0;
/// The other file in [`FOLDER`], which all viewers see.
pub(super) const NEIGHBOUR: &str = "ziel.txt";
/// The time of the withheld files, 2009-02-13 23:31:30.
pub(super) const MODIFIED: &str = "1234567890";

pub(super) struct World {
    // Ends before the instance is closed.
    pub(super) serving: Serving,
    pub(super) program: InProcess,
    pub(super) space: Space,
    /// The manager's lock on [`LOCKED`].
    pub(super) lock: String,
}

pub(super) fn accounts() -> [(&'static str, Role, Right, Option<Right>); 5] {
    [
        (AUTHOR, Role::Staff, Right::Write, Some(Right::Write)),
        (USER, Role::Staff, Right::Write, Some(Right::Write)),
        (MANAGER, Role::Staff, Right::Manage, None),
        (CLIENT, Role::Client, Right::Read, None),
        (AUDITOR, Role::Auditor, Right::Read, None),
    ]
}

impl World {
    pub(super) fn new() -> Self {
        let server = TestServer::prepare(false);
        server.init();
        let mut program = InProcess::open(server);
        let by = Stamp::owner(Timestamp::now());
        let space = program.runtime.block_on(async {
            let (library, accounts_of) = (&program.instance.library, &program.instance.accounts);
            let add = async |name: &str| {
                let (name, settings) = (EntryName::parse(name).unwrap(), SpaceSettings::default());
                library.add_space(&name, SpaceKind::Team, settings, by).await.unwrap()
            };
            let (space, other) = (add(SPACE).await, add(OTHER).await);
            for (name, role, right, right_there) in accounts() {
                let (name, password) = (UserName::parse(name).unwrap(), SecretString::from(PASSWORD));
                let user = accounts_of.add_user(&name, role, Some(password), by).await.unwrap();
                accounts_of.grant(user, space.id, right, by).await.unwrap();
                if let Some(right) = right_there {
                    accounts_of.grant(user, other.id, right, by).await.unwrap();
                }
            }
            space
        });
        let (address, serving) = program.serve();
        program.server.set_address(address);
        Self { serving, program, space, lock: String::new() }
    }

    /// A world with [`FOLDER`] and everything in it.
    pub(super) fn furnished() -> Self {
        let mut world = Self::new();
        let base = format!("/dav/{SPACE}/{FOLDER}");
        for folder in ["", "/ordner"] {
            world.by(AUTHOR, "MKCOL", &format!("{base}{folder}")).send().expect(201);
        }
        for (number, (name, _)) in (0..).zip(NAMES) {
            let put = |content: Vec<u8>| {
                let request =
                    world.by(AUTHOR, "PUT", &format!("{base}/{name}")).header("X-OC-Mtime", MODIFIED);
                request.body(content).send()
            };
            put(format!("Zeisig, erste Fassung von {name}").into_bytes()).expect(201);
            put(content_of(number)).expect(204);
        }
        // Beside the withheld file of each folder lies another: the size of a folder counts both.
        for name in [NEIGHBOUR, "ordner/offen.txt"] {
            world.by(AUTHOR, "PUT", &format!("{base}/{name}")).body("offen").send().expect(201);
        }
        world.by(AUTHOR, "PUT", &format!("/dav/{OTHER}/{NEIGHBOUR}")).body("offen").send().expect(201);
        let lock = world.by(MANAGER, "LOCK", &format!("{base}/{LOCKED}")).header("Depth", "0");
        world.lock = token(&lock.xml(EXCLUSIVE).send().expect(200));
        world
    }

    pub(super) fn server(&self) -> &TestServer {
        &self.program.server
    }

    pub(super) fn by(&self, user: &str, method: &str, target: &str) -> Request {
        self.server().anonymous(method, target).sign_in(user, PASSWORD)
    }

    pub(super) fn worker(&self) -> Access {
        self.program.instance.library.as_worker(Worker::Upkeep, self.space.id)
    }

    pub(super) fn version(&self, at: &str) -> VersionId {
        let (worker, path) = (self.worker(), EntryPath::parse(at).unwrap());
        let found = self.program.instance.library.find(&worker, &path);
        self.program.runtime.block_on(found).unwrap().version().unwrap()
    }

    /// Sets the state of a file's present content.
    pub(super) fn set(&self, at: &str, state: VersionState) {
        self.set_version(self.version(at), state);
    }

    pub(super) fn set_version(&self, version: VersionId, state: VersionState) {
        let (library, by) = (&self.program.instance.library, Stamp::owner(Timestamp::now()));
        let set = library.set_version_state(by, self.space.id, version, state);
        self.program.runtime.block_on(set).unwrap();
    }

    pub(super) fn set_all(&self, state: VersionState) {
        for (name, _) in NAMES {
            self.set(&format!("{FOLDER}/{name}"), state);
        }
    }

    /// Everything that the catalogue knows of the withheld files and the names beside them, and their contents, as a
    /// worker sees them.
    pub(super) fn state(&self) -> String {
        let (library, worker) = (&self.program.instance.library, self.worker());
        self.program.runtime.block_on(async {
            let mut told = String::new();
            for (name, _) in NAMES {
                let path = EntryPath::parse(&format!("{FOLDER}/{name}")).unwrap();
                let member =
                    library.member_with(&worker, &path, &Detail::ALL, Timestamp::now()).await.unwrap();
                let versions = library.versions(&worker, &path).await.unwrap().len();
                let mut content = library.open_content(&worker, &path, None, |_| None).await.unwrap();
                let whole = ByteRange::whole(content.size);
                let read = content.read(whole).await.unwrap().concat();
                writeln!(told, "{:?} {:?} {:?}", member.entry, member.properties, member.locks).unwrap();
                writeln!(told, "{versions} versions, {}", sha256(&read)).unwrap();
            }
            told
        })
    }
}

/// The content of one of [`NAMES`]: each has a size of its own.
pub(super) fn content_of(number: usize) -> Vec<u8> {
    let mut content = b"Zeisig: ".to_vec();
    content.extend(bytes(7, 48_613 + number));
    content
}

/// A sender of requests, and the address below which the files of [`FOLDER`] are.
pub(super) struct Viewer {
    pub(super) who: String,
    pub(super) base: String,
    pub(super) login: Option<(&'static str, &'static str)>,
    /// The right in the space; `None` for none.
    pub(super) right: Option<Right>,
    pub(super) is_guest: bool,
}

impl Viewer {
    pub(super) fn user(name: &'static str, mount: &str, right: Option<Right>) -> Self {
        let password = if name == ADMIN { ADMIN_PASSWORD } else { PASSWORD };
        let who = format!("{name} at {mount}");
        let base = format!("{mount}/{SPACE}/{FOLDER}/");
        Self { who, base, login: Some((name, password)), right, is_guest: false }
    }

    /// A guest of a link to [`FOLDER`].
    pub(super) fn guest(link: &Link, right: Right) -> Self {
        let (who, base) = (format!("a guest who may {right}"), link.path("/"));
        Self { who, base, login: None, right: Some(right), is_guest: true }
    }

    pub(super) fn request(&self, world: &World, method: &str, below: &str) -> Request {
        let target = match below {
            ".." if self.is_guest => self.base.clone(),
            ".." => self.base.strip_suffix(&format!("{FOLDER}/")).unwrap().to_owned(),
            below => format!("{}{below}", self.base),
        };
        self.sign_in(world.server().anonymous(method, &target))
    }

    pub(super) fn sign_in(&self, request: Request) -> Request {
        match self.login {
            Some((name, password)) => request.sign_in(name, password),
            None => request,
        }
    }

    /// The URL of a name, for `Destination` and `If`.
    pub(super) fn url(&self, world: &World, below: &str) -> String {
        world.server().url(&format!("{}{below}", self.base))
    }
}
