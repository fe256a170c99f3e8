//! A real ICAP server of the test's own: c-icap with its virus scanner, which asks the test's clamd.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tresor::scan::{Icap, IcapAddress, IcapSettings};

use super::canary::WORK_PREFIX;
use super::clamd::TestClamd;
use super::process::{eventually, require};

/// Time for c-icap to start, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

pub struct TestIcap {
    work: TempDir,
    port: u16,
    child: Option<Child>,
}

impl TestIcap {
    /// Scans everything by this clamd.
    pub fn start(clamd: &TestClamd) -> Self {
        Self::with(clamd, "allow204=on&sizelimit=off&mode=simple")
    }

    /// The same, and its service has these options instead.
    pub fn with(clamd: &TestClamd, options: &str) -> Self {
        let work = tempfile::Builder::new().prefix(WORK_PREFIX).tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        let modules = modules();
        let (at, socket) = (work.path().display(), clamd.path("socket"));
        let config = format!(
            "PidFile {at}/pid\nCommandsSocket {at}/control\nStartServers 1\nMaxServers 1\nMinSpareThreads 1\n\
             MaxSpareThreads 8\nThreadsPerChild 8\nPort 127.0.0.1:{port}\nServerAdmin a@b\nServerName test\n\
             TmpDir {at}\nDebugLevel 1\nModulesDir {modules}\nServicesDir {modules}\n\
             TemplateDir /usr/share/c_icap/templates/\nTemplateDefaultLanguage en\n\
             LoadMagicFile /etc/c-icap/c-icap.magic\nServerLog {at}/server.log\nAccessLog {at}/access.log\n\
             Service echo srv_echo.so\nModule common clamd_mod.so\nclamd_mod.ClamdSocket {}\n\
             Service antivirus_module virus_scan.so\nServiceAlias avscan virus_scan?{options}\n\
             virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE DOCUMENT\n\
             virus_scan.MaxObjectSize 5M\nvirus_scan.DefaultEngine clamd\n",
            socket.display()
        );
        fs::write(work.path().join("c-icap.conf"), config).unwrap();
        let mut server = Self { work, port, child: None };
        drop(free);
        server.restart();
        server
    }

    /// Starts it again, after [`Self::kill`] or as the first time.
    pub fn restart(&mut self) {
        // It does not start while there is one of an earlier run.
        let _ = fs::remove_file(self.work.path().join("pid"));
        let mut command = Command::new(require("c-icap", "c-icap"));
        command.args(["-N", "-f"]).arg(self.work.path().join("c-icap.conf")).process_group(0);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("c-icap listens", LIMIT, || {
            let ended = child.try_wait().unwrap();
            let log = || fs::read_to_string(self.work.path().join("server.log")).unwrap_or_default();
            assert!(ended.is_none(), "c-icap ended with {ended:?}:\n{}", log());
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        self.child = Some(child);
    }

    /// Ends it as a crash would, with its processes.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill_process_group(Pid::from_child(&child), Signal::KILL).unwrap();
            child.wait().unwrap();
        }
    }

    /// The address of its scanner.
    pub fn address(&self) -> IcapAddress {
        self.service("avscan")
    }

    /// The address of one of its services.
    pub fn service(&self, service: &str) -> IcapAddress {
        format!("icap://127.0.0.1:{}/{service}", self.port).parse().unwrap()
    }

    /// The client under test.
    pub fn engine(&self) -> Icap {
        Icap::new(IcapSettings::new("icap", self.address()))
    }
}

/// The folder of c-icap's modules, of which two packages have some.
fn modules() -> String {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path().join("c_icap"));
    let found = folders.filter(|folder| folder.join("virus_scan.so").exists());
    let missing = "install the Debian packages c-icap and libc-icap-mod-virus-scan (tests/install.sh)";
    let folder = found.map(|folder| folder.display().to_string()).next();
    assert!(Path::new("/etc/c-icap/c-icap.magic").exists(), "{missing}");
    folder.expect(missing)
}

impl Drop for TestIcap {
    fn drop(&mut self) {
        self.kill();
    }
}
