//! Finds the folder of a space by the local part of an address.

use super::MailError;
use crate::catalog::ReadTx;
use crate::intake::Intake;
use crate::library::LibraryError;
use crate::model::{EntryId, EntryName, EntryPath, MailName, SpaceId};

/// Most folders that an address can name below one another.
const MAX_FOLDERS: usize = 5;

/// A folder that takes mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The mail name of its space.
    pub(super) name: MailName,
    pub(super) space: SpaceId,
    pub(super) folder: EntryId,
    /// Path of the folder in the space.
    pub(super) path: EntryPath,
}

impl Intake {
    /// The folder of an address: `space`, or `space+folder+folder`, in any capitals, with any domain. Where the
    /// folder's name has blanks or umlauts, the address may have hyphens, underscores or dots, and `ae` for `ä`.
    ///
    /// Errors: `NoSuchAddress`; `Full` if the space has no room for `size` more bytes; `Unavailable`.
    pub async fn mailbox(&self, address: &str, size: u64) -> Result<Mailbox, MailError> {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local).to_owned();
        let found = self.catalog().read(move |tx| {
            let mut parts = local.split('+');
            let name = parts.next().and_then(|name| MailName::parse(name).ok());
            let Some(name) = name else { return Ok(None) };
            let Some(space) = tx.space_by_mail(&name)? else { return Ok(None) };
            let (mut folder, mut path) = (space.root, EntryPath::root());
            for (depth, part) in parts.enumerate() {
                let Some((child, name)) = folder_named(tx, folder, part)?.filter(|_| depth < MAX_FOLDERS)
                else {
                    return Ok(None);
                };
                (folder, path) = (child, path.join(name)?);
            }
            let has_room = space.left() > size;
            Ok::<_, LibraryError>(Some((Mailbox { name, space: space.id, folder, path }, has_room)))
        });
        match found.await? {
            None => Err(MailError::NoSuchAddress),
            Some((_, false)) => Err(MailError::Full),
            Some((mailbox, true)) => Ok(mailbox),
        }
    }
}

/// The folder that a part of an address means.
fn folder_named(
    tx: &ReadTx<'_>,
    above: EntryId,
    part: &str,
) -> Result<Option<(EntryId, EntryName)>, LibraryError> {
    for spelling in spellings(part) {
        let Ok(name) = EntryName::parse(&spelling) else { continue };
        if let Some(row) = tx.child(above, &name.key())?.filter(|row| row.version.is_none()) {
            return Ok(Some((row.id, EntryName::parse(&row.name)?)));
        }
    }
    Ok(None)
}

/// The folder names that a part of an address can mean, as it is written first.
fn spellings(part: &str) -> Vec<String> {
    let umlauts = |text: &str| {
        text.to_lowercase().replace("ae", "ä").replace("oe", "ö").replace("ue", "ü").replace("ss", "ß")
    };
    let spaced = part.replace(['-', '_', '.'], " ");
    let mut spellings = vec![part.to_owned(), umlauts(part), umlauts(&spaced), spaced];
    spellings.dedup();
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_be_written_without_blanks_and_umlauts() {
        let reaches = |part: &str, folder: &str| {
            let key = |text: &str| EntryName::parse(text).unwrap().key();
            spellings(part).iter().any(|spelling| key(spelling) == key(folder))
        };
        for (part, folder) in [
            ("belege", "Belege"),
            ("lohn-buero", "Lohn Büro"),
            ("Lohn_Buero", "Lohn Büro"),
            ("lohn-büro", "Lohn Büro"),
            ("2025", "2025"),
            ("neue-belege", "Neue Belege"),
            ("a-b", "a-b"),
        ] {
            assert!(reaches(part, folder), "{part} {folder}");
        }
        assert!(!reaches("belege", "Beleg"));
    }
}
