//! Whether a content is let in whatever scanners say of it.

use super::IntakeError;
use crate::catalog::{AllowedRow, ReadTx, VersionRow};
use crate::model::{ChecksumKind, SpaceId, Timestamp};

/// The row by which a content is let into a space at this certain time.
pub(super) fn allowance(
    tx: &ReadTx<'_>,
    space: SpaceId,
    version: &VersionRow,
    certain: Timestamp,
) -> Result<Option<AllowedRow>, IntakeError> {
    match sha256(version) {
        Some(sha256) => Ok(tx.allowed(space, &sha256)?.filter(|row| certain < row.ends)),
        None => Ok(None),
    }
}

/// The hash of a content, once it is known.
pub(super) fn sha256(version: &VersionRow) -> Option<[u8; 32]> {
    let digest = version.checksums.iter().find(|checksum| checksum.kind() == ChecksumKind::Sha256)?;
    digest.digest().try_into().ok()
}
