//! Five hundred clients at ten bytes a second: what they hold is bounded, others go on, and all of them
//! are cut when their time is over.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SocketType, connect, socket};

use crate::support::TestServer;
use crate::support::load::{descriptors, device_password, memory_kib, parts, pause};
use crate::support::process::eventually;
use crate::support::server::USER;
use crate::support::sound::assert_sound;

const READERS: usize = 250;
const WRITERS: usize = 250;
/// Clients that send one byte of a request head a second.
const HEADS: usize = 50;
/// Length of the file that the readers ask for: far more than any buffer on the way holds.
const LARGE: usize = 48 << 20;
/// The bytes that each writer announces.
const ANNOUNCED: usize = 1 << 20;
const QUOTA: usize = 512 << 20;
/// How long all are there together.
const TOGETHER: Duration = Duration::from_secs(6);
/// When the first of them may be cut: the limits below.
const LIMIT_SECONDS: u64 = 20;
/// The memory that all of them may cost, in KiB. A reader holds one step of 64 KiB and up to 128 KiB with
/// hyper, a few of them a longer step, all together 16 MiB; a writer and a head hold some 40 KiB of
/// connection, task and buffers. That makes 250 * 192 + 16 Ki + 300 * 40 at worst; 34 MiB were measured.
const COST_KIB: u64 = 250 * 192 + 16 * 1024 + 300 * 40;

#[test]
fn five_hundred_slow_clients_hold_little_and_leave_nothing_behind() {
    // Limits as in production, only sooner.
    let limits = ["header_timeout", "write_stall", "read_stall", "min_body_grace"];
    let limits = limits.map(|limit| format!("{limit}_seconds = {LIMIT_SECONDS}\n")).concat();
    let mut server = TestServer::start_configured(&format!("[limits]\n{limits}"));
    let token = device_password(&server, USER);
    server.add_space("tight", ["--kind", "team", "--quota", &format!("{QUOTA}B")], "write");
    let ask = |method: &str, target: &str| server.anonymous(method, target).sign_in(USER, &token);
    ask("PUT", "/dav/tight/large").body(vec![7; LARGE]).send().expect(201);
    ask("PUT", "/dav/tight/small").body("small").send().expect(201);
    let pid = server.pid();
    let resting = descriptors(pid);

    // The upload above is no cost of slow clients: the high water starts afresh.
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let before = memory_kib(pid, "VmHWM");
    let address = server.endpoint().address;
    let login = BASE64.encode(format!("{USER}:{token}").as_bytes());
    let head = |method: &str, name: &str, more: &str| {
        format!(
            "{method} /dav/tight/{name} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {login}\r\n{more}\r\n"
        )
    };
    let begun = Instant::now();
    let mut slow: Vec<Slow> = Vec::new();
    slow.extend((0..READERS).map(|_| Slow::reader(address, &head("GET", "large", ""))));
    slow.extend((0..WRITERS).map(|number| {
        let length = format!("Content-Length: {ANNOUNCED}\r\n");
        Slow::writer(address, &head("PUT", &format!("slow{number}"), &length))
    }));
    slow.extend((0..HEADS).map(|_| Slow::head(address)));

    let is_over = AtomicBool::new(false);
    let rounds = std::thread::scope(|scope| {
        let normal = scope.spawn(|| {
            let mut rounds = 0;
            while !is_over.load(Ordering::Relaxed) {
                ask("PROPFIND", "/dav/tight/").header("Depth", "1").send().expect(207);
                assert_eq!(ask("GET", "/dav/tight/small").send().expect(200).body, b"small");
                let answer = ask("PUT", "/dav/tight/normal").body("normal").send();
                assert!([201, 204].contains(&answer.status), "{answer}");
                rounds += 1;
            }
            rounds
        });
        // Also when an assertion fails, or the scope would wait for ever.
        let flag = Flag(&is_over);
        let end = Instant::now() + TOGETHER;
        while Instant::now() < end {
            for client in &mut slow {
                client.move_a_little();
            }
            pause(Duration::from_secs(1));
        }
        let open = slow.iter().filter(|client| client.is_open).count();
        let too_much = (QUOTA - LARGE - WRITERS * ANNOUNCED + 1).to_string();
        let put = ask("PUT", "/dav/tight/rest").header("Content-Length", &too_much);
        let answer = put.expect_continue().send();
        // On a machine so busy that the first ones' time was over before, neither says anything.
        if begun.elapsed() < Duration::from_secs(LIMIT_SECONDS) {
            assert_eq!(open, READERS + WRITERS + HEADS, "nobody was cut before his time");
            // The writers' bytes are promised to them while they last.
            answer.expect(507);
        }

        let cost = memory_kib(pid, "VmHWM") - before;
        println!(
            "{} slow clients cost {cost} KiB at most, {} KiB each",
            slow.len(),
            cost / slow.len() as u64
        );
        assert!(cost < COST_KIB, "{cost} KiB for {} slow clients", slow.len());

        // They go on as they did until each was cut.
        eventually("every slow client was cut", Duration::from_mins(2), || {
            for client in &mut slow {
                client.move_a_little();
            }
            slow.iter().all(|client| !client.is_open)
        });
        drop(flag);
        normal.join().unwrap()
    });
    println!("{rounds} rounds of a normal client meanwhile");
    assert!(rounds > 0);
    for client in &slow {
        client.judge();
    }

    drop(slow);
    eventually("no upload is left", Duration::from_secs(30), || parts(&server).is_empty());
    eventually("no descriptor is left", Duration::from_secs(30), || descriptors(pid) <= resting + 8);
    // The promised room is free again: all of the rest may be announced, and not a byte more.
    let free = QUOTA - LARGE - "small".len() - "normal".len();
    let announce = |length: usize| {
        let more = format!("Expect: 100-continue\r\nContent-Length: {length}\r\n");
        let mut connection = server.endpoint().connect();
        connection.write_all(head("PUT", "rest", &more).as_bytes()).unwrap();
        let mut status = [0; 12];
        connection.read_exact(&mut status).unwrap();
        String::from_utf8_lossy(&status).into_owned()
    };
    assert_eq!(announce(free + 1), "HTTP/1.1 507");
    assert_eq!(announce(free), "HTTP/1.1 100");
    assert!(server.stop().success());
    assert_sound(&server);
}

