//! Bounds of uploads as every protocol reports them, with low limits and a clock that a test sets.
//!
//! `TRESOR_TEST_APPENDS` says how many parts one upload gets (200).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Instant;

use bytes::Bytes;
use data_encoding::BASE64;
use http::uri::Authority;
use http_body_util::BodyExt;
use tresor::model::Timestamp;
use tresor::net::{Handler, RequestBody, RequestId, RequestInfo};
use tresor::uploads::UploadLimits;

use crate::resumable::ietf::PART;
use crate::resumable::tus::{CONTENT, file, to};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::in_process::InProcess;
use crate::support::load::setting;
use crate::support::server::{PASSWORD, SPACE, USER};

/// The program with a clock of its own.
struct House {
    program: InProcess,
    now: Timestamp,
}

struct Told {
    status: u16,
    headers: http::HeaderMap,
    text: String,
}

impl Told {
    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text);
        self
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl House {
    fn new(limits: UploadLimits, words: &[&[&str]]) -> Self {
        let mut server = TestServer::start_plain();
        for words in words {
            server.cli_ok(words.iter());
        }
        server.stop();
        let program = InProcess::open(server);
        program.instance.uploads.set_limits(limits);
        Self { program, now: Timestamp::now() }
    }

    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Told {
        let login = format!("Basic {}", BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes()));
        let request = http::Request::builder().method(method).uri(target);
        let request = request.header("Host", "localhost").header("Authorization", login);
        let request = request.header("Tus-Resumable", "1.0.0");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(RequestBody::full(Bytes::copy_from_slice(body))).unwrap();
        let info = RequestInfo {
            request_id: RequestId::random(),
            peer: Ipv4Addr::LOCALHOST.into(),
            secure: true,
            host: Some(Authority::from_static("localhost")),
            received: self.now,
        };
        self.program.runtime.block_on(async {
            let (head, body) = self.program.router.handle(request, info).await.into_parts();
            let text = body.collect().await.unwrap().to_bytes();
            let text = String::from_utf8_lossy(&text).into_owned();
            Told { status: head.status.as_u16(), headers: head.headers, text }
        })
    }

    fn tus(&self, path: &str, length: u64) -> Told {
        let (length, to) = (length.to_string(), to(path));
        self.ask("POST", "/tus", &[("Upload-Length", &length), ("Upload-Metadata", &to)], b"")
    }

    fn ietf(&self, path: &str) -> Told {
        self.ask("PUT", &file(path), &[("Upload-Complete", "?0")], b"")
    }

    fn chunks(&self, session: &str) -> Told {
        self.ask("MKCOL", session, &[], b"")
    }

    fn patch(&self, upload: &str, offset: u64, body: &[u8]) -> Told {
        let kind = if upload.starts_with("/tus/") { CONTENT } else { PART };
        let offset = offset.to_string();
        let headers = [("Upload-Offset", offset.as_str()), ("Content-Type", kind), ("Upload-Complete", "?0")];
        self.ask("PATCH", upload, &headers, body)
    }

    fn listed(&self) -> usize {
        let listed = self.ask("GET", "/uploads", &[], b"").expect(200);
        serde_json::from_str::<Vec<serde_json::Value>>(&listed.text).unwrap().len()
    }

    fn session(number: u32) -> String {
        format!("/remote.php/dav/uploads/{USER}/{number}")
    }
}

/// A client that has heard of it needs not keep the bytes before.
#[test]
fn progress_is_told_while_a_long_body_comes_and_only_what_is_durable() {
    const SEGMENT: usize = 300_000;
    let house = House::new(UploadLimits { segment: SEGMENT as u64, ..UploadLimits::default() }, &[]);
    let (address, serving) = house.program.serve();
    let whole = bytes(1, 10 * SEGMENT + 1);
    let login = BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\nContent-Length: {}\r\n\
         Upload-Complete: ?1\r\nUpload-Draft-Interop-Version: 8\r\nConnection: close\r\n\r\n",
        file("a"),
        whole.len()
    );
    let mut line = TcpStream::connect(address).unwrap();
    line.write_all(head.as_bytes()).unwrap();
    line.write_all(&whole).unwrap();
    let mut answers = String::new();
    line.read_to_string(&mut answers).unwrap();
    let mut heads: Vec<&str> = answers.trim_end().split("\r\n\r\n").collect();
    let last = heads.pop().unwrap();
    assert!(last.starts_with("HTTP/1.1 201") && last.contains("upload-complete: ?1"), "{answers}");
    assert!(heads.iter().all(|head| head.starts_with("HTTP/1.1 104")), "{answers}");
    assert!(heads[0].contains("\r\nlocation: /uploads/"), "{answers}");
    let offset = |head: &&str| -> usize {
        assert!(!head.contains("location"), "{answers}");
        head.lines().find_map(|line| line.strip_prefix("upload-offset: ")).unwrap().parse().unwrap()
    };
    let told: Vec<usize> = heads[1..].iter().map(offset).collect();
    assert!(
        !told.is_empty() && told.is_sorted() && told.iter().all(|offset| offset % SEGMENT == 0),
        "{told:?}"
    );
    drop(serving);
    assert_eq!(
        house.ask("GET", &file("a"), &[], b"").expect(200).headers["content-length"],
        whole.len().to_string()
    );
}

