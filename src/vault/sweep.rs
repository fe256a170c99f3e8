//! Finds containers without a row, which are garbage. A row without a container is an alarm, and is not searched
//! for here.

use std::io;
use std::time::Duration;

use super::disk::{Containers, StoredFile};
use super::error::VaultError;
use crate::model::{ContainerId, Timestamp};

/// Age at which an unknown container may be garbage: long enough for an operator to notice a restored catalogue.
/// Age proves nothing: clocks jump, and a request that is about to name its container may take longer.
pub const ORPHAN_AGE: Duration = Duration::from_hours(24);

/// Calls `found` for every container that `is_known` does not know and that last changed [`ORPHAN_AGE`] or more
/// before `now`; returns the number of all containers. Each one found is only a suspect: its row may have been
/// written since `is_known` read. `is_known` must return true when in doubt, for instance when the catalogue does
/// not answer.
///
/// Errors: `Io`, and errors of `found`.
pub fn find_orphans(
    disk: &dyn Containers,
    now: Timestamp,
    mut is_known: impl FnMut(ContainerId) -> bool,
    mut found: impl FnMut(StoredFile) -> io::Result<()>,
) -> Result<u64, VaultError> {
    let mut seen = 0;
    disk.list(&mut |file| {
        seen += 1;
        // A change time in the future (clock set back) counts as young.
        match now.since(file.changed) >= ORPHAN_AGE && !is_known(file.id) {
            true => found(file),
            false => Ok(()),
        }
    })
    .map_err(VaultError::io("look for containers without a row"))?;
    Ok(seen)
}
