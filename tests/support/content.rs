//! Test content: the same bytes for the same seed, trees with odd names, hashes to compare.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::process::{succeed, tool};

/// Part of every generated content at the start of each 64 KiB, so that a leak of any part is found.
pub const CONTENT_MARK: &str = "Zwirbelmeier-Bilanz-Inhalt";

/// Part of the names of generated files and folders.
pub const NAME_MARK: &str = "Zwirbelmeier-Akte";

/// Names that are legal on Linux and that some client or server once mishandled. No two of them are the same text
/// in another case or composition, because a folder can contain only one of such a pair.
pub const ODD_NAMES: [&str; 19] = [
    "Zwirbelmeier-Akte Übersicht.txt",
    "Zwirbelmeier-Akte A\u{308}nderung.txt",
    "Zwirbelmeier-Akte 100% sicher.txt",
    "Zwirbelmeier-Akte %41 nicht dekodieren.txt",
    "Zwirbelmeier-Akte #1.txt",
    "Zwirbelmeier-Akte was?.txt",
    "Zwirbelmeier-Akte a;b=c.txt",
    "Zwirbelmeier-Akte a+b.txt",
    "Zwirbelmeier-Akte 'einfach'.txt",
    "Zwirbelmeier-Akte \"doppelt\".txt",
    "Zwirbelmeier-Akte <spitz>.txt",
    "Zwirbelmeier-Akte [eckig] {rund} (klar).txt",
    "Zwirbelmeier-Akte Müller & Söhne, Köln.txt",
    "Zwirbelmeier-Akte ~ ^ | : * $ !.txt",
    "Zwirbelmeier-Akte 日本語.txt",
    "Zwirbelmeier-Akte 🔐.txt",
    ".Zwirbelmeier-Akte verborgen",
    "  Zwirbelmeier-Akte mit Rand",
    "Zwirbelmeier-Akte ohne Endung",
];

/// Sizes around the 64 KiB chunk of a container, in bytes.
pub const EDGE_SIZES: [usize; 7] = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000];

/// `len` bytes derived from the seed, with [`CONTENT_MARK`] at every 64 KiB.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len);
    Generator::new(seed).take(len as u64).read_to_end(&mut out).unwrap();
    out
}

/// Writes a file of such bytes and returns its SHA-256 in hex.
pub fn write_file(path: &Path, seed: u64, len: u64) -> String {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let mut hasher = Sha256::new();
    let mut source = Generator::new(seed).take(len);
    let mut block = vec![0; BLOCK];
    loop {
        let n = source.read(&mut block).unwrap();
        if n == 0 {
            break;
        }
        hasher.update(&block[..n]);
        file.write_all(&block[..n]).unwrap();
    }
    file.flush().unwrap();
    HEXLOWER.encode(&hasher.finalize())
}

/// The SHA-256 of some bytes in hex.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The SHA-256 of a file in hex.
pub fn sha256_file(path: &Path) -> String {
    let mut file = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; BLOCK]);
    loop {
        match file.read(&mut buffer).unwrap_or_else(|e| panic!("{}: {e}", path.display())) {
            0 => return data_encoding::HEXLOWER.encode(&hasher.finalize()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Every file below `root` with its hash, every folder with the word `folder`.
pub fn tree(root: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.insert(name, "folder".to_owned());
                walk(root, &path, found);
            } else {
                found.insert(name, sha256_file(&path));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

/// Panics with the differences when two trees are not the same in names and content.
pub fn assert_same_tree(expected: &Path, found: &Path) {
    let (expected, found) = (tree(expected), tree(found));
    let missing: Vec<_> = expected.keys().filter(|name| !found.contains_key(*name)).collect();
    let extra: Vec<_> = found.keys().filter(|name| !expected.contains_key(*name)).collect();
    let changed: Vec<_> = expected
        .iter()
        .filter(|(name, hash)| found.get(*name).is_some_and(|other| other != *hash))
        .map(|(name, _)| name)
        .collect();
    assert!(
        missing.is_empty() && extra.is_empty() && changed.is_empty(),
        "trees differ\nmissing: {missing:?}\nextra: {extra:?}\nchanged: {changed:?}"
    );
}

/// Fills `dir` with a source tree: this project's sources, a few hundred system headers, the odd
/// names, nested folders and sizes around the chunk size.
pub fn source_tree(dir: &Path) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    succeed(tool("cp", "coreutils").arg("-a").arg(project.join("src")).arg(dir.join("src")));
    // From linux-libc-dev, which every C compiler on Debian depends on.
    copy_some_files(Path::new("/usr/include/linux"), &dir.join("linux"), 200);
    odd_tree(&dir.join(format!("{NAME_MARK} Ä")));
}

/// Fills `dir` with the odd names and edge sizes only: a small tree for slow clients.
pub fn odd_tree(dir: &Path) {
    let nested = dir.join("eins/zwei/drei/leer");
    fs::create_dir_all(&nested).unwrap();
    for (seed, name) in (0..).zip(ODD_NAMES) {
        write_file(&dir.join(name), seed, 1000 + seed);
    }
    for (seed, size) in (100..).zip(EDGE_SIZES) {
        let name = format!("{NAME_MARK} {size}.bin");
        write_file(&dir.join("eins").join(name), seed, size as u64);
    }
    // Composed and decomposed, in two folders because one can contain only one of them.
    for form in ["\u{fc}", "u\u{308}"] {
        let dir = dir.join(format!("{NAME_MARK}-{}", form.chars().count()));
        fs::create_dir_all(&dir).unwrap();
        write_file(&dir.join(format!("Pr{form}fung.txt")), 200, 10);
    }
}

/// Copies at most `at_most` files of one folder.
fn copy_some_files(from: &Path, to: &Path, at_most: usize) {
    fs::create_dir_all(to).unwrap();
    let mut files: Vec<_> = fs::read_dir(from)
        .unwrap_or_else(|e| panic!("{}: {e}", from.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    for file in files.iter().take(at_most) {
        fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
    }
}

const BLOCK: usize = 64 * 1024;

/// An endless reader: blocks of 64 KiB, each [`CONTENT_MARK`] and then noise from xorshift64*.
struct Generator {
    state: u64,
    block: Vec<u8>,
    at: usize,
}

impl Generator {
    fn new(seed: u64) -> Self {
        Self {
            // An odd constant spreads small seeds; the state must never be zero.
            state: seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            block: vec![0; BLOCK],
            at: BLOCK,
        }
    }

    fn refill(&mut self) {
        for word in self.block.chunks_exact_mut(8) {
            self.state ^= self.state >> 12;
            self.state ^= self.state << 25;
            self.state ^= self.state >> 27;
            let value = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d);
            word.copy_from_slice(&value.to_le_bytes());
        }
        self.block[..CONTENT_MARK.len()].copy_from_slice(CONTENT_MARK.as_bytes());
        self.at = 0;
    }
}

impl Read for Generator {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == BLOCK {
            self.refill();
        }
        let n = out.len().min(BLOCK - self.at);
        out[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// Every file below `dir`, sorted; none if there is no such directory.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    files
}
