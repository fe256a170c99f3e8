//! 7z archives: their files, in a ZIP archive without compression.

use flate2::Crc;

use super::Fault;
use super::archive::{Archive, Packed};
use crate::inspect::format::seven_zip;
use crate::inspect::notes::Notes;
use crate::model::Obstacle;

/// The files of an archive, if all of them open with the password.
pub(super) fn open(content: &[u8], password: &str) -> Result<Vec<u8>, Fault> {
    if !seven_zip::is_encrypted(content) {
        return Err(Fault::NotRead);
    }
    let mut notes = Notes::new(content.len() as u64);
    let (mut archive, mut fault) = (Archive::default(), None);
    let reading = seven_zip::read(content, password, &mut notes, &mut |_, member, _| {
        let mut crc = Crc::new();
        crc.update(&member.content);
        let (size, crc) = (member.content.len() as u64, crc.sum());
        let member = Packed { name: member.name, method: 0, crc, size, data: member.content };
        if let Err(error) = archive.add(&member) {
            fault = Some(error);
        }
    });
    match (fault, notes.obstacle) {
        (Some(fault), _) => Err(fault),
        (None, Some(Obstacle::TooLargeExpanded | Obstacle::Ratio | Obstacle::TooManyMembers)) => {
            Err(Fault::TooLarge)
        }
        (None, Some(Obstacle::UnreadableFormat)) => Err(Fault::NotRead),
        // With another password it is no archive.
        (None, Some(Obstacle::Encrypted | Obstacle::Damaged)) => Err(Fault::WrongPassword),
        _ if !reading.unread.is_empty() => Err(Fault::WrongPassword),
        _ if reading.is_loose => Err(Fault::NotRead),
        _ => archive.finish(),
    }
}
