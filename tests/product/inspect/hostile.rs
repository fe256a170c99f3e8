//! Contents that are made to be read differently, to grow, or to break their readers.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tresor::model::Obstacle;

use super::{check, in_words, look};
use crate::support::zips::{Fields, Zip};

/// A ZIP archive with two members, of which the first is wrong.
fn wrong(change: impl FnOnce(&mut Fields, &mut Fields)) -> Vec<u8> {
    let mut zip = Zip::default();
    zip.add_wrong("a.txt", b"one content of some length", change);
    zip.add("b.txt", b"another content");
    zip.finish()
}

#[test]
fn what_two_programs_could_read_differently_is_no_archive_that_was_looked_at() {
    check("a.zip", &wrong(|_, _| {}), "archive -");
    for (what, zip) in [
        ("another name", wrong(|header, _| header.name = "a.exe".to_owned())),
        ("another size", wrong(|header, _| header.size += 1)),
        ("another length", wrong(|header, _| header.packed -= 1)),
        ("another checksum", wrong(|header, _| header.crc ^= 1)),
        ("another method", wrong(|header, _| header.method = 0)),
        ("other flags", wrong(|header, _| header.flags ^= 1 << 11)),
        (
            "a length that follows and does not",
            wrong(|header, record| {
                (header.flags, record.flags) = (8, 8);
            }),
        ),
        ("the same name twice", Zip::of(&[("a.txt", b"one"), ("a.txt", b"two")])),
        ("a name with a zero", Zip::of(&[("a.txt\0.exe", b"one")])),
        ("a folder with bytes", {
            let mut zip = Zip::default();
            zip.add_wrong("a/", b"MZ", |header, record| (header.size, record.size) = (0, 0));
            zip.finish()
        }),
        ("bytes before it", [b"#!/bin/sh".to_vec(), wrong(|_, _| {})].concat()),
        ("bytes after it", [wrong(|_, _| {}), b"more".to_vec()].concat()),
    ] {
        let found = look("", &zip);
        assert!(found.obstacle >= Some(Obstacle::Damaged), "{what}: {found:?}");
    }
    // A member that only programs find that read headers one after another.
    let mut hidden = Zip::default();
    hidden.add("a.txt", b"seen");
    hidden.raw(&Zip::of(&[("b.exe", b"MZ unseen")])[..48]);
    hidden.add("c.txt", b"seen");
    check("", &hidden.finish(), "archive ambiguous");
    // The end of another archive in the comment.
    let mut two = Zip::default();
    two.add("a.txt", b"seen");
    let comment = Zip::of(&[]);
    check("", &two.finish_as(1, &comment), "archive ambiguous");
    // Members over each other.
    let mut over = Zip::default();
    let mut first = None;
    over.add_wrong("a.txt", &vec![b'x'; 1 << 16], |header, _| first = Some(header.clone()));
    for at in 0..40 {
        over.record(&Fields { name: format!("{at}.txt"), ..first.clone().unwrap() });
    }
    check("", &over.finish(), "archive ambiguous");
}

#[test]
fn damage_and_unread_formats_are_named() {
    for (expected, zip) in [
        ("archive damaged", wrong(|header, record| (header.crc, record.crc) = (1, 1))),
        ("archive damaged", wrong(|header, record| (header.size, record.size) = (1, 1))),
        ("archive unreadable-format", wrong(|header, record| (header.method, record.method) = (98, 98))),
        ("archive encrypted encrypted", wrong(|header, record| (header.flags, record.flags) = (1, 1))),
        ("archive encrypted encrypted", wrong(|header, record| (header.method, record.method) = (99, 99))),
        ("archive ambiguous", wrong(|header, record| (header.packed, record.packed) = (20, 20))),
    ] {
        check("", &zip, expected);
    }
    // The name of a member that cannot be read still counts.
    let mut zip = Zip::default();
    zip.add_wrong("a.docx", b"content", |header, record| (header.flags, record.flags) = (1, 1));
    check("", &zip.finish(), "archive encrypted encrypted contains-office");
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bombs_are_not_expanded() {
    let zeros = vec![0; 40 << 20];
    check("", &gz(&zeros), "archive ratio");
    check("", &Zip::of(&[("a", &zeros)]), "archive ratio");
    // Each layer expands little, all together much.
    check("", &gz(&gz(&zeros)), "archive ratio");
    check("", &Zip::of(&[("a.xml", b"<a/>"), ("[Content_Types].xml", &zeros)]), "office ratio");
    // An ordinary spreadsheet has parts of such a ratio, and small.
    check("", &Zip::of(&[("a.txt", &vec![b'0'; 4 << 20])]), "archive -");
    // The number of members decides before any of them is read.
    let mut many = Zip::default();
    for at in 0..10_001 {
        many.add(&at.to_string(), b"");
    }
    check("", &many.finish(), "archive too-many-members");
    // All depths count together.
    let names: Vec<String> = (0..6_000).map(|at| at.to_string()).collect();
    let half = Zip::of(&names.iter().map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>());
    check("", &Zip::of(&[("a.zip", &half)]), "archive -");
    check("", &Zip::of(&[("a.zip", &half), ("b.zip", &half)]), "archive too-many-members");
    check("", &Zip::default().finish_as(u16::MAX, b""), "archive too-many-members");
}

#[test]
fn nesting_has_an_end() {
    let mut content = b"core".to_vec();
    let mut found = Vec::new();
    for depth in 1..=200 {
        content = Zip::of(&[("a.zip", &content)]);
        if [11, 12, 13, 200].contains(&depth) {
            found.push(in_words(&look("", &content)));
        }
    }
    // The innermost text has the name of an archive.
    assert_eq!(found[0], "archive ambiguous name-mismatch");
    assert_eq!(found[2], "archive nested-too-deep");
    assert_eq!(found[3], "archive nested-too-deep");
}

/// Whichever bytes are cut off or turned over, the look ends by itself and gives an answer.
#[test]
fn damaged_documents_end_no_process() {
    let mut seeds = vec![
        wrong(|_, _| {}),
        gz(b"content"),
        b"{\\rtf1{\\object\\objdata 0105000002000000}}".to_vec(),
        b"%PDF-1.7\n1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\nx\nendstream".to_vec(),
    ];
    let text = b"Guten Tag ".repeat(9);
    seeds.push(super::packed::seven_zip(&[("a.txt", &text), ("b.js", b"x")], &[]));
    seeds.push(super::packed::packed("xz", "xz-utils", &text));
    seeds.push(super::packed::packed("bzip2", "bzip2", &text));
    for name in ["clam.ole.doc", "clam.ppt", "clam.pdf", "clam.mail", "clam.tar.gz"] {
        let files = crate::support::clamd::test_files();
        seeds.push(files.into_iter().find(|(found, _)| found == name).unwrap().1);
    }
    let mut random = 0x5eed_u64;
    let mut roll = |sides: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % sides
    };
    for seed in &seeds {
        for _ in 0..12 {
            let mut content = seed.clone();
            for _ in 0..=roll(4) {
                let at = roll(content.len());
                content[at] ^= 1 << roll(8);
            }
            if roll(2) == 0 {
                content.truncate(1 + roll(content.len()));
            }
            let found = look("", &content);
            assert_ne!(found.obstacle, Some(Obstacle::NotFinished), "{found:?}");
        }
    }
}