/// Raised when dropped.
struct Flag<'a>(&'a AtomicBool);

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Behaviour of a slow client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reader,
    Writer,
    Head,
}

/// A connection that moves ten bytes at a time.
struct Slow {
    kind: Kind,
    stream: TcpStream,
    is_open: bool,
    was_reset: bool,
    /// Bytes from the server.
    received: Vec<u8>,
}

impl Slow {
    fn reader(address: SocketAddr, head: &str) -> Self {
        Self::new(Kind::Reader, address, head)
    }

    fn writer(address: SocketAddr, head: &str) -> Self {
        Self::new(Kind::Writer, address, head)
    }

    fn head(address: SocketAddr) -> Self {
        Self::new(Kind::Head, address, "GET /da")
    }

    fn new(kind: Kind, address: SocketAddr, sent: &str) -> Self {
        // Before connecting, so that the server cannot unload the file into our kernel's buffers.
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        set_socket_recv_buffer_size(&socket, 4_096).unwrap();
        connect(&socket, &address).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.set_nodelay(true).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Self { kind, stream, is_open: true, was_reset: false, received: Vec::new() }
    }

    fn move_a_little(&mut self) {
        if !self.is_open {
            return;
        }
        if self.kind != Kind::Reader {
            // A server that has closed refuses further bytes; its answer is read below.
            let _ = self.stream.write(if self.kind == Kind::Writer { b"0123456789" } else { b"x" });
        }
        // A reset is seen before the bytes that still wait in our own kernel.
        if self.stream.take_error().unwrap().is_some() {
            self.is_open = false;
            self.was_reset = true;
            return;
        }
        let mut bytes = [0; 10];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.is_open = false,
            Ok(count) => self.received.extend(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => (self.is_open, self.was_reset) = (false, true),
        }
    }

    /// A reader got the beginning and never the end, a writer an error or a broken line.
    fn judge(&self) {
        let text = String::from_utf8_lossy(&self.received);
        let status = match self.kind {
            Kind::Reader => "HTTP/1.1 200 ",
            Kind::Writer => "HTTP/1.1 408 ",
            Kind::Head => "",
        };
        assert!(text.starts_with(status) || status.starts_with(&*text), "{:?}: {text}", self.kind);
        // An orderly end would make half a file look whole.
        assert!(self.kind != Kind::Reader || self.was_reset);
    }
}
