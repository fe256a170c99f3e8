//! A real clamd of the test's own: its configuration, socket, temporary folder and databases lie in a folder of the
//! test. With a handful of signatures it starts at once.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use data_encoding::HEXLOWER;
use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tresor::scan::{Address, Clamd};

use super::canary::WORK_PREFIX;
use super::process::{eventually, require};

/// The file in all wrappings of `clamav-testfiles`.
pub const TEST_FILE: &str = "aa15bcf478d165efd2065190eb473bcb:544:Test.Clam\n";
/// A signature that nothing has.
pub const IDLE: &str = "00000000000000000000000000000000:1:Test.Idle\n";
/// Time for clamd to start or to load a database, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// The test file of EICAR, put together here so that no scanner finds it in the sources.
pub fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!", "$H+H*"]
        .concat()
        .into_bytes()
}

pub struct TestClamd {
    work: TempDir,
    port: Option<u16>,
    is_traced: bool,
    child: Option<Child>,
}

impl TestClamd {
    /// Knows the test file of ClamAV and that of EICAR, reports limits and encryption.
    pub fn start() -> Self {
        Self::with("AlertExceedsMax yes\nAlertEncrypted yes\n")
    }

    /// The same with these lines of configuration instead.
    pub fn with(lines: &str) -> Self {
        let clamd = Self::prepare(lines);
        clamd.write_database("eicar.ndb", format!("Test.Eicar:0:*:{}\n", HEXLOWER.encode(&eicar())));
        clamd.write_database("testfiles.hdb", TEST_FILE);
        clamd.started()
    }

    /// Knows nothing that is tried here.
    pub fn without_signatures() -> Self {
        let clamd = Self::prepare("");
        clamd.write_database("idle.hdb", IDLE);
        clamd.started()
    }

    /// The same as [`Self::with`], restarted under strace; [`Self::files_made`] shows the files that it wrote.
    pub fn traced(lines: &str) -> Self {
        let mut clamd = Self::with(lines);
        clamd.kill();
        clamd.is_traced = true;
        clamd.restart();
        clamd
    }

    fn prepare(lines: &str) -> Self {
        require("clamd", "clamav-daemon");
        let work = tempfile::Builder::new().prefix(WORK_PREFIX).tempdir().unwrap();
        let port = lines.contains("TCPAddr").then(|| {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        });
        let at = work.path().display();
        let mut config = format!(
            "Foreground yes\nLocalSocket {at}/socket\nDatabaseDirectory {at}/databases\n\
             TemporaryDirectory {at}/temporary\nLogFile {at}/log\nLogFileMaxSize 0\nSelfCheck 86400\n{lines}"
        );
        config.extend(port.map(|port| format!("TCPSocket {port}\n")));
        fs::write(work.path().join("clamd.conf"), config).unwrap();
        for folder in ["databases", "temporary"] {
            fs::create_dir(work.path().join(folder)).unwrap();
        }
        Self { work, port, is_traced: false, child: None }
    }

    fn started(mut self) -> Self {
        self.restart();
        self
    }

