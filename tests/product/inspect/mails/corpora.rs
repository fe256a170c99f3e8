//! Mails of other programs' tests: nothing that Python finds is lost, and nothing ends the process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tresor::model::Obstacle;

use crate::fuzz_seeds::targets::targets;
use crate::support::process::{crate_sources, installed, succeed, tool};

/// Prints each named leaf that Python's `email` finds in a mail without defects: file, SHA-256 of the bytes, name.
const PYTHON: &str = r#"
import email, hashlib, sys
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        mail = email.message_from_bytes(file.read())
    parts = list(mail.walk())
    print("mail", "defects" if any(part.defects for part in parts) else "whole", path, sep="\t")
    for part in parts:
        if not part.is_multipart() and part.get_filename() is not None:
            content = part.get_payload(decode=True)
            print("leaf", hashlib.sha256(content).hexdigest(), path, repr(part.get_filename()), sep="\t")
"#;

/// Leaves that Python finds and that are not handed out with the same bytes: mail, name, why.
const OTHER: &[(&str, &str, &str)] = &[];

/// The mails: of the crate `mail-parser`, and of the Python package of the same name.
fn mails() -> Vec<PathBuf> {
    let crate_folder = crate_sources("mail-parser");
    let mut mails = Vec::new();
    for folder in [crate_folder.join("resources/eml"), installed("mails/mail_parser-4.8.0/tests/mails")] {
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                match path.extension().and_then(|ending| ending.to_str()) {
                    _ if path.is_dir() => folders.push(path),
                    Some("eml") | None => mails.push(path),
                    Some(_) => {}
                }
            }
        }
    }
    mails.sort();
    mails
}

#[test]
fn nothing_that_python_finds_is_lost() {
    let mails = mails();
    assert!(mails.len() >= 130, "{}", mails.len());
    let found = succeed(tool("python3", "python3").arg("-c").arg(PYTHON).args(&mails));
    let mut missing = Vec::new();
    let (mut whole, mut compared) = (BTreeSet::new(), 0);
    let mut handed_out = (String::new(), BTreeSet::new());
    for line in found.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let path = fields[2];
        if fields[0] == "mail" {
            if fields[1] == "whole" {
                whole.insert(path);
            }
            continue;
        }
        if !whole.contains(path) {
            continue;
        }
        if handed_out.0 != path {
            let (files, _) = super::unpack(&fs::read(path).unwrap());
            let sums =
                files.iter().map(|file| data_encoding::HEXLOWER.encode(&Sha256::digest(&file.content)));
            handed_out = (path.to_owned(), sums.collect());
        }
        compared += 1;
        if !handed_out.1.contains(fields[1]) {
            let mail = Path::new(path).file_name().unwrap().to_str().unwrap();
            missing.push((mail, fields[3]));
        }
    }
    let expected: Vec<(&str, &str)> = OTHER.iter().map(|(mail, name, _)| (*mail, *name)).collect();
    assert_eq!(missing, expected);
    assert!(compared >= 60, "{compared}");
}

/// Bytes at the beginning of a mail that are changed.
const MOST_CHANGED: usize = 30_000;

/// Whichever bytes are cut off or turned over, the walk ends by itself, and hands out nothing that was not looked at.
#[test]
fn damaged_mails_keep_the_promises_of_whole_ones() {
    let (_, promise) = targets().find(|(name, _)| *name == "mail").unwrap();
    let mut random = 0x5eed_u64;
    let mut roll = |sides: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % sides
    };
    let samples = installed("mails/tnefparse-1.4.0/tests/examples");
    let samples = fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path());
    let samples = samples.filter(|path| path.extension().is_some_and(|ending| ending == "tnef"));
    for path in mails().into_iter().chain(samples) {
        let whole = fs::read(&path).unwrap();
        promise(&whole);
        for _ in 0..3 {
            let mut content = whole[..whole.len().min(MOST_CHANGED)].to_vec();
            for _ in 0..roll(4) {
                let at = roll(content.len());
                content[at] ^= 1 << roll(8);
            }
            content.truncate(1 + roll(content.len()));
            promise(&content);
        }
    }
}

