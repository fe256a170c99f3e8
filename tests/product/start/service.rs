//! Under systemd: credentials, readiness, watchdog, sockets handed over.

use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::office::{Office, PASSWORD};

#[test]
fn a_credential_opens_the_instance() {
    let office = Office::with_instance();
    std::fs::create_dir(office.path("credentials")).unwrap();
    std::fs::rename(office.path("key.txt"), office.path("credentials/key")).unwrap();
    let words = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--plain-http"];
    let mut command = office.tresor(words);
    let served = office.serve_by(command.env("CREDENTIALS_DIRECTORY", office.path("credentials")));
    assert_eq!(served.login("admin", PASSWORD), 207);
    drop(served);
    // A credentials folder without ours: locked, as without one.
    let mut command = office.tresor(words);
    let served = office.serve_by(command.env("CREDENTIALS_DIRECTORY", office.path("data/keys")));
    assert_eq!(served.health().status, 503);
    drop(served);
    // On an empty directory a credential means that an instance was expected there.
    let mut command = office.tresor(["serve", "--data", "elsewhere", "--listen", "127.0.0.1:0"]);
    command.env("CREDENTIALS_DIRECTORY", office.path("credentials"));
    office.refuses_command(&mut command, &["elsewhere holds no Tresor instance"]);
    assert!(!office.path("elsewhere").exists());
}

/// What systemd would hear.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn new(office: &Office) -> Self {
        let socket = UnixDatagram::bind(office.path("notify")).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        Self { socket, heard: Vec::new() }
    }

    /// Listens until a message has this line.
    fn wait_for(&mut self, line: &str) {
        loop {
            let mut buffer = [0; 4096];
            let length = self.socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{line}: {error}"));
            let message = String::from_utf8(buffer[..length].to_vec()).unwrap();
            self.heard.extend(message.lines().map(str::to_owned));
            if message.lines().any(|heard| heard == line) {
                return;
            }
        }
    }
}

#[test]
fn systemd_hears_of_readiness_life_and_the_end() {
    let office = Office::with_instance();
    let mut manager = Manager::new(&office);
    let mut command =
        office.tresor(["serve", "--data", "data", "--listen", "127.0.0.1:0", "--key-file", "key.txt"]);
    command.env("NOTIFY_SOCKET", office.path("notify")).env("WATCHDOG_USEC", "200000");
    let served = office.serve_by(&mut command);
    manager.wait_for("READY=1");
    if !manager.heard.contains(&"STATUS=serving".to_owned()) {
        manager.wait_for("STATUS=serving");
    }
    assert_eq!(served.health().status, 200);
    manager.wait_for("WATCHDOG=1");
    manager.wait_for("WATCHDOG=1");
    assert!(served.stop(Signal::TERM).success());
    manager.wait_for("STOPPING=1");
}

#[test]
fn a_locked_server_is_ready_and_says_what_it_waits_for() {
    let office = Office::with_instance();
    let mut manager = Manager::new(&office);
    let mut command = office.tresor(["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    let served = office.serve_by(command.env("NOTIFY_SOCKET", office.path("notify")));
    manager.wait_for("READY=1");
    assert!(manager.heard.iter().any(|line| line.starts_with("STATUS=locked")), "{:?}", manager.heard);
    assert_eq!(office.run(["unlock", "--data", "data", "--key-file", "key.txt"]).code, 0);
    manager.wait_for("STATUS=serving");
    assert_eq!(served.health().status, 200);
}

#[test]
fn a_socket_of_systemd_is_served_and_outlives_a_restart() {
    let office = Office::with_instance();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for _ in 0..2 {
        // As systemd does it: the socket is descriptor 3, and the process is named.
        let handed = OwnedFd::from(listener.try_clone().unwrap());
        let mut command = Command::new("sh");
        let script = "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\" 3<&0 </dev/null";
        command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_tresor"));
        command.args(["serve", "--data", "data", "--listen", "127.0.0.1:1", "--key-file", "key.txt"]);
        command.current_dir(office.path("")).stdin(Stdio::from(handed));
        let served = office.serve_by(&mut command);
        assert_eq!(served.endpoint.address, address, "the configured address is not used");
        assert_eq!(served.login("admin", PASSWORD), 207);
        assert!(served.stop(Signal::TERM).success());
    }
}

/// A full pipe held standard error's lock for ever, and with it every request and the signal to stop.
#[test]
fn a_log_that_nobody_reads_stops_neither_requests_nor_the_end() {
    for is_closed in [false, true] {
        let office = Office::with_instance();
        let (reader, writer) = std::io::pipe().unwrap();
        // Keeps the pipe full, and ends with its reader.
        let mut filler = writer.try_clone().unwrap();
        let filling = std::thread::spawn(move || while filler.write_all(&[b'x'; 4_096]).is_ok() {});
        let reader = Some(reader).filter(|_| !is_closed);
        let mut command = office.tresor([
            "serve",
            "--data",
            "data",
            "--listen",
            "127.0.0.1:0",
            "--key-file",
            "key.txt",
            "--log-level",
            "debug",
        ]);
        let served = office.serve_logging_to(&mut command, Stdio::from(writer));
        for _ in 0..100 {
            assert_eq!(served.login("admin", PASSWORD), 207);
        }
        assert_eq!(served.health().status, 200);
        assert!(served.stop(Signal::TERM).success());
        drop(reader);
        filling.join().unwrap();
    }
}
