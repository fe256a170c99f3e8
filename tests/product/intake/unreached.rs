//! Archives that ClamAV cannot unpack and calls clean: each member is scanned by itself.

use std::process::Command;

use md5::{Digest, Md5};
use tresor::scan::{Engine, Sample, Verdict};

use super::world::{LATER, LIMIT, VIRUS, World};
use crate::inspect::packed::{archive, packed, seven_zip};
use crate::inspect::rar::stored;
use crate::support::clamd::test_files;
use crate::support::process::{eventually, require, succeed};
use crate::support::server::SPACE;

/// Writes a ZIP archive of the content of standard input by a method: `python3 -c ZIP METHOD PATH`.
const ZIP: &str = r#"
import sys, zipfile
with zipfile.ZipFile(sys.argv[2], "w", int(sys.argv[1])) as archive:
    archive.writestr("a.txt", sys.stdin.buffer.read())
"#;

/// A ZIP archive of one file, packed by the method of this number.
fn zipped(method: u32, content: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (source, path) = (folder.path().join("source"), folder.path().join("a.zip"));
    std::fs::write(&source, content).unwrap();
    let mut zip = Command::new(require("python3", "python3"));
    zip.args(["-c", ZIP, &method.to_string()]).arg(&path).stdin(std::fs::File::open(&source).unwrap());
    succeed(&mut zip);
    std::fs::read(path).unwrap()
}

pub(super) fn mail(name: &str, content: &[u8]) -> Vec<u8> {
    format!(
        "From: a@b\r\nSubject: Post\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: application/octet-stream; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        data_encoding::BASE64.encode(content)
    )
    .into_bytes()
}

/// A bzip2 file of two streams, as programs write it that use all processors.
fn two_streams(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(512);
    [first, second].map(|part| packed("bzip2", "bzip2", part)).concat()
}

/// Archives with this file, none of which ClamAV unpacks.
fn archives(content: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let rar = stored(&[("brief.txt", b"Guten Tag"), ("a.txt", content)]);
    vec![
        ("a.rar", rar.clone()),
        ("rar.zip", zipped(8, &rar)),
        ("rar.eml", mail("a.rar", &rar)),
        ("rar.rar", stored(&[("a.rar", &rar)])),
        ("lzma.zip", zipped(14, content)),
        ("zwei.tar.bz2", two_streams(&archive(&[("a.txt", content)], "tar", &[]))),
        ("bzip2.7z", seven_zip(&[("a.txt", content)], &["-m0=BZip2"])),
        ("delta.7z", seven_zip(&[("a.txt", content)], &["-m0=Delta:1", "-m1=LZMA2"])),
    ]
}

/// A signature of exactly this content: nothing around it has it.
fn signature(content: &[u8]) -> String {
    let digest = data_encoding::HEXLOWER.encode(&Md5::digest(content));
    format!("{digest}:{}:Test.Later\n", content.len())
}

/// Waits until the last scan of an item found something. So many at once would be a mistake of the signature: the later
/// ones wait for a person.
fn is_found(world: &World, id: i64, virus: &str) {
    eventually(&format!("a virus is found in {id}"), LIMIT, || {
        let shown = world.shown(id);
        let last = shown["verdicts"].as_array().and_then(|verdicts| verdicts.last().cloned());
        last.is_some_and(|verdict| verdict["result"] == "infected" && verdict["detail"] == virus)
            && ["quarantined", "needs_decision"].contains(&shown["state"].as_str().unwrap())
    });
}

#[test]
fn a_virus_that_the_scanner_does_not_reach_is_found() {
    let world = World::holding_what("risky", "12h");
    // ClamAV knows this file by its digest.
    let virus = test_files().into_iter().find(|(name, _)| name == "clam.exe").unwrap().1;
    for (name, archive) in archives(&virus) {
        let alone = world.clamd.engine().scan(&Sample::of(&archive).unwrap()).unwrap();
        assert_eq!(alone.verdict, Verdict::Clean, "{name}");
        is_found(&world, world.arrive(name, &archive), "Test.Clam.UNOFFICIAL");
        world.assert_withheld(name);
    }
    world.assert_sound();
}

#[test]
fn what_is_known_later_is_found_there_by_the_second_scan() {
    let world = World::holding("12h");
    let archives = archives(LATER);
    let ids: Vec<_> = archives.iter().map(|(name, archive)| world.arrive(name, archive)).collect();
    for id in &ids {
        world.comes_to(*id, "held");
    }
    world.publish("later.hdb", &signature(LATER));
    for id in ids {
        world.retry(id);
        is_found(&world, id, VIRUS);
    }
    world.assert_sound();
}

#[test]
fn what_is_known_later_is_found_there_in_what_is_stored() {
    let world = World::open("rescan_share = 100");
    let archives = archives(LATER);
    for (name, archive) in &archives {
        let path = format!("/dav/{SPACE}/{name}");
        world.server.request("PUT", &path).body(archive.as_slice()).send().expect(201);
        world.assert_released(name, archive);
    }
    assert_eq!(world.rescanned()["found"], 0);
    world.publish("later.hdb", &signature(LATER));
    assert_eq!(world.rescanned()["found"], archives.len());
    for (name, _) in &archives {
        world.assert_withheld(name);
    }
    world.assert_sound();
}
