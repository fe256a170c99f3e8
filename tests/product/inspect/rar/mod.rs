//! RAR archives of all versions: the findings of a look, and that each member is unpacked as another program does it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use tresor::inspect::{Breadth, Handed, Inspection, Inspector};
use tresor::scan::Sample;

use super::formats::docx;
use super::packed::crc;
use super::{check, in_words, look};
use crate::support::process::{Outcome, crate_sources, installed, tool};

/// A number as version 5 writes it.
fn number(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}

/// A header of version 5 with its fields and data.
fn block(kind: usize, flags: usize, fields: &[u8], data: &[u8]) -> Vec<u8> {
    let flags = if data.is_empty() { flags } else { flags | 2 };
    let mut header = [number(kind), number(flags)].concat();
    if !data.is_empty() {
        header.extend(number(data.len()));
    }
    header.extend(fields);
    let summed = [number(header.len()), header].concat();
    [&crc(&summed).to_le_bytes()[..], &summed, data].concat()
}

/// A file of version 5 that is not compressed, or a service.
fn member(kind: usize, name: &str, content: &[u8]) -> Vec<u8> {
    let (size, sum) = (number(content.len()), crc(content).to_le_bytes());
    let fields = [&number(4)[..], &size, &[0x20], &sum, &[0, 1], &number(name.len()), name.as_bytes()];
    block(kind, 0, &fields.concat(), content)
}

/// An archive of version 5 with these blocks.
fn archive_of(blocks: &[Vec<u8>]) -> Vec<u8> {
    [b"Rar!\x1a\x07\x01\0", &block(1, 0, &[0], b"")[..], &blocks.concat(), &block(5, 0, &[0], b"")].concat()
}

/// An archive of version 5 whose files are not compressed.
pub(crate) fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    archive_of(&files.iter().map(|(name, content)| member(2, name, content)).collect::<Vec<_>>())
}

/// A block of version 4, whose fields follow the length of its data.
fn old_block(kind: u8, flags: u16, fields: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(7 + fields.len()).unwrap();
    let summed = [&[kind][..], &flags.to_le_bytes(), &length.to_le_bytes(), fields].concat();
    let sum = u16::try_from(crc(&summed) & 0xffff).unwrap();
    [&sum.to_le_bytes()[..], &summed, data].concat()
}

/// The same in the form before version 5, with other flags and attributes, too.
fn old_stored(files: &[(&str, &[u8])], flags: u16, attributes: u32) -> Vec<u8> {
    let mut archive = [&b"Rar!\x1a\x07\0"[..], &old_block(0x73, 0, &[0; 6], b"")].concat();
    for (name, content) in files {
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let name_len = u16::try_from(name.len()).unwrap().to_le_bytes();
        let fields = [
            &size[..],
            &size,
            &[3],
            &crc(content).to_le_bytes(),
            &[0; 4],
            &[29, 0x30],
            &name_len,
            &attributes.to_le_bytes(),
            name.as_bytes(),
        ];
        archive.extend(old_block(0x74, 0x8000 | flags, &fields.concat(), content));
    }
    archive.extend(old_block(0x7b, 0x4000, b"", b""));
    archive
}

/// The samples of the crate `rars` and of the Python package `rarfile`, by their names there.
fn samples() -> BTreeMap<String, PathBuf> {
    let mut samples = BTreeMap::new();
    for (origin, root) in [
        ("rars", crate_sources("rars").join("tests/fixtures")),
        ("rarfile", installed("rar/rarfile-4.5/test/files")),
    ] {
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if fs::read(&path).unwrap().starts_with(b"Rar!\x1a\x07") {
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                    samples.insert(format!("{origin}/{name}"), path);
                }
            }
        }
    }
    samples
}

/// The members that are handed out for a scan.
pub(super) fn unreached(content: &[u8]) -> (Vec<Vec<u8>>, Inspection) {
    let inspector = Inspector::new(env!("CARGO_BIN_EXE_tresor"));
    let mut members = Vec::new();
    let sample = Sample::of(content).unwrap();
    let done = inspector.examine(sample.as_fd(), "", &[], Breadth::Unreached, &mut |handed| {
        let Handed::Member(member) = handed else { panic!("{handed:?}") };
        members.push(member);
        ControlFlow::Continue(())
    });
    (members, done.unwrap().inspection)
}

