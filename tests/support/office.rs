//! An office as far as a test needs it.
//!
//! ```text
//! Office::new             a working folder, for commands of the program
//! Office::with_instance   and in its `data` an instance with an administrator
//! Office::open            and that open in this process
//! Office::serve           or served by the program
//! TestServer              served, with a space and a user (`server`)
//! ```
//!
//! Instances are copies of one that is made once for all tests of a program, because five commands and two stretched
//! passwords take long. A library alone, without the program, is `product/library/store.rs`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use age::secrecy::ExposeSecret;
use rustix::fs::FileType;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use tempfile::TempDir;
use tresor::app::{DataDirectory, DirectoryError, Instance};
use tresor::model::{NamePolicy, UserId};
use tresor::vault::disk::LocalDisk;
use tresor::vault::keys::{KeyRing, Unlock};

use super::canary::WORK_PREFIX;
use super::http::{Endpoint, Request, Response};
use super::process::{Outcome, eventually};

/// The administrator created by `init`.
pub const ADMIN: &str = "admin";
/// The administrator's password: long enough for any policy.
pub const PASSWORD: &str = "Ziegel-Otter-Kuppel-0815-Fagott";
pub const PASSPHRASE: &str = "Pergament Schaluppe Brombeere 77";
/// Time for a start or an end: keys, certificate and catalogue on a busy machine.
pub(super) const LIMIT: Duration = Duration::from_mins(1);

/// A working folder; the instance is to lie in its `data`.
pub struct Office {
    work: TempDir,
}

/// Mode and content of each file.
pub type Snapshot = BTreeMap<PathBuf, (u32, Vec<u8>)>;

impl Office {
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// The same in this folder, for contents that a temporary file system should not hold.
    pub fn below(folder: &Path) -> Self {
        let work = tempfile::Builder::new().prefix(WORK_PREFIX).tempdir_in(folder).unwrap();
        for dir in ["home", "tmp"] {
            fs::create_dir(work.path().join(dir)).unwrap();
        }
        Self { work }
    }

    /// With an instance that a key file opens, which is much faster than a passphrase. All of them share their keys;
    /// [`Self::init_by_key_file`] makes others.
    pub fn with_instance() -> Self {
        static MADE: OnceLock<Template> = OnceLock::new();
        let office = Self::new();
        office.begin_as(MADE.get_or_init(|| {
            let office = Self::new();
            office.init_by_key_file();
            office.template()
        }));
        office
    }

    /// Makes the instance in `data` with the keys `key.txt` and `recovery.txt`.
    pub fn init_by_key_file(&self) {
        self.write_key("key.txt");
        let outcome = self.init(["--key-file", "key.txt", "--recovery-out", "recovery.txt"]);
        assert_eq!(outcome.code, 0, "{outcome}");
    }

    /// A template for other offices. The program must not run.
    pub fn template(&self) -> Template {
        let mut files = Snapshot::new();
        take_snapshot(self.work.path(), &mut files);
        let within = |path: PathBuf| path.strip_prefix(self.work.path()).unwrap().to_owned();
        let mut files: Snapshot = files.into_iter().map(|(path, file)| (within(path), file)).collect();
        let is_left =
            |path: &Path| ["home", "tmp", "tresor.log", "data/reserve"].iter().any(|at| path.starts_with(at));
        files.retain(|path, (mode, _)| !is_left(path) && FileType::from_raw_mode(*mode) != FileType::Socket);
        Template(files)
    }

    /// Writes the files of a template.
    pub fn begin_as(&self, template: &Template) {
        for (path, (mode, content)) in &template.0 {
            let path = self.path(path);
            match FileType::from_raw_mode(*mode) {
                FileType::Directory => fs::create_dir_all(&path).unwrap(),
                _ => fs::write(&path, content).unwrap(),
            }
            fs::set_permissions(&path, Permissions::from_mode(mode & 0o7777)).unwrap();
        }
    }

