//! The real program on a data directory of its own.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;

use rustix::process::Signal;

use super::http::{Endpoint, Request};
use super::office::{LIMIT, Office, Template, end, program, start};
use super::process::{eventually, limited, succeed};
use super::{canary, content};

pub use super::office::{ADMIN, PASSWORD as ADMIN_PASSWORD};

/// The staff user of every test server, with the right `write` on [`SPACE`].
pub const USER: &str = "staff";
/// The user's password: long enough for any policy, without characters special to a shell or a URL.
pub const PASSWORD: &str = "Kessel-Marder-Ufer-4711-Lampion";
/// The space that every test server has.
pub const SPACE: &str = "space";

/// A running server; dropping it ends the process and removes its files.
pub struct TestServer {
    pub office: Office,
    child: Option<Child>,
    endpoint: Endpoint,
    temporary_before: BTreeSet<PathBuf>,
}

impl TestServer {
    /// Starts on a fresh data directory, over TLS.
    pub fn start() -> Self {
        Self::start_with(true)
    }

    /// Starts on a fresh data directory, over plain HTTP on loopback.
    pub fn start_plain() -> Self {
        Self::start_with(false)
    }

    /// The same with its files below a folder, such as one on a disk.
    pub fn start_plain_below(folder: &Path) -> Self {
        let mut server = Self::prepare_in(Office::below(folder), false);
        server.set_up();
        server
    }

    /// Starts on a fresh data directory, over plain HTTP, with a configuration file (TOML).
    pub fn start_configured(config: &str) -> Self {
        let mut server = Self::prepare(false);
        server.configure(config);
        server.set_up();
        server
    }

    fn start_with(tls: bool) -> Self {
        let mut server = Self::prepare(tls);
        server.set_up();
        server
    }

    /// Starts on an instance with [`SPACE`] and [`USER`].
    pub fn set_up(&mut self) {
        static MADE: OnceLock<Template> = OnceLock::new();
        self.office.begin_as(MADE.get_or_init(|| {
            let server = Self::prepare(false);
            server.init();
            server.secret_file("staff.password", PASSWORD);
            for words in [
                &["user", "add", USER, "--role", "staff", "--password-file", "staff.password"][..],
                &["space", "add", SPACE, "--kind", "team"],
                &["grant", USER, SPACE, "write"],
            ] {
                let outcome = server.office.attempt(words);
                assert_eq!(outcome.code, 0, "{outcome}");
            }
            server.office.template()
        }));
        self.spawn();
    }

    /// Writes the configuration file (TOML) that is used from the next start on. Unless it names a scanner, there is
    /// none, even if one is installed on this machine.
    pub fn configure(&self, config: &str) {
        let none = if config.contains("[intake]") { "" } else { "\n[intake]\nclamd = 'off'\n" };
        fs::write(self.config_file(), format!("{config}{none}")).unwrap();
    }

    fn config_file(&self) -> PathBuf {
        self.office.path("tresor.toml")
    }

    /// Creates only the working folder: nothing is initialised or running.
    pub fn prepare(tls: bool) -> Self {
        Self::prepare_in(Office::new(), tls)
    }

    fn prepare_in(office: Office, tls: bool) -> Self {
        let temporary_before = canary::temporary_entries();
        // Clients that drop privileges, such as davfs2, must reach their files below.
        fs::set_permissions(office.path(""), Permissions::from_mode(0o755)).unwrap();
        let endpoint = Endpoint { address: SocketAddr::from(([127, 0, 0, 1], 0)), tls };
        Self { office, child: None, endpoint, temporary_before }
    }

    /// Makes only the instance, with an administrator.
    pub fn init(&self) {
        self.office.init_by_key_file();
    }

    /// Starts `tresor serve`: on a free port the first time, on the same one later. Returns once
    /// the server answers.
    pub fn spawn(&mut self) {
        self.spawn_through(&[]);
    }

    /// The same, through a program that executes another one, such as `prlimit`.
    pub fn spawn_through(&mut self, wrapper: &[&str]) {
        assert!(self.child.is_none(), "the server runs already");
        // Between two starts the system may give the port to another program, such as another test's server.
        eventually("the port is free", LIMIT, || {
            let log = OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
            let seen = log.metadata().unwrap().len();
            let mut serve = self.serve_command(wrapper);
            serve.stdout(log.try_clone().unwrap()).stderr(log);
            let said = || {
                let log = self.log();
                log[usize::try_from(seen).unwrap().min(log.len())..].to_owned()
            };
            match start(&mut serve, said) {
                Ok((child, endpoint)) => (self.child, self.endpoint) = (Some(child), endpoint),
                Err(ended) => assert!(ended.contains("Address already in use"), "{ended}"),
            }
            self.child.is_some()
        });
        eventually("GET /health answers 200", LIMIT, || {
            self.anonymous("GET", "/health").try_send().is_ok_and(|answer| answer.status == 200)
        });
        if self.endpoint.tls {
            fs::write(self.certificate(), self.endpoint.certificate()).unwrap();
        }
    }

