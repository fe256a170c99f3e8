//! The search for traces: no name and no content of a test may be readable in the data directory, in the log or in
//! a temporary folder.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::process::{Outcome, tool};

/// Where one of the words was found.
#[derive(Debug)]
pub struct Hit {
    pub file: PathBuf,
    /// The word was in the file's name, not in its content.
    pub in_name: bool,
}

/// Searches all names and contents below `roots` (files or folders) for words: plain, percent-encoded and in
/// hexadecimal. Does not follow symbolic links or enter mounts.
pub fn search(words: &[&str], roots: &[PathBuf]) -> Vec<Hit> {
    let needles: Vec<String> = words.iter().flat_map(|word| spellings(word)).collect();
    let mut hits = Vec::new();
    for root in roots {
        search_names(&needles, root, &mut hits);
        search_contents(&needles, root, &mut hits);
    }
    hits
}

/// Searches all contents below `roots` for these bytes, which contain no zero and no line end.
pub fn search_bytes(pieces: &[Vec<u8>], roots: &[PathBuf]) -> Vec<Hit> {
    let needles: Vec<OsString> = pieces.iter().map(|piece| OsString::from_vec(piece.clone())).collect();
    let mut hits = Vec::new();
    for root in roots {
        search_contents(&needles, root, &mut hits);
    }
    hits
}

/// Up to `most` pieces of a content by which it is recognised, evenly spread, as [`search_bytes`] takes them.
pub fn pieces(content: &[u8], most: usize) -> Vec<Vec<u8>> {
    let is_rare = |piece: &&[u8]| {
        let bytes: BTreeSet<u8> = piece.iter().copied().collect();
        bytes.len() > 10 && !bytes.contains(&0) && !bytes.contains(&b'\n')
    };
    let rare: Vec<_> = content.chunks_exact(16).filter(is_rare).collect();
    let step = rare.len().div_ceil(most).max(1);
    rare.into_iter().step_by(step).map(<[u8]>::to_vec).collect()
}

/// The present entries of the machine's temporary folders, without those that the tests themselves create. The
/// difference to a later call shows the added ones.
pub fn temporary_entries() -> BTreeSet<PathBuf> {
    ["/tmp", "/var/tmp", "/dev/shm"]
        .iter()
        .filter_map(|dir| fs::read_dir(dir).ok())
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            ![WORK_PREFIX, LITMUS_PREFIX].iter().any(|own| name.to_string_lossy().starts_with(own))
        })
        .map(|entry| entry.path())
        .collect()
}

/// Prefix of a test's working folder in the system's temporary folder.
pub const WORK_PREFIX: &str = "tresor-test-";

/// Prefix of the files that litmus briefly keeps in `/tmp`, without regard to `TMPDIR`: a litmus that runs beside
/// this test has its own there.
const LITMUS_PREFIX: &str = "litmus";

/// The spellings in which a word may have leaked.
fn spellings(word: &str) -> Vec<String> {
    let percent = |digits: &dyn Fn(u8) -> String| {
        word.bytes().fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&digits(byte));
            }
            out
        })
    };
    let hex = word.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    });
    let mut all = vec![
        word.to_owned(),
        percent(&|byte| format!("%{byte:02X}")),
        percent(&|byte| format!("%{byte:02x}")),
        hex.to_uppercase(),
        hex,
    ];
    all.sort();
    all.dedup();
    all
}

fn search_names(needles: &[String], path: &Path, hits: &mut Vec<Hit>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if needles.iter().any(|needle| name.contains(needle)) {
        hits.push(Hit { file: path.to_path_buf(), in_name: true });
    }
    // A folder may vanish while another test cleans up; then there is nothing to search.
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            search_names(needles, &entry.path(), hits);
        }
    }
}

/// Lets `grep` read the gibibytes; an unoptimised loop here would take minutes.
fn search_contents<N: AsRef<OsStr>>(needles: &[N], root: &Path, hits: &mut Vec<Hit>) {
    let mut find = tool("find", "findutils");
    find.arg(root).args(["-xdev", "-type", "f", "-exec", "grep", "-laFs"]);
    for needle in needles {
        find.arg("-e").arg(needle.as_ref());
    }
    find.args(["--", "{}", "+"]).env("LC_ALL", "C");
    // Of the exit codes only the time limit matters: grep returns 1 for "not found", and find passes it on.
    let found = Outcome::of(&mut find);
    assert!(found.code != 124, "the search took too long\n{found}");
    hits.extend(found.stdout.lines().map(|line| Hit { file: PathBuf::from(line), in_name: false }));
}
