//! Mails of other programs' tests: nothing that Python finds is lost, and nothing ends the process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use tresor::model::Obstacle;
use tresor::parsers::contents::{look_into, unpack};

use super::super::look;
use crate::support::process::{installed, succeed, tool};

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
    let metadata = succeed(Command::new(env!("CARGO")).args([
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--locked",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let parser = packages.iter().find(|package| package["name"] == "mail-parser").unwrap();
    let crate_folder = Path::new(parser["manifest_path"].as_str().unwrap()).parent().unwrap();
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

/// Whatever is cut off or turned over, the walk ends by itself; readers that panic do so behind their fence.
#[test]
fn damaged_mails_end_no_process() {
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
        let found = look("a.eml", &whole);
        assert_ne!(found.obstacle, Some(Obstacle::NotFinished), "{}", path.display());
        let (_, unpacked) = super::unpack(&whole);
        assert_ne!(unpacked.obstacle, Some(Obstacle::NotFinished), "{}", path.display());
        for _ in 0..3 {
            let mut content = whole[..whole.len().min(MOST_CHANGED)].to_vec();
            for _ in 0..roll(4) {
                let at = roll(content.len());
                content[at] ^= 1 << roll(8);
            }
            content.truncate(1 + roll(content.len()));
            look_into(&content);
            unpack(&content, &mut Vec::new()).unwrap();
        }
    }
}
