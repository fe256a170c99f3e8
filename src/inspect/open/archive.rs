//! Writes ZIP archives in memory.

use super::{Fault, MAX_OPENED};

/// A member as it is written.
pub(super) struct Packed {
    pub(super) name: String,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Bytes when it is expanded.
    pub(super) size: u64,
    pub(super) data: Vec<u8>,
}

/// An archive that grows.
#[derive(Default)]
pub(super) struct Archive {
    members: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

/// The flag of names in UTF-8.
const UTF8: u16 = 1 << 11;

/// The version of the format that knows folders and compression.
const VERSION: u16 = 20;

impl Archive {
    /// Adds a member at the end.
    pub(super) fn add(&mut self, member: &Packed) -> Result<(), Fault> {
        if self.members.len() + member.data.len() > MAX_OPENED {
            return Err(Fault::TooLarge);
        }
        let number = |number: usize| u32::try_from(number).map_err(|_| Fault::TooLarge);
        let (packed, place) = (number(member.data.len())?, number(self.members.len())?);
        let size = u32::try_from(member.size).map_err(|_| Fault::TooLarge)?;
        let name_length = u16::try_from(member.name.len()).map_err(|_| Fault::NotRead)?;
        self.count = self.count.checked_add(1).ok_or(Fault::TooLarge)?;
        let mut common = Vec::with_capacity(26);
        for half in [VERSION, UTF8, member.method, 0, 0x21] {
            common.extend(half.to_le_bytes());
        }
        for whole in [member.crc, packed, size] {
            common.extend(whole.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());
        common.extend([0; 2]);
        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(&common);
        self.directory.extend([0; 10]);
        self.directory.extend(place.to_le_bytes());
        self.directory.extend(member.name.as_bytes());
        self.members.extend(b"PK\x03\x04");
        self.members.extend(&common);
        self.members.extend(member.name.as_bytes());
        self.members.extend(&member.data);
        Ok(())
    }

    /// The whole archive.
    pub(super) fn finish(self) -> Result<Vec<u8>, Fault> {
        let Self { mut members, directory, count } = self;
        let numbers = [directory.len(), members.len()].map(u32::try_from);
        let [Ok(length), Ok(place)] = numbers else { return Err(Fault::TooLarge) };
        members.extend(&directory);
        members.extend(b"PK\x05\x06\0\0\0\0");
        members.extend(count.to_le_bytes());
        members.extend(count.to_le_bytes());
        members.extend(length.to_le_bytes());
        members.extend(place.to_le_bytes());
        members.extend([0; 2]);
        Ok(members)
    }
}
