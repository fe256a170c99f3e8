//! Writes the whole catalogue as packed text, and restores it.
//!
//! The text is SQL ([`Connection::dump`](super::sqlite::Connection::dump)), packed as gzip (RFC 1952), which every
//! stock machine can unpack. The caller seals it before it is written to a disk. Older snapshots were not packed,
//! and are read as well.

use std::io::{self, BufRead, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::sqlite::Database;
use super::{CatalogError, ReadTx};

/// Bytes of a snapshot's text that are packed or unpacked at a time.
const BUFFER: usize = 1 << 16;

/// Compression level: saves most of the possible space, at several times the speed of the default level.
const LEVEL: u32 = 2;
/// First bytes of a gzip file (RFC 1952 2.3.1); no SQL text begins with them.
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl ReadTx<'_> {
    /// Writes everything as packed SQL text, in a few hundred kilobytes of memory.
    ///
    /// Errors: `Io` if `to` fails; `Damaged`.
    pub fn dump_packed(&self, to: impl Write) -> Result<(), CatalogError> {
        let packer = GzEncoder::new(to, Compression::new(LEVEL));
        let mut text = io::BufWriter::with_capacity(BUFFER, packer);
        self.dump(&mut text)?;
        let packer =
            text.into_inner().map_err(io::IntoInnerError::into_error).map_err(io("write a snapshot"))?;
        packer.finish().and_then(|mut to| to.flush()).map_err(io("write a snapshot"))
    }

    /// Writes everything as SQL text.
    ///
    /// Errors: `Io` if `to` fails; `Damaged`.
    pub fn dump(&self, to: &mut dyn Write) -> Result<(), CatalogError> {
        self.connection().dump(to)
    }

    /// Size of the database in bytes, an upper bound for a copy.
    pub fn size(&self) -> Result<u64, CatalogError> {
        self.connection().size()
    }
}

/// Creates a database, whose file must not exist, from the output of [`ReadTx::dump_packed`] or [`ReadTx::dump`].
///
/// Errors: as [`Database::restore`].
pub(super) fn restore(database: &Database, from: &mut dyn BufRead) -> Result<(), CatalogError> {
    let begins = from.fill_buf().map_err(io("read a snapshot"))?;
    if begins.starts_with(&GZIP) {
        return database.restore(&mut io::BufReader::with_capacity(BUFFER, GzDecoder::new(from)));
    }
    database.restore(from)
}

fn io(doing: &'static str) -> impl FnOnce(io::Error) -> CatalogError {
    move |source| CatalogError::Io { doing, source }
}

#[cfg(test)]
mod tests {
    use super::super::CatalogKey;
    use super::super::sqlite::Connection;
    use super::*;

    fn text_of(connection: &Connection) -> Vec<u8> {
        let mut text = Vec::new();
        ReadTx::new(connection).dump(&mut text).unwrap();
        text
    }

    /// A snapshot of a large office was half as large as its catalogue.
    #[test]
    fn a_snapshot_is_packed_and_one_of_before_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let database =
            |name: &str| Database::new(&dir.path().join(format!("{name}.db")), &CatalogKey::new([5; 32]));
        let original = database("original").create().unwrap();
        let text = text_of(&original);
        let mut packed = Vec::new();
        ReadTx::new(&original).dump_packed(&mut packed).unwrap();
        assert!(packed.len() * 3 < text.len(), "{} bytes of {}", packed.len(), text.len());
        for (name, from) in [("packed", &packed), ("text", &text)] {
            restore(&database(name), &mut from.as_slice()).unwrap();
            assert_eq!(text_of(&database(name).open().unwrap()), text);
        }
        for cut in [1, 2, 10, packed.len() / 2, packed.len() - 1] {
            let part = restore(&database(&format!("cut-{cut}")), &mut &packed[..cut]);
            assert!(part.is_err(), "{cut} bytes");
        }
        let middle = packed.len() / 2;
        packed[middle] ^= 1;
        assert!(restore(&database("changed"), &mut packed.as_slice()).is_err());
    }
}
