//! A real Postfix of the test's own: configuration, queue and log lie in a folder of the test, and it listens on a free
//! port.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::canary::WORK_PREFIX;
use super::process::{eventually, require, succeed};

/// Time for Postfix to start, or to deliver, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// The services that a mail needs on its way in.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

pub struct TestPostfix {
    work: TempDir,
    port: u16,
}

impl TestPostfix {
    /// Runs with these lines of `main.cf`. Needs root, as Postfix does.
    pub fn start(lines: &str) -> Self {
        let postfix = require("postfix", "postfix");
        let work = tempfile::Builder::new().prefix(WORK_PREFIX).tempdir().unwrap();
        // Its parts run as the user postfix.
        fs::set_permissions(work.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = work.path().display();
        for folder in ["etc", "queue", "data"] {
            fs::create_dir(work.path().join(folder)).unwrap();
        }
        succeed(Command::new(require("chown", "coreutils")).arg("postfix").arg(work.path().join("data")));
        fs::write(work.path().join("etc/master.cf"), format!("{port} inet n - n - - smtpd\n{SERVICES}"))
            .unwrap();
        fs::write(
            work.path().join("etc/main.cf"),
            format!(
                "compatibility_level = 3.6\nqueue_directory = {at}/queue\ndata_directory = {at}/data\n\
                 maillog_file = {at}/queue/log\nmaillog_file_prefixes = {at}\nmyhostname = mail.example.org\n\
                 mydestination =\nalias_maps =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
                 mynetworks = 127.0.0.0/8\nsmtp_dns_support_level = disabled\ndefault_transport = error\n{lines}\n"
            ),
        )
        .unwrap();
        let postfix_itself = Self { work, port };
        succeed(Command::new(postfix).arg("-c").arg(postfix_itself.path("etc")).arg("start"));
        eventually("Postfix listens", LIMIT, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        postfix_itself
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn logged(&self) -> String {
        fs::read_to_string(self.path("queue/log")).unwrap_or_default()
    }

    /// The mails that wait, as `postqueue -p` shows them.
    pub fn queue(&self) -> String {
        succeed(Command::new(require("postqueue", "postfix")).arg("-c").arg(self.path("etc")).arg("-p"))
    }

    /// Tries the waiting mails at once.
    pub fn flush(&self) {
        succeed(Command::new(require("postqueue", "postfix")).arg("-c").arg(self.path("etc")).arg("-f"));
    }
}

impl Drop for TestPostfix {
    fn drop(&mut self) {
        let _ =
            Command::new(require("postfix", "postfix")).arg("-c").arg(self.path("etc")).arg("stop").status();
    }
}
