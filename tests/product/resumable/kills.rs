//! A server that is killed again and again while uploads come by every protocol: the acknowledged offset never goes
//! back, and the file holds the bytes that were sent.
//!
//! `TRESOR_TEST_UPLOAD_KILLS` says how often it dies (6), `TRESOR_TEST_SEED` repeats the dice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::resumable::ietf::PART;
use crate::resumable::raw::try_begin_request;
use crate::resumable::tus::{CONTENT, file, to, tus};
use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::http::{Request, Response};
use crate::support::load::{Dice, pause, seed, setting};
use crate::support::multistatus::Multistatus;
use crate::support::server::{SPACE, USER};

const LENGTH: usize = 3_000_000;
/// Most bytes of one part.
const STEP: usize = 700_000;
/// Longest life of a server under load.
const LIFE: Duration = Duration::from_millis(400);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Protocol {
    Tus,
    Ietf,
    Chunks,
}

/// The state of an upload as the server reports it.
enum Told {
    At(usize),
    /// There is none any more.
    Over,
}

/// One client that uploads one file after the other.
struct Client {
    protocol: Protocol,
    dice: Dice,
    number: u64,
    whole: Vec<u8>,
    /// Where the present one goes on.
    upload: Option<String>,
    /// Bytes that the server has acknowledged, and those that may have come besides.
    told: usize,
    sent: usize,
    finished: u64,
}

impl Client {
    fn new(protocol: Protocol, seed: u64) -> Self {
        let whole = bytes(seed, LENGTH);
        Self {
            protocol,
            dice: Dice::new(seed),
            number: 0,
            whole,
            upload: None,
            told: 0,
            sent: 0,
            finished: 0,
        }
    }

    fn path(&self) -> String {
        format!("{:?}-{}.bin", self.protocol, self.number)
    }

    /// Goes on until the server does not answer any more, or for this many steps.
    fn work(&mut self, server: &TestServer, steps: usize) {
        for _ in 0..steps {
            if self.step(server).is_none() {
                return;
            }
        }
    }

    /// `None` if no answer came.
    fn step(&mut self, server: &TestServer) -> Option<()> {
        let Some(upload) = self.upload.clone() else { return self.begin(server) };
        // An offset in the answer to an append counts, too; but a new request must see it again.
        let Told::At(offset) = self.ask(server, &upload)? else { return self.check(server) };
        assert!((self.told..=self.sent).contains(&offset), "{:?}: {offset} of {}", self.protocol, self.told);
        self.told = offset;
        if offset == LENGTH {
            return self.end(server, &upload);
        }
        let length = (1 + self.dice.roll(STEP)).min(LENGTH - offset);
        self.sent = self.sent.max(offset + length);
        let part = self.whole[offset..offset + length].to_vec();
        if self.protocol != Protocol::Chunks && self.dice.roll(4) == 0 {
            return self.break_off(server, &upload, &part);
        }
        let last = offset + length == LENGTH;
        let answer = self.append(server, &upload, offset, part).try_send().ok().filter(|one| !one.is_cut)?;
        if answer.status == 409 && self.protocol != Protocol::Chunks {
            // A part whose line broke was still on its way and came in between.
            return Some(());
        }
        assert!([201, 204].contains(&answer.status), "{:?}: {answer}", self.protocol);
        self.told = offset + length;
        match last && self.protocol != Protocol::Chunks {
            true => self.check(server),
            false => Some(()),
        }
    }

    fn begin(&mut self, server: &TestServer) -> Option<()> {
        self.number += 1;
        (self.told, self.sent) = (0, 0);
        let length = LENGTH.to_string();
        let request = match self.protocol {
            Protocol::Tus => {
                let request = tus(server, "POST", "/tus").header("Upload-Length", &length);
                request.header("Upload-Metadata", &to(&self.path())).body("")
            }
            Protocol::Ietf => {
                let request = server.request("PUT", &file(&self.path())).header("Upload-Complete", "?0");
                request.header("Upload-Length", &length).body("")
            }
            Protocol::Chunks => server.request("MKCOL", &self.session()),
        };
        let begun = request.try_send().ok()?.expect(201);
        self.upload = Some(begun.header("location").map_or_else(|| self.session(), str::to_owned));
        Some(())
    }

    fn session(&self) -> String {
        format!("/remote.php/dav/uploads/{USER}/{}", self.number)
    }

