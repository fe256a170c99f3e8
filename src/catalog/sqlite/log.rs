//! Finds the pages in the write-ahead log, by its frame headers.
//!
//! ```text
//! 32 bytes   magic, version, page size, sequence, two salts, two checksums
//! 24 bytes   page number, size after a commit, two salts, two checksums      for each frame,
//! page       as SQLCipher sealed it                                          each number big-endian, 4 bytes
//! ```
//! (sqlite.org/fileformat2.html, "The WAL File Format".) SQLCipher seals pages only, so the headers are plain.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::model::layout;

const HEADER_LEN: usize = 32;
const FRAME_HEADER_LEN: usize = 24;
/// Position of the salts in both headers; a frame with other salts is left over from before the log was restarted.
const HEADER_SALTS: std::ops::Range<usize> = 16..24;
const FRAME_SALTS: std::ops::Range<usize> = 8..16;

/// The numbers of the pages in the log of the database at `database`; none without a log. Opening the log beside
/// SQLite is safe, because SQLite holds no locks on it.
pub(super) fn pages(database: &Path) -> io::Result<HashSet<u32>> {
    let file = match File::open(layout::beside(database, layout::WAL)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashSet::new()),
        opened => opened?,
    };
    let mut header = [0; HEADER_LEN];
    if !read_whole(&file, &mut header, 0)? {
        return Ok(HashSet::new());
    }
    let page_size = u64::from(number(&header, 8));
    let (mut pages, mut at) = (HashSet::new(), HEADER_LEN as u64);
    let mut frame = [0; FRAME_HEADER_LEN];
    while read_whole(&file, &mut frame, at)? && frame.get(FRAME_SALTS) == header.get(HEADER_SALTS) {
        pages.insert(number(&frame, 0));
        at += FRAME_HEADER_LEN as u64 + page_size;
    }
    Ok(pages)
}

/// Reads `bytes` at an offset; false if the file is too short.
fn read_whole(file: &File, bytes: &mut [u8], at: u64) -> io::Result<bool> {
    match file.read_exact_at(bytes, at) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

fn number(header: &[u8], at: usize) -> u32 {
    let bytes = header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    u32::from_be_bytes(bytes.unwrap_or_default())
}
