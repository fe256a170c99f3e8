//! No byte of a held document lies readable on a disk: while it is scanned, converted and held, after a crash at any of
//! these moments, and after its release.

use std::fs;
use std::os::unix::net::UnixStream;

use rustix::process::{Pid, Signal, kill_process};

use super::mail::client::{ADDRESS, Client, LIMIT, encoded, mail};
use super::world::World;
use crate::support::canary::{pieces, search_bytes};
use crate::support::content::files_below;
use crate::support::documents::{docx, xlsx};
use crate::support::process::{eventually, require};
use crate::support::server::SPACE;

/// Pieces of each content that are searched for.
const PIECES: usize = 12;

/// The bytes that must not be found.
struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Adds a content, and checks that a copy of it would be found.
    fn add(&mut self, world: &World, name: &str, content: &[u8]) {
        let added = pieces(content, PIECES);
        assert!(added.len() > 3, "{name}: {}", added.len());
        let control = world.server.scratch("control");
        fs::write(control.join(name), content).unwrap();
        for piece in &added {
            let hits = search_bytes(std::slice::from_ref(piece), std::slice::from_ref(&control));
            assert!(hits.iter().any(|hit| hit.file.ends_with(name)), "{name}: {hits:?}");
        }
        self.0.extend(added);
    }

    #[track_caller]
    fn assert_nowhere(&self, world: &World, when: &str) {
        let roots = world.server.reachable();
        let hits = search_bytes(&self.0, &roots);
        assert!(hits.is_empty(), "{when}: {hits:#?}");
        let is_core = |file: &std::path::PathBuf| {
            file.file_name().unwrap().to_str().is_some_and(|name| name.starts_with("core"))
        };
        let cores: Vec<_> = roots.iter().flat_map(|root| files_below(root)).filter(is_core).collect();
        assert!(cores.is_empty(), "{when}: {cores:#?}");
    }
}

/// A sentence that compresses to something that no other has.
fn sentence(seed: u64) -> String {
    let words = (seed..seed + 40).map(|number| format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a process that the server started, or one of theirs, has this name.
fn works(world: &World, name: &str) -> bool {
    let field = |pid: &str, name: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).unwrap_or_default()
    };
    let server = world.server.pid().to_string();
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    processes.filter(|pid| pid.parse::<u32>().is_ok() && field(pid, "Name:") == name).any(|mut pid| {
        while !pid.is_empty() && pid != "1" && pid != "0" {
            if pid == server {
                return true;
            }
            pid = field(&pid, "PPid:");
        }
        false
    })
}

/// Starts the server where cores are allowed.
fn start(world: &mut World) {
    world.server.spawn_through(&[require("prlimit", "util-linux").to_str().unwrap(), "--core=unlimited"]);
}

#[test]
fn nothing_of_a_held_document_lies_readable_on_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("lmtp");
    let mut world = World::open(&format!("lmtp = '{}'", socket.display()));
    world.server.cli_ok(["space", "set", SPACE, "--mail", "mueller", "--hold", "12h", "--hold-what", "all"]);
    assert!(world.server.stop().success());
    start(&mut world);

    let (words, mut secrets) = ([1, 1_000, 2_000, 3_000].map(sentence), Secrets(Vec::new()));
    let attached = docx(&words[2]);
    let letter = mail("Unterlagen", &[("anlage.docx", &attached)]).replace("Guten Tag", &words[3]);
    let (brief, tabelle) = (docx(&words[0]), xlsx(&words[1]));
    for (name, content) in [
        ("brief.docx", &brief),
        ("tabelle.xlsx", &tabelle),
        ("anlage.docx", &attached),
        ("mail.eml", &letter.clone().into_bytes()),
    ] {
        secrets.add(&world, name, content);
    }
    // As they are inside of these, unpacked.
    words
        .iter()
        .zip(["1", "2", "3", "4"])
        .for_each(|(word, name)| secrets.add(&world, name, word.as_bytes()));

    for (name, content) in [("brief.docx", &brief), ("tabelle.xlsx", &tabelle)] {
        world.server.request("PUT", &format!("/dav/{SPACE}/{name}")).body(content.clone()).send().expect(201);
    }
    let mut client = Client::new(UnixStream::connect(&socket).unwrap());
    client.reply();
    client.say("LHLO x");
    assert_eq!(client.send("anna@example.org", &[ADDRESS], letter.as_bytes()), ["250 2.0.0 stored"]);
    secrets.assert_nowhere(&world, "while they arrive");
    for signal in [Signal::KILL, Signal::ABORT] {
        eventually("a document is converted", LIMIT, || works(&world, "soffice.bin"));
        secrets.assert_nowhere(&world, "while one is converted");
        kill_process(Pid::from_raw(i32::try_from(world.server.pid()).unwrap()).unwrap(), signal).unwrap();
        eventually("it is dead", LIMIT, || !world.server.is_alive());
        world.server.kill();
        secrets.assert_nowhere(&world, "after a crash");
        start(&mut world);
    }
    let pdfs = |world: &World| -> Vec<(i64, String)> {
        let listed = world.listed();
        let rows = listed.as_array().unwrap().iter();
        let pdf = |row: &serde_json::Value| {
            let id = row["id"].as_i64().unwrap();
            Some((id, world.shown(id)["pdf"].as_str()?.to_owned()))
        };
        rows.filter_map(pdf).collect()
    };
    let mut made = Vec::new();
    eventually("all have their PDFs", LIMIT * 2, || {
        made = pdfs(&world);
        made.len() == 4
    });
    let copies: Vec<_> = made
        .iter()
        .map(|(_, path)| world.colleague("GET", &encoded(&path[1..])).send().expect(200).body)
        .collect();
    for (at, pdf) in copies.iter().enumerate() {
        // Without the parts that every PDF has.
        let others = || copies.iter().enumerate().filter(|(other, _)| *other != at);
        let is_own =
            |piece: &[u8]| !others().any(|(_, other)| other.windows(piece.len()).any(|part| part == piece));
        let own: Vec<_> = pdf.chunks(16).filter(|piece| is_own(piece)).flatten().copied().collect();
        secrets.add(&world, &format!("{at}.pdf"), &own);
    }
    secrets.assert_nowhere(&world, "while they are held");
    for (id, _) in &made {
        world.decide("release", *id, "a test");
    }
    world.assert_released("brief.docx", &brief);
    secrets.assert_nowhere(&world, "after their release");
    eventually("clamd keeps nothing", LIMIT, || files_below(&world.clamd.path("temporary")).is_empty());
    assert!(world.server.stop().success());
    secrets.assert_nowhere(&world, "after the server's end");
    world.server.spawn();
    world.assert_sound();
}
