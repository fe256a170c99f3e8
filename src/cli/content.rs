//! Local files: their hashes, and signed notes in them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::proof::MAX_NOTE;

/// The SHA-256 of a file, in hexadecimal digits.
pub(super) fn sha256(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(HEXLOWER.encode(&hash.finalize())),
            length => hash.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}

/// The signed note in a file.
pub(super) fn note(path: &Path) -> anyhow::Result<String> {
    let mut note = String::new();
    let opened = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let read = opened.take(MAX_NOTE).read_to_string(&mut note);
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(note)
}
