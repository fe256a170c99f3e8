//! Removing what no row refers to. A file without a row is garbage; a row without a file is an
//! alarm, and not found here.

use std::time::Duration;

use super::disk::Disk;
use super::error::VaultError;
use crate::model::{ContainerId, SpaceId, Timestamp};

/// Age at which an unknown container is garbage. Long enough for any transaction that is about to
/// name it, and for a restored catalogue to be noticed as such.
pub const ORPHAN_AGE: Duration = Duration::from_hours(24);

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Containers looked at.
    pub seen: u64,
    /// Containers removed.
    pub removed: u64,
    /// Bytes that came free.
    pub bytes: u64,
}

/// Removes the temporary files of an earlier run and returns their number. Only for the start, before
/// the first writer.
pub fn sweep_parts(disk: &dyn Disk) -> Result<u64, VaultError> {
    disk.remove_parts().map_err(VaultError::io("remove temporary files"))
}

/// Removes containers that `is_known` does not know and whose last change lies [`ORPHAN_AGE`] or
/// more before `now`, and packs that nothing is left in. `is_known` says yes when in doubt, such as when the catalogue does not answer.
///
/// Errors: `Io`; what was removed until then stays removed. May be repeated.
pub fn sweep_orphans(
    disk: &dyn Disk,
    now: Timestamp,
    mut is_known: impl FnMut(SpaceId, ContainerId) -> bool,
) -> Result<Swept, VaultError> {
    let mut swept = Swept::default();
    disk.each_container(&mut |file| {
        swept.seen += 1;
        // A change time in the future (clock set back) counts as young.
        if now.since(file.changed) >= ORPHAN_AGE && !is_known(file.space, file.id) {
            disk.remove(file.space, file.id, file.place)?;
            swept.removed += 1;
            swept.bytes += file.length;
        }
        Ok(())
    })
    .and_then(|()| disk.remove_empty_packs())
    .map_err(VaultError::io("sweep containers"))?;
    Ok(swept)
}