    /// How far the server says that it is.
    fn ask(&self, server: &TestServer, upload: &str) -> Option<Told> {
        let answer = match self.protocol {
            Protocol::Tus => tus(server, "HEAD", upload),
            Protocol::Ietf => server.request("HEAD", upload),
            Protocol::Chunks => server.request("PROPFIND", upload).header("Depth", "1"),
        };
        let answer: Response = answer.try_send().ok().filter(|one| !one.is_cut)?;
        if answer.status == 404 || answer.header("upload-complete") == Some("?1") {
            return Some(Told::Over);
        }
        if self.protocol != Protocol::Chunks {
            assert!([200, 204].contains(&answer.status), "{answer}");
            let offset = answer.header("upload-offset").unwrap().parse().unwrap();
            // An upload that tus makes a file with its last byte is one by now.
            return Some(match self.protocol == Protocol::Ietf || offset < LENGTH {
                true => Told::At(offset),
                false => Told::Over,
            });
        }
        let sizes = Multistatus::of(&answer.expect(207)).0;
        let sizes =
            sizes.iter().filter_map(|item| item.text("{DAV:}getcontentlength")?.parse::<usize>().ok());
        Some(Told::At(sizes.sum()))
    }

    fn append(&self, server: &TestServer, upload: &str, offset: usize, part: Vec<u8>) -> Request {
        let at = offset.to_string();
        match self.protocol {
            Protocol::Tus => {
                let request = tus(server, "PATCH", upload).header("Content-Type", CONTENT);
                request.header("Upload-Offset", &at).body(part)
            }
            Protocol::Ietf => {
                let complete = if offset + part.len() == LENGTH { "?1" } else { "?0" };
                let request = server.request("PATCH", upload).header("Content-Type", PART);
                request.header("Upload-Offset", &at).header("Upload-Complete", complete).body(part)
            }
            Protocol::Chunks => server.request("PUT", &format!("{upload}/{offset:016}")).body(part),
        }
    }

    /// A part whose line breaks in its middle.
    fn break_off(&mut self, server: &TestServer, upload: &str, part: &[u8]) -> Option<()> {
        let (offset, length) = (self.told, part.len());
        let at = format!("Upload-Offset: {offset}");
        let lines = [
            at.as_str(),
            &format!("Content-Length: {length}"),
            if self.protocol == Protocol::Tus { "Tus-Resumable: 1.0.0" } else { "Upload-Complete: ?0" },
            &format!("Content-Type: {}", if self.protocol == Protocol::Tus { CONTENT } else { PART }),
        ];
        let some = &part[..self.dice.roll(length)];
        try_begin_request(server, &format!("PATCH {upload}"), &lines, some).map(drop).ok()
    }

    /// Makes a file of a complete upload.
    fn end(&mut self, server: &TestServer, upload: &str) -> Option<()> {
        let request = match self.protocol {
            Protocol::Chunks => {
                let target = format!("/remote.php/dav/files/{USER}/{SPACE}/{}", self.path());
                let request = server.request("MOVE", &format!("{upload}/.file"));
                request.header("Destination", &server.url(&target))
            }
            Protocol::Tus | Protocol::Ietf => self.append(server, upload, LENGTH, Vec::new()),
        };
        let answer = request.try_send().ok().filter(|one| !one.is_cut)?;
        assert!([201, 204].contains(&answer.status), "{answer}");
        self.check(server)
    }

    /// The upload is over: its file is there, and as it was sent.
    fn check(&mut self, server: &TestServer) -> Option<()> {
        let read = server.request("GET", &file(&self.path())).try_send().ok().filter(|one| !one.is_cut)?;
        let read = read.expect(200);
        assert_eq!(sha256(&read.body), sha256(&self.whole), "{}", self.path());
        self.upload = None;
        self.finished += 1;
        Some(())
    }
}

#[test]
fn no_kill_takes_back_what_was_told() {
    let (kills, seed) = (setting("TRESOR_TEST_UPLOAD_KILLS", 6), seed());
    let mut server = TestServer::start_plain();
    let mut dice = Dice::new(seed);
    let protocols = [Protocol::Tus, Protocol::Ietf, Protocol::Chunks, Protocol::Tus, Protocol::Ietf];
    let mut clients: Vec<Client> =
        (1..).zip(protocols).map(|(n, protocol)| Client::new(protocol, seed + n)).collect();
    for (client, number) in clients.iter_mut().zip([0, 0, 0, 1_000_000, 1_000_000]) {
        client.number = number;
    }
    for _ in 0..kills {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for client in &mut clients {
                let (server, stop) = (&server, &stop);
                scope.spawn(move || while !stop.load(Ordering::Relaxed) && client.step(server).is_some() {});
            }
            #[allow(clippy::cast_precision_loss)]
            pause(LIFE.mul_f64(dice.roll(1_000) as f64 / 1_000.0));
            let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
            stop.store(true, Ordering::Relaxed);
        });
        server.kill();
        server.spawn();
    }
    // Each comes to its end.
    for client in &mut clients {
        let before = client.finished;
        while client.finished == before {
            client.work(&server, 1);
        }
    }
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
    server.stop();
    crate::support::sound::assert_sound(&server);
    let finished: Vec<_> = clients.iter().map(|client| (client.protocol, client.finished)).collect();
    println!("{kills} kills, files finished: {finished:?}");
}
