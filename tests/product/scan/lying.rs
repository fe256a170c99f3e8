//! A peer that breaks clamd's protocol, which the real one cannot be made to do.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tresor::scan::{Address, Clamd, Verdict, Waits};

use super::{infected, scan};

const VERSION: &str = "1: ClamAV 1.4.6\0";
const AFTER: &str = "3: ClamAV 1.4.6\0";
const OK: &str = "2: fd[9]: OK\0";

/// Answers each session's commands in turn, and hangs up after its last answer.
struct Peer {
    folder: TempDir,
    sessions: Arc<AtomicU32>,
}

impl Peer {
    fn answering(answers: impl Fn(u32) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let sessions = Arc::new(AtomicU32::new(0));
        let count = sessions.clone();
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let session = count.fetch_add(1, Ordering::SeqCst);
                // The client may leave before everything is said.
                let _ = talk(socket, &answers(session));
            }
        });
        Self { folder, sessions }
    }

    fn engine(&self) -> Clamd {
        let second = Duration::from_secs(20);
        let waits = Waits { connect: second, write: second, answer: second, scan: second };
        Clamd::new(Address::Socket(self.folder.path().join("socket")), None).waiting(waits)
    }
}

fn talk(mut socket: UnixStream, answers: &[Vec<u8>]) -> std::io::Result<()> {
    let mut answers = answers.iter();
    let mut command = Vec::new();
    let mut byte = [0];
    while socket.read(&mut byte)? == 1 {
        if byte != [0] {
            command.push(byte[0]);
        } else if !command.is_empty() && command != b"zIDSESSION" {
            let Some(answer) = answers.next() else { break };
            socket.write_all(answer)?;
            if answers.len() == 0 {
                socket.shutdown(Shutdown::Write)?;
            }
            command.clear();
        } else {
            // The beginning, or the byte that travels with a descriptor.
            command.clear();
        }
    }
    Ok(())
}

#[test]
fn a_peer_that_breaks_the_protocol_calls_nothing_clean() {
    let long = "A".repeat(1 << 20);
    let many = OK.repeat(10_000);
    let clean = || Ok(Verdict::Clean);
    let (strange, broken) = (Err("scanner-not-understood"), Err("scanner-broke-off"));
    for (answers, expected) in [
        (&[VERSION, OK, AFTER, ""][..], clean()),
        (&[VERSION, "2: fd[9]: A FOUND\0", AFTER, ""], Ok(infected("A"))),
        // Malware wins, whenever it is named.
        (&[VERSION, "2: fd[9]: A FOUND\x002: fd[9]: OK\0", AFTER, ""], Ok(infected("A"))),
        (&[VERSION, "2: fd[9]: OK\x002: fd[9]: A FOUND\0", AFTER, ""], Ok(infected("A"))),
        (&[VERSION, OK, "2: fd[9]: A FOUND\x003: ClamAV 1.4.6\0", ""], Ok(infected("A"))),
        (&[VERSION, OK, AFTER, "2: fd[9]: A FOUND\0"], Ok(infected("A"))),
        // clamd does not say clean twice.
        (&[VERSION, OK, AFTER, OK], strange.clone()),
        (&[VERSION, OK, AFTER, "2: fd[9]: lost ERROR\0"], Err("scanner-refused")),
        // Other services, other numbers.
        (&["1: PONG\0"], strange.clone()),
        (&["HTTP/1.1 400 Bad Request\r\n\r\n\0"], strange.clone()),
        (&["HTTP/1.1 400 Bad Request\r\n\r\n"], broken.clone()),
        (&[VERSION, "\u{fffd}\u{1}\0"], strange.clone()),
        (&[VERSION, "\0"], strange.clone()),
        (&[VERSION, "fd[9]: OK\0"], strange.clone()),
        (&[VERSION, "7: fd[9]: OK\0"], strange.clone()),
        (&[VERSION, "0: fd[9]: OK\0"], strange.clone()),
        (&[VERSION, "+2: fd[9]: OK\0"], strange.clone()),
        (&[VERSION, "2 : fd[9]: OK\0"], strange.clone()),
        (&[VERSION, "4294967298: fd[9]: OK\0"], strange.clone()),
        (&[VERSION, "3: fd[9]: OK\0"], strange.clone()),
        (&[VERSION, "1: fd[9]: OK\0"], broken.clone()),
        // A verdict before the content was sent.
        (&["1: ClamAV 1.4.6\x002: fd[9]: OK\0"], strange.clone()),
        // Too much of everything.
        (&[long.as_str()], strange.clone()),
        (&[VERSION, &long], strange.clone()),
        (&[VERSION, OK, AFTER, &long], strange.clone()),
        (&[VERSION, &many], strange.clone()),
        (&[VERSION, OK, AFTER, &many], strange.clone()),
        // Half of it.
        (&[], broken.clone()),
        (&["1: ClamAV"], broken.clone()),
        (&[VERSION], broken.clone()),
        (&[VERSION, "2: fd[9]: O"], broken.clone()),
        (&[VERSION, "2: fd[9]: OK"], broken.clone()),
        (&[VERSION, OK], broken.clone()),
        (&[VERSION, OK, "3: ClamAV"], broken.clone()),
        (&[VERSION, OK, AFTER, "2: fd[9]: A FOUND"], broken.clone()),
    ] {
        let said: Vec<Vec<u8>> = answers.iter().map(|answer| answer.as_bytes().to_vec()).collect();
        let shown: Vec<_> =
            answers.iter().map(|answer| answer.chars().take(40).collect::<String>()).collect();
        let peer = Peer::answering(move |_| said.clone());
        let outcome = scan(&peer.engine(), b"content");
        let outcome = outcome.map(|report| report.verdict).map_err(|error| error.code());
        assert_eq!(outcome, expected, "{shown:?}");
    }
}

#[test]
fn a_clamd_that_loads_signatures_during_every_scan_gives_no_verdict() {
    let answers = |first: u32| {
        let version =
            |command: u32, number: u32| format!("{command}: ClamAV 1.4.6/{number}/x\0").into_bytes();
        vec![version(1, first), OK.into(), version(3, first + 1), Vec::new()]
    };
    let peer = Peer::answering(answers);
    assert_eq!(scan(&peer.engine(), b"content").unwrap_err().code(), "scanner-reloading");
    assert_eq!(peer.sessions.load(Ordering::SeqCst), 3);
}

/// A byte from time to time keeps every single wait short; the whole must end all the same.
#[test]
fn a_peer_that_drips_is_left_at_the_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        while socket.write_all(b"1").is_ok() {
            thread::sleep(Duration::from_micros(100));
        }
    });
    let waits = Waits { scan: Duration::from_millis(300), ..Waits::default() };
    let engine = Clamd::new(Address::Socket(folder.path().join("socket")), None).waiting(waits);
    let begun = Instant::now();
    assert_eq!(scan(&engine, b"content").unwrap_err().code(), "scanner-timed-out");
    assert!(begun.elapsed() >= Duration::from_millis(300));
}
