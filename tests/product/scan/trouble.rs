//! A clamd that is killed, hangs, or loads signatures at the wrong moment.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tresor::scan::{Address, Clamd, Engine, Verdict, Waits};

use super::{failure, infected, scan, verdict};
use crate::support::clamd::{TestClamd, eicar};
use crate::support::process::eventually;

#[test]
fn a_killed_clamd_is_no_verdict_and_a_restarted_one_goes_on() {
    let mut clamd = TestClamd::start();
    let engine = clamd.engine();
    for _ in 0..10 {
        assert_eq!(verdict(&engine, &eicar()), infected("Test.Eicar.UNOFFICIAL"));
        assert_eq!(verdict(&engine, b"content"), Verdict::Clean);
        clamd.kill();
        assert_eq!(failure(&engine, b"content"), "scanner-unreachable");
        clamd.restart();
    }
}

#[test]
fn a_clamd_killed_during_a_scan_is_no_verdict() {
    let mut clamd = TestClamd::start();
    let engine = clamd.engine();
    clamd.stop();
    let connections = || {
        let (all, socket) = (std::fs::read_to_string("/proc/net/unix").unwrap(), clamd.path("socket"));
        all.lines().filter(|line| line.ends_with(socket.to_str().unwrap())).count()
    };
    let before = connections();
    let scan = thread::spawn(move || failure(&engine, b"content"));
    // The kernel accepts the connection, and clamd does not answer.
    eventually("the client is connected", Duration::from_mins(1), || connections() > before);
    clamd.kill();
    assert_eq!(scan.join().unwrap(), "scanner-broke-off");
}

#[test]
fn a_hung_clamd_is_left_at_the_ceiling() {
    let clamd = TestClamd::with("TCPAddr 127.0.0.1\n");
    let (moment, waits) = (Duration::from_millis(200), Waits::default());
    clamd.stop();
    let begun = Instant::now();
    for engine in [clamd.engine(), clamd.engine_by_tcp()] {
        // The ceiling cuts a longer wait short, too.
        let engines = [Waits { scan: moment, ..waits }, Waits { answer: moment, ..waits }]
            .map(|waits| engine.clone().waiting(waits));
        for engine in &engines {
            assert_eq!(failure(engine, b"content"), "scanner-timed-out");
        }
        assert_eq!(engines[1].signatures().unwrap_err().code(), "scanner-timed-out");
    }
    assert!(begun.elapsed() < waits.answer);
    clamd.go_on();
    assert_eq!(verdict(&clamd.engine(), b"content"), Verdict::Clean);
}

/// A hung clamd accepts nothing, and at some point the kernel does not either.
#[test]
fn a_full_queue_of_connections_is_not_waited_for() {
    let clamd = TestClamd::with("MaxConnectionQueueLength 1\n");
    clamd.stop();
    let short =
        Waits { connect: Duration::from_millis(50), scan: Duration::from_millis(50), ..Waits::default() };
    let engine = clamd.engine().waiting(short);
    let socket = clamd.path("socket");
    let queued = thread::spawn(move || {
        // These wait as long as the kernel likes.
        (0..8)
            .map(|_| {
                thread::spawn({
                    let socket = socket.clone();
                    move || UnixStream::connect(socket)
                })
            })
            .collect::<Vec<_>>()
    });
    let queued = queued.join().unwrap();
    eventually("the queue is full", Duration::from_mins(1), || {
        failure(&engine, b"content") == "scanner-unreachable"
    });
    clamd.go_on();
    for connection in queued {
        connection.join().unwrap().unwrap();
    }
    assert_eq!(verdict(&clamd.engine(), b"content"), Verdict::Clean);
}

#[test]
fn signatures_loaded_during_a_scan_mean_another_scan() {
    let clamd = TestClamd::with("TCPAddr 127.0.0.1\n");
    clamd.write_daily(27_001, 1_795_000_000);
    clamd.reload();
    let Address::Tcp(target) = clamd.tcp_address() else { unreachable!() };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap().to_string());
    let engine = Clamd::new(address, Some(clamd.databases()));
    // If the test fails, this thread stays behind, and clamd must not.
    let clamd = Arc::new(clamd);
    let borrowed = Arc::downgrade(&clamd);
    let sessions = thread::spawn(move || {
        let mut sessions = 0;
        // Between the first version and the content clamd gets other signatures, in the first session alone.
        while sessions < 2 {
            let (client, _) = listener.accept().unwrap();
            let mut server = TcpStream::connect(&target).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let forth = thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
            let mut back = client;
            let mut byte = [1];
            while byte != [0] {
                server.read_exact(&mut byte).unwrap();
                if byte == [0] && sessions == 0 {
                    let clamd = borrowed.upgrade().unwrap();
                    clamd.write_daily(27_002, 1_795_100_000);
                    clamd.reload();
                }
                back.write_all(&byte).unwrap();
            }
            std::io::copy(&mut server, &mut back).unwrap();
            back.shutdown(Shutdown::Both).unwrap();
            forth.join().unwrap();
            sessions += 1;
        }
    });
    let report = scan(&engine, &eicar()).unwrap();
    assert_eq!(report.verdict, infected("Test.Eicar.UNOFFICIAL"));
    assert!(report.signatures.version.ends_with("/27002"), "{report:?}");
    sessions.join().unwrap();
}
