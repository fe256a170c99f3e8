//! ZIP archives as their format allows them, and as it does not.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// An archive that is written member by member, with every fault that a test wants.
#[derive(Default)]
pub struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

/// The fields of a member that a test may want to be wrong, in its header or in the directory.
#[derive(Clone, Debug)]
pub struct Fields {
    pub name: String,
    pub flags: u16,
    pub method: u16,
    pub crc: u32,
    pub packed: u32,
    pub size: u32,
    pub at: u32,
}

impl Zip {
    /// An archive of such members.
    pub fn of(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = Self::default();
        for (name, content) in members {
            zip.add(name, content);
        }
        zip.finish()
    }

    pub fn add(&mut self, name: &str, content: &[u8]) {
        self.add_wrong(name, content, |_, _| {});
    }

    /// Adds a member whose header and record in the directory `change` makes different.
    pub fn add_wrong(&mut self, name: &str, content: &[u8], change: impl FnOnce(&mut Fields, &mut Fields)) {
        let packed = deflated(content);
        let mut crc = Crc::new();
        crc.update(content);
        let mut header = Fields {
            name: name.to_owned(),
            flags: 1 << 11,
            method: 8,
            crc: crc.sum(),
            packed: u32::try_from(packed.len()).unwrap(),
            size: u32::try_from(content.len()).unwrap(),
            at: u32::try_from(self.bytes.len()).unwrap(),
        };
        let mut record = header.clone();
        change(&mut header, &mut record);
        self.bytes.extend(header.written(b"PK\x03\x04", &[20, 0], &[]));
        self.bytes.extend(packed);
        self.record(&record);
    }

    /// Adds to the directory alone.
    pub fn record(&mut self, record: &Fields) {
        let at = record.at.to_le_bytes();
        let rest = [&[0; 10], &at[..]].concat();
        self.directory.extend(record.written(b"PK\x01\x02", &[20, 3, 20, 0], &rest));
        self.count = self.count.wrapping_add(1);
    }

    /// Adds bytes that belong to no member.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub fn finish(self) -> Vec<u8> {
        let count = self.count;
        self.finish_as(count, b"")
    }

    /// Ends the archive with a number of members that need not be true, and a comment.
    pub fn finish_as(self, count: u16, comment: &[u8]) -> Vec<u8> {
        let mut bytes = self.bytes;
        let (at, size) = (bytes.len(), self.directory.len());
        bytes.extend(self.directory);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([count, count].map(u16::to_le_bytes).concat());
        bytes.extend([size, at].map(|number| u32::try_from(number).unwrap().to_le_bytes()).concat());
        bytes.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
        bytes.extend(comment);
        bytes
    }
}

impl Fields {
    fn written(&self, mark: &[u8], version: &[u8], rest: &[u8]) -> Vec<u8> {
        let mut bytes = [mark, version].concat();
        bytes.extend([self.flags, self.method, 0, 0x21].map(u16::to_le_bytes).concat());
        bytes.extend([self.crc, self.packed, self.size].map(u32::to_le_bytes).concat());
        bytes.extend([u16::try_from(self.name.len()).unwrap(), 0].map(u16::to_le_bytes).concat());
        bytes.extend(rest);
        bytes.extend(self.name.bytes());
        bytes
    }
}

pub fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
