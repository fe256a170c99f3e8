//! A folder for one instance, commands on it, and a server that ends with the test.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use age::secrecy::ExposeSecret;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::http::{Endpoint, Request, Response};
use crate::support::process::{Outcome, eventually};

/// Long enough for any policy.
pub const PASSWORD: &str = "Ziegel-Otter-Kuppel-0815-Fagott";
pub const PASSPHRASE: &str = "Pergament Schaluppe Brombeere 77";
/// Time for anything a server does before it answers.
const LIMIT: Duration = Duration::from_mins(1);

/// A working folder; the instance is to lie in its `data`.
pub struct Office {
    work: TempDir,
}

/// What a file is and holds: mode, size or content.
pub type Snapshot = BTreeMap<PathBuf, (u32, Vec<u8>)>;

impl Office {
    pub fn new() -> Self {
        let work = tempfile::Builder::new().prefix("tresor-test-").tempdir().unwrap();
        Self { work }
    }

    /// With an instance that a key file opens, which is much faster than a passphrase.
    pub fn with_instance() -> Self {
        let office = Self::new();
        office.write_key("key.txt");
        let outcome = office.init(["--key-file", "key.txt", "--recovery-out", "recovery.txt"]);
        assert_eq!(outcome.code, 0, "{outcome}");
        office
    }

    /// A place in the working folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.work.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_tresor"));
        command.args(words).stdin(Stdio::null()).current_dir(self.work.path());
        for name in ["CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "TRESOR_DATA", "TRESOR_KEY_FILE"] {
            command.env_remove(name);
        }
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Outcome {
        Outcome::of(&mut limited(&self.tresor(words)))
    }

    /// `tresor init` for the administrator `admin`, with more options.
    pub fn init<const N: usize>(&self, options: [&str; N]) -> Outcome {
        self.write("admin.password", PASSWORD);
        let fixed = ["init", "--data", "data", "--admin", "admin", "--admin-password-file", "admin.password"];
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
        let mut child = command.spawn().unwrap();
        let mut address = None;
        eventually("the server says where it listens", LIMIT, || {
            let text = fs::read_to_string(&out).unwrap();
            // The welcome ends with this line, so all of it is there.
            address = text.lines().find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
            if address.is_none()
                && let Some(status) = child.try_wait().unwrap()
            {
                panic!(
                    "the server ended with {status}: {text}{}",
                    fs::read_to_string(&log).unwrap_or_default()
                );
            }
            address.is_some()
        });
        let url = address.unwrap();
        let tls = url.starts_with("https://");
        let (_, rest) = url.split_once("://").unwrap();
        let address: SocketAddr = rest.trim_end_matches('/').parse().unwrap();
        Served { child: Some(child), endpoint: Endpoint { address, tls }, out, log }
    }

    /// All files of the data directory and what they hold, but for the lock and what a running SQLite
    /// keeps beside its database.
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

/// The same command, ended after a minute: one that should refuse may serve instead.
fn limited(command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited.args(["-k", "5", "60"]).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
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

/// A running server.
pub struct Served {
    child: Option<Child>,
    pub endpoint: Endpoint,
    out: PathBuf,
    log: PathBuf,
}

impl Served {
    /// What it printed on standard output.
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// What it logged.
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
        let mut child = self.child.take().unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let mut status = None;
        eventually("the server ends", LIMIT, || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
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