/// The digests of the files that another program unpacks; `None` if it complains.
fn by(mut command: Command, folder: &Path) -> Option<Vec<String>> {
    let outcome = Outcome::of(&mut command);
    let (mut folders, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if !path.is_symlink() {
                found.push(digest(&fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    (outcome.code == 0).then_some(found)
}

/// The digests of the files in an archive as two programs unpack it, of which each gives up on some.
fn by_others(archive: &Path) -> impl Iterator<Item = Vec<String>> {
    ["unar", "libarchive-tools"].into_iter().filter_map(move |package| {
        let folder = tempfile::tempdir().unwrap();
        let command = if package == "unar" {
            let mut command = tool("unar", package);
            command.args(["-q", "-D", "-o"]).arg(folder.path()).arg(archive);
            command
        } else {
            let mut command = tool("bsdtar", package);
            command.arg("-xf").arg(archive).arg("-C").arg(folder.path());
            command
        };
        by(command, folder.path())
    })
}

fn digest(content: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(content))
}

/// Samples that are not read whole, and some that are.
const KINDS: &[(&str, &str)] = &[
    ("rarfile/rar15-comment-lock.rar", "archive damaged"),
    ("rarfile/rar202-comment-psw.rar", "archive damaged encrypted"),
    ("rarfile/rar3-comment-hpsw.rar", "archive encrypted encrypted"),
    ("rarfile/rar3-comment-plain.rar", "archive -"),
    ("rarfile/rar3-comment-psw.rar", "archive encrypted encrypted"),
    ("rarfile/rar3-old.rar", "archive unreadable-format"),
    ("rarfile/rar3-solid.rar", "archive -"),
    ("rarfile/rar3-symlink-unix.rar", "archive unreadable-format"),
    ("rarfile/rar3-versions.rar", "archive -"),
    ("rarfile/rar3-vols.part1.rar", "archive unreadable-format"),
    ("rarfile/rar3-vols.part3.rar", "archive unreadable-format"),
    ("rarfile/rar5-blake.rar", "archive -"),
    ("rarfile/rar5-dups.rar", "archive unreadable-format"),
    ("rarfile/rar5-evil-symlink-traversal.rar", "archive unreadable-format"),
    ("rarfile/rar5-hlink.rar", "archive unreadable-format"),
    ("rarfile/rar5-hpsw.rar", "archive encrypted encrypted"),
    ("rarfile/rar5-psw.rar", "archive encrypted encrypted"),
    ("rarfile/rar5-quick-open.rar", "archive -"),
    ("rarfile/rar5-solid-qo.rar", "archive -"),
    ("rarfile/rar5-symlink-win.rar", "archive unreadable-format"),
    ("rarfile/rar5-versions.rar", "archive ambiguous"),
    ("rarfile/rar5-vols.part1.rar", "archive ambiguous"),
    ("rarfile/rar5-vols.part3.rar", "archive unreadable-format"),
    (
        "rars/rar15_40/encrypted/rar4_sharpcompress_files_only.rar",
        "archive encrypted encrypted contains-program",
    ),
    ("rars/rar15_40/ppmd/ppmd_solid_rar300.rar", "archive -"),
    ("rars/rar15_40/rarvm/filter_bsdcat_exe.rar", "archive - contains-program"),
    ("rars/rar15_40/zero_head_size.rar", "archive damaged"),
    ("rars/rar50/algorithm_version_2.rar", "archive unreadable-format"),
    ("rars/rar50/first_block_without_tables.rar", "archive damaged"),
    ("rars/rar50/m5_max.rar", "archive -"),
    ("rars/rar50/with_all_services.rar", "archive -"),
];

/// Samples on which both other programs give up: two of old versions, and one with a wrong checksum beside a right one.
const GIVEN_UP: [&str; 3] = [
    "rars/rar15_40/rar154/doc_154_best.rar",
    "rars/rar15_40/rar250/SOLID.RAR",
    "rars/rar50/crc32_wrong_beside_blake2sp.rar",
];

#[test]
fn each_sample_is_unpacked_as_other_programs_do_or_is_an_obstacle() {
    let samples = samples();
    assert!(samples.len() >= 200, "{}", samples.len());
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (name, path) in &samples {
        let content = fs::read(path).unwrap();
        let (members, done) = unreached(&content);
        if done.obstacle.is_none() {
            let mut own: Vec<_> = members.iter().map(|member| digest(member)).collect();
            own.sort();
            if !GIVEN_UP.contains(&name.as_str()) && !by_others(path).any(|others| others == own) {
                wrong.push(format!("{name}: {} members are others", members.len()));
            }
            compared += 1;
        }
        let file = path.file_name().unwrap().to_str().unwrap();
        if let Some((_, expected)) = KINDS.iter().find(|(known, _)| known == name) {
            let found = in_words(&look(file, &content));
            if found != *expected {
                wrong.push(format!("{name}: {found}, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(KINDS.iter().all(|(name, _)| samples.contains_key(*name)));
    assert!(compared >= 75, "{compared}");
}

#[test]
fn archives_tell_what_they_hold() {
    let document = docx(&[]);
    let both = [("brief.docx", &document[..]), ("ordner\\a.exe", b"MZ\x90\0"), ("leer.txt", b"")];
    for archive in [stored(&both), old_stored(&both, 0, 0)] {
        check("a.rar", &archive, "archive - contains-office contains-program");
        check("a.zip", &archive, "archive - contains-office contains-program");
        // Each member, in the order of the archive; scanners read the contents of these.
        let (members, done) = unreached(&archive);
        assert_eq!((members, done.obstacle), (both.map(|(_, content)| content.to_vec()).to_vec(), None));
    }
    check("a.rar", &stored(&[("a.pdf", b"%PDF-1.7"), ("b.txt", b"x")]), "archive -");
    check("a.rar", &stored(&[]), "archive -");
    check("a.rar", &stored(&[("a.txt", b"MZ")]), "archive - name-mismatch contains-program");
    check("a.rar", &stored(&[("..\\a.txt", b"x")]), "archive - deceptive-name");
    let inner = stored(&[("a.exe", b"MZ")]);
    let outer = stored(&[("b.rar", &inner)]);
    check("a.rar", &outer, "archive - contains-program");
    assert_eq!(unreached(&outer).0, [inner, b"MZ".to_vec()]);
    // The name of a member says what an obstacle hides.
    let mut wrong = old_stored(&[("a.exe", &[&b"MZ"[..], &[b'x'; 500]].concat())], 0, 0);
    let middle = wrong.len() - 100;
    wrong[middle] ^= 1;
    check("a.rar", &wrong, "archive damaged contains-program");
}

#[test]
fn archives_that_hide_something_are_not_looked_at_whole() {
    let files = [("a.txt", &b"Guten Tag"[..])];
    let (new, old) = (stored(&files), old_stored(&files, 0, 0));
    for archive in [&new, &old] {
        check("a.rar", archive, "archive -");
        check("a.rar", &[archive, &b"more"[..]].concat(), "archive ambiguous");
        check("a.gif", &[&b"GIF89a"[..], archive].concat(), "image ambiguous polyglot");
        for length in [9, archive.len() / 2, archive.len() - 8] {
            check("a.rar", &archive[..length], "archive damaged");
        }
        for at in [12, 30, archive.len() - 1] {
            let mut wrong = archive.clone();
            wrong[at] ^= 1;
            assert!(look("a.rar", &wrong).obstacle.is_some(), "{at}");
        }
    }
    check("a.rar", b"Rar!\x1a\x07\x02\0", "archive unreadable-format");
    // Flags of a volume, a link of Unix, two files of one name, a name with another end for some programs.
    check("a.rar", &old_stored(&files, 1, 0), "archive unreadable-format");
    check("a.rar", &old_stored(&files, 0, 0o120_777), "archive unreadable-format");
    check("a.rar", &stored(&[files[0], files[0]]), "archive ambiguous");
    check("a.rar", &old_stored(&[("a.exe\0a.txt", b"Guten Tag")], 0, 0), "archive ambiguous");
    check("a.rar", &stored(&[("a.txt", &vec![b'0'; 3 << 20])]), "archive -");
    // Streams of NTFS, and a header that no version knows.
    check(
        "a.rar",
        &archive_of(&[member(2, "a.txt", b"x"), member(3, "STM", b"x")]),
        "archive unreadable-format",
    );
    check(
        "a.rar",
        &archive_of(&[member(2, "a.txt", b"x"), block(9, 4, b"", b"x")]),
        "archive unreadable-format",
    );
    check("a.rar", &archive_of(&[block(1, 0, &[0], b"")]), "archive ambiguous");
}

#[test]
fn a_list_for_quick_opening_has_the_same_members() {
    let file = member(2, "a.txt", b"Guten Tag");
    let header = &file[..file.len() - b"Guten Tag".len()];
    let list = |copy: &[u8], back: usize| {
        let record = [&number(0)[..], &number(back), &number(copy.len()), copy].concat();
        let summed = [number(record.len()), record].concat();
        [&crc(&summed).to_le_bytes()[..], &summed].concat()
    };
    let with = |list: &[u8]| archive_of(&[file.clone(), member(3, "QO", list)]);
    check("a.rar", &with(&list(header, file.len())), "archive -");
    // Some programs show the members in the list, others those in the archive.
    let other = String::from_utf8_lossy(header).replace("a.txt", "a.exe");
    check("a.rar", &with(&list(other.as_bytes(), file.len())), "archive ambiguous");
    check("a.rar", &with(&list(header, file.len() - 1)), "archive ambiguous");
    check("a.rar", &with(b"list"), "archive ambiguous");
}