    /// A place in the working folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.work.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn catalog(&self) -> PathBuf {
        self.path("data/catalog/catalog.db")
    }

    /// The keys alone.
    pub fn keys(&self) -> KeyRing {
        KeyRing::open(Arc::new(LocalDisk::new(self.data())), &key_in(&self.path("key.txt"))).unwrap()
    }

    /// Opens the instance in this process.
    pub async fn open(&self) -> Open {
        Open::at(&self.data(), &self.path("key.txt")).await
    }

    /// Writes a file that only its owner may read.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A fresh age identity file; returns its recipient.
    pub fn write_key(&self, name: &str) -> String {
        let identity = age::x25519::Identity::generate();
        self.write(name, format!("{}\n", identity.to_string().expose_secret()));
        identity.to_public().to_string()
    }

    /// The program in the working folder, with nothing of this machine's environment.
    pub fn tresor<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(program());
        command.args(words);
        self.isolate(&mut command);
        command
    }

    /// Gives a command an environment that does not depend on this machine, with a temporary folder of its own.
    pub fn isolate(&self, command: &mut Command) {
        for name in ["CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "TRESOR_DATA", "TRESOR_KEY_FILE"] {
            command.env_remove(name);
        }
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp"));
        command.current_dir(self.work.path()).stdin(Stdio::null());
    }

    pub fn run<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Outcome {
        Outcome::of(&mut limited(&self.tresor(words)))
    }

    /// The program on the instance. The key is used if no server runs, and ignored otherwise.
    pub fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.tresor(words);
        command.args(["--data", "data", "--key-file", "key.txt"]);
        command
    }

    /// Runs such a command to its end.
    pub fn attempt<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Outcome {
        let command = self.command(words);
        let mut outcome = None;
        when_free(|| {
            let ended = Outcome::of(&mut limited(&command));
            let is_free = !ended.stderr.contains("another process uses");
            outcome = Some(ended);
            is_free
        });
        outcome.unwrap()
    }

    /// `tresor init` for the administrator `admin`, with more options.
    pub fn init<const N: usize>(&self, options: [&str; N]) -> Outcome {
        self.write("admin.password", PASSWORD);
        let fixed = ["init", "--data", "data", "--admin", ADMIN, "--admin-password-file", "admin.password"];
        self.run(fixed.iter().chain(&options))
    }

    /// Starts `tresor serve` on a free port and waits until it says where it listens.
    pub fn serve<const N: usize>(&self, options: [&str; N]) -> Served {
        let fixed = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];
        let mut command = self.tresor(fixed.iter().chain(&options));
        self.serve_by(&mut command)
    }

    /// The same with a command of the test's own.
    pub fn serve_by(&self, command: &mut Command) -> Served {
        let log = fs::File::create(self.path("serve.log")).unwrap();
        self.serve_logging_to(command, log.into())
    }

    /// The same with the log somewhere else.
    pub fn serve_logging_to(&self, command: &mut Command, to: Stdio) -> Served {
        let (out, log) = (self.path("serve.out"), self.path("serve.log"));
        command.stdout(fs::File::create(&out).unwrap()).stderr(to);
        let begun = start(command, || fs::read_to_string(&out).unwrap());
        let (child, endpoint) = begun.unwrap_or_else(|ended| {
            panic!("{ended}{}", fs::read_to_string(&log).unwrap_or_default());
        });
        Served { child: Some(child), endpoint, out, log }
    }

    /// All files of the data directory with their contents, but for the lock and the files that a running
    /// SQLite keeps beside its database.
    pub fn snapshot(&self) -> Snapshot {
        let mut files = Snapshot::new();
        take_snapshot(&self.data(), &mut files);
        files.retain(|path, _| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name != "lock" && !name.ends_with("-wal") && !name.ends_with("-shm")
        });
        files
    }

    /// Asserts that a command is refused with exit code 1 and one line on standard error that holds all
    /// of `words`, and that it changed no byte of the data directory.
    #[track_caller]
    pub fn refuses<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>, needles: &[&str]) {
        self.refuses_command(&mut self.tresor(words), needles);
    }

    #[track_caller]
    pub fn refuses_command(&self, command: &mut Command, needles: &[&str]) {
        let before = self.snapshot();
        assert_refused(command, needles);
        let after = self.snapshot();
        let changed: Vec<_> =
            before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
        assert!(changed.is_empty(), "{command:?} changed {changed:?}");
    }

    /// The same while an open server writes to the data directory on its own: its mark, a snapshot.
    #[track_caller]
    pub fn refuses_beside_a_server<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
        needles: &[&str],
    ) {
        assert_refused(&self.tresor(words), needles);
    }
}

#[track_caller]
fn assert_refused(command: &Command, needles: &[&str]) {
    let outcome = Outcome::of(&mut limited(command));
    assert_eq!(outcome.code, 1, "{command:?}\n{outcome}");
    let told: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("tresor: ")).collect();
    assert_eq!(told.len(), 1, "one sentence\n{outcome}");
    assert_eq!(outcome.stdout, "", "{outcome}");
    for needle in needles {
        assert!(outcome.stderr.contains(needle), "'{needle}' is not said:\n{outcome}");
    }
}