/// The samples of tnefparse 1.4.0: obstacle, names and lengths of the files. Compared with what it finds; it cuts the first
/// documents of two samples, and takes the whole attribute of the list for its file.
const SAMPLES: &[(&str, &str, &[&str])] = &[
    ("IPM-DistList.tnef", "damaged", &["winmail.dat 28629", "winmail/Untitled Attachment 89"]),
    (
        "MAPI_ATTACH_DATA_OBJ.tnef",
        "-",
        &[
            "winmail/VIA_Nytt_1402.doc 61952",
            "winmail/VIA_Nytt_1402.pdf 213685",
            "winmail/VIA_Nytt_14021.htm 68919",
        ],
    ),
    ("MAPI_OBJECT.tnef", "-", &["winmail.dat 630703"]),
    ("bad_checksum.tnef", "damaged", &["winmail.dat 1543512", "winmail/image001.png 1533127"]),
    ("body.tnef", "-", &[]),
    (
        "data-before-name.tnef",
        "-",
        &["winmail/AUTOEXEC.BAT 0", "winmail/CONFIG.SYS 0", "winmail/boot.ini 289"],
    ),
    (
        "duplicate_filename.tnef",
        "damaged",
        &[
            "winmail.dat 348479",
            "winmail/file_abcdefgh.txt 61952",
            "winmail/file_abcdefgh.txt 213685",
            "winmail/VIA_Nytt_14021.htm 68919",
        ],
    ),
    ("garbage-at-end.tnef", "damaged", &["winmail.dat 4184"]),
    ("long-filename.tnef", "-", &["winmail/allproductsmar2000.dat 279"]),
    (
        "missing-filenames.tnef",
        "-",
        &[
            "winmail/generpts.src 61210",
            "winmail/TechlibDEC99.doc 33792",
            "winmail/TechlibDEC99-JAN00.doc 34304",
            "winmail/TechlibNOV99.doc 33792",
        ],
    ),
    ("multi-name-property.tnef", "-", &[]),
    ("multi-value-attribute.tnef", "-", &["winmail/208225__5_seconds__Voice_Mail.mp3 10656"]),
    ("one-file.tnef", "-", &["winmail/AUTHORS 244"]),
    ("rtf.tnef", "-", &[]),
    ("triples.tnef", "-", &[]),
    ("two-files.tnef", "-", &["winmail/AUTHORS 244", "winmail/README 893"]),
    (
        "umlaut.tnef",
        "-",
        &["winmail/TBZ PARIV GmbH.jpg 44764", "winmail/image003.jpg 1001", "winmail/UmlautAnhang-äüö.txt 14"],
    ),
    (
        "unicode-mapi-attr-name.tnef",
        "-",
        &[
            "winmail/spaconsole2.cfg 8387",
            "winmail/image001.png 3815",
            "winmail/image002.png 3573",
            "winmail/image003.png 3792",
        ],
    ),
    ("unicode-mapi-attr.tnef", "-", &["winmail/example.dat 1024"]),
];

#[test]
fn samples_of_winmail_dat_give_their_files() {
    let folder = installed("mails/tnefparse-1.4.0/tests/examples");
    for (name, obstacle, expected) in SAMPLES {
        let content = fs::read(folder.join(name)).unwrap();
        let mail = super::mail(&[&super::part("application/ms-tnef", "winmail.dat", &content)]);
        let (files, unpacked) = super::unpack(&mail);
        let files: Vec<_> =
            files.iter().map(|file| format!("{} {}", file.path.join("/"), file.content.len())).collect();
        let found = unpacked.obstacle.map_or("-", Obstacle::as_str);
        assert_eq!(
            (found, files.iter().map(String::as_str).collect::<Vec<_>>().as_slice()),
            (*obstacle, *expected),
            "{name}"
        );
    }
}