    /// Starts it again, after [`Self::kill`] or as the first time.
    pub fn restart(&mut self) {
        let clamd = require("clamd", "clamav-daemon");
        let mut command = if self.is_traced {
            // -D: clamd and not strace is the child, and strace ends with it.
            let mut strace = Command::new(require("strace", "strace"));
            strace
                .args(["-D", "-f", "-qq", "-e", "trace=open,openat,creat", "-o"])
                .arg(self.path("trace"))
                .arg(clamd);
            strace
        } else {
            Command::new(clamd)
        };
        command.arg("-c").arg(self.path("clamd.conf")).env("TZ", "Asia/Tokyo");
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("clamd listens", LIMIT, || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "clamd ended with {ended:?}:\n{}", self.logged());
            UnixStream::connect(self.path("socket")).is_ok()
        });
        self.child = Some(child);
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Makes it hang.
    pub fn stop(&self) {
        let child = self.child.as_ref().unwrap();
        kill_process(Pid::from_child(child), Signal::STOP).unwrap();
        let state = || fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        eventually("clamd hangs", LIMIT, || state().contains(") T "));
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        kill_process(Pid::from_child(self.child.as_ref().unwrap()), Signal::CONT).unwrap();
    }

    /// The client under test, over the Unix socket.
    pub fn engine(&self) -> Clamd {
        Clamd::new(self.address(), Some(self.databases()))
    }

    /// The same over TCP; the configuration must have a line `TCPAddr 127.0.0.1`.
    pub fn engine_by_tcp(&self) -> Clamd {
        Clamd::new(self.tcp_address(), Some(self.databases()))
    }

    pub fn address(&self) -> Address {
        Address::Socket(self.path("socket"))
    }

    pub fn tcp_address(&self) -> Address {
        format!("127.0.0.1:{}", self.port.expect("it listens on TCP")).parse().unwrap()
    }

    pub fn databases(&self) -> PathBuf {
        self.path("databases")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    pub fn logged(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The calls, so far, that made a file in clamd's temporary folder.
    pub fn files_made(&self) -> Vec<String> {
        let trace = fs::read_to_string(self.path("trace")).unwrap();
        let temporary = self.path("temporary");
        let is_made = |call: &&str| call.contains("O_CREAT") && call.contains(temporary.to_str().unwrap());
        trace.lines().filter(is_made).map(str::to_owned).collect()
    }

    /// Writes a database as freshclam does, in one step.
    pub fn write_database(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let (part, path) = (self.path("part"), self.databases().join(name));
        fs::write(&part, content).unwrap();
        fs::rename(part, &path).unwrap();
        path
    }

    /// Writes a daily database with this number, built at this time in seconds. clamd takes it from an unsigned
    /// container and then reports number and time as for an official one.
    pub fn write_daily(&self, number: u32, built: i64) {
        let header = format!("ClamAV-VDB:29 Nov 2026 10-00 +0000:{number}:1:90:X:X:test:{built}");
        let digest = HEXLOWER.encode(&Sha256::digest(IDLE));
        let info = format!("{header}\ndaily.hdb:{}:{digest}\n", IDLE.len());
        let archive =
            [tar_member("daily.info", &info), tar_member("daily.hdb", IDLE), vec![0; 1024]].concat();
        self.write_database("daily.cud", [format!("{header:<512}").into_bytes(), archive].concat());
    }

    /// Makes clamd load its databases, and waits until it uses them.
    pub fn reload(&self) {
        let loaded = || self.logged().matches("Activating the newly loaded database").count();
        let before = loaded();
        let mut socket = UnixStream::connect(self.path("socket")).unwrap();
        socket.write_all(b"zRELOAD\0").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "RELOADING\0");
        eventually("clamd uses the databases", LIMIT, || {
            assert!(!self.logged().contains("reload failed"), "{}", self.logged());
            loaded() > before
        });
    }
}

impl Drop for TestClamd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Header and content of a member of a tar archive.
fn tar_member(name: &str, content: &str) -> Vec<u8> {
    let mut header =
        format!("{name:\0<100}0000644\x000000000\x000000000\0{:011o}\x0000000000000\0", content.len());
    let sum: u32 = header.bytes().chain(*b"        0ustar\x0000").map(u32::from).sum();
    write!(header, "{sum:06o}\0 0{:\0<100}ustar\x0000", "").unwrap();
    let mut member = format!("{header:\0<512}{content}").into_bytes();
    member.resize(member.len().next_multiple_of(512), 0);
    member
}

/// The content of a file of `clamav-testfiles`.
pub fn test_files() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new("/usr/share/clamav-testfiles");
    let listed = fs::read_dir(folder).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: install the Debian package clamav-testfiles (tests/install.sh)",
            folder.display()
        )
    });
    let mut files: Vec<_> = listed
        .map(|entry| {
            let entry = entry.unwrap();
            let mut content = Vec::new();
            File::open(entry.path()).unwrap().read_to_end(&mut content).unwrap();
            (entry.file_name().into_string().unwrap(), content)
        })
        .collect();
    files.sort();
    files
}