    fn serve_command(&self, wrapper: &[&str]) -> Command {
        let mut serve = match wrapper.split_first() {
            None => Command::new(program()),
            Some((wrapper, arguments)) => {
                let mut through = Command::new(wrapper);
                through.args(arguments).arg(program());
                through
            }
        };
        self.isolate(&mut serve);
        serve.arg("serve").arg("--data").arg(self.data());
        serve.arg("--key-file").arg(self.key_file());
        serve.arg("--listen").arg(self.endpoint.address.to_string());
        if !self.endpoint.tls {
            serve.arg("--plain-http");
        }
        if !self.config_file().exists() {
            self.configure("");
        }
        serve.arg("--config").arg(self.config_file());
        serve
    }

    /// Ends the process without warning, like a power cut: `SIGKILL`.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks the server to stop and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        end(&mut self.child.take().expect("the server runs"), Signal::TERM)
    }

    /// The process id of the running server.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// Whether the process still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// A request with the credentials of [`USER`].
    pub fn request(&self, method: &str, target: &str) -> Request {
        self.anonymous(method, target).sign_in(USER, PASSWORD)
    }

    /// A request without credentials.
    pub fn anonymous(&self, method: &str, target: &str) -> Request {
        Request::new(self.endpoint, method, target)
    }

    /// Address and transport of the server.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// Sends requests here from now on, where the test itself serves the instance.
    pub fn set_address(&mut self, address: SocketAddr) {
        self.endpoint.address = address;
    }

    /// A whole URL for a path with its leading slash.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.endpoint.tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.endpoint.address)
    }

    /// The URL of [`SPACE`], with a final slash.
    pub fn space_url(&self) -> String {
        self.url(&format!("/dav/{SPACE}/"))
    }

    /// The server's certificate as PEM, as a careful user would have stored it at first sight.
    pub fn certificate(&self) -> PathBuf {
        self.office.path("server.pem")
    }

    /// A folder of this test for client files; made if missing. It is not searched for traces.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let dir = self.office.path(name);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.office.path("data")
    }

    /// The age identity that opens the instance.
    pub fn key_file(&self) -> PathBuf {
        self.office.path("key.txt")
    }

    /// The offline recovery identity written by `init`.
    pub fn recovery_file(&self) -> PathBuf {
        self.office.path("recovery.txt")
    }

    /// File with the server's standard output and standard error.
    pub fn log_file(&self) -> PathBuf {
        self.office.path("tresor.log")
    }

    /// The output and log of the server so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    /// Adds a user with the command line.
    pub fn add_user(&self, name: &str, role: &str, password: &str) {
        let file = self.secret_file(&format!("{name}.password"), password);
        let file = file.to_str().unwrap();
        self.cli_ok(["user", "add", name, "--role", role, "--password-file", file]);
    }

    /// Adds a user with [`PASSWORD`] and this right on [`SPACE`].
    pub fn add_member(&self, name: &str, role: &str, right: &str) {
        self.add_user(name, role, PASSWORD);
        self.cli_ok(["grant", name, SPACE, right]);
    }

    /// Adds a space with these options and gives [`USER`] this right on it.
    pub fn add_space<const N: usize>(&self, name: &str, options: [&str; N], right: &str) {
        self.cli_ok(["space", "add", name].iter().chain(&options));
        self.cli_ok(["grant", USER, name, right]);
    }

    /// Writes a secret to a file only its owner may read.
    pub fn secret_file(&self, name: &str, secret: &str) -> PathBuf {
        self.office.write(name, format!("{secret}\n"))
    }

    /// A `tresor` command on this data directory under a time limit; more options may follow.
    pub fn cli<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = limited(&program());
        self.isolate(&mut command);
        command.args(words).arg("--data").arg(self.data());
        command
    }

    /// Runs such a command, which must succeed, and returns its output.
    pub fn cli_ok<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> String {
        succeed(&mut self.cli(words))
    }

    /// As [`Office::isolate`], in a folder that is searched.
    fn isolate(&self, command: &mut Command) {
        self.office.isolate(command);
        command.current_dir(self.office.path("home"));
    }

    /// Panics if the marks of all test content, or one of these words, are readable anywhere: in the data
    /// directory, the log, the server's home and temporary folder, or in new files in the machine's temporary
    /// folders.
    #[track_caller]
    pub fn assert_no_traces(&self, words: &[&str]) {
        let words: Vec<&str> =
            words.iter().copied().chain([content::CONTENT_MARK, content::NAME_MARK, PASSWORD]).collect();
        let hits = canary::search(&words, &self.reachable());
        assert!(hits.is_empty(), "readable traces: {hits:#?}");
    }

    /// Files and folders in which the server could leave traces: the data directory, its log, its home and temporary
    /// folder, and new entries in the machine's temporary folders.
    pub fn reachable(&self) -> Vec<PathBuf> {
        let mut roots = vec![self.data(), self.log_file(), self.office.path("home"), self.office.path("tmp")];
        let now = canary::temporary_entries();
        roots.extend(now.difference(&self.temporary_before).cloned());
        roots
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let alarms: Vec<_> = log
                .lines()
                .filter(|line| ["WARN", "ERROR", "panicked"].iter().any(|word| line.contains(word)))
                .take(20)
                .collect();
            eprintln!("-- the first warnings in the server's log\n{}", alarms.join("\n"));
            let start = log.len().saturating_sub(8000);
            let start = (start..=log.len()).find(|at| log.is_char_boundary(*at)).unwrap();
            eprintln!("-- end of the server's log\n{}", &log[start..]);
        }
    }
}

/// Creates an empty file, for clients that need one.
pub fn touch(path: &Path) {
    File::create(path).unwrap();
}
