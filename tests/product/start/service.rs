//! Under systemd: credentials, readiness, watchdog, sockets handed over.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::office::{Office, PASSWORD};
use crate::support::process::require;

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

/// The messages that systemd would hear.
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

/// Opens sockets and starts a program with them, as systemd does it: the descriptors from 3 on, and a name for each.
const PASS: &str = r#"
import os, socket, sys
names, places, program = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
sockets = []
for place in places:
    opened = socket.socket(socket.AF_UNIX if place[0] == "/" else socket.AF_INET)
    host, _, port = place.rpartition(":")
    opened.bind(place if place[0] == "/" else (host, int(port)))
    opened.listen()
    sockets.append(os.dup2(opened.fileno(), 100 + len(sockets)))
for number, opened in enumerate(sockets):
    os.dup2(opened, 3 + number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names)
os.closerange(3 + len(sockets), 200)
os.execv(program[0], program)
"#;

/// A server that gets these sockets with these names, and is started with these words.
fn passing(office: &Office, names: &str, places: &str, words: &[&str]) -> Command {
    let mut command = Command::new(require("python3", "python3"));
    command.args(["-c", PASS, names, places, env!("CARGO_BIN_EXE_tresor"), "serve", "--data", "data"]);
    command.args(["--listen", "127.0.0.1:0", "--key-file", "key.txt"]).args(words);
    command.current_dir(office.path(""));
    command
}

#[test]
fn sockets_of_systemd_are_known_by_their_names() {
    let office = Office::with_instance();
    let at = |name: &str| office.path(name).display().to_string();
    office.write(
        "tresor.toml",
        "[intake]\nclamd = 'off'\nconverter = 'off'\nlmtp = '/nowhere/lmtp'\nmail_policy = '127.0.0.1:1'\n",
    );
    let config = ["--config", "tresor.toml"];
    // The unit of the port for clients gives it no name of its own; it may stand anywhere.
    let (names, places) = ("mail_policy:tresor@kanzlei.socket:lmtp", "127.0.0.1:0,127.0.0.1:0,");
    let mut command = passing(&office, names, &format!("{places}{}", at("lmtp")), &config);
    let served = office.serve_by(&mut command);
    assert_eq!(served.login("admin", PASSWORD), 207);
    let mut greeting = [0; 4];
    UnixStream::connect(office.path("lmtp")).unwrap().read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"220 ");
    assert!(served.stop(Signal::TERM).success());
    // The unit's socket stays where it is.
    assert!(office.path("lmtp").exists());

    let other = at("other");
    for (names, places, words, needles) in [
        ("lmtp", &*other, &[][..], &["has no lmtp in [intake]"][..]),
        ("mail_policy", &*other, &[], &["has no mail_policy in [intake]"]),
        ("lmtp", "0.0.0.0:0", &config, &["open the socket for mail", "loopback address"]),
        ("web:web", "127.0.0.1:0,127.0.0.1:0", &[], &["one socket more than is served", "web"]),
        ("mail", &*other, &[], &["FileDescriptorName=lmtp"]),
    ] {
        let _ = std::fs::remove_file(&other);
        office.refuses_command(&mut passing(&office, names, places, words), needles);
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