#[test]
fn every_door_names_the_bound_of_open_uploads() {
    let house = House::new(UploadLimits { open: 6, ..UploadLimits::default() }, &[]);
    for number in 0..2 {
        house.tus(&format!("t{number}"), 3).expect(201);
        house.ietf(&format!("i{number}")).expect(201);
        house.chunks(&House::session(number)).expect(201);
    }
    for refused in [house.tus("more", 3), house.ietf("more"), house.chunks(&House::session(9))] {
        assert!(refused.text.contains("too many uploads"), "{}", refused.text);
        refused.expect(429);
    }
    // A plain PUT is none of them, and the uploads that are there go on.
    house.ask("PUT", &file("plain"), &[], b"abc").expect(201);
    house.ask("PUT", &format!("{}/1", House::session(0)), &[], b"abc").expect(201);
    assert_eq!(house.listed(), 6);
    house.ask("DELETE", &House::session(0), &[], b"").expect(204);
    house.ietf("more").expect(201);
}

#[test]
fn an_upload_in_tiny_parts_ends_at_a_bound_and_keeps_what_it_has() {
    let parts = setting("TRESOR_TEST_APPENDS", 200);
    let limits = UploadLimits { pieces: parts, chunks: 3, ..UploadLimits::default() };
    let house = House::new(limits, &[]);
    let tus = house.tus("t", parts + 1).expect(201).header("location").unwrap().to_owned();
    let ietf = house.ietf("i").expect(201).header("location").unwrap().to_owned();
    for upload in [&tus, &ietf] {
        let mut began = Instant::now();
        for offset in 0..parts {
            house.patch(upload, offset, b"x").expect(204);
            if (offset + 1) % parts.div_ceil(4) == 0 {
                println!("{} parts: {:.2} s", offset + 1, began.elapsed().as_secs_f64());
                began = Instant::now();
            }
        }
        let refused = house.patch(upload, parts, b"x");
        assert!(refused.text.contains("too many"), "{}", refused.text);
        refused.expect(400);
        let told = house.ask("HEAD", upload, &[], b"");
        assert_eq!(told.header("upload-offset"), Some(parts.to_string().as_str()), "{upload}");
    }
    // As much as there is can be a file.
    let headers = [("Upload-Complete", "?1"), ("Upload-Offset", &*parts.to_string()), ("Content-Type", PART)];
    house.ask("PATCH", &ietf, &headers, b"").expect(201);
    let read = house.ask("GET", &file("i"), &[], b"").expect(200);
    assert_eq!(read.text, "x".repeat(usize::try_from(parts).unwrap()));

    let session = House::session(1);
    house.chunks(&session).expect(201);
    for name in ["1", "2", "3", "2"] {
        let stored = house.ask("PUT", &format!("{session}/{name}"), &[], name.as_bytes());
        assert!([201, 204].contains(&stored.status));
    }
    let refused = house.ask("PUT", &format!("{session}/4"), &[], b"4");
    assert!(refused.text.contains("too many"), "{}", refused.text);
    refused.expect(400);
    let destination = format!("/remote.php/dav/files/{USER}/{SPACE}/c");
    house.ask("MOVE", &format!("{session}/.file"), &[("Destination", &destination)], b"").expect(201);
    assert_eq!(house.ask("GET", &file("c"), &[], b"").expect(200).text, "123");
}

#[test]
fn an_upload_whose_time_is_over_is_gone_by_every_door_and_frees_its_quota() {
    let mut house = House::new(UploadLimits::default(), &[&["space", "set", SPACE, "--quota", "1MiB"]]);
    let tus = house.tus("t", 600_000).expect(201).header("location").unwrap().to_owned();
    let ietf = house.ietf("i").expect(201).header("location").unwrap().to_owned();
    house.chunks(&House::session(1)).expect(201);
    house.patch(&ietf, 0, &vec![7; 300_000]).expect(204);
    house.tus("more", 400_000).expect(507);
    let day = 86_400_000;
    let begun = house.now;
    house.now = Timestamp(begun.0 + 6 * day);
    house.program.runtime.block_on(house.program.instance.uploads.upkeep(house.now)).unwrap();
    assert_eq!(house.listed(), 3, "resumable until then");
    let told = house.ask("HEAD", &ietf, &[], b"").expect(204);
    let age: u64 = told.header("upload-limit").unwrap().split("max-age=").nth(1).unwrap().parse().unwrap();
    assert!((86_000..=90_000).contains(&age), "{age}");
    house.now = Timestamp(begun.0 + 8 * day);
    house.program.runtime.block_on(house.program.instance.uploads.upkeep(house.now)).unwrap();
    house.ask("HEAD", &tus, &[], b"").expect(404);
    house.patch(&tus, 0, b"x").expect(404);
    house.ask("PROPFIND", &House::session(1), &[("Depth", "1")], b"").expect(404);
    house.ask("PUT", &format!("{}/1", House::session(1)), &[], b"x").expect(404);
    house.ask("HEAD", &ietf, &[], b"").expect(404);
    house.patch(&ietf, 300_000, b"x").expect(404);
    assert_eq!(house.listed(), 0);
    house.tus("all", 1_000_000).expect(201);
}
