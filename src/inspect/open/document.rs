//! Documents in compound files.

use super::compound::Compound;
use super::{Fault, package, slides, word, workbook};

/// Opens a document.
pub(super) fn open(content: &[u8], password: &str) -> Result<Vec<u8>, Fault> {
    let mut file = Compound::of(content)?;
    let has =
        ["EncryptedPackage", "WordDocument", "Workbook", "PowerPoint Document"].map(|name| file.has(name));
    match has {
        // Of two documents in one file, programs open either.
        [true, false, false, false] if !file.has("Book") && !file.has("\u{9}DRMContent") => {
            let (info, sealed) = (file.read("EncryptionInfo")?, file.read("EncryptedPackage")?);
            // Large ones lie in memory as often as they must.
            drop(file);
            package::open(&info, sealed, password)
        }
        [false, true, false, false] => word::open(file, password),
        [false, false, true, false] => workbook::open(file, password),
        [false, false, false, true] => slides::open(file, password),
        _ => Err(Fault::NotRead),
    }
}