/// The same command, ended after some minutes: one that should refuse may serve instead.
fn limited(command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited.args(["-k", "5", "300"]).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    command.get_current_dir().map(|dir| limited.current_dir(dir));
    limited
}

fn take_snapshot(path: &Path, files: &mut Snapshot) {
    let Ok(metadata) = path.symlink_metadata() else { return };
    let content = if metadata.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    files.insert(path.to_owned(), (metadata.mode(), content));
    for entry in fs::read_dir(path).into_iter().flatten() {
        take_snapshot(&entry.unwrap().path(), files);
    }
}

/// The files of an office, to begin others with.
pub struct Template(Snapshot);

/// An instance that is open in this process. Call [`Open::close`].
pub struct Open {
    pub instance: Instance,
    /// The administrator.
    pub user: UserId,
    pub directory: DataDirectory,
}

impl Open {
    /// Opens the data directory of a server that does not run.
    pub async fn at(data: &Path, key_file: &Path) -> Self {
        let mut directory = None;
        when_free(|| {
            directory = match DataDirectory::open(data) {
                Err(DirectoryError::InUse { .. }) => None,
                other => Some(other.unwrap()),
            };
            directory.is_some()
        });
        let directory = directory.unwrap();
        let instance = Instance::open(&directory, &key_in(key_file), NamePolicy::Any).await.unwrap();
        let user = instance.accounts.users().await.unwrap()[0].id;
        Self { instance, user, directory }
    }

    pub fn close(self) {
        self.instance.close();
    }
}

/// Waits until nothing holds the lock of a data directory: a process that another test is starting may hold a copy of
/// it until it runs its program.
fn when_free(try_it: impl FnMut() -> bool) {
    eventually("the data directory is free", Duration::from_secs(10), try_it);
}

/// The key in a file.
pub fn key_in(file: &Path) -> Unlock {
    Unlock::KeyFile(SecretString::from(fs::read_to_string(file).unwrap()))
}

/// The program under test. `TRESOR_BIN` names another one, such as an installed package.
pub(super) fn program() -> PathBuf {
    std::env::var_os("TRESOR_BIN").map_or_else(|| env!("CARGO_BIN_EXE_tresor").into(), Into::into)
}

/// Starts a server and waits until it says where it listens in the text that `said` returns; an error with that text
/// if it ends before.
pub(super) fn start(command: &mut Command, said: impl Fn() -> String) -> Result<(Child, Endpoint), String> {
    let mut child = command.spawn().unwrap();
    let mut outcome = None;
    eventually("the server says where it listens", LIMIT, || {
        let ended = child.try_wait().unwrap();
        let text = said();
        // The welcome ends with this line, so all of it is there.
        outcome = text.lines().find_map(listening).map(Ok);
        if let (None, Some(status)) = (&outcome, ended) {
            outcome = Some(Err(format!("the server ended with {status}:\n{text}")));
        }
        outcome.is_some()
    });
    outcome.unwrap().map(|endpoint| (child, endpoint))
}

/// The endpoint in a line `listening on https://127.0.0.1:8443/`.
fn listening(line: &str) -> Option<Endpoint> {
    let (_, url) = line.split_once("listening on ")?;
    let (scheme, rest) = url.split_once("://")?;
    let address: SocketAddr = rest.split('/').next()?.trim().parse().ok()?;
    Some(Endpoint { address, tls: scheme == "https" })
}

/// Sends a signal to a server and waits for its end.
pub(super) fn end(child: &mut Child, signal: Signal) -> ExitStatus {
    kill_process(Pid::from_child(child), signal).unwrap();
    let mut status = None;
    eventually("the server ends", LIMIT, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

/// A running server.
pub struct Served {
    child: Option<Child>,
    pub endpoint: Endpoint,
    out: PathBuf,
    log: PathBuf,
}

impl Served {
    /// Its standard output.
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// Its log.
    pub fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub fn request(&self, method: &str, target: &str) -> Request {
        Request::new(self.endpoint, method, target)
    }

    /// The status that a user gets for the list of spaces.
    pub fn login(&self, user: &str, password: &str) -> u16 {
        self.request("PROPFIND", "/dav/").header("Depth", "0").sign_in(user, password).send().status
    }

    pub fn health(&self) -> Response {
        self.request("GET", "/health").send()
    }

    /// Sends a signal and waits for the end.
    pub fn stop(mut self, signal: Signal) -> ExitStatus {
        end(&mut self.child.take().unwrap(), signal)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
